//! Master records: shown by any of their names, and changed by commands.

use axum::Router;
use serde_json::{Value, json};

use super::site::{Answer, Site, TOKEN, call, eventually, get, items, journaled, order, post};

const TAX_IDS: [&str; 2] = ["91350100M000100Y43", "DE136695976"];

/// Tells of a customer as the shop does, and waits for its master.
async fn customer(router: &Router, id: &str, firm: &str, tax: &str) -> Value {
    let told = json!({ "id": id, "firm": firm, "tax": tax, "call": "021-60000000" });
    call(router, "customers", &told.to_string()).await;
    eventually(
        async || match get(router, &format!("/api/v1/masters/shop%2F{id}")).await {
            answer if answer.status == 200 => Ok(answer.json()),
            answer => Err(format!("{id} has no master: {}", answer.text())),
        },
    )
    .await
}

async fn give(router: &Router, command: &Value) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    post(router, "/api/v1/commands", &headers, command.to_string()).await
}

fn command(act: Value) -> Value {
    json!({ "by": "li.wei", "because": "one company", "act": act })
}

#[tokio::test]
async fn masters_are_merged_shown_and_unmerged() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    let other = customer(&router, "C2", "上海川可实业有限公司", TAX_IDS[1]).await;
    assert_eq!(one["golden"]["legal_name"], "上海川可贸易有限公司");
    assert_eq!(one["provenance"]["legal_name"]["system"], "shop");
    assert_eq!(one["records"][0]["native_id"], "C1");
    assert!(!one.to_string().contains("60000000"), "{one}");
    let (id, merged) = (&one["master_id"], &other["master_id"]);
    let by_code = get(
        &router,
        &format!("/api/v1/masters/{}", one["code"].as_str().unwrap()),
    )
    .await;
    assert_eq!(by_code.with(200).json(), one);

    // By a part of their names, to the last.
    let named = async |query: &str| {
        let path = format!("/api/v1/masters?q=%E5%B7%9D%E5%8F%AF&limit=1{query}");
        get(&router, &path).await
    };
    let first = named("").await.with(200).json();
    let last = named("&after=1").await.with(200).json();
    let ids = [&first, &last].map(|page| page["items"][0]["master_id"].clone());
    assert!(ids.contains(id) && ids.contains(merged), "{first} {last}");
    assert_eq!((&first["next"], &last["next"]), (&json!("1"), &Value::Null));
    named("&after=x").await.problem(400, "request.invalid");

    // Beside each other, before anything is done.
    let pair = format!(
        "/api/v1/masters/shop%2FC1/compare/{}",
        merged.as_str().unwrap()
    );
    let beside = get(&router, &pair).await.with(200).json();
    assert_eq!(beside["sides"], json!([one, other]));
    let differs = beside["differs"].as_array().unwrap();
    assert!(
        differs.contains(&json!("tax_id")) && !differs.contains(&json!("kind")),
        "{beside}"
    );
    assert_eq!(beside["evidence"]["forbidden"], "tax_ids_differ");
    let reasons = beside["evidence"]["reasons"].as_array().unwrap();
    assert!(
        reasons.iter().any(|it| it["finding"] == "brand_same"),
        "{beside}"
    );
    get(&router, "/api/v1/masters/shop%2FC1/compare/NOBODY")
        .await
        .problem(404, "master.unknown");

    let merge = command(json!({ "merge": { "survivor": id, "merged": merged } }));
    let done = give(&router, &merge).await.with(200).json();
    assert_eq!(
        (&done["outcome"], &done["masters"]),
        (&json!("done"), &json!([id]))
    );
    let survivor = customer(&router, "C2", "上海川可实业有限公司", TAX_IDS[1]).await;
    assert_eq!(
        (&survivor["master_id"], &survivor["merged"]),
        (id, &json!([merged]))
    );
    assert_eq!(survivor["records"][1]["of"], *merged);
    let gone = get(
        &router,
        &format!("/api/v1/masters/{}", merged.as_str().unwrap()),
    )
    .await;
    assert_eq!(gone.with(200).json()["merged_into"], *id);
    give(&router, &merge).await.problem(409, "master.merged");
    let history = format!("/api/v1/masters/{}/history", id.as_str().unwrap());
    let history = get(&router, &history).await.with(200).json();
    let paged = format!("/api/v1/masters/{}/history?limit=1", id.as_str().unwrap());
    let latest = get(&router, &paged).await.with(200).json();
    assert_eq!(latest["items"], json!([history["items"][0]]));
    let paged = format!("{paged}&after={}", latest["next"]);
    let older = get(&router, &paged).await.with(200).json();
    assert_eq!(older["items"], json!([history["items"][1]]));
    let cause = &history["items"][0]["cause"];
    assert_eq!(
        (
            &cause["act"],
            &cause["by"],
            &cause["because"],
            &cause["message_id"]
        ),
        (
            &json!("merge"),
            &json!("token:configured/li.wei"),
            &json!("one company"),
            &done["message_id"]
        )
    );
    let told = &history["items"][1]["cause"];
    assert_eq!(
        (&told["system"], &told["native_id"]),
        (&json!("shop"), &json!("C1"))
    );

    let unmerge = command(json!({ "unmerge": { "merged": merged } }));
    give(&router, &unmerge).await.with(200);
    give(&router, &unmerge)
        .await
        .problem(409, "master.not_merged");
    let back = customer(&router, "C2", "上海川可实业有限公司", TAX_IDS[1]).await;
    assert_eq!(back["master_id"], *merged);
    assert_eq!(back["golden"], other["golden"]);
    hub.stop().await;
}

