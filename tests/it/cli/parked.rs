//! `tenon parked`: what waits is listed, tried, sent again or given up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::site::{CUSTOMER, Site, eventually, order};

/// Routes what was sent until so many messages are parked, without delivering anything after that.
fn parked_after_a_run(site: &Site, count: usize) -> Vec<Value> {
    let hub = site.run(&[]);
    let parked = eventually(|| match list(site, &[]) {
        parked if parked.len() == count => Ok(parked),
        parked => Err(format!("{parked:#?}")),
    });
    hub.stop();
    parked
}

fn list(site: &Site, options: &[&str]) -> Vec<Value> {
    site.tenon(&[&["parked", "list", "--json"], options].concat())
        .with(0)
        .documents()
}

fn number(parked: &Value) -> String {
    parked["id"].to_string()
}

#[test]
fn an_order_waits_for_its_customer_and_goes_by_itself() {
    let site = Site::new();
    site.send("order", &order("SO-1", "已确认"));
    let parked = parked_after_a_run(&site, 1);
    let waiting = &parked[0];
    assert_eq!(
        (&waiting["direction"], &waiting["system"]),
        (&json!("outbound"), &json!("erp"))
    );
    assert_eq!(
        (&waiting["state"], &waiting["native_id"]),
        (&json!("waiting"), &json!("SO-1"))
    );
    let shown = site.tenon(&["parked", "show", &number(waiting)]).with(0);
    shown
        .shows("order of crm")
        .shows("waits for a dependency")
        .shows("now       would wait");
    site.tenon(&["parked", "list"])
        .with(0)
        .shows("SO-1")
        .shows("a dependency");
    let trace = site.tenon(&["trace", "SO-1", "--json"]).with(0).document();
    assert_eq!(trace["deliveries"][0]["state"], "parked");

    site.send("customer", CUSTOMER);
    let hub = site.run(&[]);
    site.given("T_ORD-SO-1.json");
    hub.stop();
    assert_eq!(list(&site, &[]), [] as [Value; 0]);
}

