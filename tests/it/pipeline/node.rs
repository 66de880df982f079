//! A node as the cases use it: it takes records in, and waits for what becomes of them.

use std::sync::Arc;

use bytes::Bytes;
use tenon_broker::SharedBroker;
use tenon_connector::{Deployment, Inlet};
use tenon_core::{Entity, Message, MessageId, Native};
use tenon_pipeline::{Accept, ComponentState, DEAD_QUEUE, Hub, Roles, queues};
use tenon_store::{
    DeliveryRecord, DeliveryState, Direction, JournalRecord, MessageFilter, ParkedFilter,
    ParkedRecord, ParkedState, SharedStore,
};

use super::place::{PARTITIONS, equals, eventually, named, settings};

/// One node: its own connections to the engines, and the systems it knows.
pub(super) struct Node {
    pub(super) broker: SharedBroker,
    pub(super) store: SharedStore,
    pub(super) deployment: Arc<Deployment>,
}

impl Node {
    /// Starts a hub in this node.
    pub(super) async fn start(&self, roles: Roles) -> Hub {
        let (broker, store) = (self.broker.clone(), self.store.clone());
        let hub = Hub::start(settings(roles), self.deployment.clone(), broker, store).await;
        hub.expect("the hub starts")
    }

    /// Declares the queues, for a case that sends before any hub runs.
    pub(super) async fn declare(&self) {
        let queues = queues(&self.deployment, PARTITIONS);
        self.broker.declare(&queues).await.expect("declared");
    }

    /// The hub's front door.
    pub(super) fn accept(&self) -> Accept {
        Accept::new(self.broker.clone(), PARTITIONS)
    }

    fn inlet(&self, system: &str, entity: Entity) -> &Inlet {
        let system = self
            .deployment
            .system(&named(system))
            .expect("a configured system");
        let inlet = system.inlets.iter().find(|inlet| inlet.entity == entity);
        inlet.expect("an inlet of this entity")
    }

    /// A message as the system's webhook would make it.
    pub(super) fn message(&self, system: &str, entity: Entity, json: &str) -> Message<Native> {
        let json = Bytes::copy_from_slice(json.as_bytes());
        self.inlet(system, entity)
            .message(json, None, None, "the case".to_owned())
    }

    /// Bytes that are no record, as the system's webhook would pass them on.
    pub(super) fn undecodable(&self, system: &str, entity: Entity, raw: &[u8]) -> Message<Native> {
        let (raw, reason) = (Bytes::copy_from_slice(raw), "no JSON".to_owned());
        self.inlet(system, entity)
            .undecodable(raw, reason, None, "the case".to_owned())
    }

    /// Hands messages to the hub; the broker has them on return.
    pub(super) async fn take(&self, messages: &[Message<Native>]) {
        for portion in messages.chunks(250) {
            self.accept().accept(portion).await.expect("accepted");
        }
    }

    /// Sends one record; its message's id.
    pub(super) async fn send(&self, system: &str, entity: Entity, json: &str) -> MessageId {
        let message = self.message(system, entity, json);
        self.take(std::slice::from_ref(&message)).await;
        message.attributes.id
    }

    /// What became of a message at each system by now.
    pub(super) async fn deliveries(&self, id: MessageId) -> Result<Vec<DeliveryRecord>, String> {
        let found = self.store.deliveries(&[id]).await;
        let mut found = found.map_err(|error| error.to_string())?;
        Ok(found.remove(&id).unwrap_or_default())
    }

    /// Waits until a message has this state in a system.
    pub(super) async fn delivery(
        &self,
        id: MessageId,
        system: &str,
        state: DeliveryState,
    ) -> DeliveryRecord {
        eventually(async || {
            let deliveries = self.deliveries(id).await?;
            let found = deliveries
                .iter()
                .find(|delivery| delivery.system.as_str() == system);
            match found {
                Some(delivery) if delivery.state == state => Ok(delivery.clone()),
                _ => Err(format!("{id} is not {state:?} in {system}: {deliveries:?}")),
            }
        })
        .await
    }

