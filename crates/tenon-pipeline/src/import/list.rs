//! A list of customers, as a person keeps it: read row by row, looked at, and brought in as messages.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenon_connector::TableFile;
use tenon_core::{
    Entity, LONGEST_NATIVE_ID, Message, MessageId, MessageKind, Native, SystemName, schema,
};
use tenon_master::likeness::{self, CompanyRecord, MatchPolicy, Profile};
use tenon_store::{Lookup, SharedStore, StoreError};

use super::imported;

/// Messages looked up at once.
const PORTION: usize = 256;

/// The columns of a list; others are passed over. Several values of a cell stand apart by `;`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    source_system: String,
    source_id: String,
    name: String,
    legal_name: String,
    short_name: String,
    tax_id: String,
    code: String,
    kind: String,
    stage: String,
    industry: String,
    source: String,
    owner: String,
    phone: String,
    email: String,
    contact: String,
    country: String,
    region: String,
    city: String,
    address: String,
}

/// A row that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfit {
    /// Its line, or its row in the workbook, from 1.
    pub line: u64,
    /// Why, for a person.
    pub reason: String,
}

/// Which companies the rows of a list are by likeness; masters that are there already are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListLikeness {
    /// How many companies.
    pub companies: usize,
    /// How many pairs a person would be asked about.
    pub review: usize,
}

/// A list of customers. Each row is a record of a system.
#[derive(Debug, Default)]
pub struct CustomerList {
    messages: Vec<Message<Native>>,
    profiles: Vec<Profile>,
    unfit: Vec<Unfit>,
}

impl CustomerList {
    /// Reads a file with at least the column `source_id`: `.csv`, `.tsv` or `.xlsx`. `name` is what its messages
    /// say they come from; `systems` are those whose records it may hold, and `system` is the one of a row that
    /// names none.
    ///
    /// # Errors
    /// Why the file cannot be read, for a person. Rows that do not fit are no error.
    pub fn read(
        path: &Path,
        name: &str,
        systems: &BTreeSet<SystemName>,
        system: Option<&str>,
    ) -> Result<Self, String> {
        let mut list = Self::default();
        for row in TableFile::open(path, &["source_id"])? {
            let cells = row.cells.and_then(|cells| {
                serde_json::from_slice::<Row>(&cells).map_err(|error| error.to_string())
            });
            let taken = cells.and_then(|cells| {
                let origin = format!("{name}:{}", row.line);
                let message = message(&cells, systems, system, origin)?;
                Ok((message, profile(&cells)))
            });
            match taken {
                Ok((message, profile)) => {
                    list.messages.push(message);
                    list.profiles.push(profile);
                }
                Err(reason) => list.unfit.push(Unfit {
                    line: row.line,
                    reason,
                }),
            }
        }
        Ok(list)
    }

    /// How many rows fit.
    pub fn fit(&self) -> usize {
        self.messages.len()
    }

    /// The rows that do not.
    pub fn unfit(&self) -> &[Unfit] {
        &self.unfit
    }

    /// Which companies its rows are. It takes seconds of each core for a million rows.
    pub fn likeness(&self, policy: &MatchPolicy) -> ListLikeness {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let clustering = likeness::dedupe(&self.profiles, policy, threads);
        let companies: HashSet<&u32> = clustering.cluster_of.iter().collect();
        ListLikeness {
            companies: companies.len(),
            review: clustering.review.len(),
        }
    }

    /// The messages of those that were not imported before, of an import that broke off too.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn unseen(&self, store: &SharedStore) -> Result<Vec<Message<Native>>, StoreError> {
        let mut unseen = Vec::new();
        for portion in self.messages.chunks(PORTION) {
            let ids = portion.iter().map(|message| message.attributes.id);
            let lookup = Lookup {
                messages: ids.collect(),
                ..Lookup::default()
            };
            let known = store.look_up(&lookup).await?;
            let seen: HashSet<&MessageId> = known.seen.keys().collect();
            let new = portion
                .iter()
                .filter(|message| !seen.contains(&message.attributes.id));
            unseen.extend(new.cloned());
        }
        Ok(unseen)
    }
}

