//! The canonical schemas, their examples and the Rust types stay in step.

mod full;
mod personal;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tenon_core::approval::{Approval, ApprovalKind, ApprovalOutcome};
use tenon_core::bom::{Bom, BomKind, BomStatus};
use tenon_core::case::{Case, CaseKind, CasePriority, CaseStatus};
use tenon_core::customer::{AddressPurpose, Customer, CustomerKind, Grade, Stage};
use tenon_core::document::{Confidentiality, Document, DocumentKind, DocumentStatus};
use tenon_core::engineering_change::{
    ChangeStatus, ChangeUrgency, EngineeringChange, StockDisposition,
};
use tenon_core::interaction::{Interaction, InteractionDirection, InteractionKind};
use tenon_core::inventory::Inventory;
use tenon_core::invoice::{CorrectionReason, Invoice, InvoiceKind, InvoiceStatus, SpecialKind};
use tenon_core::item::Item;
use tenon_core::opportunity::{Opportunity, OpportunityOutcome, OpportunityStage};
use tenon_core::order::{Order, OrderStatus};
use tenon_core::purchase_order::{PurchaseOrder, PurchaseOrderStatus};
use tenon_core::receipt::{PaymentMethod, Receipt, ReceiptStatus};
use tenon_core::requisition::{Requisition, RequisitionStatus};
use tenon_core::sell_out::{SellOut, SellOutStatus};
use tenon_core::shipment::{Shipment, ShipmentStatus};
use tenon_core::supply_plan::{PlanKind, PlanStatus, SupplyPlan};
use tenon_core::{Entity, MessageKind, Reference, Schema, schema};

fn schema_of(entity: Entity) -> &'static Schema {
    schema(MessageKind::current(entity)).expect("a schema for every entity")
}

fn folder(entity: Entity) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(entity.as_str())
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn example(entity: Entity, name: &str) -> Value {
    read(&folder(entity).join("examples").join(format!("{name}.json")))
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// Reads `value` into the entity's type and writes it back.
fn through_type(entity: Entity, value: &Value) -> Result<Value, serde_json::Error> {
    fn through<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, serde_json::Error> {
        // Through text, as it goes over a wire and into a database.
        let typed: T = serde_json::from_str(&value.to_string())?;
        serde_json::from_str(&serde_json::to_string(&typed)?)
    }
    match entity {
        Entity::Customer => through::<Customer>(value),
        Entity::Order => through::<Order>(value),
        Entity::Invoice => through::<Invoice>(value),
        Entity::Item => through::<Item>(value),
        Entity::Bom => through::<Bom>(value),
        Entity::Inventory => through::<Inventory>(value),
        Entity::Shipment => through::<Shipment>(value),
        Entity::Receipt => through::<Receipt>(value),
        Entity::Opportunity => through::<Opportunity>(value),
        Entity::Case => through::<Case>(value),
        Entity::Approval => through::<Approval>(value),
        Entity::EngineeringChange => through::<EngineeringChange>(value),
        Entity::SellOut => through::<SellOut>(value),
        Entity::SupplyPlan => through::<SupplyPlan>(value),
        Entity::Requisition => through::<Requisition>(value),
        Entity::PurchaseOrder => through::<PurchaseOrder>(value),
        Entity::Interaction => through::<Interaction>(value),
        Entity::Document => through::<Document>(value),
    }
}

#[test]
fn every_example_fits_and_passes_its_type_unchanged() {
    for entity in Entity::ALL {
        let files = json_files(&folder(entity).join("examples"));
        assert!(files.len() >= 2, "{entity} needs examples");
        for file in files {
            let value = read(&file);
            let accepted = schema_of(entity)
                .accept(value.clone())
                .unwrap_or_else(|violations| panic!("{}: {violations:?}", file.display()));
            assert_eq!(accepted.value(), &value);
            let back = through_type(entity, &value)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert_eq!(back, value, "{}", file.display());
        }
    }
}

#[test]
fn every_invalid_example_gives_the_violation_it_names() {
    for entity in Entity::ALL {
        let folder = folder(entity).join("examples/invalid");
        let listing = fs::read_to_string(folder.join("expected.txt")).unwrap();
        let mut listed = BTreeSet::new();
        for line in listing.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.splitn(3, ' ');
            let (file, path) = (words.next().unwrap(), words.next().unwrap());
            let part = words.next().unwrap_or_default();
            listed.insert(folder.join(file));
            let violations = schema_of(entity)
                .accept(read(&folder.join(file)))
                .expect_err(&format!("{entity}/{file} was accepted"));
            let found = violations.iter().any(|violation| {
                let shown = violation.to_string();
                shown.starts_with(&format!("{path}: ")) && violation.message.contains(part)
            });
            assert!(
                found,
                "{entity}/{file}: expected `{path}: …{part}…`, got {violations:#?}"
            );
        }
        let files: BTreeSet<PathBuf> = json_files(&folder).into_iter().collect();
        assert_eq!(
            files, listed,
            "expected.txt of {entity} lists every file and no other"
        );
    }
}

