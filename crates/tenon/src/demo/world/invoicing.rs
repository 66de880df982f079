//! The invoicing service: takes buyers, issues invoices, and refuses any title that is not the
//! registered name and tax id, letter by letter.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Every how many first attempts the service says that it is busy.
const BUSY_EVERY: usize = 97;
/// The longest page of buyers.
const LONGEST_PAGE: usize = 500;

/// What the service has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Issues {
    /// Invoices issued.
    pub(crate) issued: usize,
    /// Requests refused for their title.
    pub(crate) refused: usize,
    /// Requests that came again under the same key and got the first answer.
    pub(crate) repeated: usize,
    /// Requests that the service was too busy for.
    pub(crate) busy: usize,
}

/// An invoice as it was issued.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) request: String,
    pub(super) name: String,
    pub(super) tax_id: String,
    pub(super) net: String,
    pub(super) gross: String,
    /// Whether it takes another back.
    red_letter: bool,
    /// The request, as the API shows it with what became of it.
    document: Value,
    answer: Value,
}

/// A buyer, as the API shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Buyer {
    pub(super) buyer_id: String,
    pub(super) buyer_name: String,
    pub(super) tax_no: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mnemonic_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bank_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bank_account: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceRequest {
    request_no: String,
    #[serde(default)]
    invoice_type: String,
    buyer: Title,
    amount: String,
    total: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Title {
    #[serde(default)]
    name: String,
    #[serde(default)]
    tax_no: String,
}

/// One set of books: the invoices by key, and what was counted beside them.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) invoices: BTreeMap<String, Issued>,
    /// What the service tells of, by fiscal number: red letters at once, the rest when the day is closed.
    told: BTreeMap<String, Value>,
    red_letters: usize,
    attempted: HashSet<String>,
    pub(super) counts: Issues,
}

#[derive(Debug)]
struct Service {
    token: String,
    /// The register: tax id to registered name.
    register: HashMap<String, String>,
    buyers: Mutex<BTreeMap<String, Buyer>>,
    /// What counts, and the rehearsal whose invoices are thrown away.
    book: Mutex<Book>,
    rehearsal: Mutex<Book>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held cannot leave half a change: each is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running service. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Invoicing {
    address: SocketAddr,
    service: Arc<Service>,
    stop: CancellationToken,
}

impl Drop for Invoicing {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Invoicing {
    /// Starts the service on a free port of this machine.
    pub(super) async fn start(
        token: String,
        register: HashMap<String, String>,
        buyers: Vec<Buyer>,
    ) -> Result<Self> {
        let buyers = buyers
            .into_iter()
            .map(|buyer| (buyer.buyer_id.clone(), buyer))
            .collect();
        let service = Arc::new(Service {
            token,
            register,
            buyers: Mutex::new(buyers),
            book: Mutex::default(),
            rehearsal: Mutex::default(),
        });
        let router = Router::new()
            .route("/api/status", get(|| async { Json(json!({ "code": 0 })) }))
            .route("/api/buyers", get(list_buyers).post(create_buyer))
            .route("/api/buyers/{id}", put(change_buyer))
            .route("/api/invoices", get(list_invoices).post(issue))
            .route("/rehearsal/api/invoices", post(rehearse))
            .layer(from_fn_with_state(service.clone(), authorised))
            .with_state(service.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("the invoicing service finds no free port")?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let served =
                axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned());
            if let Err(error) = served.await {
                tracing::error!(%error, "the invoicing service ended");
            }
        });
        Ok(Self {
            address,
            service,
            stop,
        })
    }

    /// Where the service answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has done since it started, the rehearsal not counted.
    pub(crate) fn issues(&self) -> Issues {
        locked(&self.service.book).counts
    }

    /// What it did in the rehearsal; the books of the rehearsal are closed and thrown away.
    pub(super) fn end_rehearsal(&self) -> Issues {
        std::mem::take(&mut *locked(&self.service.rehearsal)).counts
    }

    /// Every invoice issued, red letters not counted.
    pub(super) fn invoices(&self) -> Vec<Issued> {
        let book = locked(&self.service.book);
        let invoices = book.invoices.values().filter(|issued| !issued.red_letter);
        invoices.cloned().collect()
    }

    /// Has the service tell of the invoice that was issued for a request; its fiscal number.
    pub(super) fn tell(&self, request: &str) -> Option<String> {
        self.change(request, "ISSUED")
    }

    /// Makes the invoice of a request void, and tells of it.
    pub(super) fn void(&self, request: &str) {
        self.change(request, "VOID");
    }

    fn change(&self, request: &str, state: &str) -> Option<String> {
        let mut book = locked(&self.service.book);
        let issued = book
            .invoices
            .values()
            .find(|issued| issued.request == request)?;
        let mut document = issued.document.clone();
        document["status"] = json!(state);
        document["changedAt"] = json!(jiff::Timestamp::now().to_string());
        let number = document["invoiceNo"].as_str()?.to_owned();
        book.told.insert(number.clone(), document);
        Some(number)
    }

    /// Every buyer.
    pub(super) fn buyers(&self) -> Vec<Buyer> {
        locked(&self.service.buyers).values().cloned().collect()
    }
}

