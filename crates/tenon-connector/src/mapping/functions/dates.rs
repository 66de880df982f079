//! Dates and times in the forms of business systems.
//!
//! Canonical dates are `2026-03-01`, canonical times are RFC 3339 in UTC. Formats are those of
//! `strftime`. A time without a zone is never guessed: the zone is named, or stands in the text.

use std::str::FromStr as _;
use std::sync::LazyLock;

use jaq_json::Val;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Function, decimal, of_input, of_one, of_two};
use crate::mapping::value::{Error, Value, ValueR};

/// The time zones that are compiled in: a mapping reads no file, and gives the same result on every
/// machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The longest text that is read as a date and the longest format.
const LONGEST: usize = 200;

pub(super) fn functions() -> Vec<Function> {
    vec![
        of_input!("date", |input| optional(input, |input| {
            let date = any_date(&input)?;
            Ok(Value::text(date.to_string()))
        })),
        of_one!("date_in", |input, format| optional_with(
            input,
            format,
            |input, format| {
                let text = half_width(&input)?;
                let time = broken_down(&text, &format)?;
                let date = time
                    .to_date()
                    .map_err(|error| unreadable(&input, &format, &error))?;
                Ok(Value::text(date.to_string()))
            }
        )),
        of_one!("date_out", |input, format| optional_with(
            input,
            format,
            |input, format| {
                let date = any_date(&input)?;
                written(
                    &BrokenDownTime::from(date.to_datetime(Time::midnight())),
                    &format,
                )
            }
        )),
        of_input!("datetime", |input| optional(input, |input| {
            Ok(Value::text(timestamp(&input)?.to_string()))
        })),
        of_one!("datetime_in", |input, format| optional_with(
            input,
            format,
            |input, format| {
                let text = half_width(&input)?;
                let time = broken_down(&text, &format)?;
                let moment = time
                    .to_timestamp()
                    .map_err(|error| unreadable(&input, &format, &error))?;
                Ok(Value::text(moment.to_string()))
            }
        )),
        of_two!("datetime_in", |input, format, zone| {
            optional_with(input, format, move |input, format| {
                let text = half_width(&input)?;
                let time = broken_down(&text, &format)?;
                let local =
                    local_time(&time).map_err(|error| unreadable(&input, &format, &error))?;
                in_zone(local, &zone)
            })
        }),
        of_two!("datetime_out", |input, format, zone| {
            optional_with(input, format, move |input, format| {
                let zoned = timestamp(&input)?.to_zoned(time_zone(&zone)?);
                written(&BrokenDownTime::from(&zoned), &format)
            })
        }),
        of_input!("excel_date", |input| optional(input, |input| {
            Ok(Value::text(excel(&input)?.date().to_string()))
        })),
        of_one!("excel_datetime", |input, zone| {
            if is_nothing(&input) {
                return Ok(Value::default());
            }
            in_zone(excel(&input)?, &zone)
        }),
    ]
}

/// Null and blank text are no date: they stay null.
fn is_nothing(input: &Value) -> bool {
    match &input.json {
        Val::Null => true,
        Val::TStr(_) => input.as_text().is_some_and(|text| text.trim().is_empty()),
        _ => false,
    }
}

fn optional(input: Value, read: impl FnOnce(Value) -> ValueR) -> ValueR {
    if is_nothing(&input) {
        Ok(Value::default())
    } else {
        read(input)
    }
}

fn optional_with(
    input: Value,
    format: Value,
    read: impl FnOnce(Value, String) -> ValueR,
) -> ValueR {
    let format = match format.as_text() {
        Some(text) if text.len() <= LONGEST => text.to_owned(),
        _ => return Err(format.refused("format of a date")),
    };
    optional(input, |input| read(input, format))
}

/// The text of a date, whatever the width of its digits; numbers are taken as they are written.
fn half_width(input: &Value) -> Result<String, Error> {
    let text = match &input.json {
        Val::Num(number) => number.to_string(),
        _ => match input.as_text() {
            Some(text) if text.len() <= LONGEST => text.to_owned(),
            _ => return Err(input.clone().refused("date")),
        },
    };
    Ok(tenon_core::text::to_half_width(&text).trim().to_owned())
}

