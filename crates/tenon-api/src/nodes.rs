//! How the hub's nodes are getting on, taken together: the asked one as it is now, the others as they last
//! told, which they do once a second.

use std::collections::{BTreeMap, VecDeque};

use tenon_core::SystemName;
use tenon_pipeline::{Component, ComponentState, Health, Pulse, Report};
use tenon_store::{HubNode, SharedStore, StoreError};
use uuid::Uuid;

/// The pulse of every node that is there, with the node's name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pulses(BTreeMap<Uuid, (String, Pulse)>);

impl Pulses {
    /// Of `own` node, and of the others; without an own one nobody else is there.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub(crate) async fn feel(
        store: &SharedStore,
        health: &Health,
        own: Option<&HubNode>,
    ) -> Result<Self, StoreError> {
        let mut pulses = BTreeMap::new();
        if let Some(own) = own {
            let others = store.pulses().await?.into_iter();
            for (node, told) in others.filter(|(node, _)| node.id != own.id) {
                // Of another version it may be told otherwise.
                match serde_json::from_str(&told) {
                    Ok(pulse) => drop(pulses.insert(node.id, (node.name, pulse))),
                    Err(error) => {
                        tracing::debug!(%error, node = node.name, "what a node tells of itself is not read");
                    }
                }
            }
        }
        let (id, name) = own.map_or_else(Default::default, |own| (own.id, own.name.clone()));
        pulses.insert(id, (name, health.pulse()));
        Ok(Self(pulses))
    }

    /// Every component as it stands on the nodes together.
    pub(crate) fn components(&self) -> BTreeMap<Component, Standing> {
        let mut components = BTreeMap::new();
        for (name, pulse) in self.0.values() {
            for (component, report) in &pulse.reports {
                let there = Standing {
                    report: report.clone(),
                    node: (self.0.len() > 1).then(|| name.clone()),
                };
                let all = match components.remove(component) {
                    Some(before) => there.beside(before),
                    None => there,
                };
                components.insert(component.clone(), all);
            }
        }
        components
    }
}

/// How a component stands on the nodes that have it.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// It, as where it stands worst; counts and moments are those of all.
    pub(crate) report: Report,
    /// Where it stands so; absent where there is one node.
    pub(crate) node: Option<String>,
}

impl Standing {
    /// The same component on two nodes. One that waits for its turn while the other serves finds nothing to do.
    fn beside(self, other: Self) -> Self {
        let rank = |standing: &Self| match standing.report.state {
            ComponentState::Starting => 0,
            ComponentState::Idle => 1,
            ComponentState::Flowing => 2,
            ComponentState::Paused { .. } => 3,
            ComponentState::Stalled { .. } => 4,
            ComponentState::Failed { .. } => 5,
        };
        let (worse, better) = match rank(&self) > rank(&other) {
            true => (self, other),
            false => (other, self),
        };
        let (report, second) = (worse.report, better.report);
        let errors = [report.last_error, second.last_error];
        Self {
            node: worse.node,
            report: Report {
                last_progress: report.last_progress.max(second.last_progress),
                messages: report.messages + second.messages,
                last_success: report.last_success.max(second.last_success),
                last_error: errors.into_iter().flatten().max_by_key(|error| error.at),
                ..report
            },
        }
    }
}

/// How fast the nodes together are, a second; of each node what rose between the first look that has it and the
/// last, by its own clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    /// Whether there were two looks to compare.
    known: bool,
    received: BTreeMap<SystemName, f64>,
    delivered: BTreeMap<SystemName, f64>,
    taken_us: BTreeMap<SystemName, f64>,
    moved: BTreeMap<Component, f64>,
}

impl Rates {
    pub(crate) fn between(looks: &VecDeque<Pulses>) -> Self {
        let mut rates = Self {
            known: looks.len() > 1,
            ..Self::default()
        };
        for (node, (_, last)) in looks.back().iter().flat_map(|look| &look.0) {
            let mut nodes = looks.iter().filter_map(|look| look.0.get(node));
            let Some((_, first)) = nodes.next() else {
                continue;
            };
            let seconds = last.at.duration_since(first.at).as_secs_f64();
            if seconds <= 0.0 {
                continue;
            }
            let (before, after) = (&first.tallies, &last.tallies);
            rise(
                &mut rates.received,
                &before.journaled,
                &after.journaled,
                seconds,
            );
            rise(
                &mut rates.delivered,
                &before.settled,
                &after.settled,
                seconds,
            );
            rise(
                &mut rates.taken_us,
                &before.taken_us,
                &after.taken_us,
                seconds,
            );
            rise(&mut rates.moved, &before.moved, &after.moved, seconds);
        }
        rates
    }

    /// A rate, where there is something to compare; what has never moved, like a webhook that nobody calls, is
    /// at zero.
    fn told(&self, rate: Option<&f64>) -> Option<f64> {
        self.known.then(|| rate.copied().unwrap_or_default())
    }

    /// Messages from a system that were journaled, by whichever way they came.
    pub(crate) fn received(&self, system: &SystemName) -> Option<f64> {
        self.told(self.received.get(system))
    }

    /// Deliveries to a system that reached an outcome.
    pub(crate) fn delivered(&self, system: &SystemName) -> Option<f64> {
        self.told(self.delivered.get(system))
    }

