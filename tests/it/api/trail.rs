//! The audit trail: read, checked, exported.

use serde_json::Value;
use serde_json::json;
use tenon_api::AccessPolicy;

use super::browser::{Browser, staffed, told, trail};
use super::insight::enter;
use super::site::{Answer, Site, TOKEN, call, eventually, get, order, post};

#[tokio::test]
async fn the_trail_is_read_checked_and_exported() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let alter = json!({ "role": "operator", "display_name": "=1+1" });
    chief
        .ask("PATCH", "/api/v1/users/viewer", Some(alter))
        .await
        .with(200);
    let page = chief
        .ask("GET", "/api/v1/audit?action=user.altered", None)
        .await
        .with(200)
        .json();
    let entry = &page["items"][0];
    assert_eq!(
        (&entry["who"], &entry["via"], &entry["subject"]),
        (&json!("chief"), &json!("session"), &json!("viewer"))
    );
    assert_eq!(entry["detail"]["before"]["role"], "viewer");
    assert_eq!(entry["detail"]["after"]["role"], "operator");
    let check = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(check["broken"], Value::Null);
    let head = check["head"].as_str().expect("a head").to_owned();
    assert_eq!(
        head.split(':').next(),
        Some(check["entries"].to_string().as_str())
    );

    for (format, kind) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
        let answer = chief
            .ask(
                "GET",
                &format!("/api/v1/audit/export?format={format}"),
                None,
            )
            .await
            .with(200);
        assert!(
            answer.headers["content-type"]
                .to_str()
                .expect("text")
                .starts_with(kind)
        );
        assert!(
            answer.headers["content-disposition"]
                .to_str()
                .expect("text")
                .contains("attachment")
        );
        // By it spreadsheets know that Chinese is UTF-8; programs that read JSON want none.
        assert_eq!(answer.text().starts_with('\u{FEFF}'), format == "csv");
        let lines = answer.text().lines().count() as u64;
        assert!(
            lines > check["entries"].as_u64().expect("a count"),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains("user.altered"));
    }
    let asked = "?who=chief&action=user.altered&subject=viewer";
    let lines_of = |answer: Answer| -> Vec<Value> {
        let lines = answer.text().lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("lines of JSON")
    };
    let export = |query: &str| format!("/api/v1/audit/export{query}&format=ndjson");
    let some = lines_of(chief.ask("GET", &export(asked), None).await.with(200));
    assert_eq!(some, std::slice::from_ref(entry));
    let none = lines_of(
        chief
            .ask("GET", &export("?who=nobody"), None)
            .await
            .with(200),
    );
    assert_eq!(none, Vec::<Value>::new());
    let early = chief
        .ask("GET", "/api/v1/audit?until=2020-01-01T00:00:00Z", None)
        .await
        .with(200)
        .json();
    assert_eq!(early["items"], json!([]));
    let actions = chief
        .ask("GET", "/api/v1/audit/actions", None)
        .await
        .with(200)
        .json();
    let actions = actions["items"].as_array().expect("actions").clone();
    assert!(actions.contains(&json!("audit.exported")), "{actions:?}");
    // In steps the same is checked.
    let (mut after, mut entries, mut steps) = (String::new(), 0, 0);
    loop {
        let path = format!("/api/v1/audit/check?limit=2{after}");
        let step = chief.ask("GET", &path, None).await.with(200).json();
        assert_eq!(step["broken"], Value::Null);
        entries += step["entries"].as_u64().expect("a count");
        steps += 1;
        if step["more"] == false {
            break;
        }
        assert_eq!(step["entries"], 2);
        after = format!("&after={}", step["head"].as_str().expect("a head"));
    }
    let whole = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(whole["entries"], entries);
    assert_eq!(steps, entries.div_ceil(2));
    assert_eq!(whole["more"], false);
    chief
        .ask("GET", "/api/v1/audit/check?after=x", None)
        .await
        .problem(400, "request.invalid");
    chief
        .ask("GET", "/api/v1/audit/export?format=xml", None)
        .await
        .problem(400, "request.invalid");
    let exported = trail(&site).await;
    assert!(exported.contains(&told("chief", "audit.exported", "done")));
    // With the head that was noted, even a chain that was made anew is found out.
    let still = chief
        .ask("GET", &format!("/api/v1/audit/check?head={head}"), None)
        .await
        .with(200)
        .json();
    assert_eq!(still["broken"], Value::Null);
    let last = if head.ends_with('a') { 'b' } else { 'a' };
    let other = format!("{}{last}", &head[..head.len() - 1]);
    let anew = chief
        .ask("GET", &format!("/api/v1/audit/check?head={other}"), None)
        .await
        .with(200)
        .json();
    assert!(
        anew["broken"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("when that was noted"))
    );
    site.sql("update audit set outcome = 'done', who = 'nobody' where position = 2")
        .await;
    let broken = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(broken["broken"]["position"], 2);
    site.sql("delete from audit where position > 1").await;
    let cut = chief
        .ask("GET", &format!("/api/v1/audit/check?head={head}"), None)
        .await
        .with(200)
        .json();
    assert!(
        cut["broken"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("ends at 1"))
    );
}

