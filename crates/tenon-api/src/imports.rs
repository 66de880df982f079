//! Lists of customers that are brought in before go-live: looked at first, then taken.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::SystemName;
use tenon_pipeline::{CustomerList, Unfit};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Note, Principal};
use crate::problem::Asked;
use crate::{Api, Problem};

/// The largest list, in bytes; larger ones are for `tenon master import`.
pub(crate) const LARGEST_LIST: usize = 32 * 1024 * 1024;
/// How many rows that do not fit are told.
const TOLD: usize = 100;
/// Records accepted at once.
const PORTION: usize = 256;

/// Which list it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The name of the file, whose ending tells what it is: `.csv` (UTF-8 or GB18030), `.tsv` or `.xlsx`. Messages
    /// say that they come from its rows.
    #[param(example = "customers.xlsx")]
    file: String,
    /// The system whose records they are, where the column `source_system` does not say.
    #[param(example = "crm")]
    system: Option<String>,
}

/// What a list holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListView {
    /// How many rows fit.
    fit: usize,
    /// How many do not.
    unfit: usize,
    /// How many of those that fit were imported before; they are passed over.
    known: usize,
    /// The first hundred that do not fit.
    problems: Vec<UnfitView>,
}

/// A row that does not fit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnfitView {
    /// Its line, or its row in the workbook, from 1.
    line: u64,
    /// Why.
    reason: String,
}

impl From<&Unfit> for UnfitView {
    fn from(unfit: &Unfit) -> Self {
        Self {
            line: unfit.line,
            reason: unfit.reason.clone(),
        }
    }
}

/// What would come of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListPreview {
    #[serde(flatten)]
    list: ListView,
    /// How many companies the rows are by likeness among themselves.
    companies: usize,
    /// How many pairs of them a person would be asked about.
    review: usize,
}

/// What came of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListImported {
    #[serde(flatten)]
    list: ListView,
    /// How many rows were taken: they are durable, and on their way.
    imported: usize,
}

/// What would come of a list of customers; nothing is taken.
///
/// Its columns are source_system, source_id, name, tax_id, code, phone, email, contact, country, region, city, address,
/// legal_name, short_name, kind, stage, industry, source, owner. Only source_id must be there; others are passed over.
#[utoipa::path(post, path = "/api/v1/masters/import/preview", operation_id = "preview_import", tag = "masters",
    params(ListQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "the file, at most 32 MiB"),
    responses(
        (status = 200, description = "what would come of it", body = ListPreview),
        (status = 400, description = "the file cannot be read, and why", body = Problem)))]
pub(crate) async fn preview(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ListPreview>, Problem> {
    let list = Arc::new(read(&api, &principal, query, body?).await?);
    let known = list.fit() - list.unseen(&api.store).await?.len();
    let view = view(&list, known);
    let policy = api.master.clone();
    let likeness = tokio::task::spawn_blocking(move || list.likeness(&policy.matching)).await;
    let likeness = likeness.map_err(|error| Problem::bug(error.to_string()))?;
    Ok(Json(ListPreview {
        list: view,
        companies: likeness.companies,
        review: likeness.review,
    }))
}

/// Brings a list of customers in: the rows that fit and were not imported before. They take the way of every record,
/// so that an import that broke off is simply sent again.
#[utoipa::path(post, path = "/api/v1/masters/import", operation_id = "import_masters", tag = "masters",
    params(ListQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "the file, at most 32 MiB"),
    responses(
        (status = 200, description = "what came of it", body = ListImported),
        (status = 400, description = "the file cannot be read, and why", body = Problem),
        (status = 503, description = "cannot be taken now; send it again", body = Problem)))]
pub(crate) async fn import(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Asked(query): Asked<ListQuery>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ListImported>, Problem> {
    note.subject(query.file.clone());
    let list = read(&api, &principal, query, body?).await?;
    let new = list.unseen(&api.store).await?;
    let known = list.fit() - new.len();
    for portion in new.chunks(PORTION) {
        api.accept.accept(portion).await?;
    }
    note.detail(json!({ "imported": new.len(), "known": known, "unfit": list.unfit().len() }));
    Ok(Json(ListImported {
        list: view(&list, known),
        imported: new.len(),
    }))
}

fn view(list: &CustomerList, known: usize) -> ListView {
    ListView {
        fit: list.fit(),
        unfit: list.unfit().len(),
        known,
        problems: list
            .unfit()
            .iter()
            .take(TOLD)
            .map(UnfitView::from)
            .collect(),
    }
}

/// The list, of records of the systems that the caller may touch.
async fn read(
    api: &Api,
    principal: &Principal,
    query: ListQuery,
    body: Bytes,
) -> Result<CustomerList, Problem> {
    let deployment = api.deployment();
    let names = deployment.systems.iter().map(|system| &system.name);
    let systems: BTreeSet<SystemName> = names
        .filter(|system| principal.touches(system))
        .cloned()
        .collect();
    let read = move || -> Result<Result<CustomerList, String>, std::io::Error> {
        let ending = query.file.rsplit_once('.').map_or("", |(_, ending)| ending);
        let ending = ["csv", "tsv", "txt", "xlsx"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(ending));
        let Some(ending) = ending else {
            return Ok(Err("it is neither .csv nor .tsv nor .xlsx".to_owned()));
        };
        let mut file = tempfile::Builder::new()
            .suffix(&format!(".{ending}"))
            .tempfile()?;
        file.write_all(&body)?;
        let system = query.system.as_deref();
        let list = CustomerList::read(file.path(), &query.file, &systems, system);
        Ok(list.map_err(|reason| format!("{}: {reason}", query.file)))
    };
    let list = tokio::task::spawn_blocking(read).await;
    let list = list.map_err(|error| Problem::bug(error.to_string()))?;
    let list = list.map_err(|error| Problem::bug(format!("a temporary file: {error}")))?;
    list.map_err(Problem::bad_request)
}
