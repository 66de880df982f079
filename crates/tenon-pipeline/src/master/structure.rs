//! Holds released bills of materials against what the hub knows of items and of other bills.
//!
//! A bill that would make an item contain itself, by whatever other bills, is refused, and so is one that
//! counts an item in what its stock cannot be told in. Where it is so configured a design bill goes on
//! as the shop's. What is released is kept as it came, so that bills which use it as a phantom can open it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tenon_core::bom::{Bom, BomKind, BomStatus, Component};
use tenon_core::{
    Attributes, Entity, Failure, MasterId, MessageKind, NativeId, Reference, SystemName, schema,
};
use tenon_master::{Released, Stock, called, check_units, manufacture};
use tenon_store::{BomLookup, BomRecord, BomUse, BomWrite, Commit, Known, KnownBoms};

use super::Desk;
use crate::resolve::{derived_master, native, text};
use crate::translate::{Content, Validated, accept};

/// What must be known of other bills to decide those of a batch; `None` if it has none.
pub(crate) fn ask_about_boms(batch: &[Validated], known: &Known) -> Option<BomLookup> {
    let (mut items, mut phantoms) = (BTreeSet::new(), BTreeSet::new());
    let mut asks = false;
    for message in batch {
        let Ok(Some(Content::Record(canonical))) = &message.result else {
            continue;
        };
        if message.envelope.attributes.entity() != Entity::Bom {
            continue;
        }
        let Ok(bom) = serde_json::from_value::<Bom>(canonical.value().clone()) else {
            continue;
        };
        asks = true;
        for component in &bom.components {
            let item = item_id(&component.item, |system, native_id| {
                let key = (Entity::Item, system.clone(), native_id.to_owned());
                known.natives.get(&key).copied()
            });
            items.insert(item);
            if component.phantom {
                phantoms.insert(item);
            }
        }
    }
    asks.then(|| BomLookup {
        items: items.into_iter().collect(),
        phantoms: phantoms.into_iter().collect(),
    })
}

/// The master of an item, the one that it will have if nobody has told of it.
fn item_id(item: &Reference, known: impl Fn(&SystemName, &str) -> Option<MasterId>) -> MasterId {
    match item {
        Reference::Master { master_id } => *master_id,
        Reference::Native { system, native_id } => known(system, native_id)
            .unwrap_or_else(|| derived_master(Entity::Item, system, native_id)),
    }
}

/// What goes into what, as far as the batch is concerned.
#[derive(Default)]
pub(super) struct Structure {
    since: Option<i64>,
    records: BTreeMap<MasterId, BomRecord>,
    /// The bodies of bills that may be opened.
    bodies: HashMap<MasterId, Bom>,
    /// The masters of items that these bills named before anybody had told of them.
    ids: HashMap<(SystemName, NativeId), MasterId>,
    written: BTreeMap<MasterId, BomWrite>,
}

impl Structure {
    pub(super) fn of(known: Option<KnownBoms>, since: Option<i64>) -> Self {
        let Some(known) = known else {
            return Self {
                since,
                ..Self::default()
            };
        };
        let records = known.records.into_iter();
        let records: BTreeMap<MasterId, BomRecord> =
            records.map(|record| (record.bom_id, record)).collect();
        let bodies = known.bodies.iter();
        let bodies: HashMap<MasterId, Bom> = bodies
            .filter_map(|(bom, body)| Some((*bom, serde_json::from_str(body).ok()?)))
            .collect();
        let mut ids = HashMap::new();
        for (bom_id, bom) in &bodies {
            let uses = records.get(bom_id).into_iter().flat_map(|it| &it.uses);
            for (component, used) in bom.components.iter().zip(uses) {
                if let Reference::Native { system, native_id } = &component.item {
                    ids.insert((system.clone(), native_id.clone()), used.component_id);
                }
            }
        }
        Self {
            since,
            records,
            bodies,
            ids,
            written: BTreeMap::new(),
        }
    }

    /// Puts into a commit what the batch releases, the items that this was decided upon, and since when it
    /// knows of others.
    pub(super) fn finish(self, commit: &mut Commit) {
        let seen = self.records.values().flat_map(|record| {
            let uses = record.uses.iter().map(|used| used.component_id);
            uses.chain([record.item_id])
        });
        commit.boms_seen = seen.collect::<BTreeSet<_>>().into_iter().collect();
        commit.boms_since = self.since;
        commit.boms = self.written.into_values().collect();
    }

