//! Delivering by upsert: a batch is one transaction with one statement for each set of columns.
//!
//! When the database refuses a row, the batch is done again message by message, each behind a
//! savepoint, so that only the bad ones fail.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_core::{Failure, FailureKind, Message, Outbound};
use tokio::sync::Mutex;

use super::config::Outflow;
use super::database::Database;
use super::dialect::{Argument, Dialect, Relation, Statement};
use super::lines::{self, LinesTarget};
use super::payload::{self, Parsed, Target};
use super::session::Session;
use super::table::{columns, find, unknown};
use super::upsert::{Existing, write};
use crate::{Delivered, Permit, Sink, superseded};

/// Writes to a table.
#[derive(Debug)]
pub(super) struct Upserting {
    database: Arc<Database>,
    outflow: Outflow,
    doing: String,
    /// The columns, once they are known.
    tables: Mutex<Option<Arc<Tables>>>,
}

/// The tables that are written, as the database describes them.
#[derive(Debug)]
struct Tables {
    main: Target,
    lines: Option<LinesTarget>,
}

type Outcomes = Vec<Result<Delivered, Failure>>;

impl Upserting {
    /// A sink; nothing is asked of the database yet.
    pub(super) fn new(database: Arc<Database>, outflow: Outflow) -> Self {
        let doing = format!("writing {}", outflow.table.shown());
        Self {
            database,
            outflow,
            doing,
            tables: Mutex::new(None),
        }
    }

    fn existing(&self) -> Existing {
        match (self.outflow.key.is_empty(), self.outflow.insert_only) {
            (true, _) => Existing::Impossible,
            (false, true) => Existing::Keep,
            (false, false) => Existing::Update,
        }
    }

