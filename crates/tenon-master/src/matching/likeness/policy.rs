//! The parameters of likeness. Every one has a default that needs no tuning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one comparison can come to. Each level has a [`Weight`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    /// The brand is the same.
    BrandSame,
    /// The brand is written otherwise and sounds the same.
    BrandSoundsSame,
    /// A Latin brand sounds like a Chinese one.
    BrandTranslated,
    /// The brands are one slip of the keyboard apart.
    BrandOneSlip,
    /// The brands differ.
    BrandDiffers,
    /// One company of that brand is known in the city, by its valid tax ids, or none.
    BrandOfOne,
    /// Several companies of that brand are known in the city, by their valid tax ids.
    BrandOfSeveral,
    /// The trade is the same.
    TradeSame,
    /// One trade is a short form of the other, or its translation.
    TradeShortened,
    /// The trades differ.
    TradeDiffers,
    /// The names state the same city.
    PlaceSame,
    /// The names state different places.
    PlaceDiffers,
    /// The legal form is the same.
    FormSame,
    /// The legal forms differ.
    FormDiffers,
    /// The full registered name is the same.
    WholeNameSame,
    /// Brand, trade and city are the same and no legal form differs: a sister would differ in one.
    NamePartsSame,
    /// One may be a branch of the other: it does not say.
    BranchUncertain,
    /// The branch is the same.
    BranchSame,
    /// The tax id is valid and the same.
    TaxIdSame,
    /// The tax ids are one slip apart and at least one of them does not check.
    TaxIdOneSlip,
    /// The tax ids are far apart and at least one of them does not check.
    TaxIdFarApart,
    /// The mobile number is the same.
    MobileSame,
    /// The landline number is the same.
    LandlineSame,
    /// The number is the same, and other legal persons use it too.
    PhoneShared,
    /// The numbers differ.
    PhoneDiffers,
    /// The mailbox is the same.
    MailboxSame,
    /// The mailbox is the same, and other legal persons use it too.
    MailboxShared,
    /// The mail domain is the same, and is a company's.
    DomainSame,
    /// The mail domains are two companies'.
    DomainDiffers,
    /// The address is the same to the room.
    AddressSame,
    /// Road and number are the same.
    StreetSame,
    /// Road and number are the same, and other legal persons sit there too.
    StreetShared,
    /// The addresses differ.
    AddressDiffers,
    /// The contact person is the same.
    PersonSame,
    /// The person is the same, and acts for other legal persons too.
    PersonShared,
    /// The surname is the same where only that is given.
    PersonFits,
    /// The persons differ.
    PersonDiffers,
    /// The customer code has the same letters.
    CodeSame,
    /// The codes' letters differ.
    CodeDiffers,
    /// The city is the same.
    CitySame,
    /// The cities differ.
    CityDiffers,
}

impl Level {
    /// How many levels there are.
    pub(super) const COUNT: usize = Self::CityDiffers as usize + 1;

