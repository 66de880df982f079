{ order_no: .number, buyer: .customer.native_id, net: .totals.net, revision: .remark }
