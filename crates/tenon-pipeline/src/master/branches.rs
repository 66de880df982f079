//! Branches and their head offices: who is a branch by its name belongs to who bears the name before it.

use tenon_core::customer::Customer;
use tenon_core::{MasterId, MessageId};
use tenon_master::likeness::Judgement;
use tenon_master::{Contradiction, head_office_key, keys};
use tenon_store::{Affiliation, BelongingWrite};

use super::{Desk, RESERVED};

impl Desk<'_> {
    /// Says that a new master belongs to its head office, if that is known.
    pub(super) fn attach(&mut self, child: MasterId, customer: &Customer, message_id: MessageId) {
        let head = head_office_key(customer).and_then(|key| self.keys.get(&key).copied());
        if let Some(head) = head.filter(|head| *head != RESERVED) {
            self.belongs_to(child, head, message_id);
        }
    }

    /// Says of branches that were there before a new master that they belong to it.
    pub(super) fn adopt(
        &mut self,
        head: MasterId,
        customer: &Customer,
        judgement: &Judgement,
        message_id: MessageId,
    ) {
        let own = keys(customer);
        let branches = judgement.ranking.iter().filter(|ranked| {
            ranked.forbidden == Some(Contradiction::BranchAndHeadOffice)
                && self.golden.get(&ranked.master_id).is_some_and(|row| {
                    let key = head_office_key(&row.golden.customer);
                    row.merged_into.is_none() && key.is_some_and(|key| own.contains(&key))
                })
        });
        let branches: Vec<MasterId> = branches.map(|ranked| ranked.master_id).collect();
        for branch in branches {
            self.belongs_to(branch, head, message_id);
        }
    }

    fn belongs_to(&mut self, child: MasterId, head: MasterId, message_id: MessageId) {
        if child != head {
            self.belongings.push(BelongingWrite {
                child,
                to: Some((head, Affiliation::Branch)),
                message_id,
                yields: true,
            });
        }
    }
}
