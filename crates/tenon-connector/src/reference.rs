//! What may stand in a connector file, told from the types that read it.
//!
//! *Architecture invariant*: nothing here names a key. Keys, types, defaults and examples are those of
//! the configuration structs; a test holds them against what the parser accepts.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::Preset;
use crate::assembly::keys::{Common, DeliverCommon, ReceiveCommon, WebhookCommon};
use crate::config::Configured;
use crate::files::Files;
use crate::http::Http;
use crate::sql::Sql;

/// A key of a connector file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileKey {
    /// Its path: `receive[].paging.size`, `[]` standing for an entry of a list.
    pub key: String,
    /// What it holds: `text`, `whole number`, `duration`, `list of text`, `table`.
    #[serde(rename = "type")]
    pub holds: String,
    /// Whether it must be there, where what it stands in is.
    pub required: bool,
    /// What holds where it is absent, as TOML.
    pub default: Option<String>,
    /// What a number or duration counts.
    pub unit: Option<String>,
    /// A value, as TOML.
    pub example: Option<String>,
    /// What it is for.
    pub text: String,
    /// The values that there are, each with what it means.
    pub choices: Vec<(String, String)>,
    /// What the preset says: a value as TOML, or the entities for which an entry of it has the key.
    pub preset: Option<String>,
}

/// Every key of a file that builds on `preset`: those of all files, then those of its transport's own.
pub fn keys(preset: &Preset) -> Vec<FileKey> {
    let mut keys = match preset.transport {
        "sql" => of::<Sql>(),
        "http" => of::<Http>(),
        _ => of::<Files>(),
    };
    // The preset's text is part of this program; each is loaded by a test of its crate.
    let defaults = DeTable::parse_recoverable(preset.defaults).0.into_inner();
    for key in &mut keys {
        key.preset = said(&defaults, &key.key, preset.defaults);
    }
    keys
}

fn of<T: Configured>() -> Vec<FileKey> {
    let mut keys = Vec::new();
    collect("", &schema::<Common>(), &mut keys);
    collect("", &schema::<T::Settings>(), &mut keys);
    for (list, text, schemas) in [
        (
            "receive",
            "What is asked for, an entry each.",
            vec![schema::<ReceiveCommon>(), schema::<T::Receive>()],
        ),
        (
            "webhook",
            "What the system calls with, an entry each.",
            vec![schema::<WebhookCommon>(), schema::<T::Webhook>()],
        ),
        (
            "deliver",
            "What is given to the system, an entry for each entity.",
            vec![schema::<DeliverCommon>(), schema::<T::Deliver>()],
        ),
    ] {
        keys.push(FileKey {
            key: list.to_owned(),
            holds: "list of tables".to_owned(),
            required: false,
            default: None,
            unit: None,
            example: None,
            text: text.to_owned(),
            choices: Vec::new(),
            preset: None,
        });
        for schema in schemas {
            collect(&format!("{list}[]."), &schema, &mut keys);
        }
    }
    keys
}

fn schema<T: JsonSchema>() -> Schema {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>()
}

/// The properties of an object, what must be there first, with those of the tables in it after each.
fn collect(prefix: &str, schema: &Schema, keys: &mut Vec<FileKey>) {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|other| other == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut properties: Vec<_> = properties.into_iter().flatten().collect();
    properties.sort_by_key(|(name, _)| !required(name));
    for (name, property) in properties {
        let Some(property) = property.as_object() else {
            continue;
        };
        let kind = present(property);
        let key = format!("{prefix}{name}");
        keys.push(FileKey {
            holds: holds(kind),
            required: required(name),
            default: property
                .get("default")
                .filter(|value| says(value))
                .map(toml_text),
            unit: text_of(property, "unit").or_else(|| text_of(kind, "unit")),
            example: property
                .get("examples")
                .and_then(|examples| examples.get(0))
                .map(toml_text),
            text: plain(
                property
                    .get("description")
                    .or_else(|| kind.get("description")),
            ),
            choices: choices(kind),
            preset: None,
            key: key.clone(),
        });
        let (inner, entry) = match kind.get("items").and_then(Value::as_object) {
            Some(items) => (items, "[]"),
            None => (kind, ""),
        };
        if let Ok(inner) = Schema::try_from(Value::Object(inner.clone())) {
            collect(&format!("{key}{entry}."), &inner, keys);
        }
    }
}

/// A property's schema without the alternative of being absent.
fn present(property: &Map<String, Value>) -> &Map<String, Value> {
    let alternatives = property.get("anyOf").and_then(Value::as_array);
    alternatives
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .find(|schema| schema.get("type").is_none_or(|kind| kind != "null"))
        .unwrap_or(property)
}

