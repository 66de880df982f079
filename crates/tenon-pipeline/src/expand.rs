//! Prepares a routed message for one target: references in its terms, values it requires, its mapping.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tenon_connector::{Outlet, System};
use tenon_core::{
    Entity, Failure, MasterId, Message, NativeId, OrderingKey, Outbound, Reference, Timestamp,
    schema,
};
use tenon_store::{
    DeliveryState, Dependency, Holding, OutboundKnown, OutcomeState, Parcel, ParkReason, ParkedId,
    ReferenceLookup, ResolvedReference,
};

use crate::translate::description;

/// How often a record that no system has told of is looked for again.
const STRANGER: Duration = Duration::from_secs(5);

/// A parcel in the hands of a courier.
#[derive(Debug, Clone)]
pub(crate) struct Consignment {
    pub(crate) parcel: Parcel,
    /// The parked message that it is, if it waited before.
    pub(crate) parked: Option<ParkedId>,
    /// Attempts made before.
    pub(crate) attempts: u32,
    /// The parcel's body as it was read for the look-up, until it is expanded.
    pub(crate) body: Option<Value>,
}

impl Consignment {
    /// A parcel that is tried for the first time.
    pub(crate) fn new(parcel: Parcel) -> Self {
        Self {
            parcel,
            parked: None,
            attempts: 0,
            body: None,
        }
    }

    /// The references in the body, for the look-up, and the record itself where it is mastered.
    pub(crate) fn references(&mut self) -> Vec<ReferenceLookup> {
        let mut found: Vec<ReferenceLookup> = itself(&self.parcel).into_iter().collect();
        let Some(schema) = schema(self.parcel.attributes.kind) else {
            return found;
        };
        // What cannot be read is said when it is expanded.
        if self.body.is_none() {
            self.body = read(&self.parcel).ok();
        }
        if let Some(body) = &self.body {
            schema.for_each_reference(body, |entity, node| {
                if let Some(reference) = reference(node) {
                    found.push(ReferenceLookup { entity, reference });
                }
            });
        }
        found
    }

    pub(crate) fn lane(&self) -> &OrderingKey {
        &self.parcel.attributes.ordering_key
    }

    pub(crate) fn entity(&self) -> Entity {
        self.parcel.attributes.entity()
    }

    /// The master of the record. Routed messages always have one; a foreign message without gets
    /// its own, so that it is carried all the same.
    pub(crate) fn master_id(&self) -> MasterId {
        let attributes = &self.parcel.attributes;
        attributes.master_id.unwrap_or(MasterId(attributes.id.0))
    }

    /// Brings a mastered record up to the version of now, so that a target is never given one that
    /// is known to be out of date: it would show it again, and it would pass for its own word.
    ///
    /// Not where the target has a later version than this already: then this is superseded.
    pub(crate) fn refresh(&mut self, known: &OutboundKnown) {
        if self.merged_into(known).is_some() {
            return;
        }
        let key = (self.entity(), self.master_id());
        let ours = self.parcel.attributes.sequence;
        let later = |holding: &Holding| holding.sequence > ours;
        if known
            .holdings
            .get(&key)
            .is_some_and(|holdings| holdings.iter().any(later))
        {
            return;
        }
        let Some(lookup) = itself(&self.parcel) else {
            return;
        };
        let golden = known
            .references
            .get(&lookup)
            .and_then(|resolved| resolved.golden.as_ref());
        if let Some(row) = golden.filter(|row| Some(row.version) > ours)
            && let Ok(body) = serde_json::to_vec(&row.golden.customer)
        {
            self.parcel.body = body.into();
            self.body = None;
            self.parcel.attributes.sequence = Some(row.version);
        }
    }

    /// The master that its own master turned out to be.
    fn merged_into(&self, known: &OutboundKnown) -> Option<MasterId> {
        let resolved = known.references.get(&itself(&self.parcel)?)?;
        resolved
            .master_id
            .filter(|master_id| *master_id != self.master_id())
    }
}

/// A mastered record as a reference to itself.
fn itself(parcel: &Parcel) -> Option<ReferenceLookup> {
    let attributes = &parcel.attributes;
    let entity = attributes.entity();
    let master_id = attributes.master_id.filter(|_| entity.is_mastered())?;
    Some(ReferenceLookup {
        entity,
        reference: Reference::Master { master_id },
    })
}

/// What is to be done with a consignment.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Nothing: it has its outcome already, this is a second copy.
    Known,
    /// It has to wait.
    Wait(ParkReason),
    /// It is settled without the target.
    Settle(OutcomeState, String),
    /// It cannot be mapped.
    Fail(Failure),
    /// It goes out: once for each native id that the target has for the record, or once anew.
    Send(Vec<Packet>),
}

