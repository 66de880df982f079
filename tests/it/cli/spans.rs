//! Tracing: one trace from the webhook's caller to the last delivery, at a collector of the test.

use std::time::{Duration, Instant};

use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::site::{CUSTOMER, Site, order};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

const BILLS: &str = r#"
name      = "bills"
kind      = "custom"
preset    = "files"
directory = "../bills"

[[receive]]
entity  = "invoice"
files   = "*.ndjson"
key     = "number"
mapping = "bills/same.jq"
every   = "1h"
"#;

/// What the customer of the order is billed.
const BILL: &str = r#"{"number":"FP-1","customer":{"system":"crm","native_id":"C1"},
    "orders":[{"system":"crm","native_id":"SO-1"}],"kind":"special","issue_date":"2026-03-02",
    "title":{"legal_name":"上海川可贸易有限公司"},"status":"issued","currency":"CNY",
    "totals":{"net":"19.90","tax":"2.587","gross":"22.487"},
    "lines":[{"number":1,"description":"shaver","quantity":"1","unit_price":"19.90","tax_rate":"0.13","amount":"19.90","tax":"2.587"}]}"#;

/// Every span that the collector was given.
async fn spans(collector: &MockServer) -> Vec<Value> {
    let requests = collector.received_requests().await.expect("recorded");
    let read = |body: &[u8]| -> Vec<Value> {
        let request: Value = serde_json::from_slice(body).expect("JSON");
        let spans = &request["resourceSpans"][0]["scopeSpans"][0]["spans"];
        spans.as_array().expect("spans").clone()
    };
    requests
        .iter()
        .flat_map(|request| read(&request.body))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_one_trace_from_its_caller_to_its_target() {
    let collector = MockServer::start().await;
    let taken = Mock::given(method("POST")).and(path("/v1/traces"));
    taken
        .respond_with(ResponseTemplate::new(200))
        .mount(&collector)
        .await;
    let site = Site::new();
    site.write("config/connectors/bills.toml", BILLS);
    site.write("config/connectors/bills/same.jq", ".");
    site.write("bill.json", BILL);
    let hub = site.run_in(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri()),
        ("OTEL_SERVICE_NAME", "hub-of-the-test"),
    ]);
    let headers =
        format!("authorization: Bearer let-the-crm-in\r\ntraceparent: 00-{TRACE}-{CALLER}-01\r\n");
    let answer = hub.asked("POST /in/crm/orders", &headers, &order("SO-1", "已确认"));
    assert_eq!(answer, 202);
    site.send("customer", CUSTOMER);
    let began = Instant::now();
    let delivered = |span: &Value| {
        span["traceId"] == TRACE
            && span["name"] == "deliver order"
            && span["attributes"].to_string().contains("\"delivered\"")
    };
    let told = async |what: &dyn Fn(&Value) -> bool| {
        while !spans(&collector).await.iter().any(what) {
            let seen = spans(&collector).await;
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "not told in {seen:#?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    told(&delivered).await;
    // The invoicing system is asked for what it has; nobody hands it a trace.
    let bill = site.path("bill.json").display().to_string();
    let send = ["send", "--system", "bills", "--entity", "invoice", &bill];
    site.tenon(&send).with(0);
    told(&|span| span["name"] == "journal invoice").await;
    hub.stop();
    let spans = spans(&collector).await;
    let of = |name: &str| {
        let found = spans
            .iter()
            .find(|span| span["traceId"] == TRACE && span["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
    };
    let (receive, journal, deliver) = (
        of("receive order"),
        of("journal order"),
        of("deliver order"),
    );
    assert_eq!(receive["parentSpanId"], CALLER);
    assert_eq!(journal["parentSpanId"], receive["spanId"]);
    assert_eq!(deliver["parentSpanId"], journal["spanId"]);
    assert_eq!(of("journal invoice")["parentSpanId"], journal["spanId"]);
    assert_eq!((&receive["kind"], &deliver["kind"]), (&2.into(), &3.into()));
    let nanoseconds = |span: &Value, name: &str| -> u64 {
        span[name]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("nanoseconds")
    };
    for span in &spans {
        assert!(nanoseconds(span, "startTimeUnixNano") <= nanoseconds(span, "endTimeUnixNano"));
        assert_eq!(span["traceId"].as_str().map(str::len), Some(32));
    }
    // The customer came without a trace: its story is one of its own, from the hub to the ERP.
    let customer = spans
        .iter()
        .find(|span| span["name"] == "deliver customer")
        .expect("delivered");
    let trace = &customer["traceId"];
    assert_ne!(*trace, TRACE);
    let same = spans
        .iter()
        .filter(|span| span["traceId"] == *trace)
        .count();
    assert!(same >= 2, "{spans:#?}");
    // Spans tell no business keys.
    let told = format!("{spans:?}");
    assert!(!told.contains("SO-1") && !told.contains("C1\""), "{told}");
}
