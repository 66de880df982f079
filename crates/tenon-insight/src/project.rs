//! Brings a generation of the projections on: from a portion of the journal to one transaction.
//!
//! What a document gives to months and products is a function of its latest statement alone, so what is
//! written is the difference between two statements; and what an order comes to is made anew from all
//! documents that belong to it. Therefore a statement that comes late, twice or in another order leads to
//! the same figures.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use tenon_core::customer::Customer;
use tenon_core::item::Item;
use tenon_core::{Entity, Fact};
use tenon_store::insight::{
    ContractRow, CustomerRow, ItemRow, JournalEntry, JournalPage, MonthRow, ProductRow, Projection,
    Word,
};
use tenon_store::{Insight, StoreError};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::care::Kept;
use crate::contracts::contracts;
use crate::days::{day_number, month_number, ten_thousandths};
use crate::dealers::Dealings;
use crate::document::{Document, stamp};
use crate::policy::Policy;
use crate::reconcile::Matters;

/// How often documents that belong together are looked for further.
const ROUNDS: usize = 50;

/// One generation and how to bring it on.
#[derive(Clone)]
pub(crate) struct Books {
    pub(crate) store: Insight,
    pub(crate) generation: i32,
}

/// What a portion of the journal states.
#[derive(Debug, Default)]
struct Stated {
    documents: HashMap<Uuid, Document>,
    customers: HashMap<Uuid, CustomerRow>,
    items: HashMap<Uuid, ItemRow>,
    words: HashMap<Uuid, Word>,
    merged: bool,
}

impl Books {
    /// Enters a portion that begins after `from`.
    pub(crate) async fn enter(
        &self,
        policy: &Policy,
        from: i64,
        page: &JournalPage,
    ) -> Result<(), StoreError> {
        let stated = read(&page.entries, &policy.calendar);
        let ids: Vec<Uuid> = stated.documents.keys().copied().collect();
        let before = self.load(&ids).await?;
        let changed = stated.documents.into_values().filter_map(|document| {
            let Some(known) = before.get(&document.id) else {
                return Some((document.id, document));
            };
            let document = known.clone().and(document);
            (document != *known).then_some((document.id, document))
        });
        let changed = changed.collect();
        let mut projection = self.changes(policy, changed, before).await?;
        projection.customers = stated.customers.into_values().collect();
        projection.items = stated.items.into_values().collect();
        projection.words = stated.words.into_values().collect();
        projection.merged = stated.merged;
        self.store
            .project(self.generation, from, page.through, &projection)
            .await
    }

    /// Enters documents that stand elsewhere already: in another generation.
    pub(crate) async fn take_over(
        &self,
        policy: &Policy,
        at: i64,
        documents: Vec<Document>,
    ) -> Result<(), StoreError> {
        let changed = documents
            .into_iter()
            .map(|document| (document.id, document));
        let projection = self
            .changes(policy, changed.collect(), HashMap::new())
            .await?;
        self.store
            .project(self.generation, at, at, &projection)
            .await
    }

    /// Puts identities in the place of references that the crosswalk knows by now. Returns how many
    /// documents that changed.
    pub(crate) async fn identify(&self, policy: &Policy, at: i64) -> Result<usize, StoreError> {
        const MOST: u32 = 1_000;
        let found = self.store.found_references(self.generation, MOST).await?;
        if found.is_empty() {
            return Ok(0);
        }
        let ids: BTreeSet<Uuid> = found.iter().map(|reference| reference.document).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let before = self.load(&ids).await?;
        let mut changed = before.clone();
        for reference in found {
            let Ok(entity) = reference.entity.parse::<Entity>() else {
                continue;
            };
            if let Some(document) = changed.get_mut(&reference.document) {
                let (system, id) = (&reference.system, &reference.native_id);
                document.identify(entity, system, id, reference.master_id);
            }
        }
        let projection = self.changes(policy, changed, before).await?;
        self.store
            .project(self.generation, at, at, &projection)
            .await?;
        Ok(ids.len())
    }

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Document>, StoreError> {
        let rows = self.store.documents(self.generation, ids).await?;
        let read = |row| {
            let document = Document::from_row(row).map_err(StoreError::Bug)?;
            Ok((document.id, document))
        };
        rows.into_iter().map(read).collect()
    }

