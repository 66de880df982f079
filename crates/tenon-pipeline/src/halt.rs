//! What people have paused, as this node knows it.

use std::sync::Arc;
use std::time::Duration;

use tenon_core::SystemName;
use tenon_store::{Half, Pause, SharedStore};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ComponentState;
use crate::retry::pause_for;

/// How long a pause takes to be heeded by every node, about.
const LOOK: Duration = Duration::from_secs(1);

/// The pauses that were known at the last look.
#[derive(Debug)]
pub(crate) struct Halts(watch::Sender<Arc<Vec<Pause>>>);

impl Default for Halts {
    fn default() -> Self {
        Self(watch::Sender::new(Arc::default()))
    }
}

impl Halts {
    /// The state of a half that is paused.
    pub(crate) fn of(&self, system: &SystemName, half: Half) -> Option<ComponentState> {
        let pauses = self.0.borrow();
        let pause = pauses
            .iter()
            .find(|pause| pause.system == *system && pause.half == half)?;
        let reason = match pause.because.is_empty() {
            true => format!("paused by {}", pause.by),
            false => format!("paused by {}: {}", pause.by, pause.because),
        };
        Some(ComponentState::Paused { reason })
    }

    /// Looks into the store once. What cannot be read leaves what was known.
    pub(crate) async fn look(&self, store: &SharedStore) {
        match store.pauses().await {
            Ok(pauses) => {
                self.0.send_replace(Arc::new(pauses));
            }
            Err(error) => tracing::debug!(%error, "pauses cannot be read"),
        }
    }

    /// Looks into the store until the hub stops.
    pub(crate) async fn watch(self: Arc<Self>, store: SharedStore, stop: CancellationToken) {
        while pause_for(&stop, LOOK).await {
            self.look(&store).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::Timestamp;

    use super::*;

    #[test]
    fn only_the_half_that_was_paused_is() {
        let halts = Halts::default();
        let erp = SystemName::new("erp").unwrap();
        halts.0.send_replace(Arc::new(vec![Pause {
            system: erp.clone(),
            half: Half::Deliver,
            by: "li.wei".to_owned(),
            because: "month end".to_owned(),
            at: Timestamp::now(),
        }]));
        assert_eq!(halts.of(&erp, Half::Receive), None);
        assert_eq!(
            halts.of(&SystemName::new("crm").unwrap(), Half::Deliver),
            None
        );
        let reason = "paused by li.wei: month end".to_owned();
        let paused = ComponentState::Paused { reason };
        assert_eq!(halts.of(&erp, Half::Deliver), Some(paused));
    }
}
