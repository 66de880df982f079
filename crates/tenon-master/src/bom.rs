//! From the design office's bill of materials to the shop's: phantoms, substitutes, cut lengths, units.
//!
//! Every quantity is exact. Where a part of a phantom would come out as an endless fraction, the whole
//! bill is told for more pieces instead; only pieces of bars and coils are rounded, up, so that material is
//! never short.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use tenon_core::Reference;
use tenon_core::bom::{Bom, BomKind, Component};
use tenon_core::money::Decimal;

use crate::Unit;
use crate::unit::times;

/// Levels of phantoms in phantoms that are opened at most.
const DEEPEST: usize = 32;
/// Lines of a bill whose phantoms were opened at most, as the canonical schema has it.
const LONGEST: usize = 10_000;
/// Places to which pieces of a bar are rounded up.
const PLACES: u32 = 6;

/// How bills of materials are checked and made the shop's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BomPolicy {
    /// What becomes of a line in a unit that its item's own cannot be told in.
    pub units: Units,
    /// Whether a design bill goes on as a manufacturing bill, made by the rules below.
    pub manufacturing: bool,
    /// What becomes of phantoms.
    pub phantoms: Phantoms,
    /// What becomes of substitutes.
    pub substitutes: Substitutes,
    /// What is counted by length in a bill and kept by the piece in stock.
    pub cuts: Vec<Cut>,
}

/// What becomes of lines that count an item in what its stock cannot be told in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// Their bill is refused.
    #[default]
    Refuse,
    /// They stay, for people who keep other units than the hub knows.
    Keep,
}

/// What becomes of phantoms: what is assembled on the way and never stocked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phantoms {
    /// What they are made of takes their place.
    #[default]
    Expand,
    /// They stay, marked as phantoms.
    Keep,
}

/// What becomes of substitutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Substitutes {
    /// They stay.
    #[default]
    Keep,
    /// They are left out.
    Drop,
}

/// Material that is kept by the bar or the coil.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// What it is kept in: `根`, `bar`, `卷`.
    pub unit: String,
    /// How long one is.
    pub length: Length,
    /// The part of it that is lost in cutting, where the bill does not say.
    #[serde(default)]
    pub scrap_rate: Option<Decimal>,
    /// The beginning of the codes for which this holds; empty for all.
    #[serde(default)]
    pub code: String,
}

/// A length: `6 m`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Length {
    value: Decimal,
    unit: Unit,
}

impl FromStr for Length {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let figures = text
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(text.len());
        let (value, unit) = text.split_at(figures);
        let (value, unit) = (value.parse::<Decimal>(), Unit::of(unit));
        match value {
            Ok(value) if value > Decimal::ZERO && unit.is_length() => Ok(Self { value, unit }),
            _ => Err(format!("`{text}` is no length such as \"6 m\"")),
        }
    }
}

impl TryFrom<String> for Length {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What is known of an item that is a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// Who says so.
    pub system: String,
    /// Its code there.
    pub code: String,
    /// What it is counted in there.
    pub unit: String,
}

/// Why no bill can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BomProblem {
    /// The released bill of a phantom is not known, or there is none that holds, or several.
    Phantom {
        /// What was said of it.
        why: String,
    },
    /// A line counts an item in a unit that its stock cannot be told in.
    Unit {
        /// The line.
        position: u32,
        /// Its unit.
        unit: String,
        /// The stock that contradicts.
        stock: Stock,
    },
    /// A quantity has more digits than can be held.
    Quantity {
        /// The line.
        position: u32,
    },
}

impl BomProblem {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Phantom { .. } => "bom.phantom",
            Self::Unit { .. } => "bom.unit",
            Self::Quantity { .. } => "bom.quantity",
        }
    }
}

impl fmt::Display for BomProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phantom { why } => formatter.write_str(why),
            Self::Unit {
                position,
                unit,
                stock:
                    Stock {
                        system,
                        code,
                        unit: kept,
                    },
            } => write!(
                formatter,
                "line {position} counts {code} in {unit}, and {system} counts it in {kept}: one cannot be \
                 told in the other; correct the line's unit or the item's and send it again, or, if it is cut \
                 from {kept}, say in [[bom.cuts]] of master.toml how long one is"
            ),
            Self::Quantity { position } => write!(
                formatter,
                "the quantity of line {position} comes to more digits than can be held; round what it is \
                 made from and release it again"
            ),
        }
    }
}

