//! `tenon parked correct`, `corrections`, `approve`, `reject`: another body, by two persons.

use std::path::Path;

use serde_json::json;
use tenon_pipeline::{decide_correction, difference, propose_correction};
use tenon_store::{Correction, CorrectionId, CorrectionState, Deed, ParkedId};

use crate::cli::{Corrections, Giver};
use crate::exit::Exit;
use crate::output;

/// Corrections read at once.
const PAGE: u32 = 500;

/// Proposes another body.
pub(super) async fn propose(giver: Giver, id: i64, file: &Path) -> Result<(), Exit> {
    let body = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin())?.into_bytes(),
        _ => std::fs::read(file)
            .map_err(|error| Exit::runtime(format!("{}: {error}", file.display())))?,
    };
    let (configuration, store) = super::open(&giver.config).await?;
    let deed = Deed::new(giver.by, giver.because);
    let deployment = &configuration.deployment;
    let id = propose_correction(&store, deployment, ParkedId(id), body.into(), &deed).await?;
    match giver.json {
        true => output::json(&json!({ "id": id })),
        false => {
            output::data(&format!(
                "{}  proposed; another person decides: tenon parked approve {}",
                id.0, id.0
            ));
            Ok(())
        }
    }
}

/// Lists corrections, or shows one.
pub(super) async fn show(options: &Corrections) -> Result<(), Exit> {
    let (_, store) = super::open(&options.config).await?;
    if let Some(id) = options.id {
        let found = store.correction(CorrectionId(id)).await?;
        let found = found.ok_or_else(|| Exit::runtime(format!("no correction {id}")))?;
        let changed = difference(&found.original, &found.proposed);
        if options.json {
            let mut value = serde_json::to_value(&found).unwrap_or_default();
            value["difference"] = json!(changed);
            return output::json(&value);
        }
        output::data(&tell(&found));
        output::data(changed.trim_end());
        return Ok(());
    }
    let state = options.state.as_deref().map(str::parse::<CorrectionState>);
    let state = state.transpose().map_err(Exit::runtime)?;
    let mut after = None;
    loop {
        let page = store.corrections(state, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for correction in &page {
            match options.json {
                true => output::json(correction)?,
                false => output::data(&tell(correction)),
            }
        }
    }
}

/// Approves or rejects.
pub(super) async fn decide(giver: Giver, id: i64, approve: bool) -> Result<(), Exit> {
    let (engine, redriver) = super::redriving::open(&giver.config).await?;
    let deed = Deed::new(giver.by, giver.because);
    let id = CorrectionId(id);
    let decided = decide_correction(&engine.store, &redriver.accept, id, approve, &deed).await;
    engine.broker.close().await;
    let decided = decided?;
    if giver.json {
        return output::json(&json!({ "sent": decided.sent }));
    }
    output::data(match approve {
        true => "approved; the message is sent again with it",
        false => "rejected; the message is as it was",
    });
    Ok(())
}

fn tell(correction: &Correction) -> String {
    let decided = correction.decision.as_ref().map(|deed| {
        let state = correction.state.as_str();
        format!("; {state} by {}: {}", deed.who, deed.because)
    });
    let parked = match correction.parked {
        Some(id) => format!("message {}", id.0),
        None => format!("message {}, which waits no more", correction.message_id),
    };
    format!(
        "{}  {}  {parked} of {}, proposed by {}: {}{}",
        correction.id.0,
        correction.state.as_str(),
        correction.system,
        correction.proposal.who,
        correction.proposal.because,
        decided.unwrap_or_default(),
    )
}