    /// The way from one of several items down to another, by the bills that are released: the item where it
    /// begins, and each step with the number of its bill.
    fn way(
        &self,
        from: &[MasterId],
        to: MasterId,
        without: MasterId,
    ) -> Option<(MasterId, Vec<(&str, &str)>)> {
        let mut below: HashMap<MasterId, Vec<&BomRecord>> = HashMap::new();
        for record in self.records.values().filter(|it| it.bom_id != without) {
            below.entry(record.item_id).or_default().push(record);
        }
        // From where each was come to; `None` where the way begins.
        let mut came: HashMap<MasterId, Option<(MasterId, &str, &str)>> =
            from.iter().map(|item| (*item, None)).collect();
        let mut open = from.to_vec();
        while let Some(item) = open.pop().filter(|_| !came.contains_key(&to)) {
            let used = below.get(&item).into_iter().flatten();
            for (record, used) in used.flat_map(|it| it.uses.iter().map(move |used| (it, used))) {
                came.entry(used.component_id).or_insert_with(|| {
                    open.push(used.component_id);
                    Some((item, used.component.as_str(), record.number.as_str()))
                });
            }
        }
        let (mut at, mut way) = (to, Vec::new());
        while let Some((above, name, bill)) = *came.get(&at)? {
            way.push((name, bill));
            at = above;
        }
        way.reverse();
        Some((at, way))
    }
}

impl Desk<'_> {
    fn item(&self, item: &Reference) -> MasterId {
        item_id(item, |system, native_id| {
            let known = self.known(Entity::Item, system, native_id);
            known.or_else(|| {
                let key = (system.clone(), native_id.to_owned());
                self.structure.ids.get(&key).copied()
            })
        })
    }

    /// A canonical body as JSON text, its references translated to masters where these are known.
    pub(crate) fn translated(&self, kind: MessageKind, value: &Value) -> Vec<u8> {
        let master = |entity, node: &Value| {
            let (system, native_id) = native(node)?;
            let master_id = self.known_unmerged(entity, &system, &native_id)?;
            Some(json!({ "master_id": master_id.to_string() }))
        };
        match schema(kind) {
            Some(schema) => schema.text_with_references(value, master),
            None => text(value),
        }
    }

    /// Takes a bill of materials in; the bill that goes on in its place, where it is made another.
    ///
    /// # Errors
    /// `Invalid` when it contradicts what is known of its items or of other bills.
    pub(crate) fn release(
        &mut self,
        attributes: &Attributes,
        value: &Value,
    ) -> Result<Option<Value>, Failure> {
        if attributes.entity() != Entity::Bom || attributes.native_id.is_none() {
            return Ok(None);
        }
        let Ok(bom) = serde_json::from_value::<Bom>(value.clone()) else {
            return Ok(None);
        };
        let bom_id = self.identify(attributes);
        match bom.status {
            // The released one of that number holds until the next is released.
            BomStatus::Draft => return Ok(None),
            BomStatus::Obsolete => {
                self.structure.records.remove(&bom_id);
                self.structure.bodies.remove(&bom_id);
                let write = BomWrite {
                    bom_id,
                    released: None,
                };
                self.structure.written.insert(bom_id, write);
                return Ok(None);
            }
            BomStatus::Released => {}
        }
        self.refuse_circle(attributes, bom_id, &bom)?;
        let shop = Shop {
            desk: self,
            on: day(attributes, &bom),
        };
        let policy = &self.policy.boms;
        let refused = |problem: tenon_master::BomProblem| {
            let detail = format!("BOM {}: {problem}", bom.number);
            Failure::invalid(problem.code(), detail)
        };
        check_units(&bom, policy, &shop).map_err(refused)?;
        let made = match policy.manufacturing && bom.kind == BomKind::Design {
            true => {
                let made = manufacture(&bom, policy, &shop).map_err(refused)?;
                check_units(&made, policy, &shop).map_err(refused)?;
                let made = serde_json::to_value(made).unwrap_or_default();
                Some(accept(attributes, made)?.value().clone())
            }
            false => None,
        };
        let body = String::from_utf8(self.translated(attributes.kind, value)).unwrap_or_default();
        let uses = bom.components.iter().map(|component| BomUse {
            component_id: self.item(&component.item),
            component: self.name(&component.item),
            phantom: component.phantom,
        });
        let record = BomRecord {
            bom_id,
            number: bom.number.clone(),
            item_id: self.item(&bom.item),
            item: self.name(&bom.item),
            uses: uses.collect(),
        };
        let structure = &mut self.structure;
        structure.records.insert(bom_id, record.clone());
        let write = BomWrite {
            bom_id,
            released: Some((record, body)),
        };
        structure.written.insert(bom_id, write);
        structure.bodies.insert(bom_id, bom);
        Ok(made)
    }

    /// What people call an item.
    fn name(&self, item: &Reference) -> String {
        let Reference::Master { master_id } = item else {
            return called(item);
        };
        let said = self.items.said_of(*master_id).next();
        said.map_or_else(|| called(item), |record| record.part.code.clone())
    }

    fn refuse_circle(
        &self,
        attributes: &Attributes,
        bom_id: MasterId,
        bom: &Bom,
    ) -> Result<(), Failure> {
        let item = self.item(&bom.item);
        let components = bom.components.iter();
        let from: Vec<MasterId> = components.map(|it| self.item(&it.item)).collect();
        let Some((first, way)) = self.structure.way(&from, item, bom_id) else {
            return Ok(());
        };
        let mut components = bom.components.iter();
        let first = components.find(|it| self.item(&it.item) == first);
        let first = first.map_or_else(String::new, |it| self.name(&it.item));
        let own = self.name(&bom.item);
        let mut told = format!("{own} → {first}");
        for (name, _) in &way {
            told.push_str(" → ");
            told.push_str(name);
        }
        let others: BTreeSet<&str> = way.iter().map(|(_, bill)| *bill).collect();
        let others: Vec<&str> = others.into_iter().collect();
        let advice = match others.as_slice() {
            [] => format!(
                "take {first} out of it in {} and release it again",
                attributes.source
            ),
            others => format!(
                "by BOM {}; take the wrong line out of it or of this one in {}, release that, and send this \
                 one again",
                others.join(", "),
                attributes.source
            ),
        };
        Err(Failure::invalid(
            "bom.cycle",
            format!(
                "BOM {} would make {own} contain itself: {told}; {advice}",
                bom.number
            ),
        ))
    }
}

