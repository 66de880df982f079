//! Every type with every field set, once more, by hand.
//!
//! The literals name each field, so a field that is added to a type does not compile here until
//! it is given a value, and then differs from `examples/full.json` until the schema has it too.

use tenon_core::customer::{
    Address, AddressPurpose, BankAccount, Contact, CreditTerms, Customer, CustomerKind, Grade,
    Stage,
};
use tenon_core::invoice::{Invoice, InvoiceKind, InvoiceLine, InvoiceStatus, InvoiceTitle};
use tenon_core::item::Item;
use tenon_core::money::{Currency, Decimal};
use tenon_core::order::{Order, OrderLine, OrderStatus, Totals};
use tenon_core::{Reference, SystemName};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn native(system: &str, native_id: &str) -> Reference {
    Reference::native(SystemName::new(system).unwrap(), native_id)
}

fn master(id: &str) -> Reference {
    Reference::Master {
        master_id: id.parse().unwrap(),
    }
}

fn totals() -> Totals {
    Totals {
        net: amount("59.70"),
        tax: amount("7.76"),
        gross: amount("67.46"),
    }
}

pub(crate) fn customer() -> Customer {
    Customer {
        legal_name: text("上海川可贸易有限公司"),
        short_name: text("川可"),
        former_names: vec!["上海川可商贸有限公司".to_owned()],
        code: text("CKMY"),
        tax_id: text("91350100M000100Y43"),
        kind: CustomerKind::Customer,
        stage: Some(Stage::Signed),
        industry: text("retail/appliances"),
        source: text("exhibition/canton-fair"),
        grade: Some(Grade::Strategic),
        owner: text("王敏"),
        contacts: vec![Contact {
            name: "李雷".to_owned(),
            role: text("采购经理"),
            phone: text("13800138000"),
            email: text("li.lei@chuanke.example"),
        }],
        addresses: vec![Address {
            purpose: Some(AddressPurpose::Registered),
            country: text("CN"),
            region: text("上海市"),
            city: text("上海市"),
            street: text("浦东新区世纪大道100号"),
            postal_code: text("200120"),
        }],
        phones: vec!["021-58000000".to_owned()],
        emails: vec!["info@chuanke.example".to_owned()],
        bank_account: Some(BankAccount {
            bank: text("中国银行上海市分行"),
            number: "4563 5178 0012 3456 789".to_owned(),
        }),
        credit_terms: Some(CreditTerms {
            days: Some(60),
            limit: Some(amount("500000.00")),
            currency: Some(Currency::CNY),
        }),
        tags: vec!["重点".to_owned(), "经销".to_owned()],
    }
}

pub(crate) fn order() -> Order {
    Order {
        number: "SO-2026-0042".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        channel: Some(native("crm", "9007199254740993123")),
        contract_number: text("HT-2026-7"),
        order_date: "2026-03-01".parse().unwrap(),
        requested_date: Some("2026-04-15".parse().unwrap()),
        currency: Currency::CNY,
        lines: vec![OrderLine {
            number: 1,
            item: native("erp", "SH-300"),
            description: text("三刀头剃须刀"),
            quantity: amount("3"),
            unit: text("台"),
            unit_price: amount("19.90"),
            tax_rate: Some(amount("0.13")),
            amount: amount("59.70"),
        }],
        totals: totals(),
        status: OrderStatus::Confirmed,
        owner: text("王敏"),
        remark: text("春节前到货"),
    }
}

pub(crate) fn invoice() -> Invoice {
    Invoice {
        number: "FP-2026-0042".to_owned(),
        fiscal_number: text("26312000000012345678"),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        orders: vec![
            native("erp", "SO-2026-0042"),
            master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e78"),
        ],
        title: Some(InvoiceTitle {
            legal_name: "上海川可贸易有限公司".to_owned(),
            tax_id: text("91350100M000100Y43"),
            address_and_phone: text("上海市浦东新区世纪大道100号 021-58000000"),
            bank_account: Some(BankAccount {
                bank: text("中国银行上海市分行"),
                number: "4563517800123456789".to_owned(),
            }),
        }),
        kind: InvoiceKind::Special,
        status: InvoiceStatus::Issued,
        corrects: text("FP-2026-0041"),
        issue_date: Some("2026-03-05".parse().unwrap()),
        currency: Currency::CNY,
        lines: vec![InvoiceLine {
            number: 1,
            item: Some(native("erp", "SH-300")),
            description: text("*家用电器*剃须刀"),
            quantity: amount("3"),
            unit: text("台"),
            unit_price: amount("19.90"),
            tax_rate: amount("0.13"),
            amount: amount("59.70"),
            tax: amount("7.76"),
        }],
        totals: totals(),
        remark: text("代开"),
    }
}

pub(crate) fn item() -> Item {
    Item {
        code: "0001002003004005006".to_owned(),
        name: "电动剃须刀".to_owned(),
        specification: text("三刀头 3.7V 全身水洗"),
        unit: text("台"),
        revision: text("C2"),
    }
}
