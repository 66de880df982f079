//! The companies as they are, before any system writes down its part of them.

use std::collections::HashSet;

use super::registration::credit_code;
use super::words::{
    BANKS, BRAND_FIRST, BRAND_SECOND, FOREIGNERS, FORM, Foreigner, GIVEN, PLACES, Place, STREETS,
    SURNAMES, TRADES,
};
use crate::dice::Dice;

/// How many of everything there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Companies of the real world.
    pub(crate) companies: usize,
    /// Orders that the sellers take, each billed once.
    pub(crate) orders: usize,
    /// Articles that the factory makes.
    pub(crate) items: usize,
    /// Companies of which no system knows registered name or tax id.
    pub(crate) unnamed: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            companies: 2_000,
            orders: 5_000,
            items: 60,
            unnamed: 20,
        }
    }
}

/// What is special about a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Ordinary,
    /// Its registration stands in no system: whatever is billed to it has to wait.
    Unnamed,
    /// The ERP has it under a name with a mistake and without tax id: no exact rule joins the two.
    Strayed,
    /// A registered branch of another company, with a tax id of its own.
    Branch,
    /// Named almost as another company, and not the same.
    Sister,
    /// Abroad.
    Foreign,
}

/// Which systems know a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownTo {
    pub(super) crm: bool,
    pub(super) erp: bool,
    pub(super) invoicing: bool,
}

/// A company of the real world.
#[derive(Debug, Clone)]
pub(super) struct Company {
    /// Its place in the list, from 0.
    pub(super) index: usize,
    pub(super) role: Role,
    pub(super) known_to: KnownTo,
    /// The name in the register, exactly.
    pub(super) legal_name: String,
    /// What the sellers call it.
    pub(super) short_name: String,
    /// A short name that is part of the registered one.
    pub(super) brand: String,
    /// Its registration, exactly.
    pub(super) tax_id: String,
    pub(super) region: String,
    pub(super) city: String,
    pub(super) street: String,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) contact: String,
    pub(super) mobile: String,
    pub(super) bank: String,
    pub(super) account: String,
    pub(super) currency: &'static str,
}

impl Company {
    pub(super) fn is_foreign(&self) -> bool {
        self.role == Role::Foreign
    }

    /// Whether an invoice can be made out to it from what the systems know together.
    pub(super) fn can_be_billed(&self) -> bool {
        self.role != Role::Unnamed
    }
}

/// Invents the companies of one seed.
pub(super) fn companies(seed: u64, sizes: Sizes) -> Vec<Company> {
    let total = sizes.companies;
    let mut roles = Vec::with_capacity(total);
    for (role, count) in [
        (Role::Foreign, FOREIGNERS.len().min(total / 8)),
        (Role::Unnamed, sizes.unnamed.min(total / 4)),
        (Role::Strayed, total / 20),
    ] {
        roles.extend(std::iter::repeat_n(role, count));
    }
    // The rest of the list: ordinary companies first, so that branches and sisters find their models.
    let late = total / 20;
    let ordinary = total.saturating_sub(roles.len() + late);
    roles.extend(std::iter::repeat_n(Role::Ordinary, ordinary));
    roles.extend((0..late).map(|index| {
        if index % 2 == 0 {
            Role::Branch
        } else {
            Role::Sister
        }
    }));
    roles.truncate(total);

    let mut naming = Naming {
        seed,
        taken: HashSet::new(),
    };
    let mut companies: Vec<Company> = Vec::with_capacity(total);
    for (index, role) in roles.into_iter().enumerate() {
        let company = match role {
            Role::Foreign => naming.foreign(index, &FOREIGNERS[index]),
            Role::Branch | Role::Sister => {
                let models: Vec<&Company> = companies
                    .iter()
                    .filter(|company| company.role == Role::Ordinary)
                    .collect();
                match models.get(Dice::new(seed, "model", index).below(models.len().max(1))) {
                    Some(model) => naming.after(index, role, model),
                    None => naming.domestic(index, Role::Ordinary),
                }
            }
            _ => naming.domestic(index, role),
        };
        companies.push(company);
    }
    companies
}

fn known_to(role: Role, dice: &mut Dice) -> KnownTo {
    let all = KnownTo {
        crm: true,
        erp: true,
        invoicing: true,
    };
    let sold_and_booked = KnownTo {
        invoicing: false,
        ..all
    };
    match role {
        Role::Unnamed => sold_and_booked,
        Role::Strayed => all,
        Role::Foreign | Role::Branch | Role::Sister if dice.chance(50) => all,
        Role::Foreign | Role::Branch | Role::Sister => sold_and_booked,
        Role::Ordinary => match dice.below(100) {
            0..40 => all,
            40..70 => sold_and_booked,
            70..85 => KnownTo { erp: false, ..all },
            _ => KnownTo { crm: false, ..all },
        },
    }
}

/// Gives names out, each once.
struct Naming {
    seed: u64,
    taken: HashSet<String>,
}

impl Naming {
    fn domestic(&mut self, index: usize, role: Role) -> Company {
        let mut dice = Dice::new(self.seed, "company", index);
        let (place, brand, trade) = loop {
            let place = dice.pick(&PLACES);
            let brand = format!("{}{}", dice.pick(BRAND_FIRST), dice.pick(BRAND_SECOND));
            let trade = *dice.pick(TRADES);
            if self.taken.insert(format!("{}{brand}{trade}", place.short)) {
                break (place, brand, trade);
            }
        };
        let legal_name = if dice.chance(20) {
            format!("{brand}（{}）{trade}{FORM}", place.short)
        } else {
            format!("{}{brand}{trade}{FORM}", place.short)
        };
        let short_name = match (role, dice.below(3)) {
            // A name that no register has, and that belongs to one company only.
            (Role::Unnamed, _) => {
                format!("{}{}老{}家{index}", place.short, brand, dice.pick(SURNAMES))
            }
            (_, 0) => brand.clone(),
            (_, 1) => format!("{}{brand}", place.short),
            _ => format!("{brand}{trade}"),
        };
        let known_to = known_to(role, &mut dice);
        let tax_id = credit_code(place.division, self.serial(index));
        self.settled(
            index, role, known_to, place, legal_name, short_name, brand, tax_id,
        )
    }

