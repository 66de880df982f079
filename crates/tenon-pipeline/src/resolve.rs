//! Gives every record its identity across systems, and decides who gets it.
//!
//! Pure: from a batch of validated messages and what the store knows, to one [`Commit`] and the
//! parcels that follow from it. When the store answers that something changed meanwhile, the batch
//! is looked up and decided anew.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::Value;
use tenon_broker::MAX_MESSAGE_BYTES;
use tenon_connector::Deployment;
use tenon_core::{
    Attributes, Canonical, Entity, Fact, Failure, MasterId, MessageId, OrderingKey, SystemName,
    schema,
};
use tenon_store::{Commit, Inbound, InboundState, Known, Link, Lookup, Seen, Tie};

use crate::master::{Desk, MasterPolicy, Newcomers, ask_about_boms, ask_about_item};
use crate::steward::{decide_command, follower, look_deeper, look_up_command, tell};
use crate::translate::{Content, Envelope, Validated, description};

/// What a batch comes to.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// What is to be journaled, with every effect.
    pub(crate) commit: Commit,
    /// What is to be published once that is durable: target, attributes, canonical body.
    pub(crate) parcels: Vec<(SystemName, Attributes, Bytes)>,
}

/// A canonical message with its identity.
struct Resolved {
    attributes: Attributes,
    /// As JSON text, its references translated to masters where these are known.
    body: Bytes,
    business_key: Option<String>,
    recipients: Recipients,
    unchanged: bool,
}

/// Who may be given a message, before conditions.
pub(crate) enum Recipients {
    /// Every subscriber but the system that sent it.
    Others,
    /// Every subscriber, the sender too: the golden record says more than it did.
    All,
    /// The sender only: nothing changed for the others.
    Sender,
    /// Nobody.
    None,
}

/// What the store must be asked before a batch can be decided.
pub(crate) fn lookup(batch: &[Validated], policy: &MasterPolicy) -> Lookup {
    let mut lookup = Lookup::default();
    for message in batch {
        let attributes = &message.envelope.attributes;
        lookup.messages.push(attributes.id);
        let canonical = match &message.result {
            Ok(Some(Content::Record(canonical))) => canonical,
            Ok(Some(Content::Command(command))) => {
                look_up_command(&message.envelope, command, &mut lookup);
                continue;
            }
            Ok(None) | Err(_) => continue,
        };
        if let Some(native_id) = &attributes.native_id {
            lookup.natives.push((
                attributes.entity(),
                attributes.source.clone(),
                native_id.clone(),
            ));
        }
        if let Some(schema) = schema(attributes.kind) {
            schema.for_each_reference(canonical.value(), |entity, node| {
                if let Some((system, native_id)) = native(node) {
                    lookup.natives.push((entity, system, native_id));
                }
            });
        }
        lookup.lives |= policy.life_cycle.heeds(attributes.entity());
        match attributes.entity() {
            Entity::Customer => {
                if let Ok(customer) = serde_json::from_value(canonical.value().clone()) {
                    policy.ask(&customer, &mut lookup);
                }
            }
            Entity::Item => ask_about_item(canonical.value(), &mut lookup),
            Entity::Bom => lookup.items = true,
            _ => {}
        }
    }
    lookup.natives.sort();
    lookup.natives.dedup();
    lookup.keys.sort();
    lookup.keys.dedup();
    lookup.code_stems.sort();
    lookup.code_stems.dedup();
    lookup
}

/// What must be asked besides, now that the first answers are there: of commands, of bills of materials and
/// of what comes again.
pub(crate) fn deeper(batch: &[Validated], policy: &MasterPolicy, known: &Known) -> Option<Lookup> {
    match batch {
        [
            Validated {
                envelope,
                result: Ok(Some(Content::Command(command))),
            },
        ] if known
            .seen
            .get(&envelope.attributes.id)
            .is_none_or(|before| is_anew(envelope, before)) =>
        {
            look_deeper(policy, command, known)
        }
        _ => {
            // What followed from those that come again may have to be published again too.
            let moved = batch.iter().map(|message| &message.envelope.attributes);
            let moved = moved.filter(|it| policy.life_cycle.heeds(it.entity()));
            let again = moved.filter(|it| known.seen.contains_key(&it.id));
            let messages: Vec<MessageId> = again.map(|it| follower(it.id, 0)).collect();
            let boms = ask_about_boms(batch, known);
            (!messages.is_empty() || boms.is_some()).then(|| Lookup {
                messages,
                items: boms.is_some(),
                boms,
                ..Lookup::default()
            })
        }
    }
}

pub(crate) fn native(node: &Value) -> Option<(SystemName, String)> {
    let system = node.get("system")?.as_str()?.parse().ok()?;
    Some((system, node.get("native_id")?.as_str()?.to_owned()))
}

