//! The statements that write rows, found again by their key: many at once where the database can.

use tenon_core::Failure;

use super::dialect::{Argument, Dialect, Statement};
use super::payload::{Target, Values, argument};
use super::session::Session;
use super::table::Class;

/// The most values that one MySQL statement binds; its protocol counts them in 16 bits.
const MYSQL_VALUES: usize = 60_000;

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It takes the new values.
    Update,
    /// It stays as it is.
    Keep,
    /// There is no key by which a row could be found; every row is a new one.
    Impossible,
}

/// Writes rows that have values for the same columns.
///
/// # Errors
/// Those of the database; `Invalid` when a value cannot be held by its column.
pub(super) async fn write(
    session: &mut Session,
    target: &Target,
    shape: &[usize],
    rows: &[&Values<'_>],
    existing: Existing,
) -> Result<(), Failure> {
    match target.dialect {
        Dialect::Postgres => {
            let statement = postgres(target, shape, rows, existing);
            session.execute(&statement).await?;
        }
        Dialect::MySql => {
            for rows in rows.chunks((MYSQL_VALUES / shape.len().max(1)).max(1)) {
                let statement = insert(target, shape, rows, existing)?;
                session.execute(&statement).await?;
            }
        }
        Dialect::Sqlite => {
            // One short statement, prepared once: there is no network between.
            for row in rows {
                let statement = insert(target, shape, std::slice::from_ref(row), existing)?;
                session.execute(&statement).await?;
            }
        }
        Dialect::Odbc(_) => {
            for row in rows {
                by_look(session, target, row, existing).await?;
            }
        }
    }
    Ok(())
}

/// By statements that every database has: the row is changed, and inserted where it is not there. The
/// transaction around them, and a unique index on the key, make it one step for everybody else.
async fn by_look(
    session: &mut Session,
    target: &Target,
    row: &Values<'_>,
    existing: Existing,
) -> Result<(), Failure> {
    let (own, others): (Vec<_>, Vec<_>) = row
        .iter()
        .copied()
        .partition(|(column, _)| target.key.contains(column));
    let table = target.table.quoted(target.dialect);
    let several = |count: &str| {
        let names = target.key.iter().map(|index| &target.columns[*index].name);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let detail = format!(
            "{} has {count} rows with one ({}), which should tell rows apart; make it unique there",
            target.table.shown(),
            names.join(", ")
        );
        Failure::configuration("sql.key", detail)
    };
    if existing != Existing::Impossible {
        if existing == Existing::Update && !others.is_empty() {
            let mut statement = Statement::new(target.dialect);
            statement.push("update ").push(&table).push(" set ");
            equalities(&mut statement, target, &others, ", ")?;
            statement.push(" where ");
            equalities(&mut statement, target, &own, " and ")?;
            match session.execute(&statement).await? {
                // None, or none that it changed, or the driver does not know.
                0 => {}
                1 => return Ok(()),
                count => return Err(several(&count.to_string())),
            }
        }
        let mut statement = Statement::new(target.dialect);
        statement.push("select count(*) from ").push(&table);
        statement.push(" where ");
        equalities(&mut statement, target, &own, " and ")?;
        let rows = session.all(&statement).await?;
        match rows.into_iter().flatten().next() {
            Some(counted) => match counted.into_text().as_deref() {
                // Some databases count in decimals.
                Some("0" | "0.0") => {}
                Some("1" | "1.0") => return Ok(()),
                count => return Err(several(count.unwrap_or_default())),
            },
            None => return Err(several("no")),
        }
    }
    let shape: Vec<usize> = row.iter().map(|(column, _)| *column).collect();
    let statement = insert(target, &shape, &[row], Existing::Impossible)?;
    session.execute(&statement).await.map(|_| ())
}

fn equalities(
    statement: &mut Statement,
    target: &Target,
    values: &[(usize, &str)],
    between: &str,
) -> Result<(), Failure> {
    for (number, (column, raw)) in values.iter().enumerate() {
        statement.push(if number > 0 { between } else { "" });
        statement
            .name(&target.columns[*column].name)
            .push(" = ")
            .bind(argument(target, *column, raw)?);
    }
    Ok(())
}

/// PostgreSQL takes all rows as one JSON text and reads each value by its column's own type, so
/// that the statement is the same for any number of rows.
fn postgres(
    target: &Target,
    shape: &[usize],
    rows: &[&Values<'_>],
    existing: Existing,
) -> Statement {
    let dialect = Dialect::Postgres;
    let columns = || shape.iter().map(|index| &target.columns[*index]);
    let mut statement = Statement::new(dialect);
    statement
        .push("insert into ")
        .push(&target.table.quoted(dialect))
        .push(" (");
    statement.push(&dialect.quote_all(columns().map(|column| column.name.as_str())));
    statement.push(") select ");
    for (number, column) in columns().enumerate() {
        statement.push(if number > 0 { ", " } else { "" });
        if column.class == Class::Bytes {
            statement
                .push("decode(s.")
                .name(&column.name)
                .push(", 'base64')");
        } else {
            statement.push("s.").name(&column.name);
        }
    }
    statement.push(" from json_to_recordset(");
    statement.bind_as(
        "{}::text::json) as s(",
        Argument::Text(recordset(target, rows)),
    );
    statement.push(&record_types(target, shape));
    statement.push(")");
    on_conflict(&mut statement, target, shape, existing);
    statement
}

/// The columns of a record set with their types; bytes travel in base64.
pub(super) fn record_types(target: &Target, shape: &[usize]) -> String {
    let typed = |index: &usize| {
        let column = &target.columns[*index];
        let sql_type = if column.class == Class::Bytes {
            "text"
        } else {
            &column.sql_type
        };
        format!("{} {sql_type}", target.dialect.quote(&column.name))
    };
    shape.iter().map(typed).collect::<Vec<_>>().join(", ")
}

/// Rows as a JSON array of objects, their values untouched.
pub(super) fn recordset(target: &Target, rows: &[&Values<'_>]) -> String {
    let names: Vec<String> = target
        .columns
        .iter()
        .map(|column| {
            let mut name = String::new();
            super::record::string(&column.name, &mut name);
            name
        })
        .collect();
    let mut json = String::with_capacity(rows.len() * 256);
    json.push('[');
    for (number, row) in rows.iter().enumerate() {
        json.push_str(if number > 0 { ",{" } else { "{" });
        for (place, (column, raw)) in row.iter().enumerate() {
            if place > 0 {
                json.push(',');
            }
            json.push_str(&names[*column]);
            json.push(':');
            json.push_str(raw);
        }
        json.push('}');
    }
    json.push(']');
    json
}

fn insert(
    target: &Target,
    shape: &[usize],
    rows: &[&Values<'_>],
    existing: Existing,
) -> Result<Statement, Failure> {
    let dialect = target.dialect;
    let mut statement = Statement::new(dialect);
    // A text that grows with the number of rows hardly ever comes again.
    statement.recurring = rows.len() == 1;
    statement
        .push("insert into ")
        .push(&target.table.quoted(dialect))
        .push(" (");
    let names = shape
        .iter()
        .map(|index| target.columns[*index].name.as_str());
    statement.push(&dialect.quote_all(names)).push(") values ");
    for (number, row) in rows.iter().enumerate() {
        statement.push(if number > 0 { ", (" } else { "(" });
        for (place, (column, raw)) in row.iter().enumerate() {
            statement.push(if place > 0 { ", " } else { "" });
            statement.bind(argument(target, *column, raw)?);
        }
        statement.push(")");
    }
    match dialect {
        Dialect::MySql => on_duplicate_key(&mut statement, target, shape, existing),
        _ => on_conflict(&mut statement, target, shape, existing),
    }
    Ok(statement)
}

/// The columns that an existing row takes over.
fn updated<'t>(target: &'t Target, shape: &'t [usize]) -> impl Iterator<Item = &'t str> {
    let own = shape.iter().filter(|index| !target.key.contains(index));
    own.map(|index| target.columns[*index].name.as_str())
}

fn on_conflict(statement: &mut Statement, target: &Target, shape: &[usize], existing: Existing) {
    if existing == Existing::Impossible {
        return;
    }
    let dialect = target.dialect;
    let key = target
        .key
        .iter()
        .map(|index| target.columns[*index].name.as_str());
    statement
        .push(" on conflict (")
        .push(&dialect.quote_all(key))
        .push(") do ");
    let columns: Vec<&str> = updated(target, shape).collect();
    if existing == Existing::Keep || columns.is_empty() {
        statement.push("nothing");
        return;
    }
    statement.push("update set ");
    for (number, name) in columns.into_iter().enumerate() {
        statement.push(if number > 0 { ", " } else { "" });
        statement.name(name).push(" = excluded.").name(name);
    }
}

/// MySQL resolves a conflict on *any* unique key. Were it another than ours, the row of another
/// record would be overwritten; so the key must be the same, or it becomes NULL, which its column
/// does not take.
fn on_duplicate_key(
    statement: &mut Statement,
    target: &Target,
    shape: &[usize],
    existing: Existing,
) {
    if existing == Existing::Impossible {
        return;
    }
    statement.push(" on duplicate key update ");
    for (number, index) in target.key.iter().enumerate() {
        let name = &target.columns[*index].name;
        statement.push(if number > 0 { ", " } else { "" });
        statement
            .name(name)
            .push(" = if(")
            .name(name)
            .push(" <=> values(")
            .name(name);
        statement.push("), ").name(name).push(", null)");
    }
    if existing == Existing::Update {
        for name in updated(target, shape) {
            statement
                .push(", ")
                .name(name)
                .push(" = values(")
                .name(name)
                .push(")");
        }
    }
}