    /// Messages that a component moved.
    pub(crate) fn moved(&self, component: &Component) -> Option<f64> {
        self.told(self.moved.get(component))
    }

    pub(crate) fn all_received(&self) -> f64 {
        self.received.values().sum()
    }

    pub(crate) fn all_delivered(&self) -> f64 {
        self.delivered.values().sum()
    }

    /// How long deliveries to a system took on average since they were accepted, in milliseconds.
    pub(crate) fn lag_ms(&self, system: &SystemName) -> Option<f64> {
        let delivered = self.delivered.get(system).filter(|rate| **rate > 0.0)?;
        Some(self.taken_us.get(system)? / delivered / 1_000.0)
    }
}

fn rise<K: Ord + Clone>(
    rates: &mut BTreeMap<K, f64>,
    before: &BTreeMap<K, u64>,
    after: &BTreeMap<K, u64>,
    seconds: f64,
) {
    for (key, count) in after {
        // A component that was reloaded away counts from the start again.
        let risen = count.saturating_sub(before.get(key).copied().unwrap_or_default());
        *rates.entry(key.clone()).or_default() += risen as f64 / seconds;
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::{Failure, Timestamp};
    use tenon_pipeline::Tallies;

    use super::*;

    fn erp() -> SystemName {
        SystemName::new("erp").unwrap()
    }

    fn inlet() -> Component {
        Component("crm/receive/orders".to_owned())
    }

    fn pulse(second: i64, times: u64) -> Pulse {
        Pulse {
            at: Timestamp::from_second(second).unwrap(),
            reports: BTreeMap::new(),
            tallies: Tallies {
                journaled: [(SystemName::new("crm").unwrap(), 40 * times)].into(),
                settled: [(erp(), 20 * times)].into(),
                taken_us: [(erp(), 10_000_000 * times)].into(),
                moved: [(inlet(), 8 * times)].into(),
            },
        }
    }

    fn look(nodes: &[(u128, Pulse)]) -> Pulses {
        let named = |(id, pulse): &(u128, Pulse)| {
            let name = format!("hub-{id}");
            (Uuid::from_u128(*id), (name, pulse.clone()))
        };
        Pulses(nodes.iter().map(named).collect())
    }

    #[test]
    fn rates_are_what_rose_between_the_first_look_and_the_last_on_each_node() {
        let crm = SystemName::new("crm").unwrap();
        let looks = VecDeque::from([look(&[(1, pulse(0, 0))]), look(&[(1, pulse(4, 1))])]);
        let rates = Rates::between(&looks);
        assert_eq!(rates.received(&crm), Some(10.0));
        assert_eq!(rates.received(&erp()), Some(0.0));
        assert_eq!(rates.delivered(&erp()), Some(5.0));
        assert_eq!(rates.lag_ms(&erp()), Some(500.0));
        assert_eq!(rates.lag_ms(&crm), None);
        assert_eq!(rates.moved(&inlet()), Some(2.0));
        let once = VecDeque::from([looks[1].clone()]);
        assert_eq!(Rates::between(&once).moved(&inlet()), None);
        assert_eq!(Rates::between(&once).all_received(), 0.0);

        // Another node, whose clock is an hour ahead, joins with much behind it; a third has fallen silent.
        let silent = (3, pulse(1, 7));
        let looks = VecDeque::from([
            look(&[(1, pulse(0, 0)), silent.clone()]),
            look(&[(1, pulse(2, 1)), (2, pulse(3600, 90)), silent.clone()]),
            look(&[(1, pulse(4, 1)), (2, pulse(3602, 91)), silent]),
        ]);
        let rates = Rates::between(&looks);
        assert_eq!(rates.received(&crm), Some(30.0));
        assert_eq!(rates.all_delivered(), 15.0);
        assert_eq!(rates.lag_ms(&erp()), Some(500.0));
    }

    #[test]
    fn a_component_stands_as_where_it_stands_worst_and_counts_what_all_have_moved() {
        let there = |count: u64, failure: Option<&str>| {
            let health = Health::default();
            health.received(&inlet(), ComponentState::Flowing, count);
            if let Some(detail) = failure {
                health.report_failure(&inlet(), &Failure::transient("x", detail));
            }
            health.pulse()
        };
        let idle = Health::default();
        idle.report(&inlet(), ComponentState::Idle, 0);
        let nodes = [
            (1, there(5, None)),
            (2, there(7, Some("connection refused"))),
            (3, idle.pulse()),
        ];
        let all = look(&nodes).components().remove(&inlet()).unwrap();
        assert_eq!(all.node.as_deref(), Some("hub-2"));
        assert_eq!(all.report.messages, 12);
        assert!(all.report.is_failing());
        assert_eq!(
            all.report.last_success,
            nodes[1].1.reports[&inlet()].last_success
        );
        let serving = look(&[nodes[0].clone(), nodes[2].clone()]);
        let all = serving.components().remove(&inlet()).unwrap();
        assert_eq!(all.report.state, ComponentState::Flowing);
        assert_eq!(all.node.as_deref(), Some("hub-1"));
        let alone = look(&nodes[..1]).components().remove(&inlet()).unwrap();
        assert_eq!(alone.node, None);
    }
}