/// Decides a batch. A command is a batch by itself. `newcomers` are records among it that no exact
/// key leads to a master, and whoever they may be.
pub(crate) fn decide(
    deployment: &Deployment,
    policy: &MasterPolicy,
    batch: &[Validated],
    mut known: Known,
    newcomers: Option<Newcomers>,
) -> Decided {
    if let [
        Validated {
            envelope,
            result: Ok(Some(Content::Command(command))),
        },
    ] = batch
    {
        let id = envelope.attributes.id;
        let before = known.seen.get(&id);
        if before.is_some_and(|before| !is_anew(envelope, before)) {
            return Decided {
                parcels: known.seen.values().flat_map(again).collect(),
                ..Decided::default()
            };
        }
        // An earlier release could not read it, perhaps.
        let redriven = before.map(|_| id);
        let mut decided = decide_command(deployment, policy, envelope, command, &known);
        decided.commit.redriven.extend(redriven);
        return decided;
    }
    let mut decided = Decided::default();
    let mut seen_here: HashSet<MessageId> = HashSet::new();
    let seen = std::mem::take(&mut known.seen);
    let mut desk = Desk::new(policy, known, newcomers);
    for message in batch {
        let envelope = &message.envelope;
        let id = envelope.attributes.id;
        if !seen_here.insert(id) {
            continue;
        }
        if let Some(before) = seen.get(&id) {
            if !is_anew(envelope, before) {
                // Seen is not yet delivered: a crash may have come between journal and publishing.
                decided.parcels.extend(again(before));
                let followed = seen.get(&follower(id, 0));
                decided.parcels.extend(followed.into_iter().flat_map(again));
                continue;
            }
            decided.commit.redriven.push(id);
        }
        let mut moved = None;
        let inbound = match &message.result {
            Err(failure) => invalid(envelope, failure),
            Ok(None) => entry(
                envelope,
                envelope.attributes.clone(),
                None,
                InboundState::Filtered,
                None,
            ),
            // Commands come alone.
            Ok(Some(Content::Command(_))) => continue,
            Ok(Some(Content::Record(canonical))) => {
                let refused = unknown_codes(policy, &envelope.attributes, canonical);
                let refused = refused.map_or(Ok(()), Err);
                let value = canonical.value();
                let met = refused
                    .and_then(|()| desk.meet(&envelope.attributes, value))
                    .and_then(|()| desk.release(&envelope.attributes, value));
                let made = match met {
                    Ok(made) => made,
                    Err(failure) => {
                        decided.commit.messages.push(invalid(envelope, &failure));
                        continue;
                    }
                };
                let value = made.as_ref().unwrap_or(value);
                let resolved = resolve(envelope, value, &mut desk, &mut decided.commit);
                let Resolved {
                    attributes,
                    body,
                    recipients,
                    ..
                } = &resolved;
                let targets =
                    fits(body).and_then(|()| route(deployment, attributes, body, recipients));
                match targets {
                    Ok(targets) => {
                        moved = desk.event(&envelope.attributes, canonical.value());
                        journal(envelope, resolved, targets, &mut decided.parcels)
                    }
                    Err(failure) => invalid(envelope, &failure),
                }
            }
        };
        decided.commit.messages.push(inbound);
        if let Some(row) = moved {
            let event = tell(deployment, envelope, 0, Fact::Changed, &row);
            decided.parcels.extend(parcels(&event));
            decided.commit.messages.push(event);
        }
    }
    desk.finish(&mut decided.commit);
    decided
}

/// Whether an operator sends again what was invalid when it came.
fn is_anew(envelope: &Envelope, before: &Seen) -> bool {
    let was_invalid = before.canonical.is_none() && before.targets.is_empty();
    envelope.redrive && was_invalid
}

/// What a message that was journaled before has to be given to its targets again.
fn again(before: &Seen) -> Vec<(SystemName, Attributes, Bytes)> {
    let parcel = |target: &SystemName| {
        let canonical = before.canonical.clone()?;
        Some((target.clone(), before.attributes.clone(), canonical))
    };
    before.targets.iter().filter_map(parcel).collect()
}

/// What a message that follows from another has to be given to its targets.
fn parcels(event: &Inbound) -> Vec<(SystemName, Attributes, Bytes)> {
    let InboundState::Routed { targets } = &event.state else {
        return Vec::new();
    };
    let canonical = event.canonical.clone().unwrap_or_default();
    let parcel =
        |target: &SystemName| (target.clone(), event.attributes.clone(), canonical.clone());
    targets.iter().map(parcel).collect()
}

/// Why a customer is not taken whose codes no list has.
fn unknown_codes(
    policy: &MasterPolicy,
    attributes: &Attributes,
    canonical: &Canonical,
) -> Option<Failure> {
    if attributes.entity() != Entity::Customer || policy.codes.lists().next().is_none() {
        return None;
    }
    let customer = serde_json::from_value(canonical.value().clone()).ok()?;
    let refusals = policy.codes.refusals(&customer);
    let detail = || {
        format!(
            "{}; correct the record, or add the code to [codes] of master.toml and redrive",
            refusals.join("; ")
        )
    };
    (!refusals.is_empty()).then(|| Failure::invalid("code.unknown", detail()))
}

