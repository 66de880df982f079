//! `tenon master check`: is this customer known already?

use super::site::{CUSTOMER, Site};

#[test]
fn a_known_customer_is_shown_with_reasons() {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    let hub = site.run(&[]);
    site.given("T_CUST-CKMY.json");
    hub.stop();

    let by_name = [
        "master",
        "check",
        "--name",
        "川可贸易（上海）",
        "--phone",
        "021-61288001",
    ];
    let done = site.tenon(&by_name).with(0);
    done.shows("上海川可贸易有限公司")
        .shows("the brand is the same");
    let by_tax_id = [
        "master",
        "check",
        "--tax-id",
        "91350100M000100Y43",
        "--json",
    ];
    let found = site.tenon(&by_tax_id).with(0).document();
    assert_eq!(found["candidates"][0]["code"], "CKMY");
    assert_eq!(
        found["candidates"][0]["reasons"][0]["finding"],
        "tax_id_same"
    );
    let other = [
        "master",
        "check",
        "--name",
        "上海川可贸易有限公司杭州分公司",
    ];
    site.tenon(&other)
        .with(0)
        .shows("one is a branch and the other a head office");
}

#[test]
fn an_unknown_customer_is_told_as_such() {
    let site = Site::new();
    let done = site
        .tenon(&["master", "check", "--name", "棠溪阀门"])
        .with(0);
    assert_eq!(done.stdout, "");
    done.says("nobody like that is known");
    site.tenon(&["master", "check"]).with(2).says("--name");
    site.write("config/master.toml", "[matching]\nsame_bit = 6.0\n");
    let done = site.tenon(&["master", "check", "--name", "棠溪"]).with(2);
    done.says("master.toml:2:1").says("same_bit");
}
