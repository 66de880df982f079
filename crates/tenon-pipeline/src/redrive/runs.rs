//! Works redrives and bulk drops off: in order, so many a second, from where they were left.
//!
//! Either stands in the store with how far it has come. Whoever holds its claim works on it: the
//! command line, which began it, or any node of a running hub. If that one goes, another goes on; what
//! was taken when it went is sent again once more, which lanes and inbox recognise.

use std::time::Duration;

use tenon_core::Failure;
use tenon_store::{
    Act, Deed, NewRedrive, ParkedId, ParkedRecord, Redrive, RedriveId, RedriveState, SharedStore,
};
use tokio_util::sync::CancellationToken;

use super::correct::reason;
use super::{Redriven, redrive};
use crate::Accept;
use crate::courier::store_failure;
use crate::retry::pause_for;

/// Messages taken at once where nobody asks for a slower pace.
const PORTION: u32 = 200;
/// How often a node looks for redrives that nobody works on.
const LOOK: Duration = Duration::from_secs(2);
/// Redrives looked at in one round.
const ROUND: u32 = 50;

/// What works redrives off.
#[derive(Clone)]
pub struct Redriver {
    /// What waits.
    pub store: SharedStore,
    /// Where inbound messages go in again.
    pub accept: Accept,
    /// Ends the work after the portion in hand.
    pub stop: CancellationToken,
}

impl Redriver {
    /// Works on a redrive until it is done or stopped, or `None` at once where another does. One that
    /// is stopped goes on if `resume`. `told` hears of each portion.
    ///
    /// # Errors
    /// When the store or the broker cannot be reached; what was sent until then stays sent, and the
    /// redrive can be taken up again.
    pub async fn work(
        &self,
        id: RedriveId,
        resume: bool,
        mut told: impl FnMut(&Redrive, &Redriven) + Send,
    ) -> Result<Option<Redrive>, Failure> {
        let refused = |error| store_failure(&error);
        let claim = self.store.claim(&format!("redrive/{}", id.0)).await;
        let Some(claim) = claim.map_err(refused)? else {
            return Ok(None);
        };
        if resume {
            let (stopped, running) = (RedriveState::Stopped, RedriveState::Running);
            let turned = self.store.turn_redrive(id, stopped, running).await;
            turned.map_err(refused)?;
        }
        loop {
            let run = self.store.redrive_of(id).await.map_err(refused)?;
            let run = run.ok_or_else(|| unknown(id))?;
            let runs = run.state == RedriveState::Running;
            if !runs || self.stop.is_cancelled() || !claim.holds().await {
                return Ok(Some(run));
            }
            let most = run
                .per_second
                .map_or(PORTION, |number| number.clamp(1, PORTION));
            let portion = self.portion(&run, most).await?;
            let Some(last) = portion.last().map(|record| record.id) else {
                let (running, done) = (RedriveState::Running, RedriveState::Done);
                let turned = self.store.turn_redrive(id, running, done).await;
                turned.map_err(refused)?;
                continue;
            };
            let taken = portion.len() as u32;
            let done = self.take(&run, portion, last).await?;
            told(&run, &done);
            if let Some(per_second) = run.per_second {
                // Only between portions: the last one is not waited after for nothing.
                let pause =
                    Duration::from_secs_f64(f64::from(taken) / f64::from(per_second.max(1)));
                if last < run.until && !pause_for(&self.stop, pause).await {
                    continue;
                }
            }
        }
    }

    /// Does with a portion what is to be done with it, and notes how far that is.
    async fn take(
        &self,
        run: &Redrive,
        portion: Vec<ParkedRecord>,
        last: ParkedId,
    ) -> Result<Redriven, Failure> {
        let refused = |error| store_failure(&error);
        if run.act == Act::Drop {
            let ids: Vec<ParkedId> = portion.iter().map(|record| record.id).collect();
            let dropped = self.store.drop_parked(&ids, &run.deed, Some(run.id)).await;
            return Ok(Redriven {
                sent: dropped.map_err(refused)?,
                superseded: Vec::new(),
            });
        }
        let done = redrive(&self.store, &self.accept, portion, run.force, &run.deed).await?;
        let passed_over = done.superseded.len() as u64;
        let advanced = self
            .store
            .advance_redrive(run.id, last, done.sent, passed_over)
            .await;
        advanced.map_err(refused)?;
        Ok(done)
    }

    async fn portion(&self, run: &Redrive, most: u32) -> Result<Vec<ParkedRecord>, Failure> {
        let after = Some(run.cursor).filter(|cursor| *cursor > ParkedId(0));
        let mut selection = run.selection.clone();
        // What stood behind a message that was given up is tried, and may then wait for just such a reason: nobody
        // has looked at that, so it is not given up with it.
        selection.chosen_by = (run.act == Act::Drop).then_some(run.id);
        let found = self.store.parked(&selection, after, most).await;
        let mut found = found.map_err(|error| store_failure(&error))?;
        found.retain(|record| record.id <= run.until);
        Ok(found)
    }

    /// Takes up what nobody works on, until the hub stops.
    pub(crate) async fn run(self) {
        while pause_for(&self.stop, LOOK).await {
            let running = Some(RedriveState::Running);
            let found = match self.store.redrives(running, None, ROUND).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(%error, "redrives were not looked for");
                    continue;
                }
            };
            // The eldest first: they come latest first.
            for run in found.into_iter().rev() {
                if let Err(error) = self.work(run.id, false, |_, _| {}).await {
                    tracing::warn!(redrive = run.id.0, %error, "a redrive was interrupted; it goes on");
                }
            }
        }
    }
}

/// Begins a redrive, or a drop. One that is `running` is taken up by any node; a stopped one waits for who resumes
/// it.
///
/// # Errors
/// `Invalid` for a deed of nobody, and for a drop without a reason; otherwise what the store says.
pub async fn begin(
    store: &SharedStore,
    new: &NewRedrive,
    state: RedriveState,
) -> Result<RedriveId, Failure> {
    somebody(&new.deed)?;
    if new.act == Act::Drop {
        reason(&new.deed)?;
    }
    let begun = store.begin_redrive(new, state).await;
    begun.map_err(|error| store_failure(&error))
}

/// A person and a name: what is done to parked messages is kept with both.
pub(super) fn somebody(deed: &Deed) -> Result<(), Failure> {
    if deed.who.trim().is_empty() {
        return Err(Failure::invalid("deed.nobody", "say who does it"));
    }
    Ok(())
}

fn unknown(id: RedriveId) -> Failure {
    Failure::invalid("redrive.unknown", format!("no redrive {}", id.0))
}

/// Stops a redrive, or lets it go on; it is as it then stands.
///
/// # Errors
/// `Invalid` when there is none such, or it is done.
pub async fn turn(
    store: &SharedStore,
    id: RedriveId,
    to: RedriveState,
) -> Result<Redrive, Failure> {
    let refused = |error| store_failure(&error);
    let from = match to {
        RedriveState::Running => RedriveState::Stopped,
        _ => RedriveState::Running,
    };
    store.turn_redrive(id, from, to).await.map_err(refused)?;
    let run = store.redrive_of(id).await.map_err(refused)?;
    let run = run.ok_or_else(|| unknown(id))?;
    if run.state != to {
        let state = run.state.as_str();
        let detail = format!("redrive {} is {state}", id.0);
        return Err(Failure::invalid("redrive.state", detail));
    }
    Ok(run)
}
