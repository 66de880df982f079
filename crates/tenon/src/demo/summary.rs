//! The table at the end, and the object that scripts rely on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenon_store::{Dashboard, Direction, ParkedFilter, SharedStore};

use super::world::{Counts, Invoicing, Issues, Standing, World};
use crate::commands::Node;
use crate::exit::Exit;
use crate::output;

/// Parked messages read at once.
const PAGE: u32 = 500;

/// What the demonstration came to.
pub(super) struct Summary {
    dashboard: Dashboard,
    counts: Counts,
    before: Issues,
    /// Parked messages by reason, outbound.
    parked: BTreeMap<String, u64>,
    /// Invalid records by reason.
    invalid: BTreeMap<String, u64>,
}

/// Counts in the systems; from the hub only what it shows as waiting for a person.
pub(super) async fn count(
    world: &World,
    invoicing: &Invoicing,
    node: &Node,
    before: &Issues,
) -> Result<Summary, Exit> {
    let store = &node.engine().store;
    let (mut standing, mut parked, mut invalid) =
        (Standing::default(), BTreeMap::new(), BTreeMap::new());
    let mut after = None;
    loop {
        let page = store.parked(&ParkedFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for record in &page {
            let entity = record.parcel.attributes.entity();
            let reason = format!(
                "{} {entity}: {}",
                record.system,
                cause(&record.code, &record.detail)
            );
            match record.direction {
                Direction::Inbound => {
                    *standing.invalid.entry(entity).or_default() += 1;
                    *invalid.entry(reason).or_default() += 1;
                }
                Direction::Outbound => {
                    let waiting = (record.system.to_string(), entity);
                    *standing.parked.entry(waiting).or_default() += 1;
                    *parked.entry(reason).or_default() += 1;
                }
            }
        }
    }
    let counts = world
        .count(invoicing, &standing)
        .await
        .map_err(|error| Exit::runtime(format!("counting in the systems: {error:#}")))?;
    let dashboard = dashboard(store).await?;
    Ok(Summary {
        dashboard,
        counts,
        before: *before,
        parked,
        invalid,
    })
}

async fn dashboard(store: &SharedStore) -> Result<Dashboard, Exit> {
    Ok(store.dashboard().await?)
}

/// The reason without what differs from record to record.
fn cause(code: &str, detail: &str) -> String {
    let general: String = detail
        .split_whitespace()
        .map(|word| {
            if word.chars().any(|character| character.is_ascii_digit()) {
                "…"
            } else {
                word
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
    let short: String = general.chars().take(60).collect();
    if short.is_empty() {
        code.to_owned()
    } else {
        short
    }
}

impl Summary {
    fn total(counts: &BTreeMap<String, u64>) -> u64 {
        counts.values().sum()
    }

    fn delivered(&self) -> BTreeMap<&str, u64> {
        let taken = |states: &BTreeMap<String, u64>| states.get("delivered").copied().unwrap_or(0);
        self.dashboard
            .deliveries
            .iter()
            .map(|(system, states)| (system.as_str(), taken(states)))
            .collect()
    }

    /// The object of the command line's contract, with the ledger beside it.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "received": Self::total(&self.dashboard.messages),
            "invalid": Self::total(&self.invalid),
            "parked": Self::total(&self.parked),
            "mastered": self.dashboard.masters,
            "duplicates_joined": self.dashboard.joined,
            "delivered": self.delivered(),
            "invoices": {
                "issued": self.counts.invoices.issued,
                "refused_before_mastering": self.before.refused,
                "refused_after_mastering": self.counts.invoices.service.refused,
            },
            "flows": self.counts.flows,
            "lost": self.counts.lost,
            "latency_ms": self.counts.latency_ms,
            "ledger": self.counts,
        })
    }

    /// The table.
    pub(super) fn show(&self) {
        let counts = &self.counts;
        let mut rows = vec![
            row("records received", Self::total(&self.dashboard.messages)),
            row("invalid, kept with the reason", Self::total(&self.invalid)),
        ];
        rows.extend(
            self.invalid
                .iter()
                .map(|(reason, count)| row(&format!("   {reason}"), *count)),
        );
        rows.push(row("parked, waiting", Self::total(&self.parked)));
        rows.extend(
            self.parked
                .iter()
                .map(|(reason, count)| row(&format!("   {reason}"), *count)),
        );
        rows.push(row("customers mastered", self.dashboard.masters));
        rows.push(row("duplicates joined", self.dashboard.joined));
        for (system, count) in self.delivered() {
            rows.push(row(&format!("delivered to {system}"), count));
        }
        let found = [
            (
                "orders in the ERP, every amount exact",
                counts.orders.arrived,
            ),
            ("invoices issued, registered title", counts.invoices.issued),
            ("invoices refused before mastering", self.before.refused),
            (
                "invoices refused after mastering",
                counts.invoices.service.refused,
            ),
            (
                "issued twice, altered or misaddressed",
                counts.invoices.doubled + counts.invoices.altered + counts.invoices.wrong_title,
            ),
        ];
        rows.extend(found.iter().map(|(what, count)| row(what, *count as u64)));
        rows.extend(counts.flows.iter().map(|(flow, counted)| {
            let what = format!("{} arrived", flow.replace('_', " "));
            vec![what, format!("{} of {}", counted.arrived, counted.sent)]
        }));
        rows.push(row("lost", counts.lost as u64));
        let latency = counts.latency_ms;
        rows.push(vec![
            "order: source to ERP, p50 / p99".to_owned(),
            format!("{:.0} / {:.0} ms", latency.p50, latency.p99),
        ]);
        output::data("");
        output::table(&["the company, counted in its systems", ""], &rows);
    }

    /// Fails if anything was lost, doubled, altered or made out to the wrong name.
    pub(super) fn verdict(&self) -> Result<(), Exit> {
        if self.counts.is_clean() {
            return Ok(());
        }
        Err(Exit::runtime(format!(
            "the ledger does not balance: {}",
            serde_json::to_string(&self.counts).unwrap_or_default()
        )))
    }
}

fn row(what: &str, count: u64) -> Vec<String> {
    vec![what.to_owned(), count.to_string()]
}