    /// What follows from documents that changed, and from how they stood before.
    async fn changes(
        &self,
        policy: &Policy,
        changed: HashMap<Uuid, Document>,
        before: HashMap<Uuid, Document>,
    ) -> Result<Projection, StoreError> {
        let mut projection = Projection::default();
        let mut figures = Figures::default();
        let mut dealings = Dealings::default();
        let mut touched: BTreeSet<Uuid> = BTreeSet::new();
        let mut numbers: BTreeSet<String> = BTreeSet::new();
        for document in changed.values().chain(before.values()) {
            numbers.extend(document.contract().map(str::to_owned));
        }
        for document in changed.values() {
            let old = before.get(&document.id);
            figures.count(document, 1);
            dealings.count(document, 1);
            touched.insert(document.party);
            if let Some(old) = old {
                figures.count(old, -1);
                dealings.count(old, -1);
                touched.insert(old.party);
            }
            projection.stock.extend(document.stock_row());
            projection.documents.push(document.row());
            projection.pending.extend(document.pending());
            let subjects = document.facts.subjects.iter();
            projection
                .links
                .extend(subjects.map(|subject| (subject.id, document.id)));
        }
        let together = self.together(changed, &before).await?;
        let rows = Matters::new(&together, &policy.reconciliation.tolerance).rows();
        // Orders of others that are only looked at to divide a document change with it as well.
        touched.extend(rows.rows.iter().map(|row| row.party));
        let contracts = rows.rows.iter().filter_map(|row| row.contract.clone());
        numbers.extend(contracts);
        projection.contracts = self.contracts(policy, numbers, together).await?;
        projection.orders = rows.rows;
        projection.gone = rows.gone;
        (projection.months, projection.products) = figures.rows();
        dealings.enter(&mut projection);
        projection.touched = touched.into_iter().collect();
        Ok(projection)
    }

    /// Contracts of these numbers, as their documents tell them: those that changed, and those that are kept.
    async fn contracts(
        &self,
        policy: &Policy,
        mut numbers: BTreeSet<String>,
        mut documents: HashMap<Uuid, Document>,
    ) -> Result<Vec<ContractRow>, StoreError> {
        // An order that a contract named may have stood under it.
        let told = documents.values().filter(|document| document.is_contract());
        numbers.extend(told.map(|document| document.number.clone()));
        let asked: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let kept = self
            .store
            .contract_documents(self.generation, &asked)
            .await?;
        for row in kept {
            if documents.contains_key(&row.id) {
                continue;
            }
            let document = Document::from_row(row).map_err(StoreError::Bug)?;
            documents.insert(document.id, document);
        }
        let tolerance = &policy.reconciliation.tolerance;
        Ok(contracts(&numbers, &documents, tolerance))
    }

    /// All documents that belong together with those that changed.
    async fn together(
        &self,
        changed: HashMap<Uuid, Document>,
        before: &HashMap<Uuid, Document>,
    ) -> Result<HashMap<Uuid, Document>, StoreError> {
        let mut wanted: HashSet<Uuid> = HashSet::new();
        for document in changed.values().chain(before.values()) {
            wanted.extend(subjects(document));
        }
        let mut together = changed;
        let mut followed: HashSet<Uuid> = HashSet::new();
        for _ in 0..ROUNDS {
            let next: Vec<Uuid> = wanted.difference(&followed).copied().collect();
            if next.is_empty() {
                break;
            }
            followed.extend(&next);
            let unknown: Vec<Uuid> = next
                .iter()
                .filter(|id| !together.contains_key(*id))
                .copied()
                .collect();
            let mut rows = self.store.documents(self.generation, &unknown).await?;
            rows.extend(self.store.documents_of(self.generation, &next).await?);
            for row in rows {
                if together.contains_key(&row.id) {
                    continue;
                }
                let document = Document::from_row(row).map_err(StoreError::Bug)?;
                wanted.extend(subjects(&document));
                together.insert(document.id, document);
            }
        }
        Ok(together)
    }
}

