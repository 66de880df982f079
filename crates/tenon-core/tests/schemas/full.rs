//! Every type with every field set, once more, by hand.
//!
//! The literals name each field, so a field that is added to a type does not compile here until
//! it is given a value, and then differs from `examples/full.json` until the schema has it too.

use tenon_core::approval::{
    Approval, ApprovalDecision, ApprovalKind, ApprovalOutcome, ApprovalStep,
};
use tenon_core::bom::{Bom, BomKind, BomStatus, Component, Operation};
use tenon_core::case::{Case, CaseKind, CasePriority, CaseStatus};
use tenon_core::customer::{
    Address, AddressPurpose, BankAccount, Contact, CreditTerms, Customer, CustomerKind, Grade,
    Stage,
};
use tenon_core::document::{Confidentiality, Document, DocumentFile, DocumentKind, DocumentStatus};
use tenon_core::interaction::{Interaction, InteractionDirection, InteractionKind};
use tenon_core::inventory::Inventory;
use tenon_core::invoice::{
    CorrectionReason, Invoice, InvoiceKind, InvoiceLine, InvoiceStatus, InvoiceTitle, SpecialKind,
};
use tenon_core::item::Item;
use tenon_core::money::{Currency, Decimal};
use tenon_core::opportunity::{Opportunity, OpportunityLine, OpportunityOutcome, OpportunityStage};
use tenon_core::order::{Order, OrderLine, OrderStatus, Totals};
use tenon_core::receipt::{Allocation, PaymentMethod, Receipt, ReceiptStatus};
use tenon_core::shipment::{Shipment, ShipmentLine, ShipmentStatus};
use tenon_core::{Reference, SystemName};

mod supply;

pub(crate) use supply::{engineering_change, purchase_order, requisition, sell_out, supply_plan};

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
            birthday: text("1980-03-07"),
            anniversary: text("06-18"),
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
        priority: Some(2),
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
        seller: Some(InvoiceTitle {
            legal_name: "深圳川芯电器有限公司".to_owned(),
            tax_id: text("91440300MA5EXAMP0X"),
            address_and_phone: text("深圳市南山区科技路1号 0755-26000000"),
            bank_account: Some(BankAccount {
                bank: text("工商银行深圳分行"),
                number: "4000020109200000001".to_owned(),
            }),
        }),
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
        special_kind: Some(SpecialKind::Freight),
        status: InvoiceStatus::Issued,
        corrects: text("FP-2026-0041"),
        correction_reason: Some(CorrectionReason::Return),
        red_letter_confirmation: text("44030026030000000001"),
        issue_date: Some("2026-03-05".parse().unwrap()),
        currency: Currency::CNY,
        lines: vec![InvoiceLine {
            number: 1,
            item: Some(native("erp", "SH-300")),
            description: text("*家用电器*剃须刀"),
            specification: text("SH-300 三刀头"),
            tax_code: text("1090419010000000000"),
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
        standard_cost: Some(amount("41.50")),
        cost_currency: Some(Currency::CNY),
    }
}

pub(crate) fn shipment() -> Shipment {
    Shipment {
        number: "DN-2026-0042".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        orders: vec![native("erp", "SO-2026-0042")],
        status: ShipmentStatus::Shipped,
        shipped_on: Some("2026-03-20".parse().unwrap()),
        expected_on: Some("2026-03-23".parse().unwrap()),
        delivered_on: Some("2026-03-22".parse().unwrap()),
        warehouse: text("WH-SZ-1"),
        carrier: text("顺丰速运"),
        tracking_number: text("SF1234567890123"),
        ship_to: text("上海市浦东新区世纪大道100号 李雷 13800138000"),
        lines: vec![ShipmentLine {
            number: 1,
            order_line: Some(1),
            item: native("erp", "SH-300"),
            quantity: amount("3"),
            unit: text("台"),
            lot: text("L2026-03-A"),
        }],
        remark: text("分两箱"),
    }
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        number: "SK-2026-0042".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        payer_name: text("上海川可贸易有限公司浦东分公司"),
        received_on: "2026-05-04".parse().unwrap(),
        method: Some(PaymentMethod::BankTransfer),
        bank_reference: text("20260504000123456789"),
        currency: Currency::CNY,
        amount: amount("67.46"),
        status: ReceiptStatus::Cleared,
        allocations: vec![Allocation {
            order: Some(native("erp", "SO-2026-0042")),
            invoice: Some(master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e78")),
            amount: amount("67.46"),
        }],
        remark: text("含运费"),
    }
}

pub(crate) fn opportunity() -> Opportunity {
    Opportunity {
        number: "OP-2026-0007".to_owned(),
        name: "川可 2026 春季铺货".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        channel: Some(native("crm", "9007199254740993123")),
        stage: OpportunityStage::Quoted,
        outcome: OpportunityOutcome::Open,
        currency: Currency::CNY,
        amount: Some(amount("597000.00")),
        probability: Some(amount("0.6")),
        expected_on: Some("2026-04-30".parse().unwrap()),
        source: text("exhibition/canton-fair"),
        owner: text("王敏"),
        lost_reason: text("价格"),
        lines: vec![OpportunityLine {
            number: 1,
            item: native("erp", "SH-300"),
            quantity: amount("30000"),
            unit: text("台"),
            unit_price: Some(amount("19.90")),
        }],
        remark: text("要求四月前样机"),
    }
}

