//! `tenon master import` and `export`: a list is looked at, brought in, and comes out as masters.

use serde_json::json;

use super::site::{Site, eventually};

const LIST: &str = "source_system,source_id,name,tax_id,phone,city,remark
crm,C-1,上海川可贸易有限公司,91350100M000100Y43,021-60000000,上海,first
erp,K-9,上海川可貿易有限公司,91350100 M000100Y43,,上海,the same company
crm,C-2,宁波海达电器有限公司,,0574-80000000;13800000000,宁波,
crm,,nobody,,,,no id
oa,A-1,宁波海达电器有限公司,,,,of no system that is joined
";

#[test]
fn a_list_is_looked_at_brought_in_and_written_out() {
    let site = Site::new();
    site.write("list.csv", LIST);
    let list = site.path("list.csv").display().to_string();
    let import = |more: &[&str]| {
        let arguments = [&["master", "import", list.as_str(), "--json"], more].concat();
        site.tenon(&arguments).with(2)
    };
    let seen = import(&[]);
    let seen = seen
        .says("list.csv:5: the row has no source_id")
        .says("no system is named `oa`");
    assert_eq!(
        seen.document(),
        json!({ "rows": 5, "fit": 3, "unfit": 2, "known": 0, "companies": 2, "review": 0 })
    );
    let done = json!({ "imported": 3, "known": 0, "unfit": 2 });
    assert_eq!(import(&["--yes"]).document(), done);

    let hub = site.run(&[]);
    let output = site.path("masters.csv");
    let export = ["master", "export", "--output", output.to_str().unwrap()];
    let written = eventually(|| {
        site.tenon(&export).with(0);
        let text = std::fs::read_to_string(&output).expect("an export");
        match text.lines().count() {
            // The company of two records may be there before its second record is.
            3 if text.contains("C-1") && text.contains("K-9") => Ok(text),
            count => Err(format!("{count} lines: {text}")),
        }
    });
    let header = "\u{FEFF}master_id,version,code,legal_name,short_name,tax_id,kind,stage,industry,source,grade,owner,former_names,crm,erp";
    assert_eq!(written.lines().next(), Some(header));
    let joined = written
        .lines()
        .find(|line| line.contains("91350100M000100Y43"));
    let joined = joined.expect("the company of two records");
    assert!(
        joined.contains(",CKMY,") && joined.contains("C-1") && joined.contains("K-9"),
        "{joined}"
    );
    let shown = site
        .tenon(&["master", "show", "erp/K-9", "--json"])
        .with(0)
        .document();
    assert_eq!(shown["code"], "CKMY");
    assert_eq!(shown["quality"]["lacks"][0], "contacts");
    let measured = site
        .tenon(&["master", "quality", "--json"])
        .with(0)
        .document();
    assert_eq!(
        (&measured["erp"]["records"], &measured["crm"]["records"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(measured["crm"]["lacking"]["tax_id"], 1);
    site.tenon(&["master", "quality"])
        .with(0)
        .shows("(golden records)");

    // An import that broke off is run again: what is there is passed over.
    let again = import(&["--yes"]).document();
    assert_eq!(again, json!({ "imported": 0, "known": 3, "unfit": 2 }));
    hub.stop();
}

#[test]
fn what_cannot_be_read_is_told() {
    let site = Site::new();
    site.write("list.csv", "id,name\n1,A\n");
    let list = |name: &str| site.path(name).display().to_string();
    site.tenon(&["master", "import", &list("list.csv")])
        .with(2)
        .says("required column `source_id` is missing");
    site.tenon(&["master", "import", &list("none.csv")]).with(3);
    site.write("list.doc", "");
    site.tenon(&["master", "import", &list("list.doc")])
        .with(3)
        .says("neither .csv nor .tsv nor .xlsx");
}
