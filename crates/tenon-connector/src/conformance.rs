//! What every source and every sink must keep to, as checks that any of them can be put through.
//!
//! For authors of connectors. A check builds a fresh system again and again (a directory, a table,
//! a server of its own), opens the source or sink on it and does what the hub does, crashes
//! included. Nothing here panics: a breach of the contract comes back as a sentence that says which
//! promise was broken, so that the checks serve in a test and on the command line alike.
//!
//! ```no_run
//! use tenon_connector::conformance::{self, SourceUnderTest};
//! use tenon_connector::Source;
//! # async fn fill() -> Result<Vec<String>, String> { Ok(Vec::new()) }
//! # async fn open() -> Result<Box<dyn Source>, tenon_core::Failure> { unreachable!() }
//!
//! # async fn example() -> Result<(), String> {
//! conformance::source(|| async {
//!     // Fill a system with records, say which they are and how a source is opened on it.
//!     let expected = fill().await?;
//!     Ok(SourceUnderTest { expected, open: Box::new(|_checkpoint| Box::pin(open())) })
//! })
//! .await
//! # }
//! ```

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tenon_core::{Failure, Message, MessageId, NativeBody, NativeId, Outbound};
use tokio::time::timeout;

use crate::{Checkpoint, Guarantee, Received, Sink, Sole, Source};

/// The most messages that a portion may hold.
pub const PORTION_MESSAGES: usize = 1_000;

/// The most bytes that the bodies of a portion may hold together.
pub const PORTION_BYTES: usize = 16 << 20;

/// Within this time a call must answer; a source with nothing ready does not wait for more.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a source on one system, to go on after a checkpoint. Called several times.
pub type OpenSource = Box<
    dyn Fn(Option<Checkpoint>) -> BoxFuture<'static, Result<Box<dyn Source>, Failure>>
        + Send
        + Sync,
>;

/// Counts the effects in a target: rows, files, requests that changed something.
pub type CountEffects = Box<dyn Fn() -> BoxFuture<'static, Result<usize, String>> + Send + Sync>;

/// A fresh system that holds some records, and a way to open a source on it.
pub struct SourceUnderTest {
    /// The native ids of its records in the order in which they must be handed over, each once.
    /// More of them than one portion takes make the checks stricter.
    pub expected: Vec<NativeId>,
    /// Opens a source on this system.
    pub open: OpenSource,
}

/// A fresh target that holds nothing, and a sink on it.
pub struct SinkUnderTest {
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// What it promises of a repeated delivery.
    pub guarantee: Guarantee,
    /// Builds the message with this number: another record and another idempotency key for each.
    pub message: Box<dyn Fn(usize) -> Message<Outbound> + Send + Sync>,
    /// A message that the target must refuse, where there is such a thing.
    pub refused: Option<Message<Outbound>>,
    /// Counts the effects in the target itself.
    pub effects: CountEffects,
}

/// Puts a source through every check; `fresh` builds a new system for each.
///
/// # Errors
/// Which promises were broken, one sentence on each line.
pub async fn source<Fresh, Building>(fresh: Fresh) -> Result<(), String>
where
    Fresh: Fn() -> Building,
    Building: Future<Output = Result<SourceUnderTest, String>>,
{
    let outcomes = [
        (
            "hands over everything in order",
            hands_over_in_order(fresh().await?).await,
        ),
        (
            "hands out again what was not settled",
            repeats_unsettled(fresh().await?).await,
        ),
        (
            "survives a crash before settling",
            survives_crash(fresh().await?).await,
        ),
        (
            "does not repeat what was settled",
            does_not_repeat_settled(fresh().await?).await,
        ),
    ];
    summarise(outcomes)
}

/// Puts a sink through every check; `fresh` builds a new target for each.
///
/// # Errors
/// Which promises were broken, one sentence on each line.
pub async fn sink<Fresh, Building>(fresh: Fresh) -> Result<(), String>
where
    Fresh: Fn() -> Building,
    Building: Future<Output = Result<SinkUnderTest, String>>,
{
    let outcomes = [
        (
            "changes nothing by probing",
            probe_changes_nothing(fresh().await?).await,
        ),
        (
            "takes an empty batch",
            takes_empty_batch(fresh().await?).await,
        ),
        (
            "answers for each message in order",
            answers_in_order(fresh().await?).await,
        ),
        (
            "does not let one failure hinder others",
            isolates_failure(fresh().await?).await,
        ),
        (
            "keeps its guarantee on repetition",
            keeps_guarantee(fresh().await?).await,
        ),
    ];
    summarise(outcomes)
}

fn summarise<const COUNT: usize>(
    outcomes: [(&str, Result<(), String>); COUNT],
) -> Result<(), String> {
    let broken: Vec<String> = outcomes
        .into_iter()
        .filter_map(|(promise, outcome)| Some(format!("{promise}: {}", outcome.err()?)))
        .collect();
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken.join("\n"))
    }
}

