//! Merges, parts and splits the sources of golden records. Pure.
//!
//! Every statement keeps the master to which it belongs when no merge is counted, and so does what
//! systems may still repeat of it. Undoing a merge is then a partition, in any order among the masters
//! that were merged into one, and whatever came in since lies on the side that stated it.

use std::collections::{BTreeSet, HashSet};

use tenon_core::MasterId;
use tenon_core::customer::Customer;
use tenon_store::{GoldenRow, MergedMaster, OwnedPin, Sources, StageChange, Statement};

use super::RecordName;

/// How many versions of a golden record are kept with it, to tell what systems repeat.
pub(crate) const RECENT: usize = 12;

/// Later versions after earlier ones, the oldest dropped.
fn later(
    mut earlier: Vec<(i64, Customer)>,
    later: &[(i64, Customer)],
    since: i64,
) -> Vec<(i64, Customer)> {
    let since = later.iter().filter(|(version, _)| *version >= since);
    earlier.extend(since.cloned());
    let excess = earlier.len().saturating_sub(RECENT);
    earlier.drain(..excess);
    earlier
}

/// Notes what a golden record says from `version` on.
pub(crate) fn remember(sources: &mut Sources, version: i64, customer: &Customer) {
    sources.recent = later(
        std::mem::take(&mut sources.recent),
        &[(version, customer.clone())],
        version,
    );
}

/// A version that is later than those of both.
pub(super) fn later_version(one: &GoldenRow, other: &GoldenRow) -> i64 {
    one.version.max(other.version) + 1
}

/// What a system may repeat of a record that belongs to `of`, oldest first: what that master's golden
/// record said of late, and those above it since it was merged.
pub(crate) fn repeatable(sources: &Sources, of: Option<MasterId>) -> Vec<(i64, Customer)> {
    let merged = of.and_then(|of| sources.merged.iter().find(|merged| merged.master_id == of));
    match merged {
        Some(merged) => later(merged.recent.clone(), &sources.recent, merged.version),
        None => sources.recent.clone(),
    }
}

/// The sources of `survivor` with those of `merged`, from `version` on.
pub(super) fn merge(survivor: &GoldenRow, merged: &GoldenRow, version: i64) -> Sources {
    let mut sources = survivor.sources.clone();
    let theirs = merged.sources.statements.iter().cloned();
    sources.statements.extend(theirs.map(|statement| Statement {
        of: Some(statement.of.unwrap_or(merged.master_id)),
        ..statement
    }));
    let theirs = merged.sources.pins.iter().cloned();
    sources.pins.extend(theirs.map(|pin| OwnedPin {
        of: Some(pin.of.unwrap_or(merged.master_id)),
        ..pin
    }));
    let theirs = merged.sources.stages.iter().cloned();
    sources.stages.extend(theirs.map(|change| StageChange {
        of: Some(change.of.unwrap_or(merged.master_id)),
        ..change
    }));
    let deeper = merged.sources.merged.iter().map(|entry| MergedMaster {
        version,
        recent: later(entry.recent.clone(), &merged.sources.recent, entry.version),
        ..entry.clone()
    });
    sources.merged.extend(deeper);
    sources.merged.push(MergedMaster {
        master_id: merged.master_id,
        into: survivor.master_id,
        version,
        recent: merged.sources.recent.clone(),
    });
    sources
}

/// `merged` and those that had been merged into it, the deepest last.
pub(super) fn members(sources: &Sources, merged: MasterId) -> Vec<MasterId> {
    let mut members = vec![merged];
    let mut next = 0;
    while let Some(above) = members.get(next).copied() {
        let below = sources.merged.iter().filter(|entry| entry.into == above);
        let below: Vec<MasterId> = below.map(|entry| entry.master_id).collect();
        members.extend(
            below
                .into_iter()
                .filter(|id| !members.contains(id))
                .collect::<Vec<_>>(),
        );
        next += 1;
    }
    members
}

