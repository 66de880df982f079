//! Evaluates a plan.

use std::borrow::Cow;

use jaq_core::{Ctx, ValT as _, Vars};
use jaq_json::{Map, Val};

use super::held::{Held, Seen};
use super::{Function, Node, Part, Piece, Step};
use crate::mapping::functions::Body;
use crate::mapping::json;
use crate::mapping::language::{Language, Surroundings};
use crate::mapping::meter;
use crate::mapping::tables::CodeTables;
use crate::mapping::value::{ENTRY, Error, LONGEST_TEXT, MEMBER, Value};

/// Why an evaluation does not go on.
enum Halt {
    /// The program raised an error, which it may catch.
    Raised(Box<Error>),
    /// The engine has to do it.
    Leave,
    /// Whoever takes the values wants no more.
    Enough,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Raised(Box::new(error))
    }
}

type Result<T> = std::result::Result<T, Halt>;

/// The variables that are bound, the latest first.
type Scope<'s, 'v> = Option<&'s Bound<'s, 'v>>;

struct Bound<'s, 'v> {
    number: usize,
    value: Held<'v>,
    outer: Scope<'s, 'v>,
}

type Emit<'e, 'v> = &'e mut dyn FnMut(Held<'v>) -> Result<()>;

/// What a running plan sees beside its input.
struct Machine<'v> {
    message: &'v Value,
    tables: &'v CodeTables,
}

pub(super) fn run(
    root: &Node,
    input: &Value,
    message: &Value,
    tables: &CodeTables,
) -> Option<Vec<Value>> {
    let mut outputs = Vec::with_capacity(1);
    let ended = Machine { message, tables }.each(root, Seen::of(input), None, &mut |held| {
        outputs.push(held.into_value());
        match outputs.len() {
            1 => Ok(()),
            _ => Err(Halt::Enough),
        }
    });
    match ended {
        Ok(()) | Err(Halt::Enough) => Some(outputs),
        Err(Halt::Raised(_) | Halt::Leave) => None,
    }
}

/// The node, or the literal that it always gives: `null` and `true` are definitions.
pub(super) fn folded(node: Node) -> Node {
    if !is_constant(&node) {
        return node;
    }
    match run(
        &node,
        &Value::default(),
        &Value::default(),
        &CodeTables::default(),
    )
    .as_deref()
    {
        Some([value]) => Node::Constant(value.clone()),
        _ => node,
    }
}

fn is_constant(node: &Node) -> bool {
    match node {
        Node::Constant(_) | Node::Nothing => true,
        Node::Array(inner) => is_constant(inner),
        Node::Comparison(left, _, right) => is_constant(left) && is_constant(right),
        Node::Path(head, steps) => {
            let constant =
                |step: &Step| matches!(&step.part, Part::Member(key) if is_constant(key));
            is_constant(head) && steps.iter().all(constant)
        }
        _ => false,
    }
}

