//! `tenon item list|same|new`: which items of several systems are one part.

use tenon_master::{Agreement, Part, PartComparison};
use tenon_pipeline::{Act, ItemDecision, ItemReview};

use super::{Desk, record};
use crate::cli::{Config, Items};
use crate::exit::Exit;
use crate::output;

/// Records read at once.
const PAGE: u32 = 100;

pub(crate) async fn run(command: Items) -> Result<(), Exit> {
    let (giver, act) = match command {
        Items::List {
            config,
            decided,
            json,
        } => {
            return match decided {
                true => decisions(&config, json).await,
                false => reviews(&config, json).await,
            };
        }
        Items::Same {
            giver,
            record: waiting,
            other,
        } => {
            let (record, other) = (record(&waiting)?, record(&other)?);
            (giver, Act::SameItem { record, other })
        }
        Items::New {
            giver,
            record: waiting,
        } => {
            let record = record(&waiting)?;
            (giver, Act::NewItem { record })
        }
    };
    let desk = Desk::open(&giver.config).await?;
    desk.give(giver, act).await
}

async fn reviews(config: &Config, as_json: bool) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    let mut after = None;
    loop {
        let (page, next) = desk
            .steward
            .item_reviews(&desk.deployment, &desk.items, after, PAGE)
            .await?;
        for review in &page {
            match as_json {
                true => output::json(review)?,
                false => show(review),
            }
        }
        match next {
            Some(_) => after = next,
            None => return desk.close().await,
        }
    }
}

fn show(review: &ItemReview) {
    let why = match (review.why, &review.part) {
        (Some(why), _) => why.describe(),
        (None, Some(_)) => "is not doubtful any more: send it again",
        (None, None) => "cannot be read any more: tenon parked show",
    };
    let since = review.since.strftime("%Y-%m-%d %H:%M");
    output::data(&format!("{}  since {since} (UTC)  {why}", review.record));
    let own = review.part.iter();
    let own = own.map(|part| row(&review.record.to_string(), part, None));
    let sides = review.candidates.iter().flat_map(|it| &it.records);
    let sides = sides.map(|side| row(&side.record.to_string(), &side.part, Some(&side.compared)));
    let rows: Vec<Vec<String>> = own.chain(sides).collect();
    output::table(&["record", "code", "name", "specification", "unit"], &rows);
    output::data("");
}

/// What a system says of a part, with a mark at what differs from the record that waits.
fn row(record: &str, part: &Part, compared: Option<&PartComparison>) -> Vec<String> {
    let cell = |value: Option<&String>, agrees: Option<Agreement>| {
        let mark = match agrees {
            Some(Agreement::Differs) => " ≠",
            _ => "",
        };
        format!("{}{mark}", value.map_or("", String::as_str))
    };
    vec![
        record.to_owned(),
        cell(Some(&part.code), compared.map(|it| it.code)),
        cell(Some(&part.name), compared.map(|it| it.name)),
        cell(
            part.specification.as_ref(),
            compared.map(|it| it.specification),
        ),
        cell(part.unit.as_ref(), compared.map(|it| it.unit)),
    ]
}

async fn decisions(config: &Config, as_json: bool) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    let (mut decided, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = desk
            .steward
            .item_decisions(&desk.items, before, PAGE)
            .await?;
        decided.extend(page);
        match next {
            Some(_) => before = next,
            None => break,
        }
    }
    if as_json {
        decided.iter().try_for_each(output::json)?;
        return desk.close().await;
    }
    let cells = |decision: &ItemDecision| {
        let act = match &decision.act {
            Act::SameItem { record, other } => format!("{record} is {other}"),
            Act::NewItem { record } => format!("{record} is an item of its own"),
            _ => String::new(),
        };
        let undo = decision.undo.iter();
        let undo = undo.map(|record| format!("tenon item new {record}"));
        let after_all = decision.candidates.iter().filter_map(|candidate| {
            let other = &candidate.records.first()?.record;
            match &decision.act {
                Act::NewItem { record } => Some(format!("tenon item same {record} {other}")),
                _ => None,
            }
        });
        let undo: Vec<String> = undo.chain(after_all).collect();
        vec![
            decision.at.strftime("%Y-%m-%d %H:%M").to_string(),
            decision.by.clone(),
            act,
            decision.because.clone(),
            undo.join(" | "),
        ]
    };
    let rows: Vec<Vec<String>> = decided.iter().map(cells).collect();
    output::table(&["at (UTC)", "by", "what", "why", "to undo it"], &rows);
    desk.close().await
}
