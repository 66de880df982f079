//! Grades of customers: given with what they bring, or declined; and a person's word on how well a
//! customer works with us.
//!
//! A grade is pinned: it wins over what systems say until it is changed or released. A grade that is
//! declined, and a person's word, change no golden record; the journal keeps them, and scores heed them.

use serde_json::{Value, json};
use tenon_core::MasterId;
use tenon_core::customer::{CreditTerms, Grade};

use super::decide::{Desk, Effects, Refusal, refuse};

/// The longest term, in days.
const LONGEST: u32 = 3650;

impl Desk<'_> {
    pub(super) fn grade(
        &self,
        id: MasterId,
        grade: Grade,
        credit_days: Option<u32>,
        priority: Option<u32>,
    ) -> Result<Effects, Refusal> {
        let row = self.living(id)?;
        self.reasoned()?;
        if credit_days.is_some_and(|days| days > LONGEST) {
            return refuse(
                "grade.credit_days",
                format!("terms are of at most {LONGEST} days"),
            );
        }
        if priority.is_some_and(|priority| !(1..=9).contains(&priority)) {
            return refuse("grade.priority", "a priority is from 1 to 9");
        }
        let mut pins = row.sources.pins.clone();
        self.set(&mut pins, "grade", json!(grade));
        if let Some(days) = credit_days {
            let terms = row.golden.customer.credit_terms.clone().unwrap_or_default();
            let terms = CreditTerms {
                days: Some(days),
                ..terms
            };
            let terms = serde_json::to_value(terms).unwrap_or(Value::Null);
            self.set(&mut pins, "credit_terms", terms);
        }
        if let Some(priority) = priority {
            self.set(&mut pins, "priority", json!(priority));
        }
        Ok(self.changed(row, pins))
    }

    pub(super) fn decline_grade(&self, id: MasterId) -> Result<Effects, Refusal> {
        self.living(id)?;
        self.reasoned()?;
        Ok(Effects::default())
    }

    pub(super) fn rate(&self, id: MasterId, cooperation: u8) -> Result<Effects, Refusal> {
        self.living(id)?;
        if cooperation > 100 {
            return refuse("rate.value", "cooperation is rated from 0 to 100");
        }
        Ok(Effects::default())
    }

    fn reasoned(&self) -> Result<(), Refusal> {
        match self.command.because.trim().is_empty() {
            true => refuse("grade.reason", "say why: the reason stays with the grade"),
            false => Ok(()),
        }
    }
}
