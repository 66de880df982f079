//! The one place that decides what becomes of a delivered message, by the kind of failure alone.

use std::time::Duration;

use bytes::Bytes;
use tenon_connector::{Delivered, RetryPolicy};
use tenon_core::{Failure, FailureKind, LONGEST_NATIVE_ID, Personal, Timestamp};
use tenon_store::{Holding, Outcome, OutcomeState, Park, ParkReason};

use crate::expand::Consignment;
use crate::retry::pause_after;

/// What becomes of a message after an attempt.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is done; acknowledge it.
    Done(Outcome),
    /// It waits in the store, its followers behind it; acknowledge it.
    Park(Park),
    /// The target cannot take anything now: keep it unacknowledged and stop asking for more.
    Hold(Consignment, Failure),
}

/// What a target made of a consignment.
pub(crate) enum Attempt {
    /// It took every packet.
    Taken(Vec<Taken>),
    /// It did not take it; with what it was given, if it was.
    Refused(Failure, Option<Bytes>),
    /// It was not asked: there was no need.
    Spared(OutcomeState, String),
    /// It was not asked: something must come first.
    Deferred(ParkReason),
}

/// A packet that a target took.
pub(crate) struct Taken {
    pub(crate) delivered: Delivered,
    /// Identifies what the target now holds.
    pub(crate) hash: Vec<u8>,
    /// What it was given, a JSON text.
    pub(crate) given: Bytes,
}

impl Taken {
    pub(crate) fn new(delivered: Delivered, hash: Vec<u8>, given: Bytes) -> Self {
        Self {
            delivered,
            hash,
            given,
        }
    }
}

/// Turns an attempt into the fate of its message.
///
/// `target_is_up` is what a probe said after a transient failure: a target that is down pauses its
/// lane worker and burns no attempts; one that is up has a quarrel with this message only.
pub(crate) fn settle(
    consignment: Consignment,
    attempt: Attempt,
    policy: &RetryPolicy,
    target_is_up: bool,
    now: Timestamp,
    jitter: f64,
) -> Fate {
    match attempt {
        Attempt::Taken(taken) => {
            let attributes = &consignment.parcel.attributes;
            let mut answers = Vec::with_capacity(taken.len());
            let mut holdings = Vec::with_capacity(taken.len());
            let sent = lines(&taken);
            for Taken {
                delivered, hash, ..
            } in taken
            {
                let mut answer = delivered.answer;
                // What no reference could name and no index takes is not learnt.
                let (id, long) = match delivered.native_id {
                    Some(id) if id.chars().count() > LONGEST_NATIVE_ID => (None, true),
                    id => (id, false),
                };
                if long {
                    answer.push_str("; the id in its answer is too long to be one");
                }
                if let Some(native_id) = id {
                    let sequence = attributes.sequence;
                    holdings.push(Holding {
                        native_id,
                        hash: Some(hash),
                        sequence,
                        told: false,
                    });
                }
                answers.push(answer);
            }
            answers.dedup();
            let attempts = consignment.attempts + 1;
            let detail = answers.join("; ");
            Fate::Done(Outcome {
                holdings,
                sent,
                ..outcome(&consignment, OutcomeState::Delivered, detail, attempts, now)
            })
        }
        Attempt::Spared(state, detail) => {
            let attempts = consignment.attempts;
            Fate::Done(outcome(&consignment, state, detail, attempts, now))
        }
        Attempt::Deferred(reason) => {
            let attempts = consignment.attempts;
            Fate::Park(Park {
                tried: false,
                ..park(consignment, reason, attempts)
            })
        }
        Attempt::Refused(mut failure, sent) => {
            // A target may quote what it was given, and this is read by everybody: in lists, in logs.
            let parcel = &consignment.parcel;
            let personal = Personal::of(parcel.attributes.kind, &parcel.body);
            failure.detail = personal.hide(&failure.detail);
            let fate = refused(consignment, failure, policy, target_is_up, now, jitter);
            match fate {
                Fate::Park(park) => Fate::Park(Park { sent, ..park }),
                other => other,
            }
        }
    }
}

fn refused(
    consignment: Consignment,
    failure: Failure,
    policy: &RetryPolicy,
    target_is_up: bool,
    now: Timestamp,
    jitter: f64,
) -> Fate {
    let attempts = consignment.attempts + 1;
    match failure.kind {
        FailureKind::Transient if !target_is_up => Fate::Hold(consignment, failure),
        // A target that names a time speaks to everybody: whoever comes before it is refused too.
        FailureKind::Transient if failure.retry_after.is_some() => Fate::Hold(consignment, failure),
        FailureKind::Configuration => Fate::Hold(consignment, failure),
        FailureKind::Transient if attempts < policy.attempts => {
            let pause = pause_after(policy, attempts).mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0);
            let at = now.saturating_add(pause).unwrap_or(now);
            let (code, detail) = (failure.code.into_owned(), failure.detail);
            Fate::Park(park(
                consignment,
                ParkReason::Retry { at, code, detail },
                attempts,
            ))
        }
        kind @ (FailureKind::Transient | FailureKind::Invalid | FailureKind::Bug) => {
            let (code, detail) = (failure.code.into_owned(), failure.detail);
            Fate::Park(park(
                consignment,
                ParkReason::Failed { kind, code, detail },
                attempts,
            ))
        }
    }
}