fn holds(schema: &Map<String, Value>) -> String {
    if let Some(title) = text_of(schema, "title") {
        return title;
    }
    if !choices(schema).is_empty() {
        return "one of the values below".to_owned();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    let inner = |key: &str| {
        let inner = schema.get(key).and_then(Value::as_object);
        inner.map(holds).unwrap_or_else(|| "values".to_owned())
    };
    match kind.and_then(Value::as_str) {
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => match inner("items").as_str() {
            "table" => "list of tables".to_owned(),
            "whole number" => "list of whole numbers".to_owned(),
            items => format!("list of {items}"),
        },
        Some("object") if schema.contains_key("properties") => "table".to_owned(),
        Some("object") => format!("table of {}", inner("additionalProperties")),
        _ => "any value".to_owned(),
    }
}

/// The values of an enumeration, with what each means where it says so.
fn choices(schema: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for alternative in ["oneOf", "enum"] {
        let values = schema.get(alternative).and_then(Value::as_array);
        for value in values.into_iter().flatten() {
            let (name, text) = match value {
                Value::Object(object) => (object.get("const"), object.get("description")),
                name => (Some(name), None),
            };
            found.extend(
                name.and_then(Value::as_str)
                    .map(|name| (name.to_owned(), plain(text))),
            );
            // Variants without a text of their own are told together.
            let together = value.get("enum").and_then(Value::as_array);
            let together = together.into_iter().flatten().filter_map(Value::as_str);
            found.extend(together.map(|name| (name.to_owned(), String::new())));
        }
    }
    found
}

/// A doc comment in one line.
fn plain(text: Option<&Value>) -> String {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of(schema: &Map<String, Value>, key: &str) -> Option<String> {
    schema.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Whether a default tells anything: an empty list or text is what absence is anyway.
fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// A value as TOML writes it in a line.
fn toml_text(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(toml_text).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                let key = match key.chars().all(bare) {
                    true => key.clone(),
                    false => toml_text(&Value::String(key.clone())),
                };
                format!("{key} = {}", toml_text(value))
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) if !text.contains('\'') && text.contains(['"', '\\']) => {
            format!("'{text}'")
        }
        // JSON's texts, numbers and booleans are TOML's.
        scalar => scalar.to_string(),
    }
}

/// What a preset says under a key.
fn said(defaults: &DeTable<'_>, key: &str, text: &str) -> Option<String> {
    let Some((list, rest)) = key.split_once("[].") else {
        let value = look(defaults, key)?;
        return match value.get_ref() {
            DeValue::Table(_) => None,
            DeValue::Array(elements) if elements.iter().any(|entry| entry.get_ref().is_table()) => {
                None
            }
            _ => Some(text.get(value.span())?.to_owned()),
        };
    };
    let entries = defaults.get(list)?.get_ref().as_array()?;
    let entities: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry.get_ref().as_table())
        .filter(|entry| look(entry, rest).is_some())
        .filter_map(|entry| entry.get("entity")?.get_ref().as_str())
        .collect();
    let (false, "receive" | "webhook" | "deliver") = (entities.is_empty(), list) else {
        return None;
    };
    Some(format!("for {}", entities.join(", ")))
}

