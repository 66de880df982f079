//! Tells couriers that there is something for them in the lanes.

use std::collections::HashMap;
use std::sync::Arc;

use tenon_core::SystemName;
use tokio::sync::Notify;

/// Rings when lanes of a system have something due.
#[derive(Debug, Default)]
pub(crate) struct Bells(std::sync::Mutex<HashMap<SystemName, Arc<Notify>>>);

impl Bells {
    pub(crate) fn of(&self, system: &SystemName) -> Arc<Notify> {
        let mut bells = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        bells.entry(system.clone()).or_default().clone()
    }

    pub(crate) fn ring(&self, systems: &[SystemName]) {
        for system in systems {
            self.of(system).notify_one();
        }
    }
}
