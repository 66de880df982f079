//! Where the company's days begin and end.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

/// Where the company's days begin and end: on which day and in which month a moment counts, and which day
/// today is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// The time zone, by its name in the IANA database: `Asia/Shanghai`.
    #[serde(deserialize_with = "named")]
    time_zone: TimeZone,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::UTC,
        }
    }
}

impl Calendar {
    /// The name of its time zone.
    pub fn time_zone(&self) -> &str {
        self.time_zone.iana_name().unwrap_or("UTC")
    }

    /// The day of a moment.
    pub fn day_of(&self, moment: Timestamp) -> Date {
        self.time_zone.to_datetime(moment).date()
    }

    /// The day that it is.
    pub fn today(&self) -> Date {
        self.day_of(Timestamp::now())
    }

    /// The moment at which a day begins; the first after it, where clocks skip midnight.
    pub fn begin_of(&self, day: Date) -> Timestamp {
        let begin = day.to_zoned(self.time_zone.clone());
        begin.map(|begin| begin.timestamp()).unwrap_or_default()
    }
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        serde::de::Error::custom(format!(
            "`{name}` is no time zone of the IANA database, such as \"Asia/Shanghai\""
        ))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar(zone: &str) -> Result<Calendar, String> {
        let given = serde_json::json!({ "time_zone": zone });
        serde_json::from_value(given).map_err(|error| error.to_string())
    }

    #[test]
    fn a_moment_counts_on_the_day_of_the_zone() {
        let check = |zone: &str, moment: &str, expected| {
            let day = calendar(zone).unwrap().day_of(moment.parse().unwrap());
            assert_eq!(day, expected, "{moment} in {zone}");
        };
        check("UTC", "2026-03-31T16:00:00Z", date(2026, 3, 31));
        check("Asia/Shanghai", "2026-03-31T15:59:59Z", date(2026, 3, 31));
        check("Asia/Shanghai", "2026-03-31T16:00:00Z", date(2026, 4, 1));
        check(
            "America/New_York",
            "2026-01-01T04:59:59Z",
            date(2025, 12, 31),
        );
    }

    #[test]
    fn a_day_begins_where_its_zone_says() {
        let check = |zone: &str, day: Date, expected: &str| {
            let begin = calendar(zone).unwrap().begin_of(day);
            assert_eq!(begin.to_string(), expected, "{day} in {zone}");
        };
        check("Asia/Shanghai", date(2026, 4, 1), "2026-03-31T16:00:00Z");
        // Clocks went from 23:59:59 to 01:00.
        check(
            "America/Sao_Paulo",
            date(2018, 11, 4),
            "2018-11-04T03:00:00Z",
        );
    }

    #[test]
    fn a_zone_that_is_none_is_refused() {
        for zone in ["", "CST-8", "Asia/Nowhere"] {
            let refused = calendar(zone).unwrap_err();
            assert!(refused.contains("is no time zone"), "{refused}");
        }
        assert_eq!(
            calendar("asia/shanghai").unwrap().time_zone(),
            "Asia/Shanghai"
        );
    }
}