/// One record for the target.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) message: Message<Outbound>,
    /// Identifies what the target will then hold.
    pub(crate) hash: Vec<u8>,
}

fn read(parcel: &Parcel) -> Result<Value, Failure> {
    serde_json::from_slice(&parcel.body).map_err(|error| {
        Failure::bug(
            "parcel.unreadable",
            format!("a routed body is no JSON: {error}"),
        )
    })
}

/// Reads a pointer field by field: this runs for every reference of every message.
fn reference(node: &Value) -> Option<Reference> {
    if let Some(id) = node.get("master_id").and_then(Value::as_str) {
        return Some(Reference::Master {
            master_id: id.parse().ok()?,
        });
    }
    let system = node.get("system")?.as_str()?.parse().ok()?;
    let native_id = node.get("native_id")?.as_str()?.to_owned();
    Some(Reference::Native { system, native_id })
}

/// Decides what is to be done with a consignment, from what the store knows.
pub(crate) fn plan(
    system: &System,
    translated: &[Entity],
    consignment: &mut Consignment,
    known: &OutboundKnown,
) -> Plan {
    let attributes = &consignment.parcel.attributes;
    if let Some(state) = known.settled.get(&attributes.id) {
        return match (consignment.parked, state) {
            (None, _) => Plan::Known,
            // It was parked by one node and settled by another that had been handed the same
            // copy; its place in the lane has to be given up.
            (Some(_), DeliveryState::Unchanged) => again(OutcomeState::Unchanged),
            (Some(_), DeliveryState::Superseded) => again(OutcomeState::Superseded),
            (Some(_), DeliveryState::Filtered) => again(OutcomeState::Filtered),
            (Some(_), DeliveryState::Dropped) => Plan::Settle(
                OutcomeState::Filtered,
                "a person had given it up".to_owned(),
            ),
            (Some(_), DeliveryState::Delivered | DeliveryState::Parked) => {
                again(OutcomeState::Delivered)
            }
        };
    }
    if let Some(survivor) = consignment.merged_into(known) {
        return Plan::Settle(
            OutcomeState::Superseded,
            format!("merged into {survivor}, whose golden record goes to every system"),
        );
    }
    if consignment.parked.is_none() && known.blocked.contains(consignment.lane()) {
        return Plan::Wait(ParkReason::Behind);
    }
    let Some(outlet) = system.outlet(consignment.entity()) else {
        return Plan::Settle(
            OutcomeState::Filtered,
            format!(
                "{} is no longer given any `{}`",
                system.name,
                consignment.entity()
            ),
        );
    };
    if let Some(condition) = outlet
        .condition
        .as_ref()
        .filter(|_| consignment.entity().is_mastered())
    {
        // The version of now may be another than the one that was routed.
        match condition.holds(&consignment.parcel.body, &description(attributes)) {
            Ok(true) => {}
            Ok(false) => {
                let detail = "the condition no longer holds".to_owned();
                return Plan::Settle(OutcomeState::Filtered, detail);
            }
            Err(failure) => return Plan::Fail(failure),
        }
    }
    let none = Vec::new();
    let key = (consignment.entity(), consignment.master_id());
    let holdings = known.holdings.get(&key).unwrap_or(&none);
    // Of several records of one master in the target, only those with an older version are given ours.
    let superseded = |holding: &Holding| match (holding.sequence, attributes.sequence) {
        (Some(held), Some(ours)) => held > ours,
        _ => false,
    };
    let is_own = |holding: &Holding| outlet.keep_own && holding.told;
    if !holdings.is_empty() && holdings.iter().all(is_own) {
        let detail = "the target has it of its own, and is not to be changed there".to_owned();
        return Plan::Settle(OutcomeState::Filtered, detail);
    }
    let older: Vec<&Holding> = holdings
        .iter()
        .filter(|holding| !superseded(holding) && !is_own(holding))
        .collect();
    if !holdings.is_empty() && older.is_empty() {
        return Plan::Settle(
            OutcomeState::Superseded,
            "the target holds a later version".to_owned(),
        );
    }
    match expand(translated, system, outlet, consignment, known) {
        Ok(body) => pack(outlet, consignment, &body, &older),
        Err(Obstacle::Wait(reason)) => Plan::Wait(reason),
        Err(Obstacle::Lacks(path)) => Plan::Settle(
            OutcomeState::Filtered,
            format!("lacks {path}; a later version will go"),
        ),
        Err(Obstacle::Failure(failure)) => Plan::Fail(failure),
    }
}

