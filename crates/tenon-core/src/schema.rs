//! The canonical schemas: validation, and what their annotations say.
//!
//! The schemas under `schemas/` are the source; this file compiles them once. Annotations:
//! `x-reference: customer` on a property makes it a pointer to that entity, `x-personal: true`
//! marks personal data, `x-business-key: number` (top level) names what people call the record by.

mod personal;
mod proposed;

use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Canonical, Entity, Fact, MessageKind};

pub use personal::Personal;
pub use proposed::ProposedSchema;

/// What stands in the place of a personal value.
pub const MASK: &str = "•••";

/// One way in which a body does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer into the body: `/lines/0/quantity`.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        write!(formatter, "{path}: {}", self.message)
    }
}

/// A step of a path through a body.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    EveryElement,
}

type Path = Vec<Step>;

/// The compiled schema of one entity in one version.
#[derive(Debug)]
pub struct Schema {
    kind: MessageKind,
    text: &'static str,
    validator: jsonschema::Validator,
    references: Vec<(Path, Entity)>,
    personal: Vec<Path>,
    business_key: Option<String>,
}

/// The schema of the bodies of `kind`, whatever happened to the record; `None` for a version that
/// this release does not know, and for commands, which are no records.
pub fn schema(kind: MessageKind) -> Option<&'static Schema> {
    static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
        SOURCES
            .iter()
            .map(|(entity, version, text)| {
                Schema::compile(
                    MessageKind {
                        version: *version,
                        ..MessageKind::current(*entity)
                    },
                    text,
                )
            })
            .collect()
    });
    let described = MessageKind {
        fact: Fact::Changed,
        ..kind
    };
    let mut fitting = SCHEMAS.iter().filter(|_| kind.fact != Fact::Commanded);
    fitting.find(|schema| schema.kind == described)
}

/// Every schema that this release can read, oldest first within an entity.
const SOURCES: [(Entity, u16, &str); 18] = [
    (
        Entity::Customer,
        1,
        include_str!("../../../schemas/customer/v1.json"),
    ),
    (
        Entity::Order,
        1,
        include_str!("../../../schemas/order/v1.json"),
    ),
    (
        Entity::Invoice,
        1,
        include_str!("../../../schemas/invoice/v1.json"),
    ),
    (
        Entity::Item,
        1,
        include_str!("../../../schemas/item/v1.json"),
    ),
    (Entity::Bom, 1, include_str!("../../../schemas/bom/v1.json")),
    (
        Entity::Inventory,
        1,
        include_str!("../../../schemas/inventory/v1.json"),
    ),
    (
        Entity::Shipment,
        1,
        include_str!("../../../schemas/shipment/v1.json"),
    ),
    (
        Entity::Receipt,
        1,
        include_str!("../../../schemas/receipt/v1.json"),
    ),
    (
        Entity::Opportunity,
        1,
        include_str!("../../../schemas/opportunity/v1.json"),
    ),
    (
        Entity::Case,
        1,
        include_str!("../../../schemas/case/v1.json"),
    ),
    (
        Entity::Approval,
        1,
        include_str!("../../../schemas/approval/v1.json"),
    ),
    (
        Entity::EngineeringChange,
        1,
        include_str!("../../../schemas/engineering_change/v1.json"),
    ),
    (
        Entity::SellOut,
        1,
        include_str!("../../../schemas/sell_out/v1.json"),
    ),
    (
        Entity::SupplyPlan,
        1,
        include_str!("../../../schemas/supply_plan/v1.json"),
    ),
    (
        Entity::Requisition,
        1,
        include_str!("../../../schemas/requisition/v1.json"),
    ),
    (
        Entity::PurchaseOrder,
        1,
        include_str!("../../../schemas/purchase_order/v1.json"),
    ),
    (
        Entity::Interaction,
        1,
        include_str!("../../../schemas/interaction/v1.json"),
    ),
    (
        Entity::Document,
        1,
        include_str!("../../../schemas/document/v1.json"),
    ),
];