#[test]
fn the_full_examples_are_the_types_with_every_field_set() {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(entity: Entity, typed: T) {
        let value = example(entity, "full");
        assert_eq!(serde_json::to_value(&typed).unwrap(), value);
        assert_eq!(serde_json::from_value::<T>(value).unwrap(), typed);
    }
    check(Entity::Customer, full::customer());
    check(Entity::Order, full::order());
    check(Entity::Invoice, full::invoice());
    check(Entity::Item, full::item());
    check(Entity::Bom, full::bom());
    check(Entity::Inventory, full::inventory());
    check(Entity::Shipment, full::shipment());
    check(Entity::Receipt, full::receipt());
    check(Entity::Opportunity, full::opportunity());
    check(Entity::Case, full::case());
    check(Entity::Approval, full::approval());
    check(Entity::EngineeringChange, full::engineering_change());
    check(Entity::SellOut, full::sell_out());
    check(Entity::SupplyPlan, full::supply_plan());
    check(Entity::Requisition, full::requisition());
    check(Entity::PurchaseOrder, full::purchase_order());
    check(Entity::Interaction, full::interaction());
    check(Entity::Document, full::document());
}

/// Follows a local `$ref`.
fn resolved<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    match node.get("$ref").and_then(Value::as_str) {
        Some(target) => root
            .pointer(target.trim_start_matches('#'))
            .expect("a local $ref"),
        None => node,
    }
}

/// Checks that the objects in `values` have, taken together, the very properties of `node`.
fn same_properties(root: &Value, node: &Value, values: &[&Value], path: &str) {
    let node = resolved(root, node);
    if let Some(properties) = node.get("properties").and_then(Value::as_object) {
        assert_eq!(
            node.get("additionalProperties"),
            Some(&Value::Bool(false)),
            "{path} is closed"
        );
        let names: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        let used: BTreeSet<&str> = values
            .iter()
            .flat_map(|value| value.as_object().expect("an object"))
            .map(|(name, _)| name.as_str())
            .collect();
        if node.get("oneOf").is_none() {
            assert_eq!(names, used, "properties at `{path}`");
        } else {
            assert!(used.is_subset(&names), "properties at `{path}`");
        }
        for (name, property) in properties {
            let children: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
            same_properties(root, property, &children, &format!("{path}/{name}"));
        }
    } else if let Some(items) = node.get("items") {
        let children: Vec<&Value> = values
            .iter()
            .flat_map(|value| value.as_array().expect("an array"))
            .collect();
        same_properties(root, items, &children, &format!("{path}/*"));
    }
}

#[test]
fn schema_and_type_have_the_same_properties() {
    for entity in Entity::ALL {
        let document: Value = serde_json::from_str(schema_of(entity).text()).unwrap();
        same_properties(&document, &document, &[&example(entity, "full")], "");
    }
}

