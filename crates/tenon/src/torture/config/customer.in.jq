# A customer as all three sources write it; its revision travels as the owner.
{ legal_name: .name, tax_id: .tax, owner, kind: "customer" }
