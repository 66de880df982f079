//! In which order a transaction writes, the same for both databases. No SQL here.
//!
//! Every writer takes rows in the order of their keys, so that no two writers wait for each other in
//! a circle; and each row once, because one statement cannot write a row twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use tenon_core::{Entity, MasterId, MessageId, NativeId, SystemName};
use tenon_master::MasterKey;
use uuid::Uuid;

use crate::parking::{Newcomer, Reason};
use crate::rows::clean;
use crate::{
    Direction, EventKind, Holding, Inbound, InboundState, Link, MasterWrite, Move, Outcome, Park,
    ParkReason, ParkedId, Settlement, StoreError,
};

/// Links in the order in which every writer takes them, so that no two writers wait for each
/// other in a circle; each once.
pub(crate) fn links_in_order(links: &[Link]) -> Result<Vec<&Link>, StoreError> {
    fn key(link: &Link) -> (&str, &str, &str) {
        (link.entity.as_str(), link.system.as_str(), &link.native_id)
    }
    let mut ordered: Vec<&Link> = links.iter().collect();
    ordered.sort_by(|one, other| key(one).cmp(&key(other)));
    ordered.dedup();
    match ordered.windows(2).find(|pair| key(pair[0]) == key(pair[1])) {
        Some(pair) => Err(StoreError::Conflict(format!(
            "the batch links {} {}/{} to two masters",
            pair[0].entity, pair[0].system, pair[0].native_id
        ))),
        None => Ok(ordered),
    }
}

/// Records in the order in which every writer takes them, each once.
pub(crate) fn in_order(records: &[(Entity, SystemName, NativeId)]) -> BTreeSet<(&str, &str, &str)> {
    records
        .iter()
        .map(|(entity, system, native_id)| (entity.as_str(), system.as_str(), native_id.as_str()))
        .collect()
}

/// Golden writes in waves: each wave holds at most one write of a master, in the order of the
/// masters, and a later version comes in a later wave.
pub(crate) fn waves(writes: &[MasterWrite]) -> Vec<Vec<&MasterWrite>> {
    let mut waves: Vec<Vec<&MasterWrite>> = Vec::new();
    let mut written: HashMap<MasterId, usize> = HashMap::new();
    for write in writes {
        let wave = written.entry(write.row.master_id).or_default();
        if waves.len() == *wave {
            waves.push(Vec::new());
        }
        waves[*wave].push(write);
        *wave += 1;
    }
    for wave in &mut waves {
        wave.sort_by_key(|write| write.row.master_id);
    }
    waves
}

/// The last outcome of each message, in the order of the messages.
pub(crate) fn last_outcomes(outcomes: &[Outcome]) -> Vec<&Outcome> {
    let last: BTreeMap<MessageId, &Outcome> = outcomes
        .iter()
        .map(|outcome| (outcome.message_id, outcome))
        .collect();
    last.into_values().collect()
}

/// What a target now holds, one entry a native id, the last said; with the outcome that says it.
pub(crate) fn last_holdings(outcomes: &[Outcome]) -> Vec<(&Outcome, &Holding)> {
    let mut last = BTreeMap::new();
    for outcome in outcomes {
        for holding in &outcome.holdings {
            last.insert(
                (outcome.entity.as_str(), holding.native_id.as_str()),
                (outcome, holding),
            );
        }
    }
    last.into_values().collect()
}

/// What targets took, with the outcomes that say so.
pub(crate) fn sent<'a>(outcomes: &[&'a Outcome]) -> Vec<(&'a Outcome, &'a [u8])> {
    let given = |outcome: &&'a Outcome| Some((*outcome, outcome.sent.as_deref()?));
    outcomes.iter().filter_map(given).collect()
}

/// The id under which the target took a message.
pub(crate) fn first_id(outcome: &Outcome) -> Option<Cow<'_, str>> {
    outcome
        .holdings
        .first()
        .map(|holding| clean(&holding.native_id))
}

/// What a delivery's detail says when the target named an id that belongs to another record.
pub(crate) fn foreign_link(native_id: &str) -> String {
    format!("; the id {native_id} is linked to another master already and stays there")
}

/// The records to which a transaction linked something, in order.
pub(crate) type Touched = BTreeSet<(Entity, MasterId)>;

/// The records that a commit linked, and the masters whose ties it moved.
pub(crate) fn linked(links: &[&Link], moves: &[Move]) -> Touched {
    let linked = links.iter().map(|link| (link.entity, link.master_id));
    let moved = moves.iter().flat_map(Move::between);
    linked
        .chain(moved.map(|master| (Entity::Customer, master)))
        .collect()
}

/// The records that deliveries linked in the target.
pub(crate) fn touched(outcomes: &[Outcome]) -> Touched {
    outcomes
        .iter()
        .filter(|outcome| !outcome.holdings.is_empty())
        .map(|outcome| (outcome.entity, outcome.master_id))
        .collect()
}

/// Parks of messages that are parked already: the last said of each, in the order of their ids.
pub(crate) fn again(parked: &[Park]) -> Vec<(ParkedId, &Park)> {
    let last: BTreeMap<ParkedId, &Park> = parked
        .iter()
        .filter_map(|park| Some((park.id?, park)))
        .collect();
    last.into_iter().collect()
}

/// Parks of messages from the queue, in the order of the queue.
pub(crate) fn newcomers(settlement: &Settlement) -> Vec<Newcomer<'_>> {
    settlement
        .parked
        .iter()
        .filter(|park| park.id.is_none())
        .map(|park| Newcomer {
            direction: Direction::Outbound,
            system: &settlement.system,
            attributes: &park.parcel.attributes,
            body: &park.parcel.body,
            reason: Reason::of(&park.reason),
            attempts: park.attempts,
        })
        .collect()
}

