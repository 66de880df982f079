//! Shows people two masters beside each other: those that they are to decide about, those that they decided, and any
//! other two.

use serde::Serialize;
use serde_json::{Value, json};
use tenon_core::customer::Customer;
use tenon_core::{Failure, MasterId};
use tenon_master::contradiction;
use tenon_master::likeness::{MatchPolicy, Rejected, Traits, judge};
use tenon_store::{Decided, GoldenRow, Known, Lookup, Review, ReviewId, ReviewState, Version};

use super::{Act, MasterView, Steward, body};
use crate::courier::store_failure;

/// A review with both its sides as they are now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewView {
    /// What is asked, why, and what was said.
    pub review: Review,
    /// The two masters, the elder first; of one that was merged, the survivor.
    pub sides: Vec<MasterView>,
    /// The fields that both state differently, as they are before they are masked: two masks look alike.
    pub differs: Vec<String>,
}

/// Any two masters beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The two; of one that was merged, the survivor.
    pub sides: Vec<MasterView>,
    /// The fields that both state differently, as they are before they are masked.
    pub differs: Vec<String>,
    /// What speaks for and against their being one, as a review has it: `probability`, `reasons`, and `forbidden`, the
    /// hard rule that says that they are two.
    pub evidence: Value,
}

/// A pair that a person decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewDecision {
    /// What was asked, and what was said.
    pub review: Review,
    /// The two, the elder first; one that was merged as it stood.
    pub sides: Vec<NamedMaster>,
    /// The command that takes the decision back; nothing where other merges stand in the way.
    pub undo: Option<Act>,
}

/// A master by its names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedMaster {
    /// The master.
    pub master_id: MasterId,
    /// Its code.
    pub code: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// The master into which it was merged.
    pub merged_into: Option<MasterId>,
}

impl From<&GoldenRow> for NamedMaster {
    fn from(row: &GoldenRow) -> Self {
        Self::called(row.master_id, &row.golden.customer, row.merged_into)
    }
}

impl From<&Version> for NamedMaster {
    fn from(version: &Version) -> Self {
        Self::called(
            version.master_id,
            &version.golden.customer,
            version.merged_into,
        )
    }
}

impl NamedMaster {
    fn called(master_id: MasterId, customer: &Customer, merged_into: Option<MasterId>) -> Self {
        let name = customer
            .legal_name
            .as_ref()
            .or(customer.short_name.as_ref());
        Self {
            master_id,
            code: customer.code.clone(),
            name: name.cloned(),
            merged_into,
        }
    }
}

/// The fields that both records state, and state differently.
fn differing(one: &Value, other: &Value) -> Vec<String> {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else {
        return Vec::new();
    };
    let differ = one.iter().filter(|(field, value)| {
        let other = other.get(*field).filter(|other| !other.is_null());
        !value.is_null() && other.is_some_and(|other| other != *value)
    });
    differ.map(|(field, _)| field.clone()).collect()
}

/// The master into which one went in the end.
fn root(mut id: MasterId, known: &Known) -> MasterId {
    while let Some(into) = known.golden.get(&id).and_then(|row| row.merged_into) {
        id = into;
    }
    id
}

/// The command that takes back what was said of a pair.
fn undo(review: &Review, known: &Known) -> Option<Act> {
    let ends = [review.one, review.other].map(|id| root(id, known));
    if ends[0] != ends[1] {
        return Some(Act::Reopen { review: review.id });
    }
    let into = |id: MasterId| known.golden.get(&id).and_then(|row| row.merged_into);
    // Parted are two of which one went into the other, that stands for itself.
    let merged = match (into(review.one), into(review.other)) {
        (Some(survivor), None) if survivor == review.other => review.one,
        (None, Some(survivor)) if survivor == review.one => review.other,
        _ => return None,
    };
    (review.state == ReviewState::Approved).then_some(Act::Unmerge { merged })
}