/// What was handed over, as far as the checks need it.
#[derive(Debug, Default)]
struct Seen {
    ids: Vec<MessageId>,
    native_ids: Vec<NativeId>,
}

impl Seen {
    fn take(&mut self, received: &Received) {
        for message in &received.messages {
            self.ids.push(message.attributes.id);
            self.native_ids.extend(message.attributes.native_id.clone());
        }
    }
}

async fn open(
    system: &SourceUnderTest,
    checkpoint: Option<&Checkpoint>,
) -> Result<Box<dyn Source>, String> {
    (system.open)(checkpoint.cloned())
        .await
        .map_err(|failure| format!("could not be opened: {failure}"))
}

/// One portion, checked for its bounds and for a checkpoint that is plain JSON.
async fn receive(source: &mut dyn Source) -> Result<Option<Received>, String> {
    let received = timeout(PATIENCE, source.receive())
        .await
        .map_err(|_| {
            format!("receive did not answer within {PATIENCE:?}; it must not wait for more")
        })?
        .map_err(|failure| format!("receive failed: {failure}"))?;
    let Some(received) = received else {
        return Ok(None);
    };
    if received.messages.len() > PORTION_MESSAGES {
        let count = received.messages.len();
        return Err(format!(
            "a portion holds {count} messages, more than {PORTION_MESSAGES}"
        ));
    }
    let bytes: usize = received
        .messages
        .iter()
        .map(|message| match &message.body.body {
            NativeBody::Json(json) => json.len(),
            NativeBody::Undecodable { raw, .. } => raw.len(),
        })
        .sum();
    if bytes > PORTION_BYTES {
        return Err(format!(
            "a portion holds {bytes} bytes, more than {PORTION_BYTES}"
        ));
    }
    if let Some(checkpoint) = &received.checkpoint {
        let again = serde_json::to_string(checkpoint)
            .and_then(|text| serde_json::from_str::<Checkpoint>(&text))
            .map_err(|error| format!("the checkpoint is no plain JSON: {error}"))?;
        if &again != checkpoint {
            return Err("the checkpoint changes when it is written and read again".to_owned());
        }
    }
    Ok(Some(received))
}

async fn settle(source: &mut dyn Source) -> Result<(), String> {
    timeout(PATIENCE, source.settle())
        .await
        .map_err(|_| format!("settle did not answer within {PATIENCE:?}"))?
        .map_err(|failure| format!("settle failed: {failure}"))
}

/// Takes and settles everything; returns the last checkpoint.
async fn drain(
    source: &mut dyn Source,
    seen: &mut Seen,
    mut checkpoint: Option<Checkpoint>,
) -> Result<Option<Checkpoint>, String> {
    while let Some(received) = receive(source).await? {
        seen.take(&received);
        checkpoint = received.checkpoint.or(checkpoint);
        settle(source).await?;
    }
    Ok(checkpoint)
}

async fn hands_over_in_order(system: SourceUnderTest) -> Result<(), String> {
    let mut source = open(&system, None).await?;
    let mut seen = Seen::default();
    drain(source.as_mut(), &mut seen, None).await?;
    if seen.native_ids != system.expected {
        let at = seen
            .native_ids
            .iter()
            .zip(&system.expected)
            .take_while(|(found, expected)| found == expected)
            .count();
        return Err(format!(
            "record {at} should be {:?} but is {:?}; {} records instead of {}",
            system.expected.get(at),
            seen.native_ids.get(at),
            seen.native_ids.len(),
            system.expected.len()
        ));
    }
    let distinct: HashSet<MessageId> = seen.ids.iter().copied().collect();
    if distinct.len() != seen.ids.len() {
        return Err("two records were handed over under one message id".to_owned());
    }
    Ok(())
}

/// From portion to portion: what was received but not settled comes again under the same ids.
async fn repeats_unsettled(system: SourceUnderTest) -> Result<(), String> {
    let mut checkpoint: Option<Checkpoint> = None;
    for portion in 0_usize.. {
        let mut source = open(&system, checkpoint.as_ref()).await?;
        let Some(first) = receive(source.as_mut()).await? else {
            break;
        };
        drop(source);
        let mut source = open(&system, checkpoint.as_ref()).await?;
        let again = receive(source.as_mut())
            .await?
            .ok_or_else(|| format!("portion {portion} was not settled, yet did not come again"))?;
        let ids = |received: &Received| -> Vec<MessageId> {
            received
                .messages
                .iter()
                .map(|message| message.attributes.id)
                .collect()
        };
        if ids(&first) != ids(&again) {
            return Err(format!(
                "portion {portion} came again under other message ids"
            ));
        }
        checkpoint = again.checkpoint.or(checkpoint);
        settle(source.as_mut()).await?;
        if portion > system.expected.len() {
            return Err("there is no end to the portions".to_owned());
        }
    }
    Ok(())
}

