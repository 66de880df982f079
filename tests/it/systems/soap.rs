//! A SOAP service of spyne, called as its own WSDL describes it.

use serde_json::{Value, json};
use tenon_core::{Entity, FailureKind};

use super::{Joined, setting};

/// The connector file of a PDM that speaks SOAP, with the WSDL beside it.
async fn pdm() -> Joined {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = setting("TENON_TEST_SOAP_URL");
    let wsdl = reqwest::get(format!("{url}/?wsdl")).await.expect("a WSDL");
    let wsdl = wsdl.text().await.expect("text");
    let text = format!(
        r#"
name = 'pdm'
kind = 'custom'
preset = 'http'
url = '{url}'
wsdl = 'pdm.wsdl'
probe = '/?wsdl'

[[receive]]
entity    = 'item'
operation = 'GetParts'
body      = '{{ size: .size, offset: .offset }}'
records   = 'GetPartsResponse.GetPartsResult.Part'
paging    = {{ style = 'offset', size = 100 }}
key       = 'number'
mapping   = 'item.in.jq'

[[deliver]]
entity    = 'item'
steps     = [{{ name = 'note', operation = 'NotePart', body = '{{ number: .record.number, erp_number: .record.erp }}', native_id = '.NotePartResponse.NotePartResult', finds = true }}]
mapping   = 'item.out.jq'
"#
    );
    Joined::with_files(
        connector_custom::KIND,
        &text,
        &[
            ("pdm.wsdl", &wsdl),
            (
                "item.in.jq",
                "{ code: .number, name: .name, specification: .spec, unit: .unit, revision: .revision }",
            ),
            ("item.out.jq", "{ number: .code, erp: .code }"),
        ],
    )
}

fn part(code: &str) -> Value {
    json!({ "code": code, "name": "刀头" })
}

#[tokio::test]
async fn parts_are_read_page_by_page() {
    let pdm = pdm().await;
    let (found, _) = pdm.drained("item", None).await;
    assert_eq!(found.len(), 250);
    assert_eq!(found[0]["code"], "PT-0001");
    assert_eq!(found[249]["name"], "刀头 250");
    assert_eq!(
        found[0]["specification"], "Ø23 <mm>",
        "what XML escapes comes as it was"
    );
}

#[tokio::test]
async fn notice_is_given_and_a_fault_is_the_messages_own() {
    let pdm = pdm().await;
    let told = pdm
        .give(Entity::Item, &part("PT-0007"), None)
        .await
        .unwrap();
    assert_eq!(told.native_id.as_deref(), Some("PT-0007"));
    let refused = pdm
        .give(Entity::Item, &part("X & Y"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(refused.detail.contains("no part X & Y"), "{refused}");
    // Five megabytes of reason are one line of it.
    let huge = pdm
        .give(Entity::Item, &part("HUGE"), None)
        .await
        .unwrap_err();
    assert_eq!(huge.kind, FailureKind::Invalid, "{huge}");
    assert!(huge.detail.len() < 600, "{}", huge.detail.len());
}
