//! The nodes of the hub as each of them sees the others, and what all are asked to do: the statements, once for
//! both databases. How long ago a node was seen is told by the database's clock alone.

use async_trait::async_trait;
use tenon_core::{SystemName, Timestamp};
use uuid::Uuid;

use crate::StoreError;
use crate::rows::{from_json, system, timestamp};

/// A node of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubNode {
    /// Its own for as long as it runs.
    pub id: Uuid,
    /// What people know it by.
    pub name: String,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// The version of the hub that it runs.
    pub version: String,
    /// What it does: `receive`, `route`, `deliver`.
    pub roles: Vec<String>,
    /// Since when it runs, by its own clock.
    pub started_at: Timestamp,
}

/// A node that was there within a day, and has not said that it has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNode {
    /// The node.
    pub node: HubNode,
    /// What it is; absent of one that runs an older version.
    pub facts: Option<NodeFacts>,
    /// What it alone serves.
    pub claims: Vec<String>,
    /// For how many seconds it has said nothing.
    pub silent_seconds: i64,
}

/// What every node is asked: to serve a system as its connector file says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadRequest {
    /// Its own.
    pub id: Uuid,
    /// The system.
    pub system: SystemName,
    /// When.
    pub at: Timestamp,
}

/// What came of a request on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadOutcome {
    /// Which request.
    pub request: Uuid,
    /// The node.
    pub node: HubNode,
    /// Why the connector goes on as it was; `None` where it is served as its file says now.
    pub because: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// The nodes, and what all are asked.
#[async_trait]
pub trait Nodes: Send + Sync + 'static {
    /// Notes that a node is there, and what it has claimed through this store; it is for 15 seconds.
    async fn node_seen(&self, node: &HubNode, facts: &NodeFacts) -> Result<(), StoreError>;

    /// Notes that a node has gone.
    async fn node_left(&self, id: Uuid) -> Result<(), StoreError>;

    /// The nodes that are there, by name.
    async fn nodes(&self) -> Result<Vec<HubNode>, StoreError>;

    /// The nodes that were there within a day and did not say that they go, by name.
    async fn known_nodes(&self) -> Result<Vec<KnownNode>, StoreError>;

    /// Tells how a node is getting on, in words of its own, to the others; of one that is not known nothing is.
    async fn tell_pulse(&self, id: Uuid, pulse: &str) -> Result<(), StoreError>;

    /// How the nodes that are there are getting on, of those that have told it, by name.
    async fn pulses(&self) -> Result<Vec<(HubNode, String)>, StoreError>;

    /// Asks every node; what was asked about the system before is not asked any more.
    async fn ask_reload(&self, request: &ReloadRequest) -> Result<(), StoreError>;

    /// What is asked, of each system the latest.
    async fn reloads(&self) -> Result<Vec<ReloadRequest>, StoreError>;

    /// Notes what came of a request on a node; kept for a day.
    async fn note_reload(&self, outcome: &ReloadOutcome) -> Result<(), StoreError>;

    /// What came of a request so far, by the nodes' names.
    async fn reload_outcomes(&self, request: Uuid) -> Result<Vec<ReloadOutcome>, StoreError>;
}

/// The columns of a node: id, name, version, roles, since, claims, silence.
pub(crate) type KnownRow = (
    Uuid,
    String,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    i64,
);

pub(crate) fn known(row: KnownRow) -> Result<KnownNode, StoreError> {
    let (id, name, version, roles, started, claims, silent) = row;
    let list = |text: Option<String>| match text {
        Some(text) => from_json("a list", &text),
        None => Ok(Vec::new()),
    };
    let facts = match (version, started) {
        (Some(version), Some(started)) => Some(NodeFacts {
            version,
            roles: list(roles)?,
            started_at: timestamp(started)?,
        }),
        _ => None,
    };
    Ok(KnownNode {
        node: HubNode { id, name },
        facts,
        claims: list(claims)?,
        silent_seconds: silent.max(0),
    })
}

/// The columns of a request: system, id, when.
pub(crate) type RequestRow = (String, Uuid, i64);

pub(crate) fn request((name, id, at): RequestRow) -> Result<ReloadRequest, StoreError> {
    Ok(ReloadRequest {
        id,
        system: system(&name)?,
        at: timestamp(at)?,
    })
}

/// The columns of an outcome: request, node, its name, why not, milliseconds.
pub(crate) type OutcomeRow = (Uuid, Uuid, String, Option<String>, i64);

pub(crate) fn outcome((request, id, name, because, took_ms): OutcomeRow) -> ReloadOutcome {
    ReloadOutcome {
        request,
        node: HubNode { id, name },
        because,
        took_ms: u64::try_from(took_ms).unwrap_or_default(),
    }
}

