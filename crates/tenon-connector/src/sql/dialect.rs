//! The SQL that differs between the databases, and the one way in which statements are put together.
//!
//! A [`Statement`] takes three things: fixed text of this crate, names that it quotes, and values
//! that it binds. The configured query of an inlet is the only text from outside that it carries,
//! written by whoever may also write the credentials.

use super::odbc::{Behind, Binding};

/// A database that is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
    /// Whatever stands behind an ODBC driver, by the standard's SQL as far as it reaches.
    #[cfg_attr(
        not(feature = "odbc"),
        expect(dead_code, reason = "nothing stands there")
    )]
    Odbc(Behind),
}

impl Dialect {
    /// The dialect that a URL's scheme names; ODBC is no dialect before it is connected.
    pub(super) fn of(url: &str) -> Option<Self> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }

    /// A name as the database takes it literally, whatever characters it has.
    pub(super) fn quote(self, name: &str) -> String {
        let mark = match self {
            Self::MySql => '`',
            Self::Postgres | Self::Sqlite => '"',
            Self::Odbc(behind) => behind.quote(),
        };
        let mut quoted = String::with_capacity(name.len() + 2);
        quoted.push(mark);
        for character in name.chars() {
            if character == mark {
                quoted.push(mark);
            }
            quoted.push(character);
        }
        quoted.push(mark);
        quoted
    }

    /// Whether it is SQLite, reached by itself or by ODBC.
    pub(super) fn is_sqlite(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Odbc(behind) => behind.is_sqlite(),
            Self::Postgres | Self::MySql => false,
        }
    }

    /// What follows SELECT, and what ends it, so that it gives no more than `most` rows.
    pub(super) fn limit(self, most: usize) -> (String, String) {
        match self {
            Self::Odbc(behind) => behind.limit(most),
            _ => (String::new(), format!(" limit {most}")),
        }
    }

    /// Several names, separated by commas.
    pub(super) fn quote_all<'n>(self, names: impl IntoIterator<Item = &'n str>) -> String {
        names
            .into_iter()
            .map(|name| self.quote(name))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// What rows are read from or written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Relation {
    /// A table or view, with its schema where one is given.
    Table(Vec<String>),
    /// A configured SELECT.
    Query(String),
}

impl Relation {
    /// The relation where a FROM or INTO wants it.
    pub(super) fn quoted(&self, dialect: Dialect) -> String {
        match self {
            Self::Table(path) => path
                .iter()
                .map(|part| dialect.quote(part))
                .collect::<Vec<_>>()
                .join("."),
            // The line break ends a comment with which the query may end.
            Self::Query(query) => format!("({query}\n)"),
        }
    }

    /// The relation in words, for a person.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Table(path) => path.join("."),
            Self::Query(_) => "the query".to_owned(),
        }
    }
}

/// A value that a statement binds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Null,
    Text(String),
    Integer(i64),
    Real(f64),
    Bytes(Vec<u8>),
    /// A text that an ODBC driver turns into the column's type.
    #[cfg_attr(
        not(feature = "odbc"),
        expect(dead_code, reason = "there is no driver")
    )]
    Typed(Binding, Option<String>),
}

/// A statement while it is put together, with the values that it binds.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    dialect: Dialect,
    text: String,
    arguments: Vec<Argument>,
    /// Whether it is worth keeping prepared: its text comes again.
    pub(super) recurring: bool,
}

impl Statement {
    /// An empty statement.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            text: String::new(),
            arguments: Vec::new(),
            recurring: true,
        }
    }

    /// A statement without values.
    pub(super) fn fixed(dialect: Dialect, text: impl Into<String>) -> Self {
        Self {
            dialect,
            text: text.into(),
            arguments: Vec::new(),
            recurring: true,
        }
    }

    /// Appends text of this crate.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a name, quoted.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        let quoted = self.dialect.quote(name);
        self.push(&quoted)
    }

    /// Appends a placeholder and binds `argument` to it.
    pub(super) fn bind(&mut self, argument: Argument) -> &mut Self {
        self.arguments.push(argument);
        match self.dialect {
            Dialect::Postgres => {
                let placeholder = format!("${}", self.arguments.len());
                self.push(&placeholder)
            }
            Dialect::MySql | Dialect::Sqlite | Dialect::Odbc(_) => self.push("?"),
        }
    }

    /// Appends a placeholder within the expression that gives the value its type: `{}` is its place.
    pub(super) fn bind_as(&mut self, cast: &str, argument: Argument) -> &mut Self {
        let (before, after) = cast.split_once("{}").unwrap_or(("", ""));
        self.push(before).bind(argument).push(after)
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The values, in the order of their placeholders.
    pub(super) fn arguments(&self) -> &[Argument] {
        &self.arguments
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_quoted_as_each_database_wants_it() {
        let check = |dialect: Dialect, name: &str, expected: &str| {
            assert_eq!(dialect.quote(name), expected);
        };
        check(Dialect::Postgres, "单号", "\"单号\"");
        check(Dialect::Postgres, "a\"b", "\"a\"\"b\"");
        check(Dialect::Sqlite, "a; drop table b", "\"a; drop table b\"");
        check(Dialect::MySql, "a`b\"", "`a``b\"`");
        let table = Relation::Table(vec!["erp".to_owned(), "order".to_owned()]);
        assert_eq!(table.quoted(Dialect::MySql), "`erp`.`order`");
        let query = Relation::Query("select 1 -- one".to_owned());
        assert_eq!(query.quoted(Dialect::Sqlite), "(select 1 -- one\n)");
    }

    #[test]
    fn placeholders_follow_the_dialect() {
        let text = |dialect| {
            let mut statement = Statement::new(dialect);
            statement.push("select ").bind(Argument::Null).push(", ");
            statement.bind_as("{}::text::date", Argument::Integer(1));
            statement.text().to_owned()
        };
        assert_eq!(text(Dialect::Postgres), "select $1, $2::text::date");
        assert_eq!(text(Dialect::MySql), "select ?, ?::text::date");
    }

    proptest! {
        #[test]
        fn a_quoted_name_never_ends_early(name in ".{0,20}") {
            for (dialect, mark) in [(Dialect::Postgres, '"'), (Dialect::MySql, '`'), (Dialect::Sqlite, '"')] {
                let quoted = dialect.quote(&name);
                let inner = &quoted[1..quoted.len() - 1];
                let doubled = format!("{mark}{mark}");
                prop_assert!(!inner.replace(&doubled, "").contains(mark));
                prop_assert_eq!(inner.replace(&doubled, &mark.to_string()), name.as_str());
            }
        }
    }
}
