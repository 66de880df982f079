//! How far a list has been read: the checkpoint, and the rules by which it advances.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tenon_core::Failure;

use super::paging::Place;
use super::plan::Watermark;
use crate::watermark::{Mark, Overlap, Seen};

/// How many places of a pass are remembered, to notice going in circles.
const TRAIL: usize = 64;

/// The overlap of times, unless configured.
const STANDARD_SPAN: Duration = Duration::from_secs(60);

/// A stamp further ahead than this does not move the watermark.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How far the list has been read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    /// What is read; another answer makes a checkpoint void.
    pub(super) of: String,
    /// From where the next pass asks.
    pub(super) since: Option<Mark>,
    /// What the last pass met.
    pub(super) seen: Seen,
    /// How many passes there were: a record that returns to an earlier content is a new event.
    pub(super) passes: u64,
    pub(super) pass: Option<Pass>,
}

/// One way through the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pass {
    pub(super) place: Place,
    pub(super) pages: u64,
    pub(super) started: Timestamp,
    pub(super) newest: Option<Mark>,
    /// What it met so far.
    pub(super) seen: Seen,
    /// The places where it was.
    pub(super) trail: Vec<u64>,
    /// The page before, to notice that the server does not turn pages.
    pub(super) last_page: Option<u64>,
}

/// What the pass knows once a page is done with.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Where the pass goes; `None` ends it.
    pub(super) next: Option<Place>,
    pub(super) newest: Option<Mark>,
    /// What was met on the page that the last pass had met too.
    pub(super) known: Vec<u64>,
    pub(super) print: u64,
    pub(super) place: u64,
}

/// What is true once a portion is durable.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) prints: Vec<u64>,
    pub(super) turn: Option<Turn>,
}

impl State {
    /// The state before anything was read.
    pub(super) fn new(of: String) -> Self {
        Self {
            of,
            since: None,
            seen: Seen::default(),
            passes: 0,
            pass: None,
        }
    }

    /// Takes a step for done.
    pub(super) fn take(
        &mut self,
        step: Step,
        watermark: Option<&Watermark>,
    ) -> Result<(), Failure> {
        let Some(pass) = &mut self.pass else {
            return Ok(());
        };
        step.prints
            .into_iter()
            .for_each(|print| pass.seen.insert(print));
        let Some(turn) = step.turn else { return Ok(()) };
        turn.known
            .into_iter()
            .for_each(|print| pass.seen.insert(print));
        pass.newest = turn.newest;
        pass.last_page = Some(turn.print);
        pass.pages += 1;
        pass.trail.push(turn.place);
        let surplus = pass.trail.len().saturating_sub(TRAIL);
        pass.trail.drain(..surplus);
        match turn.next {
            Some(next) => {
                pass.place = next;
                Ok(())
            }
            None => self.end(watermark),
        }
    }

    fn end(&mut self, watermark: Option<&Watermark>) -> Result<(), Failure> {
        let Some(pass) = self.pass.take() else {
            return Ok(());
        };
        if let (Some(watermark), Some(newest)) = (watermark, &pass.newest) {
            let since = rise(watermark, newest, pass.started)?;
            let own = self.since.take();
            self.since = match own {
                Some(own) if own.compare(&since).is_gt() => Some(own),
                _ => Some(since),
            };
        }
        self.seen = pass.seen;
        self.passes += 1;
        Ok(())
    }
}

/// The watermark that a pass leaves behind.
fn rise(watermark: &Watermark, newest: &Mark, started: Timestamp) -> Result<Mark, Failure> {
    let standard = if newest.number {
        Overlap::Distance(0)
    } else {
        Overlap::Span(STANDARD_SPAN)
    };
    let overlap = match watermark.overlap.unwrap_or(standard) {
        Overlap::Span(span) => {
            let took = Timestamp::now().duration_since(started);
            Overlap::Span(span + Duration::try_from(took).unwrap_or(Duration::ZERO))
        }
        distance => distance,
    };
    newest.back(overlap).map_err(|reason| {
        let detail = format!("field `{}`: {reason}", watermark.field);
        Failure::configuration("http.watermark", detail)
    })
}

/// Whether a stamp may move the watermark: one far ahead of our clock would hide what comes.
pub(super) fn is_credible(mark: &Mark) -> bool {
    let limit = Timestamp::now()
        .checked_add(AHEAD)
        .unwrap_or(Timestamp::MAX);
    mark.number
        || mark
            .moment(&TimeZone::UTC)
            .is_some_and(|moment| moment <= limit)
}

impl Pass {
    /// A pass that stands before its first page.
    pub(super) fn begin() -> Self {
        Self {
            place: Place::Start,
            pages: 0,
            started: Timestamp::now(),
            newest: None,
            seen: Seen::default(),
            trail: Vec::new(),
            last_page: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Mark {
        Mark {
            text: text.to_owned(),
            number: false,
        }
    }

    fn watermark() -> Watermark {
        Watermark {
            parameter: "since".to_owned(),
            field: "at".parse().unwrap(),
            overlap: Some(Overlap::Span(Duration::from_secs(20))),
            initial: None,
        }
    }

    fn turn(newest: &str) -> Turn {
        Turn {
            next: None,
            newest: Some(time(newest)),
            known: vec![2],
            print: 7,
            place: 8,
        }
    }

    #[test]
    fn a_pass_leaves_the_watermark_behind_what_it_cannot_have_seen() {
        let mut state = State::new("list".to_owned());
        let mut pass = Pass::begin();
        // A pass of a minute: what became visible meanwhile may be as much older.
        pass.started = Timestamp::now() - SignedDuration::from_secs(60);
        state.pass = Some(pass);
        let step = Step {
            prints: vec![1],
            turn: Some(turn("2026-03-01T12:02:00Z")),
        };
        state.take(step, Some(&watermark())).unwrap();
        let since = state.since.clone().unwrap();
        assert!(
            since.text.as_str() <= "2026-03-01T12:00:40Z",
            "{}",
            since.text
        );
        assert!(
            since.text.as_str() > "2026-03-01T12:00:00Z",
            "{}",
            since.text
        );
        assert!(state.seen.contains(1) && state.seen.contains(2) && state.pass.is_none());
        // The newest records were deleted: the watermark stays.
        state.pass = Some(Pass::begin());
        let step = Step {
            prints: Vec::new(),
            turn: Some(turn("2026-02-01T12:00:00Z")),
        };
        state.take(step, Some(&watermark())).unwrap();
        assert_eq!(state.since, Some(since));
        assert_eq!(state.passes, 2);
    }

    #[test]
    fn a_portion_does_not_turn_the_page() {
        let mut state = State::new("list".to_owned());
        state.pass = Some(Pass::begin());
        state
            .take(
                Step {
                    prints: vec![1],
                    turn: None,
                },
                None,
            )
            .unwrap();
        let pass = state.pass.clone().unwrap();
        assert_eq!((pass.pages, pass.place), (0, Place::Start));
        assert!(pass.seen.contains(1) && !state.seen.contains(1));
    }

    #[test]
    fn a_stamp_from_a_wrong_clock_is_not_believed() {
        assert!(is_credible(&time("2026-03-01T12:00:00Z")));
        assert!(!is_credible(&time("2999-03-01T12:00:00Z")));
        assert!(is_credible(&Mark {
            text: "99".to_owned(),
            number: true
        }));
    }
}