/// The row as a message, or why it does not fit.
fn message(
    row: &Row,
    systems: &BTreeSet<SystemName>,
    system: Option<&str>,
    origin: String,
) -> Result<Message<Native>, String> {
    let named = match row.source_system.trim() {
        "" => system.unwrap_or_default(),
        named => named,
    };
    let system = systems.iter().find(|system| system.as_str() == named);
    let system = system.ok_or_else(|| {
        format!(
            "no system is named `{named}`: name one in the column source_system, or for the whole list"
        )
    })?;
    let native_id = row.source_id.trim();
    if native_id.is_empty() {
        return Err("the row has no source_id".to_owned());
    }
    if native_id.chars().count() > LONGEST_NATIVE_ID {
        return Err(format!(
            "the row's source_id has more than {LONGEST_NATIVE_ID} characters"
        ));
    }
    let body = canonical(row);
    let schema = schema(MessageKind::current(Entity::Customer)).ok_or("no customer schema")?;
    let body = schema.accept(body).map_err(|violations| {
        let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
        violations.join("; ")
    })?;
    Ok(imported(
        system.clone(),
        Entity::Customer,
        native_id.to_owned(),
        Bytes::from(body.value().to_string()),
        origin,
    ))
}

/// The row in the hub's own form.
fn canonical(row: &Row) -> Value {
    let mut fields = Map::new();
    let mut put = |field: &str, value: &str| {
        if !value.trim().is_empty() {
            fields.insert(field.to_owned(), json!(value.trim()));
        }
    };
    // A full registered name is told by its legal form; any other is what people call it.
    match tenon_master::name::parse(&row.name).full_key {
        Some(_) => put("legal_name", &row.name),
        None => put("short_name", &row.name),
    }
    put("legal_name", &row.legal_name);
    put("short_name", &row.short_name);
    let tax_id: String = row
        .tax_id
        .chars()
        .filter(|sign| !matches!(sign, ' ' | '-'))
        .collect();
    put("tax_id", &tax_id.to_uppercase());
    put("code", &row.code);
    put("kind", &row.kind);
    put("stage", &row.stage);
    put("industry", &row.industry);
    put("source", &row.source);
    put("owner", &row.owner);
    for (field, cell) in [("phones", &row.phone), ("emails", &row.email)] {
        let values: Vec<&str> = parts(cell).collect();
        if !values.is_empty() {
            fields.insert(field.to_owned(), json!(values));
        }
    }
    let contacts: Vec<Value> = parts(&row.contact)
        .map(|name| json!({ "name": name }))
        .collect();
    if !contacts.is_empty() {
        fields.insert("contacts".to_owned(), json!(contacts));
    }
    let address: Map<String, Value> = [
        ("country", &row.country),
        ("region", &row.region),
        ("city", &row.city),
        ("street", &row.address),
    ]
    .into_iter()
    .filter(|(_, value)| !value.trim().is_empty())
    .map(|(field, value)| (field.to_owned(), json!(value.trim())))
    .collect();
    if !address.is_empty() {
        fields.insert("addresses".to_owned(), json!([address]));
    }
    Value::Object(fields)
}

fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let parts = cell.split([';', '；']);
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn profile(row: &Row) -> Profile {
    let name = if row.name.trim().is_empty() {
        &row.legal_name
    } else {
        &row.name
    };
    Profile::of(&CompanyRecord {
        name,
        tax_id: &row.tax_id,
        code: &row.code,
        phone: &row.phone,
        email: &row.email,
        address: &row.address,
        contact: &row.contact,
        city: &row.city,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_a_customer() {
        let row = Row {
            name: "上海川可贸易有限公司".to_owned(),
            tax_id: "91350100 M000100-y43".to_owned(),
            phone: "021-60000000；13800000000; ".to_owned(),
            contact: "王敏".to_owned(),
            city: "上海".to_owned(),
            ..Row::default()
        };
        assert_eq!(
            canonical(&row),
            json!({
                "legal_name": "上海川可贸易有限公司", "tax_id": "91350100M000100Y43",
                "phones": ["021-60000000", "13800000000"], "contacts": [{ "name": "王敏" }],
                "addresses": [{ "city": "上海" }],
            })
        );
        let short = Row {
            name: "川可".to_owned(),
            ..Row::default()
        };
        assert_eq!(canonical(&short), json!({ "short_name": "川可" }));
    }
}