    /// Waits until a message stands in the journal in this state.
    pub(super) async fn journaled(&self, id: MessageId, state: &str) -> JournalRecord {
        eventually(async || {
            let traces = self.store.trace(&id.to_string(), None, 1).await;
            let traces = traces.map_err(|error| error.to_string())?;
            match traces.into_iter().next() {
                Some(trace) if trace.message.state == state => Ok(trace.message),
                other => Err(format!("{id} is not {state}: {other:?}")),
            }
        })
        .await
    }

    /// Waits until exactly one message is parked for or from a system, in this state.
    pub(super) async fn parked(&self, id: MessageId, state: ParkedState) -> ParkedRecord {
        eventually(async || {
            let all = self.all_parked().await;
            let found = all.iter().find(|parked| parked.parcel.attributes.id == id);
            match found {
                Some(parked) if parked.state == state => Ok(parked.clone()),
                _ => Err(format!("{id} is not parked as {state:?}: {}", shown(&all))),
            }
        })
        .await
    }

    /// Everything that is parked.
    pub(super) async fn all_parked(&self) -> Vec<ParkedRecord> {
        let parked = self
            .store
            .parked(&ParkedFilter::default(), None, 10_000)
            .await;
        parked.expect("the store answers")
    }

    /// Waits until the journal has so many messages.
    pub(super) async fn journal_has(&self, messages: usize) {
        equals(messages as u64, async || {
            let counts = self
                .store
                .dashboard()
                .await
                .map(|dashboard| dashboard.messages);
            counts
                .map(|counts| counts.into_values().sum())
                .unwrap_or_default()
        })
        .await;
    }

    /// Waits until every journaled message has its outcome in every target, and no queue has more.
    pub(super) async fn quiet(&self) {
        eventually(async || {
            for queue in queues(&self.deployment, PARTITIONS) {
                let depth = self.broker.depth(&queue.name).await;
                let depth = depth.map_err(|error| error.to_string())?;
                if depth > 0 && queue.name != DEAD_QUEUE {
                    return Err(format!("{depth} messages wait in {}", queue.name));
                }
            }
            let mut parked = self.all_parked().await;
            parked.retain(|parked| parked.direction == Direction::Outbound);
            if !parked.is_empty() {
                return Err(format!("parked: {}", shown(&parked)));
            }
            // A broker may not count what it has handed out, so the store is asked as well.
            let ended = self
                .store
                .dashboard()
                .await
                .map_err(|error| error.to_string())?;
            let ended = ended
                .deliveries
                .values()
                .flat_map(|states| states.values())
                .sum::<u64>();
            let messages = self
                .store
                .messages(&MessageFilter::default(), None, 100_000)
                .await;
            let messages = messages.map_err(|error| error.to_string())?;
            match messages
                .iter()
                .map(|message| message.targets.len() as u64)
                .sum::<u64>()
            {
                routed if routed == ended => Ok(()),
                routed => Err(format!("{ended} of {routed} deliveries have ended")),
            }
        })
        .await;
    }
}

/// Waits until a component of the hub stands so that `holds` is true of it.
pub(super) async fn component(hub: &Hub, name: &str, holds: impl Fn(&ComponentState) -> bool) {
    eventually(async || {
        let reports = hub.health().reports();
        let found = reports.iter().find(|(component, _)| component.0 == name);
        match found {
            Some((_, report)) if holds(&report.state) => Ok(()),
            other => Err(format!("{name} stands so: {other:?}")),
        }
    })
    .await;
}

fn shown(parked: &[ParkedRecord]) -> String {
    let shown = parked.iter().take(5).map(|parked| {
        format!(
            "{:?} {} {} ({})",
            parked.state, parked.code, parked.detail, parked.attempts
        )
    });
    shown.collect::<Vec<_>>().join("; ")
}
