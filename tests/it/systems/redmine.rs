//! Redmine 5 as OA, over its REST API.

use serde_json::{Value, json};
use tenon_core::{Entity, FailureKind};

use super::{Joined, setting, unique};

/// The connector file of an OA that is Redmine, whose hub has this key.
fn oa_with(key: &str) -> Joined {
    let id = |name: &str| setting(&format!("TENON_TEST_REDMINE_{name}"));
    let text = format!(
        "name = 'oa'\nkind = 'oa'\npreset = 'redmine'\nurl = '{}'\n\
         auth = {{ header = 'X-Redmine-API-Key', value = '${{env:{key}}}' }}\n\
         [values]\ntracker_id = {}\napproved = {}\nrefused = {}\nwithdrawn = {}\n\
         fields = {{ request = {}, kind = {}, document = {}, amount = {}, applicant = {}, asked_at = {} }}\n",
        setting("TENON_TEST_REDMINE_URL"),
        id("TRACKER"),
        id("APPROVED"),
        id("REFUSED"),
        id("WITHDRAWN"),
        id("FIELD_REQUEST"),
        id("FIELD_KIND"),
        id("FIELD_DOCUMENT"),
        id("FIELD_AMOUNT"),
        id("FIELD_APPLICANT"),
        id("FIELD_ASKED_AT"),
    );
    Joined::new(connector_oa::KIND, &text)
}

fn oa() -> Joined {
    oa_with("TENON_TEST_REDMINE_APPLICANT")
}

/// Changes an issue as a person does who has this key; the status of the answer.
async fn changes(key: &str, issue: &str, change: Value) -> u16 {
    let url = setting("TENON_TEST_REDMINE_URL");
    let answer = reqwest::Client::new()
        .put(format!("{url}/issues/{issue}.json"))
        .header("x-redmine-api-key", setting(key))
        .header("content-type", "application/json")
        .body(json!({ "issue": change }).to_string())
        .send()
        .await
        .expect("Redmine answers");
    answer.status().as_u16()
}

fn state(name: &str) -> i64 {
    let id = setting(&format!("TENON_TEST_REDMINE_{name}"));
    id.parse().expect("an id")
}

fn request(tag: &str) -> Value {
    json!({
        "number": format!("AP-{tag}"), "kind": "requisition", "document": "PR-7", "subject": "两台机床",
        "reason": "产能不足", "currency": "CNY", "amount": "10000000000000000.01", "requested_by": "周琳",
        "requested_at": "2026-03-01T02:00:00Z",
    })
}

fn of<'v>(records: &'v [Value], tag: &str) -> Vec<&'v Value> {
    let number = format!("AP-{tag}");
    records
        .iter()
        .filter(|record| record["number"] == number)
        .collect()
}

#[tokio::test]
async fn a_request_becomes_an_issue_and_its_decision_comes_back_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (oa, tag) = (oa(), unique());
    let asked = oa
        .give(Entity::Approval, &request(&tag), None)
        .await
        .unwrap();
    let issue = asked.native_id.expect("Redmine's id");
    let again = oa
        .give(Entity::Approval, &request(&tag), None)
        .await
        .unwrap();
    assert_eq!(
        again.native_id.as_ref(),
        Some(&issue),
        "one issue, however often it is sent"
    );

    let message = oa.source("approval", None).await.receive().await.unwrap();
    let open = message.map(|received| received.messages.len());
    assert!(
        open.is_some_and(|count| count > 0),
        "the issue is seen, though it is not decided"
    );

    // The applicant cannot approve his own request: Redmine answers 204, and changes nothing.
    let status = changes(
        "TENON_TEST_REDMINE_APPLICANT",
        &issue,
        json!({ "status_id": state("APPROVED") }),
    )
    .await;
    assert_eq!(status, 204);
    let (decided, checkpoint) = oa.drained("approval", None).await;
    assert!(of(&decided, &tag).is_empty(), "{decided:?}");

    let decision = json!({ "status_id": state("APPROVED"), "notes": "同意" });
    assert_eq!(
        changes("TENON_TEST_REDMINE_APPROVER", &issue, decision).await,
        204
    );
    let (decided, checkpoint) = oa.drained("approval", checkpoint).await;
    let mine = of(&decided, &tag);
    assert_eq!(mine.len(), 1, "{decided:?}");
    assert_eq!(mine[0]["decision"]["outcome"], "approved");
    assert_eq!(mine[0]["decision"]["by"], "approver X");
    assert_eq!(mine[0]["decision"]["comment"], "同意");
    assert_eq!(mine[0]["amount"], "10000000000000000.01");
    let (decided, _) = oa.drained("approval", checkpoint).await;
    assert!(
        of(&decided, &tag).is_empty(),
        "a decision comes once: {decided:?}"
    );
}

#[tokio::test]
async fn a_request_is_withdrawn_unless_it_was_decided() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (oa, tag) = (oa(), unique());
    let asked = oa
        .give(Entity::Approval, &request(&tag), None)
        .await
        .unwrap();
    let issue = asked.native_id.expect("Redmine's id");
    let mut withdrawn = request(&tag);
    withdrawn["decision"] =
        json!({ "outcome": "withdrawn", "at": "2026-03-02T02:00:00Z", "comment": "改为租用" });
    oa.give(Entity::Approval, &withdrawn, Some(&issue))
        .await
        .unwrap();

    let late = unique();
    let asked = oa
        .give(Entity::Approval, &request(&late), None)
        .await
        .unwrap();
    let issue = asked.native_id.expect("Redmine's id");
    let refusal = json!({ "status_id": state("REFUSED") });
    assert_eq!(
        changes("TENON_TEST_REDMINE_APPROVER", &issue, refusal).await,
        204
    );
    let mut withdrawn = request(&late);
    withdrawn["decision"] = json!({ "outcome": "withdrawn", "at": "2026-03-02T02:00:00Z" });
    let refused = oa
        .give(Entity::Approval, &withdrawn, Some(&issue))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(
        refused.detail.contains("could not be withdrawn"),
        "{refused}"
    );
    assert!(refused.detail.contains("Refused"), "{refused}");
}

#[tokio::test]
async fn a_wrong_key_is_told_before_an_empty_list_is_believed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let oa = oa_with("PATH");
    let refused = oa
        .source("approval", None)
        .await
        .receive()
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Configuration, "{refused}");
    assert!(
        refused.detail.contains("/users/current.json answered 401"),
        "{refused}"
    );
}
