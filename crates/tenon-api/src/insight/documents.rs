//! A document and those that belong together with it: an order, its shipments, its invoices, and their receipts.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use tenon_core::Entity;
use tenon_core::money::Decimal;
use tenon_insight::Document;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Path;
use crate::{Api, Problem};

/// The most documents of one matter that are shown.
const MOST: usize = 200;

/// How far it is gone: from a shipment to its order, to that order's invoice, to the invoice's receipt.
const STEPS: usize = 3;

/// What a document says, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentView {
    /// Its identity across systems: what messages of it have as `master_id`.
    id: String,
    #[schema(value_type = String, example = "invoice")]
    entity: Entity,
    /// What people call it.
    #[schema(example = "FP-2026-000042")]
    number: String,
    /// How far it has come.
    #[schema(example = "issued")]
    status: String,
    /// Its day.
    #[schema(value_type = Option<String>, example = "2026-03-01")]
    day: Option<Date>,
    currency: Option<String>,
    /// With tax.
    #[schema(value_type = Option<String>, example = "22.49")]
    amount: Option<Decimal>,
    /// The documents that it names itself.
    names: Vec<String>,
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        let subjects = document.facts.subjects.iter();
        Self {
            names: subjects.map(|subject| subject.id.to_string()).collect(),
            id: document.id.to_string(),
            entity: document.entity,
            number: document.number,
            status: document.status,
            day: document.day,
            currency: document.currency,
            amount: document.amount,
        }
    }
}

/// A document with all that belong together with it: those that it names, those that name it, and theirs; by their
/// days. At most 200; without itself there are none.
#[utoipa::path(get, path = "/api/v1/insight/documents/{id}", tag = "insight",
    params(("id" = Uuid, Path, description = "its identity, which its messages have as `master_id`")), responses(
    (status = 200, description = "the documents", body = [DocumentView])))]
pub(crate) async fn together(
    State(api): State<Api>,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<DocumentView>>, Problem> {
    let reports = api.reports().await?;
    let (store, generation) = (reports.store(), reports.generation());
    let mut found: BTreeMap<Uuid, Document> = BTreeMap::new();
    let mut asked: BTreeSet<Uuid> = BTreeSet::new();
    let mut next = vec![id];
    for _ in 0..STEPS {
        let unknown: Vec<Uuid> = next
            .iter()
            .copied()
            .filter(|id| !found.contains_key(id))
            .collect();
        let mut rows = store.documents(generation, &unknown).await?;
        rows.extend(store.documents_of(generation, &next).await?);
        asked.extend(next);
        let documents = rows
            .into_iter()
            .filter_map(|row| Document::from_row(row).ok());
        found.extend(documents.map(|document| (document.id, document)));
        if found.len() >= MOST {
            break;
        }
        let named = found.values().flat_map(|document| &document.facts.subjects);
        let known = named.map(|subject| subject.id).chain(found.keys().copied());
        let further: BTreeSet<Uuid> = known.filter(|id| !asked.contains(id)).collect();
        next = further.into_iter().collect();
        if next.is_empty() {
            break;
        }
    }
    if !found.contains_key(&id) {
        return Ok(Json(Vec::new()));
    }
    let mut documents: Vec<Document> = found.into_values().collect();
    documents.sort_by(|one, other| (one.day, &one.number).cmp(&(other.day, &other.number)));
    documents.truncate(MOST);
    Ok(Json(
        documents.into_iter().map(DocumentView::from).collect(),
    ))
}
