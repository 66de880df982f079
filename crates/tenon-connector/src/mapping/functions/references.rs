//! Code tables, and references to records of other systems.

use jaq_core::ValT as _;
use jaq_core::native::bome;
use jaq_json::Val;

use super::{Body, Function, of_one, of_two};
use crate::mapping::tables::CodeTables;
use crate::mapping::value::{Error, Value, ValueR};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function {
            name: "lookup",
            arguments: 1,
            run: |(mut context, input)| {
                let table = context.pop_var();
                bome(lookup(context.data().tables, input, table, None))
            },
            body: Body::Tables(lookup),
        },
        Function {
            name: "lookup",
            arguments: 2,
            run: |(mut context, input)| {
                let default = context.pop_var();
                let table = context.pop_var();
                bome(lookup(context.data().tables, input, table, Some(default)))
            },
            body: Body::Tables(lookup),
        },
        of_one!("ref", |input, system| reference(system, input)),
        of_two!("ref", |_, system, native_id| reference(system, native_id)),
        of_one!("crosswalk", |input, system| match input.json {
            Val::Null => Ok(input),
            _ => input.index(&Value::text("ids"))?.index(&system),
        }),
    ]
}

/// The table's value for a code. Null and empty text are no code.
fn lookup(tables: &CodeTables, code: Value, table: Value, default: Option<Value>) -> ValueR {
    let Some(table) = table.as_text() else {
        return Err(table.refused("name of a code table"));
    };
    let Some(code) = native_id(&code)? else {
        return Ok(default.unwrap_or_default());
    };
    match (tables.get(table, &code), default) {
        (Some(Some(value)), _) => Ok(Value::text(value)),
        (Some(None), Some(default)) => Ok(default),
        (Some(None), None) => {
            let shown: String = code.chars().take(40).collect();
            Err(Error::str(format_args!(
                "the code table \"{table}\" has no code \"{shown}\""
            )))
        }
        (None, _) => Err(Error::str(format_args!(
            "there is no code table \"{table}\""
        ))),
    }
}

/// A reference to a record by its id in a system; null when there is no id.
fn reference(system: Value, id: Value) -> ValueR {
    if system.as_text().is_none_or(str::is_empty) {
        return Err(system.refused("name of a system"));
    }
    Ok(match native_id(&id)? {
        Some(id) => Value::object([("system", system), ("native_id", Value::text(id))]),
        None => Value::default(),
    })
}

/// The text of an id or code: trimmed text, or a number as it is written.
fn native_id(value: &Value) -> Result<Option<String>, Error> {
    match &value.json {
        Val::Null => Ok(None),
        Val::Num(number) => Ok(Some(number.to_string())),
        Val::TStr(_) => {
            let text = value.as_text().map(str::trim).unwrap_or_default();
            Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
        }
        _ => Err(value.clone().refused("id or code (text or number)")),
    }
}
