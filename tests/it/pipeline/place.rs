//! Where a case takes place: engines and target tables of its own, and connector files for them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, SqlitePool};
use tempfile::TempDir;
use tenon_broker::{Embedded, Prefixed, RabbitMq, RabbitMqOptions, SharedBroker};
use tenon_connector::{ConnectorKind, Deployment, Preset};
use tenon_core::SystemName;
use tenon_pipeline::{MasterPolicy, Roles, Settings};
use tenon_store::{Postgres, PostgresOptions, SharedStore, Sqlite, open_sqlite};

use super::node::Node;
use crate::servers::{
    PostgresSchema, SqliteFile, TestVhost, amqp_vhost, postgres_schema, sqlite_file,
};

/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(100);

/// Partitions of the inbound queue.
pub(super) const PARTITIONS: u32 = 4;

/// A kind of system whose connector files say everything themselves.
const BARE: ConnectorKind = ConnectorKind {
    name: "bare",
    summary: "a system without defaults",
    presets: &[bare("sql"), bare("http")],
};

const fn bare(transport: &'static str) -> Preset {
    Preset {
        name: transport,
        summary: "nothing preset",
        transport,
        defaults: "",
        files: &[],
    }
}

/// One case's engines, connector files and target tables; dropping it deletes them.
pub(super) struct House {
    directory: TempDir,
    place: Place,
    /// The tables of the systems that are databases, all in one file.
    pub(super) tables: SqlitePool,
}

/// Where the engines are.
pub(super) enum Place {
    Servers {
        vhost: TestVhost,
        prefix: Option<String>,
        schema: PostgresSchema,
        /// What the hub's connections to the database are called.
        application: String,
    },
    File(SqliteFile),
}

impl House {
    pub(super) async fn rabbitmq() -> Self {
        let vhost = amqp_vhost();
        let prefix = match &vhost.name {
            Some(_) => None,
            None => Some(vhost.queue("")),
        };
        let application = format!("tenon-{}", uuid::Uuid::now_v7().simple());
        Self::at(Place::Servers {
            vhost,
            prefix,
            schema: postgres_schema(),
            application,
        })
        .await
    }

    pub(super) async fn embedded() -> Self {
        Self::at(Place::File(sqlite_file())).await
    }

    async fn at(place: Place) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (tables, _) = open_sqlite(&directory.path().join("tables.db"))
            .await
            .expect("tables");
        let house = Self {
            directory,
            place,
            tables,
        };
        house.write("token", "let-me-in");
        house.write(
            "tables.url",
            &format!("sqlite:{}", house.path("tables.db").display()),
        );
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file beside the connector files.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file in the directory");
    }

    /// Writes a connector file; `text` is what follows `name`, `kind` and `preset`.
    pub(super) fn system(&self, name: &str, preset: &str, text: &str) {
        let head = format!("name = '{name}'\nkind = 'bare'\npreset = '{preset}'\n");
        self.write(&format!("{name}.toml"), &(head + text));
    }

    /// A `url` line that leads to the tables.
    pub(super) fn tables_url(&self) -> String {
        format!("url = '${{file:{}}}'\n", self.path("tables.url").display())
    }

    /// A `[[webhook]]`: how the cases hand records to the hub.
    pub(super) fn webhook(&self, entity: &str, key: &str, mapping: &str) -> String {
        let token = self.path("token");
        format!(
            "[[webhook]]\nentity = '{entity}'\nkey = '{key}'\nmapping = '{mapping}'\n\
             auth = {{ token = '${{file:{}}}' }}\n",
            token.display()
        )
    }

    /// Where the engines are.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A node with connections of its own, and the systems as their files say now.
    pub(super) async fn node(&self) -> Node {
        let deployment = self.deployment();
        let (broker, store) = self.place.open().await;
        store.migrate().await.expect("migrated");
        Node {
            broker,
            store,
            deployment,
        }
    }

    /// The connector files once more, as another machine has them.
    pub(super) fn copied(&self) -> Files {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for entry in self.directory.path().read_dir().expect("the files") {
            let file = entry.expect("a file").path();
            let name = file.file_name().expect("a name");
            let is_file = file.extension().is_some_and(|ending| ending != "db");
            if is_file {
                std::fs::copy(&file, directory.path().join(name)).expect("copied");
            }
        }
        Files(directory)
    }

    /// The systems as their files say now.
    pub(super) fn deployment(&self) -> Arc<Deployment> {
        load(&self.directory)
    }

    /// Executes statements on the tables.
    pub(super) async fn run(&self, sql: &str) {
        let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&self.tables)
            .await;
        outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The texts of a query's first column; nulls are `-`.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        let query = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(sql.to_owned()));
        let found = query.fetch_all(&self.tables).await;
        let found = found.unwrap_or_else(|error| panic!("{sql}: {error}"));
        found
            .into_iter()
            .map(|text| text.unwrap_or_else(|| "-".to_owned()))
            .collect()
    }

    /// The number that a query gives.
    pub(super) async fn number(&self, sql: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        query
            .fetch_one(&self.tables)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// Connector files of a machine of its own.
pub(super) struct Files(TempDir);

impl Files {
    /// Writes one of them.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file in the directory");
    }

    /// The systems as they say now.
    pub(super) fn deployment(&self) -> Arc<Deployment> {
        load(&self.0)
    }
}