    /// In words, for a steward.
    pub fn describe(self) -> &'static str {
        match self {
            Self::BrandSame => "the brand is the same",
            Self::BrandSoundsSame => "the brand sounds the same",
            Self::BrandTranslated => "the Latin brand sounds like the Chinese one",
            Self::BrandOneSlip => "the brands are one slip apart",
            Self::BrandDiffers => "the brands differ",
            Self::BrandOfOne => "no second company of the brand is known there",
            Self::BrandOfSeveral => "several companies of the brand are known there",
            Self::TradeSame => "the trade is the same",
            Self::TradeShortened => "one trade is a short form of the other",
            Self::TradeDiffers => "the trades differ",
            Self::PlaceSame => "the names state the same city",
            Self::PlaceDiffers => "the names state different places",
            Self::FormSame => "the legal form is the same",
            Self::FormDiffers => "the legal forms differ",
            Self::WholeNameSame => "the registered name is the same",
            Self::NamePartsSame => "brand, trade and city agree",
            Self::BranchUncertain => "one may be a branch of the other",
            Self::BranchSame => "the branch is the same",
            Self::TaxIdSame => "the valid tax id is the same",
            Self::TaxIdOneSlip => "the tax ids are one slip apart",
            Self::TaxIdFarApart => "the tax ids are far apart",
            Self::MobileSame => "the mobile number is the same",
            Self::LandlineSame => "the landline number is the same",
            Self::PhoneShared => "the phone is the same, others use it too",
            Self::PhoneDiffers => "the phones differ",
            Self::MailboxSame => "the mailbox is the same",
            Self::MailboxShared => "the mailbox is the same, others use it too",
            Self::DomainSame => "the mail domain is the same",
            Self::DomainDiffers => "the mail domains differ",
            Self::AddressSame => "the address is the same",
            Self::StreetSame => "road and number are the same",
            Self::StreetShared => "road and number are the same, others sit there too",
            Self::AddressDiffers => "the addresses differ",
            Self::PersonSame => "the contact is the same",
            Self::PersonShared => "the contact is the same, and acts for others too",
            Self::PersonFits => "the contact may be the same",
            Self::PersonDiffers => "the contacts differ",
            Self::CodeSame => "the code is the same",
            Self::CodeDiffers => "the codes differ",
            Self::CitySame => "the city is the same",
            Self::CityDiffers => "the cities differ",
        }
    }
}

/// How much a level counts, in bits: each bit doubles the odds that two records are one legal person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// Against being two companies of one group: sisters, a company and its branch.
    pub group: f32,
    /// Against being strangers, rarity apart.
    #[serde(default)]
    pub stranger: f32,
    /// Against being strangers, for each bit by which the shared value is rare.
    #[serde(default)]
    pub rarity: f32,
}

/// The parameters of likeness.
///
/// Two records are the same legal person, or two of one group, or strangers. A comparison weighs
/// against both alternatives, and the nearer of them decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchPolicy {
    /// Bits from which records are merged by machine.
    pub same_bits: f32,
    /// Bits by which the best candidate must lead before the next that is another company.
    pub lead_bits: f32,
    /// Bits from which a pair is put before a steward.
    pub review_bits: f32,
    /// Suggestions a record or cluster is given at most.
    pub suggestions: usize,
    /// Bits of the odds, before any evidence, that two records with one brand are one legal person
    /// and not two of a group.
    pub group_prior_bits: f32,
    /// Bits that make up for strangers being so many; their count is taken off beforehand.
    pub stranger_prior_bits: f32,
    /// Records under one key beyond which the key leads nowhere: an agent's phone, a bare brand.
    pub crowd: usize,
    /// Weights that differ from the defaults.
    pub weights: BTreeMap<Level, Weight>,
}

impl Default for MatchPolicy {
    fn default() -> Self {
        Self {
            same_bits: 6.0,
            lead_bits: 5.0,
            review_bits: 2.2,
            suggestions: 1,
            group_prior_bits: -1.4,
            stranger_prior_bits: 4.5,
            crowd: 80,
            weights: BTreeMap::new(),
        }
    }
}

/// The weights of all levels, by their number.
#[derive(Debug, Clone)]
pub(super) struct Weights([Weight; Level::COUNT]);

impl Weights {
    pub(super) fn of(policy: &MatchPolicy) -> Self {
        let mut weights = [Weight::default(); Level::COUNT];
        for (level, group, stranger, rarity) in DEFAULTS {
            weights[level as usize] = Weight {
                group,
                stranger,
                rarity,
            };
        }
        for (level, weight) in &policy.weights {
            weights[*level as usize] = *weight;
        }
        Self(weights)
    }

    pub(super) fn get(&self, level: Level) -> Weight {
        self.0[level as usize]
    }
}

