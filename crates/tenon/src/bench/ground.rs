//! What a scenario stands on: engines, a source and a SQL target of its own, and how to clear it all.

use std::path::Path;
use std::sync::Arc;

use sqlx::{PgPool, Row, SqlitePool};
use tenon_broker::SharedBroker;
use tenon_connector::{ConnectorKind, Deployment, Preset};
use tenon_pipeline::{inbound_queue, queues};
use tenon_store::{SharedStore, open_sqlite};

use crate::cli::{Bench, Engine};
use crate::exit::Exit;
use crate::scratch::{Scratch, unreachable};

/// The system that is given the messages.
pub(super) const TARGET: &str = "target";

/// A kind of system with bare transports, for the bench's own source and target.
const KIND: ConnectorKind = ConnectorKind {
    name: "bench",
    summary: "the bench's own source and target",
    presets: &[
        Preset {
            name: "http",
            summary: "",
            transport: "http",
            defaults: "",
            files: &[],
        },
        Preset {
            name: "sql",
            summary: "",
            transport: "sql",
            defaults: "",
            files: &[],
        },
    ],
};

const TABLE: &str = "CREATE TABLE bench_order (order_no varchar(40) PRIMARY KEY, buyer varchar(40), \
    placed date, currency varchar(3), status varchar(20), lines integer, net decimal(20,2), gross decimal(20,2))";

/// Where the target's rows are.
enum Target {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Everything that a scenario needs.
pub(super) struct Ground {
    pub(super) broker: SharedBroker,
    pub(super) store: SharedStore,
    pub(super) deployment: Arc<Deployment>,
    scratch: Scratch,
    target: Target,
    _directory: tempfile::TempDir,
}

impl Ground {
    /// Prepares engines and a target that nobody else uses.
    pub(super) async fn prepare(options: &Bench) -> Result<Self, Exit> {
        let directory = tempfile::tempdir()?;
        let (broker, store) = match options.engine {
            Engine::Rabbitmq => (Some(options.broker.as_str()), Some(options.store.as_str())),
            Engine::Embedded => (None, None),
        };
        let scratch = Scratch::open("bench", directory.path(), broker, store).await?;
        let (target, url) = match scratch.database() {
            Some(database) => {
                let pool = PgPool::connect(&database.url).await.map_err(unreachable)?;
                sqlx::query(TABLE)
                    .execute(&pool)
                    .await
                    .map_err(unreachable)?;
                (Target::Postgres(pool), database.url.clone())
            }
            None => {
                let file = directory.path().join("target.db");
                let (pool, _) = open_sqlite(&file).await?;
                sqlx::query(TABLE)
                    .execute(&pool)
                    .await
                    .map_err(unreachable)?;
                (Target::Sqlite(pool), format!("sqlite:{}", file.display()))
            }
        };
        let deployment = Arc::new(configure(directory.path(), &url)?);
        let (broker, store) = (scratch.broker.clone(), scratch.store.clone());
        Ok(Self {
            broker,
            store,
            deployment,
            scratch,
            target,
            _directory: directory,
        })
    }

    /// The rows in the target: the ground truth.
    pub(super) async fn count_rows(&self) -> Result<u64, Exit> {
        const COUNT: &str = "SELECT count(*) FROM bench_order";
        let count: i64 = match &self.target {
            Target::Postgres(pool) => sqlx::query(COUNT)
                .fetch_one(pool)
                .await
                .map_err(unreachable)?
                .get(0),
            Target::Sqlite(pool) => sqlx::query(COUNT)
                .fetch_one(pool)
                .await
                .map_err(unreachable)?
                .get(0),
        };
        Ok(count.unsigned_abs())
    }

    /// Removes what was prepared.
    pub(super) async fn clear(self) -> Result<(), Exit> {
        let mut names: Vec<String> = queues(&self.deployment, super::LANES)
            .into_iter()
            .map(|queue| queue.name)
            .collect();
        names.extend((0..super::LANES).map(|lane| format!("raw.{}", inbound_queue(lane))));
        names.push("raw.out".to_owned());
        if let Target::Postgres(pool) = &self.target {
            pool.close().await;
        }
        self.scratch.clear(&names).await
    }
}

/// Writes the connector files of source and target, and loads them as any other.
fn configure(directory: &Path, url: &str) -> Result<Deployment, Exit> {
    let files = [
        ("order.in.jq", include_str!("config/order.in.jq").to_owned()),
        (
            "order.out.jq",
            include_str!("config/order.out.jq").to_owned(),
        ),
        ("target.url", url.to_owned()),
        ("shop.token", "bench".to_owned()),
        (
            "shop.toml",
            format!(
                "name = 'shop'\nkind = 'bench'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\n\
                 [[webhook]]\nentity = 'order'\nkey = 'order_no'\nmapping = 'order.in.jq'\n\
                 auth = {{ token = '${{file:{}}}' }}\n",
                directory.join("shop.token").display()
            ),
        ),
        (
            "target.toml",
            format!(
                "name = '{TARGET}'\nkind = 'bench'\npreset = 'sql'\nurl = '${{file:{}}}'\n\
                 [[deliver]]\nentity = 'order'\ntable = 'bench_order'\nkey = 'order_no'\n\
                 mapping = 'order.out.jq'\n",
                directory.join("target.url").display()
            ),
        ),
    ];
    for (name, text) in files {
        std::fs::write(directory.join(name), text)?;
    }
    Deployment::load(directory, &[KIND]).map_err(|problems| Exit::problems(&problems))
}
