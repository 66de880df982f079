//! One inbound lane: takes a batch from its queue through every stage up to the targets' queues.
//!
//! Take what is ready, do the work, journal in one transaction, publish all, one cumulative
//! acknowledgement. Whatever interrupts this leaves the batch in its queue; coming again, its
//! messages are recognised by their ids and published again, not decided again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tenon_broker::{Consumer, Delivery, SharedBroker};
use tenon_connector::Deployment;
use tenon_core::{Entity, Failure, FailureKind, SystemName};
use tenon_master::MasterKey;
use tenon_store::{Inbound, Known, Lookup, SharedStore, StoreError};
use tokio_util::sync::CancellationToken;

use crate::accept::{failure, publish_all};
use crate::bells::Bells;
use crate::compute::compute_here;
use crate::courier::store_failure;
use crate::dead_letter::bury;
use crate::master::{MasterPolicy, Newcomers};
use crate::resolve::{Decided, decide, deeper, lookup};
use crate::retry::{Pauses, answered};
use crate::spans::{Begun, follow_orders};
use crate::topology::inbound_queue;
use crate::translate::{Content, Validated, translate, validate};
use crate::wire::{arrived, parcel_publication};
use crate::{Component, ComponentState, FailPoint, Health, Systems};

/// Messages taken at once.
const BATCH: usize = 256;
/// After so long without the store a batch goes back to its queue, where another node may take it.
const HANDOVER: Duration = Duration::from_secs(8);
/// Messages the broker may hand out ahead.
const PREFETCH: u16 = 512;

/// What an inbound lane works with.
pub(crate) struct Lane {
    pub(crate) partition: u32,
    pub(crate) systems: Systems,
    pub(crate) policy: Arc<MasterPolicy>,
    pub(crate) broker: SharedBroker,
    pub(crate) store: SharedStore,
    pub(crate) health: Arc<Health>,
    pub(crate) bells: Arc<Bells>,
    pub(crate) stop: CancellationToken,
}

impl Lane {
    fn component(&self) -> Component {
        Component(inbound_queue(self.partition))
    }

