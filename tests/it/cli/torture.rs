//! `tenon torture`, briefly: the long runs are made by hand.

use serde_json::Value;

use super::site::{Done, tenon};
use crate::servers::{amqp_url, postgres_url};

/// Tortures from a seed and checks that no promise was broken and that enough took place.
fn check(engine: &str, seed: &str, servers: &[&str]) -> Value {
    let arguments = [
        "torture",
        "--json",
        "--engine",
        engine,
        "--seed",
        seed,
        "--messages",
        "900",
        "--faults",
        "8",
    ];
    let done = Done::of(&mut tenon(&[&arguments, servers].concat())).with(0);
    let said = format!("seed {seed}: ");
    let report = done.says(&said).document();
    for promise in [
        "lost",
        "duplicated",
        "out_of_order",
        "stuck",
        "misjudged",
        "crashed",
    ] {
        assert_eq!(report[promise], 0, "{report}");
    }
    assert_eq!(report["engine"], engine);
    assert_eq!(report["faults"], 8);
    assert_eq!(report["messages"], report["sent"]);
    let number = |key: &str| {
        report[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {report}"))
    };
    assert!(number("messages") >= 900.0, "{report}");
    assert!(number("effects") > 2.0 * 900.0, "{report}");
    assert!(number("kills") >= 1.0, "{report}");
    assert!(number("recovery_s") > 0.0, "{report}");
    assert!(
        matches!(report["at_fail_points"], Value::Object(_)),
        "{report}"
    );
    report
}

#[test]
fn the_embedded_engine_keeps_its_promises_under_fault() {
    check("embedded", "4", &[]);
}

#[test]
fn two_nodes_on_servers_keep_their_promises_under_fault() {
    let (broker, store) = (amqp_url(), postgres_url());
    check("rabbitmq", "5", &["--broker", &broker, "--store", &store]);
}

/// A cluster of three brokers takes a minute to begin: `make test-cluster` tortures that.
#[test]
fn servers_that_are_killed_and_come_again_lose_nothing() {
    let report = check("rabbitmq", "8", &["--tls"]);
    let restarts = report["restarts"].as_u64();
    assert!(restarts.is_some_and(|restarts| restarts > 0), "{report}");
}

#[test]
fn a_torture_of_nothing_is_refused() {
    Done::of(&mut tenon(&["torture", "--messages", "0"]))
        .with(1)
        .says("take from 1 to 10,000,000 messages");
}
