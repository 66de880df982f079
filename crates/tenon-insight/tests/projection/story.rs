//! What systems state of two customers' orders, and of everything that belongs to them.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenon_core::{Attributes, Entity, MasterId, OrderingKey, SystemName};
use tenon_store::{Inbound, InboundState};

/// A statement of a document: entity, native id, hour of its occurrence, body.
pub(crate) type Stated = (Entity, &'static str, i64, Value);

pub(crate) fn message(stated: &Stated) -> Inbound {
    let (entity, native_id, hour, body) = stated;
    let source = SystemName::new("erp").unwrap();
    let mut attributes = Attributes::received(
        source,
        *entity,
        entity.as_str(),
        Some((*native_id).to_owned()),
        Some(&format!("{native_id}/{hour}")),
    );
    let noon: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    attributes.occurred_at = noon + SignedDuration::from_hours(*hour);
    attributes.accepted_at = attributes.occurred_at;
    let master = MasterId::derive(&[entity.as_str(), "erp", native_id]);
    attributes.master_id = Some(master);
    attributes.ordering_key = OrderingKey(format!("{entity}/{master}"));
    if *entity == Entity::Customer {
        attributes.sequence = Some(*hour);
    }
    Inbound {
        attributes,
        business_key: None,
        origin: "test".to_owned(),
        state: InboundState::Routed {
            targets: Vec::new(),
        },
        raw: Bytes::from_static(b"{}"),
        canonical: Some(Bytes::from(serde_json::to_vec(body).unwrap())),
    }
}

pub(crate) fn to(entity: &str, id: &str) -> Value {
    json!({ "master_id": MasterId::derive(&[entity, "erp", id]).to_string() })
}

fn totals(gross: &str) -> Value {
    json!({ "net": gross, "tax": "0.00", "gross": gross })
}

pub(crate) fn order(
    id: &str,
    customer: &str,
    day: &str,
    quantity: &str,
    gross: &str,
    status: &str,
) -> Value {
    json!({ "number": id, "customer": to("customer", customer), "order_date": day, "currency": "CNY",
        "requested_date": "2026-03-20", "contract_number": "HT-1",
        "lines": [{ "number": 1, "item": to("item", "SH-3"), "quantity": quantity, "unit_price": "10.00",
            "tax_rate": "0", "amount": gross }],
        "totals": totals(gross), "status": status })
}

fn shipment(id: &str, orders: &[&str], quantity: &str, day: &str) -> Value {
    let orders: Vec<Value> = orders.iter().map(|id| to("order", id)).collect();
    json!({ "number": id, "customer": to("customer", "K-1"), "orders": orders, "status": "shipped",
        "shipped_on": day,
        "lines": [{ "number": 1, "item": to("item", "SH-3"), "quantity": quantity }] })
}

fn invoice(id: &str, orders: &[&str], gross: &str, day: &str, status: &str) -> Value {
    let orders: Vec<Value> = orders.iter().map(|id| to("order", id)).collect();
    json!({ "number": id, "customer": to("customer", "K-1"), "orders": orders, "kind": "special",
        "status": status, "issue_date": day, "currency": "CNY",
        "lines": [{ "number": 1, "quantity": "1", "unit_price": gross, "tax_rate": "0",
            "amount": gross, "tax": "0.00" }],
        "totals": totals(gross) })
}

fn receipt(id: &str, what: (&str, &str), amount: &str, day: &str) -> Value {
    let allocation = json!({ what.0: to(what.0, what.1), "amount": amount });
    json!({ "number": id, "customer": to("customer", "K-1"), "received_on": day, "currency": "CNY",
        "amount": amount, "status": "received", "allocations": [allocation] })
}

fn contract(number: &str, status: &str, amount: &str, days: (&str, &str)) -> Value {
    json!({ "number": number, "title": "框架合同", "kind": "contract", "status": status,
        "customer": to("customer", "K-1"), "amount": amount, "currency": "CNY",
        "valid_from": days.0, "valid_until": days.1 })
}

/// A story with everything in it: corrections, documents of several orders, payments of invoices, an order
/// that is cancelled, and what leads nowhere.
pub(crate) fn story() -> Vec<Stated> {
    use Entity::{Customer, Document, Invoice, Item, Order, Receipt, Shipment};
    let mut of_no_contract = order("O-8", "K-1", "2026-04-03", "2", "20.00", "confirmed");
    of_no_contract["contract_number"].take();
    of_no_contract
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    let mut naming = contract("HT-3", "released", "500.00", ("2026-01-01", "2026-12-31"));
    naming["currency"] = "USD".into();
    naming["order"] = to("order", "O-8");
    let mut none_any_more = contract("HT-2", "released", "1.00", ("2026-01-01", "2026-12-31"));
    none_any_more["kind"] = "report".into();
    vec![
        // A contract that was drafted, and changed as it was signed; one that turned out to be none; one that names
        // its order itself, in another currency.
        (
            Document,
            "HT-1",
            1,
            contract("HT-1", "draft", "600.00", ("2026-03-01", "2026-12-31")),
        ),
        (
            Document,
            "HT-1",
            5,
            contract("HT-1", "released", "605.00", ("2026-03-02", "2026-04-02")),
        ),
        (
            Document,
            "HT-2",
            1,
            contract("HT-2", "released", "1.00", ("2026-01-01", "2026-12-31")),
        ),
        (Document, "HT-2", 3, none_any_more),
        (Order, "O-8", 1, of_no_contract),
        (Document, "HT-3", 2, naming),
        // Billed and taken back within a month, by two papers.
        (
            Invoice,
            "I-10",
            1,
            invoice("I-10", &[], "40.00", "2026-05-04", "issued"),
        ),
        (
            Invoice,
            "I-11",
            2,
            invoice("I-11", &[], "-40.00", "2026-05-05", "issued"),
        ),
        (
            Customer,
            "K-1",
            1,
            json!({ "legal_name": "川可", "kind": "customer", "code": "CK",
            "industry": "retail/appliances", "source": "exhibition/canton-fair", "owner": "li" }),
        ),
        (
            Customer,
            "K-1",
            9,
            json!({ "legal_name": "川可贸易", "kind": "customer", "code": "CK",
            "industry": "retail/online", "source": "exhibition/canton-fair", "owner": "li",
            "credit_terms": { "days": 10 } }),
        ),
        (
            Item,
            "SH-3",
            1,
            json!({ "code": "SH-3", "name": "Shaver", "standard_cost": "6.00",
            "cost_currency": "CNY" }),
        ),
        // Matched, after a correction of the order and of its invoice.
        (
            Order,
            "O-1",
            1,
            order("O-1", "K-1", "2026-03-01", "9", "90.00", "confirmed"),
        ),
        (
            Order,
            "O-1",
            5,
            order("O-1", "K-1", "2026-03-01", "10", "100.00", "closed"),
        ),
        (
            Shipment,
            "S-1",
            6,
            shipment("S-1", &["O-1"], "10", "2026-03-05"),
        ),
        (
            Invoice,
            "I-1",
            6,
            invoice("I-1", &["O-2"], "98.00", "2026-03-06", "requested"),
        ),
        (
            Invoice,
            "I-1",
            7,
            invoice("I-1", &["O-1"], "99.00", "2026-03-06", "requested"),
        ),
        // Whoever issues it does not know the orders.
        (
            Invoice,
            "I-1",
            8,
            invoice("I-1", &[], "100.00", "2026-03-06", "issued"),
        ),
        (
            Receipt,
            "R-1",
            9,
            receipt("R-1", ("invoice", "I-1"), "100.00", "2026-03-10"),
        ),
        // Short, and billed for what was shipped; partly paid.
        (
            Order,
            "O-2",
            1,
            order("O-2", "K-1", "2026-03-02", "10", "100.00", "partly_shipped"),
        ),
        (
            Shipment,
            "S-2",
            6,
            shipment("S-2", &["O-2"], "7", "2026-03-07"),
        ),
        (
            Invoice,
            "I-2",
            7,
            invoice("I-2", &["O-2"], "70.00", "2026-03-08", "issued"),
        ),
        (
            Receipt,
            "R-2",
            9,
            receipt("R-2", ("order", "O-2"), "30.00", "2026-03-12"),
        ),
        // Two orders shipped and billed together, one of them unbilled in part.
        (
            Order,
            "O-3",
            1,
            order("O-3", "K-2", "2026-04-02", "10", "100.00", "shipped"),
        ),
        (
            Order,
            "O-4",
            1,
            order("O-4", "K-2", "2026-04-02", "30", "300.00", "shipped"),
        ),
        (
            Shipment,
            "S-3",
            2,
            shipment("S-3", &["O-3", "O-4"], "40", "2026-04-03"),
        ),
        (
            Invoice,
            "I-3",
            3,
            invoice("I-3", &["O-3", "O-4"], "360.00", "2026-04-04", "issued"),
        ),
        // Billed beyond the order; cancelled afterwards.
        (
            Order,
            "O-5",
            1,
            order("O-5", "K-1", "2026-04-03", "1", "10.00", "confirmed"),
        ),
        (
            Invoice,
            "I-5",
            2,
            invoice("I-5", &["O-5"], "15.00", "2026-04-04", "issued"),
        ),
        (
            Order,
            "O-6",
            1,
            order("O-6", "K-1", "2026-04-03", "1", "10.00", "confirmed"),
        ),
        (
            Order,
            "O-6",
            2,
            order("O-6", "K-1", "2026-04-03", "1", "10.00", "cancelled"),
        ),
        // Leads nowhere; and what is moved from one order to another.
        (
            Invoice,
            "I-9",
            2,
            invoice("I-9", &["O-99"], "55.00", "2026-04-05", "issued"),
        ),
        (
            Receipt,
            "R-9",
            1,
            receipt("R-9", ("order", "O-5"), "5.00", "2026-04-06"),
        ),
        (
            Receipt,
            "R-9",
            4,
            receipt("R-9", ("order", "O-3"), "5.00", "2026-04-06"),
        ),
    ]
}
