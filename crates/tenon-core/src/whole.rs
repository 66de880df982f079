//! Whole numbers as JSON Schema understands them: `30` and `30.0` are the same integer.
//!
//! A mapping that computes a number of days may write `30.0`; the schema accepts that, so the
//! types must read it too. Amounts do not come here: they are decimal text.

use serde::{Deserialize, Deserializer};

/// Reads a whole number from 0 to 4,294,967,295.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    // Every u32 is exact as f64, so the comparison decides without rounding.
    let whole = number as u32;
    if f64::from(whole) == number {
        Ok(whole)
    } else {
        Err(serde::de::Error::custom(format_args!(
            "`{number}` is not a whole number from 0 to {}",
            u32::MAX
        )))
    }
}

/// As [`required`]; `null` is absent.
pub(crate) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "required")] u32);
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Sample {
        #[serde(deserialize_with = "super::required")]
        number: u32,
        #[serde(default, deserialize_with = "super::optional")]
        days: Option<u32>,
    }

    #[test]
    fn a_whole_number_may_carry_an_empty_fraction() {
        let read = |text: &str| serde_json::from_str::<Sample>(text).ok();
        assert_eq!(
            read(r#"{"number":1,"days":30.0}"#),
            Some(Sample {
                number: 1,
                days: Some(30)
            })
        );
        assert_eq!(
            read(r#"{"number":2.0}"#),
            Some(Sample {
                number: 2,
                days: None
            })
        );
        assert_eq!(
            read(r#"{"number":4294967295,"days":null}"#),
            Some(Sample {
                number: u32::MAX,
                days: None
            })
        );
        for bad in ["1.5", "-1", "4294967296", "\"1\"", "null", "1e300"] {
            assert_eq!(read(&format!("{{\"number\":{bad}}}")), None, "{bad}");
        }
    }
}
