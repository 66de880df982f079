//! Masters, their versions, and pairs of them as the API shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenon_core::customer::Stage;
use tenon_core::{Entity, MasterId, MessageId, NativeId, SystemName, Timestamp};
use tenon_pipeline::{
    AffiliationView, CauseView, ChangeView, ClaimView, Comparison, MasterView, NamedMaster,
    PinView, RecordView, ReviewDecision, ReviewView, StageView, StatedBy, VersionView,
};
use tenon_store::{Affiliation, Review, ReviewId, ReviewState};
use utoipa::ToSchema;

use super::commands::CommandAct;

/// A canonical customer: `schemas/customer/v1.json` tells the fields.
type Fields = Map<String, Value>;

fn fields(golden: Value) -> Fields {
    match golden {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A list of one view as a list of another.
fn all<Of, As: From<Of>>(list: Vec<Of>) -> Vec<As> {
    list.into_iter().map(As::from).collect()
}

/// A master: its golden record with who stated each value, and the systems' records of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Master {
    /// The master.
    #[schema(value_type = String)]
    master_id: MasterId,
    /// Its code.
    code: Option<String>,
    /// The version of its golden record.
    version: i64,
    /// The master into which it was merged; then its golden record stands as it was.
    #[schema(value_type = Option<String>)]
    merged_into: Option<MasterId>,
    /// The golden record, a canonical customer, personal values masked.
    #[schema(value_type = HashMap<String, Value>)]
    golden: Fields,
    /// Who stated each value: by field, in lists by element (`phones/0`).
    provenance: BTreeMap<String, Stated>,
    /// The systems' records of it.
    records: Vec<SystemRecord>,
    /// The masters that were merged into it.
    #[schema(value_type = Vec<String>)]
    merged: Vec<MasterId>,
    /// To whom it belongs, and those in their turn, the nearest first.
    parents: Vec<Relation>,
    /// Who belongs to it.
    children: Vec<Relation>,
    /// How much the golden record says, and what it lacks.
    quality: Completeness,
    /// How it went through the sales life cycle, the latest last.
    stages: Vec<Step>,
    /// Codes that it has and that no list has.
    unknown_codes: Vec<String>,
    /// What people have pinned, by field.
    pins: BTreeMap<String, PinnedBy>,
    /// Who looks after it for now.
    claim: Option<ClaimedBy>,
}

impl From<MasterView> for Master {
    fn from(view: MasterView) -> Self {
        let provenance = view.provenance.into_iter();
        let pins = view.pins.into_iter();
        Self {
            master_id: view.master_id,
            code: view.code,
            version: view.version,
            merged_into: view.merged_into,
            golden: fields(view.golden),
            provenance: provenance.map(|(at, by)| (at, by.into())).collect(),
            records: all(view.records),
            merged: view.merged,
            parents: all(view.parents),
            children: all(view.children),
            quality: Completeness {
                score: view.quality.score,
                lacks: view.quality.lacks,
            },
            stages: all(view.stages),
            unknown_codes: view.unknown_codes,
            pins: pins.map(|(field, pin)| (field, pin.into())).collect(),
            claim: view.claim.map(ClaimedBy::from),
        }
    }
}

/// How much a golden record says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Completeness {
    /// From 0 for a record that says nothing to 100 for one that says all that an invoice, a delivery and a seller need.
    score: u32,
    /// What it lacks, what weighs most first.
    lacks: Vec<String>,
}

/// Who stated a value, and when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stated {
    /// The system; `tenon` where a person has pinned the value.
    #[schema(value_type = String)]
    system: SystemName,
    /// The record there, or the person.
    #[schema(value_type = String)]
    native_id: NativeId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<StatedBy> for Stated {
    fn from(stated: StatedBy) -> Self {
        Self {
            system: stated.system,
            native_id: stated.native_id,
            at: stated.at,
        }
    }
}

/// A system's record of a master.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemRecord {
    /// The system.
    #[schema(value_type = String)]
    system: SystemName,
    /// The record's id there.
    #[schema(value_type = String)]
    native_id: NativeId,
    /// Whether the system told of it; otherwise the hub gave it to the system.
    told: bool,
    /// The master to which it belongs when no merge is counted, where that is another.
    #[schema(value_type = Option<String>)]
    of: Option<MasterId>,
}

impl From<RecordView> for SystemRecord {
    fn from(record: RecordView) -> Self {
        Self {
            system: record.system,
            native_id: record.native_id,
            told: record.told,
            of: record.of,
        }
    }
}

