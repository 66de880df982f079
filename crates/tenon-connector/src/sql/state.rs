//! How far a table has been read: the checkpoint, and the rules by which it advances.
//!
//! *A pass* reads everything from the floor upwards. When it begins, the newest stamp is noted as its
//! top. A transaction lasts no longer than the overlap; so one whose stamp is more than the overlap
//! before the top had committed before the pass began, and the pass saw it. Therefore, when the pass
//! ends, the floor may rise to top − overlap, but no higher: what lies above is read again by the next
//! pass, and the fingerprints in `seen` tell which of it is new.
//!
//! When the top has stood still for twice the overlap, every transaction with a stamp up to it has
//! ended, and the floor rises above the top: an idle table costs one look at its newest stamp.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tenon_core::Failure;

use crate::watermark::{Mark, Overlap, Seen};

/// The overlap of times, unless configured.
const STANDARD_SPAN: Duration = Duration::from_secs(60);

/// Where passes begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Floor {
    pub(super) mark: Mark,
    /// Whether the mark itself is below the floor.
    pub(super) after: bool,
}

impl Floor {
    /// How a stamp stands to the mark when it is to be read.
    pub(super) fn comparison(&self) -> &'static str {
        if self.after { ">" } else { ">=" }
    }

    /// The higher of two floors: what is settled stays settled, also when newest rows are deleted.
    fn higher(own: Option<Self>, other: Self) -> Self {
        match own {
            Some(own) => {
                let order = own
                    .mark
                    .compare(&other.mark)
                    .then(own.after.cmp(&other.after));
                if order.is_gt() { own } else { other }
            }
            None => other,
        }
    }
}

/// The last row that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) changed: Mark,
    pub(super) key: Mark,
}

/// One way through the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pass {
    /// The newest mark when it began; `None` in an empty table.
    pub(super) top: Option<Mark>,
    /// Where the next pass will begin.
    pub(super) next_floor: Option<Floor>,
    /// The last row read.
    pub(super) position: Option<Position>,
    /// The rows of the last page: those that share the position are read again with the next.
    pub(super) boundary: Seen,
    /// What the next pass will read again.
    pub(super) seen: Seen,
    /// Whether the rows without a change have been looked at.
    pub(super) loose_done: bool,
}

/// How far a table has been read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    /// What is read and how it is ordered; another answer makes a checkpoint void.
    pub(super) of: String,
    pub(super) floor: Option<Floor>,
    /// What was handed over from the floor upwards.
    pub(super) seen: Seen,
    /// The rows without a change that were handed over.
    pub(super) loose: Seen,
    /// Since when the newest mark has been what it is.
    pub(super) still: Option<(Timestamp, Mark)>,
    pub(super) pass: Option<Pass>,
}

/// What is true once a portion is durable.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// These rows without a change were handed over.
    Loose(Vec<u64>),
    /// A page was.
    Page {
        position: Position,
        boundary: Vec<u64>,
        /// Those that the next pass will read again.
        recent: Vec<u64>,
        /// Whether it is time for the next pass, so that late rows do not wait for a busy table.
        ends: bool,
    },
}

impl State {
    /// The state before anything was read.
    pub(super) fn new(of: String) -> Self {
        Self {
            of,
            floor: None,
            seen: Seen::default(),
            loose: Seen::default(),
            still: None,
            pass: None,
        }
    }

    /// Begins a pass whose newest mark is `top`, at `now` by our own clock.
    ///
    /// # Errors
    /// `Configuration` when the overlap does not fit the kind of mark.
    pub(super) fn begin(
        &mut self,
        top: Option<Mark>,
        configured: Option<Overlap>,
        now: Timestamp,
    ) -> Result<&mut Pass, Failure> {
        let next_floor = match &top {
            None => self.floor.clone(),
            Some(top) => {
                let standard = if top.number {
                    Overlap::Distance(0)
                } else {
                    Overlap::Span(STANDARD_SPAN)
                };
                let overlap = configured.unwrap_or(standard);
                let back = top.back(overlap).map_err(|reason| {
                    Failure::configuration("sql.changed", format!("`changed`: {reason}"))
                })?;
                let candidate = match self.has_stood_still(top, overlap, now) {
                    true => Floor {
                        mark: top.clone(),
                        after: true,
                    },
                    false => Floor {
                        mark: back,
                        after: false,
                    },
                };
                Some(Floor::higher(self.floor.clone(), candidate))
            }
        };
        Ok(self.pass.insert(Pass {
            top,
            next_floor,
            position: None,
            boundary: Seen::default(),
            seen: Seen::default(),
            loose_done: false,
        }))
    }

    fn has_stood_still(&mut self, top: &Mark, overlap: Overlap, now: Timestamp) -> bool {
        let Overlap::Span(span) = overlap else {
            return false;
        };
        match &self.still {
            Some((since, mark)) if mark == top => {
                // Two seconds at least, since stamps may be whole seconds.
                let wait = (span * 2).max(Duration::from_secs(2));
                now.duration_since(*since)
                    >= SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
            }
            _ => {
                self.still = Some((now, top.clone()));
                false
            }
        }
    }

    /// Whether a row was handed over already.
    pub(super) fn knows(&self, fingerprint: u64) -> bool {
        self.seen.contains(fingerprint)
            || self.pass.as_ref().is_some_and(|pass| {
                pass.boundary.contains(fingerprint) || pass.seen.contains(fingerprint)
            })
    }

