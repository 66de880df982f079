//! Searches of messages that people keep, each its own; an administrator's may be shown to all.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_store::SavedSearch;
use utoipa::ToSchema;

use crate::access::{Note, Permission, Principal};
use crate::problem::{Path, Told};
use crate::{Api, Problem};

/// The most searches that one person keeps.
const MOST: usize = 100;
/// The most characters of a name, and of a query.
const LONGEST_NAME: usize = 100;
const LONGEST_QUERY: usize = 2_000;

/// A search that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Search {
    /// Its number.
    id: i64,
    name: String,
    /// What is asked, as the query of the console's page: `source=crm&state=invalid`.
    query: String,
    /// Who keeps it.
    owner: String,
    /// Whether it is shown to all.
    shared: bool,
    /// Whether it is the caller's own.
    own: bool,
}

/// The caller's searches, and what others share.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Searches {
    /// By name.
    items: Vec<Search>,
}

/// A search that is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeepSearch {
    /// At most 100 characters.
    name: String,
    /// What is asked, as the query of the console's page, at most 2,000 characters.
    query: String,
    /// Whether it is shown to all; only an administrator's may be.
    #[serde(default)]
    shared: bool,
}

fn view(search: SavedSearch, principal: &Principal) -> Search {
    Search {
        id: search.id,
        own: search.owner == principal.name,
        name: search.name,
        query: search.query,
        owner: search.owner,
        shared: search.shared,
    }
}

/// What the trail tells of a search.
fn told(search: SavedSearch) -> Value {
    json!({ "name": search.name, "query": search.query, "shared": search.shared })
}

/// The searches that the caller keeps, and those that are shown to all.
#[utoipa::path(get, path = "/api/v1/searches", tag = "messages", responses(
    (status = 200, description = "the searches", body = Searches)))]
pub(crate) async fn searches(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<Searches>, Problem> {
    let found = api.store.saved_searches(&principal.name).await?;
    let items = found.into_iter().map(|search| view(search, &principal));
    Ok(Json(Searches {
        items: items.collect(),
    }))
}

/// Keeps a search; where the caller has kept the same question, that is named anew.
#[utoipa::path(post, path = "/api/v1/searches", tag = "messages", request_body = KeepSearch, responses(
    (status = 201, description = "kept", body = Search), (status = 400, description = "something does not fit", body = Problem)))]
pub(crate) async fn keep_search(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(wanted): Told<KeepSearch>,
) -> Result<(StatusCode, Json<Search>), Problem> {
    let name = wanted.name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        let detail = format!("a search has a name of 1 to {LONGEST_NAME} characters");
        return Err(Problem::bad_request(detail));
    }
    if !(1..=LONGEST_QUERY).contains(&wanted.query.chars().count()) {
        let detail = format!("a search asks something, in at most {LONGEST_QUERY} characters");
        return Err(Problem::bad_request(detail));
    }
    if wanted.shared {
        principal.check(Permission::Administer)?;
    }
    note.subject(name);
    note.detail(json!({ "query": wanted.query, "shared": wanted.shared }));
    let kept = api.store.saved_searches(&principal.name).await?;
    let own = kept.iter().filter(|search| search.owner == principal.name);
    if own.filter(|search| search.query != wanted.query).count() >= MOST {
        let detail = format!("you keep {MOST} searches already: forget one first");
        return Err(Problem::bad_request(detail));
    }
    let search = SavedSearch {
        id: 0,
        owner: principal.name.clone(),
        name: name.to_owned(),
        query: wanted.query,
        shared: wanted.shared,
    };
    let (kept, before) = api.store.save_search(&search).await?;
    note.changed(before.map(told), told(kept.clone()));
    Ok((StatusCode::CREATED, Json(view(kept, &principal))))
}

/// Forgets a search: the caller's own, or, for an administrator, one that is shown to all.
#[utoipa::path(delete, path = "/api/v1/searches/{id}", tag = "messages",
    params(("id" = i64, Path, description = "the search's number")), responses(
    (status = 204, description = "forgotten"), (status = 404, description = "no such search of the caller's", body = Problem)))]
pub(crate) async fn forget_search(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<StatusCode, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "search.unknown",
            format!("you keep no search {id}"),
        )
    };
    let number: i64 = id.parse().map_err(|_| unknown())?;
    let found = api.store.saved_search(number).await?;
    let administers = principal.check(Permission::Administer).is_ok();
    let search = found
        .filter(|search| search.owner == principal.name || search.shared && administers)
        .ok_or_else(unknown)?;
    note.subject(search.name);
    note.detail(json!({ "query": search.query, "shared": search.shared }));
    let before = api.store.forget_search(number).await?;
    note.changed(before.map(told), Value::Null);
    Ok(StatusCode::NO_CONTENT)
}