    /// Works until the hub stops.
    pub(crate) async fn run(self) {
        let component = self.component();
        self.health.report(&component, ComponentState::Starting, 0);
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(5));
        while !self.stop.is_cancelled() {
            let round = async {
                let queue = inbound_queue(self.partition);
                let consumer = self.broker.consume(&queue, PREFETCH).await;
                let mut consumer = consumer.map_err(|error| failure(&error))?;
                self.health.report(&component, ComponentState::Idle, 0);
                pauses.reset();
                self.serve(consumer.as_mut()).await
            };
            if let Err(reason) = round.await {
                self.health.report_failure(&component, &reason);
                tracing::warn!(partition = self.partition, error = %reason, "inbound lane interrupted");
                if !pauses.wait(&self.stop, None).await {
                    return;
                }
            }
        }
    }

    async fn serve(&self, consumer: &mut dyn Consumer) -> Result<(), Failure> {
        let component = self.component();
        loop {
            let batch = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                batch = consumer.next_batch(BATCH) => batch.map_err(|error| failure(&error))?,
            };
            let Some(last) = batch.last().map(|delivery| delivery.tag) else {
                continue;
            };
            let count = batch.len() as u64;
            match self.process(&batch).await {
                Err(failure) if is_poison(&failure) => self.process_singly(&batch).await?,
                processed => processed?,
            }
            FailPoint::RoutePublished.reached();
            consumer
                .ack_through(last)
                .await
                .map_err(|error| failure(&error))?;
            FailPoint::RouteAcknowledged.reached();
            self.health
                .report(&component, ComponentState::Flowing, count);
        }
    }

    /// Takes a batch through all stages one by one, of which one breaks what is done with it; that
    /// one is a dead letter, so that it does not come again for ever and hold up all behind it.
    async fn process_singly(&self, batch: &[Delivery]) -> Result<(), Failure> {
        for delivery in batch {
            match self.process(std::slice::from_ref(delivery)).await {
                Err(failure) if is_poison(&failure) => {
                    self.bury(delivery, &failure.to_string()).await?;
                }
                processed => processed?,
            }
        }
        Ok(())
    }

    async fn bury(&self, delivery: &Delivery, reason: &str) -> Result<(), Failure> {
        let queue = inbound_queue(self.partition);
        bury(&self.broker, &queue, delivery, reason, &self.stop).await
    }

    /// Takes a batch through all stages; on return every message is durable where it belongs.
    async fn process(&self, batch: &[Delivery]) -> Result<(), Failure> {
        let mut messages = Vec::with_capacity(batch.len());
        for delivery in batch {
            match arrived(delivery) {
                Ok(message) => messages.push(message),
                Err(reason) => self.bury(delivery, &reason.to_string()).await?,
            }
        }
        // One configuration for the whole batch, whatever is reloaded meanwhile.
        let deployment = self.systems.now();
        let validated = compute_here(|| {
            let through = |message| validate(translate(&deployment, message));
            messages.into_iter().map(through).collect::<Vec<_>>()
        })?;
        let mut parcels = Parcels::new();
        for batch in apart(validated) {
            parcels.append(&mut self.commit(&deployment, &batch).await?);
        }
        let publications = parcels
            .iter()
            .map(|(system, attributes, body)| parcel_publication(system, attributes, body))
            .collect();
        let component = self.component();
        let refused = |failure: &Failure| self.health.report_failure(&component, failure);
        match publish_all(&self.broker, publications, &self.stop, refused).await {
            true => Ok(()),
            false => Err(Failure::transient("hub.stopping", "the hub is stopping")),
        }
    }

    /// Decides and journals a batch, again when another node was faster.
    async fn commit(
        &self,
        deployment: &Deployment,
        batch: &[Validated],
    ) -> Result<Parcels, Failure> {
        let mut pauses = Pauses::new(Duration::from_millis(5), Duration::from_secs(2));
        let mut claims = Vec::new();
        let began = Instant::now();
        loop {
            match self.try_commit(deployment, batch, &mut claims).await {
                Ok(parcels) => return Ok(parcels),
                Err(TryCommit::Failure(failure)) => return Err(failure),
                Err(TryCommit::Store(StoreError::Conflict(what))) => {
                    tracing::debug!(partition = self.partition, what, "decided anew");
                }
                Err(TryCommit::Store(error @ StoreError::Unfit(_))) => {
                    return Err(store_failure(&error));
                }
                Err(TryCommit::Store(error)) => {
                    self.health
                        .report_failure(&self.component(), &store_failure(&error));
                    tracing::warn!(partition = self.partition, %error, "journal refused; trying again");
                    // Where the store is away from this node alone, another one can do it.
                    if began.elapsed() > HANDOVER {
                        return Err(store_failure(&error));
                    }
                }
            }
            if !pauses.wait(&self.stop, None).await {
                return Err(Failure::transient("hub.stopping", "the hub is stopping"));
            }
        }
    }

    /// One attempt. `claims` are the keys that earlier attempts wanted: a golden record may have
    /// keys that no message of the batch has, and only the look-up tells whose they are.
    async fn try_commit(
        &self,
        deployment: &Deployment,
        batch: &[Validated],
        claims: &mut Vec<MasterKey>,
    ) -> Result<Parcels, TryCommit> {
        let mut asked = lookup(batch, &self.policy);
        asked.keys.append(&mut claims.clone());
        asked.keys.sort();
        asked.keys.dedup();
        let mut known = answered(self.store.look_up(&asked))
            .await
            .map_err(TryCommit::Store)?;
        if let Some(deeper) = deeper(batch, &self.policy, &known) {
            let more = answered(self.store.look_up(&deeper))
                .await
                .map_err(TryCommit::Store)?;
            known.learn(more);
        }
        let newcomers = self.newcomers(batch, &mut known).await?;
        let decided = compute_here(|| decide(deployment, &self.policy, batch, known, newcomers));
        let Decided {
            mut commit,
            mut parcels,
        } = decided.map_err(TryCommit::Failure)?;
        claims.extend(commit.keys.iter().map(|(key, _)| key.clone()));
        if !commit.messages.is_empty() {
            let counted = commit.messages.iter().map(labels).collect::<Vec<_>>();
            let followers = follow_orders(&self.store, &mut commit, &mut parcels).await;
            let begun = Begun::now(commit.messages.iter().map(|message| &message.attributes));
            FailPoint::RouteDecided.reached();
            let released = answered(self.store.commit(commit))
                .await
                .map_err(TryCommit::Store)?;
            FailPoint::RouteJournaled.reached();
            begun.journaled(&followers);
            self.bells.ring(&released);
            for (system, entity, state) in counted {
                metrics::counter!(
                    "tenon_messages_total", "system" => system.to_string(),
                    "entity" => entity.as_str(), "state" => state
                )
                .increment(1);
                self.health.journaled(system);
            }
        }
        Ok(parcels)
    }

    /// The records of a batch that no exact key leads to a master, with the masters that they may be;
    /// their golden records are learnt.
    async fn newcomers(
        &self,
        batch: &[Validated],
        known: &mut Known,
    ) -> Result<Option<Newcomers>, TryCommit> {
        if known.founded.is_none() {
            return Ok(None);
        }
        let read = compute_here(|| Newcomers::of(batch, &self.policy, known));
        let Some(mut newcomers) = read.map_err(TryCommit::Failure)? else {
            return Ok(None);
        };
        let matching = &self.policy.matching;
        answered(newcomers.meet(self.store.as_ref(), matching))
            .await
            .map_err(TryCommit::Store)?;
        let judged = compute_here(|| newcomers.judge(matching));
        let mut masters = judged.map_err(TryCommit::Failure)?;
        masters.retain(|master| !known.golden.contains_key(master));
        if !masters.is_empty() {
            let asked = Lookup {
                masters,
                ..Lookup::default()
            };
            let more = answered(self.store.look_up(&asked)).await;
            known.learn(more.map_err(TryCommit::Store)?);
        }
        Ok(Some(newcomers))
    }
}