#[test]
fn every_property_is_described_and_the_document_names_itself() {
    fn describe(root: &Value, node: &Value, path: &str) {
        for (name, property) in node["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            assert!(
                property["description"]
                    .as_str()
                    .is_some_and(|text| text.len() >= 5),
                "{path}"
            );
            describe(root, resolved(root, property), &path);
            if let Some(items) = property.get("items") {
                let items = resolved(root, items);
                assert!(items["description"].is_string(), "{path}/*");
                describe(root, items, &path);
            }
        }
    }
    for entity in Entity::ALL {
        let document: Value = serde_json::from_str(schema_of(entity).text()).unwrap();
        assert_eq!(
            document["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(
            document["$id"],
            format!("https://tenon.dev/schemas/{entity}/v1.json")
        );
        assert!(document["title"].is_string() && document["description"].is_string());
        describe(&document, &document, entity.as_str());
        assert!(
            !schema_of(entity).text().contains("\"$ref\": \"http"),
            "{entity} is self-contained"
        );
    }
}

#[test]
fn enumerations_have_the_same_values_on_both_sides() {
    fn check<T: DeserializeOwned + Debug>(entity: Entity, pointer: &str) {
        let document: Value = serde_json::from_str(schema_of(entity).text()).unwrap();
        let allowed = document
            .pointer(pointer)
            .and_then(Value::as_array)
            .expect("an enum");
        let allowed: BTreeSet<&str> = allowed.iter().filter_map(Value::as_str).collect();
        // What the type accepts stands in the message with which it refuses a stranger.
        let refusal = serde_json::from_value::<T>(json!(""))
            .unwrap_err()
            .to_string();
        let known: BTreeSet<&str> = refusal.split('`').skip(1).step_by(2).skip(1).collect();
        assert_eq!(allowed, known, "{pointer}");
    }
    check::<CustomerKind>(Entity::Customer, "/properties/kind/enum");
    check::<Stage>(Entity::Customer, "/properties/stage/enum");
    check::<Grade>(Entity::Customer, "/properties/grade/enum");
    check::<AddressPurpose>(Entity::Customer, "/$defs/address/properties/purpose/enum");
    check::<OrderStatus>(Entity::Order, "/properties/status/enum");
    check::<InvoiceKind>(Entity::Invoice, "/properties/kind/enum");
    check::<SpecialKind>(Entity::Invoice, "/properties/special_kind/enum");
    check::<CorrectionReason>(Entity::Invoice, "/properties/correction_reason/enum");
    check::<InvoiceStatus>(Entity::Invoice, "/properties/status/enum");
    check::<BomKind>(Entity::Bom, "/properties/kind/enum");
    check::<BomStatus>(Entity::Bom, "/properties/status/enum");
    check::<ShipmentStatus>(Entity::Shipment, "/properties/status/enum");
    check::<PaymentMethod>(Entity::Receipt, "/properties/method/enum");
    check::<ReceiptStatus>(Entity::Receipt, "/properties/status/enum");
    check::<OpportunityStage>(Entity::Opportunity, "/properties/stage/enum");
    check::<OpportunityOutcome>(Entity::Opportunity, "/properties/outcome/enum");
    check::<CaseKind>(Entity::Case, "/properties/kind/enum");
    check::<CasePriority>(Entity::Case, "/properties/priority/enum");
    check::<CaseStatus>(Entity::Case, "/properties/status/enum");
    check::<ApprovalKind>(Entity::Approval, "/properties/kind/enum");
    check::<ChangeStatus>(Entity::EngineeringChange, "/properties/status/enum");
    check::<ChangeUrgency>(Entity::EngineeringChange, "/properties/urgency/enum");
    check::<StockDisposition>(
        Entity::EngineeringChange,
        "/$defs/affected/properties/disposition/enum",
    );
    check::<SellOutStatus>(Entity::SellOut, "/properties/status/enum");
    check::<PlanKind>(Entity::SupplyPlan, "/properties/kind/enum");
    check::<PlanStatus>(Entity::SupplyPlan, "/properties/status/enum");
    check::<RequisitionStatus>(Entity::Requisition, "/properties/status/enum");
    check::<PurchaseOrderStatus>(Entity::PurchaseOrder, "/properties/status/enum");
    check::<InteractionKind>(Entity::Interaction, "/properties/kind/enum");
    check::<InteractionDirection>(Entity::Interaction, "/properties/direction/enum");
    check::<DocumentKind>(Entity::Document, "/properties/kind/enum");
    check::<DocumentStatus>(Entity::Document, "/properties/status/enum");
    check::<Confidentiality>(Entity::Document, "/properties/confidentiality/enum");
    for part in ["step", "decision"] {
        let pointer = format!("/$defs/{part}/properties/outcome/enum");
        check::<ApprovalOutcome>(Entity::Approval, &pointer);
    }
}

