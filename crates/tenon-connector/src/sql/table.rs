//! What columns a relation has, and how values of each are compared and cast.

use std::sync::atomic::{AtomicU64, Ordering};

use tenon_core::{Failure, nearest};

use super::dialect::{Argument, Dialect, Relation, Statement};
use super::odbc::Binding;
use super::session::{Described, Session};

/// What kind of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Number,
    Boolean,
    Text,
    /// A date with a time of day.
    Moment,
    Date,
    /// A time of day.
    Clock,
    Bytes,
    Json,
    /// SQLite: each value says what it is.
    Dynamic,
    Other,
}

/// How SQLite converts what is stored in a column, by the rules for declared types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Text,
    Numeric,
    Blob,
}

/// A column of a table or query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) class: Class,
    /// PostgreSQL: the type as SQL writes it. MySQL: the driver's name of it.
    pub(super) sql_type: String,
    /// The expression that gives a bound text the column's type; `{}` is its place.
    pub(super) cast: String,
    pub(super) affinity: Affinity,
    /// How an ODBC driver is given values of it.
    pub(super) binding: Option<Binding>,
}

impl Column {
    /// A column whose values are compared as they are.
    pub(super) fn new(name: impl Into<String>, class: Class) -> Self {
        Self {
            name: name.into(),
            class,
            sql_type: String::new(),
            cast: "{}".to_owned(),
            affinity: Affinity::Blob,
            binding: None,
        }
    }

    fn typed(mut self, sql_type: impl Into<String>, cast: impl Into<String>) -> Self {
        self.sql_type = sql_type.into();
        self.cast = cast.into();
        self
    }
}

/// The index of the column that `name` means; all but PostgreSQL do not tell case apart.
pub(super) fn find(dialect: Dialect, columns: &[Column], name: &str) -> Option<usize> {
    columns
        .iter()
        .position(|column| column.name == name)
        .or_else(|| match dialect {
            Dialect::Postgres => None,
            _ => columns
                .iter()
                .position(|column| column.name.eq_ignore_ascii_case(name)),
        })
}

/// The failure of naming a column that is not there.
pub(super) fn unknown(columns: &[Column], relation: &Relation, name: &str) -> Failure {
    let names = || columns.iter().map(|column| column.name.as_str());
    let advice = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "its columns are {}",
            names().take(40).collect::<Vec<_>>().join(", ")
        ),
    };
    let detail = format!("{} has no column `{name}`; {advice}", relation.shown());
    Failure::configuration("sql.column", detail)
}

/// Asks the database for the columns of a relation.
pub(super) async fn columns(
    session: &mut Session,
    relation: &Relation,
) -> Result<Vec<Column>, Failure> {
    let dialect = session.dialect;
    if dialect.is_sqlite() {
        // Preparing alone trusts what the connection last knew of the schema; reading looks again.
        let look = "select name from sqlite_schema limit 1";
        session.all(&Statement::fixed(dialect, look)).await?;
    }
    // Drivers remember the columns of a text that they have prepared, also when the table has been
    // changed since; so each question has a text of its own.
    static QUESTIONS: AtomicU64 = AtomicU64::new(0);
    let question = QUESTIONS.fetch_add(1, Ordering::Relaxed);
    let relation_text = relation.quoted(dialect);
    let text = format!("select * from {relation_text} tenon_row where {question} < 0");
    let mut statement = Statement::fixed(dialect, text);
    statement.recurring = false;
    let described = session.describe(&statement).await?;
    match dialect {
        Dialect::Postgres => postgres(session, described).await,
        Dialect::MySql => Ok(described.into_iter().map(mysql).collect()),
        Dialect::Sqlite => sqlite(session, relation, described).await,
        Dialect::Odbc(_) => Ok(described.into_iter().map(odbc).collect()),
    }
}

async fn postgres(
    session: &mut Session,
    described: Vec<Described>,
) -> Result<Vec<Column>, Failure> {
    let oids: Vec<String> = described
        .iter()
        .filter_map(|column| column.oid)
        .map(|oid| oid.to_string())
        .collect();
    let mut statement = Statement::new(Dialect::Postgres);
    statement.push(
        "select oid::text, format_type(oid, -1), typcategory::text, typname::text \
         from pg_catalog.pg_type where oid = any(",
    );
    statement.bind_as(
        "{}::text::oid[])",
        Argument::Text(format!("{{{}}}", oids.join(","))),
    );
    let mut types = std::collections::HashMap::new();
    for row in session.all(&statement).await? {
        let mut texts = row
            .into_iter()
            .map(|cell| cell.into_text().unwrap_or_default());
        let mut next = || texts.next().unwrap_or_default();
        let (oid, formatted, category, name) = (next(), next(), next(), next());
        types.insert(oid, (formatted, category, name));
    }
    Ok(described
        .into_iter()
        .map(|column| {
            let oid = column.oid.map(|oid| oid.to_string()).unwrap_or_default();
            let Some((formatted, category, name)) = types.get(&oid) else {
                return Column::new(column.name, Class::Other);
            };
            let class = match (name.as_str(), category.as_str()) {
                ("bytea", _) => Class::Bytes,
                ("json" | "jsonb", _) => Class::Json,
                ("date", _) => Class::Date,
                ("time" | "timetz", _) => Class::Clock,
                (_, "D") => Class::Moment,
                (_, "N") => Class::Number,
                (_, "B") => Class::Boolean,
                (_, "S") => Class::Text,
                _ => Class::Other,
            };
            Column::new(column.name, class).typed(formatted, format!("{{}}::text::{formatted}"))
        })
        .collect())
}