/// Under what a document is to be found together with others: what it names, and itself where others
/// name it.
fn subjects(document: &Document) -> impl Iterator<Item = Uuid> + '_ {
    let own = matches!(document.entity, Entity::Order | Entity::Invoice).then_some(document.id);
    let named = document.facts.subjects.iter().map(|subject| subject.id);
    named.chain(own)
}

fn read(entries: &[JournalEntry], calendar: &Calendar) -> Stated {
    let mut stated = Stated::default();
    for entry in entries {
        let attributes = &entry.attributes;
        match (attributes.kind.fact, attributes.entity()) {
            (Fact::Commanded, _) => stated.command(entry),
            (fact, Entity::Customer) => {
                stated.merged |= fact != Fact::Changed;
                stated.customer(entry, calendar);
            }
            (_, Entity::Item) => stated.item(entry),
            _ => stated.document(entry, calendar),
        }
    }
    stated
}

impl Stated {
    fn document(&mut self, entry: &JournalEntry, calendar: &Calendar) {
        let (position, body) = (entry.position, &entry.canonical);
        let read = Document::read(&entry.attributes, position, body, calendar);
        match read {
            Ok(None) => {}
            Ok(Some(document)) => {
                let document = match self.documents.remove(&document.id) {
                    Some(known) => known.and(document),
                    None => document,
                };
                self.documents.insert(document.id, document);
            }
            Err(reason) => not_counted(entry, &reason),
        }
    }

    fn customer(&mut self, entry: &JournalEntry, calendar: &Calendar) {
        let attributes = &entry.attributes;
        let (Some(id), Some(version)) = (attributes.master_id, attributes.sequence) else {
            return;
        };
        let customer: Customer = match serde_json::from_slice(&entry.canonical) {
            Ok(customer) => customer,
            Err(error) => return not_counted(entry, &error.to_string()),
        };
        let known_on = Some(day_number(calendar.day_of(attributes.occurred_at)));
        let row = customer_row(id.0, version, customer, known_on);
        match self.customers.get_mut(&id.0) {
            None => {
                self.customers.insert(id.0, row);
            }
            Some(known) => {
                let first = known.known_on.min(row.known_on);
                if known.version < row.version {
                    *known = row;
                }
                known.known_on = first;
            }
        }
    }

    fn item(&mut self, entry: &JournalEntry) {
        let attributes = &entry.attributes;
        let Some(id) = attributes.master_id else {
            return;
        };
        let item: Item = match serde_json::from_slice(&entry.canonical) {
            Ok(item) => item,
            Err(error) => return not_counted(entry, &error.to_string()),
        };
        let row = ItemRow {
            id: id.0,
            stamp: stamp(attributes),
            code: item.code,
            name: item.name,
            cost: item.standard_cost.and_then(ten_thousandths),
            currency: item.cost_currency.map(|currency| currency.to_string()),
        };
        match self.items.get(&id.0) {
            Some(known) if known.stamp >= row.stamp => {}
            _ => {
                self.items.insert(id.0, row);
            }
        }
    }

    /// What figures need of a command: that masters were merged or parted, and what a person said.
    fn command(&mut self, entry: &JournalEntry) {
        #[derive(Deserialize)]
        struct Command {
            act: BTreeMap<String, serde_json::Value>,
        }
        #[derive(Deserialize)]
        struct Said {
            master: Uuid,
            grade: Option<String>,
            cooperation: Option<i32>,
        }
        if entry.state != "done" {
            return;
        }
        let Ok(Command { act }) = serde_json::from_slice(&entry.raw) else {
            return;
        };
        for (act, what) in act {
            match act.as_str() {
                "merge" | "unmerge" | "split" | "approve" => self.merged = true,
                "decline_grade" | "rate" => {
                    let Ok(said) = serde_json::from_value::<Said>(what) else {
                        continue;
                    };
                    let word = self.words.entry(said.master).or_insert(Word {
                        id: said.master,
                        cooperation: None,
                        declined: None,
                        stamp: String::new(),
                    });
                    word.stamp = stamp(&entry.attributes);
                    word.cooperation = said.cooperation.or(word.cooperation);
                    word.declined = said.grade.or(word.declined.take());
                }
                _ => {}
            }
        }
    }
}

