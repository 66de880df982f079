//! The value that mappings compute with: the engine's JSON value, metered.
//!
//! Each operation pays on the [meter](super::meter) for the work it does, so that no sequence of
//! operations can outgrow the allowance. Beside the value stands an upper bound of its nesting:
//! values are given back, compared and written recursively, so their depth is capped too.

mod access;
mod operators;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jaq_core::ValT as _;
use jaq_core::val::Range;
use jaq_json::Val;

use super::json::{self, DEEPEST};
use super::meter::{self, Ended};

/// An error that a mapping raised.
pub(super) type Error = jaq_core::Error<Value>;
/// A value or an error.
pub(super) type ValueR = Result<Value, Error>;
type ValueX<'a> = jaq_core::ValX<'a, Value>;

/// The longest text that one operation may build, in bytes.
pub(super) const LONGEST_TEXT: usize = 16 << 20;
/// What one member of an array costs in memory, in bytes.
pub(super) const MEMBER: usize = 16;
/// What one member of an object costs in memory, in bytes.
pub(super) const ENTRY: usize = 64;

/// A JSON value and a bound of its depth.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub(super) json: Val,
    /// At least the number of arrays and objects around the deepest scalar.
    depth: u32,
}

impl Value {
    /// A value that is nested at most `depth` levels.
    pub(super) fn nested(json: Val, depth: u32) -> Self {
        if depth <= DEEPEST {
            return Self { json, depth };
        }
        // The bound grows faster than the depth when members are replaced in a loop.
        let depth = measure(&json);
        if depth > DEEPEST {
            meter::end(Ended::Depth);
        }
        Self { json, depth }
    }

    /// Null, a truth value, a number or a text.
    pub(super) fn scalar(json: Val) -> Self {
        Self { json, depth: 0 }
    }

    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::from(text.into())
    }

    /// At least the number of arrays and objects around the deepest scalar.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// The text, when the value is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.json {
            Val::TStr(text) => {
                meter::read_text(text.len());
                std::str::from_utf8(text).ok()
            }
            _ => None,
        }
    }

    /// A member of this value.
    pub(super) fn member(&self, json: Val) -> Self {
        let depth = match json {
            Val::Arr(_) | Val::Obj(_) => self.depth.saturating_sub(1),
            _ => 0,
        };
        Self { json, depth }
    }

    /// Another form of this value that is nested no deeper.
    pub(super) fn same_depth(&self, json: Val) -> Self {
        Self {
            json,
            depth: self.depth,
        }
    }

    /// An object of these members.
    pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let members = members
            .into_iter()
            .map(|(key, member)| (Self::text(key), member));
        // All keys are text, which is the only thing that could go wrong.
        Self::from_map(members).unwrap_or_default()
    }

    /// The error "cannot use this as `wanted`".
    pub(super) fn refused(self, wanted: &'static str) -> Error {
        Error::typ(self, wanted)
    }
}

fn measure(json: &Val) -> u32 {
    meter::step();
    match json {
        Val::Arr(items) => 1 + items.iter().map(measure).max().unwrap_or(0),
        Val::Obj(members) => 1 + members.values().map(measure).max().unwrap_or(0),
        _ => 0,
    }
}

/// Pays for visiting every part of a value, as often as it is reachable.
pub(super) fn weigh(json: &Val) {
    match json {
        Val::Arr(items) => items.iter().for_each(weigh),
        Val::Obj(members) => members.values().for_each(weigh),
        Val::TStr(text) | Val::BStr(text) => meter::read_text(text.len()),
        _ => {}
    }
    meter::step();
}

/// Pays for comparing two values.
fn weigh_both(left: &Val, right: &Val) {
    match (left, right) {
        (Val::Arr(_), Val::Arr(_)) | (Val::Obj(_), Val::Obj(_)) => {
            weigh(left);
            weigh(right);
        }
        (Val::TStr(left), Val::TStr(right)) => meter::read_text(left.len().min(right.len())),
        _ => {}
    }
    meter::step();
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::scalar(Val::Bool(truth))
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Self {
        Self::scalar(Val::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::scalar(Val::from(number))
    }
}

impl From<f64> for Value {
    /// What is no number in JSON is null, as jq writes it.
    fn from(number: f64) -> Self {
        Self::scalar(if number.is_finite() {
            Val::from(number)
        } else {
            Val::Null
        })
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        meter::bytes(text.len());
        Self::scalar(Val::utf8_str(text))
    }
}

impl From<Range<Value>> for Value {
    fn from(range: Range<Value>) -> Self {
        let members = [("start", range.start), ("end", range.end)];
        Self::object(
            members
                .into_iter()
                .filter_map(|(key, bound)| Some((key, bound?))),
        )
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<T: IntoIterator<Item = Value>>(values: T) -> Self {
        let mut depth = 0;
        let items: Vec<Val> = values
            .into_iter()
            .map(|value| {
                meter::step();
                meter::bytes(MEMBER);
                depth = depth.max(value.depth);
                value.json
            })
            .collect();
        Self::nested(Val::Arr(Arc::new(items)), depth + 1)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        weigh_both(&self.json, &other.json);
        self.json == other.json
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        weigh_both(&self.json, &other.json);
        self.json.cmp(&other.json)
    }
}

impl fmt::Display for Value {
    /// The beginning of the value: this is how a value appears in messages to people, which must
    /// neither be long nor show a whole record.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&json::brief(&self.json, 60))
    }
}
