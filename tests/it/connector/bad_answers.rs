//! What systems answer that they should not: each is told to the operator, with what to do.

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;
use tenon_core::{Entity, FailureKind};
use tokio::net::TcpListener;

use crate::vendor::{give, read, system, vendor};

#[tokio::test]
async fn a_password_that_was_changed_is_told_and_not_tried_until_the_account_is_locked() {
    let (kingdee, url) = vendor(|asked, before| {
        let lost = json!([[{ "Result": { "ResponseStatus": { "IsSuccess": false, "MsgCode": 1, "Errors": [{ "Message": "会话信息已丢失" }] } } }]]);
        match (asked.what.contains("ValidateUser"), before) {
            (true, 0) => (200, "kdservice-sessionid=s1", json!({ "LoginResultType": 1 })),
            (true, _) => (200, "", json!({ "LoginResultType": 0, "Message": "用户名或密码错误" })),
            (false, 0 | 1) => (200, "", json!([])),
            (false, _) => (200, "", lost),
        }
    })
    .await;
    let more = "auth = { user = 'hub', password = '${env:PATH}' }\nvalues = { account = 'a1' }";
    let erp = system(connector_erp::KIND, "kingdee", &url, more);
    for _ in 0..2 {
        assert!(read(&erp, "customer").await.unwrap().is_empty());
    }
    for _ in 0..3 {
        let refused = read(&erp, "customer").await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Configuration, "{refused}");
        for said in [
            "用户名或密码错误",
            "check user and password in the connector file",
        ] {
            assert!(refused.detail.contains(said), "{refused}");
        }
    }
    assert_eq!(kingdee.asked_of("ValidateUser").len(), 2);
}

#[tokio::test]
async fn a_page_for_people_is_told_wherever_it_stands_in_the_way() {
    let page = (
        StatusCode::OK,
        [("content-type", "text/html; charset=utf-8")],
        "<!DOCTYPE html><html><body>Please sign in</body></html>",
    );
    let router = Router::new().fallback(async move || page);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let odoo = system(
        connector_erp::KIND,
        "odoo",
        &url,
        "auth = { bearer = '${env:PATH}' }",
    );
    let more = "auth = { user = 'hub', password = '${env:PATH}' }\nvalues = { account = 'a1' }";
    let kingdee = system(connector_erp::KIND, "kingdee", &url, more);
    let customer = json!({ "legal_name": "川可", "code": "CK" });
    for refused in [
        read(&odoo, "customer").await.unwrap_err(),
        give(&odoo, Entity::Customer, &customer, None)
            .await
            .unwrap_err(),
        read(&kingdee, "customer").await.unwrap_err(),
    ] {
        assert_eq!(refused.kind, FailureKind::Configuration, "{refused}");
        for said in [
            "a page of HTML where JSON was expected",
            "no login page or proxy",
        ] {
            assert!(refused.detail.contains(said), "{refused}");
        }
        assert!(!refused.detail.contains("sign in"), "{refused}");
    }
}
