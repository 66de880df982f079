//! Care: who should be looked after, told to those who do, as messages like any other.
//!
//! A reminder follows from facts and a day alone, and its number from what it is about, so that it is given
//! once, however often it is found. It is an interaction that is still to come: a system that is given
//! interactions is given reminders.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::customer::{Customer, Grade};
use tenon_core::interaction::{Interaction, InteractionDirection, InteractionKind};
use tenon_core::money::Decimal;
use tenon_core::{Entity, MasterId, Reference, Timestamp};
use tenon_store::insight::{CareFacts, GivenReminder};
use tenon_store::{Insight, StoreError};
use uuid::Uuid;

use crate::days::{day_number, day_of};
use crate::policy::{Care, Language, Policy};

/// Gaps between orders from which a cycle is read: the latest.
const GAPS: usize = 12;
/// Days back to which orders are looked at.
const LOOK_BACK: i32 = 1_200;
/// The shortest cycle: who orders more often needs no reminder.
const SHORTEST_CYCLE: i32 = 7;
/// After so many cycles without an order a customer has gone elsewhere, and no reorder is expected of it.
const LOST_AFTER: i32 = 3;
/// Days after which is forgotten that a reminder was given: no occasion comes back later.
const REMEMBERED: i32 = 800;
/// The longest name in a line.
const NAME: usize = 80;

/// Why somebody is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Occasion {
    Revisit,
    Birthday,
    Anniversary,
    Reorder,
}

impl Occasion {
    /// Its name in numbers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revisit => "revisit",
            Self::Birthday => "birthday",
            Self::Anniversary => "anniversary",
            Self::Reorder => "reorder",
        }
    }
}

/// A day of a customer's person that comes back each year, as the projections keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    what: Occasion,
    who: String,
    /// Month and day: `03-07`.
    on: String,
}

/// What the projections keep of a golden record for reminders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days: Vec<Remembered>,
}

impl Kept {
    /// Of a golden record.
    pub(crate) fn of(customer: &Customer) -> Self {
        let days = customer.contacts.iter().flat_map(|contact| {
            let kept = |what, day: &Option<String>| {
                // A year may stand before it, and says nothing here.
                let on = day
                    .as_deref()?
                    .get(day.as_deref()?.len().checked_sub(5)?..)?;
                Some(Remembered {
                    what,
                    who: contact.name.clone(),
                    on: on.to_owned(),
                })
            };
            [
                kept(Occasion::Birthday, &contact.birthday),
                kept(Occasion::Anniversary, &contact.anniversary),
            ]
        });
        Self {
            days: days.flatten().collect(),
        }
    }
}

/// Something that somebody should do about a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Names it: the same occasion has the same number.
    pub number: String,
    /// The customer.
    pub customer: Uuid,
    /// Why.
    pub occasion: Occasion,
    /// The day that it is about.
    pub due: Date,
    /// It in one line.
    pub subject: String,
    /// The customer's person, where it is about one.
    pub contact: Option<String>,
    /// Who should.
    pub owner: String,
}

impl Reminder {
    /// As an interaction that is still to come, told at the moment at which today begins.
    pub fn interaction(&self, today: Timestamp) -> Interaction {
        Interaction {
            number: self.number.clone(),
            customer: Reference::Master {
                master_id: MasterId(self.customer),
            },
            kind: InteractionKind::Reminder,
            direction: Some(InteractionDirection::Outbound),
            subject: self.subject.clone(),
            content: None,
            contact: self.contact.clone(),
            happened_at: today,
            minutes: None,
            opportunity: None,
            order: None,
            case: None,
            next_step: Some(self.occasion.as_str().to_owned()),
            next_on: Some(self.due),
            owner: self.owner.clone(),
        }
    }
}

/// What the hub says of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is.
    pub entity: Entity,
    /// Names it: the same occasion has the same number.
    pub number: String,
    /// As its schema has it.
    pub body: Bytes,
}