fn unreadable(input: &Value, format: &str, error: &jiff::Error) -> Error {
    Error::str(format_args!(
        "{input} is no date of the form \"{format}\": {error}"
    ))
}

fn broken_down(text: &str, format: &str) -> Result<BrokenDownTime, Error> {
    let shown = Value::text(text);
    BrokenDownTime::parse(format, text).map_err(|error| unreadable(&shown, format, &error))
}

fn written(time: &BrokenDownTime, format: &str) -> ValueR {
    time.to_string(format).map(Value::text).map_err(|error| {
        Error::str(format_args!(
            "no date can be written as \"{format}\": {error}"
        ))
    })
}

/// Date and time of day; a format without hours means midnight.
fn local_time(time: &BrokenDownTime) -> Result<DateTime, jiff::Error> {
    let date = time.to_date()?;
    let midnight = time.hour().is_none();
    let time = if midnight {
        Time::midnight()
    } else {
        time.to_time()?
    };
    Ok(date.to_datetime(time))
}

fn time_zone(zone: &Value) -> Result<TimeZone, Error> {
    let name = zone.as_text().unwrap_or_default();
    ZONES.get(name).map_err(|_| {
        zone.clone()
            .refused("time zone (such as \"Asia/Shanghai\")")
    })
}

/// The moment of a local time. A time that a clock change skips or repeats is the first possible.
fn in_zone(local: DateTime, zone: &Value) -> ValueR {
    let zoned = local
        .to_zoned(time_zone(zone)?)
        .map_err(|error| Error::str(error.to_string()))?;
    Ok(Value::text(zoned.timestamp().to_string()))
}

fn timestamp(input: &Value) -> Result<Timestamp, Error> {
    let text = half_width(input)?;
    Timestamp::from_str(&text).map_err(|_| {
        Error::str(format_args!(
            "{input} is no time with a zone; name its form and zone with datetime_in"
        ))
    })
}

/// A date in any of the forms that cannot be mistaken: year first, with whatever between.
fn any_date(input: &Value) -> Result<Date, Error> {
    let text = half_width(input)?;
    let refused = || {
        Error::str(format_args!(
            "{input} is no date with the year first; name its form with date_in"
        ))
    };
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day
        .split(['-', '/', '.', '年', '月', '日'])
        .filter(|part| !part.is_empty())
        .collect();
    let compact = parts.len() == 1 && day.len() == 8;
    let (year, month, day) = match parts.as_slice() {
        [day] if compact && day.is_ascii() => (&day[..4], &day[4..6], &day[6..]),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        _ => return Err(refused()),
    };
    let number = |part: &str| {
        let digits =
            !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i16>().ok().filter(|_| digits)
    };
    let small = |part: &str| number(part).and_then(|part| i8::try_from(part).ok());
    let (Some(year), Some(month), Some(day)) = (number(year), small(month), small(day)) else {
        return Err(refused());
    };
    Date::new(year, month, day).map_err(|_| refused())
}

/// The local time of a spreadsheet's serial number: days since 1899-12-30, the time of day behind
/// the point, to the second.
fn excel(input: &Value) -> Result<DateTime, Error> {
    let refused = || {
        input
            .clone()
            .refused("serial number of a spreadsheet's date")
    };
    let serial = decimal::parse(input).map_err(|_| refused())?;
    // Day 60 is the 29th of February 1900, which the first spreadsheet invented; before it the
    // numbers mean other days. The last day is the 31st of December 9999.
    if serial < Decimal::from(61) || serial >= Decimal::from(2_958_466) {
        return Err(refused());
    }
    let seconds = (serial * Decimal::from(86_400))
        .round()
        .to_i64()
        .ok_or_else(refused)?;
    Date::constant(1899, 12, 30)
        .to_datetime(Time::midnight())
        .checked_add(Span::new().seconds(seconds))
        .map_err(|_| refused())
}
