//! Decides commands: from a command and what the store knows to everything that it changes.

use bytes::Bytes;
use tenon_connector::Deployment;
use tenon_core::{
    Attributes, Entity, Fact, MasterId, MessageId, MessageKind, SystemName, Timestamp,
};
use tenon_master::{MasterKey, contradiction};
use tenon_store::{
    Commit, GoldenRow, Inbound, InboundState, Known, Lookup, MasterWrite, Move, ReviewState,
    Sources,
};

use super::joining::{self, Unsplittable, later_version};
use super::{Act, Changes, Command, FOLLOWERS, RecordName, Verdict, body, follower, lane};
use super::{items, pinning};
use crate::master::{MasterPolicy, code_key, name_of};
use crate::resolve::{Decided, Recipients, route};
use crate::translate::Envelope;

/// Why a command is not done.
pub(super) struct Refusal {
    code: &'static str,
    detail: String,
}

pub(super) fn refuse<T>(code: &'static str, detail: impl Into<String>) -> Result<T, Refusal> {
    let detail = detail.into();
    Err(Refusal { code, detail })
}

/// What a command changes.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) commit: Commit,
    /// The golden records that are told, and what happened to each.
    pub(super) events: Vec<(Fact, GoldenRow)>,
    /// The masters that it changed and that have no golden record.
    pub(super) masters: Vec<MasterId>,
}

/// What the store must be asked before a command can be decided.
pub(crate) fn look_up_command(envelope: &Envelope, command: &Command, lookup: &mut Lookup) {
    let id = envelope.attributes.id;
    // If it was decided before, its followers may still have to be published.
    lookup
        .messages
        .extend((0..FOLLOWERS).map(|number| follower(id, number)));
    lookup.masters.extend(command.act.masters());
    lookup.lives |= matches!(command.act, Act::Rest { .. });
    if let Act::Approve { review, .. } | Act::Reject { review } | Act::Reopen { review } =
        &command.act
    {
        lookup.reviews.push(*review);
    }
    lookup.natives.extend(items::named(&command.act));
    if let Act::ReserveCode { code } | Act::FreeCode { code } = &command.act {
        lookup.keys.push(code_key(code));
    }
}

/// What must be asked besides, now that the first answers are there.
pub(crate) fn look_deeper(
    policy: &MasterPolicy,
    command: &Command,
    known: &Known,
) -> Option<Lookup> {
    match &command.act {
        Act::Split { master, records } => {
            let (_, taken) = joining::split(known.golden.get(master)?, records).ok()?;
            let stem = policy.stem(&policy.remake(&taken, None).customer)?;
            Some(Lookup {
                code_stems: vec![stem],
                ..Lookup::default()
            })
        }
        Act::Approve { review, .. } | Act::Reopen { review } => {
            let review = known.reviews.get(review)?;
            Some(Lookup {
                masters: vec![review.one, review.other],
                ..Lookup::default()
            })
        }
        Act::Pin { field, value, .. } => Some(Lookup {
            keys: pinning::keys_of(field, value),
            ..Lookup::default()
        }),
        Act::Claim { master, .. } | Act::HandOver { master, .. } | Act::GiveUp { master, .. } => {
            let row = known.golden.get(master)?;
            let merged = row.sources.merged.iter().map(|merged| merged.master_id);
            Some(Lookup {
                claims: merged.chain([*master]).collect(),
                ..Lookup::default()
            })
        }
        Act::Affiliate { child, parent, .. } => Some(Lookup {
            parents: vec![*child, *parent],
            ..Lookup::default()
        }),
        Act::Detach { child } => Some(Lookup {
            parents: vec![*child],
            ..Lookup::default()
        }),
        Act::Merge { .. }
        | Act::Unmerge { .. }
        | Act::Reject { .. }
        | Act::Release { .. }
        | Act::ReserveCode { .. }
        | Act::FreeCode { .. }
        | Act::Rest { .. }
        | Act::Grade { .. }
        | Act::DeclineGrade { .. }
        | Act::Rate { .. }
        | Act::SameItem { .. }
        | Act::NewItem { .. } => None,
    }
}

