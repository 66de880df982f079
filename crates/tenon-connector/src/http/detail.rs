//! More of a record than the system told at first: asked for at an address of its own.

use bytes::Bytes;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tenon_core::Failure;

use super::client::{Client, encoded};
use super::paging::misled;
use super::plan::Detail;
use super::program::{of_the_file, written};

/// A record with what its own address tells of it.
///
/// # Errors
/// As the call; what is wrong with the configured programs is a configuration's failure.
pub(super) async fn detailed(
    client: &Client,
    detail: &Detail,
    record: &Bytes,
) -> Result<Bytes, Failure> {
    let mut path = detail.path.clone();
    for field in &detail.fields {
        let value = field
            .extract(record)
            .map_err(|reason| misled(format!("{reason}; check `detail`")))?;
        path = path.replace(&format!("{{{field}}}"), &encoded(&value)?);
    }
    let record_text: &RawValue = serde_json::from_slice(record)
        .map_err(|error| misled(format!("the record is no JSON: {error}")))?;
    let make = |values: &Map<String, Value>| {
        let address = client.address(&path, values)?;
        let Some(body) = &detail.body else {
            return Ok(client.request(Method::GET, address));
        };
        let seen = written(&Seen {
            record: record_text,
            values,
        })?;
        let content = body.text_of(&seen).map_err(of_the_file)?;
        client.filled(client.request(Method::POST, address), None, content)
    };
    let answer = client.call(&make).await?;
    let more = match answer.failure() {
        // It went while the list was read: the list's own word is the last one.
        Some(_) if matches!(answer.status, 404 | 410) => return Ok(record.clone()),
        Some(failure) => return Err(of_the_file(failure)),
        None => answer.record(detail.at.as_ref())?,
    };
    let Some(program) = &detail.record else {
        return Ok(more);
    };
    let detail: &RawValue = serde_json::from_slice(&more)
        .map_err(|error| misled(format!("{} answered no JSON: {error}", answer.asked)))?;
    program
        .text(&Both {
            record: record_text,
            detail,
        })
        .map_err(of_the_file)
}

/// What the body's program sees.
#[derive(serde::Serialize)]
struct Seen<'a> {
    record: &'a RawValue,
    values: &'a Map<String, Value>,
}

/// What the record's program sees.
#[derive(serde::Serialize)]
struct Both<'a> {
    record: &'a RawValue,
    detail: &'a RawValue,
}
