//! The YAML file of cases: what each says, with every problem at its line.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use tenon_core::{ConfigProblem, Position, nearest};

use crate::mapping::read_exactly;

const KEYS: &[&str] = &[
    "name",
    "input",
    "input_json",
    "message",
    "expect",
    "expect_json",
    "error",
    "skipped",
];

/// One case, ready to run.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) position: Position,
    /// JSON text.
    pub(super) input: String,
    pub(super) message: serde_json::Value,
    pub(super) expectation: Expectation,
}

/// What a mapping must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Give this, as JSON text.
    Output(String),
    /// Fail with a message that contains this.
    Error(String),
    /// Give nothing.
    Skipped,
}

/// The cases of a file, or all its problems.
pub(super) fn read(file: &Path, text: &str) -> Result<Vec<Case>, Vec<ConfigProblem>> {
    let node: Spanned<Node> = serde_saphyr::from_str(text).map_err(|error| {
        // The parser repeats the place and draws the line; both are shown by whoever shows this.
        let error = error.without_snippet();
        let problem = ConfigProblem::new(file, error.to_string().trim().to_owned());
        let position = error.location().map(|location| Position {
            line: usize::try_from(location.line()).unwrap_or(1),
            column: usize::try_from(location.column()).unwrap_or(1),
        });
        vec![ConfigProblem {
            position,
            ..problem
        }]
    })?;
    let mut reader = Reader {
        file,
        text,
        problems: Vec::new(),
        names: HashSet::new(),
    };
    let cases = reader.cases(&node);
    if reader.problems.is_empty() {
        Ok(cases)
    } else {
        Err(reader.problems)
    }
}

/// Any YAML value. Numbers keep their text by their place in the file.
enum Node {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Spanned<Node>>),
    Object(Vec<(String, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that JSON has")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Node::Object(object))
    }
}

struct Reader<'t> {
    file: &'t Path,
    text: &'t str,
    problems: Vec<ConfigProblem>,
    names: HashSet<String>,
}

fn position<T>(node: &Spanned<T>) -> Position {
    let place = node.referenced;
    Position {
        line: usize::try_from(place.line()).unwrap_or(1),
        column: usize::try_from(place.column()).unwrap_or(1),
    }
}