#[tokio::test]
async fn a_trace_tells_which_merges_its_messages_met() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    let other = customer(&router, "B-1", "上海川可实业有限公司", TAX_IDS[1]).await;
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    journaled(&router, &id, "routed").await;
    let met = async |key: &str| {
        let answer = get(&router, &format!("/api/v1/trace/{key}/merges")).await;
        items(&answer.with(200))
    };
    assert_eq!(met("SO-1").await, [] as [Value; 0]);
    let (survivor, merged) = (&one["master_id"], &other["master_id"]);
    let merge = command(json!({ "merge": { "survivor": survivor, "merged": merged } }));
    let done = give(&router, &merge).await.with(200).json();
    let found = met("SO-1").await;
    let [told] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(
        (&told["merged"]["master_id"], &told["merged"]["name"]),
        (merged, &json!("上海川可实业有限公司"))
    );
    assert_eq!(
        (&told["survivor"]["master_id"], &told["survivor"]["name"]),
        (survivor, &json!("上海川可贸易有限公司"))
    );
    assert_eq!(told["undone"], false);
    assert_eq!(
        (&told["cause"]["by"], &told["cause"]["message_id"]),
        (&json!("token:configured/li.wei"), &done["message_id"])
    );
    // Either customer's own messages met it too, and what names neither did not.
    assert_eq!(met("C1").await, found);
    assert_eq!(met("B-1").await, found);
    customer(&router, "C3", "杭州西溪电器有限公司", "91330106MA2H3K5P7X").await;
    assert_eq!(met("C3").await, [] as [Value; 0]);

    let unmerge = command(json!({ "unmerge": { "merged": merged } }));
    give(&router, &unmerge).await.with(200);
    let found = met("SO-1").await;
    let undone: Vec<&Value> = found.iter().map(|told| &told["undone"]).collect();
    assert_eq!(undone, [&json!(true), &json!(false)], "{found:#?}");
    hub.stop().await;
}