/// Takes what the hub says of its own accord; on `Ok` each is durable.
pub type Remind = Arc<
    dyn Fn(Vec<Told>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync,
>;

/// Gives the reminders that are due for these customers, each once.
pub(crate) async fn remind(
    store: &Insight,
    policy: &Policy,
    generation: i32,
    ids: &[Uuid],
    today: Date,
    give: &Remind,
) -> Result<(), StoreError> {
    let Some(care) = &policy.care else {
        return Ok(());
    };
    let day = day_number(today);
    let (facts, ordered) = store
        .care_facts(generation, ids, day - LOOK_BACK, day)
        .await?;
    let mut orders: HashMap<Uuid, Vec<i32>> = HashMap::new();
    for (id, day) in ordered {
        orders.entry(id).or_default().push(day);
    }
    let mut reminders: Vec<Reminder> = facts
        .iter()
        .flat_map(|facts| due(policy, care, facts, orders.get(&facts.id), today))
        .collect();
    let numbers: Vec<String> = reminders.iter().map(|one| one.number.clone()).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let before = store.given_reminders(&numbers).await?;
    reminders.retain(|reminder| !before.contains(&reminder.number));
    if reminders.is_empty() {
        return Ok(());
    }
    let begin = policy.calendar.begin_of(today);
    let bodies = reminders.iter().map(|reminder| {
        let body = serde_json::to_vec(&reminder.interaction(begin)).unwrap_or_default();
        Told {
            entity: Entity::Interaction,
            number: reminder.number.clone(),
            body: Bytes::from(body),
        }
    });
    // Noted when they are durable: a crash between gives one again, under the number that it had.
    give(bodies.collect())
        .await
        .map_err(StoreError::Unavailable)?;
    let given: Vec<GivenReminder> = reminders
        .iter()
        .map(|reminder| GivenReminder {
            number: reminder.number.clone(),
            customer: reminder.customer,
            kind: reminder.occasion.as_str().to_owned(),
            due: day_number(reminder.due),
            made_on: day,
        })
        .collect();
    for reminder in &given {
        metrics::counter!("tenon_reminders_total", "kind" => reminder.kind.clone()).increment(1);
    }
    store.note_reminders(&given, day - REMEMBERED).await
}

/// The reminders that are due on a day: pure. `orders` are the days on which the customer ordered, in order.
pub(crate) fn due(
    policy: &Policy,
    care: &Care,
    facts: &CareFacts,
    orders: Option<&Vec<i32>>,
    today: Date,
) -> Vec<Reminder> {
    let day = day_number(today);
    let name = facts.name.as_deref().or(facts.code.as_deref());
    let name: String = name.unwrap_or("?").chars().take(NAME).collect();
    let owner = facts.owner.as_ref().unwrap_or(&care.owner);
    let remind = |occasion: Occasion, about: &str, due: Date, subject: String| {
        let id = facts.id.to_string();
        let number = MasterId::derive(&["care", occasion.as_str(), &id, about]).0;
        Reminder {
            number: format!("{}-{}", occasion.as_str(), number.simple()),
            customer: facts.id,
            occasion,
            due,
            subject,
            contact: None,
            owner: owner.clone(),
        }
    };
    let mut due = Vec::new();
    if let Some((met, each)) = facts.met_on.zip(revisit_days(policy, care, facts))
        && day - met >= each
    {
        let since = day - met;
        let periods = since / each;
        let subject = care.language.revisit(&name, since, day_of(met));
        let on = day_of(met + periods * each);
        due.push(remind(
            Occasion::Revisit,
            &format!("{met}/{periods}"),
            on,
            subject,
        ));
    }
    let kept: Kept = serde_json::from_str(&facts.facts).unwrap_or_default();
    if let Some(ahead) = care.days_before {
        for remembered in kept.days {
            let Some(on) = next(&remembered.on, today) else {
                continue;
            };
            if day_number(on) - day > i32::from(ahead) {
                continue;
            }
            let about = format!("{}/{}", remembered.who, on.year());
            let subject = care.language.day(remembered.what, &name, on);
            let reminder = remind(remembered.what, &about, on, subject);
            due.push(Reminder {
                contact: Some(remembered.who),
                ..reminder
            });
        }
    }
    if let Some((last, cycle)) = orders.and_then(|days| cycle(days, care.orders)) {
        let late = Decimal::from(cycle) * care.patience;
        let late: i32 = late.round().try_into().unwrap_or(cycle);
        let expected = last + cycle;
        if day >= expected + late && day < last + cycle * LOST_AFTER {
            let subject = care.language.reorder(&name, cycle, day_of(expected));
            due.push(remind(
                Occasion::Reorder,
                &last.to_string(),
                day_of(expected),
                subject,
            ));
        }
    }
    due
}

/// Days after which the customer's grade wants it met again.
fn revisit_days(policy: &Policy, care: &Care, facts: &CareFacts) -> Option<i32> {
    let grade = serde_json::from_value::<Grade>(facts.grade.as_deref()?.into()).ok()?;
    let days = policy.grades.of(grade).revisit_days?;
    (care.revisit && days > 0).then(|| days.into())
}

/// The last day of an order, and how many days usually lie between two: the median of the latest gaps.
/// `None` with fewer than `least` orders, or where they come so often that nobody needs a reminder.
fn cycle(days: &[i32], least: u16) -> Option<(i32, i32)> {
    let last = *days.last()?;
    if least == 0 || days.len() < usize::from(least.max(2)) {
        return None;
    }
    let gaps = days.windows(2).rev().take(GAPS);
    let mut gaps: Vec<i32> = gaps.map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2];
    (median >= SHORTEST_CYCLE).then_some((last, median))
}