/// The latest entry of an action: its subject and its detail.
async fn latest(chief: &Browser, action: &str) -> (Value, Value) {
    let path = format!("/api/v1/audit?action={action}&limit=1");
    let page = chief.ask("GET", &path, None).await.with(200).json();
    let entry = page["items"][0].clone();
    (entry["subject"].clone(), entry["detail"].clone())
}

#[tokio::test]
async fn what_is_changed_is_told_with_how_it_was() {
    let (_site, chief) = staffed(AccessPolicy::default()).await;
    let ask = async |method: &str, path: &str, body: Value| {
        let body = Some(body).filter(|body| !body.is_null());
        chief.ask(method, path, body).await
    };
    // A pause of one half, then of both with another reason, then none.
    let pause = "/api/v1/connectors/erp/pause";
    let first = json!({ "half": "deliver", "because": "month end" });
    ask("POST", pause, first).await.with(204);
    let (subject, detail) = latest(&chief, "connector.paused").await;
    assert_eq!(subject, "erp");
    assert_eq!(detail["before"], json!({ "deliver": null }));
    assert_eq!(detail["after"]["deliver"]["because"], "month end");
    ask("POST", pause, json!({ "because": "stocktaking" }))
        .await
        .with(204);
    let (_, detail) = latest(&chief, "connector.paused").await;
    assert_eq!(detail["before"]["receive"], Value::Null);
    assert_eq!(detail["before"]["deliver"]["because"], "month end");
    assert_eq!(detail["after"]["receive"]["because"], "stocktaking");
    let resume = "/api/v1/connectors/erp/resume";
    ask("POST", resume, json!({ "half": "receive" }))
        .await
        .with(204);
    let (_, detail) = latest(&chief, "connector.resumed").await;
    assert_eq!(detail["before"]["receive"]["because"], "stocktaking");
    assert_eq!(
        (&detail["before"]["deliver"], &detail["after"]),
        (&Value::Null, &Value::Null)
    );

    let search =
        |name: &str, shared: bool| json!({ "name": name, "query": "source=crm", "shared": shared });
    let kept = ask("POST", "/api/v1/searches", search("CRM", false))
        .await
        .with(201)
        .json();
    let (_, detail) = latest(&chief, "search.kept").await;
    assert_eq!(
        (&detail["before"], &detail["after"]),
        (&Value::Null, &search("CRM", false))
    );
    ask("POST", "/api/v1/searches", search("the CRM", true))
        .await
        .with(201);
    let (_, detail) = latest(&chief, "search.kept").await;
    assert_eq!(
        (&detail["before"], &detail["after"]),
        (&search("CRM", false), &search("the CRM", true))
    );
    let path = format!("/api/v1/searches/{}", kept["id"]);
    ask("DELETE", &path, Value::Null).await.with(204);
    let (_, detail) = latest(&chief, "search.forgotten").await;
    assert_eq!(
        (&detail["before"], &detail["after"]),
        (&search("the CRM", true), &Value::Null)
    );

    let token = json!({ "name": "bi", "role": "viewer", "scopes": ["insight:read"] });
    let made = ask("POST", "/api/v1/tokens", token).await.with(201).json();
    let path = format!("/api/v1/tokens/{}", made["id"]);
    ask("DELETE", &path, Value::Null).await.with(204);
    let (subject, detail) = latest(&chief, "token.revoked").await;
    assert_eq!(subject, "bi");
    assert_eq!(detail["before"]["scopes"], json!(["insight:read"]));
    assert_eq!(detail["after"], Value::Null);
}

