//! The merges that messages met on their way.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tenon_core::{Entity, Reference, Timestamp, schema};
use tenon_pipeline::MergeView;
use tenon_store::Trace;
use utoipa::ToSchema;

use crate::access::Principal;
use crate::problem::Path;
use crate::read::check_trace;
use crate::views::masters::{Cause, Named};
use crate::{Api, Problem};

/// The newest messages under a key that are looked at.
const MOST: u32 = 100;
/// The records among them whose bodies are read for the customers that they name.
const BODIES: usize = 20;

/// A customer became one with another, or its own again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Merge {
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Which, as it was called then.
    merged: Named,
    /// The one that it went into or came out of, as it was called without it.
    survivor: Named,
    /// Whether it became its own again.
    undone: bool,
    /// What made it so, where that is known.
    cause: Option<Cause>,
}

impl From<MergeView> for Merge {
    fn from(view: MergeView) -> Self {
        Self {
            at: view.at,
            merged: view.merged.into(),
            survivor: view.survivor.into(),
            undone: view.undone,
            cause: view.cause.map(Cause::from),
        }
    }
}

/// Merges.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Merges {
    /// The latest first.
    items: Vec<Merge>,
}

/// The merges that the customers went through of whom the messages under a key are: those that they are about, and
/// those that orders, invoices and the like name.
///
/// The newest hundred messages are looked at, and of records that are no customers the newest message of twenty.
#[utoipa::path(get, path = "/api/v1/trace/{key}/merges", tag = "messages", operation_id = "trace_merges",
    params(("key" = String, Path, description = "an order's number, a customer's code, a native id …")), responses(
    (status = 200, description = "the merges", body = Merges)))]
pub(crate) async fn merges(
    State(api): State<Api>,
    Path(key): Path<String>,
    principal: Principal,
) -> Result<Json<Merges>, Problem> {
    let mut traces = api.store.trace(&key, None, MOST).await?;
    traces.retain(|trace| check_trace(&principal, trace).is_ok());
    let met = met(&api, &traces).await?;
    let merges = api.steward().merges(&met).await?;
    let items = merges.into_iter().map(Merge::from).collect();
    Ok(Json(Merges { items }))
}

/// The customers that messages are about or name, each once.
async fn met(api: &Api, traces: &[Trace]) -> Result<Vec<Reference>, Problem> {
    let (mut met, mut records) = (HashSet::new(), HashSet::new());
    for trace in traces {
        let attributes = &trace.message.attributes;
        if attributes.entity() == Entity::Customer {
            met.extend(
                attributes
                    .master_id
                    .map(|master_id| Reference::Master { master_id }),
            );
            if let Some(native_id) = &attributes.native_id {
                met.insert(Reference::native(attributes.source.clone(), native_id));
            }
            continue;
        }
        let Some(schema) = schema(attributes.kind) else {
            continue;
        };
        // One that is without a master stands for itself.
        let record = attributes
            .master_id
            .map_or(attributes.id.0, |master| master.0);
        if records.len() == BODIES || !records.insert(record) {
            continue;
        }
        let payloads = api.store.payloads(attributes.id).await?;
        let Some(body) = crate::journey::canonical(payloads.as_ref()) else {
            continue;
        };
        schema.for_each_reference(&body, |entity, node| {
            if entity == Entity::Customer {
                met.extend(Reference::deserialize(node).ok());
            }
        });
    }
    Ok(met.into_iter().collect())
}
