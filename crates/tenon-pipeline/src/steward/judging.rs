//! What people say of pairs that may be one customer, and take back.

use tenon_core::MasterId;
use tenon_store::{Judgement, Review, ReviewId, ReviewState};

use super::decide::{Desk, Effects, Refusal, refuse};

/// How a pair stands that is to be decided.
const OPEN: Option<ReviewState> = Some(ReviewState::Open);

impl Desk<'_> {
    fn review(&self, id: ReviewId) -> Result<&Review, Refusal> {
        match self.known.reviews.get(&id) {
            Some(review) => Ok(review),
            None => refuse("review.unknown", format!("there is no review {}", id.0)),
        }
    }

    /// A review that nobody has decided.
    fn open(&self, id: ReviewId) -> Result<&Review, Refusal> {
        let review = self.review(id)?;
        match review.state {
            ReviewState::Open => Ok(review),
            state => refuse(
                "review.decided",
                format!("review {} is {} already", id.0, state.as_str()),
            ),
        }
    }

    pub(super) fn judgement(
        &self,
        pair: [MasterId; 2],
        state: ReviewState,
        replaces: Option<ReviewState>,
    ) -> Judgement {
        Judgement {
            one: pair[0],
            other: pair[1],
            state,
            by: self.command.by.clone(),
            because: self.command.because.clone(),
            message_id: self.id,
            replaces,
        }
    }

    pub(super) fn approve(
        &self,
        id: ReviewId,
        survivor: Option<MasterId>,
    ) -> Result<Effects, Refusal> {
        let review = self.open(id)?;
        let pair = [review.one, review.other];
        // Either may have been merged with a third meanwhile.
        let [one, other] = [self.root(pair[0])?, self.root(pair[1])?];
        let judgement = self.judgement(pair, ReviewState::Approved, OPEN);
        if one == other {
            let mut effects = Effects::default();
            effects.commit.judgements.push(judgement);
            return Ok(effects);
        }
        let survivor = survivor.unwrap_or(one);
        let merged = match survivor {
            id if id == one => other,
            id if id == other => one,
            id => return refuse("review.survivor", format!("{id} is neither of the two")),
        };
        let mut effects = self.merge(survivor, merged)?;
        if pair.contains(&survivor) && pair.contains(&merged) {
            effects.commit.judgements.clear();
        }
        effects.commit.judgements.push(judgement);
        Ok(effects)
    }

    pub(super) fn reject(&self, id: ReviewId) -> Result<Effects, Refusal> {
        let review = self.open(id)?;
        let mut effects = Effects::default();
        let pair = [review.one, review.other];
        let judgement = self.judgement(pair, ReviewState::Rejected, OPEN);
        effects.commit.judgements.push(judgement);
        Ok(effects)
    }

    /// Takes back what was said of a pair that is two masters: it is asked about again.
    pub(super) fn reopen(&self, id: ReviewId) -> Result<Effects, Refusal> {
        let review = self.review(id)?;
        if review.state == ReviewState::Open {
            return refuse("review.open", format!("review {} is open", id.0));
        }
        let pair = [review.one, review.other];
        if self.root(pair[0])? == self.root(pair[1])? {
            return refuse(
                "review.merged",
                format!(
                    "the two of review {} are one customer; undo the merge first",
                    id.0
                ),
            );
        }
        let mut effects = Effects::default();
        let judgement = self.judgement(pair, ReviewState::Open, Some(review.state));
        effects.commit.judgements.push(judgement);
        Ok(effects)
    }
}