/// Finds or makes the record's master, and translates its references to masters where known.
fn resolve(
    envelope: &Envelope,
    canonical: &Value,
    desk: &mut Desk<'_>,
    commit: &mut Commit,
) -> Resolved {
    let mut attributes = envelope.attributes.clone();
    let entity = attributes.entity();
    let schema = schema(attributes.kind);
    let business_key = |body| Some(schema?.business_key(body)?.to_owned());
    let (master_id, of, body, business_key, recipients, restated) = match entity {
        Entity::Customer => {
            let mastered = desk.master(&attributes, canonical, envelope.redrive);
            attributes.sequence = Some(mastered.version);
            // One that was parked before may have changed the golden record and reached nobody.
            let changed = mastered.changed || envelope.redrive;
            let recipients = match (changed, mastered.sender_lacks) {
                (true, true) => Recipients::All,
                (true, false) => Recipients::Others,
                (false, true) => Recipients::Sender,
                (false, false) => Recipients::None,
            };
            (
                mastered.master_id,
                mastered.of,
                text(&mastered.body),
                business_key(&mastered.body),
                recipients,
                mastered.restated,
            )
        }
        _ => {
            let master_id = desk.identify(&attributes);
            let body = desk.translated(attributes.kind, canonical);
            let business_key = business_key(canonical);
            (
                master_id,
                None,
                body,
                business_key,
                Recipients::Others,
                true,
            )
        }
    };
    attributes.master_id = Some(master_id);
    attributes.ordering_key = OrderingKey(format!("{entity}/{master_id}"));
    if let Some(native_id) = &attributes.native_id {
        let record = (entity, attributes.source.clone(), native_id.clone());
        if desk.link(entity, &attributes.source, native_id, master_id) {
            let (entity, system, native_id) = record;
            if let Some(of) = of {
                let tie = Tie::Record(entity, system.clone(), native_id.clone());
                commit.unmerged.push((tie, of));
            }
            commit.links.push(Link {
                entity,
                system,
                native_id,
                master_id,
            });
        } else if restated {
            commit.restated.push(record);
        }
    }
    let unchanged = matches!(recipients, Recipients::None);
    Resolved {
        attributes,
        body: Bytes::from(body),
        business_key,
        recipients,
        unchanged,
    }
}

/// Refuses a body that no queue would take: it would come again for ever and hold up what follows.
fn fits(body: &Bytes) -> Result<(), Failure> {
    match body.len() {
        0..=MAX_MESSAGE_BYTES => Ok(()),
        bytes => Err(Failure::invalid(
            "record.too_large",
            format!(
                "the mapping made {bytes} bytes of it, a message carries {MAX_MESSAGE_BYTES}; leave \
                 out what no system needs"
            ),
        )),
    }
}

/// The systems that are given a message: subscribers whose condition holds.
pub(crate) fn route(
    deployment: &Deployment,
    attributes: &Attributes,
    body: &Bytes,
    recipients: &Recipients,
) -> Result<Vec<SystemName>, Failure> {
    let mut targets = Vec::new();
    for system in &deployment.systems {
        let is_sender = system.name == attributes.source;
        let addressed = match recipients {
            Recipients::All => true,
            Recipients::Others => !is_sender,
            Recipients::Sender => is_sender,
            Recipients::None => false,
        };
        let Some(outlet) = system.outlet(attributes.entity()).filter(|_| addressed) else {
            continue;
        };
        let wanted = match &outlet.condition {
            None => true,
            Some(condition) => condition.holds(body, &description(attributes))?,
        };
        if wanted {
            targets.push(system.name.clone());
        }
    }
    Ok(targets)
}

fn journal(
    envelope: &Envelope,
    resolved: Resolved,
    targets: Vec<SystemName>,
    parcels: &mut Vec<(SystemName, Attributes, Bytes)>,
) -> Inbound {
    let Resolved {
        attributes,
        body: canonical,
        business_key,
        unchanged,
        ..
    } = resolved;
    for target in &targets {
        parcels.push((target.clone(), attributes.clone(), canonical.clone()));
    }
    let state = if unchanged {
        InboundState::Unchanged
    } else {
        InboundState::Routed { targets }
    };
    entry(envelope, attributes, business_key, state, Some(canonical))
}

/// A body as JSON text. That of a value has no key but text, so that writing cannot fail.
pub(crate) fn text(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

fn invalid(envelope: &Envelope, failure: &Failure) -> Inbound {
    let state = InboundState::Invalid {
        code: failure.code.to_string(),
        detail: failure.detail.clone(),
    };
    entry(envelope, envelope.attributes.clone(), None, state, None)
}

fn entry(
    envelope: &Envelope,
    attributes: Attributes,
    business_key: Option<String>,
    state: InboundState,
    canonical: Option<Bytes>,
) -> Inbound {
    Inbound {
        attributes,
        business_key,
        origin: envelope.origin.clone(),
        state,
        raw: envelope.raw.clone(),
        canonical,
    }
}

/// The master of a record that is not mastered: the same for the same record, on every node.
pub(crate) fn derived_master(entity: Entity, system: &SystemName, native_id: &str) -> MasterId {
    MasterId::derive(&[entity.as_str(), system.as_str(), native_id])
}
