//! Carries messages to one system: takes them from its queue and from its lanes, one wave at a time.
//!
//! There is one courier a system at work at a time (the queue has a single active consumer), and it
//! handles both what is queued and what had been parked; so nothing can overtake within a lane.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use tenon_broker::{Consumer, SharedBroker};
use tenon_connector::{Permit, Sink, System};
use tenon_core::{Entity, Failure, FailureKind, Message, Outbound, SystemName, Timestamp};
use tenon_store::{
    Claim, Half, OutboundKnown, OutboundLookup, ParkReason, ParkedRecord, Settlement, SharedStore,
    StoreError,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::accept::failure;
use crate::bells::Bells;
use crate::claim::claimed;
use crate::compute::compute;
use crate::dead_letter::bury;
use crate::expand::{Consignment, Packet, Plan, plan};
use crate::halt::Halts;
use crate::pace::Pace;
use crate::retry::{Pauses, answered, pause_for};
use crate::settle::{Attempt, Fate, Taken, settle};
use crate::spans::Begun;
use crate::topology::deliver_queue;
use crate::wire::parcel;
use crate::{Component, ComponentState, FailPoint, Health};

/// Messages taken from the queue at once.
const BATCH: usize = 512;
/// Messages planned, given to the target and settled at once. While the target takes one portion
/// of a batch, the next is planned and the one before is settled.
const PORTION: usize = 256;
/// Messages the broker may hand out ahead.
const PREFETCH: u16 = 1024;
/// How often lanes are looked through for retries whose time has come, at the latest.
const TICK: Duration = Duration::from_secs(1);
/// Longest pause between probes of a target that is down.
const LONGEST_HOLD: Duration = Duration::from_secs(15);

/// What a courier works with.
pub(crate) struct Courier {
    pub(crate) system: Arc<System>,
    /// Entities of which the system has ids of its own.
    pub(crate) translated: Arc<Vec<Entity>>,
    pub(crate) broker: SharedBroker,
    pub(crate) store: SharedStore,
    pub(crate) health: Arc<Health>,
    pub(crate) bells: Arc<Bells>,
    pub(crate) halts: Arc<Halts>,
    pub(crate) stop: CancellationToken,
    /// Held while the target takes a portion: it is given one at a time.
    pub(crate) turn: Mutex<()>,
    /// How much the system can bear, where that is limited.
    pub(crate) pace: Option<Pace>,
    /// The sole right to give the system anything. A broker hands a lost consumer's messages to
    /// another node at once, while the first may still be carrying them: this is what the other
    /// waits for.
    pub(crate) claim: Mutex<Option<Box<dyn Claim>>>,
}

/// How long a stop waits for what the target is doing. A delivery that is given up then stays
/// unacknowledged, and the target recognises it when it comes again.
const GRACE: Duration = Duration::from_secs(5);

/// The hub is stopping, or another node serves the system; what is unacknowledged goes back to its
/// queue.
struct Stopping;

impl Courier {
    /// Under which deliveries to a system are watched, and the claim to them kept.
    pub(crate) fn component_of(system: &SystemName) -> Component {
        Component(format!("{system}/deliver"))
    }

    fn component(&self) -> Component {
        Self::component_of(&self.system.name)
    }

    /// Works until the hub stops.
    pub(crate) async fn run(self) {
        let component = self.component();
        self.health.report(&component, ComponentState::Starting, 0);
        let mut pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(5));
        while !self.stop.is_cancelled() {
            if let Some(halt) = self.halt() {
                self.health.report(&component, halt, 0);
                pause_for(&self.stop, TICK).await;
                continue;
            }
            let round = async {
                // Before the consumer: two nodes of which one had the claim and the other the turn at
                // the queue would wait for each other for ever.
                let standby = || self.health.stands_by(&component);
                let claim = claimed(&self.store, &component.0, &self.stop, standby).await?;
                let Some(claim) = claim else {
                    return Ok(());
                };
                *self.claim.lock().await = Some(claim);
                let sinks = self.open().await?;
                let queue = deliver_queue(&self.system.name);
                let consumer = self.broker.consume(&queue, PREFETCH).await;
                let mut consumer = consumer.map_err(|error| failure(&error))?;
                pauses.reset();
                self.serve(&sinks, consumer.as_mut()).await
            };
            let ended = round.await;
            *self.claim.lock().await = None;
            if let Err(reason) = ended {
                self.health.report_failure(&component, &reason);
                tracing::warn!(system.name = %self.system.name, error = %reason, "delivery interrupted");
                if !pauses.wait(&self.stop, None).await {
                    break;
                }
            }
        }
    }

    /// That a person has paused deliveries, if so.
    fn halt(&self) -> Option<ComponentState> {
        self.halts.of(&self.system.name, Half::Deliver)
    }

    async fn open(&self) -> Result<HashMap<Entity, Arc<dyn Sink>>, Failure> {
        let mut sinks = HashMap::new();
        for outlet in &self.system.outlets {
            sinks.insert(
                outlet.entity,
                self.system.transport.open_sink(outlet).await?,
            );
        }
        Ok(sinks)
    }

    /// Serves queue and lanes until the broker is lost (an error) or the hub stops.
    async fn serve(
        &self,
        sinks: &HashMap<Entity, Arc<dyn Sink>>,
        consumer: &mut dyn Consumer,
    ) -> Result<(), Failure> {
        let component = self.component();
        let bell = self.bells.of(&self.system.name);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let batch = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                batch = consumer.next_batch(BATCH) => batch.map_err(|error| failure(&error))?,
                () = bell.notified() => Vec::new(),
                _ = ticks.tick() => Vec::new(),
            };
            // What was handed out already goes back to the queue.
            if self.halt().is_some() {
                return Ok(());
            }
            let Some(last) = batch.last().map(|delivery| delivery.tag) else {
                match self.serve_lanes(sinks).await {
                    Ok(0) => self.health.report(&component, ComponentState::Idle, 0),
                    Ok(_) => {}
                    Err(Stopping) => return Ok(()),
                }
                continue;
            };
            let mut consignments = Vec::with_capacity(batch.len());
            for delivery in batch {
                match parcel(&delivery) {
                    Ok(parcel) => {
                        consignments.push(Consignment::new(parcel));
                    }
                    Err(reason) => {
                        let queue = deliver_queue(&self.system.name);
                        bury(
                            &self.broker,
                            &queue,
                            &delivery,
                            &reason.to_string(),
                            &self.stop,
                        )
                        .await?;
                    }
                }
            }
            let count = consignments.len() as u64;
            if self.carry(sinks, consignments).await.is_err() {
                return Ok(());
            }
            consumer
                .ack_through(last)
                .await
                .map_err(|error| failure(&error))?;
            FailPoint::DeliverAcknowledged.reached();
            self.health
                .report(&component, ComponentState::Flowing, count);
        }
    }

    /// Delivers what is due in the lanes until nothing is; how many that were.
    async fn serve_lanes(&self, sinks: &HashMap<Entity, Arc<dyn Sink>>) -> Result<usize, Stopping> {
        let mut served = 0;
        loop {
            let due = self
                .persist(|| self.store.due(&self.system.name, BATCH as u32))
                .await?;
            if due.is_empty() || self.stop.is_cancelled() {
                return Ok(served);
            }
            FailPoint::DeliverDue.reached();
            served += due.len();
            let consignments = due.into_iter().map(consignment).collect();
            self.carry(sinks, consignments).await?;
            self.health
                .report(&self.component(), ComponentState::Flowing, 0);
        }
    }

    /// Carries consignments, of which several may share a lane, in waves of one a lane.
    async fn carry(
        &self,
        sinks: &HashMap<Entity, Arc<dyn Sink>>,
        consignments: Vec<Consignment>,
    ) -> Result<(), Stopping> {
        let mut rest = consignments;
        while !rest.is_empty() {
            // Many messages of one lane are as many waves: what is left goes back to the queue.
            if self.stop.is_cancelled() {
                return Err(Stopping);
            }
            let mut lanes = HashSet::new();
            let (wave, later): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|consignment| lanes.insert(consignment.lane().clone()));
            // Each portion ends by itself, a stop included: what the target took is still noted.
            let most = self.pace.as_ref().map_or(PORTION, Pace::most).min(PORTION);
            let portions = portions(wave, most).map(|portion| self.carry_portion(sinks, portion));
            let ended: Result<(), Stopping> = join_all(portions).await.into_iter().collect();
            ended?;
            rest = later;
        }
        Ok(())
    }

    /// Carries one portion until each of its messages is settled: done or parked.
    async fn carry_portion(
        &self,
        sinks: &HashMap<Entity, Arc<dyn Sink>>,
        mut wave: Vec<Consignment>,
    ) -> Result<(), Stopping> {
        let mut pauses = Pauses::new(Duration::from_millis(250), LONGEST_HOLD);
        loop {
            let begun = Begun::now(
                wave.iter()
                    .map(|consignment| &consignment.parcel.attributes),
            );
            let (settlement, held, obstacle) = self.attempt(sinks, wave).await?;
            begun.delivered(&self.system.name, &settlement);
            let retry = settlement
                .parked
                .iter()
                .filter_map(|park| match park.reason {
                    ParkReason::Retry { at, .. } => Some(at),
                    _ => None,
                });
            self.ring_at(retry.min());
            self.health.settled(&settlement);
            let rung = self
                .persist(|| self.store.settle(settlement.clone()))
                .await?;
            FailPoint::DeliverSettled.reached();
            self.bells.ring(&rung);
            let Some(obstacle) = obstacle else {
                return Ok(());
            };
            self.health.report_failure(&self.component(), &obstacle);
            tracing::warn!(
                system.name = %self.system.name, error = %obstacle, held = held.len(),
                "target cannot take messages; they wait"
            );
            wave = held;
            self.await_target(sinks, &wave, &obstacle, &mut pauses)
                .await?;
        }
    }

    /// Waits until the target answers a probe; for a configuration failure, at least a while.
    async fn await_target(
        &self,
        sinks: &HashMap<Entity, Arc<dyn Sink>>,
        held: &[Consignment],
        obstacle: &Failure,
        pauses: &mut Pauses,
    ) -> Result<(), Stopping> {
        let entity = held.first().map(Consignment::entity);
        let mut at_least = obstacle.retry_after;
        loop {
            if !pauses.wait(&self.stop, at_least.take()).await || self.halt().is_some() {
                return Err(Stopping);
            }
            let Some(sink) = entity.and_then(|entity| sinks.get(&entity)) else {
                return Ok(());
            };
            match self.unless_stopped(Duration::ZERO, sink.probe()).await? {
                Ok(()) => return Ok(()),
                Err(failure) => self.health.report_failure(&self.component(), &failure),
            }
        }
    }

    /// Tries to deliver a wave: what is settled, what is held, and what stood in the way.
    async fn attempt(
        &self,
        sinks: &HashMap<Entity, Arc<dyn Sink>>,
        mut wave: Vec<Consignment>,
    ) -> Result<(Settlement, Vec<Consignment>, Option<Failure>), Stopping> {
        let lookup = self.lookup(&mut wave);
        let known = self
            .persist(|| self.store.look_up_outbound(&lookup))
            .await?;
        for consignment in &mut wave {
            consignment.refresh(&known);
        }
        let (wave, plans) = self.plan(wave, known).await?;
        let turn = self
            .unless_stopped(Duration::ZERO, self.turn.lock())
            .await?;
        if let Some(pace) = &self.pace {
            let sent = plans.iter().filter(|plan| matches!(plan, Plan::Send(_)));
            let wait = pace.take(sent.count());
            if !pause_for(&self.stop, wait).await {
                return Err(Stopping);
            }
        }
        if !self.holds().await {
            return Err(Stopping);
        }
        FailPoint::DeliverPlanned.reached();
        let attempts = self
            .unless_stopped(GRACE, deliver(sinks, plans, self))
            .await?;
        FailPoint::DeliverTaken.reached();
        drop(turn);
        let refused_transiently = attempts
            .iter()
            .zip(&wave)
            .find_map(|(attempt, consignment)| match attempt {
                Some(Attempt::Refused(failure, _)) if failure.kind == FailureKind::Transient => {
                    Some(consignment.entity())
                }
                _ => None,
            });
        let target_is_up = match refused_transiently.and_then(|entity| sinks.get(&entity)) {
            // A stop does not end the wave here: what the target took of it is still to be noted.
            Some(sink) => match self.unless_stopped(GRACE, sink.probe()).await {
                Ok(answer) => answer.is_ok(),
                Err(Stopping) => false,
            },
            None => true,
        };
        let now = Timestamp::now();
        let mut settlement = Settlement {
            system: self.system.name.clone(),
            outcomes: Vec::with_capacity(wave.len()),
            parked: Vec::new(),
        };
        let (mut held, mut obstacle) = (Vec::new(), None);
        for (consignment, attempt) in wave.into_iter().zip(attempts) {
            let Some(attempt) = attempt else { continue };
            let policy = self
                .system
                .outlet(consignment.entity())
                .map(|outlet| outlet.retry)
                .unwrap_or_default();
            let jitter = jitter(&consignment);
            match settle(consignment, attempt, &policy, target_is_up, now, jitter) {
                Fate::Done(outcome) => settlement.outcomes.push(outcome),
                Fate::Park(park) => settlement.parked.push(park),
                Fate::Hold(consignment, failure) => {
                    held.push(consignment);
                    obstacle.get_or_insert(failure);
                }
            }
        }
        Ok((settlement, held, obstacle))
    }

    fn lookup(&self, wave: &mut [Consignment]) -> OutboundLookup {
        let mut seen = HashSet::new();
        let references = wave
            .iter_mut()
            .flat_map(Consignment::references)
            .filter(|reference| seen.insert(reference.clone()))
            .collect();
        OutboundLookup {
            system: self.system.name.clone(),
            translated: self.translated.to_vec(),
            messages: wave
                .iter()
                .map(|consignment| {
                    let id = consignment.parcel.attributes.id;
                    let lane = consignment.lane().clone();
                    (id, consignment.entity(), consignment.master_id(), lane)
                })
                .collect(),
            references,
        }
    }

    /// Plans a wave: mapping is computation.
    async fn plan(
        &self,
        wave: Vec<Consignment>,
        known: OutboundKnown,
    ) -> Result<(Vec<Consignment>, Vec<Plan>), Stopping> {
        let (system, translated) = (self.system.clone(), self.translated.clone());
        let planned = compute(move || {
            let mut wave = wave;
            let planned = |consignment: &mut Consignment| {
                // A message whose planning breaks down is parked as the bug it is.
                let plan = AssertUnwindSafe(|| plan(&system, &translated, consignment, &known));
                catch_unwind(plan).unwrap_or_else(|_| {
                    let detail = "planning its delivery broke down; please report it";
                    Plan::Fail(Failure::bug("mapping.panicked", detail))
                })
            };
            let plans = wave.iter_mut().map(planned).collect();
            (wave, plans)
        });
        // A task that panics nowhere fails only where the runtime ends.
        planned.await.map_err(|_| Stopping)
    }

    /// Repeats a call to the store until it succeeds, the hub stops, or the claim is lost.
    async fn persist<T, F, C>(&self, mut call: C) -> Result<T, Stopping>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(5));
        loop {
            match answered(call()).await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    tracing::warn!(system.name = %self.system.name, %error, "store refused; trying again");
                    self.health
                        .report_failure(&self.component(), &store_failure(&error));
                    // Where the store is away from this node alone, another one can do it.
                    if !pauses.wait(&self.stop, None).await || !self.holds().await {
                        return Err(Stopping);
                    }
                }
            }
        }
    }

    /// Does what talks with the target, but not much longer than until the hub stops.
    async fn unless_stopped<T>(
        &self,
        grace: Duration,
        talk: impl Future<Output = T>,
    ) -> Result<T, Stopping> {
        let overdue = async {
            self.stop.cancelled().await;
            tokio::time::sleep(grace).await; // why: a grace is a time
        };
        tokio::select! {
            outcome = talk => Ok(outcome),
            () = overdue => Err(Stopping),
        }
    }

    /// Rings the own bell when the next retry is due, if that is before the next tick.
    fn ring_at(&self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        let wait = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
        if wait < TICK {
            let (bell, stop) = (self.bells.of(&self.system.name), self.stop.clone());
            tokio::spawn(async move {
                if pause_for(&stop, wait).await {
                    bell.notify_one();
                }
            });
        }
    }
}

