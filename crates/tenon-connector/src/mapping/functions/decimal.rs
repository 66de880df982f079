//! Exact decimals: text or number in, canonical decimal text out, never through a float.
//!
//! Amounts are computed with 28 significant digits. What does not fit is an error, and so is text
//! that is no number: an amount is never guessed.

use jaq_core::ValT as _;
use jaq_json::{Num, Val};
use jaq_std::ValT as _;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Function, of_input, of_one, of_two};
use crate::mapping::value::{Error, Value, ValueR};

pub(super) fn functions() -> Vec<Function> {
    vec![
        of_input!("decimal", |input| match is_written_so(&input) {
            true => Ok(Value::text(digits(input.json))),
            false => write(parse(&input)?),
        }),
        of_one!("decimal_add", |left, right| {
            write(
                parse(&left)?
                    .checked_add(parse(&right)?)
                    .ok_or_else(overflow)?,
            )
        }),
        of_one!("decimal_sub", |left, right| {
            write(
                parse(&left)?
                    .checked_sub(parse(&right)?)
                    .ok_or_else(overflow)?,
            )
        }),
        of_two!("decimal_mul", |left, right, scale| {
            let product = parse(&left)?
                .checked_mul(parse(&right)?)
                .ok_or_else(overflow)?;
            write(rounded(product, &scale)?)
        }),
        of_two!("decimal_div", |left, right, scale| {
            let divisor = parse(&right)?;
            if divisor.is_zero() {
                return Err(Error::str("cannot divide by zero"));
            }
            let quotient = parse(&left)?.checked_div(divisor).ok_or_else(overflow)?;
            write(rounded(quotient, &scale)?)
        }),
        of_one!("decimal_round", |input, scale| write(rounded(
            parse(&input)?,
            &scale
        )?)),
        of_input!("decimal_sum", sum),
        of_one!("decimal_compare", |left, right| {
            Ok(Value::from(parse(&left)?.cmp(&parse(&right)?) as isize))
        }),
        of_input!("number", number),
    ]
}

fn overflow() -> Error {
    Error::str("the result has more than 28 digits")
}

fn write(decimal: Decimal) -> ValueR {
    let zero_without_sign = if decimal.is_zero() {
        decimal.abs()
    } else {
        decimal
    };
    Ok(Value::text(zero_without_sign.to_string()))
}

/// Whether a number is a positive decimal as it stands, which most amounts are.
fn is_written_so(value: &Value) -> bool {
    const FITS: usize = 20;
    match &value.json {
        Val::Num(Num::Int(number)) => *number >= 0,
        Val::Num(Num::Dec(text)) => {
            text.len() <= FITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'))
        }
        _ => false,
    }
}

/// Rounds half away from zero, as invoices do, and keeps exactly `scale` decimals.
fn rounded(decimal: Decimal, scale: &Value) -> Result<Decimal, Error> {
    let places = scale
        .as_isize()
        .and_then(|places| u32::try_from(places).ok());
    let Some(places) = places.filter(|places| *places <= 28) else {
        return Err(scale.clone().refused("number of decimals (0 to 28)"));
    };
    let mut decimal =
        decimal.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    decimal.rescale(places);
    // Where the digits do not fit, rescaling keeps fewer than it was asked for.
    if decimal.scale() == places {
        Ok(decimal)
    } else {
        Err(overflow())
    }
}

fn sum(input: Value) -> ValueR {
    if !matches!(input.json, Val::Arr(_)) {
        return Err(input.refused("array of amounts"));
    }
    let mut total = Decimal::ZERO;
    for item in input.values() {
        let item = item?;
        // A missing amount adds nothing, as null does in jq.
        if !matches!(item.json, Val::Null) {
            total = total.checked_add(parse(&item)?).ok_or_else(overflow)?;
        }
    }
    write(total)
}

/// The JSON number of a decimal text, digit by digit.
fn number(input: Value) -> ValueR {
    match input.json {
        Val::Num(_) => Ok(input),
        _ => Value::from_num(&parse(&input)?.to_string()),
    }
}

/// The digits of a number as they were written, without a formatter's detour where they are at hand.
fn digits(number: Val) -> String {
    match number {
        Val::Num(Num::Dec(digits)) => (*digits).clone(),
        number => number.to_string(),
    }
}