/// What is added to the history of a message that waits or waited.
pub(crate) struct Note<'a> {
    pub(crate) message: MessageId,
    pub(crate) direction: Direction,
    pub(crate) system: &'a str,
    pub(crate) what: EventKind,
    pub(crate) code: Option<&'a str>,
    pub(crate) detail: &'a str,
    pub(crate) attempts: u32,
    pub(crate) sent: Option<&'a [u8]>,
}

/// What a settlement adds to histories: attempts that failed, first waits, and how waiting ended.
pub(crate) fn notes(settlement: &Settlement) -> Vec<Note<'_>> {
    let system = settlement.system.as_str();
    let ended = settlement
        .outcomes
        .iter()
        .filter(|outcome| outcome.parked.is_some())
        .map(|outcome| Note {
            message: outcome.message_id,
            direction: Direction::Outbound,
            system,
            what: EventKind::Settled,
            code: Some(outcome.state.as_str()),
            detail: &outcome.detail,
            attempts: outcome.attempts,
            sent: None,
        });
    let waits = settlement
        .parked
        .iter()
        .filter(|park| park.id.is_none() || park.tried)
        .filter_map(|park| {
            let (what, code, detail) = match &park.reason {
                ParkReason::Failed { code, detail, .. } => {
                    (EventKind::Failed, Some(code.as_str()), detail)
                }
                ParkReason::Retry { code, detail, .. } => {
                    (EventKind::Retry, Some(code.as_str()), detail)
                }
                ParkReason::Dependency { detail, .. } => (EventKind::Waiting, None, detail),
                ParkReason::Behind => return None,
            };
            Some(Note {
                message: park.parcel.attributes.id,
                direction: Direction::Outbound,
                system,
                what,
                code,
                detail,
                attempts: park.attempts,
                sent: park.sent.as_deref(),
            })
        });
    ended.chain(waits).collect()
}

/// What messages that do not fit add to their histories.
pub(crate) fn invalid_notes(messages: &[Inbound]) -> Vec<Note<'_>> {
    let invalid = messages.iter().filter_map(|message| {
        let InboundState::Invalid { code, detail } = &message.state else {
            return None;
        };
        Some(Note {
            message: message.attributes.id,
            direction: Direction::Inbound,
            system: message.attributes.source.as_str(),
            what: EventKind::Failed,
            code: Some(code),
            detail,
            attempts: 1,
            sent: None,
        })
    });
    invalid.collect()
}

/// The last park of each message, in the order of the messages.
pub(crate) fn last_parks(parked: &[Park]) -> Vec<(MessageId, &Park)> {
    let last: BTreeMap<MessageId, &Park> = parked
        .iter()
        .map(|park| (park.parcel.attributes.id, park))
        .collect();
    last.into_iter().collect()
}

/// A key's kind and value, and the master that it finds.
pub(crate) type Claim<'a> = (&'static str, Cow<'a, str>, Uuid);

/// Keys in the order in which every writer claims them, each once.
pub(crate) fn claims(keys: &[(MasterKey, MasterId)]) -> Result<Vec<Claim<'_>>, StoreError> {
    let mut claims: Vec<_> = keys
        .iter()
        .map(|(key, master)| (key.kind.as_str(), clean(&key.value), master.0))
        .collect();
    claims.sort();
    claims.dedup();
    match claims
        .windows(2)
        .find(|pair| (&pair[0].0, &pair[0].1) == (&pair[1].0, &pair[1].1))
    {
        Some(pair) => Err(StoreError::Conflict(format!(
            "the batch claims {} `{}` for two masters",
            pair[0].0, pair[0].1
        ))),
        None => Ok(claims),
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::SystemName;
    use tenon_master::KeyKind;

    use super::*;

    fn link(system: &str, native_id: &str, master: &str) -> Link {
        Link {
            entity: Entity::Customer,
            system: SystemName::new(system).unwrap(),
            native_id: native_id.to_owned(),
            master_id: MasterId::derive(&[master]),
        }
    }

    #[test]
    fn links_come_in_one_order_and_once() {
        let links = [
            link("erp", "2", "a"),
            link("crm", "9", "b"),
            link("erp", "2", "a"),
        ];
        let ordered = links_in_order(&links).unwrap();
        assert_eq!(ordered, [&links[1], &links[0]]);
        let torn = [link("erp", "2", "a"), link("erp", "2", "b")];
        assert_eq!(
            links_in_order(&torn),
            Err(StoreError::Conflict(
                "the batch links customer erp/2 to two masters".to_owned()
            ))
        );
    }

    #[test]
    fn claims_come_in_one_order_and_once() {
        let key = |kind, value: &str| MasterKey {
            kind,
            value: value.to_owned(),
        };
        let master = MasterId::derive(&["a"]);
        let keys = [
            (key(KeyKind::Tax, "1"), master),
            (key(KeyKind::Code, "CKMY"), master),
            (key(KeyKind::Tax, "1"), master),
        ];
        let ordered: Vec<_> = claims(&keys)
            .unwrap()
            .into_iter()
            .map(|(kind, value, _)| (kind, value))
            .collect();
        assert_eq!(ordered, [("code", "CKMY".into()), ("tax", "1".into())]);
        let torn = [
            keys[0].clone(),
            (key(KeyKind::Tax, "1"), MasterId::derive(&["b"])),
        ];
        assert_eq!(
            claims(&torn),
            Err(StoreError::Conflict(
                "the batch claims tax `1` for two masters".to_owned()
            ))
        );
    }
}