#[async_trait]
impl Permit for Courier {
    /// Whether it is still this node that serves the system.
    async fn holds(&self) -> bool {
        match &*self.claim.lock().await {
            Some(claim) => claim.holds().await,
            None => false,
        }
    }
}

/// A wave in portions; no lane is in two of them.
fn portions(mut wave: Vec<Consignment>, most: usize) -> impl Iterator<Item = Vec<Consignment>> {
    std::iter::from_fn(move || {
        let rest = wave.split_off(wave.len().min(most));
        let portion = std::mem::replace(&mut wave, rest);
        (!portion.is_empty()).then_some(portion)
    })
}

/// A parked message that is to be tried again.
pub(crate) fn consignment(record: ParkedRecord) -> Consignment {
    Consignment {
        parked: Some(record.id),
        attempts: record.attempts,
        ..Consignment::new(record.parcel)
    }
}

/// Gives each sink its packets, all entities at once; `None` for what needs no settlement.
async fn deliver(
    sinks: &HashMap<Entity, Arc<dyn Sink>>,
    plans: Vec<Plan>,
    permit: &dyn Permit,
) -> Vec<Option<Attempt>> {
    let mut attempts: Vec<Option<Attempt>> = Vec::with_capacity(plans.len());
    let mut loads: HashMap<Entity, Vec<(usize, Packet)>> = HashMap::new();
    for (index, plan) in plans.into_iter().enumerate() {
        attempts.push(match plan {
            Plan::Known => None,
            Plan::Wait(reason) => Some(Attempt::Deferred(reason)),
            Plan::Settle(state, detail) => Some(Attempt::Spared(state, detail)),
            Plan::Fail(failure) => Some(Attempt::Refused(failure, None)),
            Plan::Send(packets) => {
                for packet in packets {
                    let entity = packet.message.attributes.entity();
                    loads.entry(entity).or_default().push((index, packet));
                }
                Some(Attempt::Taken(Vec::new()))
            }
        });
    }
    let sent = loads.into_iter().map(|(entity, load)| async move {
        let (slots, packets): (Vec<usize>, Vec<Packet>) = load.into_iter().unzip();
        let (batch, hashes): (Vec<Message<Outbound>>, Vec<Vec<u8>>) = packets
            .into_iter()
            .map(|packet| (packet.message, packet.hash))
            .unzip();
        let mut results = match sinks.get(&entity) {
            Some(sink) => sink.deliver(&batch, permit).await,
            None => Vec::new(),
        };
        let unanswered =
            || Failure::bug("sink.unanswered", "the sink gave no answer for a message");
        results.resize_with(batch.len(), || Err(unanswered()));
        let given = batch.into_iter().map(|message| message.body.payload);
        let answered = results.into_iter().zip(given);
        slots
            .into_iter()
            .zip(answered)
            .zip(hashes)
            .collect::<Vec<_>>()
    });
    for ((slot, (result, given)), hash) in join_all(sent).await.into_iter().flatten() {
        match (&mut attempts[slot], result) {
            (Some(Attempt::Taken(taken)), Ok(took)) => taken.push(Taken::new(took, hash, given)),
            (Some(Attempt::Taken(_)), Err(failure)) => {
                attempts[slot] = Some(Attempt::Refused(failure, Some(given)));
            }
            _ => {}
        }
    }
    attempts
}

/// A number from 0 to 1 that spreads retries: from the message and its attempt, so it needs no dice.
fn jitter(consignment: &Consignment) -> f64 {
    let id = consignment.parcel.attributes.id.0.as_u128() as u64;
    let mixed = id
        .wrapping_add(u64::from(consignment.attempts))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

/// What a refusal of the store means for the component that met it.
pub(crate) fn store_failure(error: &StoreError) -> Failure {
    let detail = error.to_string();
    match error {
        StoreError::Conflict(_) | StoreError::Unavailable(_) => {
            Failure::transient("store.unavailable", detail)
        }
        StoreError::Refused(_) => Failure::configuration("store.refused", detail),
        StoreError::Unfit(_) => Failure::bug("store.unfit", detail),
        StoreError::Bug(_) => Failure::bug("store.bug", detail),
    }
}
