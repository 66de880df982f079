//! `tenon master import`: a list of customers, looked at first and brought in when told to.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tenon_connector::TableFile;
use tenon_core::{
    Entity, LONGEST_NATIVE_ID, Message, MessageId, MessageKind, Native, SystemName, schema,
};
use tenon_master::likeness::{self, CompanyRecord, MatchPolicy, Profile};
use tenon_pipeline::{Accept, imported};
use tenon_store::{Lookup, SharedStore};

use crate::cli::Import;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output;

/// Records accepted at once.
const PORTION: usize = 256;
/// How many rows that do not fit are shown.
const SHOWN: usize = 20;

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

/// What a file holds.
#[derive(Default)]
struct List {
    messages: Vec<Message<Native>>,
    profiles: Vec<Profile>,
    /// Rows that do not fit, with their lines.
    unfit: Vec<(u64, String)>,
}

pub(super) async fn run(options: Import) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let systems: HashSet<&str> = configuration
        .deployment
        .systems
        .iter()
        .map(|system| system.name.as_str())
        .collect();
    let list = read(&options, &systems)?;
    for (line, reason) in list.unfit.iter().take(SHOWN) {
        output::talk(&format!("{}:{line}: {reason}", options.file.display()));
    }
    if list.unfit.len() > SHOWN {
        output::talk(&format!(
            "… and {} rows more that do not fit",
            list.unfit.len() - SHOWN
        ));
    }
    let engine = Engine::open(&configuration.settings).await?;
    let new = new(&engine.store, &list.messages).await?;
    let known = list.messages.len() - new.len();
    if !options.yes {
        engine.broker.close().await;
        return preview(
            &options,
            &list,
            known,
            &configuration.settings.matching.matching,
        );
    }
    let partitions = configuration.settings.partitions;
    let queues = tenon_pipeline::queues(&configuration.deployment, partitions);
    engine.broker.declare(&queues).await?;
    let accept = Accept::new(engine.broker.clone(), partitions);
    let bar = bar(new.len());
    for portion in new.chunks(PORTION) {
        accept.accept(portion).await?;
        bar.inc(portion.len() as u64);
    }
    bar.finish_and_clear();
    engine.broker.close().await;
    if options.json {
        let unfit = list.unfit.len();
        output::json(&json!({ "imported": new.len(), "known": known, "unfit": unfit }))?;
    } else {
        output::data(&format!(
            "{} accepted, {known} were imported before, {} do not fit",
            new.len(),
            list.unfit.len()
        ));
    }
    match list.unfit.is_empty() {
        true => Ok(()),
        false => Err(Exit::Problems),
    }
}

fn read(options: &Import, systems: &HashSet<&str>) -> Result<List, Exit> {
    let path: &Path = &options.file;
    let unreadable = |reason: String| Exit::environment(format!("{}: {reason}", path.display()));
    if let Err(error) = std::fs::metadata(path) {
        return Err(unreadable(error.to_string()));
    }
    let rows = TableFile::open(path, &["source_id"]).map_err(unreadable)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut list = List::default();
    for row in rows {
        let cells = row.cells.and_then(|cells| {
            serde_json::from_slice::<Row>(&cells).map_err(|error| error.to_string())
        });
        let taken = cells.and_then(|cells| {
            let message = message(&cells, options, systems, format!("{file}:{}", row.line))?;
            Ok((message, profile(&cells)))
        });
        match taken {
            Ok((message, profile)) => {
                list.messages.push(message);
                list.profiles.push(profile);
            }
            Err(reason) => list.unfit.push((row.line, reason)),
        }
    }
    Ok(list)
}

/// The row as a message, or why it does not fit.
fn message(
    row: &Row,
    options: &Import,
    systems: &HashSet<&str>,
    origin: String,
) -> Result<Message<Native>, String> {
    let system = match row.source_system.trim() {
        "" => options.system.as_deref().unwrap_or_default(),
        system => system,
    };
    if !systems.contains(system) {
        return Err(format!(
            "no system is named `{system}`: name one in the column source_system, or by --system"
        ));
    }
    let system = SystemName::new(system).map_err(|error| error.to_string())?;
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
    let body = Bytes::from(body.value().to_string());
    Ok(imported(
        system,
        Entity::Customer,
        native_id.to_owned(),
        body,
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

/// Those that were not imported before: what is left of an import that broke off.
async fn new(
    store: &SharedStore,
    messages: &[Message<Native>],
) -> Result<Vec<Message<Native>>, Exit> {
    let mut new = Vec::new();
    for portion in messages.chunks(PORTION) {
        let lookup = Lookup {
            messages: portion
                .iter()
                .map(|message| message.attributes.id)
                .collect(),
            ..Lookup::default()
        };
        let known = store.look_up(&lookup).await?;
        let seen: HashSet<&MessageId> = known.seen.keys().collect();
        let unseen = portion
            .iter()
            .filter(|message| !seen.contains(&message.attributes.id));
        new.extend(unseen.cloned());
    }
    Ok(new)
}

fn preview(options: &Import, list: &List, known: usize, policy: &MatchPolicy) -> Result<(), Exit> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let clustering = likeness::dedupe(&list.profiles, policy, threads);
    let companies: HashSet<&u32> = clustering.cluster_of.iter().collect();
    let fit = list.messages.len();
    if options.json {
        output::json(&json!({
            "rows": fit + list.unfit.len(),
            "fit": fit,
            "unfit": list.unfit.len(),
            "known": known,
            "companies": companies.len(),
            "review": clustering.review.len(),
        }))?;
    } else {
        output::data(&format!(
            "{fit} rows fit and {} do not; {known} were imported before",
            list.unfit.len()
        ));
        output::data(&format!(
            "by likeness they are {} companies, with {} pairs for a person to look at",
            companies.len(),
            clustering.review.len()
        ));
        output::talk("nothing was imported; --yes imports the rows that fit");
    }
    match list.unfit.is_empty() {
        true => Ok(()),
        false => Err(Exit::Problems),
    }
}

fn bar(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  importing {wide_bar} {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
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