#[test]
fn shared_definitions_are_the_same_in_every_schema() {
    for name in [
        "reference",
        "decimal",
        "rate",
        "currency",
        "totals",
        "tax_id",
        "bank_account",
        "supplier",
    ] {
        let definitions: Vec<Value> = Entity::ALL
            .into_iter()
            .map(|entity| serde_json::from_str::<Value>(schema_of(entity).text()).unwrap())
            .filter_map(|document| document["$defs"].get(name).cloned())
            .collect();
        assert!(definitions.len() >= 2, "{name} is shared");
        assert!(
            definitions.windows(2).all(|pair| pair[0] == pair[1]),
            "{name} differs"
        );
    }
}

#[test]
fn what_is_required_by_the_schema_is_required_by_the_type_and_the_other_way_round() {
    for entity in Entity::ALL {
        let complete = example(entity, "full");
        let mut pointers = Vec::new();
        object_keys(&complete, "", &mut pointers);
        for (parent, name) in pointers {
            let mut without = complete.clone();
            without
                .pointer_mut(&parent)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(&name);
            let accepted = schema_of(entity).accept(without.clone()).is_ok();
            let readable = through_type(entity, &without).is_ok();
            // An amount without its currency says nothing, which only the schema can express.
            let pairs = [
                (Entity::Customer, "/credit_terms", "currency"),
                (Entity::Item, "", "standard_cost"),
                (Entity::Item, "", "cost_currency"),
                (Entity::Document, "", "currency"),
            ];
            if pairs.contains(&(entity, parent.as_str(), name.as_str())) {
                assert!(!accepted && readable);
            } else {
                assert_eq!(accepted, readable, "{entity} without {parent}/{name}");
            }
        }
    }
}

