//! What the body of each entity says, as a document.

use tenon_core::Entity;
use tenon_core::case::Case;
use tenon_core::document::{self as published, DocumentKind, DocumentStatus};
use tenon_core::interaction::Interaction;
use tenon_core::invoice::{Invoice, InvoiceStatus};
use tenon_core::money::Decimal;
use tenon_core::opportunity::Opportunity;
use tenon_core::order::{Order, OrderStatus};
use tenon_core::receipt::{Receipt, ReceiptStatus};
use tenon_core::shipment::{Shipment, ShipmentStatus};

use super::{Document, Facts, Line, References, Subject, word};
use crate::calendar::Calendar;

pub(super) fn order(blank: Document, order: &Order, references: &mut References) -> Document {
    let factor = match order.totals.net.is_zero() {
        true => Decimal::ONE,
        false => order.totals.gross / order.totals.net,
    };
    let lines = order.lines.iter().map(|line| Line {
        order_line: Some(line.number),
        item: references.id(Entity::Item, &line.item),
        quantity: line.quantity,
        net: Some(line.amount),
        gross: Some(match line.tax_rate {
            Some(rate) => line.amount * (Decimal::ONE + rate),
            None => line.amount * factor,
        }),
        unit: None,
    });
    let lines = lines.collect();
    Document {
        party: references.id(Entity::Customer, &order.customer),
        number: order.number.clone(),
        day: Some(order.order_date),
        status: word(&order.status),
        owner: order.owner.clone(),
        currency: Some(order.currency.to_string()),
        amount: Some(order.totals.gross),
        facts: Facts {
            counts: !matches!(order.status, OrderStatus::Draft | OrderStatus::Cancelled),
            net: Some(order.totals.net),
            lines,
            contract: order.contract_number.clone(),
            wanted_on: order.requested_date,
            ..Facts::default()
        },
        ..blank
    }
}

pub(super) fn shipment(
    blank: Document,
    shipment: Shipment,
    references: &mut References,
) -> Document {
    let lines = shipment.lines.iter().map(|line| Line {
        order_line: line.order_line,
        item: references.id(Entity::Item, &line.item),
        quantity: line.quantity,
        ..Line::default()
    });
    let lines = lines.collect();
    let left = shipment.shipped_on.or(shipment.delivered_on);
    Document {
        party: references.id(Entity::Customer, &shipment.customer),
        status: word(&shipment.status),
        day: left.or(shipment.expected_on).or(blank.day),
        facts: Facts {
            counts: matches!(
                shipment.status,
                ShipmentStatus::Shipped | ShipmentStatus::Delivered
            ),
            subjects: references.orders(&shipment.orders),
            lines,
            ..Facts::default()
        },
        number: shipment.number,
        ..blank
    }
}

pub(super) fn invoice(blank: Document, invoice: Invoice, references: &mut References) -> Document {
    Document {
        party: references.id(Entity::Customer, &invoice.customer),
        status: word(&invoice.status),
        day: invoice.issue_date.or(blank.day),
        currency: Some(invoice.currency.to_string()),
        amount: Some(invoice.totals.gross),
        facts: Facts {
            counts: invoice.status == InvoiceStatus::Issued,
            net: Some(invoice.totals.net),
            subjects: references.orders(&invoice.orders),
            ..Facts::default()
        },
        number: invoice.number,
        ..blank
    }
}

pub(super) fn receipt(blank: Document, receipt: Receipt, references: &mut References) -> Document {
    let mut subjects: Vec<Subject> = Vec::new();
    for allocation in &receipt.allocations {
        let id = match (&allocation.order, &allocation.invoice) {
            (Some(order), _) => references.id(Entity::Order, order),
            (None, Some(invoice)) => references.id(Entity::Invoice, invoice),
            (None, None) => continue,
        };
        match subjects.iter_mut().find(|subject| subject.id == id) {
            Some(subject) => {
                subject.amount = Some(subject.amount.unwrap_or_default() + allocation.amount);
            }
            None => subjects.push(Subject {
                id,
                amount: Some(allocation.amount),
            }),
        }
    }
    Document {
        party: references.id(Entity::Customer, &receipt.customer),
        status: word(&receipt.status),
        day: Some(receipt.received_on),
        currency: Some(receipt.currency.to_string()),
        amount: Some(receipt.amount),
        facts: Facts {
            counts: matches!(
                receipt.status,
                ReceiptStatus::Received | ReceiptStatus::Cleared
            ),
            subjects,
            ..Facts::default()
        },
        number: receipt.number,
        ..blank
    }
}

pub(super) fn opportunity(
    blank: Document,
    opportunity: Opportunity,
    references: &mut References,
) -> Document {
    Document {
        party: references.id(Entity::Customer, &opportunity.customer),
        status: word(&opportunity.stage),
        outcome: Some(word(&opportunity.outcome)),
        owner: opportunity.owner,
        source: opportunity.source,
        currency: Some(opportunity.currency.to_string()),
        amount: opportunity.amount,
        facts: Facts {
            counts: true,
            subject: Some(opportunity.name),
            wanted_on: opportunity.expected_on,
            ..Facts::default()
        },
        number: opportunity.number,
        ..blank
    }
}

pub(super) fn case(
    blank: Document,
    case: Case,
    references: &mut References,
    calendar: &Calendar,
) -> Document {
    Document {
        party: references.id(Entity::Customer, &case.customer),
        status: word(&case.status),
        outcome: Some(word(&case.kind)),
        owner: case.owner,
        day: Some(calendar.day_of(case.opened_at)),
        score: case
            .satisfaction
            .and_then(|score| i32::try_from(score).ok()),
        facts: Facts {
            counts: true,
            subject: Some(case.subject),
            wanted_on: case.promised_by,
            ..Facts::default()
        },
        number: case.number,
        ..blank
    }
}

pub(super) fn interaction(
    blank: Document,
    interaction: Interaction,
    references: &mut References,
    calendar: &Calendar,
) -> Document {
    Document {
        party: references.id(Entity::Customer, &interaction.customer),
        outcome: Some(word(&interaction.kind)),
        owner: Some(interaction.owner),
        day: Some(calendar.day_of(interaction.happened_at)),
        facts: Facts {
            counts: true,
            subject: Some(interaction.subject),
            wanted_on: interaction.next_on,
            ..Facts::default()
        },
        number: interaction.number,
        ..blank
    }
}

/// A published document. Contracts alone count; another is kept too, so that an older statement by which it was a
/// contract changes nothing.
pub(super) fn published(
    blank: Document,
    document: published::Document,
    references: &mut References,
) -> Document {
    let customer = document.customer.as_ref();
    let party = customer.map(|customer| references.id(Entity::Customer, customer));
    Document {
        party: party.unwrap_or_default(),
        status: word(&document.status),
        outcome: Some(word(&document.kind)),
        day: document.valid_from.or(blank.day),
        owner: document.author,
        currency: document.currency.map(|currency| currency.to_string()),
        amount: document.amount,
        facts: Facts {
            counts: document.kind == DocumentKind::Contract
                && document.status != DocumentStatus::Draft,
            subjects: match document.kind {
                DocumentKind::Contract => references.orders(document.order.as_slice()),
                _ => Vec::new(),
            },
            subject: Some(document.title),
            begins_on: document.valid_from,
            ends_on: document.valid_until,
            ..Facts::default()
        },
        number: document.number,
        ..blank
    }
}
