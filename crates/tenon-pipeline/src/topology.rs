//! Which queues there are. Their names read as sentences.

use std::collections::BTreeMap;

use tenon_broker::{Queue, SharedBroker};
use tenon_connector::Deployment;
use tenon_core::{Failure, SystemName};
use tenon_store::SharedStore;

use crate::{DeadLetters, Systems};

/// Where messages go that carry no readable attributes, or over which the hub itself breaks down.
pub const DEAD_QUEUE: &str = "dead";

/// The queue of one inbound partition: `inbound.3`.
pub fn inbound_queue(partition: u32) -> String {
    format!("inbound.{partition}")
}

/// The queue of messages for one system: `deliver.erp`.
pub fn deliver_queue(system: &SystemName) -> String {
    format!("deliver.{system}")
}

/// Every queue that a deployment needs.
///
/// Each is served to one consumer at a time, so that order holds over any number of nodes.
pub fn queues(deployment: &Deployment, partitions: u32) -> Vec<Queue> {
    let served_in_order = |name: String| Queue {
        name,
        single_active_consumer: true,
        max_length: None,
    };
    let inbound = (0..partitions).map(inbound_queue);
    let deliver = deployment
        .systems
        .iter()
        .filter(|system| !system.outlets.is_empty())
        .map(|system| deliver_queue(&system.name));
    let mut queues: Vec<Queue> = inbound.chain(deliver).map(served_in_order).collect();
    queues.push(Queue {
        name: DEAD_QUEUE.to_owned(),
        single_active_consumer: false,
        max_length: None,
    });
    queues
}

/// Tells how many messages wait in a node's queues.
#[derive(Clone)]
pub struct Depths {
    broker: SharedBroker,
    systems: Systems,
    partitions: u32,
}

impl Depths {
    /// The queues of systems at a broker.
    pub fn new(broker: SharedBroker, systems: impl Into<Systems>, partitions: u32) -> Self {
        Self {
            broker,
            systems: systems.into(),
            partitions,
        }
    }

    /// The queues that there are now.
    pub fn queues(&self) -> Vec<String> {
        let queues = queues(&self.systems.now(), self.partitions).into_iter();
        queues.map(|queue| queue.name).collect()
    }

    /// The dead letters of the same broker, once nobody else looks at them.
    ///
    /// # Errors
    /// As [`DeadLetters::open`].
    pub async fn dead_letters(&self, store: &SharedStore) -> Result<DeadLetters, Failure> {
        DeadLetters::open(self.broker.clone(), store).await
    }

    /// The depth of each queue; `None` where the broker cannot tell now.
    pub async fn read(&self) -> BTreeMap<String, Option<u64>> {
        let mut depths = BTreeMap::new();
        for queue in self.queues() {
            let depth = self.broker.depth(&queue).await.ok();
            depths.insert(queue, depth);
        }
        depths
    }
}