fn load(directory: &TempDir) -> Arc<Deployment> {
    match Deployment::load(directory.path(), &[BARE]) {
        Ok(deployment) => Arc::new(deployment),
        Err(problems) => panic!("{problems:#?}"),
    }
}

impl Place {
    /// Opens the engines anew, as a node does.
    pub(super) async fn open(&self) -> (SharedBroker, SharedStore) {
        self.opener().await
    }

    /// What opens the engines, to be sent to another runtime.
    pub(super) fn opener(
        &self,
    ) -> impl Future<Output = (SharedBroker, SharedStore)> + Send + use<> {
        let place = match self {
            Self::Servers {
                vhost,
                prefix,
                schema,
                application,
            } => {
                let store = format!("{}&application_name={application}", schema.url());
                Ok((vhost.url.clone(), prefix.clone(), store))
            }
            Self::File(file) => Err(file.path()),
        };
        async move {
            match place {
                Ok((broker, prefix, store)) => servers(broker, prefix, store).await,
                Err(path) => file_engines(path).await,
            }
        }
    }
}

async fn servers(
    broker: String,
    prefix: Option<String>,
    store: String,
) -> (SharedBroker, SharedStore) {
    let broker = RabbitMq::connect(&broker, RabbitMqOptions::default()).await;
    let broker: SharedBroker = Arc::new(broker.expect("RabbitMQ answers"));
    let broker: SharedBroker = match prefix {
        Some(prefix) => Arc::new(Prefixed::new(broker, prefix)),
        None => broker,
    };
    let store = Postgres::connect(&store, PostgresOptions::default()).await;
    (broker, Arc::new(store.expect("PostgreSQL answers")))
}

async fn file_engines(path: PathBuf) -> (SharedBroker, SharedStore) {
    let (writer, reader) = open_sqlite(&path).await.expect("the file opens");
    let broker = Embedded::open(writer.clone(), reader.clone())
        .await
        .expect("the broker opens");
    (Arc::new(broker), Arc::new(Sqlite::open(writer, reader)))
}

/// What a hub of the cases is told.
pub(super) fn settings(roles: Roles) -> Settings {
    Settings {
        roles,
        partitions: PARTITIONS,
        master: MasterPolicy::default(),
        keep: None,
    }
}

/// A system's name.
pub(super) fn named(system: &str) -> SystemName {
    SystemName::new(system).expect("a name")
}

/// Waits until `condition` is met; what it last said it lacked is what the test fails with.
pub(super) async fn eventually<T>(condition: impl AsyncFn() -> Result<T, String>) -> T {
    let began = std::time::Instant::now();
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(lacking) if began.elapsed() > PATIENCE => panic!("never came true: {lacking}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}

/// Waits until two values are equal.
pub(super) async fn equals<T: PartialEq + std::fmt::Debug>(
    expected: T,
    found: impl AsyncFn() -> T,
) {
    eventually(async || {
        let found = found().await;
        if found == expected {
            Ok(())
        } else {
            Err(format!("{found:?} is not {expected:?}"))
        }
    })
    .await;
}
