//! How records become columns and columns records, the same for both databases.
//!
//! Nothing here runs SQL. Names of states are those of the tables.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenon_core::{Attributes, MasterId, SystemName, Timestamp};
use uuid::Uuid;

use crate::error::unreadable;
use crate::{
    DeliveryRecord, DeliveryState, GoldenRow, InboundState, JournalRecord, OutcomeState, StoreError,
};

// ---- Text, times, identifiers -----------------------------------------------------------------

/// Text as both databases can keep and compare it: PostgreSQL's text holds no NUL, so a NUL
/// becomes its visible symbol. Bodies and attributes are not touched.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`clean`], for text that may be absent.
pub(crate) fn clean_option(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(clean)
}

/// A moment from microseconds since 1970.
pub(crate) fn timestamp(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|error| unreadable("a time", error))
}

/// A latency in the unit of its column.
pub(crate) fn milliseconds(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1_000.0
}

/// What the number of rows says that a reader's place was written to.
pub(crate) fn moved_on(rows: u64) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Conflict(
            "another reader is further on".to_owned(),
        )),
    }
}

/// A count that the database returned.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A count in the type of its column.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The value below which `share` of the sorted values lie, between two of them in proportion.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

/// Attempts in the type of their column.
pub(crate) fn attempts(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A system's name.
pub(crate) fn system(name: &str) -> Result<SystemName, StoreError> {
    SystemName::new(name).map_err(|error| unreadable("a system", error))
}

/// A record as JSON text.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Bug(format!("a record cannot be written as JSON: {error}")))
}

/// A record from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(what, error))
}

// ---- Attributes -------------------------------------------------------------------------------

/// What every header's name begins with; the column does without.
const PREFIX: &str = "cloudEvents_";

/// The attributes as one JSON object of texts.
pub(crate) fn attributes_text(attributes: &Attributes) -> Result<String, StoreError> {
    struct Headers(Vec<(&'static str, String)>);
    impl Serialize for Headers {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let known = self
                .0
                .iter()
                .filter(|(name, _)| *name != "cloudEvents_specversion");
            serializer.collect_map(
                known.map(|(name, value)| (name.strip_prefix(PREFIX).unwrap_or(name), value)),
            )
        }
    }
    to_json(&Headers(attributes.to_headers()))
}

/// Reads what [`attributes_text`] wrote.
pub(crate) fn attributes(text: &str) -> Result<Attributes, StoreError> {
    let headers: std::collections::BTreeMap<String, String> = from_json("attributes", text)?;
    let headers: Vec<(String, String)> = headers
        .into_iter()
        .map(|(name, value)| (format!("{PREFIX}{name}"), value))
        .collect();
    Attributes::from_headers(
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
    .map_err(|error| unreadable("attributes", error))
}

// ---- Journal ----------------------------------------------------------------------------------

/// The systems of a routed message, joined by commas; none for every other state.
pub(crate) fn targets_text(state: &InboundState) -> String {
    match state {
        InboundState::Routed { targets } => targets
            .iter()
            .map(SystemName::as_str)
            .collect::<Vec<_>>()
            .join(","),
        _ => String::new(),
    }
}

/// Reads what [`targets_text`] wrote.
pub(crate) fn targets(text: &str) -> Result<Vec<SystemName>, StoreError> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(system)
        .collect()
}

/// Why a message is invalid or refused.
pub(crate) fn invalid_detail(state: &InboundState) -> Option<Cow<'_, str>> {
    match state {
        InboundState::Invalid { detail, .. } | InboundState::Refused { detail } => {
            Some(clean(detail))
        }
        _ => None,
    }
}

/// A row of the journal as the databases return it.
pub(crate) struct JournalRow {
    pub(crate) position: i64,
    pub(crate) journaled_at: i64,
    pub(crate) attributes: String,
    pub(crate) business_key: Option<String>,
    pub(crate) origin: String,
    pub(crate) state: String,
    pub(crate) detail: Option<String>,
    pub(crate) targets: String,
}

impl JournalRow {
    pub(crate) fn record(self) -> Result<JournalRecord, StoreError> {
        Ok(JournalRecord {
            position: self.position,
            journaled_at: timestamp(self.journaled_at)?,
            attributes: attributes(&self.attributes)?,
            business_key: self.business_key,
            origin: self.origin,
            state: self.state,
            detail: self.detail,
            targets: targets(&self.targets)?,
        })
    }
}

