//! Learning from reviews that were decided.

use super::*;

/// Records of which many pairs are doubtful: one contact and one mobile, and trades that differ.
fn doubtful() -> Vec<Profile> {
    let firsts = "澜屿禾舟棠砚麦柏沐简".chars();
    let brands = firsts.flat_map(|first| {
        let seconds = "竹蔚鹿梧槐岚".chars();
        seconds.map(move |second| format!("{first}{second}"))
    });
    let lines = brands.enumerate().flat_map(|(number, brand)| {
        let mobile = format!("139{:08}", 16_220_000 + number * 7_919);
        [
            format!("福州{brand}轴承有限公司||{mobile}|||沈若清|福州"),
            format!("{brand}电缆||{mobile}|||沈总|福州"),
        ]
    });
    lines.map(|line| profile(&line)).collect()
}

#[test]
fn decisions_become_less_surprising_and_the_same_each_time() {
    let profiles = doubtful();
    let policy = MatchPolicy {
        review_bits: -20.0,
        same_bits: 40.0,
        ..MatchPolicy::default()
    };
    let review = dedupe(&profiles, &policy, 2).review;
    assert!(review.len() >= 20, "{}", review.len());
    // A firm that trades in two things is one here, whatever the defaults make of it.
    let decided: Vec<(&Suggestion, bool)> = review
        .iter()
        .map(|pair| (pair, pair.one / 2 == pair.other / 2))
        .collect();
    let learnt = learn(&policy, &decided, profiles.len());
    assert_eq!(learnt.decisions, review.len());
    assert!(
        learnt.surprise.1 < learnt.surprise.0,
        "{:?}",
        learnt.surprise
    );
    assert_eq!(learnt, learn(&policy, &decided, profiles.len()));
    let before = |level| policy::Weights::of(&policy).get(level);
    let trade = learnt.policy.weights[&Level::TradeDiffers];
    assert!(
        trade.stranger > before(Level::TradeDiffers).stranger,
        "{trade:?}"
    );
    // What no decision shows is left alone, and nothing goes far.
    assert!(!learnt.policy.weights.contains_key(&Level::TaxIdSame));
    for (level, weight) in &learnt.policy.weights {
        let before = before(*level);
        assert!(
            (weight.group - before.group).abs() <= 1.51
                && (weight.stranger - before.stranger).abs() <= 1.51
        );
        assert_eq!(weight.rarity, before.rarity);
    }
}

#[test]
fn nothing_decided_teaches_nothing() {
    let learnt = learn(&MatchPolicy::default(), &[], 100);
    assert_eq!(
        (learnt.policy, learnt.decisions),
        (MatchPolicy::default(), 0)
    );
}
