//! Lists of customers: looked at, brought in, and what does not fit is told.

use axum::Router;
use serde_json::{Value, json};

use super::site::{Answer, Site, TOKEN, eventually, get, post};

const LIST: &str = "source_system,source_id,name,tax_id,phone,city,remark
shop,L-1,上海川可贸易有限公司,91350100M000100Y43,021-60000000,上海,first
,L-2,上海川可貿易有限公司,91350100 M000100Y43,,上海,the same company
shop,,nobody,,,,no id
oa,A-1,宁波海达电器有限公司,,,,of no system that is joined
";

async fn send(router: &Router, path: &str, body: impl Into<String>) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/octet-stream"),
    ];
    post(router, path, &headers, body.into()).await
}

#[tokio::test]
async fn a_list_is_looked_at_and_brought_in_once() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let preview = "/api/v1/masters/import/preview?file=customers.csv&system=shop";
    let import = "/api/v1/masters/import?file=customers.csv&system=shop";
    let problems = |seen: &Value| {
        let problems = seen["problems"].as_array().expect("problems").iter();
        let told = problems.map(|problem| {
            let reason = problem["reason"].as_str().expect("a reason").to_owned();
            (problem["line"].as_u64().expect("a line"), reason)
        });
        told.collect::<Vec<_>>()
    };
    let seen = send(&router, preview, LIST).await.with(200).json();
    assert_eq!(
        [
            &seen["fit"],
            &seen["unfit"],
            &seen["known"],
            &seen["companies"],
            &seen["review"]
        ],
        [&json!(2), &json!(2), &json!(0), &json!(1), &json!(0)]
    );
    let told = problems(&seen);
    assert_eq!((told[0].0, &*told[0].1), (4, "the row has no source_id"));
    assert!(told[1].1.contains("no system is named `oa`"), "{told:?}");
    // Nothing came of looking.
    let none = get(&router, "/api/v1/masters").await.with(200).json();
    assert_eq!(none["items"], json!([]));

    let done = send(&router, import, LIST).await.with(200).json();
    assert_eq!((&done["imported"], &done["unfit"]), (&json!(2), &json!(2)));
    let master = eventually(async || {
        let answer = get(&router, "/api/v1/masters/shop%2FL-2").await;
        if answer.status != 200 {
            return Err(answer.text().to_owned());
        }
        let master = answer.json();
        let records = master["records"].as_array().expect("records").iter();
        match records.filter(|record| record["told"] == true).count() {
            2 => Ok(master),
            _ => Err(master.to_string()),
        }
    })
    .await;
    assert_eq!(master["golden"]["tax_id"], "91350100M000100Y43");
    let again = send(&router, import, LIST).await.with(200).json();
    assert_eq!(
        (&again["imported"], &again["known"]),
        (&json!(0), &json!(2))
    );

    let trail = get(&router, "/api/v1/audit").await.with(200).json();
    let noted = trail["items"].as_array().expect("entries").iter();
    let noted: Vec<&Value> = noted
        .filter(|entry| entry["action"] == "masters.imported" && entry["outcome"] == "done")
        .collect();
    assert_eq!(noted.len(), 2, "{trail}");
    assert_eq!(noted[1]["subject"], "customers.csv");
    assert_eq!(noted[1]["detail"]["imported"], 2);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_no_list_is_told() {
    let site = Site::declared().await;
    let router = site.router();
    for (file, body, says) in [
        ("list.doc", LIST, "neither .csv nor .tsv nor .xlsx"),
        (
            "..%2F..%2Fetc%2Fpasswd",
            LIST,
            "neither .csv nor .tsv nor .xlsx",
        ),
    ] {
        let path = format!("/api/v1/masters/import?file={file}");
        let answer = send(&router, &path, body).await.with(400);
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    let workbook = "/api/v1/masters/import/preview?file=list.xlsx";
    let broken = send(&router, workbook, "no workbook")
        .await
        .with(200)
        .json();
    let reason = broken["problems"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the workbook cannot be read"), "{reason}");
    let path = "/api/v1/masters/import/preview?file=list.csv";
    let without = send(&router, path, "id,name\n1,A\n").await.with(200).json();
    let reason = without["problems"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("required column `source_id` is missing"),
        "{reason}"
    );
    let large = "x".repeat(33 * 1024 * 1024);
    send(&router, path, large).await.with(413);
}
