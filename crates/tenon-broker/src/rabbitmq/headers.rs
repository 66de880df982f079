//! Headers and message properties: ours are pairs of text, AMQP has a typed table.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldArray, FieldTable, ShortString};

use crate::BrokerError;

/// The header that also becomes the AMQP message id, which operators see in every tool.
const EVENT_ID: &str = "cloudEvents_id";

/// What the server itself notes on a message that comes back: of the delivery, not of the message.
const NOTED: [&str; 2] = ["x-delivery-count", "x-acquired-count"];

/// Persistent, whatever else is set.
const PERSISTENT: u8 = 2;

/// The properties of a persistent JSON message that carries `headers`.
///
/// # Errors
/// `Refused` when a header's name is longer than AMQP allows, which is 255 bytes.
pub(super) fn properties(headers: &[(String, String)]) -> Result<BasicProperties, BrokerError> {
    let mut table = FieldTable::default();
    let mut message_id = None;
    for (name, value) in headers {
        let key = ShortString::try_new(name.as_str()).map_err(|_| {
            BrokerError::Refused(format!(
                "a header's name is {} bytes long, AMQP allows 255",
                name.len()
            ))
        })?;
        table.insert(key, AMQPValue::LongString(value.as_str().into()));
        if name == EVENT_ID {
            message_id = ShortString::try_new(value.as_str()).ok();
        }
    }
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_headers(table);
    Ok(match message_id {
        Some(id) => properties.with_message_id(id),
        None => properties,
    })
}

/// The headers of a received message as text, whoever published it.
pub(super) fn of(properties: &BasicProperties) -> Vec<(String, String)> {
    let Some(table) = properties.headers() else {
        return Vec::new();
    };
    table
        .inner()
        .iter()
        .filter(|(name, _)| !NOTED.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

/// A header's value as text: numbers in decimal, timestamps in seconds since 1970, lists and
/// tables in brackets, nothing as an empty text.
fn text(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::ByteArray(bytes) => String::from_utf8_lossy(bytes.as_slice()).into_owned(),
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(value) => value.to_string(),
        AMQPValue::ShortShortUInt(value) => value.to_string(),
        AMQPValue::ShortInt(value) => value.to_string(),
        AMQPValue::ShortUInt(value) => value.to_string(),
        AMQPValue::LongInt(value) => value.to_string(),
        AMQPValue::LongUInt(value) => value.to_string(),
        AMQPValue::LongLongInt(value) => value.to_string(),
        AMQPValue::Float(value) => value.to_string(),
        AMQPValue::Double(value) => value.to_string(),
        AMQPValue::Timestamp(seconds) => seconds.to_string(),
        AMQPValue::DecimalValue(decimal) => decimal_text(decimal.value, decimal.scale),
        AMQPValue::FieldArray(list) => list_text(list),
        AMQPValue::FieldTable(table) => table_text(table),
        AMQPValue::Void => String::new(),
    }
}

fn list_text(list: &FieldArray) -> String {
    let elements: Vec<_> = list.as_slice().iter().map(text).collect();
    format!("[{}]", elements.join(", "))
}

fn table_text(table: &FieldTable) -> String {
    let pairs: Vec<_> = table
        .inner()
        .iter()
        .map(|(name, value)| format!("{name}: {}", text(value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// AMQP's decimal is an integer and the number of its digits behind the point.
fn decimal_text(value: u32, scale: u8) -> String {
    let scale = usize::from(scale);
    if scale == 0 {
        return value.to_string();
    }
    let digits = format!("{value:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use lapin::types::DecimalValue;

    use super::*;

    fn check(value: AMQPValue, expected: &str) {
        assert_eq!(text(&value), expected, "{value:?}");
    }

    #[test]
    fn every_type_of_header_becomes_text() {
        check(AMQPValue::LongString("上海川可".into()), "上海川可");
        check(AMQPValue::LongString(vec![b'a', 0xff].into()), "a\u{fffd}");
        check(AMQPValue::Boolean(true), "true");
        check(AMQPValue::LongLongInt(-7), "-7");
        check(AMQPValue::Double(0.5), "0.5");
        check(AMQPValue::Timestamp(1_700_000_000), "1700000000");
        check(AMQPValue::Void, "");
        check(
            AMQPValue::DecimalValue(DecimalValue {
                scale: 2,
                value: 1990,
            }),
            "19.90",
        );
        check(
            AMQPValue::DecimalValue(DecimalValue { scale: 3, value: 5 }),
            "0.005",
        );
        check(
            AMQPValue::DecimalValue(DecimalValue { scale: 0, value: 5 }),
            "5",
        );
        let list = vec![AMQPValue::LongInt(1), AMQPValue::LongString("b".into())];
        check(AMQPValue::FieldArray(list.into()), "[1, b]");
        let mut table = FieldTable::default();
        table.insert("count".into(), AMQPValue::LongLongInt(3));
        check(AMQPValue::FieldTable(table), "{count: 3}");
    }

    #[test]
    fn headers_go_there_and_back() {
        let headers = vec![
            ("cloudEvents_id".to_owned(), "0193".to_owned()),
            ("partitionkey".to_owned(), "客户-7".to_owned()),
        ];
        let properties = properties(&headers).unwrap();
        let mut again = properties.headers().clone().unwrap_or_default();
        again.insert("x-delivery-count".into(), AMQPValue::LongLongInt(3));
        assert_eq!(of(&properties.clone().with_headers(again)), headers);
        assert_eq!(of(&properties), headers);
        assert_eq!(
            properties.message_id().as_ref().map(ShortString::as_str),
            Some("0193")
        );
        assert_eq!(*properties.delivery_mode(), Some(PERSISTENT));
    }

    #[test]
    fn a_name_that_amqp_cannot_carry_is_refused() {
        let headers = vec![("n".repeat(256), String::new())];
        assert!(matches!(properties(&headers), Err(BrokerError::Refused(_))));
    }
}