    /// Takes a step for done.
    pub(super) fn take(&mut self, step: Step) {
        match step {
            Step::Loose(fingerprints) => {
                fingerprints
                    .into_iter()
                    .for_each(|fingerprint| self.loose.insert(fingerprint));
            }
            Step::Page {
                position,
                boundary,
                recent,
                ends,
            } => {
                if let Some(pass) = &mut self.pass {
                    pass.position = Some(position);
                    pass.boundary = boundary.into_iter().collect();
                    recent
                        .into_iter()
                        .for_each(|fingerprint| pass.seen.insert(fingerprint));
                }
                if ends {
                    self.end();
                }
            }
        }
    }

    /// Ends the pass: the floor rises.
    pub(super) fn end(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.floor = pass.next_floor;
            self.seen = pass.seen;
        }
    }

    /// The checkpoint as it will be once `step` is durable. Unlike a clone it does not copy what
    /// memory holds beyond a checkpoint's bound.
    pub(super) fn checkpoint(&self, step: &Step) -> serde_json::Value {
        let none: &[u64] = &[];
        let (loose, page) = match step {
            Step::Loose(fingerprints) => (fingerprints.as_slice(), None),
            Step::Page {
                position,
                boundary,
                recent,
                ends,
            } => (none, Some((position, boundary, recent, *ends))),
        };
        let mut value = serde_json::json!({
            "of": self.of,
            "floor": self.floor,
            "seen": self.seen,
            "loose": self.loose.to_text(loose),
            "still": self.still,
            "pass": null,
        });
        match (&self.pass, page) {
            (Some(pass), Some((_, _, recent, true))) => {
                value["floor"] = serde_json::json!(pass.next_floor);
                value["seen"] = pass.seen.to_text(recent).into();
            }
            (Some(pass), Some((position, boundary, recent, false))) => {
                value["pass"] = serde_json::json!({
                    "top": pass.top,
                    "next_floor": pass.next_floor,
                    "position": position,
                    "boundary": boundary.iter().copied().collect::<Seen>(),
                    "seen": pass.seen.to_text(recent),
                    "loose_done": pass.loose_done,
                });
            }
            (Some(pass), None) => value["pass"] = serde_json::json!(pass),
            (None, _) => {}
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: u32) -> Mark {
        Mark {
            text: format!("2026-03-01 12:00:{second:02}"),
            number: false,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn span(seconds: u64) -> Option<Overlap> {
        Some(Overlap::Span(Duration::from_secs(seconds)))
    }

    fn floor(state: &State) -> Option<(&str, bool)> {
        state
            .floor
            .as_ref()
            .map(|floor| (floor.mark.text.as_str(), floor.after))
    }

    #[test]
    fn the_floor_follows_the_top_at_the_overlap() {
        let mut state = State::new(String::new());
        state.begin(Some(time(30)), span(10), at(100)).unwrap();
        state.end();
        assert_eq!(floor(&state), Some(("2026-03-01 12:00:20", false)));
        // The newest rows were deleted: what is settled stays settled.
        state.begin(Some(time(5)), span(10), at(101)).unwrap();
        state.end();
        assert_eq!(floor(&state), Some(("2026-03-01 12:00:20", false)));
    }

    #[test]
    fn a_top_that_stands_still_is_left_behind() {
        let mut state = State::new(String::new());
        for (now, expected) in [
            (100, ("2026-03-01 12:00:20", false)),
            (119, ("2026-03-01 12:00:20", false)),
            (120, ("2026-03-01 12:00:30", true)),
        ] {
            state.begin(Some(time(30)), span(10), at(now)).unwrap();
            state.end();
            assert_eq!(floor(&state), Some(expected), "{now}");
        }
        // A newer row does not bring the settled ones back.
        state.begin(Some(time(31)), span(10), at(121)).unwrap();
        state.end();
        assert_eq!(floor(&state), Some(("2026-03-01 12:00:30", true)));
    }

    #[test]
    fn a_checkpoint_is_the_state_after_the_step() {
        let mut state = State::new("orders".to_owned());
        state.begin(Some(time(30)), None, at(100)).unwrap();
        for ends in [false, true] {
            let position = Position {
                changed: time(3),
                key: time(4),
            };
            let step = Step::Page {
                position,
                boundary: vec![1, 2],
                recent: vec![2],
                ends,
            };
            let checkpoint = state.checkpoint(&step);
            state.take(step);
            assert_eq!(checkpoint, serde_json::to_value(&state).unwrap());
            let read: State = serde_json::from_value(checkpoint.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), checkpoint);
            assert!(read.knows(2));
        }
        let step = Step::Loose(vec![9]);
        let checkpoint = state.checkpoint(&step);
        state.take(step);
        assert_eq!(checkpoint, serde_json::to_value(&state).unwrap());
    }

    #[test]
    fn an_overlap_of_the_wrong_kind_is_a_configuration_failure() {
        let mut state = State::new(String::new());
        let number = Mark {
            text: "7".to_owned(),
            number: true,
        };
        let failure = state.begin(Some(number), span(10), at(0)).unwrap_err();
        assert_eq!(failure.kind, tenon_core::FailureKind::Configuration);
    }
}
