# A record of T_RECEIPT → canonical receipt. LINES says what the money is for.
def words: if . == null then null else (tostring | blank) end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.RCPT_NO | words),
  customer: ref($message.source; .CUST_NO),
  payer_name: (.PAYER | words),
  received_on: (.RCPT_DATE | date),
  method: (.METHOD | lookup("payment_method"; "other")),
  bank_reference: (.BANK_REF | words),
  currency: (.CCY | words // "CNY"),
  amount: (.AMT | decimal),
  status: (.STATUS | lookup("receipt_status")),
  allocations: [
    (.LINES | rows)[]
    | {
        order: ref($message.source; .ORD_NO),
        invoice: ref($message.source; .INV_NO),
        amount: (.AMT | decimal)
      }
  ],
  remark: (.REMARK | words)
}
| compact
