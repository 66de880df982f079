//! Asks a system for what is new, and keeps how far it has been read.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tenon_connector::{Inlet, Intake, Received, System};
use tenon_core::Failure;
use tenon_store::{Half, SharedStore};
use tokio_util::sync::CancellationToken;

use crate::claim::{claimed, taken_over};
use crate::courier::store_failure;
use crate::halt::Halts;
use crate::retry::{Pauses, pause_for};
use crate::{Accept, Component, ComponentState, FailPoint, Health};

/// Longest pause before a system that cannot be reached is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often a paused inlet looks whether it still is.
const HALTED: Duration = Duration::from_secs(1);

/// Polls one inlet until the hub stops.
pub(crate) struct Poll {
    pub(crate) system: Arc<System>,
    pub(crate) inlet: Inlet,
    pub(crate) every: Duration,
    pub(crate) accept: Accept,
    pub(crate) store: SharedStore,
    pub(crate) health: Arc<Health>,
    pub(crate) halts: Arc<Halts>,
    pub(crate) stop: CancellationToken,
}

impl Poll {
    /// The pollers of a system: one for each inlet that is asked rather than called.
    pub(crate) fn intervals(system: &System) -> impl Iterator<Item = (&Inlet, Duration)> {
        system.inlets.iter().filter_map(|inlet| match inlet.intake {
            Intake::Poll { every, .. } => Some((inlet, every)),
            Intake::Webhook(_) => None,
        })
    }

    /// Under which an inlet's progress is watched and its claim kept.
    pub(crate) fn component(system: &System, inlet: &Inlet) -> Component {
        Component(format!("{}/receive/{}", system.name, inlet.name))
    }

    pub(crate) async fn run(self) {
        let component = Self::component(&self.system, &self.inlet);
        self.health.report(&component, ComponentState::Starting, 0);
        let mut pauses = Pauses::new(Duration::from_millis(250), LONGEST_PAUSE);
        while !self.stop.is_cancelled() {
            if let Some(halt) = self.halt() {
                self.health.report(&component, halt, 0);
                if !pause_for(&self.stop, HALTED).await {
                    return;
                }
                continue;
            }
            if let Err(failure) = self.serve(&component, &mut pauses).await {
                self.health.report_failure(&component, &failure);
                tracing::warn!(
                    system.name = %self.system.name, inlet = self.inlet.name, error = %failure,
                    "receiving interrupted"
                );
                if !pauses.wait(&self.stop, failure.retry_after).await {
                    return;
                }
            }
        }
    }

    /// That a person has paused receiving, if so.
    fn halt(&self) -> Option<ComponentState> {
        self.halts.of(&self.system.name, Half::Receive)
    }

    /// Opens the source where it was left and reads on, until something fails or the hub stops.
    async fn serve(&self, component: &Component, pauses: &mut Pauses) -> Result<(), Failure> {
        let standby = || self.health.stands_by(component);
        let Some(claim) = claimed(&self.store, &component.0, &self.stop, standby).await? else {
            return Ok(());
        };
        let checkpoint = self
            .store
            .checkpoint(&self.system.name, &self.inlet.name)
            .await;
        let mut read_to = checkpoint.map_err(|error| store_failure(&error))?;
        let mut source = self
            .system
            .transport
            .open_source(&self.inlet, read_to.clone())
            .await?;
        loop {
            if self.halt().is_some() {
                return Ok(());
            }
            if !claim.holds().await {
                return Err(taken_over(&component.0));
            }
            let received = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                received = source.receive() => received?,
            };
            pauses.reset();
            match received {
                None => {
                    self.health.report(component, ComponentState::Idle, 0);
                    if !pause_for(&self.stop, self.every).await {
                        return Ok(());
                    }
                }
                Some(received) => {
                    let count = received.messages.len() as u64;
                    if !self.accept(component, &received).await {
                        return Ok(());
                    }
                    // Whoever reads now is further on: the checkpoint must not go back.
                    if !claim.holds().await {
                        return Err(taken_over(&component.0));
                    }
                    if let Some(to) = received.checkpoint {
                        self.keep(read_to.as_ref(), &to).await?;
                        read_to = Some(to);
                    }
                    source.settle().await?;
                    self.health
                        .received(component, ComponentState::Flowing, count);
                }
            }
        }
    }

    /// Accepts a portion: confirmed by the broker; then the checkpoint is kept, then it is settled with
    /// the source. A crash between these only means that messages come again and are recognised.
    /// `false` when the hub stops before that.
    async fn accept(&self, component: &Component, received: &Received) -> bool {
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(5));
        while let Err(failure) = self.accept.accept(&received.messages).await {
            self.health.report_failure(component, &failure);
            if !pauses.wait(&self.stop, failure.retry_after).await {
                return false;
            }
        }
        metrics::counter!(
            "tenon_messages_received_total",
            "system" => self.system.name.to_string(), "entity" => self.inlet.entity.as_str()
        )
        .increment(received.messages.len() as u64);
        true
    }

    /// Keeps how far the source has read, from where it was.
    async fn keep(&self, from: Option<&Value>, to: &Value) -> Result<(), Failure> {
        let kept = self
            .store
            .keep_checkpoint(&self.system.name, &self.inlet.name, from, to);
        kept.await.map_err(|error| store_failure(&error))?;
        FailPoint::ReceiveCheckpointed.reached();
        Ok(())
    }
}
