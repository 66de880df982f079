//! `tenon master show|merge|unmerge|split` beside a hub that runs, and without one.

use serde_json::Value;

use super::site::{CUSTOMER, Site, eventually};

const OTHER: &str = r#"{"客户编号":"C2","客户名称":"川可实业","工商全称":"上海川可实业有限公司",
    "客户类型":"客户","手机":"13900000000"}"#;

fn show(site: &Site, name: &str) -> Value {
    eventually(|| match site.tenon(&["master", "show", name, "--json"]) {
        done if done.code == Some(0) => Ok(done.document()),
        done => Err(format!("{done:#?}")),
    })
}

#[test]
fn a_person_merges_shows_and_unmerges() {
    let site = Site::new();
    let hub = site.run(&[]);
    site.send("customer", CUSTOMER);
    site.send("customer", OTHER);
    let (one, other) = (show(&site, "crm/C1"), show(&site, "crm/C2"));
    let id = |master: &Value| master["master_id"].as_str().unwrap().to_owned();
    let code = one["code"].as_str().unwrap();
    let merge = [
        "master",
        "merge",
        code,
        "crm/C2",
        "--by",
        "li.wei",
        "--because",
        "moved",
    ];
    site.tenon(&merge)
        .with(0)
        .shows("上海川可实业有限公司")
        .shows("told by crm as C2  came with");
    assert_eq!(id(&show(&site, "crm/C2")), id(&one));
    site.tenon(&["master", "show", &id(&other)])
        .with(0)
        .shows("merged into");
    site.tenon(&merge)
        .with(1)
        .says("cannot be merged with itself (master.itself)");
    let unmerge = ["master", "unmerge", &id(&other), "--by", "li.wei", "--json"];
    let done = site.tenon(&unmerge).with(0).document();
    assert_eq!(done["outcome"], "done");
    assert_eq!(id(&show(&site, "crm/C2")), id(&other));
    site.tenon(&unmerge).with(1).says("master.not_merged");
    site.tenon(&["master", "show", "NOBODY"])
        .with(1)
        .says("there is no master `NOBODY`");
    site.tenon(&["master", "split", code, "C1", "--by", "li"])
        .with(1)
        .says("write SYSTEM/ID");
    let all = ["master", "split", code, "crm/C1", "--by", "li"];
    site.tenon(&all).with(1).says("split.everything");
    site.tenon(&["master", "review", "list", "--state", "all"])
        .with(0)
        .shows("rejected");
    let reviews = site.tenon(&["master", "review", "list", "--state", "rejected", "--json"]);
    let review = reviews.with(0).document();
    assert_eq!(review["decided_by"], "li.wei");
    let number = review["id"].to_string();
    site.tenon(&["master", "review", "show", &number])
        .with(0)
        .shows("上海川可贸易有限公司")
        .shows("上海川可实业有限公司");
    let approve = ["master", "review", "approve", &number, "--by", "li"];
    site.tenon(&approve).with(1).says("review.decided");
    let reopen = ["master", "review", "reopen", &number, "--by", "li"];
    site.tenon(&reopen).with(0);
    site.tenon(&["master", "review", "list"])
        .with(0)
        .shows("open");
    site.tenon(&reopen).with(1).says("review.open");
    site.tenon(&["master", "show", &id(&one), "--history"])
        .with(0)
        .shows("by merge of li.wei  moved")
        .shows("by crm C1");
    site.tenon(&["trace", &id(&one)])
        .with(0)
        .shows("steward li.wei");
    hub.stop();
}
