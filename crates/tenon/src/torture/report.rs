//! What a torture came to, counted in the targets and in what the hub keeps.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use serde::Serialize;
use tenon_core::FailureKind;
use tenon_pipeline::FailPoint;
use tenon_store::{Direction, ParkedRecord};

use super::ground::Ground;
use super::ledger::{Effect, Verdict, judge, judge_last};
use super::plan::{Fault, Plan};
use crate::exit::Exit;
use crate::output;

/// What is told of each kind of violation, at most; the rest is counted.
const TOLD: usize = 5;

/// What was counted on the way.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) began: Instant,
    /// Kills at no particular point.
    pub(super) kills: u64,
    /// Kills at each fail point.
    points: BTreeMap<&'static str, u64>,
    unreached: u64,
    recoveries: Vec<Duration>,
    never: Vec<Fault>,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            kills: 0,
            points: BTreeMap::new(),
            unreached: 0,
            recoveries: Vec::new(),
            never: Vec::new(),
        }
    }
}

impl Count {
    /// A node ended at a fail point.
    pub(super) fn reached(&mut self, point: FailPoint) {
        *self.points.entry(point.as_str()).or_default() += 1;
    }

    /// Nobody came to a fail point; the nodes were killed elsewhere.
    pub(super) fn unreached(&mut self, point: FailPoint) {
        tracing::info!(point = point.as_str(), "the point was not reached");
        self.unreached += 1;
        self.kills += 1;
    }

    /// How long the first effect after a kill took, if it came.
    pub(super) fn recovered(&mut self, fault: Fault, time: Option<Duration>) {
        match time {
            Some(time) => self.recoveries.push(time),
            None => self.never.push(fault),
        }
    }

    fn recovery(&self, share: f64) -> f64 {
        let mut recoveries = self.recoveries.clone();
        recoveries.sort();
        let last = recoveries.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        recoveries.get(place).map_or(0.0, Duration::as_secs_f64)
    }
}

/// The result; its keys are a contract.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) engine: &'static str,
    pub(super) seed: u64,
    /// What the plan has the sources send.
    messages: u64,
    /// What they were rid of.
    sent: u64,
    faults: u64,
    /// Times a process was ended without notice.
    kills: u64,
    /// Of these, at fail points.
    at_fail_points: BTreeMap<&'static str, u64>,
    /// Times a server was ended and started again.
    restarts: u64,
    /// Times a node had a wrong clock.
    clock_jumps: u64,
    /// Effects in all targets.
    effects: u64,
    /// Deliveries that came again and were recognised by the target.
    recognised: u64,
    /// Messages of which there is no trace: no effect, and nothing that an operator could see.
    lost: u64,
    duplicated: u64,
    out_of_order: u64,
    /// Messages that an operator would find waiting though nothing stands in their way.
    stuck: u64,
    /// Poisoned messages that are not kept as invalid just once, and effects that nobody asked for.
    misjudged: u64,
    /// Processes that ended though nobody had ended them.
    crashed: u64,
    /// The longest and the median time from a kill to the next effect in a target.
    recovery_s: f64,
    recovery_median_s: f64,
    pub(super) seconds: f64,
    #[serde(skip)]
    pub(super) command: String,
    #[serde(skip)]
    pub(super) violations: Vec<String>,
}

impl Report {
    /// Judges what the targets hold and what the hub keeps; the nodes have been stopped.
    pub(super) async fn judge(
        plan: &Plan,
        ground: &Ground,
        count: Count,
        sent: u64,
    ) -> Result<Self, Exit> {
        let (portal, repeated) = ground.portal.effects();
        let (archive, repeated_files, torn) = ground.archive.effects()?;
        let books = ground.books.orders().await?;
        let customers = ground.books.customers().await?;
        let parked = ground.parked().await?;
        let mut report = Self {
            engine: "",
            seed: 0,
            messages: plan.messages(),
            sent,
            faults: plan.faults.len() as u64,
            kills: count.kills + count.points.values().sum::<u64>(),
            restarts: plan.count(|fault| {
                matches!(
                    fault,
                    Fault::RestartBroker { .. } | Fault::RestartStore { .. }
                )
            }),
            clock_jumps: plan.count(|fault| matches!(fault, Fault::Clock { .. })),
            effects: (portal.len() + archive.len() + books.len() + customers.len()) as u64,
            recognised: repeated + repeated_files,
            lost: 0,
            duplicated: 0,
            out_of_order: 0,
            stuck: 0,
            misjudged: torn.len() as u64,
            crashed: 0,
            recovery_s: count.recovery(1.0),
            recovery_median_s: count.recovery(0.5),
            at_fail_points: count.points,
            seconds: 0.0,
            command: String::new(),
            violations: Vec::new(),
        };
        report.tell("torn files", &torn);
        for (target, effects) in [("portal", portal), ("archive", archive), ("books", books)] {
            let verdict = judge(&plan.orders, &effects);
            report.take(target, verdict, ground).await?;
        }
        let verdict = judge_last(&plan.customers, &customers);
        report.take("books, customers", verdict, ground).await?;
        let doubled = ground.books.doubled_customers().await?;
        report.duplicated += doubled.len() as u64;
        report.tell("customers twice in books", &doubled);
        report.judge_parked(plan, &parked);
        for fault in &count.never {
            report.stuck += 1;
            report
                .violations
                .push(format!("no effect followed {fault:?}"));
        }
        for died in ground.nodes.iter().flat_map(|node| &node.died) {
            report.crashed += 1;
            report
                .violations
                .push(format!("a node ended by itself: {died}"));
        }
        Ok(report)
    }

