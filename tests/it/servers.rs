//! The servers that the tests use, and a place of its own in them for each test.
//!
//! A server that does not answer fails the test, with its address in the message.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Mutex;

use lapin::options::{
    BasicGetOptions, BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

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

/// A virtual host of one test; dropping it gives it up with all its queues.
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

/// How many virtual hosts are made at once: `rabbitmqctl` takes seconds, whatever it is asked for.
const AT_ONCE: usize = 16;
/// The queue of the default virtual host from which a test takes the name of one that is ready.
const READY: &str = "tenon-test-vhosts";
/// The queue for those that tests are done with; they are deleted when others are made.
const USED: &str = "tenon-test-vhosts-used";

/// A virtual host that nobody has used, or a new prefix in the default one.
pub(crate) fn amqp_vhost() -> TestVhost {
    let url = amqp_url();
    let ready = on_broker(async |channel| take(channel, READY).await);
    let (name, prefix) = match ready.map_or_else(make_vhosts, Ok) {
        Ok(name) => (Some(name), String::new()),
        Err(_) => (None, format!("{}.", vhost_name())),
    };
    let url = match &name {
        Some(name) => {
            let (server, _) = url
                .rsplit_once('/')
                .expect("the URL ends with a virtual host");
            format!("{server}/{name}")
        }
        None => url,
    };
    TestVhost {
        url,
        name,
        prefix,
        queues: Mutex::default(),
    }
}

fn vhost_name() -> String {
    format!("tenon-test-{}", uuid::Uuid::now_v7().simple())
}

/// Makes virtual hosts, and deletes those that were used; the first of the new ones.
fn make_vhosts() -> Result<String, String> {
    let url = amqp_url();
    let login = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'));
    let user = login.and_then(|(login, _)| login.split(':').next());
    let user = user.unwrap_or("guest");
    let used = on_broker(async |channel| {
        let mut used = Vec::new();
        while let Some(name) = take(channel, USED).await {
            used.push(name);
        }
        used
    });
    let names: Vec<String> = (0..AT_ONCE).map(|_| vhost_name()).collect();
    let list = |names: &[String]| {
        let names = names.iter().map(|name| format!("<<\"{name}\">>"));
        format!("[{}]", names.collect::<Vec<_>>().join(","))
    };
    rabbitmqctl(&[
        "eval",
        &format!(
            "lists:foreach(fun(Name) ->
                 ok = rabbit_vhost:add(Name, <<\"tests\">>),
                 ok = rabbit_auth_backend_internal:set_permissions(
                     <<\"{user}\">>, Name, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"tests\">>)
             end, {}),
             lists:foreach(fun(Name) -> catch rabbit_vhost:delete(Name, <<\"tests\">>) end, {}).",
            list(&names),
            list(&used),
        ),
    ])?;
    let (first, others) = names.split_first().expect("some");
    on_broker(async |channel| {
        for name in others {
            put(channel, READY, name).await;
        }
    });
    Ok(first.clone())
}

/// Does something in the default virtual host, on a connection of its own, from wherever the caller runs.
fn on_broker<T: Send>(work: impl AsyncFnOnce(&Channel) -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let connection = connect(&amqp_url()).await;
            let channel = connection.create_channel().await.expect("a channel");
            let done = work(&channel).await;
            let _ = connection.close(200, "done".into()).await;
            done
        })
    };
    std::thread::scope(|threads| {
        let running = threads.spawn(run).join();
        running.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    })
}

async fn declare(channel: &Channel, queue: &str) {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
    declared.await.expect("a queue for the tests");
}

/// The next message of a queue.
async fn take(channel: &Channel, queue: &str) -> Option<String> {
    declare(channel, queue).await;
    let options = BasicGetOptions { no_ack: true };
    let taken = channel.basic_get(queue.into(), options).await;
    let taken = taken.expect("RabbitMQ answers")?;
    Some(String::from_utf8_lossy(&taken.delivery.data).into_owned())
}

async fn put(channel: &Channel, queue: &str, message: &str) {
    declare(channel, queue).await;
    let durable = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    let put = channel.basic_publish(
        "".into(),
        queue.into(),
        options,
        message.as_bytes(),
        durable,
    );
    put.await.expect("RabbitMQ takes it");
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
        let queues = std::mem::take(&mut *self.queues.lock().unwrap());
        let name = self.name.clone();
        let giving_up = async move |channel: &Channel| match name {
            Some(name) => put(channel, USED, &name).await,
            None => {
                for queue in queues {
                    let options = QueueDeleteOptions::default();
                    let _ = channel.queue_delete(queue.as_str().into(), options).await;
                }
            }
        };
        // One that is left over disturbs no other test.
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| on_broker(giving_up)));
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