/// The hub kept a portion and its checkpoint, but died before it could settle.
async fn survives_crash(system: SourceUnderTest) -> Result<(), String> {
    let mut seen = Seen::default();
    let mut source = open(&system, None).await?;
    let mut checkpoint = None;
    if let Some(received) = receive(source.as_mut()).await? {
        seen.take(&received);
        checkpoint = received.checkpoint;
    }
    drop(source);
    let mut source = open(&system, checkpoint.as_ref()).await?;
    drain(source.as_mut(), &mut seen, checkpoint).await?;
    // A repetition is allowed: its ids are recognised. So the distinct ids are what counts.
    let distinct: HashSet<MessageId> = seen.ids.iter().copied().collect();
    let native: HashSet<&NativeId> = seen.native_ids.iter().collect();
    if let Some(lost) = system
        .expected
        .iter()
        .find(|expected| !native.contains(expected))
    {
        return Err(format!("record {lost} was lost"));
    }
    if distinct.len() != system.expected.len() {
        return Err(format!(
            "{} records came as {} different messages; a repetition must keep its message id",
            system.expected.len(),
            distinct.len()
        ));
    }
    Ok(())
}

async fn does_not_repeat_settled(system: SourceUnderTest) -> Result<(), String> {
    let mut source = open(&system, None).await?;
    let checkpoint = drain(source.as_mut(), &mut Seen::default(), None).await?;
    if receive(source.as_mut()).await?.is_some() {
        return Err("a drained source handed something over".to_owned());
    }
    drop(source);
    let mut source = open(&system, checkpoint.as_ref()).await?;
    match receive(source.as_mut()).await? {
        None => Ok(()),
        Some(received) => Err(format!(
            "{} settled messages came again after reopening",
            received.messages.len()
        )),
    }
}

async fn count(target: &SinkUnderTest) -> Result<usize, String> {
    (target.effects)()
        .await
        .map_err(|reason| format!("the effects could not be counted: {reason}"))
}

async fn expect_effects(target: &SinkUnderTest, expected: usize) -> Result<(), String> {
    let found = count(target).await?;
    if found == expected {
        Ok(())
    } else {
        Err(format!(
            "{found} effects in the target instead of {expected}"
        ))
    }
}

/// Delivers a batch; there must be one answer for each message.
async fn deliver(
    target: &SinkUnderTest,
    batch: &[Message<Outbound>],
) -> Result<Vec<Result<crate::Delivered, Failure>>, String> {
    let answers = timeout(PATIENCE, target.sink.deliver(batch, &Sole))
        .await
        .map_err(|_| format!("deliver did not answer within {PATIENCE:?}"))?;
    if answers.len() == batch.len() {
        Ok(answers)
    } else {
        Err(format!(
            "{} answers for {} messages",
            answers.len(),
            batch.len()
        ))
    }
}

async fn probe_changes_nothing(target: SinkUnderTest) -> Result<(), String> {
    timeout(PATIENCE, target.sink.probe())
        .await
        .map_err(|_| format!("probe did not answer within {PATIENCE:?}"))?
        .map_err(|failure| format!("probe failed: {failure}"))?;
    expect_effects(&target, 0).await
}

async fn takes_empty_batch(target: SinkUnderTest) -> Result<(), String> {
    deliver(&target, &[]).await?;
    expect_effects(&target, 0).await
}

async fn answers_in_order(target: SinkUnderTest) -> Result<(), String> {
    let batch: Vec<Message<Outbound>> = (0..20).map(|number| (target.message)(number)).collect();
    for (number, answer) in deliver(&target, &batch).await?.into_iter().enumerate() {
        answer.map_err(|failure| format!("message {number} failed: {failure}"))?;
    }
    expect_effects(&target, batch.len()).await
}

async fn isolates_failure(mut target: SinkUnderTest) -> Result<(), String> {
    let Some(refused) = target.refused.take() else {
        return Ok(());
    };
    let batch = [(target.message)(0), refused, (target.message)(1)];
    let answers = deliver(&target, &batch).await?;
    let taken: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    if taken != [true, false, true] {
        return Err(format!(
            "of three messages only the second may fail, but taken were {taken:?}"
        ));
    }
    expect_effects(&target, 2).await
}

async fn keeps_guarantee(target: SinkUnderTest) -> Result<(), String> {
    let batch: Vec<Message<Outbound>> = (0..3).map(|number| (target.message)(number)).collect();
    for attempt in ["first", "second"] {
        for answer in deliver(&target, &batch).await? {
            answer.map_err(|failure| format!("the {attempt} delivery failed: {failure}"))?;
        }
    }
    match target.guarantee {
        Guarantee::OnceInEffect => expect_effects(&target, batch.len()).await,
        Guarantee::AtLeastOnce => {
            let found = count(&target).await?;
            let fewest = batch.len();
            if found >= fewest {
                Ok(())
            } else {
                Err(format!("{found} effects, fewer than {fewest}"))
            }
        }
    }
}
