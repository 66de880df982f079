//! The gate: refuses, with a place and a reason, what could run for ever or reach outside.
//!
//! The gate looks at the text alone, so that its verdict is known before anything runs. It is the
//! first of two walls. What it cannot see (products of generators, texts that double) is held by
//! the [meter](super::meter), which ends an evaluation that does too much.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};
use tenon_core::nearest;

use super::tables::CodeTables;

/// The deepest nesting of terms; a pipe counts as one level for what follows it.
const DEEPEST: usize = 200;
/// The largest count that may be written into `range` or a repetition of text.
const LARGEST_RANGE: f64 = 100_000.0;
const LARGEST_REPETITION: f64 = 10_000.0;

/// Something that may not be in a mapping.
#[derive(Debug)]
pub(super) struct Refusal<'s> {
    /// The part of the source.
    pub(super) at: &'s str,
    /// What is wrong.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: Option<String>,
}

/// A function that jq has and mappings have not.
struct Absent {
    name: &'static str,
    /// The number of arguments, or any.
    arguments: Option<usize>,
    reason: &'static str,
    instead: &'static str,
}

const fn absent(name: &'static str, reason: &'static str, instead: &'static str) -> Absent {
    Absent {
        name,
        arguments: None,
        reason,
        instead,
    }
}

const ENDLESS: &str = "may run for ever";
const OUTSIDE: &str = "reaches outside of the record";
const CLOCK: &str = "gives another result each time";
const WALK_DATA: &str = "use .. , .[] or walk, which follow the data";
const USE_MESSAGE: &str = "what a mapping may know is in . and $message";
const USE_TIME: &str = "use $message.occurred_at";

/// Everything of jq that is refused by name.
const ABSENT: &[Absent] = &[
    absent("repeat", ENDLESS, WALK_DATA),
    absent("until", ENDLESS, "use first(.[] | select(…)) or reduce"),
    absent("while", ENDLESS, "use .[] | select(…), limit or reduce"),
    Absent {
        name: "recurse",
        arguments: Some(1),
        reason: ENDLESS,
        instead: WALK_DATA,
    },
    Absent {
        name: "recurse",
        arguments: Some(2),
        reason: ENDLESS,
        instead: WALK_DATA,
    },
    Absent {
        name: "combinations",
        arguments: Some(1),
        reason: "multiplies its input with itself",
        instead: "use combinations without argument",
    },
    absent("input", OUTSIDE, "a mapping sees one record at a time"),
    absent("inputs", OUTSIDE, "a mapping sees one record at a time"),
    absent("input_filename", OUTSIDE, USE_MESSAGE),
    absent("input_line_number", OUTSIDE, USE_MESSAGE),
    absent("env", OUTSIDE, USE_MESSAGE),
    absent("get_search_list", OUTSIDE, USE_MESSAGE),
    absent("modulemeta", OUTSIDE, USE_MESSAGE),
    absent(
        "debug",
        "writes to the log",
        "run the mapping's cases with tenon test",
    ),
    absent(
        "stderr",
        "writes to the log",
        "run the mapping's cases with tenon test",
    ),
    absent(
        "halt",
        "would end the hub",
        "use error(\"…\") to refuse a record, empty to skip it",
    ),
    absent(
        "halt_error",
        "would end the hub",
        "use error(\"…\") to refuse a record",
    ),
    absent("now", CLOCK, USE_TIME),
    absent(
        "localtime",
        "depends on the machine's time zone",
        "use datetime_in with a zone",
    ),
    absent(
        "strflocaltime",
        "depends on the machine's time zone",
        "use datetime_out with a zone",
    ),
    absent("infinite", "has no form in JSON", "use null"),
    absent("nan", "has no form in JSON", "use null"),
    absent("tobytes", "has no form in JSON", "use @base64"),
];

const ABSENT_VARIABLES: &[(&str, &str)] = &[
    ("$ENV", OUTSIDE),
    ("$__loc__", OUTSIDE),
    ("$__prog_args", OUTSIDE),
];

/// Everything in `term` that may not be there, in the order of the text.
pub(super) fn refusals<'s>(term: &Term<&'s str>, tables: &CodeTables) -> Vec<Refusal<'s>> {
    let mut gate = Gate {
        tables,
        scope: Vec::new(),
        depth: 0,
        refusals: Vec::new(),
    };
    gate.term(term);
    gate.refusals.sort_by_key(|refusal| refusal.at.as_ptr());
    gate.refusals
}

/// A name that the mapping itself defines, with its number of arguments.
struct Defined<'s> {
    name: &'s str,
    arguments: usize,
    /// Whether we stand inside of its own body.
    open: bool,
}

