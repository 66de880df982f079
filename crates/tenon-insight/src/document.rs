//! What documents say, as far as figures need it: from canonical bodies to one shape for all.
//!
//! Pure. Statements of one document are ordered by when they happened, so that whatever order they come
//! in, and however often, the same one is the latest.

mod bodies;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tenon_core::inventory::Inventory;
use tenon_core::money::Decimal;
use tenon_core::sell_out::SellOut;
use tenon_core::{Attributes, Entity, MasterId, Reference};
use tenon_store::insight::{DocumentRow, PendingRow};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::days::{day_number, day_of, ten_thousandths};
use crate::dealers::{self, Stock};

/// A document, as its latest statement has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its identity across systems.
    pub id: Uuid,
    /// What it is.
    pub entity: Entity,
    /// Orders its statements.
    pub stamp: String,
    /// Where the statement stands in the journal.
    pub position: i64,
    /// The customer, when no merge is counted.
    pub party: Uuid,
    /// What people call it.
    pub number: String,
    /// Its day: ordered, shipped, issued, received, opened, stated.
    pub day: Option<Date>,
    /// How far it has come, in its schema's words.
    pub status: String,
    /// An opportunity's outcome; the kind of a case, an interaction, a published document.
    pub outcome: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Where an opportunity came from.
    pub source: Option<String>,
    /// Of its amounts.
    pub currency: Option<String>,
    /// With tax; an opportunity's without.
    pub amount: Option<Decimal>,
    /// A case's verdict.
    pub score: Option<i32>,
    /// The rest.
    pub facts: Facts,
}

/// What reconciliation needs besides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Whether it counts: neither drafted nor cancelled, and not only announced.
    pub counts: bool,
    /// Without tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<Decimal>,
    /// The orders and invoices that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// The stamp of the statement that named them, where that is an older one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_by: Option<String>,
    /// Goods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// The contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// By when the goods are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_on: Option<Date>,
    /// What it says in a line, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What a dealer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<Stock>,
    /// The first day of a report; the last is the document's. Of a contract the first on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins_on: Option<Date>,
    /// The last day on which a contract holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<Date>,
    /// What it names and nobody had told of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Named>,
}

/// An order or invoice that a document names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Which.
    pub id: Uuid,
    /// How much of the document is for it, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
}

/// Goods of one line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The order's line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_line: Option<u32>,
    /// What.
    pub item: Uuid,
    /// How many.
    pub quantity: Decimal,
    /// What that counts; of a dealer's report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Without tax; of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Decimal>,
    /// With tax; of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross: Option<Decimal>,
}

/// A reference in a system's own terms, and the identity that stands for it until it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// What it points at.
    pub entity: Entity,
    /// Whose terms.
    pub system: String,
    /// The id there.
    pub native_id: String,
    /// What stands for it.
    pub assumed: Uuid,
}

/// The entities that are documents.
pub const DOCUMENTS: [Entity; 7] = [
    Entity::Order,
    Entity::Shipment,
    Entity::Invoice,
    Entity::Receipt,
    Entity::Opportunity,
    Entity::Case,
    Entity::Interaction,
];

/// The kind of those published documents that figures count.
const CONTRACT: &str = "contract";

/// What stands before the identity of a message in a stamp, so that stamps sort as moments do.
pub(crate) fn stamp(attributes: &Attributes) -> String {
    stamp_at(attributes.occurred_at, attributes)
}

/// The same for a statement that says itself of which moment it is.
pub(crate) fn stamp_at(at: tenon_core::Timestamp, attributes: &Attributes) -> String {
    let moment = |at: tenon_core::Timestamp| at.as_microsecond().max(0);
    format!(
        "{:017}.{:017}.{}",
        moment(at),
        moment(attributes.accepted_at),
        attributes.id
    )
}

/// Takes references apart, and remembers those that nobody had told of.
#[derive(Default)]
pub(crate) struct References {
    pending: Vec<Named>,
}

impl References {
    pub(crate) fn id(&mut self, entity: Entity, reference: &Reference) -> Uuid {
        // Items of orders are only told apart by it; what they are called is looked up when shown.
        self.named(entity, reference, entity != Entity::Item)
    }

    /// An item that must be known by what everybody calls it.
    pub(crate) fn item(&mut self, reference: &Reference) -> Uuid {
        self.named(Entity::Item, reference, true)
    }

