//! Dealers report stock and sales late and with corrections; who will run out is told to ERP and DRP.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rstest::rstest;
use serde_json::{Value, json};

use super::flows::{Engine, ITEMS, export, factory};
use super::site::eventually;

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_dealer_who_will_run_out_is_told_to_the_erp(#[case] engine: Engine) {
    let site = factory(engine);
    site.write(
        "config/insight.toml",
        "[replenishment]\nlead_days = 5\nsafety_days = 5\nsupply_days = 10\nmultiple = '12'\nlanguage = 'zh'\nsettle = '0s'\n",
    );
    let hub = site.run(&[]);
    let today: Date = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let back = |days: i32| today.saturating_sub(days.days()).to_string();
    let report = |number: &str, days: (i32, i32), hour: u8, quantity: i32| {
        let report = json!({
            "REPORT_NO": number, "DEALER_NO": "D021", "FROM": back(days.0), "TO": back(days.1), "STATUS": "F",
            "REPORTED_AT": format!("{}T{hour:02}:00:00Z", back(1)),
            "LINES": [{ "NO": 1, "SKU": "FS-305", "QTY": quantity }],
        });
        format!("{report}\n")
    };
    // Reports come before anybody has told of the item or the dealer; the correction before what it corrects.
    export(
        &site,
        "drp",
        "SALES-1.ndjson",
        &report("SO-1", (14, 8), 9, 210),
    );
    let stock = |available: u32| {
        format!(
            "STOCK_ID,DEALER_NO,SKU,QTY,AVAILABLE,IN_TRANSIT,UNIT,COUNTED_AT\n\
             D021-1,D021,FS-305,500,{available},40,pcs,{}T08:00:00Z\n",
            back(1)
        )
    };
    export(&site, "drp", "STOCK-1.csv", &stock(180));
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);
    site.given_to("drp", "ITEM-FS-305.json");
    export(
        &site,
        "drp",
        "DEALER-1.csv",
        "DEALER_NO,DEALER_NAME,COMPANY_NAME\nD021,川可,上海川可贸易有限公司\n",
    );
    let customer = site.given("T_CUST-CKMY.json");
    export(
        &site,
        "drp",
        "SALES-2.ndjson",
        &report("SO-1", (14, 8), 8, 7),
    );
    let cover = |expected: [&str; 3]| {
        eventually(|| {
            let shown = hub.get("/api/v1/insight/cover")?;
            let row = &shown["items"][0];
            match [&row["per_day"], &row["days"], &row["standing"]] == expected
                && row["dealer_code"] == "CKMY"
            {
                true => Ok(row.clone()),
                false => Err(shown.to_string()),
            }
        })
    };
    // 30 a day: seven days that 220 last, where ten are needed.
    let row = cover(["30", "7.3", "cover"]);
    assert_eq!(row["needed"], "384", "{row}");

    let demanded = |number: usize| site.all_given_to("erp", "T_PR-", number);
    let demand = demanded(1).remove(0);
    assert_eq!(demand["CUST_NO"], customer["CUST_NO"], "{demand}");
    assert_eq!(demand["LINES"][0]["ITEM_NO"], "FS-305", "{demand}");
    assert_eq!(demand["LINES"][0]["QTY"], "384", "{demand}");
    let by = today.saturating_add(2.days()).to_string();
    assert_eq!(demand["LINES"][0]["REQ_DATE"], json!(by), "{demand}");
    let why = demand["REASON"].as_str().expect("a reason");
    assert!(why.contains("日均销量 30"), "{why}");
    let number = demand["PR_NO"].as_str().expect("a number");
    let shown = site.given_to("drp", &format!("REPLENISHMENT-{number}.json"));
    assert_eq!(shown["DEALER_NO"], "D021", "{shown}");

    // Asked for more closely, and what it was made from.
    let some = |query: &str| hub.get(&format!("/api/v1/insight/cover?{query}"));
    for (query, total) in [
        ("text=ckmy%20fs-3&risk=true", 1),
        ("text=ckmy%20sh-1", 0),
        ("standing=enough", 0),
        ("standing=cover&sort=-needed", 1),
    ] {
        let shown = some(query).expect("an answer");
        assert_eq!(shown["total"], total, "{query}: {shown}");
    }
    let shown = some("text=ckmy&standing=enough").expect("an answer");
    assert_eq!(shown["standings"], json!({ "cover": 1 }), "{shown}");
    for query in ["standing=fine", "sort=colour"] {
        let refused = some(query).expect("an answer");
        assert_eq!(refused["code"], "request.invalid", "{query}: {refused}");
    }
    let of = |key: &str| row[key].as_str().expect("an id").to_owned();
    let ground = format!("/api/v1/insight/cover/{}/{}", of("dealer"), of("item"));
    let ground = hub.get(&ground).expect("an answer");
    let [count, told_by] = ["counts", "reports"].map(|list| &ground[list][0]);
    assert_eq!(
        (&count["available"], &count["counts"]),
        (&json!("180"), &json!(true)),
        "{ground}"
    );
    assert_eq!(
        (&told_by["number"], &told_by["quantity"]),
        (&json!("SO-1"), &json!("210")),
        "{ground}"
    );
    let sold = ground["sold"].as_array().expect("days");
    let told = sold.iter().filter(|day| !day["quantity"].is_null());
    assert_eq!(
        told.map(|day| &day["quantity"]).collect::<Vec<_>>(),
        [&json!("30"); 7],
        "{ground}"
    );
    let document = told_by["document"].as_str().expect("an id");
    eventually(|| {
        let told = hub.get(&format!("/api/v1/trace/{document}"))?;
        match told["items"].as_array().map(Vec::len) {
            Some(2) => Ok(()),
            _ => Err(told.to_string()),
        }
    });

    // A late report of seven quieter days, and a correction of the first: 15 a day, for which 220 are enough.
    export(
        &site,
        "drp",
        "SALES-3.ndjson",
        &report("SO-2", (7, 1), 9, 0),
    );
    cover(["15", "14.6", "enough"]);
    // What was corrected makes it scarce once more: another demand, and the first was sent once.
    export(
        &site,
        "drp",
        "SALES-4.ndjson",
        &report("SO-2", (7, 1), 10, 350),
    );
    cover(["40", "5.5", "cover"]);
    let both = demanded(2);
    let quantities: Vec<&Value> = both
        .iter()
        .map(|demand| &demand["LINES"][0]["QTY"])
        .collect();
    assert!(quantities.contains(&&json!("588")), "{both:?}");
    hub.stop();
}
