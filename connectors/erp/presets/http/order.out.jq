# Canonical order → a sales order of the ERP's API.
{
  documentNo: ($message.target_id // .number),
  soldTo: .customer.native_id,
  agent: .channel.native_id,
  contractNo: .contract_number,
  documentDate: .order_date,
  requestedDate: .requested_date,
  currency: .currency,
  positions: [
    .lines[]
    | {
        position: .number,
        materialNo: .item.native_id,
        text: .description,
        quantity: .quantity,
        unit: .unit,
        netPrice: .unit_price,
        taxRate: .tax_rate,
        netAmount: .amount
      }
  ],
  netTotal: .totals.net,
  taxTotal: .totals.tax,
  grossTotal: .totals.gross,
  status: (.status | lookup("order_status_out")),
  salesperson: .owner,
  note: .remark
}
| compact