/// Takes what belongs to `merged` out of `survivor`'s sources, from `version` on: what is left, and
/// what was taken. `None` if it was not merged into `survivor` itself.
pub(super) fn unmerge(
    survivor: &GoldenRow,
    merged: MasterId,
    version: i64,
) -> Option<(Sources, Sources)> {
    let ours = &survivor.sources;
    let entry = ours.merged.iter().find(|entry| entry.master_id == merged)?;
    if entry.into != survivor.master_id {
        return None;
    }
    let members = members(ours, merged);
    let mut left = Sources {
        recent: ours.recent.clone(),
        ..Sources::default()
    };
    let mut taken = Sources {
        recent: later(entry.recent.clone(), &ours.recent, entry.version),
        ..Sources::default()
    };
    for statement in &ours.statements {
        match statement.of.filter(|of| members.contains(of)) {
            Some(of) => taken.statements.push(Statement {
                of: Some(of).filter(|of| *of != merged),
                ..statement.clone()
            }),
            None => left.statements.push(statement.clone()),
        }
    }
    for pin in &ours.pins {
        match pin.of.filter(|of| members.contains(of)) {
            Some(of) => taken.pins.push(OwnedPin {
                of: Some(of).filter(|of| *of != merged),
                ..pin.clone()
            }),
            None => left.pins.push(pin.clone()),
        }
    }
    for change in &ours.stages {
        match change.of.filter(|of| members.contains(of)) {
            Some(of) => taken.stages.push(StageChange {
                of: Some(of).filter(|of| *of != merged),
                ..change.clone()
            }),
            None => left.stages.push(change.clone()),
        }
    }
    for entry in &ours.merged {
        if !members.contains(&entry.master_id) {
            left.merged.push(entry.clone());
        } else if entry.master_id != merged {
            taken.merged.push(MergedMaster {
                version,
                recent: later(entry.recent.clone(), &ours.recent, entry.version),
                ..entry.clone()
            });
        }
    }
    Some((left, taken))
}

/// Why records cannot be split from a master.
#[derive(Debug, PartialEq)]
pub(super) enum Unsplittable {
    /// The master has no such record that speaks for itself.
    Unknown(RecordName),
    /// It came by a merge, which can be undone.
    Merged(RecordName, MasterId),
    /// Nothing would be left.
    Everything,
}

/// Takes the statements of `records` out of a master's sources: what is left, and what was taken.
pub(super) fn split(
    master: &GoldenRow,
    records: &[RecordName],
) -> Result<(Sources, Sources), Unsplittable> {
    let ours = &master.sources;
    let is = |name: &RecordName, statement: &Statement| {
        let theirs = &statement.record.provenance;
        theirs.system == name.system && theirs.native_id == name.native_id
    };
    for name in records {
        match ours.statements.iter().find(|statement| is(name, statement)) {
            None => return Err(Unsplittable::Unknown(name.clone())),
            Some(Statement { of: Some(of), .. }) => {
                return Err(Unsplittable::Merged(name.clone(), *of));
            }
            Some(_) => {}
        }
    }
    let (taken, left): (Vec<Statement>, Vec<Statement>) = ours
        .statements
        .iter()
        .cloned()
        .partition(|statement| records.iter().any(|name| is(name, statement)));
    if left.is_empty() || taken.is_empty() {
        return Err(Unsplittable::Everything);
    }
    let taken = Sources {
        statements: taken,
        recent: ours.recent.clone(),
        ..Sources::default()
    };
    Ok((
        Sources {
            statements: left,
            ..ours.clone()
        },
        taken,
    ))
}

/// The keys under which `taken` is found and `left` is not.
pub(super) fn own_keys(left: &Sources, taken: &Sources) -> Vec<tenon_master::MasterKey> {
    let keys = |sources: &Sources| -> HashSet<tenon_master::MasterKey> {
        let statements = sources.statements.iter();
        statements
            .flat_map(|statement| tenon_master::keys(&statement.record.customer))
            .collect()
    };
    let (left, taken) = (keys(left), keys(taken));
    let own: BTreeSet<_> = taken.difference(&left).cloned().collect();
    own.into_iter().collect()
}
