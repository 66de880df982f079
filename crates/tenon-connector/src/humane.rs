//! Durations as people write them: `10s`, `1h 30m`, `500ms`.

use std::borrow::Cow;
use std::time::Duration;

use jiff::fmt::friendly::SpanPrinter;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A span of time in configuration, read from text such as `"10s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Humane(pub Duration);

impl<'de> Deserialize<'de> for Humane {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let malformed = || {
            serde::de::Error::custom(format!(
                "`{text}` is no duration such as \"10s\" or \"1h 30m\""
            ))
        };
        let span: jiff::Span = text.parse().map_err(|_| malformed())?;
        // No clock is put forward or back within a configured time: a day has 24 hours.
        let span = span
            .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map_err(|_| malformed())?;
        Duration::try_from(span).map(Self).map_err(|_| malformed())
    }
}

impl Serialize for Humane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&SpanPrinter::new().unsigned_duration_to_string(&self.0))
    }
}

impl JsonSchema for Humane {
    fn schema_name() -> Cow<'static, str> {
        "duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "title": "duration",
            "unit": "ms, s, m, h, d or w, written with the number",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let check = |text: &str, expected: Option<Duration>| {
            let read = serde_json::from_value::<Humane>(text.into())
                .ok()
                .map(|humane| humane.0);
            assert_eq!(read, expected, "{text}");
        };
        check("10s", Some(Duration::from_secs(10)));
        check("1h 30m", Some(Duration::from_secs(5400)));
        check("500ms", Some(Duration::from_millis(500)));
        check("90d", Some(Duration::from_secs(90 * 24 * 3600)));
        check("1 month", None);
        check("-1s", None);
        check("10", None);
        check("soon", None);
        let written = serde_json::to_value(Humane(Duration::from_millis(5_400_500)));
        assert_eq!(written.expect("a text"), "1h 30m 500ms");
    }
}
