# Canonical invoice → UN/CEFACT Cross Industry Invoice. Fields of JSON become elements in their order; `@`
# makes an attribute, `#text` the text beside attributes.
def seller(key): key | lookup("seller"; null);
def plain: decimal_round(2);
# Credit notes state what is given back as positive amounts.
def signed($credit): if $credit then . as $amount | "0" | decimal_sub($amount) else . end;
def category($kind): if decimal_compare("0") != 0 then "S" elif $kind == "export" then "G" else "Z" end;
def percent: decimal_mul("100"; 2);
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0] // {};
# Lines of one rate are taxed together, as the standard computes tax.
def rates($kind; $credit):
  [group_by(.tax_rate | decimal_round(6))[]
    | .[0].tax_rate as $rate
    | ([.[].amount] | decimal_sum | plain | signed($credit)) as $base
    | { rate: $rate, category: ($rate | category($kind)), base: $base, tax: ($base | decimal_mul($rate; 2)) }];
def fitting($totals; $credit):
  ([.[].tax] | decimal_sum | plain) as $tax
  | ($totals.tax | signed($credit) | plain) as $stated
  | if ($tax | decimal_compare($stated)) == 0 then .
    else error("the tax of all lines together comes to \($tax), the invoice states \($stated); an electronic invoice is refused for that, so correct it where it was made") end;
def day: { "udt:DateTimeString": { "@format": "102", "#text": gsub("-"; "") } };
def party: {
  "ram:Name": .name,
  "ram:PostalTradeAddress": {
    "ram:PostcodeCode": .postal_code, "ram:LineOne": .street, "ram:CityName": .city, "ram:CountryID": (.country // "CN")
  },
  "ram:SpecifiedTaxRegistration": (if .tax_id == null then null else { "ram:ID": { "@schemeID": "VA", "#text": .tax_id } } end)
};
def tax: {
  "ram:TypeCode": "VAT",
  "ram:CategoryCode": .category,
  "ram:RateApplicablePercent": (.rate | percent)
};
. as $invoice
| .currency as $currency
| (.kind == "red_letter") as $credit
| ((.issue_date // ($message.occurred_at | date))) as $day
| (.lines | rates($invoice.kind; $credit) | fitting($invoice.totals; $credit)) as $rates
| ([.lines[].amount] | decimal_sum | plain | signed($credit)) as $net
| ([$rates[].tax] | decimal_sum | plain) as $tax
| ($net | decimal_add($tax) | plain) as $gross
| (.customer.golden // {}) as $buyer
| ($buyer | address) as $place
| {
    "rsm:CrossIndustryInvoice": {
      "@xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
      "@xmlns:ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
      "@xmlns:qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
      "@xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
      "rsm:ExchangedDocumentContext": {
        "ram:GuidelineSpecifiedDocumentContextParameter": { "ram:ID": "urn:cen.eu:en16931:2017" }
      },
      "rsm:ExchangedDocument": {
        "ram:ID": .number,
        "ram:TypeCode": (if $credit then "381" else "380" end),
        "ram:IssueDateTime": ($day | day),
        "ram:IncludedNote": (if .remark == null then null else { "ram:Content": .remark } end)
      },
      "rsm:SupplyChainTradeTransaction": {
        "ram:IncludedSupplyChainTradeLineItem": [.lines[] | {
          "ram:AssociatedDocumentLineDocument": { "ram:LineID": .number },
          "ram:SpecifiedTradeProduct": { "ram:Name": (.description // .item.native_id // "item \(.number)") },
          "ram:SpecifiedLineTradeAgreement": { "ram:NetPriceProductTradePrice": { "ram:ChargeAmount": .unit_price } },
          "ram:SpecifiedLineTradeDelivery": { "ram:BilledQuantity": { "@unitCode": "C62", "#text": (.quantity | signed($credit)) } },
          "ram:SpecifiedLineTradeSettlement": {
            "ram:ApplicableTradeTax": ({ rate: .tax_rate, category: (.tax_rate | category($invoice.kind)) } | tax),
            "ram:SpecifiedTradeSettlementLineMonetarySummation": { "ram:LineTotalAmount": (.amount | signed($credit) | plain) }
          }
        }],
        "ram:ApplicableHeaderTradeAgreement": {
          "ram:BuyerReference": ($buyer.code // .number),
          "ram:SellerTradeParty": ({
            name: seller("name"), tax_id: seller("tax_id"), country: seller("country"), city: seller("city"),
            street: seller("street"), postal_code: seller("postal_code") } | party),
          "ram:BuyerTradeParty": ($place + {
            name: $buyer.legal_name, tax_id: ($buyer.tax_id | if . != null and test("^[A-Z]{2}") then . else null end) } | party),
          "ram:BuyerOrderReferencedDocument": (.orders[0].ids // {} | (.erp // .crm // null) | if . == null then null else { "ram:IssuerAssignedID": . } end)
        },
        "ram:ApplicableHeaderTradeDelivery": {
          "ram:ActualDeliverySupplyChainEvent": { "ram:OccurrenceDateTime": ($day | day) }
        },
        "ram:ApplicableHeaderTradeSettlement": {
          "ram:InvoiceCurrencyCode": $currency,
          "ram:ApplicableTradeTax": [$rates[] | {
            "ram:CalculatedAmount": .tax,
            "ram:TypeCode": "VAT",
            "ram:BasisAmount": .base,
            "ram:CategoryCode": .category,
            "ram:ExemptionReasonCode": (if .category == "G" then "VATEX-EU-G" else null end),
            "ram:RateApplicablePercent": (.rate | percent)
          }],
          "ram:SpecifiedTradePaymentTerms": { "ram:Description": ($buyer.credit_terms.days | if . == null then "on receipt" else "\(.) days" end) },
          "ram:SpecifiedTradeSettlementHeaderMonetarySummation": {
            "ram:LineTotalAmount": $net,
            "ram:TaxBasisTotalAmount": $net,
            "ram:TaxTotalAmount": { "@currencyID": $currency, "#text": $tax },
            "ram:GrandTotalAmount": $gross,
            "ram:DuePayableAmount": $gross
          },
          "ram:InvoiceReferencedDocument": (if .corrects == null then null else { "ram:IssuerAssignedID": .corrects } end)
        }
      }
    }
  }
| compact
