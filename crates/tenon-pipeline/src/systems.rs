//! The systems as they are configured now, for all who ask.

use std::sync::{Arc, PoisonError, RwLock};

use tenon_connector::{Deployment, System};

/// The configured systems of a node, of which each may be replaced. Cheap to clone; whoever does one
/// thing with several of them takes them once, with [`Systems::now`].
#[derive(Debug, Clone)]
pub struct Systems(Arc<RwLock<Arc<Deployment>>>);

impl From<Arc<Deployment>> for Systems {
    fn from(deployment: Arc<Deployment>) -> Self {
        Self(Arc::new(RwLock::new(deployment)))
    }
}

impl Systems {
    /// As they are configured at this moment.
    pub fn now(&self) -> Arc<Deployment> {
        // Nothing panics while it is held; what it holds would still be whole.
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// The same, with `system` in the place of the one of its name.
    pub(crate) fn with(&self, system: &System) -> Deployment {
        let mut deployment = self.now().as_ref().clone();
        for place in &mut deployment.systems {
            if place.name == system.name {
                *place = system.clone();
            }
        }
        deployment
    }

    /// Puts `system` in the place of the one of its name, for all who ask from now on.
    pub(crate) fn replace(&self, system: &System) {
        let deployment = Arc::new(self.with(system));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = deployment;
    }
}