fn again(state: OutcomeState) -> Plan {
    Plan::Settle(state, "it was settled before".to_owned())
}

enum Obstacle {
    Wait(ParkReason),
    /// The record itself lacks a required value.
    Lacks(String),
    Failure(Failure),
}

/// The body with every reference expanded: master id, the target's id, all ids, golden values.
fn expand(
    translated: &[Entity],
    system: &System,
    outlet: &Outlet,
    consignment: &mut Consignment,
    known: &OutboundKnown,
) -> Result<Value, Obstacle> {
    let mut body = match consignment.body.take() {
        Some(body) => body,
        None => read(&consignment.parcel).map_err(Obstacle::Failure)?,
    };
    let Some(schema) = schema(consignment.parcel.attributes.kind) else {
        let kind = consignment.parcel.attributes.kind;
        let detail = format!("this release has no schema for {kind}");
        return Err(Obstacle::Failure(Failure::invalid(
            "schema.unknown",
            detail,
        )));
    };
    let mut missing = None;
    schema.for_each_reference_mut(&mut body, |entity, node| {
        let Some(reference) = reference(node) else {
            return;
        };
        let lookup = ReferenceLookup { entity, reference };
        let resolved = known.references.get(&lookup);
        let native_id = resolved.and_then(|resolved| resolved.ids.get(&system.name));
        if native_id.is_none() && translated.contains(&entity) && missing.is_none() {
            missing = Some(awaited(&lookup, resolved));
        }
        let mut expanded = Map::new();
        if let Some(resolved) = resolved {
            expanded.insert("master_id".to_owned(), json!(resolved.master_id));
            let mut ids: Map<String, Value> = resolved
                .ids
                .iter()
                .map(|(system, id)| (system.to_string(), Value::String(id.clone())))
                .collect();
            // The sender's own id is at hand even where nobody else knows the record.
            if let Reference::Native { system, native_id } = &lookup.reference {
                ids.insert(system.to_string(), json!(native_id));
            }
            expanded.insert("ids".to_owned(), Value::Object(ids));
            if let Some(row) = &resolved.golden {
                let golden = serde_json::to_value(&row.golden.customer).unwrap_or_default();
                expanded.insert("golden".to_owned(), golden);
            }
        } else if let Reference::Native { system, native_id } = &lookup.reference {
            expanded.insert("ids".to_owned(), json!({ system.as_str(): native_id }));
        }
        expanded.insert("native_id".to_owned(), json!(native_id));
        *node = Value::Object(expanded);
    });
    if let Some(lookup) = missing {
        let detail = format!("{} is not known in {} yet", name(&lookup), system.name);
        let on = Dependency::LinkInTarget(lookup);
        return Err(Obstacle::Wait(ParkReason::Dependency { on, detail }));
    }
    match outlet.require.iter().find(|path| lacks(&body, path)) {
        None => Ok(body),
        Some(path) => Err(lack(&body, path, known)),
    }
}

/// What is to be waited for: of a master that was merged, the survivor.
fn awaited(lookup: &ReferenceLookup, resolved: Option<&ResolvedReference>) -> ReferenceLookup {
    let survivor = resolved.and_then(|resolved| resolved.master_id);
    match (&lookup.reference, survivor) {
        (Reference::Master { .. }, Some(master_id)) => ReferenceLookup {
            entity: lookup.entity,
            reference: Reference::Master { master_id },
        },
        _ => lookup.clone(),
    }
}

fn name(lookup: &ReferenceLookup) -> String {
    match &lookup.reference {
        Reference::Master { master_id } => format!("{} {master_id}", lookup.entity),
        Reference::Native { system, native_id } => {
            format!("{} {native_id} of {system}", lookup.entity)
        }
    }
}

fn lacks(body: &Value, path: &str) -> bool {
    let value = path
        .split('.')
        .try_fold(body, |value, field| value.get(field));
    value.is_none_or(|value| value.is_null() || value.as_str().is_some_and(str::is_empty))
}

