//! Lists as files: messages, deliveries; and any table as a file that a browser keeps.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenon_insight::{Cell, FileFormat, Kind, Table};
use tenon_store::{Delivered, Trace};

use crate::access::Principal;
use crate::deliveries::DeliveryQuery;
use crate::problem::Asked;
use crate::read::MessageQuery;
use crate::{Api, Problem, deliveries, read};

/// The most rows of one file.
const MOST_IN_FILE: u32 = 10_000;
/// So many are read at a time.
const PORTION: u32 = 1_000;
/// How long a search goes on for a file.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same messages as a file: the newest 10,000.
#[utoipa::path(get, path = "/api/v1/messages/export", operation_id = "export_messages", tag = "messages", params(MessageQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit, or looks through too much", body = Problem)))]
pub(crate) async fn messages(
    State(api): State<Api>,
    principal: Principal,
    Asked(mut query): Asked<MessageQuery>,
) -> Result<Response, Problem> {
    let format = query.format.unwrap_or_default();
    let most = query.limit.unwrap_or(MOST_IN_FILE).clamp(1, MOST_IN_FILE);
    let began = Instant::now();
    let mut table = Table::new(&[
        ("journaled_at", Kind::Text),
        ("entity", Kind::Text),
        ("source", Kind::Text),
        ("business_key", Kind::Text),
        ("native_id", Kind::Text),
        ("message_id", Kind::Text),
        ("state", Kind::Text),
        ("detail", Kind::Text),
        ("targets", Kind::Text),
        ("deliveries", Kind::Text),
    ]);
    while let Some(wanted) = wanted(&table, most, began)? {
        let page = read::found(&api, &principal, query.clone(), wanted).await?;
        table.rows.extend(page.items.iter().map(row_of_message));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    file("messages", format, &table)
}

/// The same deliveries as a file: the latest 10,000.
#[utoipa::path(get, path = "/api/v1/deliveries/export", operation_id = "export_deliveries", tag = "messages", params(DeliveryQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit, or looks through too much", body = Problem)))]
pub(crate) async fn deliveries(
    State(api): State<Api>,
    principal: Principal,
    Asked(mut query): Asked<DeliveryQuery>,
) -> Result<Response, Problem> {
    let format = query.format.unwrap_or_default();
    let most = query.limit.unwrap_or(MOST_IN_FILE).clamp(1, MOST_IN_FILE);
    let began = Instant::now();
    let mut table = Table::new(&[
        ("at", Kind::Text),
        ("system", Kind::Text),
        ("state", Kind::Text),
        ("attempts", Kind::Whole),
        ("detail", Kind::Text),
        ("native_id", Kind::Text),
        ("entity", Kind::Text),
        ("source", Kind::Text),
        ("business_key", Kind::Text),
        ("message_id", Kind::Text),
        ("journaled_at", Kind::Text),
    ]);
    while let Some(wanted) = wanted(&table, most, began)? {
        let page = deliveries::found(&api, &principal, query.clone(), wanted).await?;
        table.rows.extend(page.items.iter().map(row_of_delivery));
        query.after = page.next.map(|next| next.to_string());
        if query.after.is_none() {
            break;
        }
    }
    file("deliveries", format, &table)
}

/// How many rows are still to be read; none when the file is full.
///
/// A file that silently lacks what the search had not reached would be worse than none.
fn wanted(table: &Table, most: u32, began: Instant) -> Result<Option<u32>, Problem> {
    let missing = most - table.rows.len() as u32;
    if missing > 0 && began.elapsed() > PATIENCE {
        return Err(Problem::bad_request(format!(
            "looking through what fits takes longer than {} seconds; narrow it by system, entity or time",
            PATIENCE.as_secs()
        )));
    }
    Ok((missing > 0).then(|| missing.min(PORTION)))
}

fn row_of_message(trace: &Trace) -> Vec<Cell> {
    let (message, attributes) = (&trace.message, &trace.message.attributes);
    let targets: Vec<&str> = message.targets.iter().map(|it| it.as_str()).collect();
    let deliveries = trace
        .deliveries
        .iter()
        .map(|it| format!("{} {}", it.system, it.state.as_str()));
    let deliveries: Vec<String> = deliveries.collect();
    vec![
        Cell::Text(message.journaled_at.to_string()),
        Cell::from(attributes.entity().as_str()),
        Cell::from(attributes.source.as_str()),
        Cell::from(message.business_key.clone()),
        Cell::from(attributes.native_id.clone()),
        Cell::Text(attributes.id.to_string()),
        Cell::Text(message.state.clone()),
        Cell::from(message.detail.clone()),
        Cell::Text(targets.join("; ")),
        Cell::Text(deliveries.join("; ")),
    ]
}

fn row_of_delivery(delivered: &Delivered) -> Vec<Cell> {
    let delivery = &delivered.delivery;
    let message = delivered.message.as_ref();
    vec![
        Cell::Text(delivery.at.to_string()),
        Cell::from(delivery.system.as_str()),
        Cell::from(delivery.state.as_str()),
        Cell::Whole(delivery.attempts.into()),
        Cell::Text(delivery.detail.clone()),
        Cell::from(delivery.native_id.clone()),
        Cell::from(delivered.entity.as_str()),
        Cell::from(message.map(|it| it.attributes.source.to_string())),
        Cell::from(message.and_then(|it| it.business_key.clone())),
        Cell::Text(delivered.message_id.to_string()),
        Cell::from(message.map(|it| it.journaled_at.to_string())),
    ]
}

/// How many rows a file has, beside the answer that gives it.
#[derive(Debug, Clone)]
pub(crate) struct Rows(pub(crate) usize);

/// A table as a file that a browser keeps.
pub(crate) fn file(name: &str, format: FileFormat, table: &Table) -> Result<Response, Problem> {
    let bytes = table.file(format).map_err(|error| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "export.failed",
            format!("the file cannot be written {error}"),
        )
    })?;
    let disposition = format!("attachment; filename=\"{name}.{}\"", format.ending());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    let mut response = (headers, bytes).into_response();
    let rows = Rows(table.rows.len());
    response.extensions_mut().insert(rows);
    Ok(response)
}
