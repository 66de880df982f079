//! Units of measure as systems write them: which spellings mean one unit, and what a quantity is in
//! another unit of the same kind. Exact decimals only; a unit that nobody knows means itself.

use tenon_core::money::Decimal;
use tenon_core::text::to_half_width;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Dimension {
    Count,
    Length,
    Mass,
    Area,
    Volume,
}

/// A unit, whatever its spelling: `pcs` is `件`, `毫米` is `mm`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit(Meaning);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Meaning {
    Known(Dimension, Decimal),
    Other(String),
}

/// Spellings of units, what they measure, and how many of the smallest they are: mantissa and scale.
/// Words that count different things (a pair, a roll, a bar) are units of their own and stand nowhere here.
const SPELLINGS: [(&[&str], Dimension, i64, u32); 18] = [
    (
        &[
            "pcs", "pc", "pce", "piece", "pieces", "ea", "each", "件", "个", "個", "只", "支",
            "枚", "颗", "粒", "台",
        ],
        Dimension::Count,
        1,
        0,
    ),
    (&["um", "μm", "微米"], Dimension::Length, 1, 6),
    (&["mm", "毫米", "公厘"], Dimension::Length, 1, 3),
    (&["cm", "厘米", "公分"], Dimension::Length, 1, 2),
    (&["dm", "分米"], Dimension::Length, 1, 1),
    (
        &[
            "m", "米", "公尺", "meter", "metre", "meters", "metres", "mtr",
        ],
        Dimension::Length,
        1,
        0,
    ),
    (&["km", "千米", "公里"], Dimension::Length, 1000, 0),
    (&["mg", "毫克"], Dimension::Mass, 1, 6),
    (&["g", "克", "gram", "grams"], Dimension::Mass, 1, 3),
    (
        &["kg", "kgs", "千克", "公斤", "kilogram"],
        Dimension::Mass,
        1,
        0,
    ),
    (&["斤", "市斤"], Dimension::Mass, 5, 1),
    (
        &["t", "吨", "ton", "tonne", "公吨"],
        Dimension::Mass,
        1000,
        0,
    ),
    (&["mm2", "平方毫米"], Dimension::Area, 1, 6),
    (&["cm2", "平方厘米"], Dimension::Area, 1, 4),
    (
        &["m2", "sqm", "平方", "平方米", "平米"],
        Dimension::Area,
        1,
        0,
    ),
    (&["ml", "毫升"], Dimension::Volume, 1, 3),
    (
        &["l", "升", "liter", "litre", "ltr"],
        Dimension::Volume,
        1,
        0,
    ),
    (&["m3", "立方", "立方米"], Dimension::Volume, 1000, 0),
];

impl Unit {
    /// The unit that a text means; an unknown one is itself, whatever its width and case.
    pub fn of(text: &str) -> Self {
        let text = spelling(text);
        let known = SPELLINGS
            .iter()
            .find(|(spellings, ..)| spellings.contains(&text.as_str()));
        Self(match known {
            Some((_, dimension, mantissa, scale)) => {
                Meaning::Known(*dimension, Decimal::new(*mantissa, *scale))
            }
            None => Meaning::Other(text),
        })
    }

    /// Whether quantities in one can be told in the other: always, if they are the same.
    pub fn is_convertible(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Meaning::Known(one, _), Meaning::Known(other, _)) => one == other,
            (one, other) => one == other,
        }
    }

    /// Whether it measures a length.
    pub fn is_length(&self) -> bool {
        matches!(self.0, Meaning::Known(Dimension::Length, _))
    }

    /// How much a quantity in this unit is in another; `None` if it cannot be told exactly.
    pub fn convert(&self, quantity: Decimal, to: &Self) -> Option<Decimal> {
        let (from, to) = match (&self.0, &to.0) {
            (one, other) if one == other => return Some(quantity),
            (Meaning::Known(one, from), Meaning::Known(other, to)) if one == other => (from, to),
            _ => return None,
        };
        let base = times(quantity, *from)?;
        let converted = base.checked_div(*to)?.normalize();
        (times(converted, *to)? == base).then_some(converted)
    }
}

/// The product; `None` if it has more digits than can be held, where the type itself would round.
pub(crate) fn times(one: Decimal, other: Decimal) -> Option<Decimal> {
    let (one, other) = (one.normalize(), other.normalize());
    let mut mantissa = one.mantissa().checked_mul(other.mantissa())?;
    let mut scale = one.scale() + other.scale();
    while scale > Decimal::MAX_SCALE && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    let product = Decimal::try_from_i128_with_scale(mantissa, scale).ok()?;
    Some(product.normalize())
}

fn spelling(text: &str) -> String {
    let mut spelt = String::new();
    for character in to_half_width(text).chars().flat_map(char::to_lowercase) {
        match character {
            '㎜' => spelt.push_str("mm"),
            '㎝' => spelt.push_str("cm"),
            '㎞' => spelt.push_str("km"),
            '㎎' => spelt.push_str("mg"),
            '㎏' => spelt.push_str("kg"),
            '㎡' => spelt.push_str("m2"),
            '㎥' => spelt.push_str("m3"),
            'ℓ' => spelt.push('l'),
            'µ' => spelt.push('μ'),
            '²' => spelt.push('2'),
            '³' => spelt.push('3'),
            blank if blank.is_whitespace() => {}
            '.' => {}
            other => spelt.push(other),
        }
    }
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_unit_are_one() {
        for (one, other) in [
            ("pcs", "件"),
            ("EA", "个"),
            ("Pcs.", "只"),
            ("ＭＭ", "毫米"),
            ("㎡", "平方米"),
            (" kg ", "公斤"),
            ("Rolls", "rolls"),
        ] {
            assert_eq!(Unit::of(one), Unit::of(other), "{one} {other}");
        }
        for (one, other) in [("pcs", "套"), ("mm", "m"), ("根", "个"), ("卷", "米")] {
            assert_ne!(Unit::of(one), Unit::of(other), "{one} {other}");
        }
    }

    #[test]
    fn quantities_are_converted_exactly_or_not_at_all() {
        let check = |quantity, from, to, expected: Option<&str>| {
            let converted = Unit::of(from).convert(decimal(quantity), &Unit::of(to));
            assert_eq!(
                converted,
                expected.map(decimal),
                "{quantity} {from} in {to}"
            );
        };
        check("1250", "mm", "m", Some("1.25"));
        check("0.3", "米", "毫米", Some("300"));
        check("1", "斤", "g", Some("500"));
        check("2.5", "pcs", "件", Some("2.5"));
        check("3", "卷", "卷", Some("3"));
        check("1", "mm", "kg", None);
        check("1", "卷", "m", None);
        check("79228162514264337593543950335", "km", "mm", None);
    }

    #[test]
    fn a_product_that_does_not_fit_is_none() {
        let long = decimal("1.0000000000000000000000000001");
        assert_eq!(times(long, long), None);
        assert_eq!(times(decimal("1.50"), decimal("2")), Some(decimal("3")));
        assert_eq!(times(decimal("0"), decimal("0.1")), Some(decimal("0")));
    }
}
