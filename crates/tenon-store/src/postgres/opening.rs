//! Opens connections to the server, and settles how each plans what it is asked.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{Connection, Executor, PgPool};

use super::PostgresOptions;
use crate::StoreError;

/// Every statement but the sweeps finds its rows by key, and its plan is kept for ever; it must
/// not be one that was made for a table that happened to be empty. For the same reason the
/// statements go from what is given to the tables, never the other way round: the tables stand in
/// fenced laterals (`offset 0`), and what is written is found by `= any`. A node that stops in the middle
/// of a transaction must not hold its locks for ever.
const SESSION: &str = "set enable_seqscan = off; set enable_hashjoin = off; \
     set enable_mergejoin = off; set enable_material = off; set enable_bitmapscan = off; \
     set jit = off; set plan_cache_mode = force_generic_plan; \
     set idle_in_transaction_session_timeout = '60s'";

/// An idle connection is tried before use after this time, so that a restart of the server
/// costs nobody an error, and a busy one costs no round trip.
const TRUSTED: Duration = Duration::from_secs(1);

/// Opens the connections to a server: without TLS where it is on this machine and does not insist on it.
pub(super) async fn open(
    server: PgConnectOptions,
    options: &PostgresOptions,
) -> Result<PgPool, StoreError> {
    match server.get_ssl_mode() {
        PgSslMode::Prefer if is_loopback(&server) => {
            let plain = server.clone().ssl_mode(PgSslMode::Disable);
            match pool(plain, options).await {
                // The server may insist on TLS even here.
                Err(StoreError::Refused(_)) => pool(server, options).await,
                opened => opened,
            }
        }
        _ => pool(server, options).await,
    }
}

/// Whether the server is on this machine, reached by TCP: TLS would protect nothing there, and it
/// cuts a batch into several writes, each of which then waits for the other side's delayed
/// acknowledgement (40 ms), because the driver leaves Nagle's algorithm on.
fn is_loopback(server: &PgConnectOptions) -> bool {
    server.get_socket().is_none() && matches!(server.get_host(), "localhost" | "127.0.0.1" | "::1")
}

async fn pool(server: PgConnectOptions, options: &PostgresOptions) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move { Ok(usage.idle_for < TRUSTED || connection.ping().await.is_ok()) })
        })
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(SESSION).await.map(drop) })
        })
        .connect_with(server)
        .await?;
    Ok(pool)
}
