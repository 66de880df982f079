//! What the targets were given, judged: lost, twice, out of order. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

/// One effect in a target: which record, and which revision of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Effect {
    pub(super) key: String,
    pub(super) revision: u32,
}

/// What a target's effects break.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Effects that never took place.
    pub(super) missing: Vec<Effect>,
    /// Effects that took place again.
    pub(super) duplicated: Vec<Effect>,
    /// Effects that came after a later one of the same record.
    pub(super) out_of_order: Vec<Effect>,
    /// Effects that nobody asked for.
    pub(super) strange: Vec<Effect>,
}

/// What is to take place: of each record, revisions 1 to the number given.
pub(super) type Expected = BTreeMap<String, u32>;

/// Judges effects, in the order in which they took place, where every revision is to be seen.
pub(super) fn judge(expected: &Expected, effects: &[Effect]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut seen: HashSet<&Effect> = HashSet::new();
    let mut latest: HashMap<&str, u32> = HashMap::new();
    for effect in effects {
        let most = expected.get(&effect.key).copied().unwrap_or(0);
        if effect.revision == 0 || effect.revision > most {
            verdict.strange.push(effect.clone());
            continue;
        }
        if !seen.insert(effect) {
            verdict.duplicated.push(effect.clone());
        }
        let latest = latest.entry(&effect.key).or_default();
        if effect.revision < *latest {
            verdict.out_of_order.push(effect.clone());
        }
        *latest = effect.revision.max(*latest);
    }
    for (key, most) in expected {
        for revision in 1..=*most {
            let key = key.clone();
            let effect = Effect { key, revision };
            if !seen.contains(&effect) {
                verdict.missing.push(effect);
            }
        }
    }
    verdict
}

/// Judges effects of a mastered record: of several revisions a target may be given the last alone,
/// but never an older one after a newer.
pub(super) fn judge_last(expected: &Expected, effects: &[Effect]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut latest: HashMap<&str, u32> = HashMap::new();
    for effect in effects {
        let most = expected.get(&effect.key).copied();
        // Revision 0 stands for what another source said before the first had a word.
        if most.is_none_or(|most| effect.revision > most) {
            verdict.strange.push(effect.clone());
            continue;
        }
        let latest = latest.entry(&effect.key).or_default();
        if effect.revision < *latest {
            verdict.out_of_order.push(effect.clone());
        }
        *latest = effect.revision.max(*latest);
    }
    for (key, last) in expected {
        if latest.get(key.as_str()) != Some(last) {
            let (key, revision) = (key.clone(), *last);
            verdict.missing.push(Effect { key, revision });
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(list: &[(&str, u32)]) -> Vec<Effect> {
        list.iter()
            .map(|(key, revision)| Effect {
                key: (*key).to_owned(),
                revision: *revision,
            })
            .collect()
    }

    fn expected() -> Expected {
        Expected::from([("a".to_owned(), 2), ("b".to_owned(), 1)])
    }

    #[test]
    fn every_revision_once_and_in_order_breaks_nothing() {
        let found = judge(&expected(), &effects(&[("a", 1), ("b", 1), ("a", 2)]));
        assert_eq!(found, Verdict::default());
    }

    #[test]
    fn each_kind_of_break_is_told() {
        let found = judge(
            &expected(),
            &effects(&[("a", 2), ("a", 1), ("a", 2), ("c", 1), ("a", 3)]),
        );
        assert_eq!(found.missing, effects(&[("b", 1)]));
        assert_eq!(found.duplicated, effects(&[("a", 2)]));
        assert_eq!(found.out_of_order, effects(&[("a", 1)]));
        assert_eq!(found.strange, effects(&[("c", 1), ("a", 3)]));
    }

    #[test]
    fn of_a_mastered_record_the_last_revision_is_enough() {
        let found = judge_last(&expected(), &effects(&[("a", 0), ("a", 2), ("b", 1)]));
        assert_eq!(found, Verdict::default());
        let found = judge_last(&expected(), &effects(&[("a", 2), ("a", 1)]));
        assert_eq!(found.out_of_order, effects(&[("a", 1)]));
        assert_eq!(found.missing, effects(&[("b", 1)]));
    }
}
