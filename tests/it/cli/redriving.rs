//! `tenon parked`: a redrive that is killed goes on, and another body takes two persons.

use std::process::Stdio;

use serde_json::{Value, json};

use super::site::{CUSTOMER, Site, eventually, order};

const RIGHT: &str = "crm,canonical\n已确认,confirmed\n搁置,draft\n";

/// Orders of a status that no table knows; their numbers among the parked messages, in order.
fn parked(site: &Site, numbers: std::ops::RangeInclusive<u32>) -> Vec<Value> {
    site.send("customer", CUSTOMER);
    let count = numbers.clone().count();
    let orders: String = numbers
        .map(|number| order(&format!("SO-{number}"), "搁置"))
        .collect();
    site.send("order", &orders);
    let hub = site.run(&[]);
    let found = eventually(|| {
        let listed = site.tenon(&["parked", "list", "--json"]).with(0);
        match listed.documents() {
            found if found.len() == count => Ok(found),
            found => Err(format!("{found:#?}")),
        }
    });
    hub.stop();
    found
}

fn redrives(site: &Site) -> Vec<Value> {
    let listed = site.tenon(&["parked", "redrives", "--json"]).with(0);
    listed.documents()
}

#[test]
fn a_redrive_that_is_killed_goes_on_where_it_was() {
    let site = Site::new();
    parked(&site, 1..=6);
    site.write("config/connectors/crm/order_status.csv", RIGHT);
    let redrive = [
        "parked",
        "redrive",
        "--system",
        "crm",
        "--per-second",
        "1",
        "--by",
        "li.wei",
        "--because",
        "the table is right now",
    ];
    let mut sending = site
        .command(&redrive)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let begun = eventually(|| match redrives(&site) {
        runs if runs
            .first()
            .is_some_and(|run| run["sent"].as_u64() > Some(0)) =>
        {
            Ok(runs)
        }
        runs => Err(format!("{runs:#?}")),
    });
    sending.kill().expect("killed");
    sending.wait().expect("dead");
    let run = &begun[0];
    assert_eq!(
        (&run["who"], &run["state"]),
        (&json!("li.wei"), &json!("running"))
    );
    assert_eq!(run["because"], "the table is right now");
    assert_eq!(run["selection"], json!({ "system": "crm" }));

    // The rest goes, and nothing twice; a stop holds it, and it can go on.
    let id = run["id"].to_string();
    for _ in 0..2 {
        site.tenon(&["parked", "stop", &id])
            .with(0)
            .shows("stopped");
    }
    site.tenon(&["parked", "resume", &id, "--json"]).with(0);
    let run = redrives(&site).remove(0);
    assert_eq!((&run["state"], &run["sent"]), (&json!("done"), &json!(6)));
    site.tenon(&["parked", "resume", &id])
        .with(1)
        .says("is done");
    let hub = site.run(&[]);
    for number in 1..=6 {
        site.given(&format!("T_ORD-SO-{number}.json"));
    }
    hub.stop();
    let left = site.tenon(&["parked", "list", "--json"]).with(0);
    assert_eq!(left.documents(), [] as [Value; 0]);
}

#[test]
fn a_running_hub_takes_up_what_nobody_works_on() {
    let site = Site::new();
    parked(&site, 1..=3);
    site.write("config/connectors/crm/order_status.csv", RIGHT);
    let mut sending = site
        .command(&["parked", "redrive", "--per-second", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    eventually(|| match redrives(&site) {
        runs if runs.first().is_some_and(|run| run["state"] == "running") => Ok(()),
        runs => Err(format!("{runs:#?}")),
    });
    sending.kill().expect("killed");
    sending.wait().expect("dead");
    let hub = site.run(&[]);
    for number in 1..=3 {
        site.given(&format!("T_ORD-SO-{number}.json"));
    }
    eventually(|| match redrives(&site) {
        runs if runs[0]["state"] == "done" => Ok(()),
        runs => Err(format!("{runs:#?}")),
    });
    hub.stop();
}

#[test]
fn another_body_takes_two_persons() {
    let site = Site::new();
    let waiting = parked(&site, 1..=1).remove(0);
    let id = waiting["id"].to_string();
    site.write("right.json", &order("SO-1", "已确认"));
    site.write("wrong.json", &order("SO-1", "作废"));
    let (right, wrong) = (site.path("right.json"), site.path("wrong.json"));
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    let propose = |file: &str, because: &str| {
        let by = ["--by", "li.wei", "--because", because, "--json"];
        site.tenon(&[&["parked", "correct", &id, file], &by[..]].concat())
    };
    propose(right, "").with(1).says("say why");
    propose(wrong, "a wrong status")
        .with(1)
        .says("it would fail");
    let proposed = propose(right, "a wrong status").with(0).document();
    propose(right, "again").with(1).says("waits for a decision");
    let number = proposed["id"].to_string();
    let decide = |word: &str, who: &str| {
        let by = ["--by", who, "--because", "looked at it"];
        site.tenon(&[&["parked", word, &number], &by[..]].concat())
    };
    decide("approve", "li.wei").with(1).says("a second person");
    site.tenon(&["parked", "corrections", &number])
        .with(0)
        .shows("-  \"status\": \"搁置\"")
        .shows("+  \"status\": \"已确认\"");
    decide("approve", "wang.fang").with(0).shows("sent again");
    decide("reject", "wang.fang")
        .with(1)
        .says("approved already");
    let shown = site.tenon(&["parked", "show", &id]).with(0);
    shown
        .shows("correction proposed by li.wei: a wrong status")
        .shows("correction approved by wang.fang: looked at it")
        .shows("sent again by wang.fang");

    let hub = site.run(&[]);
    assert_eq!(site.given("T_ORD-SO-1.json")["ORD_NO"], "SO-1");
    hub.stop();
    let kept = site
        .tenon(&["parked", "corrections", &number, "--json"])
        .with(0)
        .document();
    assert_eq!(
        (&kept["state"], &kept["parked"]),
        (&json!("approved"), &Value::Null)
    );
    assert_eq!(kept["decision"]["who"], "wang.fang");
    assert!(
        kept["difference"]
            .as_str()
            .is_some_and(|text| text.contains("搁置")),
        "the body as it was is kept: {kept}"
    );
}