    fn named(&mut self, entity: Entity, reference: &Reference, await_it: bool) -> Uuid {
        match reference {
            Reference::Master { master_id } => master_id.0,
            Reference::Native { system, native_id } => {
                // The identity of a record that is not mastered, if its own system tells of it.
                let assumed = MasterId::derive(&[entity.as_str(), system.as_str(), native_id]).0;
                let named = Named {
                    entity,
                    system: system.to_string(),
                    native_id: native_id.clone(),
                    assumed,
                };
                if await_it && !self.pending.contains(&named) {
                    self.pending.push(named);
                }
                assumed
            }
        }
    }

    fn orders(&mut self, references: &[Reference]) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = Vec::new();
        for reference in references {
            let id = self.id(Entity::Order, reference);
            if !subjects.iter().any(|subject| subject.id == id) {
                subjects.push(Subject { id, amount: None });
            }
        }
        subjects
    }
}

/// A schema's word for a value: the text that it is written as.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

impl Document {
    /// Reads a statement; `None` for an entity that is no document, or one without identity.
    ///
    /// # Errors
    /// Why it cannot be counted.
    pub fn read(
        attributes: &Attributes,
        position: i64,
        body: &[u8],
        calendar: &Calendar,
    ) -> Result<Option<Self>, String> {
        let Some(id) = attributes.master_id else {
            return Ok(None);
        };
        let mut references = References::default();
        let blank = Self {
            id: id.0,
            entity: attributes.entity(),
            stamp: stamp(attributes),
            position,
            party: Uuid::nil(),
            number: String::new(),
            day: Some(calendar.day_of(attributes.occurred_at)),
            status: String::new(),
            outcome: None,
            owner: None,
            source: None,
            currency: None,
            amount: None,
            score: None,
            facts: Facts::default(),
        };
        let mut document = match attributes.entity() {
            Entity::Order => bodies::order(blank, &read(body)?, &mut references),
            Entity::Shipment => bodies::shipment(blank, read(body)?, &mut references),
            Entity::Invoice => bodies::invoice(blank, read(body)?, &mut references),
            Entity::Receipt => bodies::receipt(blank, read(body)?, &mut references),
            Entity::Opportunity => bodies::opportunity(blank, read(body)?, &mut references),
            Entity::Case => bodies::case(blank, read(body)?, &mut references, calendar),
            Entity::Interaction => {
                bodies::interaction(blank, read(body)?, &mut references, calendar)
            }
            Entity::Document => bodies::published(blank, read(body)?, &mut references),
            Entity::Inventory => {
                let stock: Inventory = read(body)?;
                let Some(holder) = &stock.holder else {
                    return Ok(None);
                };
                let stamp = stamp_at(stock.counted_at, attributes);
                let blank = Self { stamp, ..blank };
                dealers::stock(blank, holder, &stock, &mut references, calendar)
            }
            Entity::SellOut => {
                let report: SellOut = read(body)?;
                let stamp = stamp_at(report.reported_at, attributes);
                let blank = Self { stamp, ..blank };
                dealers::report(blank, report, &mut references)?
            }
            _ => return Ok(None),
        };
        document.facts.pending = references.pending;
        document.check()?;
        Ok(Some(document))
    }

    /// The number of the contract that it is, or that it names.
    pub(crate) fn contract(&self) -> Option<&str> {
        match self.is_contract() {
            true => Some(&self.number),
            false => self.facts.contract.as_deref(),
        }
    }

    /// Whether it is a contract, of whatever state.
    pub(crate) fn is_contract(&self) -> bool {
        self.entity == Entity::Document && self.outcome.as_deref() == Some(CONTRACT)
    }

    /// The stamp of the statement that named its orders; absent where none did.
    fn named_by(&self) -> Option<&str> {
        let own = (!self.facts.subjects.is_empty()).then_some(&self.stamp);
        self.facts.named_by.as_ref().or(own).map(String::as_str)
    }

    /// What two statements of one document say together: the newer one holds. Who issues an invoice, or carries the
    /// goods, does not know for which orders that is: those stay that another statement named.
    pub(crate) fn and(self, other: Self) -> Self {
        let (mut newer, older) = match self.stamp >= other.stamp {
            true => (self, other),
            false => (other, self),
        };
        let is_told_in_parts = matches!(newer.entity, Entity::Invoice | Entity::Shipment);
        if is_told_in_parts && older.named_by() > newer.named_by() {
            newer.facts.named_by = older.named_by().map(str::to_owned);
            newer.facts.subjects = older.facts.subjects;
            let is_order = |named: &Named| named.entity == Entity::Order;
            newer.facts.pending.retain(|named| !is_order(named));
            let orders = older.facts.pending.into_iter().filter(is_order);
            newer.facts.pending.extend(orders);
        }
        newer
    }

