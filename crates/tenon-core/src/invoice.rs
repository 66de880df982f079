//! The canonical invoice, `schemas/invoice/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Reference;
use crate::customer::BankAccount;
use crate::money::{Currency, Decimal};
use crate::order::Totals;

/// A tax invoice, requested or issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// The number of the request, or of the issued invoice.
    pub number: String,
    /// The tax authority's number, once issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_number: Option<String>,
    /// Who is billed.
    pub customer: Reference,
    /// The orders it bills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Reference>,
    /// Who sells, where the company has several such parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<InvoiceTitle>,
    /// To whom it is made out. Absent in a request: the hub fills it from the master record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<InvoiceTitle>,
    /// Which sort of invoice.
    pub kind: InvoiceKind,
    /// The line of business for which the tax authority wants an invoice of its own kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_kind: Option<SpecialKind>,
    /// How far it has come.
    pub status: InvoiceStatus,
    /// The invoice that a red-letter note takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Why it takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction_reason: Option<CorrectionReason>,
    /// The number under which the tax authority has confirmed that it may be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red_letter_confirmation: Option<String>,
    /// The day of issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_date: Option<Date>,
    /// Of every amount in it.
    pub currency: Currency,
    /// What is billed; at least one line. Amounts of a red-letter note are negative.
    pub lines: Vec<InvoiceLine>,
    /// Sums over the lines.
    pub totals: Totals,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// A party to an invoice: to whom it is made out, or who sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceTitle {
    /// The registered name.
    pub legal_name: String,
    /// The tax id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    /// Registered address and telephone in one line, as the form has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_and_phone: Option<String>,
    /// The party's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<BankAccount>,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// The line's number within the invoice.
    #[serde(deserialize_with = "crate::whole::required")]
    pub number: u32,
    /// What is billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Reference>,
    /// The description as billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Model and size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<String>,
    /// The tax authority's code of what is billed, 19 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// Of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit without tax.
    pub unit_price: Decimal,
    /// A fraction: `0.13`.
    pub tax_rate: Decimal,
    /// Without tax.
    pub amount: Decimal,
    /// The tax.
    pub tax: Decimal,
}

/// Which sort of invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// VAT special invoice: the buyer deducts the tax.
    Special,
    /// Ordinary invoice.
    Ordinary,
    /// Export invoice.
    Export,
    /// Red-letter credit note.
    RedLetter,
}

/// The lines of business that have an invoice of their own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum SpecialKind {
    Construction,
    Freight,
    RealEstateSale,
    RealEstateLease,
    PassengerTransport,
    FarmProduceSale,
    FarmProducePurchase,
}

/// Why an invoice is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    /// It was made out wrongly.
    Mistake,
    /// The goods came back.
    Return,
    /// The service was broken off.
    Termination,
    /// The price was lowered afterwards.
    Allowance,
}

/// How far an invoice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum InvoiceStatus {
    Requested,
    Issued,
    Void,
}
