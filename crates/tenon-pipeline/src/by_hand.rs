//! Native records that a person puts in, as their system would.

use bytes::Bytes;
use serde_json::value::RawValue;
use tenon_connector::Inlet;
use tenon_core::{Message, Native};

/// The messages of a text: JSON documents one after the other, an array being so many records. `origin` says where
/// the text is from.
///
/// # Errors
/// When it is no JSON.
pub fn by_hand(
    inlet: &Inlet,
    text: &str,
    origin: &str,
) -> Result<Vec<Message<Native>>, serde_json::Error> {
    let records = records(text)?.into_iter().map(|record| {
        let json = Bytes::copy_from_slice(record.get().as_bytes());
        inlet.message(json, None, None, origin.to_owned())
    });
    Ok(records.collect())
}

/// Raw values keep every digit as it was written.
fn records(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    let mut records = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document?;
        match document.get().starts_with('[') {
            true => records.extend(serde_json::from_str::<Vec<&RawValue>>(document.get())?),
            false => records.push(document),
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_arrays_are_records_digit_by_digit() {
        let found = records("{\"a\":19.90} [ {\"b\":1}, 2 ]\n3").unwrap();
        let found: Vec<&str> = found.into_iter().map(RawValue::get).collect();
        assert_eq!(found, ["{\"a\":19.90}", "{\"b\":1}", "2", "3"]);
        assert!(records("").unwrap().is_empty());
        records("{\"a\":").unwrap_err();
    }
}