#[test]
fn an_invalid_order_is_tried_and_sent_again_once_its_table_is_right() {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    site.send("order", &order("SO-1", "搁置"));
    let parked = parked_after_a_run(&site, 1);
    let invalid = &parked[0];
    assert_eq!(
        (&invalid["direction"], &invalid["system"]),
        (&json!("inbound"), &json!("crm"))
    );
    assert_eq!(
        (&invalid["state"], &invalid["kind"]),
        (&json!("failed"), &json!("invalid"))
    );
    assert!(
        invalid["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("搁置")),
        "{invalid}"
    );
    let id = number(invalid);
    let shown = site
        .tenon(&["parked", "show", &id, "--json"])
        .with(0)
        .document();
    assert_eq!(
        (&shown["id"], &shown["redrive"]["result"]),
        (&invalid["id"], &json!("fails"))
    );
    assert!(
        shown["body"]
            .as_str()
            .is_some_and(|body| body.contains(r#""totalAmount":22.487"#)),
        "{shown}"
    );

    let table = "crm,canonical\n已确认,confirmed\n搁置,draft\n";
    site.write("config/connectors/crm/order_status.csv", table);
    let tried = site.tenon(&["parked", "redrive", "--dry-run"]).with(0);
    tried.shows(&format!("{id}  - ")).shows("+ would send {");
    let tried = site
        .tenon(&["parked", "redrive", &id, "--dry-run", "--json"])
        .with(0)
        .document();
    assert_eq!(tried["redrive"]["result"], "sends");
    let payload = tried["redrive"]["payloads"][0]
        .as_str()
        .expect("a payload")
        .to_owned();
    assert_eq!(
        serde_json::from_str::<Value>(&payload).expect("JSON")["status"],
        "draft"
    );
    assert_eq!(list(&site, &[]).len(), 1, "a dry run changes nothing");

    site.tenon(&["parked", "redrive", &id])
        .with(0)
        .shows("1 sent again");
    let hub = site.run(&[]);
    assert_eq!(site.given("T_ORD-SO-1.json")["ORD_NO"], "SO-1");
    hub.stop();
    assert_eq!(list(&site, &[]), [] as [Value; 0]);
}

#[test]
fn a_redrive_takes_its_time_when_it_is_told_to() {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    let orders = order("SO-1", "搁置") + &order("SO-2", "搁置") + &order("SO-3", "搁置");
    site.send("order", &orders);
    parked_after_a_run(&site, 3);
    let table = "crm,canonical\n已确认,confirmed\n搁置,draft\n";
    site.write("config/connectors/crm/order_status.csv", table);
    let began = Instant::now();
    let redrive = ["parked", "redrive", "--per-second", "2", "--json"];
    let done = site.tenon(&redrive).with(0).document();
    assert_eq!(done["sent"], 3);
    assert!(
        began.elapsed() >= Duration::from_secs(1),
        "two, and then one"
    );
    let hub = site.run(&[]);
    for number in 1..=3 {
        site.given(&format!("T_ORD-SO-{number}.json"));
    }
    hub.stop();
}

#[test]
fn an_older_state_is_passed_over_when_it_is_sent_again() {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    site.send("order", &order("SO-1", "搁置"));
    let parked = parked_after_a_run(&site, 1);
    let newer = site.send("order", &order("SO-1", "已确认"));
    let hub = site.run(&[]);
    site.given("T_ORD-SO-1.json");
    let table = "crm,canonical\n已确认,confirmed\n搁置,draft\n";
    site.write("config/connectors/crm/order_status.csv", table);
    let done = site
        .tenon(&["parked", "redrive", "--json"])
        .with(0)
        .document();
    let reason = format!("superseded by message {}", newer[0]);
    assert_eq!(
        done,
        json!({ "sent": 0, "superseded": [[parked[0]["id"], reason]] })
    );
    hub.stop();
}

#[test]
fn selections_go_by_system_reason_and_time() {
    let site = Site::new();
    site.send("order", &order("SO-1", "搁置"));
    site.send("order", &order("SO-2", "作废"));
    site.send("order", &order("SO-3", "已确认"));
    let parked = parked_after_a_run(&site, 3);
    let records = |options: &[&str]| -> Vec<String> {
        let mut found: Vec<String> = list(&site, options)
            .iter()
            .map(|parked| parked["native_id"].to_string())
            .collect();
        found.sort();
        found
    };
    assert_eq!(records(&["--system", "crm"]), ["\"SO-1\"", "\"SO-2\""]);
    assert_eq!(records(&["--system", "erp"]), ["\"SO-3\""]);
    assert_eq!(records(&["--reason", "作废"]), ["\"SO-2\""]);
    assert_eq!(records(&["--since", "2h"]).len(), 3);
    assert_eq!(
        records(&["--since", "2999-01-01T00:00:00Z"]),
        [] as [&str; 0]
    );
    assert_eq!(records(&[&number(&parked[0])]).len(), 1);
    site.tenon(&["parked", "list", "--since", "lately"])
        .with(1)
        .says("`lately` is neither a time");
    site.tenon(&["parked", "list", "4711"])
        .with(1)
        .says("no parked message 4711");
    site.tenon(&["parked", "show", "4711"])
        .with(1)
        .says("no parked message 4711");
}

#[test]
fn nothing_is_given_up_without_a_name_and_a_reason() {
    let site = Site::new();
    site.send("order", &order("SO-1", "搁置"));
    site.send("order", &order("SO-2", "作废"));
    parked_after_a_run(&site, 2);
    site.tenon(&["parked", "drop", "--because", "a test"])
        .with(1)
        .says("name what is given up");
    site.tenon(&["parked", "drop", "--system", "crm"])
        .with(2)
        .says("--because");
    site.tenon(&["parked", "drop", "--system", "crm", "--because", " "])
        .with(1)
        .says("needs a reason");
    // An empty text stands in each, and would name them all.
    for option in ["--reason", "--text", "--key"] {
        for empty in ["", " "] {
            site.tenon(&["parked", "drop", option, empty, "--because", "a test"])
                .with(2)
                .says("names every message");
        }
        site.tenon(&["parked", "redrive", option, "", "--dry-run"])
            .with(2)
            .says(option);
    }
    assert_eq!(list(&site, &[]).len(), 2);
    let drop = [
        "parked",
        "drop",
        "--reason",
        "作废",
        "--because",
        "it was a mistake",
    ];
    site.tenon(&drop).with(0).shows("1 given up");
    assert_eq!(list(&site, &[]).len(), 1);
    let given_up = site.tenon(&["trace", "SO-2", "--json"]).with(0).document();
    assert!(
        given_up.to_string().contains("it was a mistake"),
        "the reason is kept: {given_up}"
    );
    let drop = [
        "parked",
        "drop",
        "--since",
        "1h",
        "--because",
        "a test",
        "--json",
    ];
    assert_eq!(
        site.tenon(&drop).with(0).document(),
        json!({ "dropped": 1 })
    );
}