/// The next time, from a day on, that a month and day come. Who was born on a 29 February has it on the
/// 28th in most years.
fn next(on: &str, today: Date) -> Option<Date> {
    let (month, day) = on.split_once('-')?;
    let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
    let in_year = |year: i16| {
        let first = Date::new(year, month, 1).ok()?;
        Date::new(year, month, day.min(first.days_in_month())).ok()
    };
    let this = in_year(today.year())?;
    match this >= today {
        true => Some(this),
        false => in_year(today.year() + 1),
    }
}

impl Language {
    fn revisit(self, name: &str, since: i32, met: Date) -> String {
        match self {
            Self::En => format!("Call on {name}: {since} days since the last contact on {met}"),
            Self::Zh => format!("回访{name}：距上次联系（{met}）已 {since} 天"),
        }
    }

    fn day(self, what: Occasion, name: &str, on: Date) -> String {
        match (self, what) {
            (Self::En, Occasion::Birthday) => format!("Birthday of a contact at {name} on {on}"),
            (Self::En, _) => format!("Anniversary of a contact at {name} on {on}"),
            (Self::Zh, Occasion::Birthday) => format!("{name}的联系人生日：{on}"),
            (Self::Zh, _) => format!("{name}的联系人纪念日：{on}"),
        }
    }