fn answer(status: StatusCode, code: u32, message: impl Into<String>) -> Response {
    (
        status,
        Json(json!({ "code": code, "message": message.into() })),
    )
        .into_response()
}

async fn authorised(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if shown.and_then(|shown| shown.strip_prefix("Bearer ")) == Some(service.token.as_str()) {
        next.run(request).await
    } else {
        answer(StatusCode::UNAUTHORIZED, 4011, "no or wrong token")
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    page: Option<usize>,
    size: Option<usize>,
}

async fn list_buyers(State(service): State<Arc<Service>>, Query(page): Query<Page>) -> Response {
    let size = page.size.unwrap_or(100).clamp(1, LONGEST_PAGE);
    let skipped = page
        .page
        .unwrap_or(1)
        .saturating_sub(1)
        .saturating_mul(size);
    let buyers = locked(&service.buyers);
    let list: Vec<&Buyer> = buyers.values().skip(skipped).take(size).collect();
    Json(json!({ "code": 0, "data": { "total": buyers.len(), "list": list } })).into_response()
}

async fn list_invoices(State(service): State<Arc<Service>>, Query(page): Query<Page>) -> Response {
    let size = page.size.unwrap_or(100).clamp(1, LONGEST_PAGE);
    let skipped = page
        .page
        .unwrap_or(1)
        .saturating_sub(1)
        .saturating_mul(size);
    let book = locked(&service.book);
    let list: Vec<&Value> = book.told.values().skip(skipped).take(size).collect();
    Json(json!({ "code": 0, "data": { "total": book.told.len(), "list": list } })).into_response()
}

async fn create_buyer(State(service): State<Arc<Service>>, Json(buyer): Json<Buyer>) -> Response {
    keep(&service, buyer, StatusCode::CREATED)
}

async fn change_buyer(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Json(buyer): Json<Buyer>,
) -> Response {
    keep(
        &service,
        Buyer {
            buyer_id: id,
            ..buyer
        },
        StatusCode::OK,
    )
}

fn keep(service: &Service, buyer: Buyer, status: StatusCode) -> Response {
    if buyer.buyer_id.is_empty() || buyer.buyer_name.is_empty() || buyer.tax_no.is_empty() {
        let message = "a buyer needs buyerId, buyerName and taxNo";
        return answer(StatusCode::UNPROCESSABLE_ENTITY, 4220, message);
    }
    let id = buyer.buyer_id.clone();
    locked(&service.buyers).insert(id.clone(), buyer);
    (
        status,
        Json(json!({ "code": 0, "data": { "buyerId": id } })),
    )
        .into_response()
}

async fn issue(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    enter(&service, &service.book, &headers, request)
}

async fn rehearse(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    enter(&service, &service.rehearsal, &headers, request)
}

/// Enters an invoice into a book, once for each key.
fn enter(
    service: &Service,
    book: &Mutex<Book>,
    headers: &HeaderMap,
    mut document: Value,
) -> Response {
    let request = match InvoiceRequest::deserialize(&document) {
        Ok(request) => request,
        Err(error) => {
            return answer(StatusCode::UNPROCESSABLE_ENTITY, 4220, error.to_string());
        }
    };
    let Some(key) = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
    else {
        return answer(
            StatusCode::BAD_REQUEST,
            4001,
            "an invoice needs an Idempotency-Key",
        );
    };
    let mut book = locked(book);
    if let Some(issued) = book.invoices.get(key) {
        let first = issued.answer.clone();
        book.counts.repeated += 1;
        return Json(first).into_response();
    }
    if book.attempted.insert(key.to_owned()) && book.attempted.len().is_multiple_of(BUSY_EVERY) {
        book.counts.busy += 1;
        return answer(StatusCode::SERVICE_UNAVAILABLE, 5031, "too busy, try again");
    }
    let Title { name, tax_no } = request.buyer;
    match service.register.get(&tax_no) {
        Some(registered) if *registered == name => {}
        Some(_) => {
            book.counts.refused += 1;
            let message = format!("the title `{name}` is not the registered name of {tax_no}");
            return answer(StatusCode::UNPROCESSABLE_ENTITY, 4221, message);
        }
        None => {
            book.counts.refused += 1;
            let message = format!("no company is registered under the tax id `{tax_no}`");
            return answer(StatusCode::UNPROCESSABLE_ENTITY, 4222, message);
        }
    }
    let red_letter = request.invoice_type == "RED_LETTER";
    let number = if red_letter {
        book.red_letters += 1;
        format!("2632{:016}", book.red_letters)
    } else {
        book.counts.issued += 1;
        format!("2631{:016}", book.counts.issued)
    };
    document["invoiceNo"] = json!(number);
    document["status"] = json!("ISSUED");
    document["issueDate"] = json!("2026-05-06");
    if red_letter {
        document["changedAt"] = json!(jiff::Timestamp::now().to_string());
        book.told.insert(number.clone(), document.clone());
    }
    let first =
        json!({ "code": 0, "data": { "invoiceNo": number, "requestNo": request.request_no } });
    let issued = Issued {
        request: request.request_no,
        name,
        tax_id: tax_no,
        net: request.amount,
        gross: request.total,
        red_letter,
        document,
        answer: first.clone(),
    };
    book.invoices.insert(key.to_owned(), issued);
    (StatusCode::CREATED, Json(first)).into_response()
}