/// What a bill is made with: what the hub knows of items and of other bills.
pub trait Released {
    /// The released bill by which a phantom is made, and why there is none.
    fn bill_of(&self, phantom: &Component) -> Result<&Bom, String>;
    /// What systems say of a component's item.
    fn stocks_of(&self, component: &Component) -> Vec<Stock>;
}

/// Refuses lines that count an item in what its stock cannot be told in, unless they are to stay.
///
/// # Errors
/// The first such line.
pub fn check_units(
    bom: &Bom,
    policy: &BomPolicy,
    released: &impl Released,
) -> Result<(), BomProblem> {
    if policy.units == Units::Keep {
        return Ok(());
    }
    for component in &bom.components {
        let Some(text) = &component.unit else {
            continue;
        };
        let unit = Unit::of(text);
        for stock in released.stocks_of(component) {
            let kept = Unit::of(&stock.unit);
            let is_cut = policy.manufacturing && policy.cut(&unit, &stock).is_some();
            if !unit.is_convertible(&kept) && !is_cut {
                return Err(BomProblem::Unit {
                    position: component.position,
                    unit: text.clone(),
                    stock,
                });
            }
        }
    }
    Ok(())
}

impl BomPolicy {
    /// The rule for what is counted by length and kept in this stock.
    fn cut(&self, unit: &Unit, stock: &Stock) -> Option<&Cut> {
        let kept = Unit::of(&stock.unit);
        let mut cuts = self.cuts.iter().filter(|_| unit.is_length());
        cuts.find(|cut| Unit::of(&cut.unit) == kept && stock.code.starts_with(&cut.code))
    }
}

/// A component on its way into the shop's bill: how many go in, as a fraction.
struct Part {
    component: Component,
    divisor: Decimal,
}

/// Makes the shop's bill of a design bill.
///
/// # Errors
/// When a phantom cannot be opened or a quantity cannot be told exactly.
pub fn manufacture(
    bom: &Bom,
    policy: &BomPolicy,
    released: &impl Released,
) -> Result<Bom, BomProblem> {
    let mut parts = Vec::new();
    for component in &bom.components {
        let part = Part {
            component: component.clone(),
            divisor: Decimal::ONE,
        };
        open(part, policy, released, DEEPEST, &mut parts)?;
    }
    let is_opened =
        bom.components.iter().any(|it| it.phantom) && policy.phantoms == Phantoms::Expand;
    let scale = scale(&parts)?;
    let mut made = Bom {
        kind: BomKind::Manufacturing,
        quantity: match scale == Decimal::ONE {
            true => bom.quantity,
            false => times(bom.quantity, scale).ok_or(BomProblem::Quantity { position: 1 })?,
        },
        components: Vec::with_capacity(parts.len()),
        ..bom.clone()
    };
    for (number, part) in (1..).zip(parts) {
        let position = part.component.position;
        let quantity = part
            .quantity(scale)
            .ok_or(BomProblem::Quantity { position })?;
        let mut component = Component {
            quantity,
            ..part.component
        };
        if is_opened {
            component.position = number * 10;
        }
        if policy.substitutes == Substitutes::Drop {
            component.substitutes.clear();
        }
        cut(&mut component, policy, released)?;
        made.components.push(component);
    }
    Ok(made)
}

