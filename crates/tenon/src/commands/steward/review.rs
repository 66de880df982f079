//! `tenon master review`: pairs that a person is to decide.

use serde_json::Value;
use tenon_pipeline::{Act, MasterView};
use tenon_store::{Review, ReviewId};

use super::{Desk, show};
use crate::cli::{Config, Reviews};
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Reviews read at once.
const PAGE: u32 = 500;

pub(super) async fn run(command: Reviews) -> Result<(), Exit> {
    match command {
        Reviews::List {
            config,
            state,
            json,
        } => list(&config, &state, json).await,
        Reviews::Show { config, id, json } => one(&config, ReviewId(id), json).await,
        Reviews::Approve {
            giver,
            id,
            survivor,
        } => {
            let desk = Desk::open(&giver.config).await?;
            let survivor = match survivor {
                Some(name) => Some(desk.find(&name).await?),
                None => None,
            };
            let review = ReviewId(id);
            desk.give(giver, Act::Approve { review, survivor }).await
        }
        Reviews::Reject { giver, id } => {
            let desk = Desk::open(&giver.config).await?;
            let review = ReviewId(id);
            desk.give(giver, Act::Reject { review }).await
        }
        Reviews::Reopen { giver, id } => {
            let desk = Desk::open(&giver.config).await?;
            let review = ReviewId(id);
            desk.give(giver, Act::Reopen { review }).await
        }
    }
}

async fn list(config: &Config, state: &str, as_json: bool) -> Result<(), Exit> {
    let state = match state {
        "all" => None,
        state => Some(state.parse().map_err(Exit::runtime)?),
    };
    let configuration = crate::commands::migrate::load(config)?;
    let store = open_store(&configuration.settings).await?;
    let (mut reviews, mut after) = (Vec::new(), None);
    loop {
        let page = store.reviews(state, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        reviews.extend(page);
    }
    if as_json {
        return reviews.iter().try_for_each(output::json);
    }
    let cells = |review: &Review| {
        vec![
            review.id.0.to_string(),
            review.state.as_str().to_owned(),
            review.one.to_string(),
            review.other.to_string(),
            review.opened_at.strftime("%Y-%m-%d %H:%M").to_string(),
            why(review),
        ]
    };
    let rows: Vec<Vec<String>> = reviews.iter().map(cells).collect();
    output::table(
        &["id", "state", "one", "other", "since (UTC)", "why"],
        &rows,
    );
    Ok(())
}

fn why(review: &Review) -> String {
    let why = review.evidence.get("why").and_then(|why| why.as_str());
    why.unwrap_or(&review.reason).to_owned()
}

async fn one(config: &Config, id: ReviewId, as_json: bool) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    let view = desk.steward.review(id).await?;
    let view = view.ok_or_else(|| Exit::runtime(format!("there is no review {}", id.0)))?;
    if as_json {
        output::json(&view)?;
        return desk.close().await;
    }
    let review = &view.review;
    output::data(&format!(
        "{}  {}  {}",
        id.0,
        review.state.as_str(),
        why(review)
    ));
    evidence(review);
    if let (Some(by), Some(at)) = (&review.decided_by, review.decided_at) {
        let because = review.because.as_deref().unwrap_or_default();
        output::data(&format!("decided   {at} by {by}  {because}"));
    }
    if let [one, other] = view.sides.as_slice() {
        beside(one, other);
    }
    for side in &view.sides {
        show(side);
    }
    desk.close().await
}

/// What speaks for and against a pair, one finding a line.
fn evidence(review: &Review) {
    for (name, value) in review.evidence.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("why", _) => {}
            ("reasons", Value::Array(reasons)) => {
                for reason in reasons {
                    let bits = reason["bits"].as_f64().unwrap_or_default();
                    let text = reason["text"].as_str().unwrap_or_default();
                    output::data(&format!("{bits:>+8.1}  {text}"));
                }
            }
            _ => output::data(&format!("{name}  {value}")),
        }
    }
}

/// The fields of which at least one says something, in two columns.
fn beside(one: &MasterView, other: &MasterView) {
    let text = |view: &MasterView, field: &str| match view.golden.get(field) {
        None => String::new(),
        Some(value) => value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    };
    let fields = [one, other]
        .into_iter()
        .flat_map(|view| view.golden.as_object());
    let fields: std::collections::BTreeSet<&String> =
        fields.flat_map(|golden| golden.keys()).collect();
    let rows: Vec<Vec<String>> = fields
        .into_iter()
        .map(|field| vec![field.clone(), text(one, field), text(other, field)])
        .collect();
    output::table(&["", "one", "other"], &rows);
}
