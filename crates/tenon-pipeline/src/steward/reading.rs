//! Shows masters to people. Personal values are masked.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use tenon_core::customer::{Customer, Stage};
use tenon_core::{
    Attributes, Entity, Failure, MasterId, MessageId, MessageKind, NativeId, SystemName, Timestamp,
    schema,
};
use tenon_master::{Quality, quality};
use tenon_store::{Affiliation, GoldenRow, Lookup, ProspectClaim, TiedRecord, Version};

use super::{Command, Steward, body};
use crate::courier::store_failure;
use crate::master::code_key;

/// A master as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MasterView {
    /// The master.
    pub master_id: MasterId,
    /// Its code.
    pub code: Option<String>,
    /// The version of its golden record.
    pub version: i64,
    /// The master into which it was merged; then its golden record stands as it was.
    pub merged_into: Option<MasterId>,
    /// The golden record, personal values masked.
    pub golden: Value,
    /// Who stated each value.
    pub provenance: BTreeMap<String, StatedBy>,
    /// The systems' records of it.
    pub records: Vec<RecordView>,
    /// The masters that were merged into it.
    pub merged: Vec<MasterId>,
    /// To whom it belongs, and those in their turn, the nearest first.
    pub parents: Vec<AffiliationView>,
    /// Who belongs to it.
    pub children: Vec<AffiliationView>,
    /// How much the golden record says, and what it lacks.
    pub quality: Quality,
    /// How it went through the sales life cycle, the latest last.
    pub stages: Vec<StageView>,
    /// Codes that it has and that no list has.
    pub unknown_codes: Vec<String>,
    /// What people have pinned, by field.
    pub pins: BTreeMap<String, PinView>,
    /// Who looks after it for now.
    pub claim: Option<ClaimView>,
}

/// Who belongs to a master, or whom it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AffiliationView {
    /// The other master.
    pub master_id: MasterId,
    /// `branch` of a head office, `member` of a group.
    pub kind: Affiliation,
}

/// A pin as it is shown; its value stands in the golden record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PinView {
    /// Who set it.
    pub by: String,
    /// Why.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A step in the sales life cycle as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageView {
    /// The stage that it came to.
    pub stage: Stage,
    /// When.
    pub at: Timestamp,
    /// What moved it.
    pub why: String,
}

/// A claim as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimView {
    /// Who has it.
    pub owner: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl From<ProspectClaim> for ClaimView {
    fn from(claim: ProspectClaim) -> Self {
        Self {
            owner: claim.owner,
            since: claim.since,
            until: claim.until,
        }
    }
}

/// A golden record as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionView {
    /// The version.
    pub version: i64,
    /// Since when it stood so.
    pub at: Timestamp,
    /// The master into which it was merged then.
    pub merged_into: Option<MasterId>,
    /// The values, personal ones masked.
    pub golden: Value,
    /// What made it, where that is known.
    pub cause: Option<CauseView>,
}

/// A golden record as it was, and what changed by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeView {
    /// The version.
    #[serde(flatten)]
    pub version: VersionView,
    /// The fields that are not as before, compared before they are masked: two masks look alike.
    pub changed: Vec<String>,
}

/// The fields whose values are not as they were; those that are gone among them.
pub(super) fn changed(before: Option<&Value>, now: &Value) -> Vec<String> {
    let nothing = Map::new();
    let before = before.and_then(Value::as_object).unwrap_or(&nothing);
    let now = now.as_object().unwrap_or(&nothing);
    let gone = before.keys().filter(|field| !now.contains_key(*field));
    let other = now
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(value));
    other.map(|(field, _)| field).chain(gone).cloned().collect()
}

/// The message that made a version of a golden record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseView {
    /// The message.
    pub message_id: MessageId,
    /// The system that it came from; the hub's own name where a person commanded it; absent where the journal has
    /// forgotten it.
    pub system: Option<SystemName>,
    /// The record there.
    pub native_id: Option<NativeId>,
    /// What it was about: the hub moves a stage by an order.
    pub entity: Option<Entity>,
    /// What was commanded: `merge`.
    pub act: Option<String>,
    /// Who commanded it.
    pub by: Option<String>,
    /// Why.
    pub because: Option<String>,
}

