//! Claims as advisory locks of one session a node: they end when the session does.
//!
//! A node that dies closes its session, and its claims are free at once. One that stands still keeps its
//! session and says nothing in it: whoever wants a claim ends a session that has been silent for too
//! long. Needs no table, and a connection that is the node's own all the time: no transaction
//! pooling in between.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use super::Postgres;
use crate::{Claim, StoreError};

/// How often a session says something.
const PULSE: Duration = Duration::from_secs(2);
/// After so long without a word a session counts as one that stands still.
const SILENCE: f64 = 10.0;
/// The longest that a word may take; after that the session counts as lost.
const ANSWER: Duration = Duration::from_secs(5);
/// A session that has answered so recently is not asked again.
const FRESH: Duration = Duration::from_millis(100);

/// The lock's number. Its schema is part of it, because several hubs may share a database.
const NUMBER: &str = "hashtextextended(current_schema() || '/claim/' || $1, 7603)";

/// A node's session for claims, opened when the first is wanted.
#[derive(Debug, Default)]
pub(super) struct Claims {
    session: Mutex<Option<Session>>,
}

impl Claims {
    /// What is claimed.
    pub(super) async fn names(&self) -> Vec<String> {
        let place = self.session.lock().await;
        let names = place.iter().flat_map(|session| session.names.iter());
        let mut names: Vec<String> = names.cloned().collect();
        names.sort_unstable();
        names
    }
}

#[derive(Debug)]
struct Session {
    connection: PgConnection,
    /// Tells this session's claims from those of one that was lost.
    number: u64,
    names: HashSet<String>,
    heard: Instant,
}

/// A right that holds as long as its session does.
struct Held {
    claims: Arc<Claims>,
    session: u64,
    name: String,
}

pub(super) async fn claim(
    store: &Postgres,
    name: &str,
) -> Result<Option<Box<dyn Claim>>, StoreError> {
    let claims = &store.claims;
    let mut place = claims.session.lock().await;
    if place.is_none() {
        *place = Some(open(store).await?);
        tokio::spawn(keep(Arc::downgrade(claims)));
    }
    let Some(session) = place
        .as_mut()
        .filter(|session| !session.names.contains(name))
    else {
        return Ok(None);
    };
    match bounded(take(&mut session.connection, name)).await {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(error) => {
            *place = None;
            return Err(error);
        }
    }
    session.heard = Instant::now();
    session.names.insert(name.to_owned());
    Ok(Some(Box::new(Held {
        claims: claims.clone(),
        session: session.number,
        name: name.to_owned(),
    })))
}

async fn open(store: &Postgres) -> Result<Session, StoreError> {
    let options = store.pool.connect_options();
    let connection = bounded(PgConnection::connect_with(&options)).await?;
    Ok(Session {
        connection,
        number: uuid::Uuid::now_v7().as_u128() as u64,
        names: HashSet::new(),
        heard: Instant::now(),
    })
}

/// Takes the lock; where a session that stands still has it, ends that one and takes it.
async fn take(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    if try_lock(connection, name).await? {
        return Ok(true);
    }
    let silent = format!(
        "select pg_terminate_backend(holder.pid)
         from (select {NUMBER} as number) wanted
         join pg_locks held on held.locktype = 'advisory' and held.objsubid = 1 and held.granted
             and held.classid = ((wanted.number >> 32) & 4294967295)::oid
             and held.objid = (wanted.number & 4294967295)::oid
         join pg_database base on base.oid = held.database and base.datname = current_database()
         join pg_stat_activity holder on holder.pid = held.pid
         where holder.state_change < clock_timestamp() - make_interval(secs => $2)"
    );
    // Constants only; the name is bound.
    let ended: Vec<bool> = sqlx::query_scalar(sqlx::AssertSqlSafe(silent))
        .bind(name)
        .bind(SILENCE)
        .fetch_all(&mut *connection)
        .await?;
    if !ended.contains(&true) {
        return Ok(false);
    }
    tracing::warn!(
        name,
        "a node stands still; what it served is served by this one"
    );
    try_lock(connection, name).await
}

async fn try_lock(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let statement = format!("select pg_try_advisory_lock({NUMBER})");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .bind(name)
        .fetch_one(connection)
        .await
}

/// Says something in the session again and again, until nobody needs it or it is lost.
async fn keep(claims: Weak<Claims>) {
    loop {
        tokio::time::sleep(PULSE).await; // why: a pulse is a time
        let Some(claims) = claims.upgrade() else {
            return;
        };
        let mut place = claims.session.lock().await;
        let Some(session) = place.as_mut() else {
            return;
        };
        if bounded(session.connection.ping()).await.is_err() {
            tracing::warn!("the session that holds this node's claims is lost");
            *place = None;
            return;
        }
        session.heard = Instant::now();
    }
}

async fn bounded<T>(talk: impl Future<Output = sqlx::Result<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER, talk).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StoreError::Unavailable(format!(
            "no answer within {} s",
            ANSWER.as_secs()
        ))),
    }
}

#[async_trait]
impl Claim for Held {
    async fn holds(&self) -> bool {
        let mut place = self.claims.session.lock().await;
        let Some(session) = place.as_mut().filter(|found| found.number == self.session) else {
            return false;
        };
        if session.heard.elapsed() < FRESH {
            return true;
        }
        if bounded(session.connection.ping()).await.is_err() {
            *place = None;
            return false;
        }
        session.heard = Instant::now();
        true
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (claims, session, name) = (
            self.claims.clone(),
            self.session,
            std::mem::take(&mut self.name),
        );
        // Without a runtime the process is at its end, and the session with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let mut place = claims.session.lock().await;
            let Some(found) = place.as_mut().filter(|found| found.number == session) else {
                return;
            };
            found.names.remove(&name);
            let statement = format!("select pg_advisory_unlock({NUMBER})");
            let given_back = sqlx::query_scalar::<_, bool>(sqlx::AssertSqlSafe(statement))
                .bind(&name)
                .fetch_one(&mut found.connection);
            if bounded(given_back).await.is_err() {
                *place = None;
            }
        });
    }
}