fn park(consignment: Consignment, reason: ParkReason, attempts: u32) -> Park {
    Park {
        id: consignment.parked,
        parcel: consignment.parcel,
        reason,
        attempts,
        tried: true,
        sent: None,
    }
}

/// What a target took, one record a line; a single one, the usual, is not copied.
fn lines(taken: &[Taken]) -> Option<Bytes> {
    match taken {
        [] => None,
        [one] => Some(one.given.clone()),
        several => {
            let given: Vec<&[u8]> = several.iter().map(|one| one.given.as_ref()).collect();
            Some(given.join(&b'\n').into())
        }
    }
}

fn outcome(
    consignment: &Consignment,
    state: OutcomeState,
    detail: String,
    attempts: u32,
    now: Timestamp,
) -> Outcome {
    let attributes = &consignment.parcel.attributes;
    let latency =
        Duration::try_from(now.duration_since(attributes.accepted_at)).unwrap_or_default();
    Outcome {
        message_id: attributes.id,
        entity: attributes.entity(),
        master_id: consignment.master_id(),
        state,
        detail,
        attempts,
        latency,
        holdings: Vec::new(),
        sent: None,
        parked: consignment.parked,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tenon_core::{Attributes, Entity, SystemName};
    use tenon_store::{Parcel, ParkedId};

    use super::*;

    fn consignment(attempts: u32) -> Consignment {
        let source = SystemName::new("crm").unwrap();
        let attributes =
            Attributes::received(source, Entity::Order, "order", Some("1".into()), None);
        let parcel = Parcel {
            attributes,
            body: Bytes::from_static(b"{}"),
        };
        Consignment {
            parked: Some(ParkedId(7)),
            attempts,
            ..Consignment::new(parcel)
        }
    }

    fn check(failure: Failure, attempts: u32, up: bool, expected: &str) {
        let policy = RetryPolicy {
            attempts: 3,
            ..RetryPolicy::default()
        };
        let now = Timestamp::now();
        let fate = settle(
            consignment(attempts),
            Attempt::Refused(failure, None),
            &policy,
            up,
            now,
            0.0,
        );
        let found = match fate {
            Fate::Done(_) => "done".to_owned(),
            Fate::Hold(held, _) => format!("hold {}", held.attempts),
            Fate::Park(Park {
                id,
                reason,
                attempts,
                ..
            }) => {
                assert_eq!(id, Some(ParkedId(7)), "a parked message keeps its place");
                match reason {
                    ParkReason::Retry { at, .. } => {
                        format!(
                            "retry {attempts} in {} ms",
                            at.duration_since(now).as_millis()
                        )
                    }
                    ParkReason::Failed { kind, .. } => format!("failed {attempts} {kind}"),
                    other => format!("{other:?}"),
                }
            }
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn an_id_that_is_none_is_not_learnt() {
        let check = |length: usize, learnt: usize| {
            let delivered = Delivered {
                native_id: Some("客".repeat(length)),
                answer: "201".to_owned(),
            };
            let given = Bytes::from_static(b"{}");
            let taken = Attempt::Taken(vec![Taken::new(delivered, Vec::new(), given)]);
            let (policy, now) = (RetryPolicy::default(), Timestamp::now());
            match settle(consignment(0), taken, &policy, true, now, 0.0) {
                Fate::Done(outcome) => {
                    assert_eq!(outcome.sent.as_deref(), Some(&b"{}"[..]));
                    assert_eq!(outcome.holdings.len(), learnt);
                    assert_eq!(outcome.detail == "201", learnt == 1, "{}", outcome.detail);
                }
                other => panic!("{other:?}"),
            }
        };
        check(LONGEST_NATIVE_ID, 1);
        check(LONGEST_NATIVE_ID + 1, 0);
    }

    #[test]
    fn what_a_target_quotes_of_persons_is_hidden() {
        let source = SystemName::new("crm").unwrap();
        let id = Some("C-1".into());
        let told = Consignment::new(Parcel {
            attributes: Attributes::received(source, Entity::Customer, "customer", id, None),
            body: Bytes::from_static(
                br#"{"kind":"company","legal_name":"A Ltd","phones":["021-60000000"]}"#,
            ),
        });
        let quoted = r#"422 {"error":"A Ltd: 021-60000000 is taken"}"#;
        let failure = Failure::invalid("http.rejected", quoted);
        let (policy, now) = (RetryPolicy::default(), Timestamp::now());
        let refused = Attempt::Refused(failure, None);
        match settle(told, refused, &policy, true, now, 0.0) {
            Fate::Park(Park {
                reason: ParkReason::Failed { detail, .. },
                ..
            }) => assert_eq!(detail, r#"422 {"error":"A Ltd: ••• is taken"}"#),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_kind_alone_decides() {
        let transient = || Failure::transient("http.status", "503");
        check(transient(), 0, true, "retry 1 in 200 ms");
        check(transient(), 1, true, "retry 2 in 400 ms");
        check(transient(), 2, true, "failed 3 transient");
        check(transient(), 2, false, "hold 2");
        check(
            transient().retry_after(Duration::from_secs(9)),
            0,
            true,
            "hold 0",
        );
        check(
            Failure::invalid("http.rejected", "422"),
            0,
            true,
            "failed 1 invalid",
        );
        check(
            Failure::configuration("http.refused", "401"),
            0,
            true,
            "hold 0",
        );
        check(Failure::bug("x", "broken"), 0, true, "failed 1 bug");
    }
}