fn mysql(column: Described) -> Column {
    let name = column.type_name.as_str();
    // Without a cast, a text is compared with a number as binary floating point.
    let (class, cast) = match name {
        "BOOLEAN" => (Class::Boolean, "cast({} as signed)"),
        "DECIMAL" => (Class::Number, "cast({} as decimal(65,30))"),
        "FLOAT" | "DOUBLE" => (Class::Number, "({} + 0e0)"),
        "BIT" => (Class::Number, "cast({} as unsigned)"),
        _ if name.ends_with("INT UNSIGNED") => (Class::Number, "cast({} as unsigned)"),
        _ if name.ends_with("INT") || name == "YEAR" => (Class::Number, "cast({} as signed)"),
        "DATETIME" | "TIMESTAMP" => (Class::Moment, "cast({} as datetime(6))"),
        "DATE" => (Class::Date, "cast({} as date)"),
        "TIME" => (Class::Clock, "cast({} as time(6))"),
        "JSON" => (Class::Json, "{}"),
        "ENUM" | "SET" => (Class::Text, "{}"),
        _ if column.is_text => (Class::Text, "{}"),
        _ => (Class::Bytes, "{}"),
    };
    let sql_type = column.type_name.clone();
    Column::new(column.name, class).typed(sql_type, cast)
}

async fn sqlite(
    session: &mut Session,
    relation: &Relation,
    described: Vec<Described>,
) -> Result<Vec<Column>, Failure> {
    let mut declared = std::collections::HashMap::new();
    if let Relation::Table(path) = relation
        && let Some(table) = path.last()
    {
        let mut statement = Statement::new(Dialect::Sqlite);
        statement.push("select name, type from pragma_table_info(");
        statement.bind(Argument::Text(table.clone()));
        if let [schema, _] = path.as_slice() {
            statement.push(", ").bind(Argument::Text(schema.clone()));
        }
        statement.push(")");
        for row in session.all(&statement).await? {
            let mut texts = row
                .into_iter()
                .map(|cell| cell.into_text().unwrap_or_default());
            let name = texts.next().unwrap_or_default();
            declared.insert(name, texts.next().unwrap_or_default().to_ascii_uppercase());
        }
    }
    Ok(described
        .into_iter()
        .map(|column| {
            let declared = declared.get(&column.name).cloned().unwrap_or_default();
            let boolean = column.type_name == "BOOLEAN" || declared.starts_with("BOOL");
            let class = if boolean {
                Class::Boolean
            } else {
                Class::Dynamic
            };
            let affinity = affinity(&declared);
            Column {
                affinity,
                ..Column::new(column.name, class).typed(declared, "{}")
            }
        })
        .collect())
}

fn odbc(column: Described) -> Column {
    let class = column
        .binding
        .map_or(Class::Other, |binding| binding.class());
    Column {
        binding: column.binding,
        ..Column::new(column.name, class)
    }
}

/// Section 3.1 of SQLite's page on datatypes, reduced to what matters for binding.
fn affinity(declared: &str) -> Affinity {
    if declared.contains("INT") {
        Affinity::Numeric
    } else if ["CHAR", "CLOB", "TEXT"]
        .iter()
        .any(|part| declared.contains(part))
    {
        Affinity::Text
    } else if declared.is_empty() || declared.contains("BLOB") {
        Affinity::Blob
    } else {
        Affinity::Numeric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_have_an_affinity() {
        let check =
            |declared: &str, expected| assert_eq!(affinity(declared), expected, "{declared}");
        check("VARCHAR(20)", Affinity::Text);
        check("BIGINT", Affinity::Numeric);
        check("DECIMAL(12,2)", Affinity::Numeric);
        check("BLOB", Affinity::Blob);
        check("", Affinity::Blob);
    }

    #[test]
    fn names_are_found_as_the_database_finds_them() {
        let columns = [
            Column::new("Order_No", Class::Text),
            Column::new("qty", Class::Number),
        ];
        assert_eq!(find(Dialect::MySql, &columns, "ORDER_NO"), Some(0));
        assert_eq!(find(Dialect::Postgres, &columns, "ORDER_NO"), None);
        let failure = unknown(&columns, &Relation::Table(vec!["o".to_owned()]), "qyt");
        assert_eq!(failure.detail, "o has no column `qyt`; did you mean `qty`?");
    }
}