    /// What is missing is stuck where the hub knows of it, and else lost.
    async fn take(&mut self, target: &str, verdict: Verdict, ground: &Ground) -> Result<(), Exit> {
        self.duplicated += verdict.duplicated.len() as u64;
        self.out_of_order += verdict.out_of_order.len() as u64;
        self.misjudged += verdict.strange.len() as u64;
        self.tell(&format!("twice in {target}"), &verdict.duplicated);
        self.tell(&format!("out of order in {target}"), &verdict.out_of_order);
        self.tell(&format!("not asked for in {target}"), &verdict.strange);
        if verdict.missing.is_empty() {
            return Ok(());
        }
        let store = ground.store().await?;
        let (mut lost, mut stuck): (Vec<Effect>, Vec<Effect>) = (Vec::new(), Vec::new());
        for effect in verdict.missing {
            // Each revision is a message: with as many in the journal, none of them is lost. Nor is
            // what its source still has, because the hub did not take it.
            let known = store.trace(&effect.key, None, 1000).await?;
            match self.sent < self.messages || known.len() >= effect.revision as usize {
                true => stuck.push(effect),
                false => lost.push(effect),
            }
        }
        self.lost += lost.len() as u64;
        self.stuck += stuck.len() as u64;
        self.tell(&format!("lost on the way to {target}"), &lost);
        self.tell(&format!("stuck on the way to {target}"), &stuck);
        Ok(())
    }

    /// Invalid records are to be kept, each once; nothing else is to wait.
    fn judge_parked(&mut self, plan: &Plan, parked: &[ParkedRecord]) {
        let is_poison = |record: &&ParkedRecord| {
            record.direction == Direction::Inbound && record.kind == Some(FailureKind::Invalid)
        };
        let poisoned: Vec<&ParkedRecord> = parked.iter().filter(is_poison).collect();
        let distinct: HashSet<_> = poisoned
            .iter()
            .map(|record| record.parcel.attributes.id)
            .collect();
        let missing = plan.poisoned.saturating_sub(distinct.len());
        let surplus = poisoned.len().saturating_sub(plan.poisoned);
        self.lost += missing as u64;
        self.misjudged += surplus as u64;
        if missing + surplus > 0 {
            self.violations.push(format!(
                "{} records were poisoned, {} are kept as invalid",
                plan.poisoned,
                poisoned.len()
            ));
        }
        let waiting: Vec<String> = parked
            .iter()
            .filter(|record| !is_poison(record))
            .map(|record| {
                let key = &record.parcel.attributes.ordering_key;
                format!("{key} for {}: {}", record.system, record.detail)
            })
            .collect();
        self.stuck += waiting.len() as u64;
        self.tell("still parked", &waiting);
    }

    fn tell(&mut self, what: &str, found: &[impl std::fmt::Debug]) {
        if found.is_empty() {
            return;
        }
        let shown: Vec<String> = found
            .iter()
            .take(TOLD)
            .map(|one| format!("{one:?}"))
            .collect();
        let count = found.len();
        self.violations
            .push(format!("{what}: {count}, such as {}", shown.join("; ")));
    }

    /// Whether every promise was kept.
    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.duplicated + self.out_of_order + self.stuck + self.misjudged + self.crashed
            == 0
    }

    /// Writes the result for a person.
    pub(super) fn show(&self) {
        let mut rows = vec![
            row("engine", self.engine),
            row("seed", self.seed),
            row("messages sent", self.sent),
            row("faults", self.faults),
            row("processes killed", self.kills),
            row("servers restarted", self.restarts),
            row("jumps of the clock", self.clock_jumps),
            row("effects in the targets", self.effects),
            row("repeated and recognised", self.recognised),
            row("lost", self.lost),
            row("duplicated", self.duplicated),
            row("out of order", self.out_of_order),
            row("stuck", self.stuck),
            row("misjudged", self.misjudged),
            row("crashed", self.crashed),
            row("recovery, longest (s)", format!("{:.2}", self.recovery_s)),
            row(
                "recovery, median (s)",
                format!("{:.2}", self.recovery_median_s),
            ),
            row("took (s)", format!("{:.0}", self.seconds)),
        ];
        for (point, times) in &self.at_fail_points {
            rows.push(row(&format!("killed at {point}"), times));
        }
        output::table(&["counted", ""], &rows);
    }
}

fn row(name: &str, value: impl ToString) -> Vec<String> {
    vec![name.to_owned(), value.to_string()]
}
