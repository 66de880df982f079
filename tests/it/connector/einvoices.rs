//! Fully digital e-invoices: asked for, refused and asked for again, taken back or red-lettered, read back.

use serde_json::{Value, json};
use tenon_core::{Entity, FailureKind};

use crate::vendor::{Asked, give, read, system, vendor};

fn request(number: &str) -> Value {
    json!({
        "number": number, "kind": "special", "status": "requested", "currency": "CNY",
        "customer": { "native_id": "B1", "golden": { "legal_name": "上海川可贸易有限公司", "tax_id": "91310000MA1FL0000X" } },
        "lines": [{ "number": 1, "tax_code": "1090419010000000000", "quantity": "3", "unit_price": "19.90",
            "tax_rate": "0.13", "amount": "59.70", "tax": "7.76" }],
        "totals": { "net": "59.70", "tax": "7.76", "gross": "67.46" },
    })
}

/// A service that has four requests: under way, issued, refused, and one that it does not let go.
fn service(asked: &Asked, before: usize) -> (u16, &'static str, Value) {
    let known = |id: &str, state: &str| json!({ "id": id, "zt": state, "fphm": "26312000000012345678", "sbyy": "购方税号不存在" });
    let (method, rest) = asked.what.split_once(' ').expect("a method");
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let list = |rows: Vec<Value>| (200, "", json!({ "data": { "list": rows } }));
    match (method, path, query) {
        ("GET", "/api/einvoices", "qqlsh=IR-UNDER-WAY") => list(vec![known("1", "0")]),
        ("GET", "/api/einvoices", "qqlsh=IR-ISSUED") => list(vec![known("2", "1")]),
        ("GET", "/api/einvoices", "qqlsh=IR-REFUSED") => list(vec![known("3", "2")]),
        ("GET", "/api/einvoices", "qqlsh=IR-STUCK") => list(vec![known("4", "0")]),
        ("GET", "/api/einvoices", query) if query.contains("size") && !query.contains("after") => {
            list(vec![
                json!({ "id": 2, "zt": "1", "qqlsh": "IR-ISSUED", "gxsj": "2026-03-05 10:00:00" }),
            ])
        }
        ("GET", "/api/einvoices", _) => list(Vec::new()),
        ("POST", "/api/einvoices", _) => (200, "", json!({ "data": { "id": "9" } })),
        ("GET", "/api/einvoices/1", _) if before == 0 => {
            (200, "", json!({ "data": known("1", "0") }))
        }
        ("GET", "/api/einvoices/1", _) => (200, "", json!({ "data": known("1", "3") })),
        ("GET", "/api/einvoices/9", _) if before == 0 => {
            (200, "", json!({ "data": known("9", "2") }))
        }
        ("GET", "/api/einvoices/9", _) => (200, "", json!({ "data": known("9", "0") })),
        ("GET", "/api/einvoices/4", _) => (200, "", json!({ "data": known("4", "0") })),
        _ => (200, "", json!({ "data": {} })),
    }
}

#[tokio::test]
async fn an_invoice_that_is_refused_is_told_and_asked_for_again_when_it_is_corrected() {
    let (server, url) = vendor(service).await;
    let invoicing = system(connector_invoicing::KIND, "einvoice", &url, "");
    assert_eq!(read(&invoicing, "invoice").await.unwrap(), ["2"]);
    let refused = give(&invoicing, Entity::Invoice, &request("IR-1"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(
        refused
            .detail
            .contains("refused request IR-1: 购方税号不存在"),
        "{refused}"
    );
    assert!(
        refused.detail.contains("correct it where it was made"),
        "{refused}"
    );
    let issued = give(&invoicing, Entity::Invoice, &request("IR-REFUSED"), None)
        .await
        .unwrap();
    assert_eq!(issued.native_id.as_deref(), Some("9"));
    let asked = server.asked_of("POST /api/einvoices");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[1].body["mxzb"][0]["spfwssflhbbm"],
        "1090419010000000000"
    );
    // One that is under way or issued is not asked for twice.
    for number in ["IR-UNDER-WAY", "IR-ISSUED"] {
        give(&invoicing, Entity::Invoice, &request(number), None)
            .await
            .unwrap();
    }
    assert_eq!(server.asked_of("POST /api/einvoices").len(), 2);
}

#[tokio::test]
async fn a_request_is_taken_back_while_it_is_under_way_and_an_issued_invoice_by_a_red_letter() {
    let (server, url) = vendor(service).await;
    let invoicing = system(connector_invoicing::KIND, "einvoice", &url, "");
    let void = |number: &str| {
        let mut request = request(number);
        request["status"] = json!("void");
        request
    };
    // What it was before it is taken back is asked once, to know its state there.
    give(&invoicing, Entity::Invoice, &request("IR-UNDER-WAY"), None)
        .await
        .unwrap();
    give(&invoicing, Entity::Invoice, &void("IR-UNDER-WAY"), None)
        .await
        .unwrap();
    assert_eq!(server.asked_of("/cancel").len(), 1);
    // What never came to the service, or was refused there, is void already.
    give(&invoicing, Entity::Invoice, &void("IR-NEVER"), None)
        .await
        .unwrap();
    for (number, said) in [
        (
            "IR-ISSUED",
            "26312000000012345678 for request IR-ISSUED is issued, and a fully digital invoice cannot be voided",
        ),
        ("IR-STUCK", "could not be taken back"),
    ] {
        let refused = give(&invoicing, Entity::Invoice, &void(number), None)
            .await
            .unwrap_err();
        assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
        assert!(refused.detail.contains(said), "{refused}");
    }
    let mut red = request("IR-RED");
    red["kind"] = json!("red_letter");
    red["corrects"] = json!("26312000000012345678");
    let unconfirmed = give(&invoicing, Entity::Invoice, &red, None)
        .await
        .unwrap_err();
    assert_eq!(unconfirmed.kind, FailureKind::Invalid, "{unconfirmed}");
    assert!(
        unconfirmed.detail.contains("红字信息确认单编号"),
        "{unconfirmed}"
    );
    red["red_letter_confirmation"] = json!("44030026030000000001");
    // The service of this test refuses the first that it is asked for; the second time it goes.
    give(&invoicing, Entity::Invoice, &red, None)
        .await
        .unwrap_err();
    give(&invoicing, Entity::Invoice, &red, None).await.unwrap();
    let asked = server.asked_of("POST /api/einvoices");
    let asked = asked
        .iter()
        .rfind(|asked| asked.what.ends_with("/einvoices"))
        .expect("a request");
    assert_eq!(
        (&asked.body["lzfpbz"], &asked.body["hzqrxxdbh"]),
        (&json!("1"), &json!("44030026030000000001"))
    );
}
