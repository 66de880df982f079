//! Who belongs to whom: a branch to its head office, a company to its group.

use tenon_core::MasterId;
use tenon_store::{Affiliation, Belonging, BelongingWrite};

use super::decide::{Desk, Effects, Refusal, refuse};

impl Desk<'_> {
    fn above(&self, id: MasterId) -> &[Belonging] {
        self.known.parents.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn affiliate(
        &self,
        child: MasterId,
        parent: MasterId,
        kind: Affiliation,
    ) -> Result<Effects, Refusal> {
        self.living(child)?;
        self.living(parent)?;
        let above = self.above(parent);
        if child == parent || above.iter().any(|belonging| belonging.parent == child) {
            return refuse(
                "hierarchy.cycle",
                format!(
                    "{parent} belongs to {child}, directly or through others; it cannot be the other way round too"
                ),
            );
        }
        if kind == Affiliation::Branch && above.first().is_some_and(|up| up.kind == kind) {
            return refuse(
                "hierarchy.branch",
                format!("{parent} is a branch itself; name its head office"),
            );
        }
        Ok(self.belonging(child, Some((parent, kind))))
    }

    pub(super) fn detach(&self, child: MasterId) -> Result<Effects, Refusal> {
        self.living(child)?;
        if self.above(child).is_empty() {
            return refuse("hierarchy.none", format!("{child} belongs to nobody"));
        }
        Ok(self.belonging(child, None))
    }

    fn belonging(&self, child: MasterId, to: Option<(MasterId, Affiliation)>) -> Effects {
        let mut effects = Effects::default();
        effects.commit.belongings.push(BelongingWrite {
            child,
            to,
            message_id: self.id,
            yields: false,
        });
        effects
    }
}