impl CauseView {
    fn new(message_id: MessageId, attributes: Option<Attributes>) -> Self {
        let entity = attributes.as_ref().map(Attributes::entity);
        let (system, native_id) = match attributes {
            Some(attributes) => (Some(attributes.source), attributes.native_id),
            None => (None, None),
        };
        Self {
            message_id,
            system,
            native_id,
            entity,
            act: None,
            by: None,
            because: None,
        }
    }
}

/// Reads a moment that a person names: a time, or a day, whose end in UTC is meant.
///
/// # Errors
/// What is wrong with it and how it is written.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let end_of_day = || format!("{text}T23:59:59.999999Z").parse::<Timestamp>();
    let read = text.parse::<Timestamp>().or_else(|_| end_of_day());
    read.map_err(|_| {
        format!("`{text}` is neither a time (2026-03-01T08:00:00Z) nor a day (2026-03-01)")
    })
}

/// A customer as a canonical body, personal values masked.
pub(super) fn masked(customer: &Customer) -> Value {
    let mut golden = body(customer);
    if let Some(schema) = schema(MessageKind::current(Entity::Customer)) {
        schema.mask(&mut golden);
    }
    golden
}

/// Who stated a value, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedBy {
    /// The system.
    pub system: SystemName,
    /// The record there.
    pub native_id: NativeId,
    /// When.
    pub at: Timestamp,
}

/// A system's record of a master.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordView {
    /// The system.
    pub system: SystemName,
    /// The record's id there.
    pub native_id: NativeId,
    /// Whether the system told of it; otherwise the hub gave it to the system.
    pub told: bool,
    /// The master to which it belongs when no merge is counted, where that is another.
    pub of: Option<MasterId>,
}

impl MasterView {
    fn new(row: GoldenRow, records: Vec<TiedRecord>, claims: Vec<ProspectClaim>) -> Self {
        let golden = masked(&row.golden.customer);
        let quality = quality(&row.golden.customer);
        let mut pins = BTreeMap::new();
        let (own, merged): (Vec<_>, Vec<_>) =
            row.sources.pins.iter().partition(|pin| pin.of.is_none());
        for known in merged.into_iter().chain(own) {
            let pin = PinView {
                by: known.pin.by.clone(),
                because: known.pin.because.clone(),
                at: known.pin.at,
            };
            pins.insert(known.pin.field.clone(), pin);
        }
        let now = Timestamp::now();
        let claim = claims.into_iter().find(|claim| claim.holds_at(now));
        let provenance = row.golden.provenance.into_iter().map(|(field, from)| {
            let stated = StatedBy {
                system: from.system,
                native_id: from.native_id,
                at: from.occurred_at,
            };
            (field, stated)
        });
        let records = records.into_iter().map(|record| RecordView {
            system: record.system,
            native_id: record.native_id,
            told: record.told,
            of: record.unmerged,
        });
        Self {
            master_id: row.master_id,
            code: row.golden.customer.code,
            version: row.version,
            merged_into: row.merged_into,
            golden,
            provenance: provenance.collect(),
            records: records.collect(),
            parents: Vec::new(),
            children: Vec::new(),
            quality,
            unknown_codes: Vec::new(),
            stages: row
                .sources
                .stages
                .iter()
                .map(|change| StageView {
                    stage: change.stage,
                    at: change.at,
                    why: change.why.clone(),
                })
                .collect(),
            pins,
            claim: claim.map(ClaimView::from),
            merged: row
                .sources
                .merged
                .iter()
                .map(|merged| merged.master_id)
                .collect(),
        }
    }
}

