//! The statements that read, and what they give.

use jiff::tz::TimeZone;
use tenon_core::Failure;

use super::config::Inflow;
use super::dialect::{Argument, Dialect, Relation, Statement};
use super::record;
use super::session::{Cell, Session};
use super::state::{Floor, Position};
use super::table::{Class, Column, find, unknown};
use crate::watermark::{Mark, fingerprint};

/// A portion is cut when its records hold this many bytes.
const PORTION_BYTES: usize = 4 << 20;

/// A row as it was read.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) changed: Option<Mark>,
    pub(super) key: Option<Mark>,
    /// Whether a later pass will read it again.
    pub(super) recent: bool,
    /// Whether it is newer than what was the newest when the pass began.
    pub(super) past: bool,
    pub(super) json: String,
}

impl Row {
    /// What tells this state of this row from all others.
    pub(super) fn fingerprint(&self) -> u64 {
        let text = |mark: &Option<Mark>| mark.as_ref().map_or("", |mark| &mark.text).to_owned();
        let (key, changed) = (text(&self.key), text(&self.changed));
        fingerprint(&[key.as_bytes(), changed.as_bytes(), self.json.as_bytes()])
    }
}

/// Rows in order, and whether there may be more behind them.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) more: bool,
}

/// Reads one relation whose columns are known.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    dialect: Dialect,
    relation: Relation,
    columns: Vec<Column>,
    changed: usize,
    key: usize,
    page: u32,
    /// The zone of `changed` where it has no offset.
    pub(super) zone: TimeZone,
}

impl Reader {
    /// Finds the relation's columns, and in them those that order it.
    pub(super) async fn discover(
        session: &mut Session,
        inflow: &Inflow,
        key_column: &str,
    ) -> Result<Self, Failure> {
        let columns = super::table::columns(session, &inflow.relation).await?;
        let dialect = session.dialect;
        let position = |name: &str| {
            find(dialect, &columns, name).ok_or_else(|| unknown(&columns, &inflow.relation, name))
        };
        let (changed, key) = (position(&inflow.changed)?, position(key_column)?);
        let class = columns[changed].class;
        if !matches!(
            class,
            Class::Number | Class::Moment | Class::Date | Class::Dynamic
        ) {
            return Err(Failure::configuration(
                "sql.changed",
                format!(
                    "`{}` of {} is neither a time nor a number, so it cannot say what changed last",
                    inflow.changed,
                    inflow.relation.shown()
                ),
            ));
        }
        // The session's zone is UTC, and that is how MySQL writes an instant.
        let instant = dialect == Dialect::MySql && columns[changed].sql_type == "TIMESTAMP";
        let zone = if instant {
            TimeZone::UTC
        } else {
            inflow.zone.clone()
        };
        let (relation, page) = (inflow.relation.clone(), inflow.page);
        Ok(Self {
            dialect,
            relation,
            columns,
            changed,
            key,
            page,
            zone,
        })
    }