pub(crate) fn case() -> Case {
    Case {
        number: "SV-2026-0099".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        kind: CaseKind::Complaint,
        subject: "刀头异响".to_owned(),
        description: text("三台机器开机后有异响，客户要求换货。"),
        priority: Some(CasePriority::High),
        status: CaseStatus::Resolved,
        order: Some(native("erp", "SO-2026-0042")),
        item: Some(native("erp", "SH-300")),
        opened_at: "2026-04-02T01:30:00Z".parse().unwrap(),
        promise: text("一周内换货"),
        promised_by: Some("2026-04-09".parse().unwrap()),
        resolved_at: Some("2026-04-07T08:00:00Z".parse().unwrap()),
        satisfaction: Some(4),
        owner: text("赵强"),
    }
}

pub(crate) fn approval() -> Approval {
    Approval {
        number: "AP-2026-0311".to_owned(),
        kind: ApprovalKind::Discount,
        document: text("SO-2026-0042"),
        subject: "川可订单九折".to_owned(),
        reason: text("年度框架客户，首单"),
        customer: Some(master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77")),
        order: Some(native("erp", "SO-2026-0042")),
        currency: Some(Currency::CNY),
        amount: Some(amount("59.70")),
        requested_by: "王敏".to_owned(),
        requested_at: "2026-03-01T02:00:00Z".parse().unwrap(),
        steps: vec![ApprovalStep {
            approver: "销售总监".to_owned(),
            outcome: Some(ApprovalOutcome::Approved),
            at: Some("2026-03-01T03:00:00Z".parse().unwrap()),
            comment: text("同意"),
        }],
        decision: Some(ApprovalDecision {
            outcome: ApprovalOutcome::Approved,
            by: text("总经理"),
            at: "2026-03-01T09:15:00Z".parse().unwrap(),
            comment: text("仅限首单"),
        }),
    }
}

pub(crate) fn inventory() -> Inventory {
    Inventory {
        item: native("erp", "SH-300"),
        holder: Some(master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77")),
        warehouse: "DEALER-021".to_owned(),
        lot: text("L2026-03-A"),
        quantity: amount("120"),
        available: Some(amount("100")),
        in_transit: Some(amount("30")),
        reorder_point: Some(amount("50")),
        unit: text("台"),
        counted_at: "2026-03-31T16:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn bom() -> Bom {
    Bom {
        number: "BOM-SH-300".to_owned(),
        item: native("pdm", "SH-300"),
        kind: BomKind::Design,
        revision: text("C2"),
        status: BomStatus::Released,
        change_number: text("ECN-2026-015"),
        effective_from: Some("2026-04-01".parse().unwrap()),
        effective_to: Some("2027-03-31".parse().unwrap()),
        quantity: amount("1"),
        unit: text("台"),
        components: vec![Component {
            position: 10,
            item: native("pdm", "PT-0101"),
            quantity: amount("3"),
            unit: text("pcs"),
            scrap_rate: Some(amount("0.02")),
            phantom: true,
            substitutes: vec![native("pdm", "PT-0102")],
            remark: text("刀头"),
        }],
        operations: vec![Operation {
            number: 10,
            name: "装配".to_owned(),
            work_center: text("ASM-1"),
            setup_minutes: Some(amount("15")),
            run_minutes: Some(amount("1.25")),
        }],
    }
}

pub(crate) fn interaction() -> Interaction {
    Interaction {
        number: "VI-2026-0188".to_owned(),
        customer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        kind: InteractionKind::Visit,
        direction: Some(InteractionDirection::Outbound),
        subject: "春季铺货回访".to_owned(),
        content: text("李经理反映刀头异响，要求一周内答复。"),
        contact: text("李雷"),
        happened_at: "2026-04-02T06:00:00Z".parse().unwrap(),
        minutes: Some(90),
        opportunity: Some(native("crm", "OP-2026-0007")),
        order: Some(native("erp", "SO-2026-0042")),
        case: Some(native("crm", "SV-2026-0099")),
        next_step: text("寄换货样机"),
        next_on: Some("2026-04-09".parse().unwrap()),
        owner: "王敏".to_owned(),
    }
}

pub(crate) fn document() -> Document {
    Document {
        number: "DOC-2026-0021".to_owned(),
        title: "SH-300 用户手册".to_owned(),
        kind: DocumentKind::Manual,
        revision: text("C2"),
        status: DocumentStatus::Released,
        confidentiality: Some(Confidentiality::Public),
        summary: text("三刀头剃须刀的使用、清洁与保修。"),
        language: text("zh-CN"),
        author: text("技术文档组"),
        released_at: Some("2026-03-15T03:00:00Z".parse().unwrap()),
        customer: Some(master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77")),
        items: vec![native("pdm", "SH-300")],
        order: Some(native("erp", "SO-2026-0042")),
        amount: Some(amount("120000.00")),
        currency: Some(Currency::CNY),
        valid_from: Some("2026-01-01".parse().unwrap()),
        valid_until: Some("2026-12-31".parse().unwrap()),
        tags: vec!["手册".to_owned(), "剃须刀".to_owned()],
        files: vec![DocumentFile {
            name: "SH-300-手册-C2.pdf".to_owned(),
            url: "https://km.example.com/files/SH-300-C2.pdf".to_owned(),
            media_type: text("application/pdf"),
            bytes: Some(1048576),
            sha256: text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        }],
    }
}