/// A golden record from its columns.
pub(crate) fn golden_row(
    master_id: Uuid,
    version: i64,
    golden: &str,
    sources: &str,
    merged_into: Option<Uuid>,
) -> Result<GoldenRow, StoreError> {
    Ok(GoldenRow {
        master_id: MasterId(master_id),
        version,
        golden: from_json("a golden record", golden)?,
        sources: from_json("source records", sources)?,
        merged_into: merged_into.map(MasterId),
    })
}

/// Of the code column's values that begin with a stem: those that are the stem, or the stem and
/// a number.
pub(crate) fn is_code_of(stem: &str, code: &str) -> bool {
    code.strip_prefix(stem)
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

// ---- Deliveries -------------------------------------------------------------------------------

impl OutcomeState {
    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        DeliveryState::from(self).as_str()
    }
}

impl From<OutcomeState> for DeliveryState {
    fn from(state: OutcomeState) -> Self {
        match state {
            OutcomeState::Delivered => Self::Delivered,
            OutcomeState::Unchanged => Self::Unchanged,
            OutcomeState::Superseded => Self::Superseded,
            OutcomeState::Filtered => Self::Filtered,
        }
    }
}

impl DeliveryState {
    const ALL: [Self; 6] = [
        Self::Delivered,
        Self::Unchanged,
        Self::Superseded,
        Self::Filtered,
        Self::Parked,
        Self::Dropped,
    ];

    /// The name in tables: `delivered`, `unchanged` …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Filtered => "filtered",
            Self::Parked => "parked",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        text.parse()
            .map_err(|_| unreadable("a delivery's state", text))
    }
}

impl FromStr for DeliveryState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no state of a delivery; there are: {}", names()))
    }
}

/// A row of the deliveries as the databases return it.
pub(crate) struct DeliveryRow {
    pub(crate) system: String,
    pub(crate) state: String,
    pub(crate) detail: String,
    pub(crate) attempts: i32,
    pub(crate) at: i64,
    pub(crate) native_id: Option<String>,
}

impl DeliveryRow {
    pub(crate) fn record(self) -> Result<DeliveryRecord, StoreError> {
        Ok(DeliveryRecord {
            system: system(&self.system)?,
            state: DeliveryState::read(&self.state)?,
            detail: self.detail,
            attempts: self.attempts.unsigned_abs(),
            at: timestamp(self.at)?,
            native_id: self.native_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::Entity;

    use super::*;

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        let check = |sorted: &[f64], share, expected| {
            assert_eq!(percentile(sorted, share), expected, "{share} of {sorted:?}");
        };
        check(&[], 0.5, None);
        check(&[7.0], 0.99, Some(7.0));
        check(&[1.0, 3.0], 0.5, Some(2.0));
        check(&[1.0, 2.0, 10.0], 0.5, Some(2.0));
        check(&[0.0, 100.0], 0.99, Some(99.0));
        check(&[1.0, 2.0, 3.0], 1.0, Some(3.0));
    }

    #[test]
    fn a_code_is_its_stem_and_a_number() {
        let check = |code, expected| assert_eq!(is_code_of("CKMY", code), expected, "{code}");
        check("CKMY", true);
        check("CKMY2", true);
        check("CKMY10", true);
        check("CKM", false);
        check("CKMYX", false);
        check("CKMY2B", false);
    }

    #[test]
    fn attributes_come_back_as_they_were() {
        let source = SystemName::new("crm").unwrap();
        let native_id = Some("客\0\"1".to_owned());
        let mut written = Attributes::received(source, Entity::Order, "order", native_id, None);
        written.sequence = Some(-1);
        let text = attributes_text(&written).unwrap();
        assert!(!text.contains("cloudEvents"), "{text}");
        assert_eq!(attributes(&text), Ok(written));
        assert!(matches!(attributes("{}"), Err(StoreError::Bug(_))));
    }

    #[test]
    fn text_without_a_nul_is_not_copied() {
        assert!(matches!(clean("客户"), Cow::Borrowed("客户")));
        assert_eq!(clean("a\0b"), "a\u{2400}b");
    }

    #[test]
    fn targets_come_back_as_they_were() {
        for names in [&[][..], &["erp"], &["erp", "crm-north"]] {
            let named: Vec<SystemName> = names
                .iter()
                .map(|name| SystemName::new(name).unwrap())
                .collect();
            let state = InboundState::Routed {
                targets: named.clone(),
            };
            assert_eq!(targets(&targets_text(&state)), Ok(named));
        }
        assert!(matches!(targets("ERP"), Err(StoreError::Bug(_))));
    }
}
