//! How far a polled source has read: marks, the overlap that is read again, and what was seen in it.
//!
//! Stamps say when a change began, not when it became visible: a transaction that began earlier may
//! commit later. A poll that only asks for what is newer than its newest stamp would miss it, so
//! every pass reads a window again and knows by hash what it has handed over.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// How far behind the newest mark a pass begins: a span for times, a distance for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// For times: `"60s"`.
    Span(Duration),
    /// For rising numbers: `1000`.
    Distance(u64),
}

impl<'de> Deserialize<'de> for Overlap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanOrDistance;
        impl Visitor<'_> for SpanOrDistance {
            type Value = Overlap;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a duration such as \"60s\", or a whole number")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Overlap, E> {
                u64::try_from(number).map(Overlap::Distance).map_err(|_| {
                    E::custom(format!(
                        "`{number}` is negative; an overlap is a distance back"
                    ))
                })
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Overlap, E> {
                Ok(Overlap::Distance(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Overlap, E> {
                let span = text.parse::<SignedDuration>().ok();
                span.and_then(|span| Duration::try_from(span).ok())
                    .map(Overlap::Span)
                    .ok_or_else(|| {
                        E::custom(format!(
                            "`{text}` is no duration such as \"60s\" or \"1h 30m\""
                        ))
                    })
            }
        }
        deserializer.deserialize_any(SpanOrDistance)
    }
}

impl JsonSchema for Overlap {
    fn schema_name() -> Cow<'static, str> {
        "overlap".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "duration, or whole number",
            "unit": "ms, s, m, h, d or w, written with the number; for numbers the field's own",
        })
    }
}

/// A value by which changes are ordered, exactly as the system writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Its text.
    pub(crate) text: String,
    /// Whether it is a number rather than a time.
    pub(crate) number: bool,
}

impl Mark {
    /// The mark that lies `overlap` before this one, in the same notation.
    ///
    /// # Errors
    /// In words, when the overlap does not fit the kind of mark or the mark cannot be read.
    pub(crate) fn back(&self, overlap: Overlap) -> Result<Self, String> {
        let text = match (self.number, overlap) {
            (true, Overlap::Distance(0)) => self.text.clone(),
            (true, Overlap::Distance(distance)) => {
                let value: Decimal = self.text.parse().map_err(|_| {
                    format!(
                        "`{}` has too many digits for an overlap; set overlap = 0",
                        self.text
                    )
                })?;
                value
                    .checked_sub(Decimal::from(distance))
                    .ok_or_else(|| format!("`{}` less {distance} overflows", self.text))?
                    .to_string()
            }
            (false, Overlap::Span(span)) => earlier(&self.text, span)?,
            (true, Overlap::Span(_)) => {
                return Err(format!(
                    "`{}` is a number, so its overlap is one too: overlap = 1000, not a duration",
                    self.text
                ));
            }
            (false, Overlap::Distance(_)) => {
                return Err(format!(
                    "`{}` is a time, so its overlap is a duration: overlap = \"60s\"",
                    self.text
                ));
            }
        };
        Ok(Self {
            text,
            number: self.number,
        })
    }

    /// Which of two marks of one system comes first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        if self.number && other.number {
            if let (Ok(left), Ok(right)) = (self.text.parse::<Decimal>(), other.text.parse()) {
                return left.cmp(&right);
            }
            if let (Ok(left), Ok(right)) = (self.text.parse::<f64>(), other.text.parse::<f64>()) {
                return left.total_cmp(&right);
            }
        }
        if let (Ok(left), Ok(right)) = (Notation::read(&self.text), Notation::read(&other.text))
            && left.zone == right.zone
        {
            return left.moment.cmp(&right.moment);
        }
        if let (Ok(left), Ok(right)) = (
            self.text.parse::<Timestamp>(),
            other.text.parse::<Timestamp>(),
        ) {
            return left.cmp(&right);
        }
        self.text.cmp(&other.text)
    }

    /// The moment that the mark states; one without an offset is taken to be in `zone`.
    pub(crate) fn moment(&self, zone: &TimeZone) -> Option<Timestamp> {
        if self.number {
            return None;
        }
        let notation = Notation::read(&self.text).ok()?;
        if notation.zone.is_empty() {
            return zone.to_timestamp(notation.moment).ok();
        }
        let offset = match notation.zone.as_str() {
            "Z" | "z" => "Z".to_owned(),
            // Some databases write whole hours alone: `+08`.
            short if short.len() == 3 => format!("{short}:00"),
            full => full.to_owned(),
        };
        format!("{}{offset}", notation.moment).parse().ok()
    }
}