/// Implements [`Nodes`] for a store with a method `$read` that gives a connection to read with, and one that
/// writes after `$begin`; `$now` is the database's clock in whole seconds since 1970-01-01.
macro_rules! nodes {
    ($store:ty, $read:ident, $begin:ident($($statement:literal)?), $now:literal) => {
        #[async_trait::async_trait]
        impl $crate::Nodes for $store {
            async fn node_seen(
                &self,
                node: &HubNode,
                facts: &NodeFacts,
            ) -> Result<(), StoreError> {
                let claims = to_json(&self.claimed().await)?;
                let mut transaction = self.$begin($($statement)?).await?;
                sqlx::query(concat!(
                    "insert into hub_node (id, name, seen_at, version, roles, started_at, claims)
                     values ($1, $2, ", $now, ", $3, $4, $5, $6)
                     on conflict (id) do update
                     set seen_at = excluded.seen_at, claims = excluded.claims"
                ))
                .bind(node.id)
                .bind(clean(&node.name))
                .bind(&facts.version)
                .bind(to_json(&facts.roles)?)
                .bind(facts.started_at.as_microsecond())
                .bind(claims)
                .execute(&mut *transaction)
                .await?;
                sqlx::query(concat!("delete from hub_node where seen_at < ", $now, " - 86400"))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn node_left(&self, id: Uuid) -> Result<(), StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                sqlx::query("delete from hub_node where id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn nodes(&self) -> Result<Vec<HubNode>, StoreError> {
                let mut connection = self.$read().await?;
                // Not in the future either: the clock may have been set back.
                let found: Vec<(Uuid, String)> = sqlx::query_as(concat!(
                    "select id, name from hub_node
                     where seen_at between ", $now, " - 15 and ", $now, " + 15 order by name, id"
                ))
                .fetch_all(&mut *connection)
                .await?;
                let found = found.into_iter();
                Ok(found.map(|(id, name)| HubNode { id, name }).collect())
            }

            async fn known_nodes(&self) -> Result<Vec<KnownNode>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<KnownRow> = sqlx::query_as(concat!(
                    "select id, name, version, roles, started_at, claims, ", $now, " - seen_at
                     from hub_node order by name, id limit 1000"
                ))
                .fetch_all(&mut *connection)
                .await?;
                found.into_iter().map(known).collect()
            }

            async fn tell_pulse(&self, id: Uuid, pulse: &str) -> Result<(), StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                sqlx::query("update hub_node set pulse = $2 where id = $1")
                    .bind(id)
                    .bind(clean(pulse))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn pulses(&self) -> Result<Vec<(HubNode, String)>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<(Uuid, String, String)> = sqlx::query_as(concat!(
                    "select id, name, pulse from hub_node
                     where seen_at between ", $now, " - 15 and ", $now, " + 15 and pulse is not null
                     order by name, id"
                ))
                .fetch_all(&mut *connection)
                .await?;
                let found = found.into_iter();
                Ok(found.map(|(id, name, pulse)| (HubNode { id, name }, pulse)).collect())
            }

            async fn ask_reload(&self, request: &ReloadRequest) -> Result<(), StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                sqlx::query(
                    "insert into reload (system, id, at) values ($1, $2, $3)
                     on conflict (system) do update set id = excluded.id, at = excluded.at",
                )
                .bind(request.system.as_str())
                .bind(request.id)
                .bind(request.at.as_microsecond())
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn reloads(&self) -> Result<Vec<ReloadRequest>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<RequestRow> =
                    sqlx::query_as("select system, id, at from reload order by at, system")
                        .fetch_all(&mut *connection)
                        .await?;
                found.into_iter().map(request).collect()
            }

            async fn note_reload(&self, outcome: &ReloadOutcome) -> Result<(), StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                sqlx::query(concat!(
                    "insert into reload_outcome (reload, node, name, because, took_ms, at)
                     values ($1, $2, $3, $4, $5, ", $now, ")
                     on conflict (reload, node) do update
                     set because = excluded.because, took_ms = excluded.took_ms, at = excluded.at"
                ))
                .bind(outcome.request)
                .bind(outcome.node.id)
                .bind(clean(&outcome.node.name))
                .bind(clean_option(outcome.because.as_deref()))
                .bind(i64::try_from(outcome.took_ms).unwrap_or(i64::MAX))
                .execute(&mut *transaction)
                .await?;
                sqlx::query(concat!("delete from reload_outcome where at < ", $now, " - 86400"))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn reload_outcomes(
                &self,
                request: Uuid,
            ) -> Result<Vec<ReloadOutcome>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<OutcomeRow> = sqlx::query_as(
                    "select reload, node, name, because, took_ms from reload_outcome
                     where reload = $1 order by name, node",
                )
                .bind(request)
                .fetch_all(&mut *connection)
                .await?;
                Ok(found.into_iter().map(outcome).collect())
            }
        }
    };
}

pub(crate) use nodes;