impl<'v> Machine<'v> {
    /// The value of a node that gives at most one.
    fn one(
        &self,
        node: &'v Node,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        meter::step();
        let held = match node {
            Node::Input => input.into(),
            Node::Constant(value) => Held::of(value),
            Node::Message => Held::of(self.message),
            Node::Variable(number) => variable(scope, *number)?,
            Node::Path(head, steps) => {
                let Some(mut held) = self.one(head, input, scope)? else {
                    return Ok(None);
                };
                for step in steps {
                    held = match self.step(step, held, input, scope)? {
                        Some(held) => held,
                        None => return Ok(None),
                    };
                }
                held
            }
            Node::Array(inner) => self.array(inner, input, scope)?,
            Node::Object(members) => return self.object(members, input, scope),
            Node::Text(pieces) => return self.text(pieces, input, scope),
            Node::Negation(inner) => match self.one(inner, input, scope)? {
                Some(held) => (-held.into_value())?.into(),
                None => return Ok(None),
            },
            Node::Arithmetic(left, operator, right) => {
                let Some((left, right)) = self.both(left, right, input, scope)? else {
                    return Ok(None);
                };
                operator.run(left, right)?.into()
            }
            Node::Comparison(left, operator, right) => {
                let Some((left, right)) = self.both(left, right, input, scope)? else {
                    return Ok(None);
                };
                let holds = operator.run(&left, &right);
                Value::from(holds).into()
            }
            Node::Logic(left, decides, right) => {
                let Some(left) = self.one(left, input, scope)? else {
                    return Ok(None);
                };
                if left.is_true() == *decides {
                    return Ok(Some(Value::from(*decides).into()));
                }
                match self.one(right, input, scope)? {
                    Some(right) => Value::from(right.is_true()).into(),
                    None => return Ok(None),
                }
            }
            Node::Alternative(left, right) => match self.one(left, input, scope)? {
                Some(left) if left.is_true() => left,
                _ => return self.one(right, input, scope),
            },
            Node::Choice(condition, then, otherwise) => {
                let Some(condition) = self.one(condition, input, scope)? else {
                    return Ok(None);
                };
                let branch = if condition.is_true() { then } else { otherwise };
                return self.one(branch, input, scope);
            }
            Node::Pipe(left, right) => {
                let Some(Held { json, depth }) = self.one(left, input, scope)? else {
                    return Ok(None);
                };
                return match json {
                    Cow::Borrowed(json) => self.one(right, Seen { json, depth }, scope),
                    Cow::Owned(json) => {
                        let seen = Seen { json: &json, depth };
                        Ok(self.one(right, seen, scope)?.map(Held::owned))
                    }
                };
            }
            Node::Binding(source, number, body) => {
                let Some(value) = self.one(source, input, scope)? else {
                    return Ok(None);
                };
                let bound = Bound {
                    number: *number,
                    value,
                    outer: scope,
                };
                return self.one(body, input, Some(&bound));
            }
            Node::Nothing => return Ok(None),
            Node::Attempt(body, handler) => match self.one(body, input, scope) {
                Err(Halt::Raised(error)) => {
                    let error = error.into_val();
                    let seen = Seen::of(&error);
                    return Ok(self.one(handler, seen, scope)?.map(Held::owned));
                }
                outcome => return outcome,
            },
            Node::First(source) => {
                let mut first = None;
                let ended = self.each(source, input, scope, &mut |held| {
                    first = Some(held);
                    Err(Halt::Enough)
                });
                return match (ended, first) {
                    (Ok(()) | Err(Halt::Enough), first) => Ok(first),
                    (Err(halt), _) => Err(halt),
                };
            }
            Node::Sum(source, number, initial, more) => {
                return self.sum((source, *number), initial, more, input, scope);
            }
            Node::Call(function, arguments) => {
                return self.call(function, arguments, input, scope);
            }
            Node::Sequence(..) => return Err(Halt::Leave),
        };
        Ok(Some(held))
    }