struct Gate<'s, 'c> {
    tables: &'c CodeTables,
    scope: Vec<Defined<'s>>,
    depth: usize,
    refusals: Vec<Refusal<'s>>,
}

impl<'s> Gate<'s, '_> {
    fn refuse(&mut self, at: &'s str, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|help: &String| !help.is_empty());
        self.refusals.push(Refusal {
            at,
            message: message.into(),
            help,
        });
    }

    fn term(&mut self, term: &Term<&'s str>) {
        self.depth += 1;
        if self.depth <= DEEPEST {
            self.parts(term);
        } else if self.depth == DEEPEST + 1
            && let Some(at) = place(term)
        {
            let message = format!("the mapping is nested deeper than {DEEPEST} levels");
            self.refuse(at, message, "give parts of it names with def");
        }
        self.depth -= 1;
    }

    fn terms<'t>(&mut self, terms: impl IntoIterator<Item = &'t Term<&'s str>>)
    where
        's: 't,
    {
        terms.into_iter().for_each(|term| self.term(term));
    }

    fn parts(&mut self, term: &Term<&'s str>) {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Arr(None) => {}
            Term::Var(name) => self.variable(name),
            Term::Str(_, parts) => self.text(parts),
            Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => self.term(inner),
            Term::Obj(members) => {
                for (key, member) in members {
                    self.term(key);
                    self.terms(member);
                }
            }
            // A list of alternatives is as flat as it looks.
            Term::BinOp(left, BinaryOp::Comma, right) => {
                self.depth -= 1;
                self.term(left);
                self.depth += 1;
                self.term(right);
            }
            Term::BinOp(left, operator, right) => self.operation(left, operator, right),
            Term::Fold(_, source, pattern, bodies) => {
                self.term(source);
                self.pattern(pattern);
                self.terms(bodies);
            }
            Term::TryCatch(body, handler) => {
                self.term(body);
                self.terms(handler.as_deref());
            }
            Term::IfThenElse(branches, otherwise) => {
                for (condition, branch) in branches {
                    self.term(condition);
                    self.term(branch);
                }
                self.terms(otherwise.as_deref());
            }
            Term::Def(definitions, body) => self.definitions(definitions, body),
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Path(head, path) => {
                self.term(head);
                self.path(path);
            }
        }
    }

    fn variable(&mut self, name: &'s str) {
        if let Some((_, reason)) = ABSENT_VARIABLES.iter().find(|(absent, _)| *absent == name) {
            self.refuse(name, format!("{name} {reason}"), USE_MESSAGE);
        }
    }

    fn text(&mut self, parts: &[StrPart<&'s str, Term<&'s str>>]) {
        for part in parts {
            if let StrPart::Term(term) = part {
                self.term(term);
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern<&'s str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| self.pattern(pattern)),
            Pattern::Obj(members) => {
                for (key, pattern) in members {
                    self.term(key);
                    self.pattern(pattern);
                }
            }
        }
    }

    fn path(&mut self, path: &Path<Term<&'s str>>) {
        for (part, _) in &path.0 {
            match part {
                Part::Index(index) => self.term(index),
                Part::Range(from, to) => self.terms(from.iter().chain(to)),
            }
        }
    }

    fn operation(
        &mut self,
        left: &Term<&'s str>,
        operator: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
    ) {
        match operator {
            BinaryOp::Pipe(Some(pattern)) => self.pattern(pattern),
            BinaryOp::Math(Math::Mul) => self.repetition(left, right),
            BinaryOp::UpdateMath(Math::Mul) if matches!(right, Term::Str(..)) => {
                self.repeated_by_computation(right);
            }
            _ => {}
        }
        self.term(left);
        self.term(right);
    }

    /// `"text" * count`: the count must stand there as a number.
    fn repetition(&mut self, left: &Term<&'s str>, right: &Term<&'s str>) {
        let (text, count) = match (left, right) {
            (text @ Term::Str(..), count) | (count, text @ Term::Str(..)) => (text, count),
            _ => return,
        };
        match count {
            Term::Num(digits) if number(digits) <= LARGEST_REPETITION => {}
            Term::Num(digits) => {
                let message = format!("a text is repeated {LARGEST_REPETITION} times at the most");
                self.refuse(digits, message, "");
            }
            _ => self.repeated_by_computation(text),
        }
    }

    fn repeated_by_computation(&mut self, text: &Term<&'s str>) {
        let Some(at) = place(text) else { return };
        let message = "a text is repeated by a computed count, which may need any amount of memory";
        self.refuse(at, message, "write the count as a number");
    }

    fn definitions(&mut self, definitions: &[Def<&'s str>], body: &Term<&'s str>) {
        let before = self.scope.len();
        for Def { name, args, body } in definitions {
            self.scope.push(Defined {
                name,
                arguments: args.len(),
                open: true,
            });
            let parameters = self.scope.len();
            for name in args.iter().filter(|name| !name.starts_with('$')) {
                self.scope.push(Defined {
                    name,
                    arguments: 0,
                    open: false,
                });
            }
            self.term(body);
            self.scope.truncate(parameters);
            if let Some(defined) = self.scope.last_mut() {
                defined.open = false;
            }
        }
        self.term(body);
        self.scope.truncate(before);
    }

    fn call(&mut self, name: &'s str, arguments: &[Term<&'s str>]) {
        let count = arguments.len();
        let known = self.scope.iter().rev();
        match known
            .into_iter()
            .find(|known| known.name == name && known.arguments == count)
        {
            Some(Defined { open: true, .. }) => {
                let message = format!("{name} calls itself, which may run for ever");
                self.refuse(
                    name,
                    message,
                    "use .. , .[] , reduce or walk, which follow the data",
                );
            }
            Some(_) => {}
            None => self.call_of_language(name, arguments),
        }
        self.terms(arguments);
    }

    fn call_of_language(&mut self, name: &'s str, arguments: &[Term<&'s str>]) {
        if name.contains("::") {
            let message = format!("{name} is of a module, and a mapping stands alone in its file");
            return self.refuse(name, message, "");
        }
        if name.starts_with("engine_") {
            return self.refuse(
                name,
                format!("there is no function {name}/{}", arguments.len()),
                "",
            );
        }
        let absent = ABSENT.iter().find(|absent| {
            absent.name == name
                && absent
                    .arguments
                    .is_none_or(|count| count == arguments.len())
        });
        if let Some(absent) = absent {
            return self.refuse(name, format!("{name} {}", absent.reason), absent.instead);
        }
        match (name, arguments) {
            ("range", [.., Term::Num("0")]) if arguments.len() == 3 => {
                self.refuse(name, "a range with the step 0 never ends", "");
            }
            ("range", _) => self.range(arguments),
            ("lookup" | "lookup_back", [table, ..]) => self.lookup(table),
            _ => {}
        }
    }

    fn range(&mut self, arguments: &[Term<&'s str>]) {
        for argument in arguments {
            if let Term::Num(digits) = argument
                && number(digits) > LARGEST_RANGE
            {
                let message = format!("a range goes to {LARGEST_RANGE} at the most");
                self.refuse(digits, message, "iterate over the data with .[]");
            }
        }
    }

    /// A table that is named in the text must exist.
    fn lookup(&mut self, table: &Term<&'s str>) {
        let Term::Str(None, parts) = table else {
            return;
        };
        let [StrPart::Str(table)] = parts.as_slice() else {
            return;
        };
        let names = self.tables.names();
        if names.contains(table) {
            return;
        }
        let help = match nearest(table, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => "no code table is configured".to_owned(),
            None => format!("there is {}", names.join(", ")),
        };
        self.refuse(table, format!("there is no code table \"{table}\""), help);
    }
}

