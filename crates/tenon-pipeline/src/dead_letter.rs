//! Where a message goes of which nothing can be known, or over which the hub itself breaks down.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tenon_broker::{BrokerError, Consumer, Delivery, Publication, SharedBroker};
use tenon_core::{Failure, Timestamp};
use tenon_store::{Claim, SharedStore};
use tokio_util::sync::CancellationToken;

use crate::accept::{failure, publish_all};
use crate::courier::store_failure;
use crate::topology::DEAD_QUEUE;

/// What the headers of a dead letter's own begin with; they are not the message's.
const OWN: &str = "tenon-dead-";
const REASON: &str = "tenon-dead-reason";
const QUEUE: &str = "tenon-dead-queue";
const AT: &str = "tenon-dead-at";

/// The most dead letters that are looked at, from the eldest: bodies may be large, and all are held at once.
pub const DEAD_LETTERS_AT_ONCE: u16 = 100;
/// How long the broker may be silent before what it has handed out is taken for all.
const SILENCE: Duration = Duration::from_secs(2);
/// How long somebody else may look at them before it is given up.
const TURN: Duration = Duration::from_secs(10);

/// Moves a message that nothing can be done with to the dead letter queue, confirmed.
pub(crate) async fn bury(
    broker: &SharedBroker,
    from: &str,
    delivery: &Delivery,
    reason: &str,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    tracing::error!(
        queue = from,
        reason,
        "a message that the hub can do nothing with is a dead letter"
    );
    metrics::counter!("tenon_dead_letters_total").increment(1);
    let mut headers = delivery.headers.clone();
    headers.retain(|(name, _)| !name.starts_with(OWN));
    headers.push((REASON.to_owned(), reason.to_owned()));
    headers.push((QUEUE.to_owned(), from.to_owned()));
    headers.push((AT.to_owned(), Timestamp::now().to_string()));
    let queue = DEAD_QUEUE.to_owned();
    let publication = Publication {
        queue,
        headers,
        body: delivery.body.clone(),
    };
    let published = publish_all(broker, vec![publication], stop, |_| {}).await;
    if published {
        Ok(())
    } else {
        Err(Failure::transient("hub.stopping", "the hub is stopping"))
    }
}

/// A message that was given up.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Names it: made of its queue, its headers and its body, so that two that are the same in all of
    /// them have one name, and are done with at once.
    pub id: String,
    /// The queue from which it was taken; none in a letter that somebody else put there.
    pub queue: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when it stands there; older releases did not note it.
    pub at: Option<Timestamp>,
    /// The headers that it came with.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