/// Decides a command that was not decided before.
pub(crate) fn decide_command(
    deployment: &Deployment,
    policy: &MasterPolicy,
    envelope: &Envelope,
    command: &Command,
    known: &Known,
) -> Decided {
    let desk = Desk {
        policy,
        known,
        command,
        id: envelope.attributes.id,
        at: envelope.attributes.accepted_at,
    };
    let mut decided = Decided::default();
    let mut attributes = envelope.attributes.clone();
    let (state, verdict) = match desk.decide() {
        Err(Refusal { code, detail }) => {
            let code = code.to_owned();
            let state = InboundState::Refused {
                detail: detail.clone(),
            };
            (state, Verdict::Refused { code, detail })
        }
        Ok(effects) => {
            let changes = Changes::of(known, &effects);
            decided.commit = effects.commit;
            let mut masters = effects.masters;
            for (number, (fact, row)) in effects.events.into_iter().enumerate() {
                masters.push(row.master_id);
                let event = tell(deployment, envelope, number, fact, &row);
                if let InboundState::Routed { targets } = &event.state {
                    let canonical = event.canonical.clone().unwrap_or_default();
                    for target in targets {
                        let parcel = (target.clone(), event.attributes.clone(), canonical.clone());
                        decided.parcels.push(parcel);
                    }
                }
                decided.commit.messages.push(event);
            }
            (InboundState::Done, Verdict::Done { masters, changes })
        }
    };
    let changed = match &verdict {
        Verdict::Done { masters, .. } => masters.first().copied(),
        Verdict::Refused { .. } => None,
    };
    attributes.master_id = changed.or_else(|| command.act.masters().first().copied());
    let entry = Inbound {
        attributes,
        business_key: None,
        origin: envelope.origin.clone(),
        state,
        raw: envelope.raw.clone(),
        canonical: Some(verdict.body()),
    };
    // The command stands before what follows from it.
    decided.commit.messages.insert(0, entry);
    decided
}

/// The event that tells every subscribed system of a golden record.
pub(crate) fn tell(
    deployment: &Deployment,
    envelope: &Envelope,
    number: usize,
    fact: Fact,
    row: &GoldenRow,
) -> Inbound {
    let cause = &envelope.attributes;
    let attributes = Attributes {
        id: follower(cause.id, number),
        kind: MessageKind::of(Entity::Customer, fact),
        source: SystemName::hub(),
        native_id: None,
        causation_id: Some(cause.id),
        ordering_key: lane(row.master_id),
        master_id: Some(row.master_id),
        sequence: Some(row.version),
        ..cause.clone()
    };
    let body = Bytes::from(body(&row.golden.customer).to_string());
    let targets = route(deployment, &attributes, &body, &Recipients::All);
    Inbound {
        business_key: row.golden.customer.code.clone(),
        origin: envelope.origin.clone(),
        // Where a condition cannot be told, the target's own lane will say so.
        state: InboundState::Routed {
            targets: targets.unwrap_or_else(|_| subscribers(deployment)),
        },
        raw: envelope.raw.clone(),
        canonical: Some(body),
        attributes,
    }
}

fn subscribers(deployment: &Deployment) -> Vec<SystemName> {
    let systems = deployment.systems.iter();
    systems
        .filter(|system| system.outlet(Entity::Customer).is_some())
        .map(|system| system.name.clone())
        .collect()
}

/// One command with all that is known for it.
pub(super) struct Desk<'c> {
    pub(super) policy: &'c MasterPolicy,
    pub(super) known: &'c Known,
    pub(super) command: &'c Command,
    pub(super) id: MessageId,
    /// When it was given: what is decided is the same whenever a node comes to it.
    pub(super) at: Timestamp,
}