/// A component, or what takes its place.
fn open(
    part: Part,
    policy: &BomPolicy,
    released: &impl Released,
    levels: usize,
    parts: &mut Vec<Part>,
) -> Result<(), BomProblem> {
    let phantom = &part.component;
    let position = phantom.position;
    let why = |why: String| BomProblem::Phantom {
        why: format!("line {position}: {why}"),
    };
    if parts.len() >= LONGEST {
        return Err(why(format!(
            "its phantoms come to more than {LONGEST} lines; mark as phantoms only what is never stocked, and \
             release it again"
        )));
    }
    if !phantom.phantom || policy.phantoms == Phantoms::Keep {
        parts.push(part);
        return Ok(());
    }
    if levels == 0 {
        return Err(why(format!("phantoms stand in each other {DEEPEST} deep")));
    }
    let bill = released.bill_of(phantom).map_err(why)?;
    let too_long = || BomProblem::Quantity { position };
    let many = match (&phantom.unit, &bill.unit) {
        (Some(ours), Some(theirs)) => {
            let converted = Unit::of(ours).convert(phantom.quantity, &Unit::of(theirs));
            converted.ok_or_else(|| BomProblem::Unit {
                position,
                unit: ours.clone(),
                stock: Stock {
                    system: format!("bill {}", bill.number),
                    code: "it".to_owned(),
                    unit: theirs.clone(),
                },
            })?
        }
        _ => phantom.quantity,
    };
    for component in &bill.components {
        let quantity = times(many, component.quantity).ok_or_else(too_long)?;
        let divisor = times(part.divisor, bill.quantity).ok_or_else(too_long)?;
        let scrap_rate = lost(phantom.scrap_rate, component.scrap_rate).ok_or_else(too_long)?;
        let component = Component {
            position,
            quantity,
            scrap_rate,
            ..component.clone()
        };
        let part = Part { component, divisor };
        open(part, policy, released, levels - 1, parts)?;
    }
    Ok(())
}

/// What is lost of what is left, when something is lost twice; `None` if it has too many digits.
fn lost(one: Option<Decimal>, other: Option<Decimal>) -> Option<Option<Decimal>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let twice = times(one, other)?;
            Some(Some((one + other - twice).normalize()))
        }
        (one, other) => Some(one.or(other)),
    }
}

impl Part {
    fn quantity(&self, scale: Decimal) -> Option<Decimal> {
        if self.divisor == Decimal::ONE && scale == Decimal::ONE {
            return Some(self.component.quantity);
        }
        exactly(times(self.component.quantity, scale)?, self.divisor)
    }
}

/// A quotient without an end is none.
fn exactly(dividend: Decimal, divisor: Decimal) -> Option<Decimal> {
    let quotient = dividend.checked_div(divisor)?.normalize();
    (times(quotient, divisor)? == dividend.normalize()).then_some(quotient)
}

/// For how many times as many pieces the bill has to be told, so that no quantity is an endless fraction.
fn scale(parts: &[Part]) -> Result<Decimal, BomProblem> {
    let mut scale = Decimal::ONE;
    for part in parts {
        if part.quantity(scale).is_none() {
            let position = part.component.position;
            scale = times(scale, part.divisor).ok_or(BomProblem::Quantity { position })?;
        }
    }
    Ok(scale)
}

/// Tells a length in pieces of what is kept, if a rule says how long one is.
fn cut(
    component: &mut Component,
    policy: &BomPolicy,
    released: &impl Released,
) -> Result<(), BomProblem> {
    let Some(unit) = component.unit.as_deref().map(Unit::of) else {
        return Ok(());
    };
    for stock in released.stocks_of(component) {
        let Some(rule) = policy.cut(&unit, &stock) else {
            continue;
        };
        let pieces = unit
            .convert(component.quantity, &rule.length.unit)
            .and_then(|length| length.checked_div(rule.length.value));
        let pieces = pieces.ok_or(BomProblem::Quantity {
            position: component.position,
        })?;
        let up = rounded_up(pieces);
        component.quantity = up;
        component.unit = Some(stock.unit);
        component.scrap_rate = component.scrap_rate.or(rule.scrap_rate);
        return Ok(());
    }
    Ok(())
}

fn rounded_up(pieces: Decimal) -> Decimal {
    let down = pieces.trunc_with_scale(PLACES);
    let step = Decimal::new(1, PLACES);
    match down == pieces {
        true => down.normalize(),
        false => (down + step).normalize(),
    }
}

/// How people call a component: as its bill's system does.
pub fn called(item: &Reference) -> String {
    match item {
        Reference::Native { native_id, .. } => native_id.clone(),
        Reference::Master { master_id } => master_id.to_string(),
    }
}

#[cfg(test)]
mod tests;
