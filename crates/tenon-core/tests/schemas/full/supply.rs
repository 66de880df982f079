//! The records that pass between design, dealers and suppliers, with every field set.

use tenon_core::Supplier;
use tenon_core::engineering_change::{
    AffectedItem, ChangeStatus, ChangeUrgency, EngineeringChange, StockDisposition,
};
use tenon_core::money::Currency;
use tenon_core::order::Totals;
use tenon_core::purchase_order::{
    Delivery, DeliveryLine, PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus,
};
use tenon_core::requisition::{Requisition, RequisitionLine, RequisitionStatus};
use tenon_core::sell_out::{SellOut, SellOutLine, SellOutStatus};
use tenon_core::supply_plan::{PlanKind, PlanLine, PlanStatus, SupplyPlan};

use super::{amount, master, native, text};

fn supplier() -> Supplier {
    Supplier {
        code: "S-0031".to_owned(),
        name: text("东莞精刃五金厂"),
    }
}

pub(crate) fn engineering_change() -> EngineeringChange {
    EngineeringChange {
        number: "ECN-2026-015".to_owned(),
        title: "刀头改用 PT-0103".to_owned(),
        reason: text("供应商停产，且新刀头噪声更低"),
        status: ChangeStatus::Released,
        urgency: Some(ChangeUrgency::Urgent),
        effective_from: Some("2026-04-01".parse().unwrap()),
        requested_by: text("陈工"),
        requested_at: Some("2026-02-20T01:00:00Z".parse().unwrap()),
        released_at: Some("2026-03-10T08:30:00Z".parse().unwrap()),
        customer: Some(master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77")),
        affected: vec![AffectedItem {
            item: native("pdm", "PT-0101"),
            bom: Some(native("pdm", "BOM-SH-300")),
            from_revision: text("C1"),
            to_revision: text("C2"),
            replaced_by: Some(native("pdm", "PT-0103")),
            disposition: Some(StockDisposition::UseUp),
            remark: text("旧刀头用完为止"),
        }],
        remark: text("三月底前完成首件"),
    }
}

pub(crate) fn sell_out() -> SellOut {
    SellOut {
        number: "SO-021-2026-03".to_owned(),
        dealer: master("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
        from: "2026-03-01".parse().unwrap(),
        to: "2026-03-31".parse().unwrap(),
        status: SellOutStatus::Final,
        reported_at: "2026-04-02T02:15:00Z".parse().unwrap(),
        currency: Some(Currency::CNY),
        lines: vec![SellOutLine {
            number: 1,
            item: native("erp", "SH-300"),
            outlet: text("浦东旗舰店"),
            quantity: amount("86"),
            unit: text("台"),
            unit_price: Some(amount("39.90")),
        }],
        remark: text("含两台退货"),
    }
}

pub(crate) fn supply_plan() -> SupplyPlan {
    SupplyPlan {
        number: "SP-2026-W14".to_owned(),
        supplier: supplier(),
        kind: PlanKind::Schedule,
        status: PlanStatus::Answered,
        revision: text("2"),
        issued_at: "2026-03-27T09:00:00Z".parse().unwrap(),
        answered_at: Some("2026-03-28T02:00:00Z".parse().unwrap()),
        lines: vec![PlanLine {
            number: 1,
            item: native("erp", "PT-0101"),
            from: "2026-04-06".parse().unwrap(),
            to: Some("2026-04-12".parse().unwrap()),
            quantity: amount("30000"),
            confirmed_quantity: Some(amount("25000")),
            unit: text("pcs"),
            remark: text("余数次周补"),
        }],
        remark: text("四月排产"),
    }
}

pub(crate) fn requisition() -> Requisition {
    Requisition {
        number: "PR-2026-0311".to_owned(),
        status: RequisitionStatus::Submitted,
        requested_by: "周琳".to_owned(),
        department: text("采购部"),
        requested_at: "2026-03-01T02:00:00Z".parse().unwrap(),
        reason: text("四月排产缺料"),
        order: Some(native("erp", "SO-2026-0042")),
        dealer: Some(native("erp", "10000042")),
        currency: Some(Currency::CNY),
        amount: Some(amount("12500.00")),
        lines: vec![RequisitionLine {
            number: 1,
            item: Some(native("erp", "PT-0101")),
            description: text("刀头 不锈钢"),
            quantity: amount("5000"),
            unit: text("pcs"),
            required_on: Some("2026-03-25".parse().unwrap()),
            estimated_price: Some(amount("2.50")),
            supplier: Some(supplier()),
        }],
        remark: text("加急"),
    }
}

pub(crate) fn purchase_order() -> PurchaseOrder {
    PurchaseOrder {
        number: "PO-2026-0107".to_owned(),
        supplier: supplier(),
        status: PurchaseOrderStatus::Confirmed,
        order_date: "2026-03-03".parse().unwrap(),
        contract_number: text("CG-2026-3"),
        buyer: text("周琳"),
        requisitions: vec![native("erp", "PR-2026-0311")],
        warehouse: text("WH-SZ-1"),
        currency: Currency::CNY,
        lines: vec![PurchaseOrderLine {
            number: 1,
            item: Some(native("erp", "PT-0101")),
            description: text("刀头 不锈钢"),
            quantity: amount("5000"),
            unit: text("pcs"),
            unit_price: amount("2.45"),
            tax_rate: Some(amount("0.13")),
            amount: amount("12250.00"),
            required_on: Some("2026-03-25".parse().unwrap()),
            confirmed_quantity: Some(amount("4800")),
            confirmed_on: Some("2026-03-24".parse().unwrap()),
            received_quantity: Some(amount("0")),
        }],
        totals: Totals {
            net: amount("12250.00"),
            tax: amount("1592.50"),
            gross: amount("13842.50"),
        },
        deliveries: vec![Delivery {
            number: "ASN-88".to_owned(),
            shipped_on: Some("2026-03-23".parse().unwrap()),
            expected_on: Some("2026-03-24".parse().unwrap()),
            carrier: text("德邦"),
            tracking_number: text("DPK2026032300001"),
            lines: vec![DeliveryLine {
                order_line: 1,
                quantity: amount("4800"),
                lot: text("B-0323"),
            }],
        }],
        remark: text("缺 200 件次周补"),
    }
}