    /// Refuses amounts and quantities that figures cannot hold.
    fn check(&self) -> Result<(), String> {
        if matches!(self.entity, Entity::Inventory | Entity::SellOut) {
            let most = Decimal::from(dealers::MOST);
            let lines = self.facts.lines.iter().map(|line| line.quantity);
            let stock = self.facts.stock.iter().flat_map(Stock::quantities);
            return match lines.chain(stock).find(|quantity| quantity.abs() > most) {
                Some(quantity) => Err(format!(
                    "{quantity} is too large for figures; what a dealer has or sells is at most {most}"
                )),
                None => Ok(()),
            };
        }
        let amounts = [self.amount, self.facts.net].into_iter().flatten();
        let subjects = self.facts.subjects.iter();
        let subjects = subjects.filter_map(|subject| subject.amount);
        let lines = self.facts.lines.iter();
        let lines = lines
            .flat_map(|line| [Some(line.quantity), line.net, line.gross])
            .flatten();
        match amounts
            .chain(subjects)
            .chain(lines)
            .find(|amount| ten_thousandths(*amount).is_none())
        {
            Some(amount) => Err(format!("{amount} is too large for figures")),
            None => Ok(()),
        }
    }

    /// As its row.
    pub fn row(&self) -> DocumentRow {
        DocumentRow {
            id: self.id,
            entity: self.entity.as_str().to_owned(),
            stamp: self.stamp.clone(),
            position: self.position,
            party: self.party,
            number: self.number.clone(),
            day: self.day.map(day_number),
            status: self.status.clone(),
            outcome: self.outcome.clone(),
            owner: self.owner.clone(),
            source: self.source.clone(),
            currency: self.currency.clone(),
            amount: self.amount.and_then(ten_thousandths),
            score: self.score,
            facts: serde_json::to_string(&Stored {
                amount: self.amount,
                facts: &self.facts,
            })
            .unwrap_or_default(),
        }
    }

    /// From its row.
    ///
    /// # Errors
    /// Why the row is none of ours.
    pub fn from_row(row: DocumentRow) -> Result<Self, String> {
        let stored: Loaded = read(row.facts.as_bytes())?;
        Ok(Self {
            id: row.id,
            entity: row.entity.parse()?,
            stamp: row.stamp,
            position: row.position,
            party: row.party,
            number: row.number,
            day: row.day.map(day_of),
            status: row.status,
            outcome: row.outcome,
            owner: row.owner,
            source: row.source,
            currency: row.currency,
            amount: stored.amount,
            score: row.score,
            facts: stored.facts,
        })
    }

    /// Its references that nobody has told of, as rows.
    pub(crate) fn pending(&self) -> impl Iterator<Item = PendingRow> + '_ {
        self.facts.pending.iter().map(|named| PendingRow {
            document: self.id,
            entity: named.entity.as_str().to_owned(),
            system: named.system.clone(),
            native_id: named.native_id.clone(),
        })
    }

    /// Puts an identity in the place of what stood for it.
    pub(crate) fn identify(&mut self, entity: Entity, system: &str, native_id: &str, id: Uuid) {
        let is_it = |named: &Named| {
            named.entity == entity && named.system == system && named.native_id == native_id
        };
        let Some(place) = self.facts.pending.iter().position(is_it) else {
            return;
        };
        let Named { assumed, .. } = self.facts.pending.remove(place);
        if entity == Entity::Customer {
            if self.party == assumed {
                self.party = id;
            }
            return;
        }
        if entity == Entity::Item {
            let lines = self.facts.lines.iter_mut().map(|line| &mut line.item);
            let stock = self.facts.stock.iter_mut().map(|stock| &mut stock.item);
            for item in lines.chain(stock).filter(|item| **item == assumed) {
                *item = id;
            }
            return;
        }
        for subject in &mut self.facts.subjects {
            if subject.id == assumed {
                subject.id = id;
            }
        }
    }
}

/// What the column `facts` holds: the exact amount too.
#[derive(Serialize)]
struct Stored<'a> {
    amount: Option<Decimal>,
    facts: &'a Facts,
}

#[derive(Deserialize)]
struct Loaded {
    amount: Option<Decimal>,
    facts: Facts,
}
