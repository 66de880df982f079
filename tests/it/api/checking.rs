//! The check at entry: is the customer that somebody types known already?

use serde_json::{Value, json};

use super::site::{Answer, Site, TOKEN, call, eventually, post};

async fn check(router: &axum::Router, customer: impl ToString) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    post(
        router,
        "/api/v1/masters/check",
        &headers,
        customer.to_string(),
    )
    .await
}

#[tokio::test]
async fn what_is_typed_finds_the_master() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let firm = r#"{"id":"B-1","firm":"福州瀚屿轴承有限公司","tax":"91350100M000100Y43","call":"13916228001"}"#;
    call(&router, "customers", firm).await;
    let typed = json!({"legal_name": "瀚嶼軸承", "phones": ["+86 139 1622 8001"]});
    let found = eventually(async || {
        let answer = check(&router, &typed).await.with(200).json();
        match answer["candidates"].as_array().map(Vec::len) {
            Some(1) => Ok(answer),
            _ => Err(format!("not found: {answer}")),
        }
    })
    .await;
    let known = &found["candidates"][0];
    assert_eq!(known["legal_name"], "福州瀚屿轴承有限公司");
    assert_eq!(known["forbidden"], Value::Null);
    assert!(
        known["code"].is_string() && known["master_id"].is_string(),
        "{known}"
    );
    assert!(
        known["probability"].as_f64().is_some_and(|it| it > 0.5),
        "{known}"
    );
    let findings: Vec<&str> = known["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .filter_map(|reason| reason["finding"].as_str())
        .collect();
    assert!(
        findings.contains(&"brand_same") && findings.contains(&"mobile_same"),
        "{findings:?}"
    );

    // Another valid tax id: the same name, and two companies.
    let other = json!({"legal_name": "福州瀚屿轴承有限公司", "tax_id": "91110000600037341L"});
    let answer = check(&router, &other).await.with(200).json();
    assert_eq!(answer["outcome"], "different");
    assert_eq!(answer["candidates"][0]["forbidden"], "tax_ids_differ");
    // By the code alone.
    let by_code = json!({"code": known["code"]});
    let answer = check(&router, &by_code).await.with(200).json();
    assert_eq!(answer["candidates"][0]["master_id"], known["master_id"]);

    for nobody in [
        json!({}),
        json!({"legal_name": "长沙柏舟印染"}),
        json!({"legal_name": "测试"}),
    ] {
        let answer = check(&router, &nobody).await.with(200).json();
        assert_eq!(
            answer,
            json!({"outcome": "different", "candidates": []}),
            "{nobody}"
        );
    }
    hub.stop().await;
}

#[tokio::test]
async fn what_is_no_customer_is_refused() {
    let site = Site::new().await;
    let router = site.router();
    for (body, wrong) in [
        (r#"{"legal_name":"#, "EOF"),
        (r#"{"legal_nam":"x"}"#, "legal_nam"),
        (r#"{"phones":"139"}"#, "line 1 column 15"),
        ("[]", "expected a map"),
    ] {
        let detail = check(&router, body).await.problem(400, "request.invalid");
        assert!(detail.contains(wrong), "{detail}");
    }
    post(&router, "/api/v1/masters/check", &[], "{}")
        .await
        .problem(401, "access.required");
}
