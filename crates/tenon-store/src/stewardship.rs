//! What merging and parting masters asks of the store, the same for both databases. No SQL here.
//!
//! A merge moves every tie of one master to another and remembers with each the master to which it
//! belongs when no merge is counted; so that undoing a merge is moving back what it names, and
//! nothing has to be guessed. The merged master's row stays, and points at the survivor: whoever
//! still names it, a message on its way or a reference, is led on.

use std::collections::HashMap;

use tenon_core::{Entity, MasterId, NativeId, Reference, SystemName};
use tenon_master::MasterKey;

use crate::{Known, OutboundKnown, OutboundLookup, ReferenceLookup};

/// What leads to a master.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tie {
    /// A system's record: a row of the crosswalk.
    Record(Entity, SystemName, NativeId),
    /// A key.
    Key(MasterKey),
}

/// A system's record of a master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TiedRecord {
    /// The system.
    pub system: SystemName,
    /// The record's id there.
    pub native_id: NativeId,
    /// Whether the system told of it; otherwise the hub gave it to the system.
    pub told: bool,
    /// The master to which it belongs when no merge is counted, where that is another.
    pub unmerged: Option<MasterId>,
}

/// Moves ties of customers from one master to another.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// All of `merged`'s to `survivor`. Messages that waited for either become due.
    Merge {
        /// Who keeps its id.
        survivor: MasterId,
        /// Whose id becomes another name of the survivor.
        merged: MasterId,
    },
    /// Back to `merged` what belongs to it, or to `members`, when the merge is not counted.
    Unmerge {
        /// Who has them now.
        survivor: MasterId,
        /// Who gets them back.
        merged: MasterId,
        /// `merged`, and those that had been merged into it.
        members: Vec<MasterId>,
    },
    /// These, which never belonged together with the others.
    Split {
        /// Who has them now.
        from: MasterId,
        /// The new master.
        to: MasterId,
        /// Records.
        records: Vec<(SystemName, NativeId)>,
        /// Keys.
        keys: Vec<MasterKey>,
    },
}

impl Move {
    /// The two masters between which ties are moved.
    pub fn between(&self) -> [MasterId; 2] {
        match self {
            Self::Merge { survivor, merged }
            | Self::Unmerge {
                survivor, merged, ..
            } => [*survivor, *merged],
            Self::Split { from, to, .. } => [*from, *to],
        }
    }
}

/// The master into which `id` went in the end: itself, if it was not merged.
pub(crate) fn root(id: MasterId, merged_into: &HashMap<MasterId, MasterId>) -> MasterId {
    let mut root = id;
    // Each step rises in a forest; the bound only guards against rows that nobody wrote.
    for _ in 0..=merged_into.len() {
        match merged_into.get(&root) {
            Some(next) => root = *next,
            None => break,
        }
    }
    root
}

/// Leads ties that a writer made just before a merge, under the merged master, on to the survivor.
pub(crate) fn follow(known: &mut Known) {
    let merged_into: HashMap<MasterId, MasterId> = known
        .golden
        .values()
        .filter_map(|row| Some((row.master_id, row.merged_into?)))
        .collect();
    if merged_into.is_empty() {
        return;
    }
    let natives = known
        .natives
        .iter_mut()
        .map(|((entity, system, id), master)| {
            let tie = Tie::Record(*entity, system.clone(), id.clone());
            (tie, master)
        });
    let keys = known
        .keys
        .iter_mut()
        .map(|(key, master)| (Tie::Key(key.clone()), master));
    for (tie, master) in natives.chain(keys) {
        let survivor = root(*master, &merged_into);
        if survivor != *master {
            known.unmerged.entry(tie).or_insert(*master);
            *master = survivor;
        }
    }
}

/// The references that were found to name a merged master, as references to the survivor.
pub(crate) fn readdressed(
    lookup: &OutboundLookup,
    known: &OutboundKnown,
    merged_into: &HashMap<MasterId, MasterId>,
) -> Vec<(ReferenceLookup, ReferenceLookup)> {
    if merged_into.is_empty() {
        return Vec::new();
    }
    let references = lookup.references.iter().filter_map(|asked| {
        let found = known.references.get(asked)?.master_id?;
        let master_id = root(found, merged_into);
        let survivor = ReferenceLookup {
            entity: asked.entity,
            reference: Reference::Master { master_id },
        };
        (master_id != found).then(|| (asked.clone(), survivor))
    });
    references.collect()
}

/// The same look-up, of these references alone.
pub(crate) fn of_survivors(
    lookup: &OutboundLookup,
    readdressed: &[(ReferenceLookup, ReferenceLookup)],
) -> OutboundLookup {
    let mut references: Vec<ReferenceLookup> = Vec::new();
    for (_, survivor) in readdressed {
        if !references.contains(survivor) {
            references.push(survivor.clone());
        }
    }
    OutboundLookup {
        system: lookup.system.clone(),
        translated: lookup.translated.clone(),
        messages: Vec::new(),
        references,
    }
}

/// Answers references to merged masters with what was found of the survivors.
pub(crate) fn answer(
    known: &mut OutboundKnown,
    readdressed: Vec<(ReferenceLookup, ReferenceLookup)>,
    found: &OutboundKnown,
) {
    for (asked, survivor) in readdressed {
        if let Some(resolved) = found.references.get(&survivor) {
            known.references.insert(asked, resolved.clone());
        }
    }
}

impl Known {
    /// Adds what a further look-up found. What is known stays as it is: what is decided is of the moment of the first
    /// look-up, and a commit is refused where a master has another version since.
    pub fn learn(&mut self, more: Known) {
        let Known {
            seen,
            natives,
            keys,
            golden,
            codes,
            unmerged,
            reviews,
            claims,
            parents,
            founded,
            lives,
            items,
            released,
            boms,
        } = more;
        self.seen.extend(seen);
        for (one, found) in natives {
            self.natives.entry(one).or_insert(found);
        }
        for (one, found) in keys {
            self.keys.entry(one).or_insert(found);
        }
        for (one, found) in golden {
            self.golden.entry(one).or_insert(found);
        }
        self.codes.extend(codes);
        for (one, found) in unmerged {
            self.unmerged.entry(one).or_insert(found);
        }
        self.reviews.extend(reviews);
        self.claims.extend(claims);
        self.parents.extend(parents);
        self.founded = self.founded.or(founded);
        self.lives.extend(lives);
        self.items.extend(items);
        self.released = self.released.or(released);
        self.boms = boms.or(self.boms.take());
    }
}

#[cfg(test)]
mod tests {
    use tenon_master::{KeyKind, MasterKey};

    use super::*;

    #[test]
    fn what_is_known_is_of_the_moment_of_the_first_look_up() {
        let key = |value: &str| MasterKey {
            kind: KeyKind::Tax,
            value: value.to_owned(),
        };
        let (one, two) = (MasterId::generate(), MasterId::generate());
        let mut known = Known {
            keys: HashMap::from([(key("A"), one)]),
            ..Known::default()
        };
        known.learn(Known {
            keys: HashMap::from([(key("A"), two), (key("B"), two)]),
            ..Known::default()
        });
        assert_eq!(
            known.keys,
            HashMap::from([(key("A"), one), (key("B"), two)])
        );
    }
}
