//! `tenon send` and `tenon trace`: a record is put in, carried, and found again.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use super::site::{CUSTOMER, Done, Site, order};

/// A site whose hub has carried one customer and one order; the order's message.
fn carried() -> (Site, String) {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    let ids = site.send("order", &order("SO-1", "已确认"));
    let hub = site.run(&[]);
    site.given("T_ORD-SO-1.json");
    hub.stop();
    (site, ids[0].clone())
}

#[test]
fn what_was_sent_before_the_hub_ran_is_delivered_once_it_runs() {
    let (site, _) = carried();
    let customer = site.given("T_CUST-CKMY.json");
    assert_eq!(customer["CUST_NAME"], "上海川可贸易有限公司");
    let order = site.given("T_ORD-SO-1.json");
    assert_eq!(
        order["CUST_NO"], "CKMY",
        "the reference is the ERP's own: {order}"
    );
    assert_eq!(
        (&order["NET_AMT"], &order["GROSS_AMT"]),
        (&json!("19.90"), &json!("22.487"))
    );
}

#[test]
fn a_trace_finds_an_order_by_any_of_its_names() {
    let (site, id) = carried();
    let trace = |key: &str| site.tenon(&["trace", key, "--json"]).with(0).documents();
    let by_number = trace("SO-1");
    let [order] = by_number.as_slice() else {
        panic!("{by_number:#?}")
    };
    assert_eq!(order["id"], Value::from(id.as_str()));
    assert_eq!(
        (&order["entity"], &order["source"]),
        (&json!("order"), &json!("crm"))
    );
    assert_eq!(
        (&order["state"], &order["business_key"]),
        (&json!("routed"), &json!("SO-1"))
    );
    let delivery = &order["deliveries"][0];
    assert_eq!(
        (&delivery["system"], &delivery["state"]),
        (&json!("erp"), &json!("delivered"))
    );
    assert_eq!(delivery["native_id"], "SO-1");
    assert_eq!(trace(&id), by_number, "by message id");
    let master = order["master_id"].as_str().expect("a master id");
    assert_eq!(trace(master), by_number, "by master id");

    let customers = |key: &str| -> BTreeSet<String> {
        let found = trace(key)
            .into_iter()
            .filter(|found| found["entity"] == "customer");
        found.map(|found| found["id"].to_string()).collect()
    };
    let by_native_id = customers("C1");
    assert!(!by_native_id.is_empty());
    assert_eq!(
        customers("CKMY"),
        by_native_id,
        "by the id that it has in the other system"
    );

    let shown = site.tenon(&["trace", "SO-1"]).with(0);
    shown
        .shows("order SO-1  from crm")
        .shows(&id)
        .shows("→ erp  delivered as SO-1");
    let limited = site
        .tenon(&["trace", "C1", "--limit", "1", "--json"])
        .with(0)
        .documents();
    assert_eq!(limited.len(), 1);
    let unknown = site
        .tenon(&["trace", "SO-404"])
        .with(1)
        .says("nothing is known of `SO-404`");
    assert_eq!(unknown.stdout, "");
}

#[test]
fn several_records_come_in_one_file() {
    let site = Site::new();
    let (one, two, three) = (
        order("SO-1", "已确认"),
        order("SO-2", "已确认"),
        order("SO-3", "已确认"),
    );
    let file = site.path("orders.json").display().to_string();
    let send = || {
        site.tenon(&[
            "send", "--system", "crm", "--entity", "order", "--inlet", "orders", &file,
        ])
    };
    site.write("orders.json", &format!("{one}\n{two}\n{three}"));
    let done = send().with(0).says("3 accepted");
    assert_eq!(done.stdout.lines().count(), 3);
    assert!(
        done.stdout.lines().all(|line| line.len() == 36),
        "{}",
        done.stdout
    );
    site.write("orders.json", &format!(" [{one}, {two}]"));
    send().with(0).says("2 accepted");
    // Nothing of a file is sent that does not end well.
    site.write("orders.json", &format!("{one}\n{{"));
    let done = send().with(1).says("orders.json is no JSON");
    assert_eq!(done.stdout, "");
}

#[test]
fn what_cannot_be_sent_is_told_with_what_could_be() {
    let site = Site::new();
    site.write("order.json", &order("SO-1", "已确认"));
    let file = site.path("order.json").display().to_string();
    let send = |system: &str, entity: &str, file: &str| {
        site.tenon(&["send", "--system", system, "--entity", entity, file])
    };
    send("cmr", "order", &file)
        .with(1)
        .says("no system `cmr`; configured: crm, erp");
    send("crm", "ordre", &file).with(1).says("ordre");
    send("crm", "invoice", &file)
        .with(1)
        .says("crm has no such inlet for `invoice`; it has: customer, orders");
    send("crm", "order", "no-such-file.json")
        .with(3)
        .says("no-such-file.json");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let site = Site::new();
    let orders: String = (0..2000)
        .map(|number| order(&format!("SO-{number}"), "已确认"))
        .collect();
    site.write("orders.json", &orders);
    let file = site.path("orders.json").display().to_string();
    let mut child = site
        .command(&["send", "--system", "crm", "--entity", "order", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = [0; 36];
    child
        .stdout
        .take()
        .expect("a pipe")
        .read_exact(&mut first)
        .expect("an id");
    let ended = child.wait_with_output().expect("it ends");
    let talk = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{talk}");
    assert!(
        talk.contains("2000 accepted") && !talk.contains("panicked"),
        "{talk}"
    );
}

#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let full = std::fs::File::create("/dev/full").expect("a device that is always full");
    let mut command = super::site::tenon(&["connector", "list"]);
    let child = command
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let ended = child.wait_with_output().expect("it ends");
    let done = Done {
        code: ended.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
    };
    done.with(3).says("the output cannot be written");
}
