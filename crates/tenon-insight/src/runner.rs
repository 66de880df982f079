//! Keeps the projections up to date, on one node at a time, and makes them anew beside the live ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use tenon_core::Timestamp;
use tenon_store::insight::Generation;
use tenon_store::{Claim, Insight, SharedStore, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::care::{self, Remind};
use crate::days::day_number;
use crate::document::Document;
use crate::policy::Policy;
use crate::project::Books;
use crate::replenish::{replenish, settled};
use crate::score;

/// The name of the claim: one node at a time brings the projections on.
const CLAIM: &str = "insight";
/// Messages that are entered as one transaction: few enough not to hold up others for long where one
/// connection writes.
const PORTION: u32 = 500;
/// Between two looks into a journal that had nothing new.
const PAUSE: Duration = Duration::from_millis(250);
/// Before the claim of another node is asked for again, and after an error.
const STANDBY: Duration = Duration::from_secs(1);
/// Between two looks for references that are known by now; more, if a look takes long.
const LOOK: Duration = Duration::from_secs(1);
/// A look takes at most one part in so many of the time.
const SPARE: u32 = 10;
/// Customers that are scored at a time.
const SCORED: u32 = 500;

/// Brings the projections on until it is stopped.
pub struct Runner {
    /// What the hub knows.
    pub store: SharedStore,
    /// What the company decides about its figures.
    pub policy: Arc<Policy>,
    /// Takes the reminders and the demand that are due.
    pub remind: Remind,
    /// Ends it.
    pub stop: CancellationToken,
}

/// Asks for the projections to be made anew from the journal, beside the live ones, and to be swapped when
/// they are complete. Nothing happens if that is under way already.
///
/// # Errors
/// When the store cannot be reached.
pub async fn rebuild(store: &Insight, calendar: &Calendar) -> Result<(), StoreError> {
    let generations = store.generations().await?;
    if generations.iter().any(|generation| generation.live == 0) {
        return Ok(());
    }
    let last = generations.last().map_or(0, |last| last.generation);
    store
        .begin_generation(last + 1, generations.is_empty(), calendar.time_zone())
        .await
}

impl Runner {
    /// Runs until it is stopped. Errors are told and tried again.
    pub async fn run(self) {
        while !self.stop.is_cancelled() {
            match self.serve().await {
                Ok(()) => {}
                Err(StoreError::Conflict(reason)) => {
                    tracing::info!(reason, "another node brings the projections on");
                }
                Err(error) => tracing::warn!(%error, "the projections are not brought on"),
            }
            self.pause(STANDBY).await;
        }
    }

    /// Waits; `false` when it is to end.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true, // why: the journal does not call back
        }
    }

    async fn serve(&self) -> Result<(), StoreError> {
        let Some(claim) = self.store.claim(CLAIM).await? else {
            return Ok(());
        };
        let store = self.store.insight();
        let mut turn = Turn {
            store,
            policy: self.policy.clone(),
            remind: Some(self.remind.clone()),
            today: Box::new(clock(&self.policy)),
            looked: Instant::now(),
            next_look: LOOK,
            waiting: None,
            as_now: None,
        };
        while !self.stop.is_cancelled() && claim.holds().await {
            if !turn.take(claim.as_ref()).await? && !self.pause(PAUSE).await {
                break;
            }
        }
        Ok(())
    }
}

/// What day it is where the company keeps its books.
fn clock(policy: &Policy) -> impl Fn() -> Date + Send + Sync + use<> {
    let calendar = policy.calendar.clone();
    move || calendar.today()
}

/// What the node that has the claim does again and again.
pub struct Turn {
    store: Insight,
    policy: Arc<Policy>,
    remind: Option<Remind>,
    today: Box<dyn Fn() -> Date + Send + Sync>,
    looked: Instant,
    next_look: Duration,
    /// Dealers whose stock is still to be looked at, each from a moment on; absent until it is known which.
    waiting: Option<BTreeMap<Uuid, Timestamp>>,
    /// The live generation, once it is known whether it counts as the company does now.
    as_now: Option<i32>,
}

impl Turn {
    /// Of a node that needs no claim: nobody else is there.
    pub fn alone(store: Insight, policy: Arc<Policy>) -> Self {
        let today = Box::new(clock(&policy));
        Self {
            store,
            policy,
            remind: None,
            today,
            looked: Instant::now(),
            next_look: Duration::ZERO,
            waiting: None,
            as_now: None,
        }
    }

