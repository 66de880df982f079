//! The functions that mappings have beside jq's own.
//!
//! `docs/mapping-functions.md` describes them for those who write mappings; it is made from the
//! [catalogue], whose examples are run as tests.

#[cfg(test)]
mod catalogue;
mod dates;
mod decimal;
mod json;
mod references;
mod text;

use jaq_core::RunPtr;

use super::language::Language;
use super::tables::CodeTables;
use super::value::{Value, ValueR};

/// A function of ours.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How many arguments it has, each one value.
    pub(super) arguments: usize,
    /// How the engine calls it.
    pub(super) run: RunPtr<Language>,
    /// How a plan calls it.
    pub(super) body: Body,
}

/// What a function does, by what it is given.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Its input alone.
    Input(fn(Value) -> ValueR),
    /// Its input and one argument.
    One(fn(Value, Value) -> ValueR),
    /// Its input and two arguments.
    Two(fn(Value, Value, Value) -> ValueR),
    /// The code tables, its input, and one or two arguments.
    Tables(fn(&CodeTables, Value, Value, Option<Value>) -> ValueR),
}

/// All functions that are written in Rust.
pub(super) fn all() -> impl Iterator<Item = Function> {
    [
        json::functions(),
        decimal::functions(),
        dates::functions(),
        text::functions(),
        references::functions(),
    ]
    .into_iter()
    .flatten()
}

/// The function of that name and number of arguments.
pub(super) fn body(name: &str, arguments: usize) -> Option<Body> {
    all()
        .find(|function| function.name == name && function.arguments == arguments)
        .map(|function| function.body)
}

/// The name and number of arguments of every function there is, for suggestions.
pub(super) fn names() -> Vec<(String, usize)> {
    let natives = super::language::natives();
    let natives = natives.map(|(name, arguments, _)| (name.to_owned(), arguments.len()));
    let definitions = super::language::definitions();
    let definitions =
        definitions.map(|definition| (definition.name.to_owned(), definition.args.len()));
    let hidden = |name: &str| name.starts_with("engine_") || name.ends_with("_or_empty");
    natives
        .chain(definitions)
        .filter(|(name, _)| !hidden(name))
        .collect()
}

/// A function of its input alone.
macro_rules! of_input {
    ($name:literal, $body:expr) => {{
        const BODY: fn($crate::mapping::value::Value) -> $crate::mapping::value::ValueR = $body;
        $crate::mapping::functions::Function {
            name: $name,
            arguments: 0,
            run: |(_, input)| jaq_core::native::bome(BODY(input)),
            body: $crate::mapping::functions::Body::Input(BODY),
        }
    }};
}

/// A function of its input and one argument.
macro_rules! of_one {
    ($name:literal, $body:expr) => {{
        const BODY: fn(
            $crate::mapping::value::Value,
            $crate::mapping::value::Value,
        ) -> $crate::mapping::value::ValueR = $body;
        $crate::mapping::functions::Function {
            name: $name,
            arguments: 1,
            run: |(mut context, input)| jaq_core::native::bome(BODY(input, context.pop_var())),
            body: $crate::mapping::functions::Body::One(BODY),
        }
    }};
}

/// A function of its input and two arguments.
macro_rules! of_two {
    ($name:literal, $body:expr) => {{
        const BODY: fn(
            $crate::mapping::value::Value,
            $crate::mapping::value::Value,
            $crate::mapping::value::Value,
        ) -> $crate::mapping::value::ValueR = $body;
        $crate::mapping::functions::Function {
            name: $name,
            arguments: 2,
            run: |(mut context, input)| {
                let second = context.pop_var();
                let first = context.pop_var();
                jaq_core::native::bome(BODY(input, first, second))
            },
            body: $crate::mapping::functions::Body::Two(BODY),
        }
    }};
}
pub(super) use {of_input, of_one, of_two};