impl Desk<'_> {
    fn decide(&self) -> Result<Effects, Refusal> {
        match &self.command.act {
            Act::Merge { survivor, merged } => self.merge(*survivor, *merged),
            Act::Unmerge { merged } => self.unmerge(*merged),
            Act::Split { master, records } => self.split(*master, records),
            Act::Approve { review, survivor } => self.approve(*review, *survivor),
            Act::Reject { review } => self.reject(*review),
            Act::Reopen { review } => self.reopen(*review),
            Act::Pin {
                master,
                field,
                value,
            } => self.pin(*master, field, value),
            Act::Release { master, field } => self.release(*master, field),
            Act::Grade {
                master,
                grade,
                credit_days,
                priority,
            } => self.grade(*master, *grade, *credit_days, *priority),
            Act::DeclineGrade { master, .. } => self.decline_grade(*master),
            Act::Rate {
                master,
                cooperation,
            } => self.rate(*master, *cooperation),
            Act::ReserveCode { code } => self.reserve(code),
            Act::FreeCode { code } => self.free(code),
            Act::Claim {
                master,
                owner,
                days,
            } => self.claim(*master, owner, *days),
            Act::HandOver { master, from, to } => self.hand_over(*master, from, to),
            Act::GiveUp { master, owner } => self.give_up(*master, owner),
            Act::Affiliate {
                child,
                parent,
                kind,
            } => self.affiliate(*child, *parent, *kind),
            Act::Detach { child } => self.detach(*child),
            Act::Rest { master } => self.rest(*master),
            Act::SameItem { record, other } => self.same_item(record, other),
            Act::NewItem { record } => self.new_item(record),
        }
    }

    /// The master into which `id` went in the end.
    pub(super) fn root(&self, id: MasterId) -> Result<MasterId, Refusal> {
        let mut row = self.row(id)?;
        while let Some(into) = row.merged_into {
            row = self.row(into)?;
        }
        Ok(row.master_id)
    }

    /// A master by its id, merged or not.
    pub(super) fn row(&self, id: MasterId) -> Result<&GoldenRow, Refusal> {
        match self.known.golden.get(&id) {
            Some(row) => Ok(row),
            None => refuse("master.unknown", format!("there is no master {id}")),
        }
    }

    /// A master that was not merged into another.
    pub(super) fn living(&self, id: MasterId) -> Result<&GoldenRow, Refusal> {
        let row = self.row(id)?;
        match row.merged_into {
            None => Ok(row),
            Some(into) => refuse(
                "master.merged",
                format!("{id} has been merged into {into}; name that one, or undo the merge first"),
            ),
        }
    }

    pub(super) fn merge(&self, survivor: MasterId, merged: MasterId) -> Result<Effects, Refusal> {
        if survivor == merged {
            return refuse(
                "master.itself",
                format!("{survivor} cannot be merged with itself"),
            );
        }
        let (ours, theirs) = (self.living(survivor)?, self.living(merged)?);
        let against = contradiction(&ours.golden.customer, &theirs.golden.customer);
        if let Some(against) = against.filter(|_| self.command.because.trim().is_empty()) {
            return refuse(
                "merge.contradiction",
                format!("{against}; if they are one customer all the same, say why"),
            );
        }
        let version = later_version(ours, theirs);
        let sources = joining::merge(ours, theirs, version);
        // A survivor without a code goes by the other's.
        let code = code(ours).or(code(theirs));
        let joined = self.renewed(survivor, version, sources, code);
        let gone = GoldenRow {
            version,
            sources: Sources::default(),
            merged_into: Some(survivor),
            ..theirs.clone()
        };
        Ok(Effects {
            commit: Commit {
                masters: vec![self.replaces(&joined, ours), self.replaces(&gone, theirs)],
                moves: vec![Move::Merge { survivor, merged }],
                judgements: vec![self.judgement([survivor, merged], ReviewState::Approved, None)],
                lives: vec![self.life(&joined)],
                ..Commit::default()
            },
            events: vec![(Fact::Merged, joined)],
            ..Effects::default()
        })
    }

    fn unmerge(&self, merged: MasterId) -> Result<Effects, Refusal> {
        let gone = self.row(merged)?;
        let Some(survivor) = gone.merged_into else {
            return refuse(
                "master.not_merged",
                format!("{merged} is not merged into another"),
            );
        };
        let ours = self.row(survivor)?;
        if let Some(above) = ours.merged_into {
            return refuse(
                "unmerge.order",
                format!(
                    "{survivor}, into which it was merged, has itself been merged into {above} since; \
                     undo that merge first"
                ),
            );
        }
        let version = later_version(ours, gone);
        let Some((left, taken)) = joining::unmerge(ours, merged, version) else {
            return refuse(
                "master.not_merged",
                format!("{survivor} knows of no merge of {merged}"),
            );
        };
        let members = joining::members(&ours.sources, merged);
        // A survivor that had no code went by the other's.
        let kept = code(ours).filter(|kept| code(gone) != Some(*kept));
        let left = self.renewed(survivor, version, left, kept);
        let back = self.renewed(merged, version, taken, code(gone));
        Ok(Effects {
            commit: Commit {
                masters: vec![self.replaces(&left, ours), self.replaces(&back, gone)],
                moves: vec![Move::Unmerge {
                    survivor,
                    merged,
                    members,
                }],
                judgements: vec![self.judgement([survivor, merged], ReviewState::Rejected, None)],
                lives: vec![self.life(&left), self.life(&back)],
                ..Commit::default()
            },
            events: vec![(Fact::Unmerged, left), (Fact::Unmerged, back)],
            ..Effects::default()
        })
    }

    fn split(&self, master: MasterId, records: &[RecordName]) -> Result<Effects, Refusal> {
        let ours = self.living(master)?;
        let (left, taken) = match joining::split(ours, records) {
            Ok(parts) => parts,
            Err(Unsplittable::Unknown(RecordName { system, native_id })) => {
                return refuse(
                    "record.unknown",
                    format!("{master} has no record {native_id} that {system} told of"),
                );
            }
            Err(Unsplittable::Merged(RecordName { system, native_id }, of)) => {
                return refuse(
                    "record.merged",
                    format!("record {native_id} of {system} came with {of}; undo that merge"),
                );
            }
            Err(Unsplittable::Everything) => {
                return refuse(
                    "split.everything",
                    "name some of its records, not all and not none",
                );
            }
        };
        let version = ours.version + 1;
        let to = MasterId::derive(&["split", &self.id.to_string()]);
        let kept = code(ours).map(code_key);
        let mut keys = joining::own_keys(&left, &taken);
        keys.retain(|key| Some(key) != kept.as_ref());
        let left = self.renewed(master, version, left, code(ours));
        let issued = self.issue(&taken, &keys);
        let split = self.renewed(to, version, taken, issued.as_deref());
        let claimed = issued.as_deref().map(code_key);
        let claimed = claimed.filter(|code| !keys.contains(code));
        Ok(Effects {
            commit: Commit {
                masters: vec![self.replaces(&left, ours), self.write(&split, None)],
                keys: claimed.map(|code| (code, to)).into_iter().collect(),
                moves: vec![Move::Split {
                    from: master,
                    to,
                    records: records
                        .iter()
                        .map(|record| (record.system.clone(), record.native_id.clone()))
                        .collect(),
                    keys,
                }],
                judgements: vec![self.judgement([master, to], ReviewState::Rejected, None)],
                ..Commit::default()
            },
            events: vec![(Fact::Unmerged, left), (Fact::Unmerged, split)],
            ..Effects::default()
        })
    }

    /// The code of a master that is split off: one that comes with it, else a new one.
    fn issue(&self, taken: &Sources, keys: &[MasterKey]) -> Option<String> {
        let customer = self.policy.remake(taken, None).customer;
        let brought = customer
            .code
            .clone()
            .filter(|code| keys.contains(&code_key(code)));
        brought.or_else(|| {
            let taken = |code: &str| self.known.codes.iter().any(|taken| taken == code);
            Some(tenon_master::mnemonic(
                name_of(&customer)?,
                &self.policy.code,
                taken,
            ))
        })
    }

    pub(super) fn replaces(&self, row: &GoldenRow, before: &GoldenRow) -> MasterWrite {
        self.write(row, Some(before.version))
    }

    fn write(&self, row: &GoldenRow, replaces: Option<i64>) -> MasterWrite {
        MasterWrite {
            row: row.clone(),
            replaces,
            message_id: self.id,
        }
    }

    /// The golden record of these sources.
    pub(super) fn renewed(
        &self,
        master_id: MasterId,
        version: i64,
        sources: Sources,
        code: Option<&str>,
    ) -> GoldenRow {
        let golden = self.policy.remake(&sources, code);
        let mut sources = sources;
        joining::remember(&mut sources, version, &golden.customer);
        GoldenRow {
            master_id,
            version,
            golden,
            sources,
            merged_into: None,
        }
    }
}

pub(super) fn code(row: &GoldenRow) -> Option<&str> {
    row.golden.customer.code.as_deref()
}
