//! `tenon test`: the cases beside the mappings.

use serde_json::{Value, json};

use super::site::{CUSTOMER, Site, order};

/// A site whose orders go through a mapping of its own, with two cases.
fn with_cases(second: &str) -> Site {
    let site = Site::new();
    site.write(
        "config/connectors/erp.toml",
        "name = 'erp'\nkind = 'erp'\npreset = 'files'\ndirectory = '../erp'\nreceive = []\n\
         [[deliver]]\nentity = 'order'\nmapping = 'erp/order.out.jq'\n",
    );
    site.write(
        "config/connectors/erp/order.out.jq",
        "{ ORD_NO: .number, NET: .totals.net }\n",
    );
    site.write(
        "config/connectors/erp/order.out.test.yaml",
        &format!(
            "- name: the number and the net amount\n  input: {{ number: SO-1, totals: {{ net: \"19.90\" }} }}\n  \
             expect: {{ ORD_NO: SO-1, NET: \"19.90\" }}\n- name: {second}\n  input: {{ number: SO-2 }}\n  \
             expect: {{ ORD_NO: SO-2, NET: null }}\n"
        ),
    );
    site
}

#[test]
fn cases_are_run_those_of_presets_too() {
    let site = with_cases("without totals");
    let done = site.tenon(&["test"]).with(0).says("cases passed");
    assert!(done.stdout.lines().count() > 5, "{}", done.stdout);
    assert!(
        done.stdout.lines().all(|line| line.starts_with("ok  ")),
        "{}",
        done.stdout
    );
    let done = done.shows("order.out.test.yaml  the number and the net amount");
    done.shows("preset:crm/files/order.in.test.yaml  ");
}

#[test]
fn a_filter_names_files_or_cases() {
    let site = with_cases("without totals");
    let lines = |filter: &str| site.tenon(&["test", filter]).with(0).stdout.lines().count();
    assert_eq!(lines("erp/order.out"), 2);
    assert_eq!(lines("without totals"), 1);
    site.tenon(&["test", "no such case"])
        .with(1)
        .says("no case has `no such case`");
}

#[test]
fn a_case_that_fails_is_told_with_its_place() {
    let site = with_cases("without totals");
    site.write(
        "config/connectors/erp/order.out.jq",
        "{ ORD_NO: .number, NET: (.totals.net // 0) }\n",
    );
    let done = site.tenon(&["test", "erp/order.out"]).with(2);
    let done = done
        .says("order.out.test.yaml:4:")
        .says("case `without totals`")
        .says("1 problem");
    done.shows("ok    ").shows("FAIL  ");
    // What fails here fails `check` as well.
    site.tenon(&["check"]).with(2).says("case `without totals`");

    let documents = site
        .tenon(&["test", "erp/order.out", "--json"])
        .with(2)
        .documents();
    let [passed, failed] = documents.as_slice() else {
        panic!("{documents:#?}")
    };
    assert_eq!(passed["name"], "the number and the net amount");
    assert_eq!(
        (&passed["passed"], &passed["failure"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(failed["passed"], false);
    assert_eq!(failed["failure"]["position"]["line"], 4);
}

#[test]
fn cases_that_cannot_be_read_are_no_passed_cases() {
    let site = with_cases("[");
    site.tenon(&["test"]).with(2).says("order.out.test.yaml:");
    let path = site.path("config/connectors/erp/order.out.test.yaml");
    std::fs::write(path, [0xb0, 0xa1]).expect("written");
    site.tenon(&["test"])
        .with(2)
        .says("order.out.test.yaml: cannot be read");
}

#[test]
fn what_came_becomes_cases_with_nobody_in_them_that_pass_at_once() {
    let site = Site::new();
    let hub = site.run(&[]);
    let named = CUSTOMER.replace(
        "\"手机\"",
        "\"联系人\":\"李明明\",\"内部备注\":\"李明明 13800000000\",\"手机\"",
    );
    site.send("customer", &named);
    site.send(
        "order",
        &(order("SO-1", "已确认") + &order("SO-2", "已确认")),
    );
    for order in ["T_ORD-SO-1.json", "T_ORD-SO-2.json"] {
        site.given(order);
    }
    let before = site.tenon(&["test", "--json"]).with(0).documents().len();
    let record = ["connector", "record", "crm", "--count", "2", "--json"];
    let files = site.tenon(&record).with(0).documents();
    let cases = |inlet: &str| {
        let file = files.iter().find(|file| file["inlet"] == inlet);
        file.unwrap_or_else(|| panic!("no cases of {inlet}: {files:?}"))["cases"].clone()
    };
    assert_eq!([cases("customer"), cases("orders")], [json!(1), json!(2)]);
    let after = site.tenon(&["test", "--json"]).with(0).documents().len();
    assert_eq!(after, before + 3);
    let customer =
        std::fs::read_to_string(site.path("config/connectors/crm/customer.in.test.yaml"));
    let customer = customer.expect("the customer's case");
    for shown in ["上海川可贸易有限公司", "91350100M000100Y43", "\"客户\""] {
        assert!(customer.contains(shown), "{customer}");
    }
    for hidden in ["李明明", "13800000000"] {
        assert!(!customer.contains(hidden), "{customer}");
    }
    // More are added to what is there; elsewhere they are not run.
    site.tenon(&[
        "connector",
        "record",
        "crm",
        "--entity",
        "order",
        "--count",
        "1",
    ])
    .with(0);
    assert_eq!(
        site.tenon(&["test", "--json"]).with(0).documents().len(),
        before + 4
    );
    let elsewhere = site.path("elsewhere").display().to_string();
    site.tenon(&["connector", "record", "crm", "--out", &elsewhere])
        .with(0)
        .says("once it stands at");
    assert_eq!(
        site.tenon(&["test", "--json"]).with(0).documents().len(),
        before + 4
    );
    site.tenon(&["connector", "record", "erp"])
        .with(1)
        .says("sends nothing");
    site.tenon(&["connector", "record", "pdm"])
        .with(1)
        .says("no system `pdm`");
    hub.stop();
}
