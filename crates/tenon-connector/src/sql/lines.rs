//! The rows of a second table that belong to a record: those that are gone are deleted, the others
//! upserted, in the record's own transaction.

use tenon_core::Failure;

use super::dialect::{Argument, Dialect, Statement};
use super::payload::{Parsed, Target, Values, argument};
use super::session::Session;
use super::table::find;
use super::upsert::{Existing, write};

/// The second table, as the outlet configures it.
#[derive(Debug, Clone)]
pub(super) struct LinesTarget {
    /// Its key is the parent's columns and those that tell the lines apart.
    pub(super) target: Target,
    /// The columns that hold the record's key.
    pub(super) parent: Vec<usize>,
    /// Whether lines have a key of their own; otherwise all are replaced.
    pub(super) keyed: bool,
}

/// Brings the lines of the records to what their payloads say.
pub(super) async fn bring_up(
    session: &mut Session,
    lines: &LinesTarget,
    parent: &Target,
    records: &[&Parsed<'_>],
    existing: Existing,
) -> Result<(), Failure> {
    let records = records
        .iter()
        .filter_map(|record| Some((*record, record.lines.as_ref()?)));
    let mut shapes: Vec<(Vec<usize>, Vec<&Values<'_>>)> = Vec::new();
    for (record, rows) in records {
        if existing == Existing::Update {
            delete_vanished(session, lines, parent, record, rows).await?;
        }
        for row in rows {
            let shape = Parsed::shape(row);
            match shapes.iter_mut().find(|(other, _)| *other == shape) {
                Some((_, rows)) => rows.push(row),
                None => shapes.push((shape, vec![row])),
            }
        }
    }
    let existing = if lines.keyed {
        existing
    } else {
        Existing::Impossible
    };
    for (shape, rows) in &shapes {
        write(session, &lines.target, shape, rows, existing).await?;
    }
    Ok(())
}

async fn delete_vanished(
    session: &mut Session,
    lines: &LinesTarget,
    parent: &Target,
    record: &Parsed<'_>,
    rows: &[Values<'_>],
) -> Result<(), Failure> {
    let dialect = lines.target.dialect;
    let mut statement = Statement::new(dialect);
    statement.recurring = false;
    statement
        .push("delete from ")
        .push(&lines.target.table.quoted(dialect))
        .push(" where ");
    let raw_key = parent.key.iter().filter_map(|own| {
        record
            .values
            .iter()
            .find(|(column, _)| column == own)
            .map(|(_, raw)| *raw)
    });
    for (number, (column, raw)) in lines.parent.iter().zip(raw_key).enumerate() {
        statement.push(if number > 0 { " and " } else { "" });
        equals(&mut statement, &lines.target, *column, raw)?;
    }
    let own: Vec<usize> = lines
        .target
        .key
        .iter()
        .copied()
        .filter(|column| !lines.parent.contains(column))
        .collect();
    if lines.keyed {
        for row in rows {
            statement.push(" and not (");
            for (number, key) in own.iter().enumerate() {
                statement.push(if number > 0 { " and " } else { "" });
                let raw = row
                    .iter()
                    .find(|(column, _)| column == key)
                    .map_or("null", |(_, raw)| raw);
                equals(&mut statement, &lines.target, *key, raw)?;
            }
            statement.push(")");
        }
    }
    session.execute(&statement).await.map(|_| ())
}

fn equals(
    statement: &mut Statement,
    target: &Target,
    column: usize,
    raw: &str,
) -> Result<(), Failure> {
    let cast = target.columns[column].cast.clone();
    let value = match target.dialect {
        // The payload's value as text; the cast gives it its type.
        Dialect::Postgres if raw.starts_with('"') => Argument::Text(
            serde_json::from_str(raw)
                .map_err(|error| Failure::invalid("sql.payload", format!("a key: {error}")))?,
        ),
        Dialect::Postgres => Argument::Text(raw.to_owned()),
        _ => argument(target, column, raw)?,
    };
    statement
        .name(&target.columns[column].name)
        .push(" = ")
        .bind_as(&cast, value);
    Ok(())
}

/// The lines' target: its key is the parent's columns and its own.
///
/// # Errors
/// The name of a column that is not there.
pub(super) fn target(
    mut target: Target,
    parent: &[String],
    key: &[String],
) -> Result<LinesTarget, String> {
    let position =
        |name: &String| find(target.dialect, &target.columns, name).ok_or_else(|| name.clone());
    let parent: Vec<usize> = parent.iter().map(position).collect::<Result<_, _>>()?;
    let own: Vec<usize> = key.iter().map(position).collect::<Result<_, _>>()?;
    let keyed = !own.is_empty();
    // Lines without a key of their own have none to be checked in the payload either.
    target.key = match keyed {
        true => parent
            .iter()
            .copied()
            .chain(own.into_iter().filter(|column| !parent.contains(column)))
            .collect(),
        false => parent.clone(),
    };
    Ok(LinesTarget {
        target,
        parent,
        keyed,
    })
}
