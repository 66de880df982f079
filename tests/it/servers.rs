//! The servers that the tests use, and a place of its own in them for each test.
//!
//! A server that does not answer fails the test, with its address in the message.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;

use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};

/// Where RabbitMQ listens, unless `TENON_TEST_AMQP_URL` names another place.
const AMQP_URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";

/// The URL of the RabbitMQ under test, with its default virtual host.
pub(crate) fn amqp_url() -> String {
    std::env::var("TENON_TEST_AMQP_URL").unwrap_or_else(|_| AMQP_URL.to_owned())
}

/// Runs `rabbitmqctl` (or what `TENON_TEST_RABBITMQCTL` names) with `arguments`.
pub(crate) fn rabbitmqctl(arguments: &[&str]) -> Result<String, String> {
    let program =
        std::env::var("TENON_TEST_RABBITMQCTL").unwrap_or_else(|_| "rabbitmqctl".to_owned());
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(&program)
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    match status.success() {
        true => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        false => Err(format!(
            "{program} {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&stderr).trim()
        )),
    }
}

/// A virtual host of one test; dropping it deletes it with all its queues.
///
/// Where `rabbitmqctl` cannot be used (a broker on another machine, say) it is the default virtual
/// host, and a prefix keeps the queues of the tests apart.
pub(crate) struct TestVhost {
    /// What to connect to.
    pub(crate) url: String,
    /// Its name, if it is the test's own.
    pub(crate) name: Option<String>,
    prefix: String,
    queues: Mutex<Vec<String>>,
}

/// A new virtual host, or a new prefix in the default one.
pub(crate) fn amqp_vhost() -> TestVhost {
    let name = format!("tenon-test-{}", uuid::Uuid::now_v7().simple());
    let url = amqp_url();
    let user = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .map_or("guest", |(user, _)| {
            user.split(':').next().unwrap_or("guest")
        });
    let made = rabbitmqctl(&["add_vhost", &name])
        .and_then(|_| rabbitmqctl(&["set_permissions", "-p", &name, user, ".*", ".*", ".*"]));
    let queues = Mutex::default();
    match made {
        Ok(_) => {
            let (server, _) = url
                .rsplit_once('/')
                .expect("the URL ends with a virtual host");
            let url = format!("{server}/{name}");
            TestVhost {
                url,
                name: Some(name),
                prefix: String::new(),
                queues,
            }
        }
        Err(_) => TestVhost {
            url,
            name: None,
            prefix: format!("{name}."),
            queues,
        },
    }
}

impl TestVhost {
    /// The name under which the test's queue `name` is declared.
    pub(crate) fn queue(&self, name: &str) -> String {
        let name = format!("{}{name}", self.prefix);
        self.queues.lock().unwrap().push(name.clone());
        name
    }

    /// A connection of the test's own, beside the hub's.
    pub(crate) async fn connect(&self) -> Connection {
        connect(&self.url).await
    }
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap_or_else(|error| {
            panic!(
                "RabbitMQ does not answer at {url}: {error}; start it or set TENON_TEST_AMQP_URL"
            )
        })
}

impl Drop for TestVhost {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // A virtual host that is left over disturbs no other test.
            let _ = rabbitmqctl(&["delete_vhost", name]);
            return;
        }
        let url = self.url.clone();
        let queues = std::mem::take(&mut *self.queues.lock().unwrap());
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let connection = connect(&url).await;
                let channel = connection.create_channel().await.expect("a channel");
                for queue in queues {
                    let options = QueueDeleteOptions::default();
                    let _ = channel.queue_delete(queue.as_str().into(), options).await;
                }
            });
        });
        let _ = deleting.join();
    }
}

/// A SQLite file of one test; dropping it deletes it with its directory.
pub(crate) struct SqliteFile {
    directory: tempfile::TempDir,
}

/// A place for a new SQLite file.
pub(crate) fn sqlite_file() -> SqliteFile {
    SqliteFile {
        directory: tempfile::tempdir().expect("a temporary directory"),
    }
}

impl SqliteFile {
    /// The file's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("tenon.db")
    }
}

/// Where PostgreSQL listens, unless `TENON_TEST_PG_URL` names another place.
const POSTGRES_URL: &str = "postgres://postgres@127.0.0.1:5432/test";

/// The URL of the PostgreSQL under test, with its default schema.
pub(crate) fn postgres_url() -> String {
    std::env::var("TENON_TEST_PG_URL").unwrap_or_else(|_| POSTGRES_URL.to_owned())
}

/// A PostgreSQL schema of one test; dropping it drops the schema with all that is in it.
pub(crate) struct PostgresSchema {
    name: String,
}

/// Makes a schema of its own for a test.
pub(crate) fn postgres_schema() -> PostgresSchema {
    let name = format!("tenon_{}", uuid::Uuid::now_v7().simple());
    on_postgres(format!("create schema {name}"));
    PostgresSchema { name }
}

impl PostgresSchema {
    /// The URL whose connections find their tables in this schema.
    pub(crate) fn url(&self) -> String {
        let url = postgres_url();
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}options=-csearch_path%3D{}", self.name)
    }
}

impl Drop for PostgresSchema {
    fn drop(&mut self) {
        on_postgres(format!("drop schema {} cascade", self.name));
    }
}

/// Runs one statement on a connection of its own, from wherever the caller runs.
fn on_postgres(statement: String) {
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
            let url = postgres_url();
            let mut connection = PgConnection::connect(&url)
                .await
                .unwrap_or_else(|error| panic!("PostgreSQL does not answer at {url}: {error}"));
            connection
                .execute(AssertSqlSafe(statement))
                .await
                .unwrap_or_else(|error| panic!("PostgreSQL at {url}: {error}"));
            connection.close().await.expect("the connection closes");
        });
    });
    if running.join().is_err() && !std::thread::panicking() {
        panic!("PostgreSQL does not serve the tests; see the message above");
    }
}
