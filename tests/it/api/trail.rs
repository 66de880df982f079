//! The audit trail: read, checked, exported.

use serde_json::Value;
use serde_json::json;
use tenon_api::AccessPolicy;

use super::browser::{staffed, told, trail};
use super::site::Answer;

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
