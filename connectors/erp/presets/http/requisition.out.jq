# Canonical requisition → a purchase requisition of the ERP's API. One that replenishes a dealer names him.
{
  requisitionNo: ($message.target_id // .number),
  status: (.status | lookup("requisition_status_out")),
  requestedBy: .requested_by,
  department: .department,
  requestedAt: .requested_at,
  reason: .reason,
  salesOrderNo: .order.native_id,
  dealerNo: .dealer.native_id,
  currency: .currency,
  netTotal: .amount,
  positions: [
    .lines[]
    | {
        position: .number,
        materialNo: .item.native_id,
        text: .description,
        quantity: .quantity,
        unit: .unit,
        requiredDate: .required_on,
        estimatedPrice: .estimated_price,
        supplierNo: .supplier.code
      }
    | compact
  ],
  note: .remark
}
| compact