/// How a time is written: ISO 8601, with `T` or a blank, any fraction, with or without an offset.
struct Notation {
    moment: DateTime,
    separator: Option<char>,
    fraction: Option<usize>,
    zone: String,
}

impl Notation {
    fn read(text: &str) -> Result<Self, String> {
        let unreadable = || format!("`{text}` is no time such as `2026-03-01 12:00:00`");
        let day = text.get(..10).ok_or_else(unreadable)?;
        let date: Date = day.parse().map_err(|_| unreadable())?;
        let Some(separator) = text[10..].chars().next() else {
            let moment = date.to_datetime(jiff::civil::Time::midnight());
            return Ok(Self {
                moment,
                separator: None,
                fraction: None,
                zone: String::new(),
            });
        };
        if separator != 'T' && separator != ' ' {
            return Err(unreadable());
        }
        let clock = &text[11..];
        let end = clock.find(['+', '-', 'Z', 'z']).unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(end);
        let fraction = clock.split_once('.').map(|(_, digits)| digits.len());
        let moment = format!("{date}T{clock}")
            .parse()
            .map_err(|_| unreadable())?;
        Ok(Self {
            moment,
            separator: Some(separator),
            fraction,
            zone: zone.to_owned(),
        })
    }

    fn write(&self) -> String {
        let date = self.moment.date();
        let Some(separator) = self.separator else {
            return date.to_string();
        };
        let time = self.moment.time();
        let mut text = format!(
            "{date}{separator}{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        );
        if let Some(digits) = self.fraction {
            let nanoseconds = format!("{:09}", time.subsec_nanosecond());
            text.push('.');
            text.push_str(&nanoseconds[..digits.min(9)]);
        }
        text + &self.zone
    }
}

/// The time `span` before `text`, in the same notation, rounded towards the past.
fn earlier(text: &str, span: Duration) -> Result<String, String> {
    let mut notation = Notation::read(text)?;
    let overflow = || format!("`{text}` less {span:?} is before all time");
    let span = SignedDuration::try_from(span).map_err(|_| overflow())?;
    notation.moment = notation.moment.checked_sub(span).map_err(|_| overflow())?;
    Ok(notation.write())
}

/// The 8 bytes by which a record is recognised: the same parts, the same fingerprint.
pub(crate) fn fingerprint(parts: &[&[u8]]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest
        .iter()
        .take(8)
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Fingerprints of what was handed over, in the order of insertion.
///
/// At most [`Seen::IN_MEMORY`] are held (about 24 MiB) and the newest [`Seen::KEPT`] are written to
/// a checkpoint (256 KiB of text). What falls out may be handed over again, with the same event id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    order: VecDeque<u64>,
    members: HashSet<u64>,
}

impl Seen {
    /// How many are held.
    pub(crate) const IN_MEMORY: usize = 1_000_000;
    /// How many survive in a checkpoint.
    pub(crate) const KEPT: usize = 16_384;

