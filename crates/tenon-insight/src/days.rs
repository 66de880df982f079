//! Days, months and quarters as the numbers that the tables hold; amounts in ten-thousandths.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use tenon_core::money::Decimal;

/// The day that is numbered 0.
const FIRST: Date = date(1970, 1, 1);

/// The largest amount that figures hold, in units of its currency: beyond every amount in trade.
const LARGEST: i64 = 100_000_000_000_000;

/// The number of a day.
pub fn day_number(day: Date) -> i32 {
    // Days between any two dates fit.
    day.since((jiff::Unit::Day, FIRST))
        .map_or(0, |span| span.get_days())
}

/// The day of a number.
pub fn day_of(number: i32) -> Date {
    FIRST.saturating_add(number.days())
}

/// The number of a day's month.
pub fn month_number(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month()) - 1
}

/// The first day of a month.
pub fn month_of(number: i32) -> Date {
    let year = i16::try_from(number.div_euclid(12))
        .unwrap_or(i16::MAX)
        .clamp(1, 9999);
    let month = i8::try_from(number.rem_euclid(12) + 1).unwrap_or(1);
    date(year, month, 1)
}

/// The number of a month that is written as `2026-04`; `None` for any other text.
pub(crate) fn month_named(text: &str) -> Option<i32> {
    let day: Date = format!("{text}-01").parse().ok()?;
    (text.len() == "2026-04".len()).then(|| month_number(day))
}

/// An amount in ten-thousandths; `None` for one that is beyond every amount in trade.
pub(crate) fn ten_thousandths(amount: Decimal) -> Option<i64> {
    if amount.abs() > Decimal::from(LARGEST) {
        return None;
    }
    (amount * Decimal::from(10_000)).round().try_into().ok()
}

/// An amount from ten-thousandths.
pub fn units(ten_thousandths: i64) -> Decimal {
    Decimal::new(ten_thousandths, 4).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_come_back() {
        for day in [
            date(1970, 1, 1),
            date(2026, 2, 28),
            date(1969, 12, 31),
            date(2024, 2, 29),
        ] {
            assert_eq!(day_of(day_number(day)), day);
            assert_eq!(month_of(month_number(day)), day.first_of_month());
        }
        assert_eq!(day_number(date(1970, 3, 1)), 59);
        assert_eq!(month_number(date(2026, 1, 5)) / 3, 2026 * 4);
    }

    #[test]
    fn months_are_read_as_they_are_written() {
        let april = 2026 * 12 + 3;
        assert_eq!(month_named("2026-04"), Some(april));
        assert_eq!(month_of(april), date(2026, 4, 1));
        for text in [
            "", "2026", "2026-4", "2026-13", "2026-00", "202604", "26-04-1",
        ] {
            assert_eq!(month_named(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact_or_none() {
        let check = |text: &str, expected| {
            let amount: Decimal = text.parse().unwrap();
            assert_eq!(ten_thousandths(amount), expected, "{text}");
        };
        check("19.90", Some(199_000));
        check("-0.0001", Some(-1));
        check("100000000000000", Some(1_000_000_000_000_000_000));
        check("100000000000000.01", None);
        assert_eq!(units(199_000).to_string(), "19.9");
    }
}
