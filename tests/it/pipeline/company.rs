//! The company of the cases: a shop and a crm that send, an erp that is a set of tables.

use tenon_core::Entity;

use super::place::House;

/// A shop's order in canonical form; its revision travels as the remark.
pub(super) const ORDER_IN: &str = r#"{
  number: (.no | tostring),
  customer: ref($message.source; .buyer),
  order_date: "2026-03-01",
  currency: (.currency // "CNY"),
  status: "confirmed",
  remark: (.revision | tostring),
  lines: [{ number: 1, item: ref($message.source; .sku // "I-1"), quantity: "1",
            unit_price: (.amount | decimal), amount: (.amount | decimal) }],
  totals: { net: (.amount | decimal), tax: "0", gross: (.amount | decimal) }
}"#;

/// An order as a row.
pub(super) const ORDER_OUT: &str =
    "{ order_no: .number, buyer: .customer.native_id, net: .totals.net, revision: .remark }";

/// A customer in canonical form.
pub(super) const CUSTOMER_IN: &str = "{ legal_name: .name, tax_id: .tax, owner, code, \
    kind: \"customer\" } | compact";

/// A customer as a row under the target's own id.
pub(super) const CUSTOMER_OUT: &str =
    "{ id: ($message.target_id // .code), name: .legal_name, tax: .tax_id, owner }";

/// An invoice request in canonical form.
pub(super) const INVOICE_IN: &str = r#"{
  number: .no,
  customer: ref($message.source; .buyer),
  kind: "special",
  status: "requested",
  currency: "CNY",
  lines: [{ number: 1, quantity: "1", unit_price: "1", amount: "1",
            tax_rate: "0.13", tax: "0.13" }],
  totals: { net: "1", tax: "0.13", gross: "1.13" }
}"#;

/// The tables of the erp. Every change of an order is noted, so that order and repetition show.
const ERP_TABLES: &str = "
    create table erp_order (order_no text primary key, buyer text, net text, revision text);
    create table applied (step integer primary key, order_no text, revision integer);
    create trigger made after insert on erp_order begin
        insert into applied (order_no, revision) values (new.order_no, cast(new.revision as integer));
    end;
    create trigger changed after update on erp_order begin
        insert into applied (order_no, revision) values (new.order_no, cast(new.revision as integer));
    end;
    create table erp_customer (id text primary key, name text, tax text, owner text);
    create table erp_customer_change (step integer primary key, id text, name text, owner text);
    create trigger customer_made after insert on erp_customer begin
        insert into erp_customer_change (id, name, owner) values (new.id, new.name, new.owner);
    end;
    create trigger customer_changed after update on erp_customer begin
        insert into erp_customer_change (id, name, owner) values (new.id, new.name, new.owner);
    end;";

/// Which entities the erp takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Erp {
    Orders,
    OrdersAndCustomers,
}

impl House {
    /// A shop that sends orders and customers, and an erp.
    pub(super) async fn shop_and_erp(&self, takes: Erp) {
        for (name, text) in [
            ("order.in.jq", ORDER_IN),
            ("order.out.jq", ORDER_OUT),
            ("customer.in.jq", CUSTOMER_IN),
            ("customer.out.jq", CUSTOMER_OUT),
            ("invoice.in.jq", INVOICE_IN),
        ] {
            self.write(name, text);
        }
        self.sender("shop", &[Entity::Order, Entity::Customer, Entity::Invoice]);
        let mut erp = self.tables_url()
            + "[[deliver]]\nentity = 'order'\ntable = 'erp_order'\n\
            key = 'order_no'\nmapping = 'order.out.jq'\nbackoff = '20ms'\n";
        if takes == Erp::OrdersAndCustomers {
            erp += "[[deliver]]\nentity = 'customer'\ntable = 'erp_customer'\nkey = 'id'\n\
                mapping = 'customer.out.jq'\n";
        }
        self.system("erp", "sql", &erp);
        self.run(ERP_TABLES).await;
    }

    /// A system that only sends.
    pub(super) fn sender(&self, name: &str, entities: &[Entity]) {
        let hooks = entities.iter().map(|entity| {
            let key = if *entity == Entity::Customer {
                "id"
            } else {
                "no"
            };
            self.webhook(entity.as_str(), key, &format!("{entity}.in.jq"))
        });
        let text = "url = 'http://127.0.0.1:9'\n".to_owned() + &hooks.collect::<String>();
        self.system(name, "http", &text);
    }

    /// A system that sends customers and is given them, as rows of a table of its own.
    pub(super) async fn customer_system(&self, name: &str) {
        let text = self.tables_url()
            + &self.webhook("customer", "id", "customer.in.jq")
            + &format!(
                "[[deliver]]\nentity = 'customer'\ntable = '{name}_customer'\nkey = 'id'\n\
                 mapping = 'customer.out.jq'\n"
            );
        self.system(name, "sql", &text);
        self.run(&format!(
            "create table {name}_customer (id text primary key, name text, tax text, owner text);
             create table {name}_customer_change (step integer primary key, id text, owner text);
             create trigger {name}_made after insert on {name}_customer begin
                 insert into {name}_customer_change (id, owner) values (new.id, new.owner);
             end;
             create trigger {name}_changed after update on {name}_customer begin
                 insert into {name}_customer_change (id, owner) values (new.id, new.owner);
             end;"
        ))
        .await;
    }
}

/// An order of the shop.
pub(super) fn order(number: &str, buyer: &str, revision: usize) -> String {
    format!(r#"{{"no":"{number}","buyer":"{buyer}","amount":"19.90","revision":{revision}}}"#)
}

/// A customer of a system.
pub(super) fn customer(id: &str, name: &str, tax: Option<&str>, owner: &str) -> String {
    let tax = tax.map_or_else(|| "null".to_owned(), |tax| format!("\"{tax}\""));
    format!(r#"{{"id":"{id}","name":"{name}","tax":{tax},"owner":"{owner}"}}"#)
}

/// A tax id of the People's Republic with both its check characters; another for each number.
pub(super) fn tax_id(number: u32) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let organisation = format!("{number:08}");
    let digits = organisation.bytes().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip([3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = ["0", "X", "9", "8", "7", "6", "5", "4", "3", "2", "1"][(sum % 11) as usize];
    let code = format!("91310000{organisation}{check}");
    let (mut sum, mut weight) = (0, 1);
    for character in code.chars() {
        sum += ALPHABET
            .find(character)
            .expect("a character of the alphabet")
            * weight;
        weight = weight * 3 % 31;
    }
    let check = ALPHABET
        .chars()
        .nth((31 - sum % 31) % 31)
        .expect("a character of the alphabet");
    format!("{code}{check}")
}