fn number(digits: &str) -> f64 {
    // The lexer lets nothing pass that is not a number.
    digits.parse().unwrap_or(f64::INFINITY)
}

/// The first part of the source that a term holds.
fn place<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    match term {
        Term::Id | Term::Recurse | Term::Arr(None) => None,
        Term::Num(at) | Term::Var(at) | Term::Call(at, _) | Term::Break(at) => Some(at),
        Term::Label(at, _) | Term::Fold(at, ..) => Some(at),
        Term::Str(_, parts) => parts.iter().find_map(|part| match part {
            StrPart::Str(text) => Some(*text),
            StrPart::Term(term) => place(term),
            StrPart::Char(_) => None,
        }),
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::TryCatch(inner, _) => place(inner),
        Term::Obj(members) => members
            .iter()
            .find_map(|(key, member)| place(key).or_else(|| member.as_ref().and_then(place))),
        Term::BinOp(left, _, right) => place(left).or_else(|| place(right)),
        Term::IfThenElse(branches, _) => branches
            .iter()
            .find_map(|(condition, branch)| place(condition).or_else(|| place(branch))),
        Term::Def(definitions, _) => definitions.first().map(|definition| definition.name),
        Term::Path(head, path) => place(head).or_else(|| {
            path.0.iter().find_map(|(part, _)| match part {
                Part::Index(index) => place(index),
                Part::Range(from, to) => from.iter().chain(to).find_map(place),
            })
        }),
    }
}
