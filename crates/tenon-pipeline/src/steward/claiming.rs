//! Claims on prospects: one owner at a time, so that two do not chase one customer.

use jiff::SignedDuration;
use tenon_core::{MasterId, Timestamp};
use tenon_store::{ProspectClaim, ProspectClaimWrite};

use super::decide::{Desk, Effects, Refusal, refuse};

/// The longest claim, in days: what is claimed for longer is owned.
const LONGEST: u16 = 366;

impl Desk<'_> {
    /// The claim that holds on a master, or on one that was merged into it.
    fn holding(&self, id: MasterId) -> Result<Option<&ProspectClaim>, Refusal> {
        let row = self.living(id)?;
        let merged = row.sources.merged.iter().map(|merged| merged.master_id);
        let claims = [id].into_iter().chain(merged);
        let mut claims = claims.filter_map(|id| self.known.claims.get(&id));
        Ok(claims.find(|claim| claim.holds_at(self.at)))
    }

    /// The claim of `owner`, who alone may change it.
    fn own(&self, id: MasterId, owner: &str) -> Result<&ProspectClaim, Refusal> {
        match self.holding(id)? {
            Some(claim) if claim.owner == owner => Ok(claim),
            Some(claim) => taken(claim),
            None => refuse("claim.none", format!("nobody has a claim on {id} now")),
        }
    }

    pub(super) fn claim(&self, id: MasterId, owner: &str, days: u16) -> Result<Effects, Refusal> {
        check(owner)?;
        if days == 0 || days > LONGEST {
            return refuse("claim.days", format!("a claim is for 1 to {LONGEST} days"));
        }
        let holding = self.holding(id)?;
        if let Some(other) = holding.filter(|claim| claim.owner != owner) {
            return taken(other);
        }
        let until = self.at + SignedDuration::from_hours(24 * i64::from(days));
        let since = holding.map_or(self.at, |claim| claim.since);
        let on = holding.map_or(id, |claim| claim.master_id);
        Ok(self.written(on, Some((owner, since, until))))
    }

    pub(super) fn hand_over(&self, id: MasterId, from: &str, to: &str) -> Result<Effects, Refusal> {
        check(to)?;
        let claim = self.own(id, from)?;
        if to == from {
            return refuse("claim.owner", "name another owner to hand it over to");
        }
        Ok(self.written(claim.master_id, Some((to, self.at, claim.until))))
    }

    pub(super) fn give_up(&self, id: MasterId, owner: &str) -> Result<Effects, Refusal> {
        let claim = self.own(id, owner)?;
        Ok(self.written(claim.master_id, None))
    }

    fn written(&self, id: MasterId, claim: Option<(&str, Timestamp, Timestamp)>) -> Effects {
        let claim = claim.map(|(owner, since, until)| ProspectClaim {
            master_id: id,
            owner: owner.to_owned(),
            since,
            until,
            message_id: self.id,
        });
        let mut effects = Effects::default();
        effects.commit.claims.push(ProspectClaimWrite {
            master_id: id,
            claim,
            replaces: self.known.claims.get(&id).map(|claim| claim.message_id),
        });
        effects
    }
}

fn check(owner: &str) -> Result<(), Refusal> {
    if owner.trim().is_empty() || owner.chars().count() > 100 {
        return refuse("claim.owner", "an owner has a name of 1 to 100 characters");
    }
    Ok(())
}

fn taken<T>(claim: &ProspectClaim) -> Result<T, Refusal> {
    refuse(
        "claim.taken",
        format!(
            "{} is claimed by {} until {}",
            claim.master_id, claim.owner, claim.until
        ),
    )
}