#[tokio::test]
async fn reviews_are_listed_shown_and_decided() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let name = "上海川可贸易有限公司";
    let one = customer(&router, "C1", name, TAX_IDS[0]).await;
    let two = customer(&router, "C2", name, TAX_IDS[1]).await;
    assert_ne!(one["master_id"], two["master_id"]);
    let page = get(&router, "/api/v1/reviews?state=open&limit=1")
        .await
        .with(200)
        .json();
    let review = &page["items"][0];
    assert_eq!(review["reason"], "same_name_different_tax_ids");
    let id = &review["id"];
    assert_eq!(page["next"], *id);
    let rest = get(&router, &format!("/api/v1/reviews?after={id}"))
        .await
        .with(200)
        .json();
    assert_eq!(rest, json!({ "items": [], "next": null }));
    let shown = get(&router, &format!("/api/v1/reviews/{id}"))
        .await
        .with(200)
        .json();
    assert_eq!(shown["sides"][0]["golden"]["legal_name"], name);
    assert_eq!(shown["sides"][1]["golden"]["legal_name"], name);
    assert!(!shown.to_string().contains("60000000"), "{shown}");
    let differs = shown["differs"].as_array().unwrap();
    assert!(differs.contains(&json!("tax_id")), "{shown}");
    assert!(!differs.contains(&json!("legal_name")), "{shown}");

    let silent = json!({ "by": "li.wei", "act": { "approve": { "review": id } } });
    let told = give(&router, &silent)
        .await
        .problem(409, "merge.contradiction");
    assert!(told.contains("their valid tax ids differ"), "{told}");
    give(&router, &command(json!({ "reject": { "review": id } })))
        .await
        .with(200);
    let shown = get(&router, &format!("/api/v1/reviews/{id}"))
        .await
        .with(200)
        .json();
    assert_eq!(
        (&shown["review"]["state"], &shown["review"]["decided_by"]),
        (&json!("rejected"), &json!("token:configured/li.wei"))
    );
    let decided = async || {
        let page = get(&router, "/api/v1/reviews/decisions?state=rejected&limit=1").await;
        page.with(200).json()
    };
    let page = decided().await;
    let decision = &page["items"][0];
    assert_eq!(decision["review"]["because"], "one company");
    assert_eq!(decision["sides"][1]["name"], name);
    assert_eq!(decision["undo"], json!({ "reopen": { "review": id } }));
    let next = page["next"].as_str().unwrap();
    let rest = get(&router, &format!("/api/v1/reviews/decisions?after={next}")).await;
    assert_eq!(rest.with(200).json(), json!({ "items": [], "next": null }));
    get(&router, "/api/v1/reviews/decisions?after=yesterday")
        .await
        .problem(400, "request.invalid");
    give(&router, &command(decision["undo"].clone()))
        .await
        .with(200);
    assert_eq!(decided().await["items"], json!([]));
    let again = give(&router, &command(decision["undo"].clone())).await;
    again.problem(409, "review.open");
    get(&router, "/api/v1/reviews/999")
        .await
        .problem(404, "review.unknown");
    get(&router, "/api/v1/reviews?state=odd")
        .await
        .problem(400, "request.invalid");
    hub.stop().await;
}

#[tokio::test]
async fn a_command_that_cannot_be_is_refused() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    let id = &one["master_id"];
    let stranger = "0190b3f0-0000-7000-8000-000000000000";
    let merge = |survivor: &Value, merged: &Value| {
        command(json!({ "merge": { "survivor": survivor, "merged": merged } }))
    };
    give(&router, &merge(id, &json!(stranger)))
        .await
        .problem(404, "master.unknown");
    give(&router, &merge(id, id))
        .await
        .problem(409, "master.itself");
    let malformed = [
        json!({}),
        command(json!({ "merge": { "survivor": id } })),
        command(json!({ "explode": {} })),
        json!({ "by": "li", "why": "", "act": { "unmerge": { "merged": id } } }),
    ];
    for body in malformed {
        give(&router, &body).await.problem(400, "request.invalid");
    }
    let nobody = json!({ "by": " ", "act": { "unmerge": { "merged": id } } });
    give(&router, &nobody).await.problem(400, "request.invalid");
    let path = format!("/api/v1/masters/{stranger}");
    get(&router, &path).await.problem(404, "master.unknown");
    get(&router, "/api/v1/masters/NOBODY")
        .await
        .problem(404, "master.unknown");
    let openly = post(&router, "/api/v1/commands", &[], "{}").await;
    openly.problem(401, "access.required");
    hub.stop().await;
}