    /// Whether `fingerprint` was inserted.
    pub(crate) fn contains(&self, fingerprint: u64) -> bool {
        self.members.contains(&fingerprint)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Takes one in; the oldest gives way when the set is full.
    pub(crate) fn insert(&mut self, fingerprint: u64) {
        if !self.members.insert(fingerprint) {
            return;
        }
        self.order.push_back(fingerprint);
        if self.order.len() > Self::IN_MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
    }

    /// The newest, with `more` after them, as a checkpoint holds them: 16 hexadecimal digits each.
    pub(crate) fn to_text(&self, more: &[u64]) -> String {
        use std::fmt::Write;
        let more: Vec<&u64> = more.iter().filter(|new| !self.contains(**new)).collect();
        let all = self.order.len() + more.len();
        let kept = self
            .order
            .iter()
            .chain(more)
            .skip(all.saturating_sub(Self::KEPT));
        let mut text = String::with_capacity(all.min(Self::KEPT) * 16);
        for fingerprint in kept {
            // Writing to a string cannot fail.
            let _ = write!(text, "{fingerprint:016x}");
        }
        text
    }
}

impl FromIterator<u64> for Seen {
    fn from_iter<I: IntoIterator<Item = u64>>(fingerprints: I) -> Self {
        let mut seen = Self::default();
        fingerprints
            .into_iter()
            .for_each(|fingerprint| seen.insert(fingerprint));
        seen
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text(&[]))
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.as_bytes()
            .chunks(16)
            .map(|digits| {
                std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| D::Error::custom("a fingerprint is 16 hexadecimal digits"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Mark {
        Mark {
            text: text.to_owned(),
            number: false,
        }
    }

    fn number(text: &str) -> Mark {
        Mark {
            text: text.to_owned(),
            number: true,
        }
    }

    #[test]
    fn marks_go_back_in_their_own_notation() {
        let minute = Overlap::Span(Duration::from_secs(60));
        let check = |mark: Mark, overlap, expected: Result<&str, &str>| match (
            mark.back(overlap),
            expected,
        ) {
            (Ok(found), Ok(expected)) => assert_eq!(found.text, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, _) => panic!("{mark:?}: {found:?}"),
        };
        check(
            time("2026-03-01 00:00:30"),
            minute,
            Ok("2026-02-28 23:59:30"),
        );
        check(
            time("2026-03-01 12:00:00.123456+00"),
            minute,
            Ok("2026-03-01 11:59:00.123456+00"),
        );
        check(
            time("2026-03-01T12:00:00.5Z"),
            minute,
            Ok("2026-03-01T11:59:00.5Z"),
        );
        check(
            time("2026-03-01T12:00:00-08:00"),
            minute,
            Ok("2026-03-01T11:59:00-08:00"),
        );
        check(time("2026-03-01"), minute, Ok("2026-02-28"));
        check(
            number("9999999999999999999"),
            Overlap::Distance(1),
            Ok("9999999999999999998"),
        );
        check(number("10.5"), Overlap::Distance(10), Ok("0.5"));
        check(
            number("12345678901234567890123456789012345678"),
            Overlap::Distance(0),
            Ok("12345678901234567890123456789012345678"),
        );
        check(number("1"), minute, Err("overlap = 1000"));
        check(
            time("2026-03-01"),
            Overlap::Distance(5),
            Err("overlap = \"60s\""),
        );
        check(time("infinity"), minute, Err("is no time"));
        check(time("1. März 2026"), minute, Err("is no time"));
    }

    #[test]
    fn moments_are_read_in_their_zone() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let check = |text: &str, expected: Option<&str>| {
            let found = time(text)
                .moment(&shanghai)
                .map(|moment| moment.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("2026-03-01 12:00:00", Some("2026-03-01T04:00:00Z"));
        check("2026-03-01", Some("2026-02-28T16:00:00Z"));
        check("2026-03-01 12:00:00.25+00", Some("2026-03-01T12:00:00.25Z"));
        check("2026-03-01T12:00:00+05:30", Some("2026-03-01T06:30:00Z"));
        check("2026-03-01T12:00:00Z", Some("2026-03-01T12:00:00Z"));
        check("soon", None);
        assert_eq!(number("20260301").moment(&shanghai), None);
    }

    #[test]
    fn marks_are_ordered_by_value() {
        let check = |left: Mark, right: Mark| assert_eq!(left.compare(&right), Ordering::Less);
        check(number("9"), number("10"));
        check(
            number("12345678901234567890123456789012345678"),
            number("1e60"),
        );
        check(time("2026-03-01 12:00:00"), time("2026-03-01 12:00:00.1"));
        check(
            time("2026-03-01 12:00:00+08:00"),
            time("2026-03-01T05:00:00Z"),
        );
    }

    #[test]
    fn the_oldest_gives_way_in_a_checkpoint() {
        let seen: Seen = (0..Seen::KEPT as u64 + 5).collect();
        let kept: Seen = serde_json::from_value(serde_json::to_value(&seen).unwrap()).unwrap();
        assert_eq!(kept.len(), Seen::KEPT);
        assert!(!kept.contains(4) && kept.contains(5));
        assert!(serde_json::from_str::<Seen>("\"12\"").is_ok());
        assert!(serde_json::from_str::<Seen>("\"xy\"").is_err());
    }

    proptest! {
        #[test]
        fn going_back_is_never_going_forward(
            second in 0i64..4_000_000_000, nanosecond in 0i32..1_000_000_000, back in 0u64..10_000_000,
        ) {
            let moment = Timestamp::new(second, nanosecond).unwrap().to_zoned(TimeZone::UTC).datetime();
            for mark in [time(&moment.to_string()), time(&moment.date().to_string())] {
                let before = mark.back(Overlap::Span(Duration::from_secs(back))).unwrap();
                prop_assert_ne!(before.compare(&mark), Ordering::Greater);
                prop_assert!(before.text <= mark.text);
            }
        }

        #[test]
        fn fingerprints_keep_parts_apart(left in "[ab]{0,4}", right in "[ab]{0,4}") {
            let joined = format!("{left}{right}");
            let apart = fingerprint(&[left.as_bytes(), right.as_bytes()]);
            prop_assert_ne!(apart, fingerprint(&[joined.as_bytes()]));
            prop_assert_eq!(apart, fingerprint(&[left.as_bytes(), right.as_bytes()]));
        }
    }
}
