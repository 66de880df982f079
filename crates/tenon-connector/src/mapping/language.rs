//! The language of mappings: which parts of jq there are, and the functions beside them.
//!
//! *Architecture invariant*: no filter in here reads a clock, the environment, a file or standard
//! input, writes anything, or ends the process. What is not listed does not exist.

use jaq_core::data::HasLut;
use jaq_core::load::parse::Def;
use jaq_core::native::{self, Fun};
use jaq_core::{DataT, Lut, Native};

use super::functions;
use super::meter;
use super::tables::CodeTables;
use super::value::Value;

/// The data kinds of our programs.
#[derive(Debug)]
pub(super) struct Language;

impl DataT for Language {
    type V<'a> = Value;
    type Data<'a> = Surroundings<'a>;
}

/// What a running program sees beside its input.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    program: &'a Lut<Language>,
    pub(super) tables: &'a CodeTables,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(program: &'a Lut<Language>, tables: &'a CodeTables) -> Self {
        Self { program, tables }
    }
}

impl<'a> HasLut<'a, Language> for Surroundings<'a> {
    /// The engine asks for the program before it evaluates any term: this is where each is paid.
    fn lut(&self) -> &'a Lut<Language> {
        meter::step();
        self.program
    }
}

/// The engine's filters that mappings have. Each of them pays through the operations of
/// [`Value`], or is cheap; the rest of the engine's filters do not exist here.
const KEPT_NATIVES: &[&str] = &[
    "error_empty",
    "path",
    "path_value",
    "range",
    "keys_unsorted",
    "key_values",
    "first",
    "last",
    "limit",
    "skip",
    "floor",
    "round",
    "ceil",
    "utf8bytelength",
    "explode",
    "implode",
    "ascii_downcase",
    "ascii_upcase",
    "reverse",
    "sort",
    "sort_by",
    "group_by",
    "min_by_or_empty",
    "max_by_or_empty",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "trim",
    "ltrim",
    "rtrim",
    "escape_html",
    "unescape_html",
    "escape_sh",
    "encode_uri",
    "decode_uri",
    "encode_base64",
    "decode_base64",
    "fromdateiso8601",
    "todateiso8601",
    "strftime",
    "strptime",
    "gmtime",
    "mktime",
    "pow",
    "log10",
    "sqrt",
    "fabs",
    "trunc",
];

/// The engine's regular expressions; our definitions of the same names pay for them first.
const REGULAR_EXPRESSIONS: &[(&str, &str)] = &[
    ("matches", "engine_matches"),
    ("split_matches", "engine_split_matches"),
    ("split_", "engine_split"),
];

/// The engine's definitions that mappings do not have, because what they call does not exist here,
/// or because numbers without a value do not.
const DROPPED_DEFINITIONS: &[&str] = &[
    "stderr",
    "debug",
    "halt",
    "halt_error",
    "nan",
    "infinite",
    "isnan",
    "isinfinite",
    "isfinite",
    "isnormal",
    "logb",
    "significand",
    "pow10",
    "drem",
    "nexttoward",
    "scalb",
    "gamma",
    "finites",
    "normals",
];

/// What is defined in jq itself, before the engine's own definitions.
const DEFINITIONS: &str = r#"
def matches($pattern; $flags): pay_for_pattern($pattern) | engine_matches($pattern; $flags);
def split_matches($pattern; $flags):
  pay_for_pattern($pattern) | engine_split_matches($pattern; $flags);
def split_($pattern; $flags): pay_for_pattern($pattern) | engine_split($pattern; $flags);
def @csv: .[] |= (if . == null then "" elif isstring then "\"" + (. / "\"" | join("\"\"")) + "\""
  else tostring end) | join(",");
"#;

/// Every native filter.
pub(super) fn natives() -> impl Iterator<Item = Fun<Language>> {
    let engine = jaq_core::funs::<Language>().chain(jaq_std::funs());
    let engine = engine.filter_map(|(name, arguments, code)| {
        let renamed = REGULAR_EXPRESSIONS.iter().find(|(from, _)| *from == name);
        let name = match renamed {
            Some((_, to)) => to,
            None => KEPT_NATIVES.iter().find(|kept| **kept == name)?,
        };
        Some((*name, arguments, code))
    });
    let ours = functions::all().map(|function| {
        let arguments = native::v(function.arguments);
        (
            function.name,
            arguments,
            Native::<Language>::new(function.run),
        )
    });
    engine.chain(ours)
}

/// Every definition in jq.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let parsed = jaq_core::load::parse(DEFINITIONS, |parser| parser.defs());
    // A test compiles the definitions; a mistake in them cannot reach a user.
    let ours = parsed.unwrap_or_default();
    let (paying, rest): (Vec<_>, Vec<_>) = ours
        .into_iter()
        .partition(|definition| !definition.name.starts_with('@'));
    let engine = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let engine = engine.filter(|definition| !DROPPED_DEFINITIONS.contains(&definition.name));
    paying.into_iter().chain(engine).chain(rest)
}