/// A required value that a referenced master lacks is waited for; the record's own is not.
fn lack(body: &Value, path: &str, known: &OutboundKnown) -> Obstacle {
    let owner = path.split('.').next().and_then(|field| body.get(field));
    let master = owner
        .and_then(|owner| owner.get("master_id"))
        .and_then(Value::as_str);
    match master.and_then(|id| id.parse().ok()) {
        Some(master_id) => {
            let field = path.rsplit('.').next().unwrap_or(path);
            let code = owner
                .and_then(|owner| owner.pointer("/golden/code"))
                .and_then(Value::as_str);
            let detail = match code {
                Some(code) => format!("customer {code} has no {field} in its master record yet"),
                None => format!("its master record has no {field} yet"),
            };
            let seen = known
                .references
                .values()
                .filter_map(|resolved| resolved.golden.as_ref());
            let version = seen
                .filter(|row| row.master_id == master_id)
                .map(|row| row.version)
                .max();
            let on = Dependency::MasterChange {
                master_id,
                version: version.unwrap_or(0),
            };
            Obstacle::Wait(ParkReason::Dependency { on, detail })
        }
        None => match owner
            .and_then(|owner| owner.get("ids"))
            .and_then(Value::as_object)
        {
            Some(ids) => Obstacle::Wait(stranger(path, ids)),
            None => Obstacle::Lacks(path.to_owned()),
        },
    }
}

/// The wait for a record that no system has told of: it has no master yet that could be watched,
/// so it is looked for again, which counts as no attempt.
fn stranger(path: &str, ids: &Map<String, Value>) -> ParkReason {
    let field = path.split('.').next().unwrap_or(path);
    let name = match ids.iter().next() {
        Some((system, Value::String(id))) => format!("{field} {id} of {system}"),
        _ => format!("its {field}"),
    };
    let now = Timestamp::now();
    ParkReason::Retry {
        at: now.saturating_add(STRANGER).unwrap_or(now),
        code: "reference.unknown".to_owned(),
        detail: format!("{name} is not known to the hub yet, so that its values are missing"),
    }
}

/// Runs the outlet's mapping, once for each id under which the target holds the record.
fn pack(outlet: &Outlet, consignment: &Consignment, body: &Value, holdings: &[&Holding]) -> Plan {
    let anew = [None];
    let known: Vec<Option<&Holding>> = holdings.iter().copied().map(Some).collect();
    let targets: &[Option<&Holding>] = if known.is_empty() { &anew } else { &known };
    let body = match serde_json::to_vec(body) {
        Ok(body) => body,
        Err(error) => return Plan::Fail(Failure::bug("parcel.unwritable", error.to_string())),
    };
    let (mut packets, mut unchanged) = (Vec::new(), false);
    for holding in targets {
        let native_id = holding.map(|holding| holding.native_id.clone());
        let message = match outlet.mapping.reads_message() {
            true => describe(outlet, consignment, native_id.as_ref(), holdings),
            false => Value::Null,
        };
        match outlet.mapping.apply(&body, &message) {
            Ok(None) => {}
            Err(failure) => return Plan::Fail(failure),
            Ok(Some(payload)) => {
                let hash = Sha256::digest(&payload)[..16].to_vec();
                if holding.is_some_and(|holding| holding.hash.as_deref() == Some(hash.as_slice())) {
                    unchanged = true;
                    continue;
                }
                let id = consignment.parcel.attributes.id;
                let idempotency_key = match &native_id {
                    Some(native_id) if targets.len() > 1 => format!("{id}/{native_id}"),
                    _ => id.to_string(),
                };
                let outbound = Outbound {
                    payload,
                    native_id,
                    idempotency_key,
                };
                let attributes = consignment.parcel.attributes.clone();
                packets.push(Packet {
                    message: Message {
                        attributes,
                        body: outbound,
                    },
                    hash,
                });
            }
        }
    }
    match (packets.is_empty(), unchanged) {
        (false, _) => Plan::Send(packets),
        (true, true) => Plan::Settle(
            OutcomeState::Unchanged,
            "the target already holds this".to_owned(),
        ),
        (true, false) => Plan::Settle(
            OutcomeState::Filtered,
            "the mapping gave nothing".to_owned(),
        ),
    }
}

/// What an outbound mapping sees as `$message`.
fn describe(
    outlet: &Outlet,
    consignment: &Consignment,
    target_id: Option<&NativeId>,
    holdings: &[&Holding],
) -> Value {
    let attributes = &consignment.parcel.attributes;
    let mut message = description(attributes);
    let mut ids = Map::new();
    if let Some(native_id) = &attributes.native_id {
        ids.insert(attributes.source.to_string(), json!(native_id));
    }
    if let Some(target_id) = target_id {
        ids.insert(outlet.system.to_string(), json!(target_id));
    }
    message["ids"] = Value::Object(ids);
    message["target_id"] = json!(target_id);
    // All of them are one customer: what a target can merge after `customer.merged`.
    message["target_ids"] = holdings
        .iter()
        .map(|holding| json!(holding.native_id))
        .collect();
    message
}