/// Who belongs to a master, or whom it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relation {
    /// The other master.
    #[schema(value_type = String)]
    master_id: MasterId,
    /// `branch` of a head office, `member` of a group.
    #[schema(value_type = Related)]
    kind: Affiliation,
}

/// How one master belongs to another.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "a description of what another crate writes")]
pub(crate) enum Related {
    Branch,
    Member,
}

impl From<AffiliationView> for Relation {
    fn from(relation: AffiliationView) -> Self {
        Self {
            master_id: relation.master_id,
            kind: relation.kind,
        }
    }
}

/// A step in the sales life cycle.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    /// The stage that it came to.
    #[schema(value_type = String, example = "signed")]
    stage: Stage,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What moved it.
    why: String,
}

impl From<StageView> for Step {
    fn from(step: StageView) -> Self {
        Self {
            stage: step.stage,
            at: step.at,
            why: step.why,
        }
    }
}

/// Who pinned a value; it stands in the golden record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinnedBy {
    /// Who.
    by: String,
    /// Why.
    because: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<PinView> for PinnedBy {
    fn from(pin: PinView) -> Self {
        Self {
            by: pin.by,
            because: pin.because,
            at: pin.at,
        }
    }
}

/// Who looks after a customer for now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimedBy {
    /// Who.
    owner: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

impl From<ClaimView> for ClaimedBy {
    fn from(claim: ClaimView) -> Self {
        Self {
            owner: claim.owner,
            since: claim.since,
            until: claim.until,
        }
    }
}

/// A golden record as it was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MasterVersion)]
pub(crate) struct Version {
    /// The version.
    version: i64,
    /// Since when it stood so.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The master into which it was merged then.
    #[schema(value_type = Option<String>)]
    merged_into: Option<MasterId>,
    /// The values, a canonical customer, personal ones masked.
    #[schema(value_type = HashMap<String, Value>)]
    golden: Fields,
    /// What made it; null for one from before causes were kept.
    cause: Option<Cause>,
}

impl From<VersionView> for Version {
    fn from(view: VersionView) -> Self {
        Self {
            version: view.version,
            at: view.at,
            merged_into: view.merged_into,
            golden: fields(view.golden),
            cause: view.cause.map(Cause::from),
        }
    }
}

/// A golden record as it was, and what changed by it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MasterChange)]
pub(crate) struct Change {
    /// The version.
    #[serde(flatten)]
    version: Version,
    /// The fields that are not as they were in the version before, compared before they are masked: two masks look alike.
    changed: Vec<String>,
}

impl From<ChangeView> for Change {
    fn from(view: ChangeView) -> Self {
        Self {
            version: view.version.into(),
            changed: view.changed,
        }
    }
}

/// The message that made a version of a golden record; of several that came at once, the last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VersionCause)]
pub(crate) struct Cause {
    /// The message.
    #[schema(value_type = String)]
    message_id: MessageId,
    /// The system that it came from, `tenon` where it was commanded; null where the journal has forgotten it.
    #[schema(value_type = Option<String>)]
    system: Option<SystemName>,
    /// The record there.
    #[schema(value_type = Option<String>)]
    native_id: Option<NativeId>,
    /// What it was about: an order moves a stage.
    #[schema(value_type = Option<String>)]
    entity: Option<Entity>,
    /// What was commanded: `merge`.
    act: Option<String>,
    /// Who commanded it.
    by: Option<String>,
    /// Why.
    because: Option<String>,
}

impl From<CauseView> for Cause {
    fn from(view: CauseView) -> Self {
        Self {
            message_id: view.message_id,
            system: view.system,
            native_id: view.native_id,
            entity: view.entity,
            act: view.act,
            by: view.by,
            because: view.because,
        }
    }
}

/// A master as it is, or as it was at the moment that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NowOrThen {
    /// As it is.
    Now(Box<Master>),
    /// As it was.
    Then(Box<Version>),
}

/// How a review stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewState)]
pub(crate) enum Standing {
    /// Nobody has decided it.
    Open,
    /// They are one customer.
    Approved,
    /// They are two.
    Rejected,
}

