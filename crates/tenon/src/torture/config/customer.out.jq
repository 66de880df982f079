{ id: ($message.target_id // .code), tax: .tax_id, owner }
