//! Messages that were given up: nothing can be read of them, or the hub broke down over them. A person looks,
//! sends them again or lets them go.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::Timestamp;
use tenon_pipeline::{DEAD_LETTERS_AT_ONCE, DeadLetter};
use utoipa::ToSchema;

use crate::access::Note;
use crate::problem::{Path, Told};
use crate::reveal::{Reason, text_or_base64};
use crate::{Api, Problem};

/// The dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLettersView {
    /// How many there are.
    total: u64,
    /// The eldest, at most 100.
    items: Vec<DeadLetterView>,
}

/// A message that was given up. Its body can hold anything, so that it is shown to those alone who may see
/// personal values.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeadLetterView {
    /// Names it. Letters that are the same in all have one name.
    #[schema(example = "5f0c1be8a1d24c0e9b7f3f8f5a0d6c11")]
    id: String,
    /// The queue from which it was taken, and to which it would go again.
    queue: Option<String>,
    /// Why it was given up.
    reason: Option<String>,
    /// Since when it stands here; null of letters of older releases.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The id of its message, as its headers say it.
    message_id: Option<String>,
    /// The system that it came from, as its headers say it.
    source: Option<String>,
    /// Its kind, as its headers say it.
    kind: Option<String>,
    /// The size of its body, in bytes.
    bytes: u64,
}

impl From<&DeadLetter> for DeadLetterView {
    fn from(letter: &DeadLetter) -> Self {
        let header = |name: &str| letter.header(name).map(str::to_owned);
        Self {
            id: letter.id.clone(),
            queue: letter.queue.clone(),
            reason: letter.reason.clone(),
            at: letter.at,
            message_id: header("cloudEvents_id"),
            source: header("cloudEvents_source"),
            kind: header("cloudEvents_type"),
            bytes: letter.body.len() as u64,
        }
    }
}

/// The dead letters, the eldest first; none goes from its place by being looked at.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "parked", responses(
    (status = 200, description = "how many there are, and the first of them", body = DeadLettersView),
    (status = 503, description = "the broker or the store is away, or somebody else looks; ask again", body = Problem)))]
pub(crate) async fn dead_letters(State(api): State<Api>) -> Result<Json<DeadLettersView>, Problem> {
    let (total, letters) = api.depths.dead_letters(&api.store).await?.look().await?;
    let items = letters.iter().map(DeadLetterView::from).collect();
    Ok(Json(DeadLettersView { total, items }))
}

/// A dead letter as it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterRevealed {
    /// Its headers, each its name and its value.
    #[schema(value_type = Vec<Vec<String>>)]
    headers: Vec<(String, String)>,
    /// Its body, where it is a text.
    raw: Option<String>,
    /// Its body where it is no text, in Base64.
    raw_base64: Option<String>,
}

/// A dead letter as it is: its body and its headers, nothing masked.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/reveal", tag = "parked", request_body = Reason,
    params(("id" = String, Path, description = "its name")), responses(
    (status = 200, description = "the letter", body = DeadLetterRevealed),
    (status = 400, description = "the body does not fit", body = Problem),
    (status = 404, description = "no such letter, or not among the eldest 100", body = Problem)))]
pub(crate) async fn reveal_dead_letter(
    State(api): State<Api>,
    Path(id): Path<String>,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<DeadLetterRevealed>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": reason.because }));
    let (_, letters) = api.depths.dead_letters(&api.store).await?.look().await?;
    let letter = letters.into_iter().find(|letter| letter.id == id);
    let letter = letter.ok_or_else(|| {
        let detail = format!("no dead letter `{id}`: it was sent again, given up, or never there");
        Problem::new(StatusCode::NOT_FOUND, "dead_letter.unknown", detail)
    })?;
    let (raw, raw_base64) = text_or_base64(&letter.body);
    Ok(Json(DeadLetterRevealed {
        headers: letter.headers,
        raw,
        raw_base64,
    }))
}

/// Which dead letters, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLetterChoice {
    /// Their names, at most 100.
    ids: Vec<String>,
    /// Why; kept in the trail. Whoever gives letters up must say it.
    #[serde(default)]
    because: String,
}

/// What became of dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLettersDone {
    /// How many were sent again, or given up.
    done: u64,
    /// Those that stay, each with why: their queue is there no more, say.
    stay: Vec<DeadLetterStays>,
}

/// A dead letter that stays.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterStays {
    /// Its name.
    id: String,
    /// Why.
    because: String,
}

/// Sends dead letters again, each to the queue from which it was taken. What the hub still cannot read or do
/// comes back.
#[utoipa::path(post, path = "/api/v1/dead-letters/redrive", tag = "parked", request_body = DeadLetterChoice, responses(
    (status = 200, description = "what became of them", body = DeadLettersDone),
    (status = 400, description = "it cannot be read, or names too many", body = Problem),
    (status = 503, description = "the broker or the store is away, or somebody else looks; what was sent until then stays sent", body = Problem)))]
pub(crate) async fn redrive_dead_letters(
    State(api): State<Api>,
    note: Note,
    Told(choice): Told<DeadLetterChoice>,
) -> Result<Json<DeadLettersDone>, Problem> {
    act(&api, &note, choice, true).await
}

/// Gives dead letters up for good, with a reason; the trail keeps what their headers said.
#[utoipa::path(post, path = "/api/v1/dead-letters/drop", tag = "parked", request_body = DeadLetterChoice, responses(
    (status = 200, description = "what became of them", body = DeadLettersDone),
    (status = 400, description = "it cannot be read, names too many, or has no reason", body = Problem),
    (status = 503, description = "the broker or the store is away, or somebody else looks; what was given up until then is gone", body = Problem)))]
pub(crate) async fn drop_dead_letters(
    State(api): State<Api>,
    note: Note,
    Told(choice): Told<DeadLetterChoice>,
) -> Result<Json<DeadLettersDone>, Problem> {
    if choice.because.trim().is_empty() {
        let detail = "say why: a letter that is given up is gone for good";
        return Err(Problem::bad_request(detail));
    }
    act(&api, &note, choice, false).await
}

async fn act(
    api: &Api,
    note: &Note,
    choice: DeadLetterChoice,
    again: bool,
) -> Result<Json<DeadLettersDone>, Problem> {
    note.detail(json!({ "ids": choice.ids, "because": choice.because }));
    let most = usize::from(DEAD_LETTERS_AT_ONCE);
    if !(1..=most).contains(&choice.ids.len()) {
        let number = choice.ids.len();
        let detail = format!("from 1 to {most} letters at once, not {number}");
        return Err(Problem::bad_request(detail));
    }
    if choice.because.chars().count() > 500 {
        return Err(Problem::bad_request("a reason may have 500 characters"));
    }
    let letters = api.depths.dead_letters(&api.store).await?;
    let buried = match again {
        true => letters.redrive(&choice.ids).await?,
        false => letters.give_up(&choice.ids).await?,
    };
    let done: Vec<DeadLetterView> = buried.done.iter().map(DeadLetterView::from).collect();
    note.detail(json!({ "ids": choice.ids, "because": choice.because, "letters": done }));
    let stay = buried.stay.into_iter();
    let stay = stay.map(|(letter, because)| DeadLetterStays {
        id: letter.id,
        because,
    });
    Ok(Json(DeadLettersDone {
        done: done.len() as u64,
        stay: stay.collect(),
    }))
}