/// What speaks for and against two masters being one; what of it there is depends on who asks.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a description of what another crate writes")]
pub(crate) struct Evidence {
    /// In words, why it is asked.
    why: Option<String>,
    /// How probable it is that both are one legal person, from 0 to 1.
    probability: Option<f32>,
    /// The sum of what the findings count.
    bits: Option<f32>,
    /// The findings.
    reasons: Option<Vec<Finding>>,
    /// Keys that both have.
    shared: Option<Vec<String>>,
    /// The record that raised the question.
    #[schema(value_type = Option<HashMap<String, String>>)]
    record: Option<Value>,
    /// The hard rule that says that they are two: `tax_ids_differ`, `branch_and_head_office`, `branches_differ`.
    forbidden: Option<String>,
}

/// One thing that speaks for or against a pair.
#[derive(ToSchema)]
#[allow(dead_code, reason = "a description of what another crate writes")]
pub(crate) struct Finding {
    /// What was found.
    finding: String,
    /// The same in words.
    text: String,
    /// What it counts: each bit doubles the odds.
    bits: f32,
}

/// A pair of masters that may be one customer: what is asked, and what was said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub(crate) struct Asked {
    /// Its number.
    #[schema(value_type = i64)]
    id: ReviewId,
    /// The elder master.
    #[schema(value_type = String)]
    one: MasterId,
    /// The other.
    #[schema(value_type = String)]
    other: MasterId,
    /// How it stands.
    #[schema(value_type = Standing)]
    state: ReviewState,
    /// Stable name of the reason; `person` where a person decided without being asked.
    reason: String,
    /// What speaks for and against it.
    #[schema(value_type = Evidence)]
    evidence: Value,
    /// The message that raised it.
    #[schema(value_type = String)]
    message_id: MessageId,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// Who decided it.
    decided_by: Option<String>,
    /// Why.
    because: Option<String>,
}

impl From<Review> for Asked {
    fn from(review: Review) -> Self {
        Self {
            id: review.id,
            one: review.one,
            other: review.other,
            state: review.state,
            reason: review.reason,
            evidence: review.evidence,
            message_id: review.message_id,
            opened_at: review.opened_at,
            decided_at: review.decided_at,
            decided_by: review.decided_by,
            because: review.because,
        }
    }
}

/// A review with both its sides as they are now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewPair)]
pub(crate) struct Pair {
    /// What is asked, why, and what was said.
    review: Asked,
    /// The two masters, the elder first; of one that was merged, the survivor.
    sides: Vec<Master>,
    /// The fields that both state, and state differently, as they are before they are masked: two masks look alike.
    differs: Vec<String>,
}

impl From<ReviewView> for Pair {
    fn from(view: ReviewView) -> Self {
        Self {
            review: view.review.into(),
            sides: all(view.sides),
            differs: view.differs,
        }
    }
}

/// Any two masters beside each other.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MasterComparison)]
pub(crate) struct Beside {
    /// The two; of one that was merged, the survivor.
    sides: Vec<Master>,
    /// The fields that both state, and state differently, as they are before they are masked.
    differs: Vec<String>,
    /// What speaks for and against their being one.
    #[schema(value_type = Evidence)]
    evidence: Value,
}

impl From<Comparison> for Beside {
    fn from(comparison: Comparison) -> Self {
        Self {
            sides: all(comparison.sides),
            differs: comparison.differs,
            evidence: comparison.evidence,
        }
    }
}

/// A pair that a person decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewDecision)]
pub(crate) struct Decision {
    /// What was asked, and what was said.
    review: Asked,
    /// The two, the elder first; one that was merged as it stood.
    sides: Vec<Named>,
    /// The act that takes the decision back, as a command has it: `{"unmerge": …}` or `{"reopen": …}`; null where other
    /// merges stand in the way.
    #[schema(value_type = Option<CommandAct>)]
    undo: Option<Value>,
}

impl From<ReviewDecision> for Decision {
    fn from(decision: ReviewDecision) -> Self {
        let undo = decision.undo.map(serde_json::to_value);
        Self {
            review: decision.review.into(),
            sides: all(decision.sides),
            undo: undo.and_then(Result::ok),
        }
    }
}

/// A master by its names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedMaster)]
pub(crate) struct Named {
    /// The master.
    #[schema(value_type = String)]
    master_id: MasterId,
    /// Its code.
    code: Option<String>,
    /// What it is called.
    name: Option<String>,
    /// The master into which it was merged.
    #[schema(value_type = Option<String>)]
    merged_into: Option<MasterId>,
}

impl From<NamedMaster> for Named {
    fn from(master: NamedMaster) -> Self {
        Self {
            master_id: master.master_id,
            code: master.code,
            name: master.name,
            merged_into: master.merged_into,
        }
    }
}
