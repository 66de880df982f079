//! From a parsed program to its plan.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part as EnginePart, Path};
use jaq_core::{Filter, ValT as _};

use super::{Function, Node, Part, Piece, Step, run};
use crate::mapping::functions;
use crate::mapping::language::Language;
use crate::mapping::program;
use crate::mapping::value::Value;

/// The most nodes of a plan: definitions are written out at each call, which may double them.
const MOST_NODES: usize = 4_000;
/// The deepest nesting of nodes, for the stack's sake. Definitions that call themselves end here.
const DEEPEST: usize = 120;

/// The engine's functions that a plan may call: each gives one value for one input.
const SINGLE: &[(&str, usize)] = &[
    ("error_empty", 0),
    ("keys_unsorted", 0),
    ("key_values", 0),
    ("floor", 0),
    ("round", 0),
    ("ceil", 0),
    ("utf8bytelength", 0),
    ("explode", 0),
    ("implode", 0),
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("reverse", 0),
    ("sort", 0),
    ("startswith", 1),
    ("endswith", 1),
    ("ltrimstr", 1),
    ("rtrimstr", 1),
    ("trim", 0),
    ("ltrim", 0),
    ("rtrim", 0),
    ("escape_html", 0),
    ("unescape_html", 0),
    ("escape_sh", 0),
    ("encode_uri", 0),
    ("decode_uri", 0),
    ("encode_base64", 0),
    ("decode_base64", 0),
    ("fromdateiso8601", 0),
    ("todateiso8601", 0),
    ("strftime", 1),
    ("strptime", 1),
    ("gmtime", 0),
    ("mktime", 0),
    ("engine_matches", 2),
    ("engine_split_matches", 2),
    ("engine_split", 2),
];

/// Definitions whose own forms cannot be planned, but which give one value for one input.
const SINGLE_DEFINITIONS: &[(&str, usize)] = &[
    ("join", 1),
    ("unique", 0),
    ("flatten", 0),
    ("flatten", 1),
    ("min", 0),
    ("max", 0),
    ("transpose", 0),
];

/// The program holds a form that is not planned.
struct Unplanned;

/// A node, and whether it may give more than one value.
type Planned = Result<(Node, bool), Unplanned>;

/// What a name stands for, and what stood before.
struct Link<'t> {
    entry: Entry<'t>,
    outer: Scope<'t>,
}

enum Entry<'t> {
    /// A definition, and whether it is one of the language's own.
    Definition(&'t Def<&'t str>, bool),
    /// An argument that is a filter: it is written out where it is named, in its own scope.
    Filter(&'t str, &'t Term<&'t str>, Scope<'t>),
    Variable(&'t str, usize),
}

type Scope<'t> = Option<Rc<Link<'t>>>;

fn within<'t>(outer: &Scope<'t>, entry: Entry<'t>) -> Scope<'t> {
    Some(Rc::new(Link {
        entry,
        outer: outer.clone(),
    }))
}

/// Where a term stands.
struct Place<'t> {
    scope: Scope<'t>,
    /// How many variables are bound there.
    bound: usize,
}

impl<'t> Place<'t> {
    fn with(&self, entry: Entry<'t>) -> Self {
        Self {
            scope: within(&self.scope, entry),
            bound: self.bound,
        }
    }

    /// The place where one more variable is bound.
    fn binding(&self, name: &'t str) -> Self {
        let mut place = self.with(Entry::Variable(name, self.bound));
        place.bound += 1;
        place
    }

    /// This place, seen from where `bound` variables are bound.
    fn at(&self, bound: usize) -> Self {
        Self {
            scope: self.scope.clone(),
            bound,
        }
    }
}

pub(super) fn plan<'t>(
    program: &'t Term<&'t str>,
    definitions: &'t [Def<&'t str>],
) -> Option<Node> {
    let mut scope = None;
    for definition in definitions {
        scope = within(&scope, Entry::Definition(definition, true));
    }
    let place = Place { scope, bound: 0 };
    let mut builder = Builder {
        nodes: 0,
        nesting: 0,
    };
    builder.node(program, &place).ok().map(|(node, _)| node)
}

struct Builder {
    nodes: usize,
    nesting: usize,
}