impl Steward {
    /// The master that people call so: by its id, by its code, or by a system's record `erp/K-1`.
    ///
    /// A merged master is found by its own id only; its code and records lead to the survivor.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn find(&self, name: &str) -> Result<Option<MasterId>, Failure> {
        let name = name.trim();
        let mut lookup = Lookup::default();
        if let Ok(id) = name.parse() {
            lookup.masters.push(id);
        } else {
            lookup.keys.push(code_key(name));
            let record = name.split_once('/');
            if let Some((system, native_id)) = record
                && let Ok(system) = SystemName::new(system)
            {
                let record = (Entity::Customer, system, native_id.to_owned());
                lookup.natives.push(record);
            }
        }
        let known = self.store.look_up(&lookup).await;
        let known = known.map_err(|error| store_failure(&error))?;
        let asked = lookup.masters.first().copied();
        let found = known.natives.into_values().next();
        let found = asked.or(found).or_else(|| known.keys.into_values().next());
        Ok(found.filter(|id| known.golden.contains_key(id)))
    }

    /// A master as people see it.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn show(&self, id: MasterId) -> Result<Option<MasterView>, Failure> {
        let row = self.store.golden(id).await;
        let Some(row) = row.map_err(|error| store_failure(&error))? else {
            return Ok(None);
        };
        let records = self.store.records(&[id]).await;
        let records = records.map_err(|error| store_failure(&error))?.into_iter();
        let records = records.map(|(_, record)| record).collect();
        let merged = row.sources.merged.iter().map(|merged| merged.master_id);
        let claimed: Vec<MasterId> = merged.chain([id]).collect();
        let claims = self.store.prospect_claims(&claimed).await;
        let claims = claims.map_err(|error| store_failure(&error))?;
        let unknown_codes = self.codes.flags(&row.golden.customer);
        let mut view = MasterView {
            unknown_codes,
            ..MasterView::new(row, records, claims)
        };
        let parents = self.store.parents(id).await;
        for belonging in parents.map_err(|error| store_failure(&error))? {
            let (master_id, kind) = (belonging.parent, belonging.kind);
            view.parents.push(AffiliationView { master_id, kind });
        }
        let children = self.store.children(id).await;
        for belonging in children.map_err(|error| store_failure(&error))? {
            let (master_id, kind) = (belonging.child, belonging.kind);
            view.children.push(AffiliationView { master_id, kind });
        }
        Ok(Some(view))
    }

    /// A master's golden record as it stood at a moment; `None` before it was made.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn show_at(
        &self,
        id: MasterId,
        at: Timestamp,
    ) -> Result<Option<VersionView>, Failure> {
        let version = self.store.golden_at(id, at).await;
        let version = version.map_err(|error| store_failure(&error))?;
        match version {
            Some(version) => Ok(Some(self.version(version).await?)),
            None => Ok(None),
        }
    }

    /// The latest versions of a master's golden record that are older than the version `after`, newest first, at most
    /// `limit`, each with what it changed.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn history(
        &self,
        id: MasterId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ChangeView>, Failure> {
        // One more tells what the oldest of them changed.
        let versions = self.store.history(id, after, limit.saturating_add(1)).await;
        let versions = versions.map_err(|error| store_failure(&error))?;
        let bodies = versions.iter().map(|it| body(&it.golden.customer));
        let bodies: Vec<Value> = bodies.collect();
        let before = bodies.iter().skip(1).map(Some).chain([None]);
        let changed = bodies
            .iter()
            .zip(before)
            .map(|(now, before)| changed(before, now));
        let changed: Vec<Vec<String>> = changed.collect();
        let mut views = Vec::new();
        for (version, changed) in versions.into_iter().zip(changed).take(limit as usize) {
            let version = self.version(version).await?;
            views.push(ChangeView { version, changed });
        }
        Ok(views)
    }

    pub(super) async fn version(&self, version: Version) -> Result<VersionView, Failure> {
        let commanded = version
            .attributes
            .as_ref()
            .is_some_and(|attributes| attributes.source == SystemName::hub());
        let cause = version.message_id;
        let mut cause = cause.map(|id| CauseView::new(id, version.attributes));
        if let Some(cause) = cause.as_mut().filter(|_| commanded) {
            let payloads = self.store.payloads(cause.message_id).await;
            let payloads = payloads.map_err(|error| store_failure(&error))?;
            // Of one whose body is forgotten only its message is told.
            if let Some(command) = payloads.and_then(|it| Command::read(&it.raw).ok()) {
                cause.act = Some(command.act.name());
                cause.by = Some(command.by);
                cause.because = Some(command.because).filter(|because| !because.is_empty());
            }
        }
        Ok(VersionView {
            version: version.version,
            at: version.at,
            merged_into: version.merged_into,
            golden: masked(&version.golden.customer),
            cause,
        })
    }
}
