//! What an author of a connector file begins with.

use super::site::Site;

#[test]
fn a_new_file_of_every_preset_passes_check_and_test_at_once() {
    let listed = Site::bare().tenon(&["connector", "list", "--json"]).with(0);
    for preset in listed.documents() {
        let (kind, preset) = (preset["kind"].as_str(), preset["preset"].as_str());
        let (kind, preset) = (kind.expect("a kind"), preset.expect("a preset"));
        let site = Site::bare();
        let new = [
            "connector",
            "new",
            "mine",
            "--kind",
            kind,
            "--preset",
            preset,
        ];
        site.tenon(&new).with(0).shows("mine.toml");
        site.tenon(&["check"]).with(0);
        site.tenon(&["test"]).with(0);
        site.tenon(&new).with(1).says("is there already");
    }
}

#[test]
fn every_key_of_every_preset_is_told_and_what_a_preset_uses_is_among_them() {
    let site = Site::bare();
    let listed = site.tenon(&["connector", "list", "--json"]).with(0);
    for preset in listed.documents() {
        let (kind, preset) = (preset["kind"].as_str(), preset["preset"].as_str());
        let docs = ["connector", "docs", kind.expect("a kind"), "--preset"];
        let docs = [&docs[..], &[preset.expect("a preset"), "--json"]].concat();
        let told = site.tenon(&docs).with(0).documents();
        assert!(told.len() > 40, "{docs:?}: {}", told.len());
        for key in told {
            assert!(
                key["text"].as_str().is_some_and(|text| !text.is_empty()),
                "{key}"
            );
        }
    }
    let told = site
        .tenon(&["connector", "docs", "erp", "--preset", "sql"])
        .with(0);
    told.shows("receive[].overlap  (duration, or whole number)");
    site.tenon(&["connector", "docs", "erp", "--preset", "http"])
        .with(0)
        .shows("timeout  (duration)")
        .shows("default: \"30s\"")
        .shows("unit: bytes");
    site.tenon(&["connector", "docs", "erq"])
        .with(1)
        .says("did you mean `erp`?");
}

#[test]
fn what_does_not_exist_is_told_with_what_does() {
    let site = Site::bare();
    let new = |kind: &str, preset: &str| {
        site.tenon(&[
            "connector",
            "new",
            "mine",
            "--kind",
            kind,
            "--preset",
            preset,
        ])
    };
    new("erq", "files").with(1).says("did you mean `erp`?");
    new("erp", "tritton").with(1).says("did you mean `tryton`?");
    new("erp", "kafka").with(1).says("files, sql, http");
    site.tenon(&["connector", "new", "Mine!", "--kind", "erp"])
        .with(1);
}

#[test]
fn a_probe_tells_what_does_not_answer_and_what_does_not_fit() {
    let site = Site::new();
    let nothing = site.tenon(&["connector", "probe", "--json"]).with(0);
    assert!(
        nothing
            .documents()
            .iter()
            .all(|found| found["reached"] == true),
        "{nothing:?}"
    );
    // The second name is longer than the canonical model has room for.
    let exported = format!(
        "客户编号,客户名称,工商全称\nC1,川可,\nC2,川可,{}\n",
        "长".repeat(1000)
    );
    let exported = encoding_rs::GB18030.encode(&exported);
    std::fs::write(site.path("config/crm/out/customers-1.csv"), exported.0).expect("an export");
    let file = std::fs::File::options()
        .write(true)
        .open(site.path("config/crm/out/customers-1.csv"))
        .expect("the file");
    // A file that was changed just now may be written still.
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .expect("an older file");
    let found = site.tenon(&["connector", "probe", "crm"]).with(2);
    assert!(
        found.stdout.contains("2 records looked at, 1 do not fit"),
        "{found:?}"
    );
    assert!(
        site.path("config/crm/out/customers-1.csv").exists(),
        "nothing is taken"
    );
    std::fs::remove_dir_all(site.path("config/erp/in")).expect("removed");
    site.tenon(&["connector", "probe", "erp"])
        .with(3)
        .shows("there is no directory");
    site.tenon(&["connector", "probe", "nobody"])
        .with(1)
        .says("no system `nobody`");
}