fn look<'v, 't>(table: &'v DeTable<'t>, key: &str) -> Option<&'v toml::Spanned<DeValue<'t>>> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => look(table.get(first)?.get_ref().as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde::de::DeserializeOwned;
    use toml::Spanned;

    use super::*;
    use crate::Document;
    use crate::assembly::keys::{COMMON, DELIVER, LISTS, RECEIVE, WEBHOOK};

    /// What the parser says of a text, without the keys that are missing.
    fn problems<T: DeserializeOwned>(text: &str) -> Vec<String> {
        let mut document = Document::parse(Path::new("a.toml"), text);
        let table = Spanned::new(0..text.len(), document.root().clone());
        let _ = document.read::<T>(table, &[]);
        let problems = document
            .into_problems()
            .into_iter()
            .map(|problem| problem.to_string());
        problems
            .filter(|problem| !problem.contains("missing field"))
            .collect()
    }

    /// A file in which `value` stands under `key` and nothing else.
    fn file(key: &str, value: &str) -> String {
        let mut text = value.to_owned();
        for step in key.rsplit('.') {
            text = match step.strip_suffix("[]") {
                Some(name) => format!("{{ {name} = [{text}] }}"),
                None => format!("{{ {step} = {text} }}"),
            };
        }
        let top = text.trim_start_matches("{ ");
        top[..top.len() - 2].to_owned()
    }

    /// Every key that the documentation names is read, with the example that it gives; and it names
    /// every key that is read.
    fn check<T: JsonSchema + DeserializeOwned>() {
        let mut keys = Vec::new();
        collect("", &schema::<T>(), &mut keys);
        let mut tables = BTreeSet::from([String::new()]);
        for key in &keys {
            let name = std::any::type_name::<T>();
            assert!(
                !key.text.is_empty(),
                "{name}: `{}` has no doc comment",
                key.key
            );
            let whole = ["whole number", "list of whole numbers"].contains(&key.holds.as_str());
            assert!(
                !whole || key.unit.is_some(),
                "{name}: `{}` has no unit",
                key.key
            );
            match key.holds.as_str() {
                "table" => drop(tables.insert(format!("{}.", key.key))),
                "list of tables" => drop(tables.insert(format!("{}[].", key.key))),
                _ => {
                    let example = key.example.as_deref();
                    let example =
                        example.unwrap_or_else(|| panic!("{name}: `{}` has no example", key.key));
                    for value in key.default.as_deref().into_iter().chain([example]) {
                        let text = file(&key.key, value);
                        assert_eq!(problems::<T>(&text), [""; 0], "{name}: {text}");
                    }
                    for (choice, _) in &key.choices {
                        let text = file(&key.key, &format!("\"{choice}\""));
                        assert_eq!(problems::<T>(&text), [""; 0], "{name}: {text}");
                    }
                }
            }
        }
        for table in tables {
            let told = keys.iter().filter_map(|key| key.key.strip_prefix(&table));
            let told: BTreeSet<&str> = told.filter(|rest| !rest.contains('.')).collect();
            let said = problems::<T>(&file(&format!("{table}zzzzzzzzzzzzzzzz"), "1")).join("\n");
            let read = said
                .split_once("valid here: ")
                .expect("the parser's own list")
                .1;
            let read: BTreeSet<&str> = read.trim_end_matches(')').split(", ").collect();
            assert_eq!(told, read, "{} {table}", std::any::type_name::<T>());
        }
    }

    #[test]
    fn documentation_and_parser_name_the_same_keys_and_each_example_is_read() {
        check::<Common>();
        check::<ReceiveCommon>();
        check::<WebhookCommon>();
        check::<DeliverCommon>();
        fn transport<T: Configured>() {
            check::<T::Settings>();
            check::<T::Receive>();
            check::<T::Deliver>();
        }
        transport::<Files>();
        transport::<Sql>();
        transport::<Http>();
        check::<<Http as Configured>::Webhook>();
    }

    #[test]
    fn what_is_split_off_for_all_transports_is_what_is_read_of_it() {
        fn same<T: JsonSchema>(split: &[&str]) {
            let mut keys = Vec::new();
            collect("", &schema::<T>(), &mut keys);
            let top = keys
                .iter()
                .map(|key| key.key.as_str())
                .filter(|key| !key.contains('.'));
            assert_eq!(
                top.collect::<BTreeSet<_>>(),
                split.iter().copied().collect()
            );
        }
        same::<Common>(COMMON);
        same::<ReceiveCommon>(RECEIVE);
        same::<WebhookCommon>(WEBHOOK);
        same::<DeliverCommon>(DELIVER);
        let keys = of::<Files>();
        let lists = keys
            .iter()
            .filter(|key| key.holds == "list of tables" && key.key != "maintenance");
        assert_eq!(lists.map(|key| key.key.as_str()).collect::<Vec<_>>(), LISTS);
    }

    #[test]
    fn a_key_is_told_with_type_default_unit_and_what_the_preset_says() {
        let preset = Preset {
            name: "api",
            summary: "",
            transport: "http",
            defaults: "timeout = \"5s\"\n[[receive]]\nentity = \"item\"\npaging = { style = \"page\", size = 10 }\n",
            files: &[],
        };
        let keys = keys(&preset);
        let find = |name: &str| keys.iter().find(|key| key.key == name).expect(name);
        let size = find("receive[].paging.size");
        assert_eq!(size.holds, "whole number");
        assert_eq!(size.unit.as_deref(), Some("records"));
        assert_eq!(size.default.as_deref(), Some("100"));
        assert_eq!(size.preset.as_deref(), Some("for item"));
        let timeout = find("timeout");
        assert_eq!(timeout.holds, "duration");
        assert_eq!(timeout.default.as_deref(), Some("\"30s\""));
        assert_eq!(timeout.preset.as_deref(), Some("\"5s\""));
        let style = find("receive[].paging.style");
        assert!(style.required);
        assert_eq!(style.choices[3].0, "key");
        assert!(find("url").required && find("url").default.is_none());
    }
}