impl Steward {
    /// A review with both its sides, to be seen beside each other.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn review(&self, id: ReviewId) -> Result<Option<ReviewView>, Failure> {
        let review = self.store.review(id).await;
        let Some(review) = review.map_err(|error| store_failure(&error))? else {
            return Ok(None);
        };
        let (sides, whole) = self.beside([review.one, review.other]).await?;
        Ok(Some(ReviewView {
            review,
            sides,
            differs: differences(&whole),
        }))
    }

    /// Two masters beside each other, and what speaks for and against their being one; `None` where one is unknown.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn compare(
        &self,
        policy: &MatchPolicy,
        pair: [MasterId; 2],
    ) -> Result<Option<Comparison>, Failure> {
        let (sides, whole) = self.beside(pair).await?;
        let [one, other] = whole.as_slice() else {
            return Ok(None);
        };
        let traits = |row: &GoldenRow| {
            let statements = row.sources.statements.iter();
            Traits::of(statements.map(|it| &it.record.customer))
        };
        let (mine, theirs) = (traits(one), (other.master_id, traits(other)));
        let likeness = self.store.likeness().await;
        let mut likeness = likeness.map_err(|error| store_failure(&error))?;
        // How many others have what both have is asked too: it says less the more they are.
        let found = likeness.postings(&mine.keys(), policy.crowd, None).await;
        let (postings, _) = found.map_err(|error| store_failure(&error))?;
        // What a merge of them is refused for, unless somebody says why.
        let against = contradiction(&one.golden.customer, &other.golden.customer);
        let judged = judge(&mine, &[theirs], &postings, &Rejected::new(), policy);
        let evidence = judged.ranking.first().map(|ranked| {
            let reasons = ranked.score.reasons.iter().map(|reason| {
                json!({ "finding": reason.level, "text": reason.level.describe(), "bits": reason.bits })
            });
            json!({
                "probability": ranked.score.probability(),
                "reasons": reasons.collect::<Vec<_>>(),
                "forbidden": against,
            })
        });
        Ok(Some(Comparison {
            sides,
            differs: differences(&whole),
            evidence: evidence.unwrap_or_default(),
        }))
    }

    /// Pairs that people decided, the latest decision first, at most `limit` after the cursor `after`; only those in
    /// `state`, if given. And the cursor of the next page, where there is one.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn decisions(
        &self,
        state: Option<ReviewState>,
        after: Option<Decided>,
        limit: u32,
    ) -> Result<(Vec<ReviewDecision>, Option<Decided>), Failure> {
        let reviews = self.store.decided_reviews(state, after, limit).await;
        let reviews = reviews.map_err(|error| store_failure(&error))?;
        let next = reviews.last().and_then(Review::decided);
        let next = next.filter(|_| reviews.len() == limit as usize);
        let pairs = reviews.iter().flat_map(|review| [review.one, review.other]);
        let lookup = Lookup {
            masters: pairs.collect(),
            ..Lookup::default()
        };
        let known = self.store.look_up(&lookup).await;
        let known = known.map_err(|error| store_failure(&error))?;
        let decisions = reviews.into_iter().map(|review| {
            let pair = [review.one, review.other].into_iter();
            let sides = pair.filter_map(|id| known.golden.get(&id));
            ReviewDecision {
                sides: sides.map(NamedMaster::from).collect(),
                undo: undo(&review, &known),
                review,
            }
        });
        Ok((decisions.collect(), next))
    }

    /// Masters as they are seen, and as they are; of one that was merged, the survivor.
    async fn beside(
        &self,
        pair: [MasterId; 2],
    ) -> Result<(Vec<MasterView>, Vec<GoldenRow>), Failure> {
        let (mut sides, mut whole) = (Vec::new(), Vec::new());
        for side in pair {
            let mut next = Some(side);
            while let Some(view) = match next {
                Some(id) => self.show(id).await?,
                None => None,
            } {
                next = view.merged_into;
                if next.is_none() {
                    let row = self.store.golden(view.master_id).await;
                    whole.extend(row.map_err(|error| store_failure(&error))?);
                    sides.push(view);
                }
            }
        }
        Ok((sides, whole))
    }
}

fn differences(whole: &[GoldenRow]) -> Vec<String> {
    match whole {
        [one, other] => differing(&body(&one.golden.customer), &body(&other.golden.customer)),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenon_core::{Entity, MessageKind, schema};

    use super::*;

    #[test]
    fn values_whose_masks_look_alike_differ() {
        let one =
            json!({ "phones": ["021-60000001"], "emails": ["a@x.cn"], "code": "K", "city": null });
        let other = json!({ "phones": ["021-60000002"], "emails": ["a@x.cn"], "city": "上海" });
        assert_eq!(differing(&one, &other), ["phones"]);
        let schema = schema(MessageKind::current(Entity::Customer)).unwrap();
        let masked = |mut record: Value| {
            schema.mask(&mut record);
            record
        };
        assert_eq!(masked(one)["phones"], masked(other)["phones"]);
    }
}
