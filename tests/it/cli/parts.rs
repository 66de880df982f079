//! From the design office to the ERP: parts that the ERP has are recognised, and bills of what they make.

use rstest::rstest;
use serde_json::{Value, json};

use super::flows::{Engine, Factory, export, factory};
use super::site::eventually;

/// A factory whose design office is told of nothing.
fn design_office(engine: Engine) -> Factory {
    let site = factory(engine);
    let receives = ["item", "bom"].map(|entity| {
        format!("[[receive]]\nentity = '{entity}'\nevery = '200ms'\nsettled = '100ms'\n")
    });
    let text = format!(
        "name = 'pdm'\nkind = 'pdm'\npreset = 'files'\ndirectory = '../pdm'\ndeliver = []\n{}",
        receives.concat()
    );
    site.write("config/connectors/pdm.toml", &text);
    site
}

/// The ERP tells of an item; waits until the hub has it, as the dealers are told of it.
fn the_erp_has(site: &Factory, number: &str, name: &str, specification: &str, unit: &str) {
    let row = format!("ITEM_NO,ITEM_NAME,SPEC,UOM\n{number},{name},{specification},{unit}\n");
    export(site, "erp", &format!("T_ITEM-{number}.csv"), &row);
    site.given_to("drp", &format!("ITEM-{number}.json"));
}

fn parts(site: &Factory, file: &str, rows: &str) {
    let text = format!("PART_NO,PART_NAME,SPEC,UNIT,REV\n{rows}");
    export(site, "pdm", &format!("PARTS-{file}.csv"), &text);
}

fn bom(site: &Factory, number: &str, part: &str, lines: &Value) {
    let bom = json!({
        "BOM_NO": number, "PART_NO": part, "VIEW": "E", "STATE": "R", "UNIT": "pcs", "LINES": lines,
    });
    export(
        site,
        "pdm",
        &format!("{number}.ndjson"),
        &format!("{bom}\n"),
    );
}

/// Waits until a record is refused with this code; why.
fn refused(site: &Factory, native_id: &str, code: &str) -> String {
    waits(site, native_id, &["--reason", code])
}

/// Waits until a record is parked in a way that these options name; why.
fn waits(site: &Factory, native_id: &str, options: &[&str]) -> String {
    let list = [&["parked", "list", "--json"], options].concat();
    let parked = eventually(|| {
        let parked = site.tenon(&list).with(0).documents();
        let parked = parked.into_iter().find(|it| it["native_id"] == native_id);
        parked.ok_or_else(|| format!("{native_id} is not parked: {options:?}"))
    });
    parked["reason"].as_str().expect("a reason").to_owned()
}

