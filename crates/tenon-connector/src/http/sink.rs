//! Delivering by requests, several in flight, each answered for itself. Nothing is tried twice here.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Map, Value};
use tenon_core::{Failure, Message, Outbound};

use super::answer::Answer;
use super::client::{Client, encoded};
use super::plan::{Call, Outflow, Way};
use super::steps;
use crate::{Delivered, KeyPath, Permit, Sink, superseded};

/// So many records in a row may be refused as not there, before an address that took others counts
/// as wrong all the same: the API has moved, or a gateway has lost it.
const ABSENT_IN_A_ROW: u32 = 3;

/// Calls an API for each message.
#[derive(Debug)]
pub(super) struct Caller {
    client: Arc<Client>,
    outflow: Outflow,
    /// What is known of the address of new records, and of that of known ones.
    creating: Standing,
    updating: Standing,
    probe: Option<String>,
    concurrency: usize,
}

impl Caller {
    /// A sink; nothing is sent yet.
    pub(super) fn new(
        client: Arc<Client>,
        outflow: Outflow,
        probe: Option<String>,
        concurrency: usize,
    ) -> Self {
        Self {
            client,
            outflow,
            creating: Standing::default(),
            updating: Standing::default(),
            probe,
            concurrency,
        }
    }

    async fn call(
        &self,
        message: &Message<Outbound>,
        permit: &dyn Permit,
    ) -> Result<Delivered, Failure> {
        let body = &message.body;
        let (client, idempotency) = (&self.client, self.outflow.idempotency.as_ref());
        let (call, standing) = match (&self.outflow.way, &body.native_id) {
            (Way::Steps(all), _) => {
                return steps::walk(client, all, idempotency, message, permit).await;
            }
            (
                Way::Call {
                    update: Some(update),
                    ..
                },
                Some(_),
            ) => (update, &self.updating),
            (Way::Call { create, .. }, _) => (create, &self.creating),
        };
        if !permit.holds().await {
            return Err(superseded());
        }
        let make = |values: &Map<String, Value>| {
            let address = client.address(&path(&call.path, body)?, values)?;
            let request = client.request(call.method.clone(), address);
            let operation = call.operation.as_ref();
            let mut request = client.filled(request, operation, body.payload.clone())?;
            if let Some(name) = idempotency {
                request = request.header(name, &body.idempotency_key);
            }
            if let Some(traceparent) = &message.attributes.traceparent {
                request = request.header("traceparent", traceparent);
            }
            Ok(request)
        };
        let answer = client.call(&make).await?;
        self.understand(&answer, call, standing, body)
    }

    fn understand(
        &self,
        answer: &Answer,
        call: &Call,
        standing: &Standing,
        body: &Outbound,
    ) -> Result<Delivered, Failure> {
        let known = self.outflow.accepted_conflict.contains(&answer.status);
        if let (Some(failure), false) = (answer.failure(), known) {
            let absent =
                matches!(answer.status, 404 | 410) && standing.concerns_one_record(answer, call);
            return Err(match absent {
                true => answer.record_missing(),
                false => failure,
            });
        }
        if !known && answer.is_html() {
            return Err(answer.html_failure());
        }
        standing.took_one();
        let stated = self
            .outflow
            .native_id
            .as_ref()
            .map(|path| answer.scalar(path).ok_or(path));
        let status = answer.status;
        let said = match &stated {
            _ if known => format!("{status}, which means that the target has it already"),
            // The effect has taken place, so this is no failure; but a person should see it.
            Some(Err(path)) => format!("{status}, without `{path}` in the answer"),
            _ => status.to_string(),
        };
        let native_id = stated
            .and_then(Result::ok)
            .or_else(|| body.native_id.clone());
        Ok(Delivered {
            native_id,
            answer: said,
        })
    }
}

#[async_trait]
impl Sink for Caller {
    async fn probe(&self) -> Result<(), Failure> {
        let make = |values: &Map<String, Value>| {
            Ok(match &self.probe {
                Some(path) => {
                    let address = self.client.address(path, values)?;
                    self.client.request(Method::GET, address)
                }
                None => {
                    let address = self.client.address("", values)?;
                    self.client.request(Method::HEAD, address)
                }
            })
        };
        let answer = self.client.call(&make).await?;
        // Without a path to ask for, any answer shows that somebody is there.
        match answer.failure() {
            Some(failure) if self.probe.is_some() => Err(failure),
            _ => Ok(()),
        }
    }

