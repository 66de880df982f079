//! How the hub and each connector are getting on, judged by progress.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tenon_core::{Failure, SystemName, Timestamp};
use tenon_store::{Outcome, OutcomeState, Settlement};

/// A part of the hub whose progress is watched: `erp/receive/order`, `erp/deliver`, `inbound.3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Component(pub String);

/// How a component stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ComponentState {
    /// Has not yet done its first step.
    Starting,
    /// Moved messages at its last step.
    Flowing,
    /// Had nothing to do at its last step.
    Idle,
    /// Tries again by itself: something transient stands in the way.
    Stalled {
        /// What.
        reason: String,
    },
    /// Waits for a person; its messages wait too.
    Paused {
        /// What is to be changed.
        reason: String,
    },
    /// Cannot go on.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One component in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How it stands.
    #[serde(flatten)]
    pub state: ComponentState,
    /// Since when.
    pub since: Timestamp,
    /// When it last moved a message or found that there was none.
    pub last_progress: Option<Timestamp>,
    /// Messages it has moved since the start.
    pub messages: u64,
    /// When the hub last took a message by it, or the target last one of the hub's.
    pub last_success: Option<Timestamp>,
    /// What last went wrong; it stays when that has passed.
    pub last_error: Option<Mishap>,
}

impl Report {
    /// Whether something stands in its way that nobody wanted: a person's pause does not.
    pub fn is_failing(&self) -> bool {
        match self.state {
            ComponentState::Stalled { .. } | ComponentState::Failed { .. } => true,
            ComponentState::Paused { .. } => self
                .last_error
                .as_ref()
                .is_some_and(|error| error.at >= self.since),
            _ => false,
        }
    }
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mishap {
    /// When.
    pub at: Timestamp,
    /// Stable, for programs: `http.status`. Empty of what a node of an older release tells.
    #[serde(default)]
    pub code: String,
    /// What, for a person.
    pub reason: String,
}

/// What a node has done since it started; only ever rises.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tallies {
    /// Messages journaled, by source.
    pub journaled: BTreeMap<SystemName, u64>,
    /// Deliveries that reached an outcome, by system.
    pub settled: BTreeMap<SystemName, u64>,
    /// How long those took in all since they were accepted, in microseconds, by system.
    pub taken_us: BTreeMap<SystemName, u64>,
    /// Messages that each component has moved.
    pub moved: BTreeMap<Component, u64>,
}

/// How a node is getting on at a moment, as it tells the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pulse {
    /// When, by its own clock: what rose between two of them took so long.
    pub at: Timestamp,
    /// Its components.
    pub reports: BTreeMap<Component, Report>,
    /// What it has done.
    pub tallies: Tallies,
}

/// The watched components of one node.
#[derive(Debug, Default)]
pub struct Health {
    components: Mutex<BTreeMap<Component, Report>>,
    tallies: Mutex<Tallies>,
    progress: AtomicU64,
}

impl Health {
    /// A component's new state, and how many messages it has just moved.
    pub fn report(&self, component: &Component, state: ComponentState, moved: u64) {
        let now = Timestamp::now();
        let progressed = matches!(state, ComponentState::Flowing | ComponentState::Idle);
        self.progress.fetch_add(moved, Ordering::Relaxed);
        let mut components = self.lock();
        let report = components
            .entry(component.clone())
            .or_insert_with(|| Report {
                state: ComponentState::Starting,
                since: now,
                last_progress: None,
                messages: 0,
                last_success: None,
                last_error: None,
            });
        if report.state != state {
            report.state = state;
            report.since = now;
        }
        if progressed {
            report.last_progress = Some(now);
        }
        report.messages += moved;
    }

    /// A component that met a failure: paused for a person, or stalled until it passes.
    pub fn report_failure(&self, component: &Component, failure: &Failure) {
        let reason = failure.detail.clone();
        let state = match failure.kind {
            tenon_core::FailureKind::Configuration => ComponentState::Paused { reason },
            tenon_core::FailureKind::Bug => ComponentState::Failed { reason },
            _ => ComponentState::Stalled { reason },
        };
        self.report(component, state, 0);
        self.went_wrong(component, &failure.code, &failure.detail);
    }

    /// Messages that the hub has taken by a component: from a source that is asked, which flows until it has nothing
    /// more, or by a webhook, which rests after each call.
    pub fn received(&self, component: &Component, state: ComponentState, count: u64) {
        self.report(component, state, count);
        self.went_well(component);
    }

    /// A component that another node serves: nothing stands in its way here, and it makes no progress here.
    pub(crate) fn stands_by(&self, component: &Component) {
        if let Some(report) = self.lock().get_mut(component)
            && report.state != ComponentState::Idle
        {
            report.state = ComponentState::Idle;
            report.since = Timestamp::now();
        }
    }

    fn went_well(&self, component: &Component) {
        if let Some(report) = self.lock().get_mut(component) {
            report.last_success = Some(Timestamp::now());
        }
    }

    fn went_wrong(&self, component: &Component, code: &str, reason: &str) {
        if let Some(report) = self.lock().get_mut(component) {
            report.last_error = Some(Mishap {
                at: Timestamp::now(),
                code: code.to_owned(),
                reason: reason.to_owned(),
            });
        }
    }

