//! How references are resolved from what the crosswalk answers, the same for both databases.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use tenon_core::{Entity, MasterId, NativeId, Reference, SystemName};
use uuid::Uuid;

use crate::rows::{clean, system};
use crate::{GoldenRow, OutboundLookup, ReferenceLookup, ResolvedReference, StoreError};

/// What the crosswalk is asked about one reference.
pub(crate) struct Asked<'a> {
    pub(crate) entity: Entity,
    /// The system and its id, for a reference in a system's own terms.
    pub(crate) system: Option<&'a str>,
    pub(crate) native_id: Option<Cow<'a, str>>,
    /// The master, for a reference that names one.
    pub(crate) master_id: Option<Uuid>,
    /// Whether the links of its master are wanted.
    pub(crate) links: bool,
}

/// What the crosswalk answered so far.
pub(crate) struct ReferenceAnswers<'a> {
    lookup: &'a OutboundLookup,
    found: Vec<Found>,
}

#[derive(Default)]
struct Found {
    /// The master that the crosswalk names for a native id.
    master: Option<Uuid>,
    /// The oldest id in each system, with the time of its link.
    ids: BTreeMap<SystemName, (Option<i64>, NativeId)>,
}

impl<'a> ReferenceAnswers<'a> {
    pub(crate) fn new(lookup: &'a OutboundLookup) -> Self {
        let found = lookup.references.iter().map(|_| Found::default()).collect();
        Self { lookup, found }
    }

    /// The questions, in the order of the references.
    pub(crate) fn asked(&self) -> Vec<Asked<'a>> {
        let translated = |entity| self.lookup.translated.contains(entity);
        self.lookup
            .references
            .iter()
            .map(|ReferenceLookup { entity, reference }| match reference {
                Reference::Native { system, native_id } => Asked {
                    entity: *entity,
                    system: Some(system.as_str()),
                    native_id: Some(clean(native_id)),
                    master_id: None,
                    links: translated(entity),
                },
                Reference::Master { master_id } => Asked {
                    entity: *entity,
                    system: None,
                    native_id: None,
                    master_id: Some(master_id.0),
                    // Without a golden record, only its links say that the master exists.
                    links: translated(entity) || !entity.is_mastered(),
                },
            })
            .collect()
    }

    /// Takes one row: the master of the reference's own native id, and a link of the master.
    pub(crate) fn link(
        &mut self,
        place: usize,
        master: Option<Uuid>,
        linked_system: Option<String>,
        native_id: Option<String>,
        linked_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let Some(found) = self.found.get_mut(place) else {
            return Err(StoreError::Bug(format!(
                "an answer to reference {place}, which is none"
            )));
        };
        found.master = master.or(found.master);
        if let (Some(name), Some(native_id)) = (linked_system, native_id) {
            let link = (linked_at, native_id);
            let oldest = found
                .ids
                .entry(system(&name)?)
                .or_insert_with(|| link.clone());
            if link < *oldest {
                *oldest = link;
            }
        }
        Ok(())
    }

    /// The masters whose golden records are wanted, each once.
    pub(crate) fn mastered(&self) -> Vec<Uuid> {
        let mut masters: Vec<Uuid> = self
            .lookup
            .references
            .iter()
            .zip(&self.found)
            .filter(|(asked, _)| asked.entity.is_mastered())
            .filter_map(|(asked, found)| found.master.or(named(&asked.reference)))
            .collect();
        masters.sort();
        masters.dedup();
        masters
    }

    /// Every reference with what is known of it.
    pub(crate) fn resolved(
        self,
        golden: Vec<GoldenRow>,
    ) -> HashMap<ReferenceLookup, ResolvedReference> {
        let golden: HashMap<MasterId, GoldenRow> =
            golden.into_iter().map(|row| (row.master_id, row)).collect();
        let answers = self.lookup.references.iter().zip(self.found);
        answers
            .map(|(asked, found)| {
                let row = |master: Option<Uuid>| {
                    let row = golden
                        .get(&MasterId(master?))
                        .filter(|_| asked.entity.is_mastered());
                    row.cloned()
                };
                let (master, golden) = match &asked.reference {
                    Reference::Native { .. } => (found.master, row(found.master)),
                    Reference::Master { master_id } => {
                        let golden = row(Some(master_id.0));
                        let exists = golden.is_some() || !found.ids.is_empty();
                        (exists.then_some(master_id.0), golden)
                    }
                };
                let translated = self.lookup.translated.contains(&asked.entity);
                let ids = if translated {
                    found.ids
                } else {
                    BTreeMap::new()
                };
                let resolved = ResolvedReference {
                    master_id: master.map(MasterId),
                    ids: ids
                        .into_iter()
                        .map(|(system, (_, native_id))| (system, native_id))
                        .collect(),
                    golden,
                };
                (asked.clone(), resolved)
            })
            .collect()
    }
}

fn named(reference: &Reference) -> Option<Uuid> {
    match reference {
        Reference::Master { master_id } => Some(master_id.0),
        Reference::Native { .. } => None,
    }
}