/// Every (pointer of an object, name of a property in it) below `value`.
fn object_keys(value: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, child) in fields {
                found.push((pointer.to_owned(), name.clone()));
                object_keys(child, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, child) in elements.iter().enumerate() {
                object_keys(child, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn amounts_survive_exactly_and_numbers_are_refused() {
    let order = example(Entity::Order, "minimal");
    let exact = [
        "0.1",
        "0.10",
        "10000000000000000.01",
        "9223372036854775807",
        "1234567890123456789.01",
        "9999999999999999999999999999",
        "0.000000000000000000000000001",
        "-19.90",
        "0",
    ];
    for text in exact {
        let mut value = order.clone();
        value["lines"][0]["amount"] = json!(text);
        let accepted = schema_of(Entity::Order).accept(value.clone()).unwrap();
        assert_eq!(
            through_type(Entity::Order, accepted.value()).unwrap(),
            value,
            "{text}"
        );
    }
    let refused = [
        json!(0.1),
        json!(3),
        json!(""),
        json!("."),
        json!(".5"),
        json!("5."),
        json!("+5"),
        json!("007"),
        json!("1 000"),
        json!("１２"),
        json!("NaN"),
        json!("99999999999999999999999999999"),
        json!("1.\n"),
        json!("1\n"),
        json!(null),
    ];
    for amount in refused {
        let mut value = order.clone();
        value["lines"][0]["amount"] = amount.clone();
        let violations = schema_of(Entity::Order).accept(value).unwrap_err();
        assert_eq!(violations[0].path, "/lines/0/amount", "{amount}");
    }
}

#[test]
fn a_customer_without_a_kind_is_a_customer() {
    let value = json!({"short_name": "川可"});
    assert!(schema_of(Entity::Customer).accept(value.clone()).is_ok());
    let customer: Customer = serde_json::from_value(value).unwrap();
    assert_eq!(customer.kind, CustomerKind::Customer);
}

#[test]
fn whole_numbers_may_be_written_with_an_empty_fraction() {
    let mut value = example(Entity::Customer, "full");
    value["credit_terms"]["days"] = json!(45.0);
    assert!(schema_of(Entity::Customer).accept(value.clone()).is_ok());
    let customer: Customer = serde_json::from_value(value).unwrap();
    assert_eq!(customer.credit_terms.unwrap().days, Some(45));
}

#[test]
fn masking_reaches_every_personal_value_and_no_other() {
    let mut customer = example(Entity::Customer, "full");
    let mut expected = customer.clone();
    schema_of(Entity::Customer).mask(&mut customer);
    for pointer in [
        "/contacts/0/name",
        "/contacts/0/phone",
        "/contacts/0/email",
        "/contacts/0/birthday",
        "/contacts/0/anniversary",
        "/phones/0",
        "/emails/0",
        "/bank_account/number",
    ] {
        *expected.pointer_mut(pointer).expect("a value to mask") = json!("•••");
    }
    assert_eq!(customer, expected);

    let mut invoice = example(Entity::Invoice, "full");
    let mut expected = invoice.clone();
    schema_of(Entity::Invoice).mask(&mut invoice);
    for pointer in [
        "/seller/address_and_phone",
        "/seller/bank_account/number",
        "/title/address_and_phone",
        "/title/bank_account/number",
    ] {
        *expected.pointer_mut(pointer).expect("a value to mask") = json!("•••");
    }
    assert_eq!(invoice, expected);

    for entity in [Entity::Order, Entity::Item] {
        let mut value = example(entity, "full");
        schema_of(entity).mask(&mut value);
        assert_eq!(
            value,
            example(entity, "full"),
            "{entity} holds nothing personal"
        );
    }
}

#[test]
fn references_are_found_and_can_be_translated() {
    fn found(entity: Entity, name: &str) -> Vec<String> {
        let value = example(entity, name);
        let mut found = Vec::new();
        schema_of(entity).for_each_reference(&value, |target, node| {
            let reference: Reference = serde_json::from_value(node.clone()).unwrap();
            let shown = match reference {
                Reference::Master { .. } => "master".to_owned(),
                Reference::Native { system, native_id } => format!("{system}/{native_id}"),
            };
            found.push(format!("{target} {shown}"));
        });
        found.sort();
        found
    }
    assert_eq!(
        found(Entity::Order, "full"),
        [
            "customer crm/9007199254740993123",
            "customer master",
            "item erp/SH-300"
        ]
    );
    assert_eq!(
        found(Entity::Invoice, "full"),
        [
            "customer master",
            "item erp/SH-300",
            "order erp/SO-2026-0042",
            "order master"
        ]
    );
    assert_eq!(
        found(Entity::Order, "large-amounts").len(),
        3,
        "one for every line, and the buyer"
    );
    assert!(found(Entity::Customer, "full").is_empty());
    assert!(found(Entity::Item, "full").is_empty());

    let mut order = example(Entity::Order, "large-amounts");
    let translated = json!({"system": "invoicing", "native_id": "1"});
    let unchanged = schema_of(Entity::Order).text_with_references(&order, |_, _| None);
    assert_eq!(unchanged, serde_json::to_vec(&order).unwrap());
    let text =
        schema_of(Entity::Order).text_with_references(&order, |_, _| Some(translated.clone()));
    schema_of(Entity::Order)
        .for_each_reference_mut(&mut order, |_, node| *node = translated.clone());
    assert_eq!(text, serde_json::to_vec(&order).unwrap());
    for pointer in ["/customer", "/lines/0/item", "/lines/1/item"] {
        assert_eq!(order.pointer(pointer), Some(&translated));
    }
    assert!(schema_of(Entity::Order).accept(order).is_ok());
}

#[test]
fn a_reference_is_closed_in_the_type_too() {
    for bad in [
        json!({"system": "erp", "native_id": "1", "name": "川可"}),
        json!({"master_id": "0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77", "system": "erp"}),
        json!({"system": "erp"}),
        json!({"master_id": "17"}),
        json!("C-17"),
    ] {
        assert!(
            serde_json::from_value::<Reference>(bad.clone()).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn business_keys_are_what_people_say() {
    let check = |entity, expected| {
        let value = example(entity, "full");
        assert_eq!(schema_of(entity).business_key(&value), Some(expected));
    };
    check(Entity::Customer, "CKMY");
    check(Entity::Order, "SO-2026-0042");
    check(Entity::Invoice, "FP-2026-0042");
    check(Entity::Item, "0001002003004005006");
}
