//! `tenon backup` and `tenon restore`: one file, one moment.

use super::site::{CUSTOMER, Site, eventually, order};

#[test]
fn a_backup_of_a_running_hub_is_a_moment_to_return_to() {
    let site = Site::new();
    let copy = site.path("copy.db");
    let copy = copy.to_str().expect("a path in UTF-8");
    let hub = site.run(&[]);
    site.send("customer", CUSTOMER);
    site.send("order", &order("SO-1", "已确认"));
    site.given("T_ORD-SO-1.json");
    let journaled = |number: &str| {
        let found = site.tenon(&["trace", number, "--json"]);
        found.code == Some(0) && found.document()["deliveries"][0]["state"] == "delivered"
    };
    eventually(|| match journaled("SO-1") {
        true => Ok(()),
        false => Err("SO-1 is not noted as delivered".to_owned()),
    });
    let backup = site.tenon(&["backup", "--json", copy]).with(0).document();
    // The customer, the order, and that the order has signed the customer.
    assert_eq!(backup["messages"], 3, "{backup}");
    site.tenon(&["backup", copy])
        .with(1)
        .says("is there already");

    // What came after the backup is gone with a restore, and taken again when it is sent again.
    site.send("order", &order("SO-2", "已确认"));
    site.given("T_ORD-SO-2.json");
    site.tenon(&["restore", copy])
        .with(1)
        .says("a hub runs on this configuration");
    hub.stop();
    let restored = site.tenon(&["restore", "--json", copy]).with(0).document();
    assert_eq!(restored["messages"], 3, "{restored}");
    let kept = restored["kept"].as_str().expect("what was there is kept");
    assert!(std::path::Path::new(kept).is_file(), "{kept}");

    assert!(journaled("SO-1"));
    assert!(!journaled("SO-2"));
    let hub = site.run(&[]);
    site.send("order", &order("SO-2", "已确认"));
    eventually(|| match journaled("SO-2") {
        true => Ok(()),
        false => Err("SO-2 is not delivered again".to_owned()),
    });
    hub.stop();
}

#[test]
fn what_is_no_backup_is_refused() {
    let site = Site::new();
    site.write(
        "notes.txt",
        "no database at all, only words of some length to look like a file",
    );
    let notes = site.path("notes.txt");
    let notes = notes.to_str().expect("a path in UTF-8");
    site.tenon(&["restore", notes]).with(3);
    site.tenon(&["restore", "nowhere.db"])
        .with(3)
        .says("no such file");
    site.tenon(&["backup", "copy.db"])
        .with(3)
        .says("nothing has run on this configuration yet");
}
