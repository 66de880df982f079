# Canonical invoice → UBL 2.1, an Invoice or a CreditNote. Fields of JSON become elements in their order;
# `@` makes an attribute, `#text` the text beside attributes.
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
def money($currency): { "@currencyID": $currency, "#text": . };
def tax_category: { "cbc:ID": .category, "cbc:Percent": (.rate | percent), "cac:TaxScheme": { "cbc:ID": "VAT" } };
def postal: {
  "cbc:StreetName": .street, "cbc:CityName": .city, "cbc:PostalZone": .postal_code,
  "cac:Country": { "cbc:IdentificationCode": (.country // "CN") }
};
def party: {
  "cac:Party": {
    "cbc:EndpointID": (if .endpoint == null then null else { "@schemeID": .endpoint_scheme, "#text": .endpoint } end),
    "cac:PostalAddress": postal,
    "cac:PartyTaxScheme": (if .tax_id == null then null else { "cbc:CompanyID": .tax_id, "cac:TaxScheme": { "cbc:ID": "VAT" } } end),
    "cac:PartyLegalEntity": { "cbc:RegistrationName": .name, "cbc:CompanyID": .company_id }
  }
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
    "@xmlns": "urn:oasis:names:specification:ubl:schema:xsd:\(if $credit then "CreditNote" else "Invoice" end)-2",
    "@xmlns:cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "@xmlns:cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cbc:CustomizationID": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "cbc:ProfileID": "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    "cbc:ID": .number,
    "cbc:IssueDate": $day,
    "cbc:InvoiceTypeCode": (if $credit then null else "380" end),
    "cbc:CreditNoteTypeCode": (if $credit then "381" else null end),
    "cbc:Note": .remark,
    "cbc:DocumentCurrencyCode": $currency,
    "cbc:BuyerReference": ($buyer.code // .number),
    "cac:OrderReference": (.orders[0].ids // {} | (.erp // .crm // null) | if . == null then null else { "cbc:ID": . } end),
    "cac:BillingReference": (if .corrects == null then null else { "cac:InvoiceDocumentReference": { "cbc:ID": .corrects } } end),
    "cac:AccountingSupplierParty": ({
      name: seller("name"), tax_id: seller("tax_id"), country: seller("country"), city: seller("city"),
      street: seller("street"), postal_code: seller("postal_code"),
      endpoint: seller("endpoint"), endpoint_scheme: seller("endpoint_scheme") } | party),
    "cac:AccountingCustomerParty": ($place + {
      name: $buyer.legal_name, tax_id: ($buyer.tax_id | if . != null and test("^[A-Z]{2}") then . else null end),
      company_id: ($buyer.tax_id | if . != null and (test("^[A-Z]{2}") | not) then . else null end),
      endpoint: ($buyer.emails[0] // $buyer.tax_id // $buyer.code),
      endpoint_scheme: (if $buyer.emails[0] then "EM" else "0130" end) } | party),
    "cac:PaymentTerms": ($buyer.credit_terms.days | if . == null then { "cbc:Note": "on receipt" } else { "cbc:Note": "\(.) days" } end),
    "cac:TaxTotal": {
      "cbc:TaxAmount": ($tax | money($currency)),
      "cac:TaxSubtotal": [$rates[] | {
        "cbc:TaxableAmount": (.base | money($currency)),
        "cbc:TaxAmount": (.tax | money($currency)),
        "cac:TaxCategory": {
          "cbc:ID": .category, "cbc:Percent": (.rate | percent),
          "cbc:TaxExemptionReasonCode": (if .category == "G" then "VATEX-EU-G" else null end),
          "cac:TaxScheme": { "cbc:ID": "VAT" }
        }
      }]
    },
    "cac:LegalMonetaryTotal": {
      "cbc:LineExtensionAmount": ($net | money($currency)),
      "cbc:TaxExclusiveAmount": ($net | money($currency)),
      "cbc:TaxInclusiveAmount": ($gross | money($currency)),
      "cbc:PayableAmount": ($gross | money($currency))
    }
  }
| . + {
    (if $credit then "cac:CreditNoteLine" else "cac:InvoiceLine" end): [$invoice.lines[] | {
      "cbc:ID": .number,
      (if $credit then "cbc:CreditedQuantity" else "cbc:InvoicedQuantity" end): { "@unitCode": "C62", "#text": (.quantity | signed($credit)) },
      "cbc:LineExtensionAmount": (.amount | signed($credit) | plain | money($currency)),
      "cac:Item": {
        "cbc:Name": (.description // .item.native_id // "item \(.number)"),
        "cac:ClassifiedTaxCategory": ({ rate: .tax_rate, category: (.tax_rate | category($invoice.kind)) } | tax_category)
      },
      "cac:Price": { "cbc:PriceAmount": (.unit_price | money($currency)) }
    }]
  }
| { (if $credit then "CreditNote" else "Invoice" end): . }
| compact
