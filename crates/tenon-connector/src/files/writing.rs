//! From a payload to the text of a file. Numbers and texts come out digit for digit as they went in.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::settings::{DeliverPlan, Format};

/// The text of one message's file.
///
/// CSV has a header and one row for each object; NDJSON one line for each. Both take one object or an
/// array of them. XML reads back the convention of receiving: a payload with one field that is an object
/// has this as its root, any other stands in an element of the entity's name.
///
/// # Errors
/// Why the payload does not fit the format.
pub(super) fn text(plan: &DeliverPlan, payload: &[u8]) -> Result<String, String> {
    let payload = std::str::from_utf8(payload)
        .map_err(|error| format!("the payload is no UTF-8: {error}"))?;
    let value: &RawValue = serde_json::from_str(payload)
        .map_err(|error| format!("the payload is no JSON: {error}"))?;
    match plan.format {
        Format::Json => Ok(format!("{}\n", value.get())),
        Format::Ndjson => {
            let lines = objects(value)?
                .into_iter()
                .map(compact)
                .collect::<Result<String, _>>()?;
            Ok(lines)
        }
        Format::Csv => csv_text(plan.columns.as_deref(), &objects(value)?),
        Format::Xml => xml_text(plan.entity.as_str(), value),
        // Refused when the configuration was checked.
        Format::Xlsx => Err("workbooks are not written".to_owned()),
    }
}

/// A record on one line: strings have no line ends of their own in JSON, so those between go.
fn compact(value: &RawValue) -> Result<String, String> {
    let mut line = String::with_capacity(value.get().len() + 1);
    line.extend(
        value
            .get()
            .chars()
            .filter(|character| !matches!(character, '\n' | '\r')),
    );
    line.push('\n');
    Ok(line)
}

/// The payload's objects.
fn objects(value: &RawValue) -> Result<Vec<&RawValue>, String> {
    let objects: Vec<&RawValue> = match value.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str(value.get()).map_err(|error| error.to_string())?,
        _ => vec![value],
    };
    if objects.iter().all(|object| object.get().starts_with('{')) {
        Ok(objects)
    } else {
        Err("the payload is neither an object nor an array of objects".to_owned())
    }
}

/// An object's fields in their order.
struct Fields<'v>(Vec<(String, &'v RawValue)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Ordered)
    }
}

/// The fields of an object, in their order.
pub(crate) fn fields(value: &RawValue) -> Result<Vec<(String, &RawValue)>, String> {
    let fields: Fields<'_> =
        serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
    Ok(fields.0)
}

/// A scalar's text; `None` for an object or an array.
fn scalar(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => Some(String::new()),
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text if text.starts_with(['{', '[']) => None,
        text => Some(text.to_owned()),
    }
}

fn csv_text(columns: Option<&[String]>, objects: &[&RawValue]) -> Result<String, String> {
    let rows: Vec<Vec<(String, &RawValue)>> = objects
        .iter()
        .map(|object| fields(object))
        .collect::<Result<_, _>>()?;
    let own: Vec<String>;
    let columns = match columns {
        Some(columns) => columns,
        None => {
            let first = rows.first().map(Vec::as_slice).unwrap_or_default();
            own = first.iter().map(|(name, _)| name.clone()).collect();
            &own
        }
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failure = |error: csv::Error| error.to_string();
    writer.write_record(columns).map_err(failure)?;
    for row in &rows {
        if let Some((name, _)) = row.iter().find(|(name, _)| !columns.contains(name)) {
            return Err(format!(
                "field `{name}` has no column; add it to `columns`, or leave it out in the mapping"
            ));
        }
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            let value = row
                .iter()
                .find(|(name, _)| name == column)
                .map(|(_, value)| *value);
            let cell = value.map_or(Some(String::new()), scalar);
            cells.push(cell.ok_or_else(|| {
                format!("field `{column}` is no text or number, but a cell holds one value")
            })?);
        }
        writer.write_record(&cells).map_err(failure)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn xml_text(entity: &str, value: &RawValue) -> Result<String, String> {
    let mut text = String::from("<?xml version=\"1.0\"?>\n");
    let members = if value.get().starts_with('{') {
        fields(value)?
    } else {
        Vec::new()
    };
    match members.as_slice() {
        [(root, inner)] if inner.get().starts_with('{') => element(&mut text, root, inner)?,
        _ if value.get().starts_with('{') => element(&mut text, entity, value)?,
        _ => return Err("the payload is no object, which XML needs for its root".to_owned()),
    }
    text.push('\n');
    Ok(text)
}

/// Appends `value` as an element, or as several if it is an array.
pub(crate) fn element(text: &mut String, name: &str, value: &RawValue) -> Result<(), String> {
    check_name(name)?;
    if value.get().starts_with('[') {
        let values: Vec<&RawValue> =
            serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
        return values.into_iter().try_for_each(|value| {
            let nested = value.get().starts_with('[');
            if nested {
                Err(format!("`{name}` is an array within an array"))
            } else {
                element(text, name, value)
            }
        });
    }
    if let Some(content) = scalar(value) {
        text.push_str(&format!("<{name}>{}</{name}>", escaped(&content)?));
        return Ok(());
    }
    let members = fields(value)?;
    text.push_str(&format!("<{name}"));
    for (key, value) in &members {
        let Some(attribute) = key.strip_prefix('@') else {
            continue;
        };
        check_name(attribute)?;
        let content =
            scalar(value).ok_or_else(|| format!("the attribute `{key}` is no text or number"))?;
        text.push_str(&format!(" {attribute}=\"{}\"", escaped(&content)?));
    }
    text.push('>');
    for (key, value) in members.iter().filter(|(key, _)| !key.starts_with('@')) {
        if key == "#text" {
            let content = scalar(value).ok_or("`#text` is no text or number")?;
            text.push_str(&escaped(&content)?);
        } else {
            element(text, key, value)?;
        }
    }
    text.push_str(&format!("</{name}>"));
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let goes_on = |character: char| character.is_alphanumeric() || "_-.:".contains(character);
    if begins && name.chars().all(goes_on) {
        Ok(())
    } else {
        Err(format!(
            "`{name}` cannot be the name of an XML element or attribute"
        ))
    }
}

/// Text as it may stand in an element or attribute.
fn escaped(text: &str) -> Result<String, String> {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // White space would be normalised in attributes, and a carriage return everywhere.
            '\r' | '\n' | '\t' => escaped.push_str(&format!("&#{};", u32::from(character))),
            control if control < ' ' || matches!(control, '\u{FFFE}' | '\u{FFFF}') => {
                let code = u32::from(control);
                return Err(format!(
                    "the character U+{code:04X} cannot be written in XML"
                ));
            }
            plain => escaped.push(plain),
        }
    }
    Ok(escaped)
}