    /// The same, which gives the reminders and the demand that are due on a day.
    #[must_use]
    pub fn reminding(self, remind: Remind, today: fn() -> Date) -> Self {
        Self {
            remind: Some(remind),
            today: Box::new(today),
            ..self
        }
    }

    /// Brings every generation on by a portion. Returns whether there was anything to do.
    ///
    /// # Errors
    /// When the store cannot be reached, or another node has been faster.
    pub async fn take(&mut self, claim: &dyn Claim) -> Result<bool, StoreError> {
        let generations = self.store.generations().await?;
        let Some(live) = generations.iter().find(|generation| generation.live == 1) else {
            let time_zone = self.policy.calendar.time_zone();
            self.store.begin_generation(1, true, time_zone).await?;
            return Ok(true);
        };
        if self.renew(live, &generations).await? {
            return Ok(true);
        }
        let mut busy = self.advance(live, claim).await?
            || self.look(live).await?
            || self.score(live.generation).await? > 0
            || self.replenish(live.generation).await?;
        for other in generations.iter().filter(|generation| generation.live == 0) {
            busy |= self.bring_up(live, other, claim).await?;
        }
        Ok(busy)
    }

    fn books(&self, generation: i32) -> Books {
        Books {
            store: self.store.clone(),
            generation,
        }
    }

    /// Begins to make the live generation anew where it does not count as the company does now, which only the
    /// documents tell: by the days of another time zone, or, by a node of an older release, products by quarter.
    /// Asked once of each live generation. Returns whether it began.
    async fn renew(&mut self, live: &Generation, all: &[Generation]) -> Result<bool, StoreError> {
        if self.as_now == Some(live.generation) {
            return Ok(false);
        }
        let calendar = &self.policy.calendar;
        let other_days = live.time_zone != calendar.time_zone();
        let has_quarters = self.store.has_quarters(live.generation).await?;
        let renew = other_days || has_quarters;
        // One that was left behind by a swap, or was begun with the days of another zone, is removed first.
        if renew && all.iter().any(|other| self.is_none(other, live)) {
            return Ok(false);
        }
        self.as_now = Some(live.generation);
        if !renew || all.len() > 1 {
            return Ok(false);
        }
        rebuild(&self.store, calendar).await?;
        tracing::info!(
            generation = live.generation,
            was = live.time_zone,
            time_zone = calendar.time_zone(),
            has_quarters,
            "the projections are made anew, by the days of the company's time zone and with products by month"
        );
        Ok(true)
    }

    /// Whether a generation beside the live one leads to nothing.
    fn is_none(&self, other: &Generation, live: &Generation) -> bool {
        other.generation < live.generation
            || other.generation > live.generation
                && other.time_zone != self.policy.calendar.time_zone()
    }

    /// Enters the next portion.
    async fn advance(
        &self,
        generation: &Generation,
        claim: &dyn Claim,
    ) -> Result<bool, StoreError> {
        let page = self.store.journaled(generation.position, PORTION).await?;
        if page.through == generation.position || !claim.holds().await {
            return Ok(false);
        }
        let books = self.books(generation.generation);
        books
            .enter(&self.policy, generation.position, &page)
            .await?;
        metrics::counter!("tenon_insight_messages_total").increment(page.entries.len() as u64);
        Ok(!page.entries.is_empty())
    }

    /// Brings the generation on that is built beside the live one, and swaps them when it has come up to
    /// it; one that leads to nothing is removed.
    async fn bring_up(
        &mut self,
        live: &Generation,
        other: &Generation,
        claim: &dyn Claim,
    ) -> Result<bool, StoreError> {
        if self.is_none(other, live) {
            self.store.discard(other.generation).await?;
            return Ok(true);
        }
        if other.position == 0 {
            self.take_over(live, other).await?;
        }
        self.advance(other, claim).await?;
        // As far as the live one, not as far as the journal: that has no end while messages come.
        let reached = self.position(other.generation).await?;
        if reached < self.position(live.generation).await? {
            return Ok(true);
        }
        // Nobody is to see customers without scores. A whole portion is followed by more; fewer are those
        // that the last messages changed.
        if self.score(other.generation).await? == SCORED as usize || !claim.holds().await {
            return Ok(true);
        }
        let books = self.books(other.generation);
        while books.identify(&self.policy, reached).await? > 0 {}
        self.store.go_live(other.generation).await?;
        tracing::info!(
            generation = other.generation,
            "the projections are made anew"
        );
        Ok(true)
    }

