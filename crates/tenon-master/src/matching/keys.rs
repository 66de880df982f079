//! The keys under which a customer is claimed and looked up.

use tenon_core::customer::Customer;
use unicode_normalization::UnicodeNormalization;

use super::{KeyKind, MasterKey};
use crate::TaxId;
use crate::name::{self, ParsedName};

/// The keys of a customer, the strongest first; none twice, and none at all if it says too little.
///
/// - *tax*: a valid tax id. A branch does not claim its head office's: its key names the branch too.
/// - *name*: the full legal name and full former names. A short name alone is no key.
/// - *code*: the customer's code.
pub fn keys(customer: &Customer) -> Vec<MasterKey> {
    let mut keys = Vec::new();
    let mut add = |kind, value: String| {
        let key = MasterKey { kind, value };
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    let parsed = legal_name(customer);
    if let Some(tax_id) = valid_tax_id(customer) {
        match Standing::of(customer, parsed.as_ref()) {
            Standing::Branch(branch) => add(KeyKind::Tax, format!("{}/{branch}", tax_id.key())),
            Standing::HeadOffice | Standing::Unknown => add(KeyKind::Tax, tax_id.key()),
        }
    }
    let former = customer
        .former_names
        .iter()
        .map(|former| name::parse(former));
    let full_keys = parsed
        .into_iter()
        .chain(former)
        .filter_map(|parsed| parsed.full_key);
    full_keys.for_each(|full_key| add(KeyKind::Name, full_key));
    if let Some(code) = code(customer) {
        add(KeyKind::Code, code);
    }
    keys
}

/// The key under which the head office of a branch is found; `None` for who is no branch by its name.
pub fn head_office_key(customer: &Customer) -> Option<MasterKey> {
    let parsed = legal_name(customer)?;
    let (branch, full_key) = (parsed.branch?, parsed.full_key?);
    let head = full_key.strip_suffix(&branch)?;
    let value = head.trim_end_matches(['/', ' ']).to_owned();
    let kind = KeyKind::Name;
    (!value.is_empty()).then_some(MasterKey { kind, value })
}

/// What part of a company a record means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// The company itself.
    HeadOffice,
    /// This branch of it.
    Branch(String),
    /// It does not say.
    Unknown,
}

impl Standing {
    /// By the legal name if that is a full one, else by the short name.
    pub(super) fn of(customer: &Customer, legal_name: Option<&ParsedName>) -> Self {
        if let Some(parsed) = legal_name {
            if let Some(branch) = &parsed.branch {
                return Self::Branch(branch.clone());
            }
            if parsed.full_key.is_some() {
                return Self::HeadOffice;
            }
        }
        let short = customer.short_name.as_deref().map(name::parse);
        short
            .and_then(|parsed| parsed.branch)
            .map_or(Self::Unknown, Self::Branch)
    }
}

/// The legal name, if there is one, taken apart.
pub(super) fn legal_name(customer: &Customer) -> Option<ParsedName> {
    let legal_name = customer.legal_name.as_deref()?;
    Some(name::parse(legal_name)).filter(|parsed| !parsed.normalised.is_empty())
}

/// The tax id if it is a valid one.
pub(super) fn valid_tax_id(customer: &Customer) -> Option<TaxId> {
    customer
        .tax_id
        .as_deref()
        .and_then(|text| TaxId::parse(text).ok())
}

fn code(customer: &Customer) -> Option<String> {
    let code: String = customer
        .code
        .as_deref()?
        .nfkc()
        .flat_map(char::to_uppercase)
        .collect();
    let code = code.trim();
    (!code.is_empty()).then(|| code.to_owned())
}
