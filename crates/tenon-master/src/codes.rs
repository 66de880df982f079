//! Governed code lists: which industries, sources and tags there are.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenon_core::customer::Customer;
use tenon_core::nearest;

/// The lists that a company keeps. A field without a list takes any code of its form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// Trades, as paths: `retail/appliances`.
    pub industry: Option<CodeList>,
    /// Where customers come from, as paths: `exhibition/canton-fair`.
    pub source: Option<CodeList>,
    /// Labels.
    pub tags: Option<CodeList>,
}

/// One list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// What becomes of a record with a code that is not listed.
    #[serde(default)]
    pub unknown: Unknown,
    /// The codes, and what people call each.
    pub codes: BTreeMap<String, String>,
}

/// What becomes of a record with a code that is not listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// It is invalid, and waits for a person.
    #[default]
    Refuse,
    /// It is taken, and the master shows that the code is unknown.
    Flag,
}

impl CodeList {
    /// Codes whose wider code is not listed: `retail/appliances` needs `retail`.
    pub fn orphans(&self) -> impl Iterator<Item = &str> {
        let codes = self.codes.keys().map(String::as_str);
        codes.filter(|code| {
            let wider = code.rsplit_once('/').map(|(wider, _)| wider);
            wider.is_some_and(|wider| !self.codes.contains_key(wider))
        })
    }

    fn complaint(&self, field: &str, code: &str) -> Option<String> {
        if self.codes.contains_key(code) {
            return None;
        }
        let near = nearest(code, self.codes.keys().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean `{near}`?"));
        Some(format!(
            "`{code}` is not in the list of {field}{}",
            hint.unwrap_or_default()
        ))
    }
}

impl Codes {
    /// The lists, by the field that each governs.
    pub fn lists(&self) -> impl Iterator<Item = (&'static str, &CodeList)> {
        let lists = [
            ("industry", &self.industry),
            ("source", &self.source),
            ("tags", &self.tags),
        ];
        lists
            .into_iter()
            .filter_map(|(field, list)| Some((field, list.as_ref()?)))
    }

    /// Why a record cannot be taken.
    pub fn refusals(&self, customer: &Customer) -> Vec<String> {
        self.complaints(customer, Unknown::Refuse)
    }

    /// What of a record's codes is unknown, and was taken all the same.
    pub fn flags(&self, customer: &Customer) -> Vec<String> {
        let refused = self.complaints(customer, Unknown::Refuse);
        let mut flags = self.complaints(customer, Unknown::Flag);
        // A list that became narrower does not change what was taken before.
        flags.extend(refused);
        flags
    }

    fn complaints(&self, customer: &Customer, unknown: Unknown) -> Vec<String> {
        let lists = self.lists().filter(|(_, list)| list.unknown == unknown);
        let complaints = lists.flat_map(|(field, list)| {
            let said: Vec<&String> = match field {
                "industry" => customer.industry.iter().collect(),
                "source" => customer.source.iter().collect(),
                _ => customer.tags.iter().collect(),
            };
            said.into_iter()
                .filter_map(|code| list.complaint(field, code))
                .collect::<Vec<_>>()
        });
        complaints.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(unknown: Unknown) -> CodeList {
        let codes = [("retail", "零售"), ("retail/appliances", "家电零售")];
        CodeList {
            unknown,
            codes: codes
                .map(|(code, name)| (code.to_owned(), name.to_owned()))
                .into(),
        }
    }

    fn of(industry: &str) -> Customer {
        Customer {
            industry: Some(industry.to_owned()),
            source: Some("whatever/it-is".to_owned()),
            ..Customer::default()
        }
    }

    #[test]
    fn an_unknown_code_is_refused_or_flagged() {
        let mut codes = Codes {
            industry: Some(list(Unknown::Refuse)),
            ..Codes::default()
        };
        assert_eq!(codes.refusals(&of("retail/appliances")), [] as [String; 0]);
        let why =
            "`retail/aplliances` is not in the list of industry; did you mean `retail/appliances`?";
        assert_eq!(codes.refusals(&of("retail/aplliances")), [why]);
        codes.industry = Some(list(Unknown::Flag));
        assert_eq!(codes.refusals(&of("retail/aplliances")), [] as [String; 0]);
        assert_eq!(codes.flags(&of("retail/aplliances")), [why]);
        assert_eq!(codes.flags(&of("retail")), [] as [String; 0]);
    }

    #[test]
    fn every_code_has_its_wider_one() {
        let mut list = list(Unknown::Refuse);
        assert_eq!(list.orphans().count(), 0);
        list.codes
            .insert("public/schools".to_owned(), "学校".to_owned());
        assert_eq!(list.orphans().collect::<Vec<_>>(), ["public/schools"]);
    }
}