    async fn tables(&self, anew: bool) -> Result<Arc<Tables>, Failure> {
        let mut known = self.tables.lock().await;
        if let (Some(tables), false) = (&*known, anew) {
            return Ok(tables.clone());
        }
        let discovered = self
            .database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let tables = self.discover(&mut lease.session).await;
                lease.close(tables)
            })
            .await?;
        let tables = Arc::new(discovered);
        *known = Some(tables.clone());
        Ok(tables)
    }

    async fn discover(&self, session: &mut Session) -> Result<Tables, Failure> {
        let main = target(session, &self.outflow.table, &self.outflow.key).await?;
        let lines = match &self.outflow.lines {
            None => None,
            Some(plan) => {
                let all = target(session, &plan.table, &[]).await?;
                let known = all.columns.clone();
                let lines = lines::target(all, &plan.parent, &plan.key)
                    .map_err(|name| unknown(&known, &plan.table, &name))?;
                if lines.keyed {
                    check_key(session, &lines.target).await?;
                }
                Some(lines)
            }
        };
        if !self.outflow.key.is_empty() {
            check_key(session, &main).await?;
        }
        Ok(Tables { main, lines })
    }

    /// Reads every payload; a field without a column makes us look at the table once more, since a
    /// column may have been added.
    async fn parse<'b>(
        &self,
        batch: &'b [Message<Outbound>],
    ) -> Result<(Arc<Tables>, Vec<Result<Parsed<'b>, Failure>>), Failure> {
        let mut anew = false;
        loop {
            let tables = self.tables(anew).await?;
            let lines = tables.lines.as_ref().map(|lines| &lines.target);
            let parsed: Vec<_> = batch
                .iter()
                .map(|message| {
                    payload::read(&message.body.payload, &self.outflow, &tables.main, lines)
                })
                .collect();
            let unknown = |result: &Result<Parsed<'_>, Failure>| matches!(result, Err(failure) if failure.kind == FailureKind::Configuration);
            if anew || !parsed.iter().any(unknown) {
                return Ok((tables, parsed));
            }
            anew = true;
        }
    }

    /// Everything in one transaction.
    async fn together(
        &self,
        tables: &Tables,
        rows: &[&Parsed<'_>],
        permit: &dyn Permit,
    ) -> Result<(), Failure> {
        self.database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let session = &mut lease.session;
                let outcome = async {
                    // One statement of PostgreSQL is a transaction by itself, and three messages to the
                    // server are two too many.
                    let alone = session.dialect == Dialect::Postgres
                        && tables.lines.is_none()
                        && groups(rows).len() == 1;
                    if alone {
                        still(permit).await?;
                        return self.write(session, tables, rows).await;
                    }
                    session.begin().await?;
                    self.write(session, tables, rows).await?;
                    // Whoever delivers in our place waits for these rows until we are done.
                    still(permit).await?;
                    session.commit().await
                }
                .await;
                lease.close(outcome)
            })
            .await
    }

    /// Each message behind a savepoint of one transaction, over ODBC in a transaction of its own; the
    /// outcome of each, or the failure of all.
    async fn one_by_one(
        &self,
        tables: &Tables,
        rows: &[&Parsed<'_>],
        permit: &dyn Permit,
    ) -> Result<Vec<Option<Failure>>, Failure> {
        self.database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let session = &mut lease.session;
                let outcome = match session.dialect {
                    Dialect::Odbc(_) => self.alone(session, tables, rows, permit).await,
                    _ => self.behind_savepoints(session, tables, rows, permit).await,
                };
                lease.close(outcome)
            })
            .await
    }

    async fn behind_savepoints(
        &self,
        session: &mut Session,
        tables: &Tables,
        rows: &[&Parsed<'_>],
        permit: &dyn Permit,
    ) -> Result<Vec<Option<Failure>>, Failure> {
        session.begin().await?;
        if session.dialect == Dialect::Postgres {
            // A constraint that is checked at the commit would fail all of them.
            session.control("set constraints all immediate").await?;
        }
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            session.control("savepoint tenon_message").await?;
            match self.write(session, tables, std::slice::from_ref(row)).await {
                Ok(()) => {
                    session.control("release savepoint tenon_message").await?;
                    outcomes.push(None);
                }
                Err(failure) if failure.kind == FailureKind::Invalid => {
                    session
                        .control("rollback to savepoint tenon_message")
                        .await?;
                    outcomes.push(Some(failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        still(permit).await?;
        session.commit().await?;
        Ok(outcomes)
    }

    /// Each message in a transaction of its own: savepoints have other words in every database.
    async fn alone(
        &self,
        session: &mut Session,
        tables: &Tables,
        rows: &[&Parsed<'_>],
        permit: &dyn Permit,
    ) -> Result<Vec<Option<Failure>>, Failure> {
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            session.begin().await?;
            match self.write(session, tables, std::slice::from_ref(row)).await {
                Ok(()) => {
                    still(permit).await?;
                    session.commit().await?;
                    outcomes.push(None);
                }
                Err(failure) if failure.kind == FailureKind::Invalid => {
                    session.rollback().await?;
                    outcomes.push(Some(failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(outcomes)
    }

    async fn write(
        &self,
        session: &mut Session,
        tables: &Tables,
        rows: &[&Parsed<'_>],
    ) -> Result<(), Failure> {
        let existing = self.existing();
        for (shape, members) in groups(rows) {
            let values: Vec<_> = members.iter().map(|member| &member.values).collect();
            write(session, &tables.main, &shape, &values, existing).await?;
            if let Some(lines) = &tables.lines {
                lines::bring_up(session, lines, &tables.main, &members, existing).await?;
            }
        }
        Ok(())
    }

    fn delivered(&self, parsed: &Parsed<'_>, message: &Message<Outbound>) -> Delivered {
        let native_id = match parsed.key.is_empty() {
            true => message.body.native_id.clone(),
            false => Some(parsed.key.join("/")),
        };
        Delivered {
            native_id,
            answer: format!("a row of {}", self.outflow.table.shown()),
        }
    }
}

#[async_trait]
impl Sink for Upserting {
    async fn probe(&self) -> Result<(), Failure> {
        self.tables(true).await.map(|_| ())
    }

    async fn deliver(&self, batch: &[Message<Outbound>], permit: &dyn Permit) -> Outcomes {
        if batch.is_empty() {
            return Vec::new();
        }
        let (tables, parsed) = match self.parse(batch).await {
            Ok(parsed) => parsed,
            Err(failure) => return vec![Err(failure); batch.len()],
        };
        let rows: Vec<&Parsed<'_>> = parsed.iter().flatten().collect();
        let written: Result<Vec<Option<Failure>>, Failure> = match rows.len() {
            0 => Ok(Vec::new()),
            count => match self.together(&tables, &rows, permit).await {
                Ok(()) => Ok(vec![None; count]),
                // Over ODBC also one alone: its row may have come from elsewhere just before ours.
                Err(failure)
                    if failure.kind == FailureKind::Invalid
                        && (count > 1 || matches!(tables.main.dialect, Dialect::Odbc(_))) =>
                {
                    self.one_by_one(&tables, &rows, permit).await
                }
                Err(failure) => Err(failure),
            },
        };
        let mut written = match written {
            Ok(outcomes) => outcomes.into_iter(),
            Err(failure) => vec![Some(failure); rows.len()].into_iter(),
        };
        if written
            .as_slice()
            .iter()
            .flatten()
            .any(|failure| failure.kind == FailureKind::Configuration)
        {
            // The table may have been changed under us; the next delivery looks at it anew.
            *self.tables.lock().await = None;
        }
        parsed
            .iter()
            .zip(batch)
            .map(|(parsed, message)| match parsed {
                Err(failure) => Err(failure.clone()),
                Ok(parsed) => match written.next().flatten() {
                    Some(failure) => Err(failure),
                    None => Ok(self.delivered(parsed, message)),
                },
            })
            .collect()
    }
}

/// An error where the right to deliver is lost.
async fn still(permit: &dyn Permit) -> Result<(), Failure> {
    match permit.holds().await {
        true => Ok(()),
        false => Err(superseded()),
    }
}

/// Rows that can go in one statement: the same columns, and no key twice.
///
/// A key that comes again goes into a later group than before, so that the last one wins.
fn groups<'r, 'p>(rows: &[&'r Parsed<'p>]) -> Vec<(Vec<usize>, Vec<&'r Parsed<'p>>)> {
    let mut groups: Vec<(Vec<usize>, Vec<&'r Parsed<'p>>)> = Vec::new();
    let mut latest = std::collections::HashMap::new();
    for row in rows {
        let shape = Parsed::shape(&row.values);
        let keyed = !row.key.is_empty();
        let earliest = match latest.get(&row.key) {
            Some(group) if keyed => group + 1,
            _ => 0,
        };
        let fitting = (earliest..groups.len()).find(|index| groups[*index].0 == shape);
        let index = fitting.unwrap_or(groups.len());
        match fitting {
            Some(index) => groups[index].1.push(row),
            None => groups.push((shape, vec![row])),
        }
        latest.insert(&row.key, index);
    }
    groups
}

async fn target(
    session: &mut Session,
    table: &Relation,
    key: &[String],
) -> Result<Target, Failure> {
    let columns = columns(session, table).await?;
    let dialect = session.dialect;
    let position =
        |name: &String| find(dialect, &columns, name).ok_or_else(|| unknown(&columns, table, name));
    let key = key.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    Ok(Target {
        dialect,
        table: table.clone(),
        columns,
        key,
    })
}

/// On MySQL an upsert without a unique key would insert the row again and again; the other
/// databases refuse it by themselves.
async fn check_key(session: &mut Session, target: &Target) -> Result<(), Failure> {
    let (Dialect::MySql, Relation::Table(path)) = (target.dialect, &target.table) else {
        return Ok(());
    };
    let Some(table) = path.last() else {
        return Ok(());
    };
    let mut statement = Statement::new(Dialect::MySql);
    statement.push(
        "select cast(index_name as char), cast(column_name as char), cast(nullable as char) \
         from information_schema.statistics where non_unique = 0 and table_name = ",
    );
    statement
        .bind(Argument::Text(table.clone()))
        .push(" and table_schema = coalesce(");
    let schema = match path.as_slice() {
        [schema, _] => Argument::Text(schema.clone()),
        _ => Argument::Null,
    };
    statement
        .bind(schema)
        .push(", database()) order by index_name, seq_in_index");
    let mut indices: Vec<(String, Vec<String>, bool)> = Vec::new();
    for row in session.all(&statement).await? {
        let mut texts = row
            .into_iter()
            .map(|cell| cell.into_text().unwrap_or_default());
        let mut next = || texts.next().unwrap_or_default();
        let (index, column, nullable) = (next(), next(), next() == "YES");
        match indices.last_mut().filter(|(other, _, _)| *other == index) {
            Some((_, columns, some_nullable)) => {
                columns.push(column);
                *some_nullable |= nullable;
            }
            None => indices.push((index, vec![column], nullable)),
        }
    }
    let mut key: Vec<&str> = target
        .key
        .iter()
        .map(|index| target.columns[*index].name.as_str())
        .collect();
    key.sort_unstable();
    let fits = indices.iter().any(|(_, columns, nullable)| {
        let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        columns.sort_unstable();
        columns == key && !nullable
    });
    if fits {
        return Ok(());
    }
    let detail = format!(
        "{} has no unique index on exactly ({}) whose columns are NOT NULL; without it a row cannot \
         be found again",
        target.table.shown(),
        key.join(", ")
    );
    Err(Failure::configuration("sql.key", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_again_waits_for_the_next_statement() {
        let row = |key: &str, shape: &[usize]| Parsed {
            values: shape.iter().map(|column| (*column, "1")).collect(),
            key: vec![key.to_owned()],
            lines: None,
        };
        let rows = [
            row("a", &[0]),
            row("b", &[0, 1]),
            row("a", &[0, 1]),
            row("c", &[0]),
            row("a", &[0]),
        ];
        let found: Vec<Vec<String>> = groups(&rows.iter().collect::<Vec<_>>())
            .into_iter()
            .map(|(_, members)| members.iter().map(|member| member.key[0].clone()).collect())
            .collect();
        assert_eq!(found, [vec!["a", "c"], vec!["b", "a"], vec!["a"]]);
    }
}