/// The day for which a bill's parts are taken: its own first, or the one on which it came.
fn day(attributes: &Attributes, bom: &Bom) -> Date {
    bom.effective_from
        .unwrap_or_else(|| TimeZone::UTC.to_datetime(attributes.occurred_at).date())
}

/// What a bill is made with.
struct Shop<'d, 'p> {
    desk: &'d Desk<'p>,
    on: Date,
}

impl Released for Shop<'_, '_> {
    fn bill_of(&self, phantom: &Component) -> Result<&Bom, String> {
        let desk = self.desk;
        let item = desk.item(&phantom.item);
        let name = desk.name(&phantom.item);
        let records = desk.structure.records.values();
        let made: Vec<&Bom> = records
            .filter(|record| record.item_id == item)
            .filter_map(|record| desk.structure.bodies.get(&record.bom_id))
            .collect();
        let mut holding: Vec<&Bom> = made
            .iter()
            .copied()
            .filter(|bom| bom.effective_from.is_none_or(|from| from <= self.on))
            .filter(|bom| bom.effective_to.is_none_or(|to| self.on <= to))
            .collect();
        holding.sort_by_key(|bom| std::cmp::Reverse(bom.effective_from));
        match holding.as_slice() {
            [] if made.is_empty() => Err(format!(
                "{name} is a phantom, and no bill of it is released; release it, then send this one again"
            )),
            [] => Err(format!(
                "{name} is a phantom, and none of its bills holds on {}; correct their effectivity and \
                 release them, then send this one again",
                self.on
            )),
            [one] => Ok(one),
            [latest, next, ..] if latest.effective_from > next.effective_from => Ok(latest),
            [one, other, ..] => Err(format!(
                "{name} is a phantom, and its bills {} and {} hold both on {}; make one of them obsolete \
                 or give it an end, then send this one again",
                one.number, other.number, self.on
            )),
        }
    }

    fn stocks_of(&self, component: &Component) -> Vec<Stock> {
        let item = self.desk.item(&component.item);
        let said = self.desk.items.said_of(item);
        let mut stocks: Vec<Stock> = said
            .filter_map(|record| {
                Some(Stock {
                    system: record.system.to_string(),
                    code: record.part.code.clone(),
                    unit: record.part.unit.clone()?,
                })
            })
            .collect();
        stocks.sort_by(|one, other| (&one.system, &one.code).cmp(&(&other.system, &other.code)));
        stocks
    }
}