/// Whether it is a message that makes the work on its batch fail, today and tomorrow, rather than what
/// the hub stands on: a stage broke down over it, or the database cannot hold what it says.
fn is_poison(failure: &Failure) -> bool {
    failure.kind == FailureKind::Bug && failure.code != "store.bug"
}

/// A batch in portions that are decided one after the other: a command stands alone, so that it is
/// decided from what the store has, not from what the batch is about to change; and so do bills of
/// materials apart from items.
fn apart(batch: Vec<Validated>) -> Vec<Vec<Validated>> {
    let is_command = |message: &Validated| matches!(message.result, Ok(Some(Content::Command(_))));
    let entity = |message: &Validated| message.envelope.attributes.entity();
    let meets = |portion: &[Validated], message: &Validated| match entity(message) {
        Entity::Item => portion.iter().any(|it| entity(it) == Entity::Bom),
        Entity::Bom => portion.iter().any(|it| entity(it) == Entity::Item),
        _ => false,
    };
    let mut portions: Vec<Vec<Validated>> = Vec::new();
    for message in batch {
        match portions.last_mut() {
            Some(portion)
                if !is_command(&message)
                    && !portion.iter().any(is_command)
                    && !meets(portion, &message) =>
            {
                portion.push(message);
            }
            _ => portions.push(vec![message]),
        }
    }
    portions
}

fn labels(message: &Inbound) -> (SystemName, Entity, &'static str) {
    let attributes = &message.attributes;
    (
        attributes.source.clone(),
        attributes.entity(),
        message.state.as_str(),
    )
}

type Parcels = Vec<(SystemName, tenon_core::Attributes, bytes::Bytes)>;

enum TryCommit {
    Store(StoreError),
    Failure(Failure),
}