    async fn deliver(
        &self,
        batch: &[Message<Outbound>],
        permit: &dyn Permit,
    ) -> Vec<Result<Delivered, Failure>> {
        // Once the target has asked to be left alone for a while, nobody of this batch asks again.
        let left_alone: &OnceLock<Failure> = &OnceLock::new();
        let calls = batch
            .iter()
            .map(|message| async move {
                if let Some(failure) = left_alone.get() {
                    return Err(failure.clone());
                }
                let outcome = self.call(message, permit).await;
                if let Err(failure) = &outcome
                    && failure.retry_after.is_some()
                {
                    left_alone.get_or_init(|| failure.clone());
                }
                outcome
            })
            .collect::<Vec<_>>();
        stream::iter(calls)
            .buffered(self.concurrency)
            .collect()
            .await
    }
}

/// What an address has shown of itself since the sink was opened.
#[derive(Debug, Default)]
struct Standing {
    /// It has taken a record.
    proven: AtomicBool,
    /// Records in a row that it said were not there.
    absent: AtomicU32,
}

impl Standing {
    fn took_one(&self) {
        self.proven.store(true, Ordering::Relaxed);
        self.absent.store(0, Ordering::Relaxed);
    }

    /// Whether "not found" is said of one record, and the others are not concerned, rather than of the
    /// address, through which nothing would get.
    ///
    /// It must be the API that says so, with JSON or with nothing: a page of text or HTML is that of a
    /// gateway or a server which does not know the path. Then an address that holds the target's id of
    /// the record is about that record; one that is the same for all records is about what this
    /// one names, if it has taken others before and does not refuse one after the other.
    fn concerns_one_record(&self, answer: &Answer, call: &Call) -> bool {
        if call.path.contains("{native_id}") {
            return answer.body.is_empty() || answer.is_json();
        }
        answer.is_json()
            && self.proven.load(Ordering::Relaxed)
            && self.absent.fetch_add(1, Ordering::Relaxed) < ABSENT_IN_A_ROW
    }
}

/// A path with its places filled in, percent-encoded.
pub(super) fn path(template: &str, body: &Outbound) -> Result<String, Failure> {
    let mut path = template.to_owned();
    if path.contains("{native_id}") {
        let native_id = body.native_id.as_deref().ok_or_else(|| {
            Failure::invalid(
                "http.native_id",
                format!("{path} needs the record's id in the target, which is not known"),
            )
        })?;
        path = path.replace("{native_id}", &encoded(native_id)?);
    }
    if path.contains("{key}") {
        path = path.replace("{key}", &encoded(&body.idempotency_key)?);
    }
    while let Some((place, field)) = field_of_record(&path) {
        let value = field.extract(&body.payload).map_err(|reason| {
            Failure::invalid(
                "http.payload",
                format!("{template} needs a field: {reason}"),
            )
        })?;
        path = path.replace(&place, &encoded(&value)?);
    }
    Ok(path)
}

/// The first place of a path that stands for a field of the record, `{record.number}`.
fn field_of_record(path: &str) -> Option<(String, KeyPath)> {
    let (_, rest) = path.split_once("{record.")?;
    let (field, _) = rest.split_once('}')?;
    Some((format!("{{record.{field}}}"), field.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn places_in_a_path_are_encoded() {
        let check = |template: &str, native_id: Option<&str>, expected: Result<&str, &str>| {
            let body = Outbound {
                payload: Bytes::from_static(br#"{"no":"A/1"}"#),
                native_id: native_id.map(str::to_owned),
                idempotency_key: "k/1".to_owned(),
            };
            match (path(template, &body), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(failure), Err(expected)) => {
                    assert!(failure.detail.contains(expected), "{failure}");
                }
                (found, _) => panic!("{template}: {found:?}"),
            }
        };
        check("/orders", None, Ok("/orders"));
        check(
            "/orders/{native_id}",
            Some("客 1/?#"),
            Ok("/orders/%E5%AE%A2%201%2F%3F%23"),
        );
        check("/orders/{key}?a=b", None, Ok("/orders/k%2F1?a=b"));
        check("/orders/{record.no}", None, Ok("/orders/A%2F1"));
        check("/orders/{record.id}", None, Err("needs a field"));
        check("/orders/{native_id}", None, Err("is not known"));
        check("/orders/{native_id}/x", Some(".."), Err("segment"));
    }
}