/// Level, bits against a group's other company, bits against strangers, share of the rarity.
const DEFAULTS: [(Level, f32, f32, f32); Level::COUNT] = [
    (Level::BrandSame, 2.7, -3.5, 1.05),
    (Level::BrandSoundsSame, 0.8, -6.5, 0.85),
    (Level::BrandTranslated, 2.0, -1.5, 0.75),
    (Level::BrandOneSlip, -1.2, -2.0, 0.4),
    (Level::BrandDiffers, 0.0, -1.0, 0.0),
    (Level::BrandOfOne, 1.1, 2.2, 0.0),
    (Level::BrandOfSeveral, -1.9, 0.5, 0.0),
    (Level::TradeSame, -0.2, -0.3, 0.55),
    (Level::TradeShortened, 0.0, 2.5, 0.0),
    (Level::TradeDiffers, -4.7, -6.8, 0.0),
    (Level::PlaceSame, 0.0, 0.6, 0.0),
    (Level::PlaceDiffers, -0.9, -0.6, 0.0),
    (Level::FormSame, -0.2, 0.0, 0.0),
    (Level::FormDiffers, -1.8, -2.8, 0.0),
    (Level::WholeNameSame, 6.2, 2.8, 0.0),
    (Level::NamePartsSame, 2.0, 0.5, 0.0),
    (Level::BranchUncertain, -4.0, -1.0, 0.0),
    (Level::BranchSame, 6.0, 2.3, 0.0),
    (Level::TaxIdSame, 8.5, 11.8, 0.0),
    (Level::TaxIdOneSlip, 5.8, 6.0, 0.0),
    (Level::TaxIdFarApart, -4.2, -4.6, 0.0),
    (Level::MobileSame, 6.5, -1.0, 0.7),
    (Level::LandlineSame, 2.2, 0.2, 1.0),
    (Level::PhoneShared, 0.1, 0.2, 0.9),
    (Level::PhoneDiffers, -0.8, -0.9, 0.0),
    (Level::MailboxSame, 6.0, 0.1, 0.85),
    (Level::MailboxShared, 0.1, 0.0, 0.7),
    (Level::DomainSame, 0.1, -0.3, 0.33),
    (Level::DomainDiffers, -2.0, -4.5, 0.0),
    (Level::AddressSame, 2.1, 0.1, 0.5),
    (Level::StreetSame, 2.0, -0.5, 0.23),
    (Level::StreetShared, -0.4, -0.3, 0.35),
    (Level::AddressDiffers, -1.5, -1.8, 0.0),
    (Level::PersonSame, 1.3, -1.7, 0.58),
    (Level::PersonShared, -0.6, -0.3, 0.48),
    (Level::PersonFits, -0.3, 3.0, 0.0),
    (Level::PersonDiffers, -1.1, 1.8, 0.0),
    (Level::CodeSame, 0.6, 1.3, 0.0),
    (Level::CodeDiffers, -1.0, -1.5, 0.0),
    (Level::CitySame, 1.2, 2.3, 0.34),
    (Level::CityDiffers, -5.1, -6.3, 0.0),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_level_has_one_default() {
        let levels: BTreeSet<Level> = DEFAULTS.iter().map(|(level, ..)| *level).collect();
        assert_eq!(levels.len(), Level::COUNT);
    }

    #[test]
    fn a_weight_of_ones_own_wins() {
        let text = r#"{"crowd": 40, "weights": {"city_differs": {"group": -9.0}}}"#;
        let policy: MatchPolicy = serde_json::from_str(text).unwrap();
        assert_eq!(policy.crowd, 40);
        assert_eq!(policy.same_bits, MatchPolicy::default().same_bits);
        assert_eq!(Weights::of(&policy).get(Level::CityDiffers).group, -9.0);
        assert!(serde_json::from_str::<MatchPolicy>(r#"{"crowds": 40}"#).is_err());
        assert!(
            serde_json::from_str::<MatchPolicy>(r#"{"weights": {"citty": {"group": 1}}}"#).is_err()
        );
    }
}