impl Builder {
    fn node<'t>(&mut self, term: &'t Term<&'t str>, place: &Place<'t>) -> Planned {
        if self.nodes == MOST_NODES || self.nesting == DEEPEST {
            return Err(Unplanned);
        }
        self.nodes += 1;
        self.nesting += 1;
        let planned = self.form(term, place);
        self.nesting -= 1;
        planned
    }

    fn form<'t>(&mut self, term: &'t Term<&'t str>, place: &Place<'t>) -> Planned {
        match term {
            Term::Id => Ok((Node::Input, false)),
            Term::Num(digits) => {
                let value = match digits.parse::<isize>() {
                    Ok(whole) => Value::from(whole),
                    Err(_) => Value::from_num(digits).map_err(|_| Unplanned)?,
                };
                Ok((Node::Constant(value), false))
            }
            Term::Var(name) => Ok((variable(name, &place.scope)?, false)),
            Term::Str(None, parts) => self.text(parts, place),
            Term::Arr(None) => Ok((Node::Array(Box::new(Node::Nothing)), false)),
            Term::Arr(Some(inner)) => {
                let (inner, _) = self.node(inner, place)?;
                Ok((Node::Array(Box::new(inner)), false))
            }
            Term::Obj(members) => {
                let members = members
                    .iter()
                    .map(|(key, member)| self.member(key, member.as_ref(), place))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok((Node::Object(members), false))
            }
            Term::Neg(inner) => Ok((Node::Negation(self.single(inner, place)?), false)),
            Term::BinOp(left, operator, right) => self.operation(left, operator, right, place),
            Term::IfThenElse(branches, otherwise) => {
                let mut node = match otherwise {
                    Some(otherwise) => self.node(otherwise, place)?,
                    None => (Node::Input, false),
                };
                for (condition, branch) in branches.iter().rev() {
                    let (branch, many) = self.node(branch, place)?;
                    let condition = self.single(condition, place)?;
                    let (otherwise, or_many) = node;
                    let choice = Node::Choice(condition, Box::new(branch), Box::new(otherwise));
                    node = (choice, many || or_many);
                }
                Ok(node)
            }
            Term::TryCatch(body, handler) => {
                let (body, many) = self.node(body, place)?;
                let (handler, or_many) = match handler {
                    Some(handler) => self.node(handler, place)?,
                    None => (Node::Nothing, false),
                };
                // What a body gave before it failed stands, so that a handler's value is a second.
                let many = many || or_many;
                Ok((Node::Attempt(Box::new(body), Box::new(handler)), many))
            }
            Term::Fold("reduce", source, Pattern::Var(name), bodies) => {
                let [initial, update] = bodies.as_slice() else {
                    return Err(Unplanned);
                };
                // Others would copy what they build at every turn; the engine changes it in place.
                let Term::BinOp(total, BinaryOp::Math(Math::Add), more) = update else {
                    return Err(Unplanned);
                };
                if !matches!(**total, Term::Id) {
                    return Err(Unplanned);
                }
                let (source, _) = self.node(source, place)?;
                let initial = self.single(initial, place)?;
                let more = self.single(more, &place.binding(name))?;
                let node = Node::Sum(Box::new(source), place.bound, initial, more);
                Ok((node, false))
            }
            Term::Def(definitions, body) => {
                let mut place = place.at(place.bound);
                for definition in definitions {
                    place = place.with(Entry::Definition(definition, false));
                }
                self.node(body, &place)
            }
            Term::Call(name, arguments) => self.call(name, arguments, place),
            Term::Path(head, path) => self.path(head, path, place),
            Term::Recurse | Term::Str(..) | Term::Label(..) | Term::Break(_) | Term::Fold(..) => {
                Err(Unplanned)
            }
        }
    }

    /// A node that gives at most one value.
    fn single<'t>(
        &mut self,
        term: &'t Term<&'t str>,
        place: &Place<'t>,
    ) -> Result<Box<Node>, Unplanned> {
        match self.node(term, place)? {
            (node, false) => Ok(Box::new(node)),
            (_, true) => Err(Unplanned),
        }
    }

    fn text<'t>(
        &mut self,
        parts: &'t [StrPart<&'t str, Term<&'t str>>],
        place: &Place<'t>,
    ) -> Planned {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            let text = match part {
                StrPart::Str(text) => (*text).to_owned(),
                StrPart::Char(character) => character.to_string(),
                StrPart::Term(term) => {
                    pieces.push(Piece::Value(*self.single(term, place)?));
                    continue;
                }
            };
            match pieces.last_mut() {
                Some(Piece::Text(before)) => before.push_str(&text),
                _ => pieces.push(Piece::Text(text)),
            }
        }
        let node = match pieces.as_mut_slice() {
            [] => Node::Constant(Value::text("")),
            [Piece::Text(text)] => Node::Constant(Value::text(std::mem::take(text))),
            _ => Node::Text(pieces),
        };
        Ok((node, false))
    }

    fn member<'t>(
        &mut self,
        key: &'t Term<&'t str>,
        member: Option<&'t Term<&'t str>>,
        place: &Place<'t>,
    ) -> Result<(Node, Node), Unplanned> {
        match (key, member) {
            (Term::Var(name), None) => {
                let key = Node::Constant(Value::text(name.trim_start_matches('$')));
                Ok((key, variable(name, &place.scope)?))
            }
            (key, None) => {
                let part = Part::Member(*self.single(key, place)?);
                let step = Step {
                    part,
                    optional: false,
                };
                let member = Node::Path(Box::new(Node::Input), vec![step]);
                Ok((*self.single(key, place)?, member))
            }
            (key, Some(member)) => Ok((*self.single(key, place)?, *self.single(member, place)?)),
        }
    }

    fn operation<'t>(
        &mut self,
        left: &'t Term<&'t str>,
        operator: &'t BinaryOp<&'t str>,
        right: &'t Term<&'t str>,
        place: &Place<'t>,
    ) -> Planned {
        let node = match operator {
            BinaryOp::Pipe(None) => {
                let (left, many) = self.node(left, place)?;
                let (right, or_many) = self.node(right, place)?;
                let node = Node::Pipe(Box::new(left), Box::new(right));
                return Ok((node, many || or_many));
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let (left, many) = self.node(left, place)?;
                let (node, or_many) = self.bind(left, pattern, place, &mut |builder, place| {
                    builder.node(right, place)
                })?;
                return Ok((node, many || or_many));
            }
            BinaryOp::Comma => {
                let (left, _) = self.node(left, place)?;
                let (right, _) = self.node(right, place)?;
                return Ok((Node::Sequence(Box::new(left), Box::new(right)), true));
            }
            BinaryOp::Alt => {
                let left = self.single(left, place)?;
                let (right, many) = self.node(right, place)?;
                return Ok((Node::Alternative(left, Box::new(right)), many));
            }
            BinaryOp::Math(operator) => {
                let left = self.single(left, place)?;
                Node::Arithmetic(left, *operator, self.single(right, place)?)
            }
            BinaryOp::Cmp(operator) => {
                let left = self.single(left, place)?;
                Node::Comparison(left, *operator, self.single(right, place)?)
            }
            BinaryOp::And | BinaryOp::Or => {
                let left = self.single(left, place)?;
                let decides = matches!(operator, BinaryOp::Or);
                Node::Logic(left, decides, self.single(right, place)?)
            }
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                return Err(Unplanned);
            }
        };
        Ok((node, false))
    }

    /// Binds the variables of a pattern to the parts of what `source` gives.
    fn bind<'t>(
        &mut self,
        source: Node,
        pattern: &'t Pattern<&'t str>,
        place: &Place<'t>,
        body: &mut dyn FnMut(&mut Self, &Place<'t>) -> Planned,
    ) -> Planned {
        let number = place.bound;
        match pattern {
            Pattern::Var(name) => {
                let (body, many) = body(self, &place.binding(name))?;
                let node = Node::Binding(Box::new(source), number, Box::new(body));
                Ok((node, many))
            }
            Pattern::Arr(patterns) => {
                // No name has a blank, so that the whole is not in the way of anything.
                let inner = place.binding(" ");
                let (body, many) = self.bind_items(number, patterns, 0, &inner, body)?;
                let node = Node::Binding(Box::new(source), number, Box::new(body));
                Ok((node, many))
            }
            Pattern::Obj(_) => Err(Unplanned),
        }
    }

    fn bind_items<'t>(
        &mut self,
        whole: usize,
        patterns: &'t [Pattern<&'t str>],
        index: usize,
        place: &Place<'t>,
        body: &mut dyn FnMut(&mut Self, &Place<'t>) -> Planned,
    ) -> Planned {
        let Some(pattern) = patterns.get(index) else {
            return body(self, place);
        };
        let step = Step {
            part: Part::Member(Node::Constant(Value::from(index))),
            optional: false,
        };
        let item = Node::Path(Box::new(Node::Variable(whole)), vec![step]);
        self.bind(item, pattern, place, &mut |builder, place| {
            builder.bind_items(whole, patterns, index + 1, place, body)
        })
    }

    fn path<'t>(
        &mut self,
        head: &'t Term<&'t str>,
        path: &'t Path<Term<&'t str>>,
        place: &Place<'t>,
    ) -> Planned {
        let (head, mut many) = self.node(head, place)?;
        let mut steps = Vec::with_capacity(path.0.len());
        for (part, optional) in &path.0 {
            let mut bound = |bound: &'t Option<Term<&'t str>>| {
                bound
                    .as_ref()
                    .map(|bound| self.single(bound, place).map(|node| *node))
                    .transpose()
            };
            let part = match part {
                EnginePart::Index(index) => Part::Member(*self.single(index, place)?),
                EnginePart::Range(None, None) => {
                    many = true;
                    Part::Every
                }
                EnginePart::Range(from, to) => Part::Slice(bound(from)?, bound(to)?),
            };
            let optional = matches!(optional, Opt::Optional);
            steps.push(Step { part, optional });
        }
        Ok((Node::Path(Box::new(head), steps), many))
    }

    fn call<'t>(
        &mut self,
        name: &'t str,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Planned {
        let mut link = place.scope.as_ref();
        while let Some(here) = link {
            match &here.entry {
                Entry::Filter(known, term, scope) if *known == name && arguments.is_empty() => {
                    let there = Place {
                        scope: scope.clone(),
                        bound: place.bound,
                    };
                    return self.node(term, &there);
                }
                Entry::Definition(definition, is_language)
                    if definition.name == name && definition.args.len() == arguments.len() =>
                {
                    if *is_language {
                        return self.of_language(definition, link.cloned(), arguments, place);
                    }
                    return self.defined(definition, link.cloned(), arguments, place);
                }
                _ => link = here.outer.as_ref(),
            }
        }
        self.native(name, arguments, place)
    }

    /// One of the language's definitions: some are known better than by their text.
    fn of_language<'t>(
        &mut self,
        definition: &'t Def<&'t str>,
        scope: Scope<'t>,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Planned {
        let signature = (definition.name, arguments.len());
        if signature == ("empty", 0) {
            return Ok((Node::Nothing, false));
        }
        if SINGLE_DEFINITIONS.contains(&signature) {
            return self.engine(definition.name, arguments, place);
        }
        let (node, many) = self.defined(definition, scope, arguments, place)?;
        Ok((run::folded(node), many))
    }

    /// Writes a definition out. It sees what was defined before it, and itself.
    fn defined<'t>(
        &mut self,
        definition: &'t Def<&'t str>,
        scope: Scope<'t>,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Planned {
        let body = Place {
            scope,
            bound: place.bound,
        };
        let parameters = definition.args.iter().copied().zip(arguments).collect();
        self.applied(parameters, definition, body, place)
    }

    /// Binds a definition's parameters one after the other, and then writes out its body.
    fn applied<'t>(
        &mut self,
        mut parameters: VecDeque<(&'t str, &'t Term<&'t str>)>,
        definition: &'t Def<&'t str>,
        body: Place<'t>,
        caller: &Place<'t>,
    ) -> Planned {
        let Some((name, argument)) = parameters.pop_front() else {
            return self.node(&definition.body, &body);
        };
        if name.starts_with('$') {
            let (source, many) = self.node(argument, &caller.at(body.bound))?;
            let number = body.bound;
            let inner = body.binding(name);
            let (node, or_many) = self.applied(parameters, definition, inner, caller)?;
            let node = Node::Binding(Box::new(source), number, Box::new(node));
            return Ok((node, many || or_many));
        }
        let filter = Entry::Filter(name, argument, caller.scope.clone());
        self.applied(parameters, definition, body.with(filter), caller)
    }

    fn native<'t>(
        &mut self,
        name: &'t str,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Planned {
        if let ("first", [source]) = (name, arguments) {
            let (source, _) = self.node(source, place)?;
            return Ok((Node::First(Box::new(source)), false));
        }
        if let Some(body) = functions::body(name, arguments.len()) {
            let arguments = self.arguments(arguments, place)?;
            return Ok((Node::Call(Function::Ours(body), arguments), false));
        }
        if SINGLE.contains(&(name, arguments.len())) {
            return self.engine(name, arguments, place);
        }
        Err(Unplanned)
    }

    fn engine<'t>(
        &mut self,
        name: &str,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Planned {
        let function = engine(name, arguments.len()).ok_or(Unplanned)?;
        let arguments = self.arguments(arguments, place)?;
        Ok((Node::Call(Function::Engine(function), arguments), false))
    }

    fn arguments<'t>(
        &mut self,
        arguments: &'t [Term<&'t str>],
        place: &Place<'t>,
    ) -> Result<Vec<Node>, Unplanned> {
        arguments
            .iter()
            .map(|argument| self.single(argument, place).map(|node| *node))
            .collect()
    }
}

fn variable(name: &str, scope: &Scope<'_>) -> Result<Node, Unplanned> {
    let mut link = scope.as_ref();
    while let Some(here) = link {
        match here.entry {
            Entry::Variable(known, number) if known == name => return Ok(Node::Variable(number)),
            _ => link = here.outer.as_ref(),
        }
    }
    match name {
        "$message" => Ok(Node::Message),
        _ => Err(Unplanned),
    }
}

/// The engine's program of one call, whose arguments are variables. Compiled once a process.
fn engine(name: &str, arguments: usize) -> Option<Arc<Filter<Language>>> {
    type Known = HashMap<(String, usize), Arc<Filter<Language>>>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let signature = (name.to_owned(), arguments);
    if let Some(program) = known.get(&signature) {
        return Some(program.clone());
    }
    let program = Arc::new(program::of_call(name, arguments)?);
    known.insert(signature, program.clone());
    Some(program)
}
