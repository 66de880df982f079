//! `tenon demo`: the same company comes to the same numbers on every engine, and leaves nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::site::{Done, tenon};
use crate::servers::{amqp_vhost, postgres_url, rabbitmqctl};

const DEMO: [&str; 7] = [
    "demo",
    "--once",
    "--json",
    "--customers",
    "60",
    "--orders",
    "120",
];

/// Plays the story; its summary, which must show nothing lost.
fn play(options: &[&str]) -> Value {
    let done = Done::of(&mut tenon(&[&DEMO[..], options].concat())).with(0);
    assert_eq!(done.stderr, "", "with --json there is nothing to say");
    let summary = done.document();
    assert_eq!(summary["lost"], 0, "{summary:#}");
    summary
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_summary_has_the_keys_of_the_contract() {
    let summary = play(&[]);
    let expected = [
        "received",
        "invalid",
        "parked",
        "mastered",
        "duplicates_joined",
        "delivered",
        "invoices",
        "flows",
        "lost",
        "latency_ms",
        "ledger",
    ];
    assert_eq!(keys(&summary), BTreeSet::from(expected));
    let systems = BTreeSet::from([
        "crm",
        "erp",
        "invoicing",
        "service",
        "km",
        "plant",
        "oa",
        "drp",
        "scm",
    ]);
    assert!(
        keys(&summary["delivered"]).is_subset(&systems),
        "{summary:#}"
    );
    let invoices = [
        "issued",
        "refused_before_mastering",
        "refused_after_mastering",
    ];
    assert_eq!(keys(&summary["invoices"]), BTreeSet::from(invoices));
    assert_eq!(keys(&summary["latency_ms"]), BTreeSet::from(["p50", "p99"]));
    let count = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no count: {value}"))
    };
    assert!(count(&summary["received"]) > 120);
    assert!(
        count(&summary["mastered"]) > 0 && count(&summary["duplicates_joined"]) > 0,
        "{summary:#}"
    );
    assert!(count(&summary["invoices"]["issued"]) > 0);
    assert!(count(&summary["invoices"]["refused_before_mastering"]) > 0);
    assert_eq!(count(&summary["invoices"]["refused_after_mastering"]), 0);
    for system in systems {
        assert!(
            count(&summary["delivered"][system]) > 0,
            "{system}: {summary:#}"
        );
    }
    let flows = summary["flows"].as_object().expect("flows by name");
    let expected = [
        "boms_to_plant",
        "cases_to_crm",
        "customers_to_km",
        "decisions_to_plant",
        "documents_to_km",
        "invoices_to_crm",
        "invoices_to_erp",
        "plans_to_scm",
        "promises_to_service",
        "receipts_to_crm",
        "red_letters_to_crm",
        "red_letters_to_erp",
        "requests_to_oa",
        "shipments_to_crm",
        "stock_to_drp",
    ];
    assert_eq!(keys(&summary["flows"]), BTreeSet::from(expected));
    for (name, flow) in flows {
        assert!(count(&flow["sent"]) > 0, "{name}: {summary:#}");
        assert_eq!(flow["sent"], flow["arrived"], "{name}: {summary:#}");
    }
    let latency = |quantile: &str| {
        summary["latency_ms"][quantile]
            .as_f64()
            .expect("milliseconds")
    };
    assert!(latency("p50") > 0.0 && latency("p50") <= latency("p99"));
}

/// A database of one test; dropping it deletes it.
struct Database {
    name: String,
    url: String,
}

async fn administer(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url)
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL does not answer at {url}: {error}"));
    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(&mut connection)
        .await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

impl Database {
    async fn new() -> Self {
        let name = format!("tenon_demo_{}", uuid::Uuid::now_v7().simple());
        administer(&postgres_url(), format!("create database {name}")).await;
        let url = postgres_url();
        let (server, rest) = url.rsplit_once('/').expect("the URL ends with a database");
        let options = rest
            .split_once('?')
            .map_or(String::new(), |(_, options)| format!("?{options}"));
        let url = format!("{server}/{name}{options}");
        Self { name, url }
    }

    /// The schemas and tables that somebody made in it.
    async fn contents(&self) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.url)
            .await
            .expect("PostgreSQL answers");
        let sql = "select nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema|public)'
                   union all select tablename::text from pg_tables where schemaname = 'public'";
        sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .expect("the catalogue")
    }

    async fn drop(self) {
        administer(
            &postgres_url(),
            format!("drop database {} with (force)", self.name),
        )
        .await;
    }
}

#[tokio::test]
async fn servers_come_to_the_same_numbers_and_nothing_is_left_in_them() {
    let vhost = amqp_vhost();
    let database = Database::new().await;
    let (broker, store) = (vhost.url.clone(), database.url.clone());
    let played = tokio::task::spawn_blocking(move || {
        let embedded = play(&[]);
        (embedded, play(&["--broker", &broker, "--store", &store]))
    });
    let (embedded, servers) = played.await.expect("both stories end");
    let contents = database.contents().await;
    database.drop().await;

    // How many records are received goes by time: a system's row that changes twice between two
    // looks at it is one record, one that changes before and after a look is two.
    for key in [
        "invalid",
        "parked",
        "mastered",
        "duplicates_joined",
        "invoices",
        "flows",
        "lost",
    ] {
        assert_eq!(
            servers[key], embedded[key],
            "{key}: {servers:#} {embedded:#}"
        );
    }
    assert_eq!(contents, [] as [String; 0], "left in PostgreSQL");
    if let Some(name) = &vhost.name {
        let queues =
            rabbitmqctl(&["list_queues", "-p", name, "--silent", "name"]).expect("rabbitmqctl");
        assert_eq!(
            queues.trim().trim_start_matches("name").trim(),
            "",
            "left in RabbitMQ"
        );
    }
}

#[test]
fn servers_that_are_away_are_told() {
    for options in [
        ["--broker", "amqp://127.0.0.1:1"],
        ["--store", "postgres://tenon@127.0.0.1:1/tenon"],
    ] {
        let began = std::time::Instant::now();
        Done::of(&mut tenon(&[&DEMO[..], &options].concat()))
            .with(3)
            .says("tenon: ");
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "{options:?}: {:?}",
            began.elapsed()
        );
    }
}