/// The decimal that a number or text stands for.
pub(super) fn parse(value: &Value) -> Result<Decimal, Error> {
    let refused = || value.clone().refused("decimal number");
    match &value.json {
        Val::Num(Num::Float(_)) => {
            // A float has lost its decimals already; its shortest text is what was meant.
            exact(&value.clone().json.to_string()).ok_or_else(refused)
        }
        Val::Num(number) => exact(&number.to_string()).ok_or_else(refused),
        Val::TStr(text) if text.len() <= 200 => {
            let text = value.as_text().ok_or_else(refused)?;
            parse_text(text).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

fn exact(digits: &str) -> Option<Decimal> {
    if digits.contains(['e', 'E']) {
        return Decimal::from_scientific(digits).ok();
    }
    // The exact form refuses what it would have to round.
    Decimal::from_str_exact(digits).ok()
}

/// Reads amounts as people write them: currency signs, thousands separators, full-width digits,
/// a minus behind or brackets around negative amounts.
fn parse_text(text: &str) -> Option<Decimal> {
    let half_width = tenon_core::text::to_half_width(text);
    let mut text = half_width.trim();
    let mut negative = false;
    if let Some(inner) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        (text, negative) = (inner.trim(), true);
    }
    if let Some(rest) = text
        .strip_prefix(['-', '−'])
        .or_else(|| text.strip_suffix('-'))
    {
        if negative {
            return None;
        }
        (text, negative) = (rest.trim(), true);
    }
    text = without_currency(text);
    if let Some(rest) = text.strip_prefix(['-', '−']) {
        if negative {
            return None;
        }
        (text, negative) = (rest, true);
    } else if !negative {
        text = text.strip_prefix('+').unwrap_or(text);
    }
    let digits = without_separators(text)?;
    let decimal = exact(&digits)?;
    Some(if negative { -decimal } else { decimal })
}

fn without_currency(text: &str) -> &str {
    const SIGNS: &[&str] = &[
        "￥",
        "¥",
        "$",
        "€",
        "£",
        "RMB",
        "CNY",
        "USD",
        "EUR",
        "元",
        "人民币",
    ];
    let text = SIGNS
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .unwrap_or(text);
    let text = SIGNS
        .iter()
        .find_map(|sign| text.strip_suffix(sign))
        .unwrap_or(text);
    text.trim()
}

/// The digits without thousands separators, when these stand where they belong: groups of three,
/// or of four as Chinese amounts have them.
fn without_separators(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (whole, decimals) = match mantissa.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split([',', ' ', '\'', '，']);
    let mut digits = groups.next()?.to_owned();
    let rest: Vec<&str> = groups.collect();
    let size = rest.last().map_or(0, |group| group.len());
    if !rest.is_empty() && (!(3..=4).contains(&size) || !(1..=size).contains(&digits.len())) {
        return None;
    }
    for group in rest {
        if group.len() != size {
            return None;
        }
        digits.push_str(group);
    }
    if digits.is_empty() || !all_digits(&digits) {
        return None;
    }
    if let Some(decimals) = decimals {
        if decimals.is_empty() || !all_digits(decimals) {
            return None;
        }
        digits.push('.');
        digits.push_str(decimals);
    }
    digits.push_str(exponent);
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::parse_text;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("19.90", "19.90"),
            (" 1,234.50 ", "1234.50"),
            ("￥1,234.50", "1234.50"),
            ("１２３．４５", "123.45"),
            ("1 234 567,00", ""),
            ("1,2345,6789", "123456789"),
            ("-5", "-5"),
            ("−5", "-5"),
            ("5-", "-5"),
            ("(1,000.00)", "-1000.00"),
            ("¥-5", "-5"),
            ("-¥5", "-5"),
            ("+5", "5"),
            ("100元", "100"),
            ("RMB 100.10", "100.10"),
            ("1e3", "1000"),
            ("1.5E-2", "0.015"),
            ("10000000000000000.01", "10000000000000000.01"),
            ("0.1", "0.1"),
            ("", ""),
            ("abc", ""),
            ("1,23", ""),
            ("1,23.4", ""),
            ("12,34,567", ""),
            (",123", ""),
            ("1.", ""),
            (".5", ""),
            ("1.2.3", ""),
            ("--5", ""),
            ("(-5)", ""),
            ("1,234,56", ""),
            ("NaN", ""),
            ("1e", ""),
            ("99999999999999999999999999999999999", ""),
        ] {
            let read = parse_text(text)
                .map(|decimal| decimal.to_string())
                .unwrap_or_default();
            assert_eq!(read, expected, "{text:?}");
        }
    }
}
