//! Sends the spans of messages to a collector: OTLP over HTTP, in its JSON encoding.
//!
//! On where the environment names a collector, as OpenTelemetry has it: `OTEL_EXPORTER_OTLP_ENDPOINT` (or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`), `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`. The encoding is a
//! page of the specification; its library would bring a gRPC stack and a minute of building. Spans are told as
//! they end and sent in batches; what a collector does not take in time is let go and counted: tracing never
//! holds a message up.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tenon_pipeline::SPANS;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Spans that wait to be sent, at most.
const WAITING: usize = 20_000;
/// Spans of one request.
const BATCH: usize = 1_000;
/// How long a span may wait for others.
const LINGER: Duration = Duration::from_secs(1);
/// How long the collector has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A span as it was told.
type Told = Map<String, Value>;

/// What the listener heard, until the exporter takes it over.
static HEARD: OnceLock<Mutex<Option<Receiver<Told>>>> = OnceLock::new();

/// Listens for spans, if there is a collector.
pub(crate) fn listener<S: Subscriber + for<'s> LookupSpan<'s>>() -> Option<impl Layer<S>> {
    endpoint()?;
    let (sender, receiver) = channel(WAITING);
    HEARD.get_or_init(|| Mutex::new(Some(receiver)));
    let only = Targets::new().with_target(SPANS, LevelFilter::TRACE);
    Some(Listener { sender }.with_filter(only))
}

/// Begins to send what is heard; does nothing without a collector.
pub(crate) fn export() {
    let receiver = HEARD.get().and_then(|heard| heard.lock().ok()?.take());
    if let (Some(receiver), Some(endpoint)) = (receiver, endpoint()) {
        tokio::spawn(send(receiver, endpoint));
    }
}

fn endpoint() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
        let base = set("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    })
}

/// Takes the events that are spans.
struct Listener {
    sender: Sender<Told>,
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        if self.sender.try_send(fields.0).is_err() {
            metrics::counter!("tenon_spans_dropped_total").increment(1);
        }
    }
}

struct Fields(Told);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0
            .insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

async fn send(mut receiver: Receiver<Told>, endpoint: String) {
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let Ok(client) = client else {
        tracing::error!("spans cannot be sent: no HTTP client");
        return;
    };
    let mut told = Vec::with_capacity(BATCH);
    let mut failing = false;
    while receiver.recv_many(&mut told, BATCH).await > 0 {
        if told.len() < BATCH {
            tokio::time::sleep(LINGER).await;
            while told.len() < BATCH
                && let Ok(more) = receiver.try_recv()
            {
                told.push(more);
            }
        }
        let spans = told.len() as u64;
        let request = headers(client.post(&endpoint)).json(&request(&told));
        told.clear();
        let answer = request
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        match answer {
            Ok(_) => failing = false,
            Err(error) => {
                metrics::counter!("tenon_spans_dropped_total").increment(spans);
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = %error.without_url(), "the collector takes no spans");
                }
            }
        }
    }
}

/// Adds what `OTEL_EXPORTER_OTLP_HEADERS` says: `name=value,name=value`.
fn headers(mut request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let said = std::env::var("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
    for (name, value) in said.split(',').filter_map(|pair| pair.split_once('=')) {
        request = request.header(name.trim(), value.trim());
    }
    request
}

/// An `ExportTraceServiceRequest` in JSON.
fn request(told: &[Told]) -> Value {
    let service = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "tenon".to_owned());
    let spans: Vec<Value> = told.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            attribute("service.name", &service),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
        ] },
        "scopeSpans": [{ "scope": { "name": "tenon" }, "spans": spans }],
    }] })
}

fn span(told: &Told) -> Value {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    let nanoseconds = |name: &str| {
        let microseconds = told.get(name).and_then(Value::as_i64).unwrap_or_default();
        format!("{microseconds}000")
    };
    // The kinds of the specification, and its semantic conventions for messaging.
    let (kind, operation) = match text("stage") {
        "receive" => (2, "receive"),
        "deliver" => (3, "send"),
        _ => (5, "process"),
    };
    let failed = matches!(text("outcome"), "parked" | "retry");
    let name = format!("{} {}", text("stage"), text("message.entity"));
    json!({
        "traceId": text("trace"),
        "spanId": text("span"),
        "parentSpanId": text("parent"),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanoseconds("begun"),
        "endTimeUnixNano": nanoseconds("ended"),
        "attributes": [
            attribute("messaging.system", "tenon"),
            attribute("messaging.operation.type", operation),
            attribute("messaging.destination.name", text("system")),
            attribute("messaging.message.id", text("message.id")),
            attribute("messaging.message.conversation_id", text("message.correlation_id")),
            attribute("tenon.entity", text("message.entity")),
            attribute("tenon.outcome", text("outcome")),
        ],
        "status": { "code": if failed { 2 } else { 1 } },
    })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