    fn reorder(self, name: &str, cycle: i32, expected: Date) -> String {
        match self {
            Self::En => {
                format!("{name} orders every {cycle} days; an order was expected on {expected}")
            }
            Self::Zh => format!("{name}通常每 {cycle} 天订货一次，预计 {expected} 再次订货"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn facts() -> CareFacts {
        CareFacts {
            id: Uuid::from_u128(7),
            code: Some("CK".to_owned()),
            name: Some("川可".to_owned()),
            owner: Some("li".to_owned()),
            grade: Some("diamond".to_owned()),
            facts: "{}".to_owned(),
            met_on: Some(day_number(date("2026-03-01"))),
        }
    }

    /// What is due on a day, each by its occasion and the day that it is about.
    fn check(care: &Care, facts: &CareFacts, orders: &[&str], today: &str, expected: &[&str]) {
        let orders: Vec<i32> = orders.iter().map(|day| day_number(date(day))).collect();
        let found = due(&Policy::default(), care, facts, Some(&orders), date(today));
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{} {}", one.occasion.as_str(), one.due))
            .collect();
        assert_eq!(told, expected, "on {today}");
    }

    #[test]
    fn a_customer_is_met_again_after_the_days_of_its_grade() {
        let care = Care::default();
        check(&care, &facts(), &[], "2026-03-30", &[]);
        check(&care, &facts(), &[], "2026-03-31", &["revisit 2026-03-31"]);
        // The same reminder until the next period begins.
        check(&care, &facts(), &[], "2026-04-29", &["revisit 2026-03-31"]);
        check(&care, &facts(), &[], "2026-04-30", &["revisit 2026-04-30"]);
        let plain = CareFacts {
            grade: Some("ordinary".to_owned()),
            ..facts()
        };
        check(&care, &plain, &[], "2027-03-31", &[]);
        let off = Care {
            revisit: false,
            ..Care::default()
        };
        check(&off, &facts(), &[], "2026-03-31", &[]);
    }

    #[test]
    fn days_of_people_come_back_each_year() {
        let customer: Customer = serde_json::from_value(serde_json::json!({ "contacts": [
            { "name": "李雷", "birthday": "1980-03-07" },
            { "name": "Ann", "anniversary": "02-29" },
        ] }))
        .unwrap();
        let facts = CareFacts {
            grade: None,
            facts: serde_json::to_string(&Kept::of(&customer)).unwrap(),
            ..facts()
        };
        let care = Care::default();
        check(&care, &facts, &[], "2026-03-03", &[]);
        check(&care, &facts, &[], "2026-03-04", &["birthday 2026-03-07"]);
        check(&care, &facts, &[], "2026-03-07", &["birthday 2026-03-07"]);
        check(&care, &facts, &[], "2026-03-08", &[]);
        check(
            &care,
            &facts,
            &[],
            "2026-02-26",
            &["anniversary 2026-02-28"],
        );
        check(
            &care,
            &facts,
            &[],
            "2028-02-26",
            &["anniversary 2028-02-29"],
        );
        let found = due(&Policy::default(), &care, &facts, None, date("2026-03-05"));
        assert_eq!(found[0].contact.as_deref(), Some("李雷"));
        assert!(!found[0].subject.contains("李雷"), "a name is personal");
        let never = Care {
            days_before: None,
            ..Care::default()
        };
        check(&never, &facts, &[], "2026-03-07", &[]);
    }

    #[test]
    fn an_order_is_expected_by_the_customers_own_cycle() {
        let facts = CareFacts {
            grade: None,
            ..facts()
        };
        let care = Care {
            patience: Decimal::new(2, 1),
            ..Care::default()
        };
        let monthly = ["2026-01-01", "2026-01-31", "2026-03-02", "2026-04-01"];
        check(&care, &facts, &monthly, "2026-05-06", &[]);
        check(
            &care,
            &facts,
            &monthly,
            "2026-05-07",
            &["reorder 2026-05-01"],
        );
        // It has gone elsewhere.
        check(&care, &facts, &monthly, "2026-06-30", &[]);
        // Too few orders, and orders that come by themselves.
        check(&care, &facts, &monthly[1..], "2026-05-07", &[]);
        let daily = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"];
        check(&care, &facts, &daily, "2026-01-08", &[]);
    }

    #[test]
    fn a_reminder_keeps_its_number() {
        let number = |today: &str| {
            let found = due(
                &Policy::default(),
                &Care::default(),
                &facts(),
                None,
                date(today),
            );
            found[0].number.clone()
        };
        assert_eq!(number("2026-03-31"), number("2026-04-10"));
        assert_ne!(number("2026-03-31"), number("2026-05-10"));
        assert!(number("2026-03-31").len() <= 64);
    }
}