fn not_counted(entry: &JournalEntry, reason: &str) {
    metrics::counter!("tenon_insight_not_counted_total", "entity" => entry.attributes.entity().as_str())
        .increment(1);
    tracing::info!(
        message.id = %entry.attributes.id, reason, "a message is not counted in figures"
    );
}

/// A word of the customer's schema, as text.
fn word<T: serde::Serialize>(value: T) -> Option<String> {
    serde_json::to_value(value)
        .ok()?
        .as_str()
        .map(str::to_owned)
}

fn customer_row(id: Uuid, version: i64, customer: Customer, known_on: Option<i32>) -> CustomerRow {
    let facts = serde_json::to_string(&Kept::of(&customer)).unwrap_or_default();
    let days = customer.credit_terms.as_ref().and_then(|terms| terms.days);
    CustomerRow {
        id,
        version,
        code: customer.code,
        name: customer.legal_name.or(customer.short_name),
        kind: word(customer.kind),
        stage: customer.stage.and_then(word),
        grade: customer.grade.and_then(word),
        industry: customer.industry,
        source: customer.source,
        owner: customer.owner,
        credit_days: days.and_then(|days| i32::try_from(days).ok()),
        known_on,
        facts,
    }
}

/// What documents add to months and products.
#[derive(Default)]
struct Figures {
    months: BTreeMap<(Uuid, i32, String), MonthRow>,
    products: BTreeMap<(Uuid, Uuid, i32, String), ProductRow>,
}

impl Figures {
    /// Counts what a document gives; with `sign` -1 it is taken back.
    fn count(&mut self, document: &Document, sign: i64) {
        let (Some(day), Some(currency), true) =
            (document.day, &document.currency, document.facts.counts)
        else {
            return;
        };
        let month = month_number(day);
        let number = |amount: Option<_>| sign * amount.and_then(ten_thousandths).unwrap_or(0);
        let (net, gross) = (number(document.facts.net), number(document.amount));
        let key = (document.party, month, currency.clone());
        let figures = |row: &mut MonthRow| match document.entity {
            Entity::Order => {
                row.orders += sign;
                row.ordered += net;
            }
            Entity::Invoice => {
                row.invoiced += net;
                row.billed += gross;
            }
            Entity::Receipt => row.received += gross,
            _ => {}
        };
        match document.entity {
            Entity::Order | Entity::Invoice | Entity::Receipt => {
                figures(self.months.entry(key).or_insert_with(|| MonthRow {
                    party: document.party,
                    month,
                    currency: currency.clone(),
                    ..MonthRow::default()
                }));
            }
            _ => return,
        }
        if document.entity != Entity::Order {
            return;
        }
        for line in &document.facts.lines {
            let key = (document.party, line.item, month, currency.clone());
            let row = self.products.entry(key).or_insert_with(|| ProductRow {
                party: document.party,
                item: line.item,
                month,
                currency: currency.clone(),
                quantity: 0,
                amount: 0,
            });
            row.quantity += number(Some(line.quantity));
            row.amount += number(line.net);
        }
    }

    fn rows(self) -> (Vec<MonthRow>, Vec<ProductRow>) {
        let nothing = |row: &MonthRow| {
            [
                row.orders,
                row.ordered,
                row.invoiced,
                row.billed,
                row.received,
            ] == [0; 5]
        };
        let months = self.months.into_values().filter(|row| !nothing(row));
        let products = self.products.into_values();
        let products = products.filter(|row| row.quantity != 0 || row.amount != 0);
        (months.collect(), products.collect())
    }
}