    /// Takes a component out of the reports, because there is none such any more.
    pub(crate) fn forget(&self, component: &Component) {
        self.lock().remove(component);
    }

    /// Counts a journaled message.
    pub(crate) fn journaled(&self, source: SystemName) {
        *self.tallies().journaled.entry(source).or_default() += 1;
    }

    /// Counts deliveries to a system, in the metrics too.
    pub(crate) fn settled(&self, settlement: &Settlement) {
        let system = &settlement.system;
        let label = system.to_string();
        let component = Component(format!("{system}/deliver"));
        let taken = |outcome: &Outcome| outcome.state == OutcomeState::Delivered;
        if settlement.outcomes.iter().any(taken) {
            self.went_well(&component);
        }
        let failed = settlement.parked.iter().rev();
        if let Some((code, reason)) = failed.filter_map(|park| park.reason.failure()).next() {
            self.went_wrong(&component, code, reason);
        }
        let mut tallies = self.tallies();
        for outcome in &settlement.outcomes {
            let state = outcome.state.as_str();
            metrics::counter!("tenon_deliveries_total", "system" => label.clone(), "state" => state)
                .increment(1);
            metrics::histogram!("tenon_delivery_latency_seconds", "system" => label.clone())
                .record(outcome.latency.as_secs_f64());
            *tallies.settled.entry(system.clone()).or_default() += 1;
            *tallies.taken_us.entry(system.clone()).or_default() +=
                u64::try_from(outcome.latency.as_micros()).unwrap_or_default();
        }
        if !settlement.parked.is_empty() {
            metrics::counter!("tenon_parked_total", "system" => label)
                .increment(settlement.parked.len() as u64);
        }
    }

    /// How the node is getting on now.
    pub fn pulse(&self) -> Pulse {
        let reports = self.reports();
        let moved = reports.iter();
        let moved = moved.map(|(component, report)| (component.clone(), report.messages));
        let tallies = Tallies {
            moved: moved.collect(),
            ..self.tallies().clone()
        };
        Pulse {
            at: Timestamp::now(),
            reports,
            tallies,
        }
    }

    fn tallies(&self) -> std::sync::MutexGuard<'_, Tallies> {
        self.tallies
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Every component.
    pub fn reports(&self) -> BTreeMap<Component, Report> {
        self.lock().clone()
    }

    /// Messages moved since the start, over all components: rises while anything flows.
    pub fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    /// Whether the hub's own parts have started and can work. A paused or unreachable system does
    /// not count: the hub still accepts and keeps messages for it.
    pub fn is_ready(&self) -> bool {
        let components = self.lock();
        let own = |component: &Component| component.0.starts_with("inbound.");
        !components.is_empty()
            && components
                .iter()
                .filter(|(component, _)| own(component))
                .all(|(_, report)| {
                    matches!(report.state, ComponentState::Flowing | ComponentState::Idle)
                })
            && !components
                .values()
                .any(|report| matches!(report.state, ComponentState::Failed { .. }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Component, Report>> {
        // Nothing panics while it is held; if something did, the reports would still be sound.
        self.components
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_the_hubs_own_parts_move_whatever_the_systems_do() {
        let health = Health::default();
        assert!(!health.is_ready());
        let lane = Component("inbound.0".to_owned());
        health.report(&lane, ComponentState::Starting, 0);
        assert!(!health.is_ready());
        health.report(&lane, ComponentState::Idle, 0);
        let erp = Component("erp/deliver".to_owned());
        health.report_failure(&erp, &Failure::transient("x", "connection refused"));
        assert!(health.is_ready());
        health.report_failure(&erp, &Failure::bug("x", "broken"));
        assert!(!health.is_ready());
    }

    #[test]
    fn what_a_person_has_paused_does_not_fail_and_an_error_is_remembered() {
        let health = Health::default();
        let erp = Component("erp/deliver".to_owned());
        let report = || health.reports()[&erp].clone();
        health.report_failure(&erp, &Failure::configuration("x", "401 Unauthorized"));
        assert!(report().is_failing());
        let reason = "paused by li.wei".to_owned();
        health.report(&erp, ComponentState::Paused { reason }, 0);
        assert!(!report().is_failing());
        health.report(&erp, ComponentState::Idle, 0);
        let error = report().last_error.map(|error| error.reason);
        assert_eq!(error.as_deref(), Some("401 Unauthorized"));
        assert_eq!(report().last_success, None);
        // What another node serves by now fails here no more, and what that one does is not said to be done here.
        health.report_failure(&erp, &Failure::transient("claim.lost", "another node's"));
        let progress = report().last_progress;
        health.stands_by(&erp);
        assert_eq!(report().state, ComponentState::Idle);
        assert_eq!(report().last_progress, progress);
        health.received(&erp, ComponentState::Idle, 2);
        assert!(report().last_success.is_some());
        let pulse = health.pulse();
        assert_eq!(pulse.tallies.moved[&erp], 2);
        // As the others read it.
        let told = serde_json::to_string(&pulse).unwrap();
        assert_eq!(serde_json::from_str::<Pulse>(&told).unwrap(), pulse);
    }
}
