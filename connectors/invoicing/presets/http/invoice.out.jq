# Canonical invoice → a request to the invoicing service.
#
# The title comes from the golden record and from nowhere else: a request may have been written
# under any of the customer's names.
{
  requestNo: .number,
  orderNo: (.orders[0] // {} | .ids[$message.source]),
  invoiceType: (.kind | lookup("invoice_type")),
  originalInvoiceNo: .corrects,
  currency: .currency,
  buyer: {
    buyerId: .customer.native_id,
    name: .customer.golden.legal_name,
    taxNo: .customer.golden.tax_id,
    bankName: .customer.golden.bank_account.bank,
    bankAccount: .customer.golden.bank_account.number
  },
  lines: [
    .lines[]
    | {
        lineNo: .number,
        name: .description,
        quantity: .quantity,
        unit: .unit,
        price: .unit_price,
        taxRate: .tax_rate,
        amount: .amount,
        tax: .tax
      }
  ],
  amount: .totals.net,
  tax: .totals.tax,
  total: .totals.gross,
  remark: .remark
}
| compact