impl Reader<'_> {
    fn report<T>(&mut self, node: &Spanned<T>, message: impl Into<String>) {
        self.report_with(node, message, None);
    }

    fn report_with<T>(
        &mut self,
        node: &Spanned<T>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let problem = ConfigProblem::new(self.file, message);
        self.problems.push(ConfigProblem {
            position: Some(position(node)),
            help,
            ..problem
        });
    }

    fn cases(&mut self, node: &Spanned<Node>) -> Vec<Case> {
        match &node.value {
            Node::List(cases) => cases.iter().filter_map(|case| self.case(case)).collect(),
            Node::Null => Vec::new(),
            _ => {
                self.report(
                    node,
                    "a file of cases is a list, each case beginning with \"- name:\"",
                );
                Vec::new()
            }
        }
    }

    fn case(&mut self, node: &Spanned<Node>) -> Option<Case> {
        let Node::Object(members) = &node.value else {
            self.report(node, "a case has a name, an input and what is expected");
            return None;
        };
        for (key, member) in members {
            if !KEYS.contains(&key.as_str()) {
                let near = nearest(key, KEYS.iter().copied());
                let help = near.map(|near| format!("did you mean \"{near}\"?"));
                self.report_with(member, format!("unknown key \"{key}\""), help);
            }
        }
        let name = self.name(node, members);
        let input = self.input(node, members);
        let message = match member(members, "message") {
            Some(message) => self.message(message),
            None => Some(serde_json::Value::Object(serde_json::Map::new())),
        };
        let expectation = self.expectation(node, members);
        Some(Case {
            name: name?,
            position: position(node),
            input: input?,
            message: message?,
            expectation: expectation?,
        })
    }

    fn name(
        &mut self,
        case: &Spanned<Node>,
        members: &[(String, Spanned<Node>)],
    ) -> Option<String> {
        let Some(node) = member(members, "name") else {
            self.report(case, "the case has no name");
            return None;
        };
        let name = self.words(node, "name")?;
        if !self.names.insert(name.clone()) {
            self.report(node, format!("another case has the name \"{name}\""));
        }
        Some(name)
    }

    fn input(
        &mut self,
        case: &Spanned<Node>,
        members: &[(String, Spanned<Node>)],
    ) -> Option<String> {
        match (member(members, "input"), member(members, "input_json")) {
            (Some(node), None) => self.json(node),
            (None, Some(node)) => self.raw_json(node, "input_json"),
            (None, None) => {
                self.report(case, "the case has no input");
                None
            }
            (Some(_), Some(node)) => {
                self.report(node, "the case has both input and input_json");
                None
            }
        }
    }

    fn message(&mut self, node: &Spanned<Node>) -> Option<serde_json::Value> {
        if !matches!(node.value, Node::Object(_)) {
            self.report(node, "the message is an object");
            return None;
        }
        // The text was made here: it is JSON.
        serde_json::from_str(&self.json(node)?).ok()
    }

    fn expectation(
        &mut self,
        case: &Spanned<Node>,
        members: &[(String, Spanned<Node>)],
    ) -> Option<Expectation> {
        let names = ["expect", "expect_json", "error", "skipped"];
        let given: Vec<_> = names
            .iter()
            .filter_map(|name| member(members, name).map(|node| (*name, node)))
            .collect();
        match given.as_slice() {
            [("expect", node)] => self.json(node).map(Expectation::Output),
            [("expect_json", node)] => self.raw_json(node, "expect_json").map(Expectation::Output),
            [("error", node)] => self.words(node, "error").map(Expectation::Error),
            [(_, node)] if matches!(node.value, Node::Bool(true)) => Some(Expectation::Skipped),
            [(_, node)] => {
                self.report(node, "skipped is true or left out");
                None
            }
            [] => {
                let help = "give expect, expect_json, error or skipped".to_owned();
                self.report_with(case, "the case expects nothing", Some(help));
                None
            }
            [(first, _), (second, node), ..] => {
                self.report(node, format!("the case has both {first} and {second}"));
                None
            }
        }
    }

    fn words(&mut self, node: &Spanned<Node>, key: &str) -> Option<String> {
        match &node.value {
            Node::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => {
                self.report(node, format!("{key} is a text that says something"));
                None
            }
        }
    }

    fn raw_json(&mut self, node: &Spanned<Node>, key: &str) -> Option<String> {
        let Node::Text(text) = &node.value else {
            let help = format!("write {key}: | and the JSON below it, or put it in quotes");
            self.report_with(
                node,
                format!("{key} is the text of a JSON value"),
                Some(help),
            );
            return None;
        };
        match read_exactly(text.as_bytes()) {
            // What is no JSON is a fine input: the mapping must refuse it.
            Ok(_) => Some(text.clone()),
            Err(_) if key == "input_json" => Some(text.clone()),
            Err(why) => {
                self.report(node, format!("{key} is no JSON: {why}"));
                None
            }
        }
    }

    /// The JSON text of a YAML value.
    fn json(&mut self, node: &Spanned<Node>) -> Option<String> {
        let mut out = String::new();
        let before = self.problems.len();
        self.write_json(node, &mut out);
        (self.problems.len() == before).then_some(out)
    }

    fn write_json(&mut self, node: &Spanned<Node>, out: &mut String) {
        match &node.value {
            Node::Null => out.push_str("null"),
            Node::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Node::Number => match self.source(node).filter(|digits| is_number(digits)) {
                Some(digits) => out.push_str(digits),
                None => {
                    let help = "write it as JSON does, or put it in quotes when it is text";
                    self.report_with(node, "this number has no form in JSON", Some(help.into()));
                }
            },
            // A number that is too long for the parser's own types comes as text.
            Node::Text(text) => match self.source(node).filter(|digits| is_number(digits)) {
                Some(digits) if digits == text => out.push_str(digits),
                _ => write_text(text, out),
            },
            Node::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write_json(item, out);
                }
                out.push(']');
            }
            Node::Object(members) => {
                out.push('{');
                for (index, (key, member)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    self.write_json(member, out);
                }
                out.push('}');
            }
        }
    }

    /// What stands in the file where a scalar is defined.
    fn source<T>(&self, node: &Spanned<T>) -> Option<&str> {
        let span = node.defined.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        self.text
            .get(start..start.checked_add(length)?)
            .map(str::trim)
    }
}

fn member<'n>(members: &'n [(String, Spanned<Node>)], key: &str) -> Option<&'n Spanned<Node>> {
    members
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, member)| member)
}

fn is_number(digits: &str) -> bool {
    digits.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && read_exactly(digits.as_bytes()).is_ok()
}

fn write_text(text: &str, out: &mut String) {
    // Every text has a JSON form.
    out.push_str(&serde_json::Value::from(text).to_string());
}