impl Schema {
    /// Compiles a schema that is part of this program.
    ///
    /// A schema that does not compile cannot leave the house: every test that touches a message
    /// would panic here, which is why the two `expect`s are safe.
    fn compile(kind: MessageKind, text: &'static str) -> Self {
        let document: Value =
            serde_json::from_str(text).expect("the schemas in this repository are JSON");
        // The linear engine: no look-around, which no schema of ours needs, and less work a match.
        let validator = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true)
            .build(&document)
            .expect("the schemas in this repository are JSON Schema 2020-12");
        let mut references = Vec::new();
        let mut personal = Vec::new();
        let mut path = Vec::new();
        annotations(&document, &document, &mut path, &mut |node, path| {
            if let Some(entity) = node.get("x-reference").and_then(Value::as_str) {
                references.push((path.clone(), entity.parse().expect("a known entity")));
            }
            if node.get("x-personal") == Some(&Value::Bool(true)) {
                personal.push(path.clone());
            }
        });
        let business_key = document
            .get("x-business-key")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Self {
            kind,
            text,
            validator,
            references,
            personal,
            business_key,
        }
    }

    /// The entity and version that it describes.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The schema document itself.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Takes `value` as canonical if it fits.
    ///
    /// # Errors
    /// Every violation, in the order of the schema; at least one.
    pub fn accept(&self, value: Value) -> Result<Canonical, Vec<Violation>> {
        if self.validator.is_valid(&value) {
            return Ok(Canonical::accepted(value));
        }
        let violations = self
            .validator
            .iter_errors(&value)
            .map(|error| {
                let path = error.instance_path().to_string();
                let message = match self.holds_personal(&path) {
                    true => error.masked().to_string(),
                    false => error.to_string(),
                };
                Violation { path, message }
            })
            .collect();
        Err(violations)
    }

    /// Whether a personal value may stand at a place, above it or beneath it: what is wrong there is said
    /// without the value.
    fn holds_personal(&self, pointer: &str) -> bool {
        let parts = || pointer.split('/').skip(1);
        self.personal.iter().any(|path| {
            path.iter().zip(parts()).all(|(step, part)| match step {
                Step::Field(name) => name == part,
                Step::EveryElement => true,
            })
        })
    }

    /// What people call the record by: an order's number, a customer's code.
    pub fn business_key<'v>(&self, value: &'v Value) -> Option<&'v str> {
        value.get(self.business_key.as_deref()?)?.as_str()
    }

    /// Calls `visit` with every reference that `value` holds and the entity it points at.
    pub fn for_each_reference<'v>(
        &self,
        value: &'v Value,
        mut visit: impl FnMut(Entity, &'v Value),
    ) {
        for (path, entity) in &self.references {
            walk(value, path, &mut |node| visit(*entity, node));
        }
    }

    /// `value` as compact JSON text, with what `replacement` gives in the place of a reference.
    pub fn text_with_references(
        &self,
        value: &Value,
        mut replacement: impl FnMut(Entity, &Value) -> Option<Value>,
    ) -> Vec<u8> {
        let mut replaced = Vec::new();
        self.for_each_reference(value, |entity, node| {
            replaced.extend(replacement(entity, node).map(|new| (std::ptr::from_ref(node), new)));
        });
        let text = match replaced.is_empty() {
            true => serde_json::to_vec(value),
            false => serde_json::to_vec(&Replaced {
                value,
                replaced: &replaced,
            }),
        };
        // A value has no key but text, so that writing it cannot fail.
        text.unwrap_or_default()
    }

    /// As [`Schema::for_each_reference`], and the references may be changed.
    pub fn for_each_reference_mut(
        &self,
        value: &mut Value,
        mut visit: impl FnMut(Entity, &mut Value),
    ) {
        for (path, entity) in &self.references {
            walk_mut(value, path, &mut |node| visit(*entity, node));
        }
    }

    /// Replaces every personal value in `value` by [`MASK`].
    pub fn mask(&self, value: &mut Value) {
        for path in &self.personal {
            walk_mut(value, path, &mut |node| {
                *node = Value::String(MASK.to_owned())
            });
        }
    }
}

/// A value of which some nodes, told by their addresses, are written as others.
struct Replaced<'v> {
    value: &'v Value,
    replaced: &'v [(*const Value, Value)],
}

impl<'v> Replaced<'v> {
    fn child(&self, value: &'v Value) -> Self {
        Self { value, ..*self }
    }
}

impl Serialize for Replaced<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) => {
                let own = |(node, _): &&(*const Value, Value)| std::ptr::eq(*node, self.value);
                match self.replaced.iter().find(own) {
                    Some((_, new)) => new.serialize(serializer),
                    None => serializer
                        .collect_map(members.iter().map(|(key, value)| (key, self.child(value)))),
                }
            }
            Value::Array(elements) => {
                serializer.collect_seq(elements.iter().map(|value| self.child(value)))
            }
            other => other.serialize(serializer),
        }
    }
}

/// Walks the properties of a schema, following local `$ref`s.
fn annotations(root: &Value, node: &Value, path: &mut Path, visit: &mut impl FnMut(&Value, &Path)) {
    visit(node, path);
    if let Some(target) = node.get("$ref").and_then(Value::as_str)
        && let Some(target) = target
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
    {
        annotations(root, target, path, visit);
    }
    if let Some(properties) = node.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            path.push(Step::Field(name.clone()));
            annotations(root, property, path, visit);
            path.pop();
        }
    }
    if let Some(items) = node.get("items") {
        path.push(Step::EveryElement);
        annotations(root, items, path, visit);
        path.pop();
    }
}

fn walk<'v>(value: &'v Value, path: &[Step], visit: &mut impl FnMut(&'v Value)) {
    match path.split_first() {
        None => visit(value),
        Some((Step::Field(name), rest)) => {
            if let Some(child) = value.get(name) {
                walk(child, rest, visit);
            }
        }
        Some((Step::EveryElement, rest)) => {
            for child in value.as_array().into_iter().flatten() {
                walk(child, rest, visit);
            }
        }
    }
}

fn walk_mut(value: &mut Value, path: &[Step], visit: &mut impl FnMut(&mut Value)) {
    match path.split_first() {
        None => visit(value),
        Some((Step::Field(name), rest)) => {
            if let Some(child) = value.get_mut(name) {
                walk_mut(child, rest, visit);
            }
        }
        Some((Step::EveryElement, rest)) => {
            for child in value.as_array_mut().into_iter().flatten() {
                walk_mut(child, rest, visit);
            }
        }
    }
}