#[tokio::test]
async fn a_list_is_reconciled_as_open_refine_does() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    let manifest = get(&router, "/reconcile").await.with(200).json();
    assert_eq!(manifest["versions"], json!(["0.2"]));
    assert!(
        manifest["view"]["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/masters/{{id}}"))
    );
    let bearer = format!("Bearer {TOKEN}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = [("authorization", bearer.as_str()), form];
    let ask = async |queries: &Value| {
        let text: String = queries
            .to_string()
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        post(&router, "/reconcile", &headers, format!("queries={text}")).await
    };
    let queries = json!({
        "q0": { "query": "上海川可贸易有限公司", "type": "customer", "limit": 3,
                "properties": [{ "pid": "tax_id", "v": TAX_IDS[0] }, { "pid": "colour", "v": 7 }] },
        "q1": { "query": "慕尼黑机械制造厂" },
    });
    let answers = ask(&queries).await.with(200).json();
    let found = &answers["q0"]["result"][0];
    assert_eq!(
        (&found["id"], &found["match"]),
        (&one["master_id"], &json!(true))
    );
    assert_eq!(found["name"], "上海川可贸易有限公司");
    assert!(
        found["score"].as_f64().is_some_and(|score| score > 90.0),
        "{found}"
    );
    assert_eq!(answers["q1"], json!({ "result": [] }));
    ask(&json!([1])).await.problem(400, "request.invalid");
    post(&router, "/reconcile", &[form], "queries={}")
        .await
        .problem(401, "access.required");
    hub.stop().await;
}

#[tokio::test]
async fn customers_are_found_by_a_part_of_what_they_are_called() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    let other = customer(&router, "C2", "Philips Shaver GmbH", TAX_IDS[1]).await;
    let found = async |part: &str| {
        let path = format!("/api/v1/masters?q={part}");
        let page = get(&router, &path).await.with(200).json();
        let items = page["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .filter(|item| item["likeness"].is_null())
            .map(|item| item["master_id"].clone())
            .collect::<Vec<_>>()
    };
    // 川可, 有限, as a browser writes them.
    assert_eq!(
        found("%E5%B7%9D%E5%8F%AF").await,
        [one["master_id"].clone()]
    );
    assert_eq!(
        found("%E6%9C%89%E9%99%90").await,
        [one["master_id"].clone()]
    );
    assert_eq!(found("SHAV").await, [other["master_id"].clone()]);
    let code = other["code"].as_str().unwrap();
    assert_eq!(found(&code[1..]).await, [other["master_id"].clone()]);
    assert!(found("%E7%9D%BF").await.is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn all_masters_are_given_as_a_list_and_measured() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let list = async || {
        let answer = get(&router, "/api/v1/masters/export").await.with(200);
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        answer.text().to_owned()
    };
    let header = "\u{FEFF}master_id,version,code,legal_name,short_name,tax_id,kind,stage,industry,source,\
                  grade,owner,former_names,erp,shop";
    assert_eq!(list().await.lines().collect::<Vec<_>>(), [header]);
    let one = customer(&router, "C1", "上海川可贸易有限公司", TAX_IDS[0]).await;
    customer(&router, "C,2", "=杭州\"明\"实业有限公司", TAX_IDS[1]).await;
    let text = list().await;
    // No spreadsheet takes a name for a formula.
    assert!(text.contains(",\"'=杭州\"\"明\"\"实业有限公司\""), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, header));
    let (id, code) = (&one["master_id"], &one["code"]);
    let first = lines.iter().find(|line| line.contains(",C1"));
    let first = first.unwrap_or_else(|| panic!("{text}"));
    assert!(
        first.starts_with(&format!("{},", id.as_str().unwrap())),
        "{first}"
    );
    assert!(first.contains(code.as_str().unwrap()) && first.contains(TAX_IDS[0]));
    assert!(text.contains("\"C,2\""), "{text}");
    assert!(!text.contains("60000000"), "no person's data: {text}");

    let quality = get(&router, "/api/v1/masters/quality")
        .await
        .with(200)
        .json();
    assert_eq!(quality["golden"]["records"], 2, "{quality}");
    let shop = &quality["systems"]["shop"];
    assert_eq!(shop["records"], 2, "{quality}");
    let lacks = shop["lacking"].as_object().expect("what is lacking");
    assert!(
        !lacks.is_empty() && !lacks.contains_key("tax_id"),
        "{quality}"
    );
    hub.stop().await;
}
