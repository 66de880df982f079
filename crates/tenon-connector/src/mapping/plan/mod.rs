//! Plans: programs of the forms that mappings are mostly made of, evaluated directly.
//!
//! The engine evaluates every term as a stream of values, whatever the term is. A mapping mostly
//! picks members, calls functions and builds one record, and needs no streams for that. What
//! consists of such forms is planned: definitions are written out where they are called, terms
//! become a tree, and values are borrowed from the input until something is built of them.
//!
//! *Architecture invariant*: a plan gives what the engine gives. Where it meets anything out of
//! the ordinary, every error above all, it leaves the whole evaluation to the engine, which may
//! begin anew because programs have no effects. Programs that hold other forms have no plan.

mod build;
mod held;
mod run;

use std::sync::Arc;

use jaq_core::Filter;
use jaq_core::load::parse::{Def, Term};
use jaq_core::ops::{Cmp, Math};

use super::functions::Body;
use super::language::Language;
use super::tables::CodeTables;
use super::value::Value;

/// A program that is evaluated without the engine.
pub(super) struct Plan {
    root: Node,
}

impl Plan {
    /// Plans a program; `None` when it holds forms that only the engine knows.
    pub(super) fn of<'t>(
        program: &'t Term<&'t str>,
        definitions: &'t [Def<&'t str>],
    ) -> Option<Self> {
        build::plan(program, definitions).map(|root| Self { root })
    }

    /// The first outputs, at most two; `None` when the engine has to evaluate the program.
    pub(super) fn run(
        &self,
        input: &Value,
        message: &Value,
        tables: &CodeTables,
    ) -> Option<Vec<Value>> {
        run::run(&self.root, input, message, tables)
    }
}

/// One form. Those that hold a *single* node need one that gives at most one value.
enum Node {
    /// `.`
    Input,
    /// A literal.
    Constant(Value),
    /// `$message`
    Message,
    /// A bound variable, by the number of variables that were bound before it.
    Variable(usize),
    /// `.a`, `.[0]?`, `.[]`
    Path(Box<Node>, Vec<Step>),
    /// `[f]`
    Array(Box<Node>),
    /// `{key: value}`, both single.
    Object(Vec<(Node, Node)>),
    /// `"text \(f)"`, each single.
    Text(Vec<Piece>),
    /// `-f`, single.
    Negation(Box<Node>),
    /// `f + g`, both single.
    Arithmetic(Box<Node>, Math, Box<Node>),
    /// `f < g`, both single.
    Comparison(Box<Node>, Cmp, Box<Node>),
    /// `f and g`, `f or g`, both single; the truth value that decides alone.
    Logic(Box<Node>, bool, Box<Node>),
    /// `f // g`, the first single.
    Alternative(Box<Node>, Box<Node>),
    /// `if f then g else h end`, the condition single.
    Choice(Box<Node>, Box<Node>, Box<Node>),
    /// `f | g`
    Pipe(Box<Node>, Box<Node>),
    /// `f as $x | g`, with the variable's number.
    Binding(Box<Node>, usize, Box<Node>),
    /// `f, g`
    Sequence(Box<Node>, Box<Node>),
    /// `empty`
    Nothing,
    /// `try f catch g`
    Attempt(Box<Node>, Box<Node>),
    /// `first(f)`
    First(Box<Node>),
    /// `reduce f as $x (g; . + h)`, with the variable's number; the second and third single.
    Sum(Box<Node>, usize, Box<Node>, Box<Node>),
    /// A function of its input and of arguments, each single.
    Call(Function, Vec<Node>),
}

/// A step of a path, and whether `?` stands behind it.
struct Step {
    part: Part,
    optional: bool,
}

enum Part {
    /// `.[f]`, single.
    Member(Node),
    /// `.[]`
    Every,
    /// `.[f:g]`, both single.
    Slice(Option<Node>, Option<Node>),
}

/// A part of a text.
enum Piece {
    Text(String),
    Value(Node),
}

/// What is called.
enum Function {
    /// One of ours.
    Ours(Body),
    /// One of the engine's that gives one value: a program of that call alone, whose variables are
    /// the arguments.
    Engine(Arc<Filter<Language>>),
}