    /// The newest mark that is not after the day `latest`.
    pub(super) async fn top(
        &self,
        session: &mut Session,
        latest: &str,
    ) -> Result<Option<Mark>, Failure> {
        let changed = &self.columns[self.changed];
        let mut statement = Statement::new(self.dialect);
        let newest = format!("max({})", self.dialect.quote(&changed.name));
        statement.push("select ").push(&self.as_text(&newest));
        statement
            .push(" from ")
            .push(&self.relation.quoted(self.dialect))
            .push(" r");
        if changed.class != Class::Number {
            // In SQLite every number is before every text, so this holds back texts alone.
            statement.push(" where ");
            let latest = Mark {
                text: latest.to_owned(),
                number: false,
            };
            self.compare(&mut statement, self.changed, "<=", &latest);
        }
        let rows = session.all(&statement).await?;
        let cell = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next());
        Ok(cell.and_then(|cell| self.mark(self.changed, cell)))
    }

    /// The rows from `position`, or from `floor`, in order.
    pub(super) async fn page(
        &self,
        session: &mut Session,
        floor: Option<&Floor>,
        position: Option<&Position>,
        recent: Option<&Floor>,
        top: Option<&Mark>,
    ) -> Result<Page, Failure> {
        // The row at the position comes again, and must not keep the next one out.
        let most = self.page as usize + usize::from(position.is_some());
        let (after_select, end) = self.dialect.limit(most);
        let mut statement = Statement::new(self.dialect);
        statement.push("select ").push(&after_select);
        self.ordering(&mut statement);
        statement.push(", ");
        self.truth(
            &mut statement,
            recent.map(|floor| (floor.comparison(), &floor.mark)),
        );
        statement.push(", ");
        self.truth(&mut statement, top.map(|top| (">", top)));
        statement.push(", ");
        self.body(&mut statement);
        statement
            .push(" from ")
            .push(&self.relation.quoted(self.dialect))
            .push(" r where ");
        self.quoted_name(&mut statement, self.changed)
            .push(" is not null and ");
        self.quoted_name(&mut statement, self.key)
            .push(" is not null");
        match (position, floor) {
            (Some(position), _) => self.after_position(&mut statement, position),
            (None, Some(floor)) => {
                statement.push(" and ");
                self.compare(
                    &mut statement,
                    self.changed,
                    floor.comparison(),
                    &floor.mark,
                );
            }
            (None, None) => {}
        }
        statement.push(" order by ");
        self.quoted_name(&mut statement, self.changed).push(", ");
        self.quoted_name(&mut statement, self.key).push(&end);
        self.read(session, &statement, most, |_| true).await
    }

    /// Rows without a change or without a key that `wanted` accepts; at most `limit` are looked at.
    pub(super) async fn loose(
        &self,
        session: &mut Session,
        limit: usize,
        wanted: impl FnMut(&Row) -> bool + Send,
    ) -> Result<Page, Failure> {
        let (after_select, end) = self.dialect.limit(limit);
        let mut statement = Statement::new(self.dialect);
        statement.push("select ").push(&after_select);
        self.ordering(&mut statement);
        statement.push(", ");
        self.truth(&mut statement, None);
        statement.push(", ");
        self.truth(&mut statement, None);
        statement.push(", ");
        self.body(&mut statement);
        statement
            .push(" from ")
            .push(&self.relation.quoted(self.dialect))
            .push(" r where ");
        self.quoted_name(&mut statement, self.changed)
            .push(" is null or ");
        self.quoted_name(&mut statement, self.key)
            .push(" is null")
            .push(&end);
        self.read(session, &statement, self.page as usize, wanted)
            .await
    }

    async fn read(
        &self,
        session: &mut Session,
        statement: &Statement,
        most: usize,
        mut wanted: impl FnMut(&Row) -> bool + Send,
    ) -> Result<Page, Failure> {
        let mut page = Page::default();
        let (mut looked_at, mut bytes) = (0, 0);
        session
            .rows(statement, |cells| {
                looked_at += 1;
                let row = self.row(cells);
                if wanted(&row) {
                    bytes += row.json.len();
                    page.rows.push(row);
                }
                page.rows.len() < most && bytes < PORTION_BYTES
            })
            .await?;
        page.more = page.rows.len() >= most || bytes >= PORTION_BYTES;
        Ok(page)
    }

    fn row(&self, cells: Vec<Cell>) -> Row {
        let mut cells = cells.into_iter();
        let mut next = || cells.next().unwrap_or(Cell::Null);
        let (changed, key, recent, past) = (next(), next(), next(), next());
        let truth = |cell: Cell| cell.into_text().as_deref() == Some("1");
        let mut json = String::new();
        match self.dialect {
            Dialect::Postgres => json = next().into_text().unwrap_or_default(),
            _ => record::write(&self.columns, cells, &mut json),
        }
        Row {
            changed: self.mark(self.changed, changed),
            key: self.mark(self.key, key),
            recent: truth(recent),
            past: truth(past),
            json,
        }
    }

    fn mark(&self, column: usize, cell: Cell) -> Option<Mark> {
        let number = match cell {
            Cell::Integer(_) | Cell::Real(_) => true,
            _ => self.columns[column].class == Class::Number,
        };
        Some(Mark {
            text: cell.into_text()?,
            number,
        })
    }

    fn quoted_name<'s>(&self, statement: &'s mut Statement, column: usize) -> &'s mut Statement {
        statement.push("r.").name(&self.columns[column].name)
    }

    /// The two values by which rows are ordered, as text.
    fn ordering(&self, statement: &mut Statement) {
        for (index, column) in [self.changed, self.key].into_iter().enumerate() {
            let name = format!("r.{}", self.dialect.quote(&self.columns[column].name));
            statement
                .push(if index > 0 { ", " } else { "" })
                .push(&self.as_text(&name));
        }
    }

    fn as_text(&self, expression: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("({expression})::text"),
            Dialect::MySql => format!("cast({expression} as char)"),
            Dialect::Sqlite | Dialect::Odbc(_) => expression.to_owned(),
        }
    }

    /// Whether the change stands so to a mark; without a mark it always does.
    fn truth(&self, statement: &mut Statement, comparison: Option<(&str, &Mark)>) {
        let Some((operator, mark)) = comparison else {
            statement.push("'1'");
            return;
        };
        statement.push("case when ");
        self.compare(statement, self.changed, operator, mark);
        statement.push(" then '1' else '0' end");
    }

    fn compare(&self, statement: &mut Statement, column: usize, operator: &str, mark: &Mark) {
        let cast = self.columns[column].cast.clone();
        self.quoted_name(statement, column)
            .push(" ")
            .push(operator)
            .push(" ");
        statement.bind_as(&cast, self.argument(column, mark));
    }

    fn argument(&self, column: usize, mark: &Mark) -> Argument {
        if let Some(binding) = self.columns[column].binding {
            return binding.mark(&mark.text);
        }
        let text = || Argument::Text(mark.text.clone());
        if self.dialect != Dialect::Sqlite || !mark.number {
            return text();
        }
        // SQLite compares by the type of the value, so a number must be bound as one.
        match (mark.text.parse::<i64>(), mark.text.parse::<f64>()) {
            (Ok(integer), _) => Argument::Integer(integer),
            (_, Ok(real)) => Argument::Real(real),
            _ => text(),
        }
    }

    /// The last row read and what comes after it; the row itself again, since others may share its
    /// place. Written so that an index on the first column is used.
    fn after_position(&self, statement: &mut Statement, position: &Position) {
        statement.push(" and ");
        self.compare(statement, self.changed, ">=", &position.changed);
        statement.push(" and (");
        self.compare(statement, self.changed, ">", &position.changed);
        statement.push(" or ");
        self.compare(statement, self.key, ">=", &position.key);
        statement.push(")");
    }

    /// The record itself: on PostgreSQL as JSON made by the server, elsewhere column by column.
    fn body(&self, statement: &mut Statement) {
        match self.dialect {
            Dialect::Postgres => self.json_body(statement),
            Dialect::MySql => self.mysql_body(statement),
            Dialect::Sqlite | Dialect::Odbc(_) => {
                let names: Vec<String> = self
                    .columns
                    .iter()
                    .map(|column| format!("r.{}", self.dialect.quote(&column.name)))
                    .collect();
                statement.push(&names.join(", "));
            }
        }
    }

    fn json_body(&self, statement: &mut Statement) {
        if self
            .columns
            .iter()
            .all(|column| column.class != Class::Bytes)
        {
            statement.push("row_to_json(r)::text");
            return;
        }
        statement.push("row_to_json((select b from (select ");
        for (index, column) in self.columns.iter().enumerate() {
            statement.push(if index > 0 { ", " } else { "" });
            if column.class == Class::Bytes {
                // The server breaks base64 into lines of 76 characters.
                statement.push("translate(encode(r.").name(&column.name);
                statement
                    .push(", 'base64'), E'\\n', '') as ")
                    .name(&column.name);
            } else {
                statement.push("r.").name(&column.name);
            }
        }
        statement.push(") b))::text");
    }

    fn mysql_body(&self, statement: &mut Statement) {
        for (index, column) in self.columns.iter().enumerate() {
            statement.push(if index > 0 { ", " } else { "" });
            let (before, after) = match (column.class, column.sql_type.as_str()) {
                (_, "BIT") => ("cast(r.", " + 0 as char)"),
                (_, "TIMESTAMP") => ("concat(date_format(r.", ", '%Y-%m-%dT%H:%i:%s.%f'), 'Z')"),
                (Class::Moment, _) => ("date_format(r.", ", '%Y-%m-%dT%H:%i:%s.%f')"),
                (Class::Text | Class::Bytes | Class::Json, _) => ("r.", ""),
                _ => ("cast(r.", " as char)"),
            };
            statement.push(before).name(&column.name).push(after);
        }
    }
}