impl DeadLetter {
    fn of(delivery: &Delivery) -> Self {
        let header = |wanted: &str| {
            let found = delivery.headers.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let mut headers = delivery.headers.clone();
        headers.retain(|(name, _)| !name.starts_with(OWN));
        // Brokers do not keep their order.
        headers.sort();
        let queue = header(QUEUE);
        let mut digest = Sha256::new();
        let names = headers.iter().flat_map(|(name, value)| [name, value]);
        for text in queue.iter().chain(names) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.update(&delivery.body);
        let digest = digest.finalize();
        Self {
            id: digest[..16]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            queue,
            reason: header(REASON),
            at: header(AT).and_then(|text| text.parse().ok()),
            headers,
            body: delivery.body.clone(),
        }
    }

    /// A header of the message.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

/// What became of dead letters that were to be sent again or given up.
#[derive(Debug, Default)]
pub struct Buried {
    /// Those that are done with.
    pub done: Vec<DeadLetter>,
    /// Those that stay, each with why.
    pub stay: Vec<(DeadLetter, String)>,
}

/// The dead letters of a hub, which stay with the broker until a person has decided: there they are safe when
/// the store is what failed.
///
/// One looks at a time over all nodes, by a claim, since what one consumer holds no other sees.
pub struct DeadLetters {
    broker: SharedBroker,
    _claim: Box<dyn Claim>,
}

impl DeadLetters {
    /// Begins to look, as soon as nobody else does.
    ///
    /// # Errors
    /// `Transient` when others look for too long, or the store is away.
    pub async fn open(broker: SharedBroker, store: &SharedStore) -> Result<Self, Failure> {
        let begun = tokio::time::Instant::now();
        loop {
            let claim = store.claim("dead-letters").await;
            if let Some(claim) = claim.map_err(|error| store_failure(&error))? {
                let _claim = claim;
                return Ok(Self { broker, _claim });
            }
            if begun.elapsed() > TURN {
                let detail = "somebody else looks at the dead letters; ask again";
                return Err(Failure::transient("dead_letters.busy", detail));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many there are, and the eldest of them, at most [`DEAD_LETTERS_AT_ONCE`]; none goes from its place.
    ///
    /// # Errors
    /// `Transient` when the broker is away.
    pub async fn look(&self) -> Result<(u64, Vec<DeadLetter>), Failure> {
        let (total, consumer, deliveries) = self.take().await?;
        if let Some(consumer) = consumer {
            consumer.leave().await;
        }
        Ok((total, deliveries.iter().map(DeadLetter::of).collect()))
    }

    /// Sends letters again, each to the queue from which it was taken.
    ///
    /// Each is confirmed in that queue before it is acknowledged here, so that a hub that dies in between loses
    /// nothing: the letter then stands in both. Sent again once more it has no second effect, because the
    /// message is the same under the same id, which the inbox knows (one that cannot be read has no
    /// effect at all, and comes back here).
    ///
    /// # Errors
    /// `Transient` when the broker is away; what was sent until then stays sent.
    pub async fn redrive(&self, ids: &[String]) -> Result<Buried, Failure> {
        self.act(ids, true).await
    }

    /// Gives letters up: they are gone for good.
    ///
    /// # Errors
    /// As `redrive`.
    pub async fn give_up(&self, ids: &[String]) -> Result<Buried, Failure> {
        self.act(ids, false).await
    }

    async fn act(&self, ids: &[String], again: bool) -> Result<Buried, Failure> {
        let mut buried = Buried::default();
        let (_, consumer, deliveries) = self.take().await?;
        let Some(mut consumer) = consumer else {
            return Ok(buried);
        };
        let mut failed = None;
        for delivery in &deliveries {
            let letter = DeadLetter::of(delivery);
            if !ids.contains(&letter.id) {
                continue;
            }
            let refused = match again {
                true => self.send(&letter).await,
                false => Ok(()),
            };
            match refused {
                Err(error @ (BrokerError::Unavailable(_) | BrokerError::Full(_))) => {
                    failed = Some(error);
                    break;
                }
                Err(error) => buried.stay.push((letter, error.to_string())),
                Ok(()) => match consumer.ack_one(delivery.tag).await {
                    Ok(()) => buried.done.push(letter),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                },
            }
        }
        consumer.leave().await;
        match failed {
            None => Ok(buried),
            Some(error) => Err(failure(&error)),
        }
    }

    async fn send(&self, letter: &DeadLetter) -> Result<(), BrokerError> {
        let queue = letter.queue.clone().unwrap_or_default();
        if queue.is_empty() || queue == DEAD_QUEUE {
            return Err(BrokerError::Unroutable { queue });
        }
        let publication = Publication {
            queue,
            headers: letter.headers.clone(),
            body: letter.body.clone(),
        };
        let mut outcomes = self.broker.publish(vec![publication]).await;
        outcomes.pop().unwrap_or(Ok(()))
    }

    /// Takes what is there, from the eldest, as far as it is looked at.
    async fn take(&self) -> Result<(u64, Option<Box<dyn Consumer>>, Vec<Delivery>), Failure> {
        let away = |error: BrokerError| failure(&error);
        let total = self.broker.depth(DEAD_QUEUE).await.map_err(away)?;
        let wanted = total.min(u64::from(DEAD_LETTERS_AT_ONCE)) as usize;
        let mut deliveries = Vec::with_capacity(wanted);
        if wanted == 0 {
            return Ok((total, None, deliveries));
        }
        let consumed = self.broker.consume(DEAD_QUEUE, DEAD_LETTERS_AT_ONCE).await;
        let mut consumer = consumed.map_err(away)?;
        while deliveries.len() < wanted {
            let batch = consumer.next_batch(wanted - deliveries.len());
            match tokio::time::timeout(SILENCE, batch).await {
                Ok(batch) => deliveries.extend(batch.map_err(away)?),
                Err(_) => break,
            }
        }
        Ok((total, Some(consumer), deliveries))
    }
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DeadLetters")
            .finish_non_exhaustive()
    }
}