fn is_given(site: &Factory, name: &str) -> bool {
    site.path(&format!("config/erp/in/{name}")).exists()
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_part_that_the_erp_has_is_not_made_again(#[case] engine: Engine) {
    let site = design_office(engine);
    let hub = site.run(&[]);
    the_erp_has(&site, "PT-1", "螺丝", "M3×10", "件");
    parts(
        &site,
        "1",
        "ｐｔ－1,螺絲,M3 x 10毫米,pcs,B\nSH-300,剃须刀,,pcs,C2\n",
    );
    // The measure says more than the ERP: a person decides.
    let why = refused(&site, "ｐｔ－1", "item.doubtful");
    assert!(why.contains("erp/PT-1 (PT-1, 螺丝, M3×10, 件)"), "{why}");
    parts(&site, "2", "ｐｔ－1,螺絲,M3 x 10,pcs,B\n");
    bom(
        &site,
        "BOM-1",
        "SH-300",
        &json!([{ "POS": 10, "PART_NO": "ｐｔ－1", "QTY": 3, "UNIT": "个" }]),
    );
    let given = site.given("T_BOM-BOM-1.json");
    assert_eq!(given["ITEM_NO"], "SH-300", "{given}");
    assert_eq!(given["LINES"][0]["ITEM_NO"], "PT-1", "{given}");
    assert_eq!(site.given("T_ITEM-PT-1.json")["REV"], "B");
    site.all_given_to("erp", "T_ITEM-", 2);
    // The join is undone: from then on it is an item of its own, with a number of its own.
    let undo = [
        "item",
        "new",
        "pdm/ｐｔ－1",
        "--by",
        "li.wei",
        "--because",
        "another thread",
    ];
    site.tenon(&undo).with(0);
    let again = site.tenon(&undo).with(1);
    assert!(again.stderr.contains("item of its own"), "{}", again.stderr);
    parts(&site, "3", "ｐｔ－1,螺絲,M3 x 10,pcs,C\n");
    let items = site.all_given_to("erp", "T_ITEM-", 3);
    let of = |revision: &str| items.iter().filter(|item| item["REV"] == revision).count();
    assert_eq!((of("B"), of("C")), (1, 1), "{items:?}");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_doubtful_part_waits_for_a_person_and_its_bill_with_it(#[case] engine: Engine) {
    let site = design_office(engine);
    let hub = site.run(&[]);
    the_erp_has(&site, "100-200", "螺丝", "M3x10", "件");
    the_erp_has(&site, "100-300", "刀片", "23 mm", "件");
    let rows = "PT-1,螺丝,M3×10,pcs,A\nPT-2,刀片,23mm,pcs,A\nSH-300,剃须刀,,pcs,C2\n";
    parts(&site, "1", rows);
    let line = |position: u32, part: &str| json!({ "POS": position, "PART_NO": part, "QTY": 2 });
    bom(
        &site,
        "BOM-1",
        "SH-300",
        &json!([line(10, "PT-1"), line(20, "PT-2")]),
    );
    site.given("T_ITEM-SH-300.json");
    let why = refused(&site, "PT-1", "item.doubtful");
    let advice = "if they are one: tenon item same pdm/PT-1 erp/100-200; if it is another part: tenon item \
                  new pdm/PT-1";
    assert!(why.contains(advice), "{why}");
    refused(&site, "PT-2", "item.doubtful");
    waits(&site, "BOM-1", &[]);
    site.tenon(&["item", "list"]).with(0).shows("100-200 ≠");
    let doubtful = site.tenon(&["item", "list", "--json"]).with(0).documents();
    let record = json!({ "system": "pdm", "native_id": "PT-1" });
    let first = doubtful.iter().find(|it| it["record"] == record);
    let first = first.expect("the record");
    assert_eq!(
        (&first["why"], doubtful.len()),
        (&json!("other_code"), 2),
        "{doubtful:?}"
    );
    let side = &first["candidates"][0]["records"][0];
    assert_eq!(side["record"]["native_id"], "100-200", "{first}");
    let compared = json!({ "code": "differs", "name": "same", "specification": "spelling", "unit": "spelling" });
    assert_eq!(side["compared"], compared, "{first}");
    let shown = hub.get("/api/v1/items/reviews").expect("an answer");
    assert_eq!(shown["items"], json!(doubtful));

    let same = ["item", "same", "pdm/PT-1", "erp/100-200", "--by", "li.wei"];
    site.tenon(&[&same[..], &["--because", "drawing 7"]].concat())
        .with(0);
    assert_eq!(site.given("T_ITEM-100-200.json")["SPEC"], "M3×10");
    site.tenon(&same).with(1).says("item.same");
    let new = ["item", "new", "pdm/PT-2", "--by", "li.wei", "--json"];
    let done = site.tenon(&new).with(0).document();
    assert_eq!(done["outcome"], "done", "{done}");
    let given = site.given("T_BOM-BOM-1.json");
    assert_eq!(given["LINES"][0]["ITEM_NO"], "100-200", "{given}");
    assert_eq!(given["LINES"][1]["ITEM_NO"], "PT-2", "{given}");
    site.given("T_ITEM-PT-2.json");
    assert!(!is_given(&site, "T_ITEM-PT-1.json"));
    assert!(!is_given(&site, "T_ITEM-100-300.json"));
    site.tenon(&new).with(1).shows("item.linked");
    let nobody = ["item", "same", "pdm/X", "erp/X", "--by", "li.wei"];
    site.tenon(&nobody).with(1).says("item.unknown");
    let id = done["message_id"].as_str().expect("an id");
    site.tenon(&["trace", id]).with(0).shows("steward li.wei");
    assert_eq!(site.tenon(&["item", "list"]).with(0).stdout, "");
    let decided = || {
        let list = ["item", "list", "--decided", "--json"];
        site.tenon(&list).with(0).documents()
    };
    let undone: Vec<Value> = decided().into_iter().map(|it| it["undo"].clone()).collect();
    assert_eq!(
        undone,
        [Value::Null, json!({ "system": "pdm", "native_id": "PT-1" })]
    );
    let undo = [
        "item",
        "new",
        "pdm/PT-1",
        "--by",
        "li.wei",
        "--because",
        "another thread",
    ];
    site.tenon(&undo).with(0);
    let decisions = hub.get("/api/v1/items/decisions").expect("an answer");
    assert_eq!(decisions["items"], json!(decided()));
    assert_eq!(
        decisions["items"][0]["because"], "another thread",
        "{decisions}"
    );
    assert!(
        decided().iter().all(|it| it["undo"].is_null()),
        "{decisions}"
    );

    // What a person told apart stays apart, whatever is said of it, until a person says otherwise.
    parts(&site, "2", "PT-2,螺丝,M3×10,pcs,B\n");
    eventually(|| match site.given("T_ITEM-PT-2.json") {
        given if given["REV"] == "B" => Ok(()),
        given => Err(given.to_string()),
    });
    // What was told apart may be what it says to be by now: the word is taken back by saying so.
    let told_apart = || {
        let decided = decided();
        let new = json!({ "new_item": { "record": { "system": "pdm", "native_id": "PT-2" } } });
        let found = decided.into_iter().find(|decision| decision["act"] == new);
        found.expect("the decision")["candidates"].clone()
    };
    let candidates = told_apart();
    let side = &candidates[0]["records"][0];
    assert_eq!(
        (&side["record"]["native_id"], &side["compared"]["code"]),
        (&json!("100-200"), &json!("differs")),
        "{candidates}"
    );
    assert_eq!(candidates.as_array().map(Vec::len), Some(1), "{candidates}");
    let one = ["item", "same", "pdm/PT-2", "erp/100-200", "--by", "li.wei"];
    site.tenon(&["item", "list", "--decided"])
        .with(0)
        .shows("tenon item same pdm/PT-2 erp/100-200");
    site.tenon(&one).with(0);
    assert_eq!(told_apart(), json!([]));
    assert_eq!(decided()[0]["undo"]["native_id"], "PT-2");
    site.tenon(&one).with(1).says("item.same");
    let line = json!([{ "POS": 10, "PART_NO": "PT-2", "QTY": 5 }]);
    bom(&site, "BOM-2", "SH-300", &line);
    let given = site.given("T_BOM-BOM-2.json");
    assert_eq!(given["LINES"][0]["ITEM_NO"], "100-200", "{given}");
    parts(&site, "3", "PT-2,螺丝,M3×10,pcs,C\n");
    eventually(|| match site.given("T_ITEM-100-200.json") {
        given if given["REV"] == "C" => Ok(()),
        given => Err(given.to_string()),
    });
    assert_eq!(site.given("T_ITEM-PT-2.json")["REV"], "B");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_bill_that_contradicts_others_or_its_items_is_refused(#[case] engine: Engine) {
    let site = design_office(engine);
    let hub = site.run(&[]);
    parts(
        &site,
        "1",
        "SH-1,剃须刀,,pcs,A\nSA-1,刀头,,pcs,A\nSA-2,刀架,,pcs,A\nPT-1,铝材,,mm,A\n",
    );
    let line =
        |part: &str, unit: &str| json!([{ "POS": 10, "PART_NO": part, "QTY": 3, "UNIT": unit }]);
    bom(&site, "BOM-1", "SH-1", &line("SA-1", "件"));
    site.given("T_BOM-BOM-1.json");
    bom(&site, "BOM-2", "SA-1", &line("SA-2", "pcs"));
    site.given("T_BOM-BOM-2.json");
    bom(&site, "BOM-3", "SA-2", &line("SH-1", "pcs"));
    let why = refused(&site, "BOM-3", "bom.cycle");
    let told = "BOM BOM-3 would make SA-2 contain itself: SA-2 → SH-1 → SA-1 → SA-2; by BOM BOM-1, BOM-2; \
                take the wrong line out of it or of this one in pdm";
    assert!(why.contains(told), "{why}");
    bom(&site, "BOM-4", "SA-2", &line("PT-1", "kg"));
    let why = refused(&site, "BOM-4", "bom.unit");
    let told =
        "line 10 counts PT-1 in kg, and pdm counts it in mm: one cannot be told in the other";
    assert!(why.contains(told), "{why}");
    // What can be told in the other is fine, and the first bill in another state opens the circle.
    bom(&site, "BOM-5", "SA-2", &line("PT-1", "m"));
    site.given("T_BOM-BOM-5.json");
    let obsolete = json!({
        "BOM_NO": "BOM-1", "PART_NO": "SH-1", "VIEW": "E", "STATE": "O", "LINES": line("SA-1", "件"),
    });
    export(&site, "pdm", "BOM-1-end.ndjson", &format!("{obsolete}\n"));
    eventually(|| match site.given("T_BOM-BOM-1.json") {
        given if given["STATUS"] != "R" => Ok(()),
        given => Err(given.to_string()),
    });
    site.tenon(&["parked", "redrive", "--reason", "bom.cycle"])
        .with(0);
    site.given("T_BOM-BOM-3.json");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_design_bill_becomes_the_shops_and_is_made_once(#[case] engine: Engine) {
    let site = design_office(engine);
    let rules = "[bom]\nmanufacturing = true\nsubstitutes = 'drop'\n\
        [[bom.cuts]]\nunit = '根'\nlength = '6 m'\nscrap_rate = '0.02'\n";
    site.write("config/master.toml", rules);
    let hub = site.run(&[]);
    the_erp_has(&site, "AL-6", "铝型材", "20x20", "根");
    let rows = "SH-1,剃须刀,,pcs,A\nSA-1,刀头,,pcs,A\nPT-1,刀片,23mm,pcs,A\nPT-2,刀片,24mm,pcs,A\n\
        AL-6,铝型材,20*20,,A\n";
    parts(&site, "1", rows);
    let lines = json!([
        { "POS": 10, "PART_NO": "SA-1", "QTY": 2, "UNIT": "pcs", "PHANTOM": "Y" },
        { "POS": 20, "PART_NO": "AL-6", "QTY": 1500, "UNIT": "mm" },
    ]);
    bom(&site, "BOM-1", "SH-1", &lines);
    let why = refused(&site, "BOM-1", "bom.phantom");
    assert!(
        why.contains("SA-1 is a phantom, and no bill of it is released"),
        "{why}"
    );
    let head =
        json!([{ "POS": 10, "PART_NO": "PT-1", "QTY": "1.5", "UNIT": "pcs", "SUBS": "PT-2" }]);
    bom(&site, "BOM-2", "SA-1", &head);
    site.given("T_BOM-BOM-2.json");
    site.tenon(&["parked", "redrive", "--reason", "bom.phantom"])
        .with(0);
    let made = site.given("T_BOM-BOM-1.json");
    let lines = json!([
        { "POS": 10, "ITEM_NO": "PT-1", "QTY": "3", "UOM": "pcs", "PHANTOM": "N" },
        { "POS": 20, "ITEM_NO": "AL-6", "QTY": "0.25", "UOM": "根", "SCRAP": "0.02", "PHANTOM": "N" },
    ]);
    assert_eq!(made["LINES"], lines, "{made}");
    // Released once more as it was, it changes nothing.
    let path = site.path("config/erp/in/T_BOM-BOM-2.json");
    std::fs::remove_file(&path).expect("the ERP takes the file");
    let again = json!({
        "BOM_NO": "BOM-2", "PART_NO": "SA-1", "VIEW": "E", "STATE": "R", "UNIT": "pcs", "LINES": head,
    });
    export(&site, "pdm", "BOM-2-again.ndjson", &format!("{again}\n\n"));
    bom(&site, "BOM-3", "SA-1", &head);
    site.given("T_BOM-BOM-3.json");
    assert!(!path.exists());
    hub.stop();
}

/// A bill as rows of cells: `|` between cells.
const LIST: &[&str] = &[
    "BOM_NO|PART_NO|STATE|BASE_UNIT|POS|COMP_NO|QTY|UNIT|SUBS",
    "BOM-1|SH-1|R|pcs|10|PT-1|3|pcs|PT-2",
    "BOM-1|SH-1|R|pcs|20|PT-2|0.35|m|",
    "BOM-2|SA-1|R|pcs|10|PT-1|1|pcs|",
];

#[rstest]
#[case::csv(Engine::Embedded, "csv")]
#[case::xlsx(Engine::Embedded, "xlsx")]
#[case::servers(Engine::Servers, "xlsx")]
fn a_bill_comes_as_a_list(#[case] engine: Engine, #[case] extension: &str) {
    let site = design_office(engine);
    let receive = |entity: &str, more: &str| {
        format!("[[receive]]\nentity = '{entity}'\nevery = '200ms'\nsettled = '100ms'\n{more}")
    };
    let rows = format!("files = 'out/BOM*.{extension}'\ngroup_by = 'BOM_NO'\nrows_as = 'LINES'\n");
    let text = format!(
        "name = 'pdm'\nkind = 'pdm'\npreset = 'files'\ndirectory = '../pdm'\ndeliver = []\n{}{}",
        receive("item", ""),
        receive("bom", &rows)
    );
    site.write("config/connectors/pdm.toml", &text);
    let file = site.path(&format!("config/pdm/out/BOM-list.{extension}"));
    let rows = LIST.iter().map(|row| row.split('|'));
    match extension {
        "csv" => {
            let rows: Vec<String> = rows.map(|row| row.collect::<Vec<_>>().join(",")).collect();
            std::fs::write(&file, rows.join("\n")).expect("a list");
        }
        _ => {
            let mut workbook = rust_xlsxwriter::Workbook::new();
            let sheet = workbook.add_worksheet();
            for (number, row) in (0..).zip(rows) {
                for (column, cell) in (0..).zip(row) {
                    sheet.write(number, column, cell).expect("a cell");
                }
            }
            workbook.save(&file).expect("a workbook");
        }
    }
    let hub = site.run(&[]);
    parts(
        &site,
        "1",
        "SH-1,剃须刀,,pcs,A\nSA-1,刀头,,pcs,A\nPT-1,刀片,23mm,pcs,A\nPT-2,线,2x1,mm,A\n",
    );
    let given = site.given("T_BOM-BOM-1.json");
    let lines = json!([
        { "POS": 10, "ITEM_NO": "PT-1", "QTY": "3", "UOM": "pcs", "PHANTOM": "N", "SUBST": "PT-2" },
        { "POS": 20, "ITEM_NO": "PT-2", "QTY": "0.35", "UOM": "m", "PHANTOM": "N" },
    ]);
    assert_eq!(given["LINES"], lines, "{given}");
    assert_eq!(given["UOM"], "pcs", "{given}");
    assert_eq!(site.given("T_BOM-BOM-2.json")["ITEM_NO"], "SA-1");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn what_the_erp_has_of_its_own_is_left_as_it_is(#[case] engine: Engine) {
    let site = design_office(engine);
    let erp = site.path("config/connectors/erp.toml");
    let text = std::fs::read_to_string(&erp).expect("a connector file");
    let takes = "[[deliver]]\nentity = 'item'\n";
    assert!(text.contains(takes), "{text}");
    let keeping = text.replace(takes, &format!("{takes}keep_own = true\n"));
    site.write("config/connectors/erp.toml", &keeping);
    let hub = site.run(&[]);
    the_erp_has(&site, "PT-1", "螺丝", "M3x10", "件");
    parts(&site, "1", "PT-1,螺丝,M3×10,pcs,B\nSH-300,剃须刀,,pcs,C2\n");
    bom(
        &site,
        "BOM-1",
        "SH-300",
        &json!([{ "POS": 10, "PART_NO": "PT-1", "QTY": 3, "UNIT": "pcs" }]),
    );
    assert_eq!(
        site.given("T_BOM-BOM-1.json")["LINES"][0]["ITEM_NO"],
        "PT-1"
    );
    // What was made new is kept up to date.
    parts(&site, "2", "PT-1,螺丝,M3×10,pcs,C\nSH-300,剃须刀,,pcs,C3\n");
    eventually(|| match site.given("T_ITEM-SH-300.json") {
        given if given["REV"] == "C3" => Ok(()),
        given => Err(given.to_string()),
    });
    assert!(!is_given(&site, "T_ITEM-PT-1.json"));
    hub.stop();
}