    /// The value of a node that is combined with another's. Where this one raises an error and the
    /// other gives nothing, the engine gives nothing: the error is not known to be one.
    fn before_another(
        &self,
        node: &'v Node,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        self.one(node, input, scope).map_err(|halt| match halt {
            Halt::Raised(_) => Halt::Leave,
            halt => halt,
        })
    }

    /// The operands of an operation.
    fn both(
        &self,
        left: &'v Node,
        right: &'v Node,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<(Value, Value)>> {
        let Some(left) = self.before_another(left, input, scope)? else {
            return Ok(None);
        };
        let right = self.one(right, input, scope)?;
        Ok(right.map(|right| (left.into_value(), right.into_value())))
    }

    /// Every value of a node, one after the other.
    fn each(
        &self,
        node: &'v Node,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
        emit: Emit<'_, 'v>,
    ) -> Result<()> {
        match node {
            Node::Path(head, steps) => self.each(head, input, scope, &mut |held| {
                self.walk(steps, held, input, scope, emit)
            }),
            Node::Alternative(left, right) => match self.one(left, input, scope)? {
                Some(left) if left.is_true() => emit(left),
                _ => self.each(right, input, scope, emit),
            },
            Node::Choice(condition, then, otherwise) => match self.one(condition, input, scope)? {
                Some(condition) if condition.is_true() => self.each(then, input, scope, emit),
                Some(_) => self.each(otherwise, input, scope, emit),
                None => Ok(()),
            },
            Node::Pipe(left, right) => {
                self.each(left, input, scope, &mut |Held { json, depth }| match json {
                    Cow::Borrowed(json) => self.each(right, Seen { json, depth }, scope, emit),
                    Cow::Owned(json) => {
                        let seen = Seen { json: &json, depth };
                        self.each(right, seen, scope, &mut |held| emit(held.owned()))
                    }
                })
            }
            Node::Binding(source, number, body) => self.each(source, input, scope, &mut |value| {
                let bound = Bound {
                    number: *number,
                    value,
                    outer: scope,
                };
                self.each(body, input, Some(&bound), emit)
            }),
            Node::Sequence(left, right) => {
                meter::step();
                self.each(left, input, scope, emit)?;
                self.each(right, input, scope, emit)
            }
            Node::Attempt(body, handler) => {
                // What goes wrong with a value further on is not the body's error.
                let mut beyond = None;
                let ended = self.each(body, input, scope, &mut |held| {
                    emit(held).map_err(|halt| {
                        beyond = Some(halt);
                        Halt::Enough
                    })
                });
                match (beyond, ended) {
                    (Some(halt), _) => Err(halt),
                    (None, Err(Halt::Raised(error))) => {
                        let error = error.into_val();
                        let seen = Seen::of(&error);
                        self.each(handler, seen, scope, &mut |held| emit(held.owned()))
                    }
                    (None, ended) => ended,
                }
            }
            single => match self.one(single, input, scope)? {
                Some(held) => emit(held),
                None => Ok(()),
            },
        }
    }

    /// Takes one step that does not branch; errors of the step itself vanish behind `?`.
    fn step(
        &self,
        step: &'v Step,
        from: Held<'v>,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        let taken = match &step.part {
            Part::Member(key) => match self.one(key, input, scope)? {
                Some(key) => member(from, key),
                None => return Ok(None),
            },
            Part::Slice(start, end) => {
                let mut bounds = [None, None];
                for (bound, node) in bounds.iter_mut().zip([start, end]) {
                    let Some(node) = node else { continue };
                    match self.one(node, input, scope)? {
                        Some(held) => *bound = Some(held.into_value()),
                        None => return Ok(None),
                    }
                }
                let [start, end] = &bounds;
                let part = from.into_value().range(start.as_ref()..end.as_ref());
                part.map(Held::from).map_err(Halt::from)
            }
            Part::Every => return Err(Halt::Leave),
        };
        match taken {
            Ok(held) => Ok(Some(held)),
            Err(Halt::Raised(_)) if step.optional => Ok(None),
            Err(halt) => Err(halt),
        }
    }

    /// Takes the steps of a path one after the other, `.[]` for every member.
    fn walk(
        &self,
        steps: &'v [Step],
        from: Held<'v>,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
        emit: Emit<'_, 'v>,
    ) -> Result<()> {
        let Some((step, rest)) = steps.split_first() else {
            return emit(from);
        };
        meter::step();
        if !matches!(step.part, Part::Every) {
            return match self.step(step, from, input, scope)? {
                Some(held) => self.walk(rest, held, input, scope, emit),
                None => Ok(()),
            };
        }
        let mut go_on = |held: Held<'v>| {
            meter::step();
            self.walk(rest, held, input, scope, emit)
        };
        match &from.json {
            Cow::Borrowed(Val::Arr(items)) => items
                .iter()
                .try_for_each(|item| go_on(from.member(Cow::Borrowed(item)))),
            Cow::Borrowed(Val::Obj(members)) => members
                .values()
                .try_for_each(|member| go_on(from.member(Cow::Borrowed(member)))),
            Cow::Owned(Val::Arr(items)) => items
                .iter()
                .try_for_each(|item| go_on(from.member(Cow::Owned(item.clone())))),
            Cow::Owned(Val::Obj(members)) => members
                .values()
                .try_for_each(|member| go_on(from.member(Cow::Owned(member.clone())))),
            _ if step.optional => Ok(()),
            _ => Err(from
                .into_value()
                .refused("iterable (array or object)")
                .into()),
        }
    }

    fn array(&self, inner: &'v Node, input: Seen<'v>, scope: Scope<'_, 'v>) -> Result<Held<'v>> {
        let (mut items, mut depth) = (Vec::new(), 0);
        self.each(inner, input, scope, &mut |held| {
            meter::step();
            meter::bytes(MEMBER);
            depth = depth.max(held.depth);
            items.push(held.json.into_owned());
            Ok(())
        })?;
        Ok(Value::nested(items.into_iter().collect(), depth + 1).into())
    }

    fn object(
        &self,
        members: &'v [(Node, Node)],
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        let mut map = Map::with_capacity_and_hasher(members.len(), Default::default());
        let mut depth = 0;
        for (key, member) in members {
            let Some(key) = self.before_another(key, input, scope)? else {
                return Ok(None);
            };
            let Some(member) = self.before_another(member, input, scope)? else {
                return Ok(None);
            };
            if !matches!(*key.json, Val::TStr(_)) {
                return Err(Halt::Leave);
            }
            meter::bytes(ENTRY);
            depth = depth.max(member.depth);
            map.insert(key.json.into_owned(), member.json.into_owned());
        }
        Ok(Some(Value::nested(Val::obj(map), depth + 1).into()))
    }

    fn text(
        &self,
        pieces: &'v [Piece],
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        let mut text = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.extend_from_slice(piece.as_bytes()),
                Piece::Value(node) => {
                    let Some(held) = self.before_another(node, input, scope)? else {
                        return Ok(None);
                    };
                    match &*held.json {
                        Val::TStr(piece) => text.extend_from_slice(piece),
                        json => text.extend(json::write(json).map_err(|_| Halt::Leave)?),
                    }
                }
            }
            if text.len() > LONGEST_TEXT {
                return Err(Halt::Leave);
            }
        }
        meter::bytes(text.len());
        meter::read_text(text.len());
        Ok(Some(Value::scalar(Val::utf8_str(text)).into()))
    }

    fn sum(
        &self,
        (source, number): (&'v Node, usize),
        initial: &'v Node,
        more: &'v Node,
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        let Some(initial) = self.one(initial, input, scope)? else {
            return Ok(None);
        };
        let mut total = initial.into_value();
        self.each(source, input, scope, &mut |value| {
            let bound = Bound {
                number,
                value: value.owned(),
                outer: scope,
            };
            let before = std::mem::take(&mut total);
            let seen = Seen::of(&before);
            let more = self.one(more, seen, Some(&bound))?.ok_or(Halt::Leave)?;
            let more = more.into_value();
            // Nobody else holds what has been added up, so that it grows in place.
            total = (before + more)?;
            Ok(())
        })?;
        Ok(Some(total.into()))
    }

    fn call(
        &self,
        function: &'v Function,
        arguments: &'v [Node],
        input: Seen<'v>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Held<'v>>> {
        let mut values = [const { None }; 2];
        for (value, node) in values.iter_mut().zip(arguments) {
            match self.one(node, input, scope)? {
                Some(held) => *value = Some(held.into_value()),
                None => return Ok(None),
            }
        }
        let input = Held::from(input).into_value();
        let output = match (function, values) {
            (Function::Ours(Body::Input(body)), [None, None]) => body(input),
            (Function::Ours(Body::One(body)), [Some(first), None]) => body(input, first),
            (Function::Ours(Body::Two(body)), [Some(first), Some(second)]) => {
                body(input, first, second)
            }
            (Function::Ours(Body::Tables(body)), [Some(first), second]) => {
                body(self.tables, input, first, second)
            }
            (Function::Engine(program), values) => {
                let surroundings = Surroundings::new(&program.lut, self.tables);
                let variables = Vars::new(values.into_iter().flatten());
                let context = Ctx::<Language>::new(surroundings, variables);
                let mut outputs = program.id.run((context, input));
                let (first, second) = (outputs.next(), outputs.next());
                if second.is_some() {
                    return Err(Halt::Leave);
                }
                match first {
                    None => return Ok(None),
                    Some(Ok(output)) => Ok(output),
                    Some(Err(exception)) => Err(exception.get_err().map_err(|_| Halt::Leave)?),
                }
            }
            _ => return Err(Halt::Leave),
        };
        Ok(Some(output?.into()))
    }
}

fn variable<'v>(scope: Scope<'_, 'v>, number: usize) -> Result<Held<'v>> {
    let mut bound = scope;
    while let Some(here) = bound {
        if here.number == number {
            return Ok(here.value.again());
        }
        bound = here.outer;
    }
    Err(Halt::Leave)
}

/// A member of an object or array, borrowed for as long as the whole is.
fn member<'v>(from: Held<'v>, key: Held<'v>) -> Result<Held<'v>> {
    match (&from.json, &*key.json) {
        (Cow::Borrowed(Val::Obj(members)), key @ Val::TStr(_)) => {
            meter::step();
            let members: &'v Map = members;
            Ok(match members.get(key) {
                Some(json) => from.member(Cow::Borrowed(json)),
                None => Value::default().into(),
            })
        }
        _ => Ok(from.into_value().index(&key.into_value())?.into()),
    }
}
