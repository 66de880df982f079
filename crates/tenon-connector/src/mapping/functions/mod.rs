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

use super::language::Function;

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
    ($name:literal, $body:expr) => {
        ($name, jaq_core::native::v(0), |(_, input)| {
            let body: fn($crate::mapping::value::Value) -> $crate::mapping::value::ValueR = $body;
            jaq_core::native::bome(body(input))
        })
    };
}

/// A function of its input and one argument.
macro_rules! of_one {
    ($name:literal, $body:expr) => {
        ($name, jaq_core::native::v(1), |(mut context, input)| {
            let body: fn(
                $crate::mapping::value::Value,
                $crate::mapping::value::Value,
            ) -> $crate::mapping::value::ValueR = $body;
            jaq_core::native::bome(body(input, context.pop_var()))
        })
    };
}

/// A function of its input and two arguments.
macro_rules! of_two {
    ($name:literal, $body:expr) => {
        ($name, jaq_core::native::v(2), |(mut context, input)| {
            let body: fn(
                $crate::mapping::value::Value,
                $crate::mapping::value::Value,
                $crate::mapping::value::Value,
            ) -> $crate::mapping::value::ValueR = $body;
            let second = context.pop_var();
            let first = context.pop_var();
            jaq_core::native::bome(body(input, first, second))
        })
    };
}
pub(super) use {of_input, of_one, of_two};
