//! Values in a running plan: borrowed where they can be, until something is built of them.

use std::borrow::Cow;

use jaq_json::Val;

use crate::mapping::value::Value;

/// A value that is borrowed where it can be, and a bound of its depth.
pub(super) struct Held<'v> {
    pub(super) json: Cow<'v, Val>,
    pub(super) depth: u32,
}

/// A value to look at.
#[derive(Clone, Copy)]
pub(super) struct Seen<'v> {
    pub(super) json: &'v Val,
    pub(super) depth: u32,
}

impl<'v> Seen<'v> {
    pub(super) fn of(value: &'v Value) -> Self {
        Self {
            json: &value.json,
            depth: value.depth(),
        }
    }
}

impl<'v> Held<'v> {
    pub(super) fn of(value: &'v Value) -> Self {
        Self {
            json: Cow::Borrowed(&value.json),
            depth: value.depth(),
        }
    }

    pub(super) fn into_value(self) -> Value {
        Value::nested(self.json.into_owned(), self.depth)
    }

    /// The same without what it borrows.
    pub(super) fn owned<'any>(self) -> Held<'any> {
        Held {
            json: Cow::Owned(self.json.into_owned()),
            depth: self.depth,
        }
    }

    /// Another handle on the same.
    pub(super) fn again(&self) -> Self {
        Self {
            json: self.json.clone(),
            depth: self.depth,
        }
    }

    /// A member of this value.
    pub(super) fn member<'m>(&self, json: Cow<'m, Val>) -> Held<'m> {
        let depth = match *json {
            Val::Arr(_) | Val::Obj(_) => self.depth.saturating_sub(1),
            _ => 0,
        };
        Held { json, depth }
    }

    pub(super) fn is_true(&self) -> bool {
        !matches!(*self.json, Val::Null | Val::Bool(false))
    }
}

impl From<Value> for Held<'_> {
    fn from(value: Value) -> Self {
        let depth = value.depth();
        Self {
            json: Cow::Owned(value.json),
            depth,
        }
    }
}

impl<'v> From<Seen<'v>> for Held<'v> {
    fn from(seen: Seen<'v>) -> Self {
        Self {
            json: Cow::Borrowed(seen.json),
            depth: seen.depth,
        }
    }
}