#[tokio::test]
async fn a_command_is_told_with_how_it_was() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let customer = json!({ "id": "K-1", "firm": "上海川可贸易有限公司", "tax": "91350100M000100Y43",
        "call": "021-60000000" });
    call(&router, "customers", &customer.to_string()).await;
    let master = eventually(
        async || match get(&router, "/api/v1/masters/shop%2FK-1").await {
            answer if answer.status == 200 => Ok(answer.json()),
            answer => Err(answer.text().to_owned()),
        },
    )
    .await;
    let id = master["master_id"].as_str().expect("an id").to_owned();
    let give = async |path: &str, body: Value| {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        post(&router, path, &headers, body.to_string()).await
    };
    let noted = async |action: &str| {
        let path = format!("/api/v1/audit?action={action}&limit=1");
        let page = get(&router, &path).await.with(200).json();
        page["items"][0].clone()
    };
    let pin = |field: &str, value: Value| json!({ "because": "as registered", "act": { "pin": { "master": id, "field": field, "value": value } } });
    let answer = give("/api/v1/commands", pin("owner", json!("王敏")))
        .await
        .with(200);
    assert_eq!(answer.json().get("changes"), None);
    let entry = noted("master.commanded").await;
    assert_eq!(entry["subject"], json!(id));
    let sides = (
        &entry["detail"]["before"]["masters"][&id],
        &entry["detail"]["after"]["masters"][&id],
    );
    assert_eq!(sides.0, &json!({ "owner": null, "pinned": {} }));
    assert_eq!(
        sides.1,
        &json!({ "owner": "王敏", "pinned": { "owner": "token:configured" } })
    );
    give("/api/v1/commands", pin("phones", json!(["021-61111111"])))
        .await
        .with(200);
    let entry = noted("master.commanded").await;
    assert_eq!(
        entry["detail"]["after"]["masters"][&id]["phones"],
        json!(["•••"])
    );
    assert!(
        !entry.to_string().contains("6000") && !entry.to_string().contains("6111"),
        "{entry}"
    );
    // What is refused changes nothing, and tells of none.
    give("/api/v1/commands", pin("code", json!("X")))
        .await
        .problem(409, "pin.field");
    let entry = noted("master.commanded").await;
    assert_eq!(
        (&entry["outcome"], entry["detail"].get("after")),
        (&json!("pin.field"), None)
    );

    let rating = format!("/api/v1/insight/grades/{id}/rating");
    give(&rating, json!({ "cooperation": 80, "because": "talks" }))
        .await
        .with(200);
    enter(site.store()).await;
    give(&rating, json!({ "cooperation": 60, "because": "silent" }))
        .await
        .with(200);
    let entry = noted("grade.rated").await;
    assert_eq!(entry["subject"], json!(id));
    assert_eq!(
        (&entry["detail"]["before"], &entry["detail"]["after"]),
        (&json!({ "cooperation": 80 }), &json!({ "cooperation": 60 }))
    );
    hub.stop().await;
}

#[tokio::test]
async fn who_takes_a_list_out_of_the_house_is_told() {
    let (site, mut chief) = staffed(AccessPolicy::default()).await;
    let (hub, router) = site.run().await;
    chief.router = router.clone();
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    eventually(
        async || match get(&router, &format!("/api/v1/messages/{id}")).await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text().to_owned()),
        },
    )
    .await;
    let export = async |path: &str| chief.ask("GET", path, None).await;
    let messages = "/api/v1/messages/export";
    export(&format!("{messages}?source=shop&text=138&format=xlsx"))
        .await
        .with(200);
    let (subject, detail) = latest(&chief, "list.exported").await;
    assert_eq!(subject, messages);
    // What bodies are searched for may be personal.
    assert_eq!(
        detail,
        json!({ "source": "shop", "text": "•••", "format": "xlsx", "rows": 0 })
    );
    export(messages).await.with(200);
    assert_eq!(
        latest(&chief, "list.exported").await.1,
        json!({ "rows": 1 })
    );
    export("/api/v1/deliveries/export?system=crm")
        .await
        .with(200);
    assert_eq!(
        latest(&chief, "list.exported").await.1,
        json!({ "system": "crm", "rows": 0 })
    );
    export("/api/v1/masters/export").await.with(200);
    assert_eq!(
        latest(&chief, "list.exported").await.0,
        "/api/v1/masters/export"
    );
    export("/api/v1/messages/export?source=nonsense%20")
        .await
        .problem(400, "request.invalid");
    export("/api/v1/messages/export?when=now")
        .await
        .problem(400, "request.invalid");
    let refused = trail(&site).await;
    assert!(refused.contains(&told("chief", "list.exported", "request.invalid")));
    for list in ["orders", "cover", "reports/segments"] {
        let path = format!("/api/v1/insight/{list}/export");
        export(&format!("{path}?currency=CNY")).await;
        let (subject, detail) = latest(&chief, "list.exported").await;
        assert_eq!(
            (&subject, &detail["currency"]),
            (&json!(path), &json!("CNY"))
        );
    }
    hub.stop().await;
}