    async fn position(&self, generation: i32) -> Result<i64, StoreError> {
        let generations = self.store.generations().await?;
        let found = generations
            .iter()
            .find(|found| found.generation == generation);
        Ok(found.map_or(0, |found| found.position))
    }

    /// What the journal has forgotten is taken from the live generation.
    async fn take_over(&self, live: &Generation, other: &Generation) -> Result<(), StoreError> {
        self.store
            .take_over(live.generation, other.generation)
            .await?;
        let begins = self.store.journal_begins().await?;
        let books = self.books(other.generation);
        let mut after: Option<Uuid> = None;
        loop {
            let rows = self
                .store
                .documents_before(live.generation, begins - 1, after, PORTION)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.id);
            let documents = rows.into_iter().map(Document::from_row);
            let documents = documents.collect::<Result<Vec<_>, _>>();
            let documents = documents.map_err(StoreError::Bug)?;
            // A crash in the middle begins it anew: what is there already must not count twice.
            let ids: Vec<Uuid> = documents.iter().map(|document| document.id).collect();
            let there = self.store.documents(other.generation, &ids).await?;
            let fresh = documents
                .into_iter()
                .filter(|document| there.iter().all(|row| row.id != document.id));
            books.take_over(&self.policy, 0, fresh.collect()).await?;
        }
    }

    /// Looks for references that are known by now.
    async fn look(&mut self, live: &Generation) -> Result<bool, StoreError> {
        if self.looked.elapsed() < self.next_look {
            return Ok(false);
        }
        let began = Instant::now();
        let position = self.position(live.generation).await?;
        let changed = self
            .books(live.generation)
            .identify(&self.policy, position)
            .await?;
        self.looked = Instant::now();
        self.next_look = LOOK.max(began.elapsed() * SPARE);
        Ok(changed > 0)
    }

    /// Scores a portion of the customers whose facts have changed, and returns how many.
    async fn score(&mut self, generation: i32) -> Result<usize, StoreError> {
        let today = (self.today)();
        let ids = self
            .store
            .unscored(generation, day_number(today), SCORED)
            .await?;
        if ids.is_empty() {
            return Ok(0);
        }
        // Before the scores, which say that these customers were looked at today. Demand comes after them:
        // who is still waited for is asked about again by whoever goes on.
        if let Some(remind) = &self.remind {
            care::remind(&self.store, &self.policy, generation, &ids, today, remind).await?;
        }
        score::score(&self.store, &self.policy, generation, &ids, today).await?;
        if let Some(waiting) = &mut self.waiting {
            waiting.extend(ids.iter().map(|id| (*id, Timestamp::UNIX_EPOCH)));
        }
        Ok(ids.len())
    }

    /// Asks for what dealers need whose facts have changed, and then not for a while.
    async fn replenish(&mut self, generation: i32) -> Result<bool, StoreError> {
        let (Some(terms), Some(give)) = (&self.policy.replenishment, &self.remind) else {
            return Ok(false);
        };
        let waiting = match &mut self.waiting {
            Some(waiting) => waiting,
            // Who was waited for is not noted anywhere: at first it may have been anybody.
            unknown => {
                let stocked = self.store.stocked_dealers(generation).await?.into_iter();
                unknown.insert(stocked.map(|id| (id, Timestamp::UNIX_EPOCH)).collect())
            }
        };
        let (today, now) = ((self.today)(), Timestamp::now());
        let due = waiting.iter().filter(|(_, from)| **from <= now);
        let due: Vec<Uuid> = due.map(|(id, _)| *id).take(SCORED as usize).collect();
        if due.is_empty() {
            return Ok(false);
        }
        let (settled, later) = settled(&self.store, terms, generation, due, today, now).await?;
        replenish(&self.store, &self.policy, generation, &settled, today, give).await?;
        for id in &settled {
            waiting.remove(id);
        }
        waiting.extend(later);
        Ok(true)
    }
}