    /// A branch or a sister of `model`.
    fn after(&mut self, index: usize, role: Role, model: &Company) -> Company {
        let mut dice = Dice::new(self.seed, "company", index);
        let known_to = known_to(role, &mut dice);
        let (place, legal_name, short_name) = loop {
            let place = dice.pick(&PLACES);
            let (name, short) = if role == Role::Branch {
                let city = place.city.trim_end_matches('市');
                (
                    format!("{}{city}分公司", model.legal_name),
                    format!("{}{city}分", model.brand),
                )
            } else {
                // The same brand in the same trade, somewhere else: nothing but a place apart.
                let stem = model.legal_name.trim_end_matches(FORM);
                let trade = TRADES
                    .iter()
                    .filter(|trade| stem.ends_with(**trade))
                    .max_by_key(|t| t.len());
                let trade = trade.copied().unwrap_or("贸易");
                let name = format!("{}{}{trade}{FORM}", place.short, model.brand);
                (name, format!("{}{}", place.short, model.brand))
            };
            let base = name.replace(['（', '）'], "").replace(FORM, "");
            if name != model.legal_name && self.taken.insert(base) {
                break (place, name, short);
            }
        };
        let tax_id = credit_code(place.division, self.serial(index));
        let brand = model.brand.clone();
        self.settled(
            index, role, known_to, place, legal_name, short_name, brand, tax_id,
        )
    }

    /// Serial numbers in scattered order, each once below a million.
    fn serial(&self, index: usize) -> usize {
        let start = usize::try_from(self.seed % 1_000_000).unwrap_or_default();
        (start + index * 7_919) % 1_000_000
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of one company, put together once"
    )]
    fn settled(
        &self,
        index: usize,
        role: Role,
        known_to: KnownTo,
        place: &Place,
        legal_name: String,
        short_name: String,
        brand: String,
        tax_id: String,
    ) -> Company {
        let mut dice = Dice::new(self.seed, "contact", index);
        Company {
            index,
            role,
            known_to,
            legal_name,
            short_name,
            brand,
            tax_id,
            region: place.region.to_owned(),
            city: place.city.to_owned(),
            street: format!("{}{}号", dice.pick(STREETS), dice.below(900) + 1),
            phone: format!("{}-8600{}", place.dialling, dice.digits(4)),
            email: format!("office{index}@example.com"),
            contact: format!("{}{}", dice.pick(SURNAMES), dice.pick(GIVEN)),
            mobile: format!("19900{}", dice.digits(6)),
            bank: format!("{}{}分行", dice.pick(BANKS), place.short),
            account: format!("62{}", dice.digits(17)),
            currency: "CNY",
        }
    }

    fn foreign(&mut self, index: usize, foreigner: &Foreigner) -> Company {
        let mut dice = Dice::new(self.seed, "company", index);
        Company {
            index,
            role: Role::Foreign,
            known_to: known_to(Role::Foreign, &mut dice),
            legal_name: foreigner.legal_name.to_owned(),
            short_name: foreigner.short_name.to_owned(),
            brand: foreigner.short_name.to_owned(),
            tax_id: foreigner.tax_id.to_owned(),
            region: foreigner.country.to_owned(),
            city: foreigner.city.to_owned(),
            street: format!("Musterweg {}", dice.below(200) + 1),
            phone: format!("00{}", dice.digits(10)),
            email: format!("office{index}@example.com"),
            contact: "Purchasing".to_owned(),
            mobile: format!("00{}", dice.digits(11)),
            bank: "Example Bank".to_owned(),
            account: format!("{}00{}", foreigner.country, dice.digits(16)),
            currency: foreigner.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_are_who_they_are() {
        let sizes = Sizes::default();
        let companies = companies(42, sizes);
        assert_eq!(companies.len(), sizes.companies);
        let count = |role| {
            companies
                .iter()
                .filter(|company| company.role == role)
                .count()
        };
        assert_eq!(count(Role::Foreign), 15);
        assert_eq!(count(Role::Unnamed), 20);
        assert_eq!(count(Role::Strayed), 100);
        assert_eq!(count(Role::Branch), 50);
        assert_eq!(count(Role::Sister), 50);
        let mut tax_ids = HashSet::new();
        let mut names = HashSet::new();
        for company in &companies {
            let parsed = tenon_master::TaxId::parse(&company.tax_id);
            assert!(parsed.is_ok(), "{}: {parsed:?}", company.tax_id);
            assert!(
                tax_ids.insert(company.tax_id.clone()),
                "{} twice",
                company.tax_id
            );
            let key = tenon_master::name::parse(&company.legal_name).full_key;
            assert!(names.insert(key), "{} twice", company.legal_name);
            let known = company.known_to;
            let systems = [known.crm, known.erp, known.invoicing]
                .into_iter()
                .filter(|known| *known);
            assert!((2..=3).contains(&systems.count()));
        }
    }

    #[test]
    fn a_seed_gives_the_same_companies_and_another_gives_others() {
        let sizes = Sizes {
            companies: 80,
            orders: 0,
            items: 0,
            unnamed: 3,
        };
        let names = |seed| -> Vec<String> {
            companies(seed, sizes)
                .into_iter()
                .map(|company| company.legal_name)
                .collect()
        };
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
    }
}
