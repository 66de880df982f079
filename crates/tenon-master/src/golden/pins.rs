//! What a steward has pinned: it wins over every system, until it is released.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::customer::Customer;
use tenon_core::{MessageId, SystemName, Timestamp};

use super::{GoldenRecord, Provenance, Survivorship, name_key};

/// A value that a person has set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The field; one of [`Pin::fields`].
    pub field: String,
    /// Its value, as the customer schema has it.
    pub value: Value,
    /// Who set it.
    pub by: String,
    /// Why.
    pub because: String,
    /// When.
    pub at: Timestamp,
    /// The command.
    pub message_id: MessageId,
}

impl Pin {
    /// The fields that may be pinned: all but the code, which never changes, and former names, which
    /// follow from what systems gave up.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        let fields = Survivorship::FIELDS.into_iter();
        fields.filter(|field| !matches!(*field, "code" | "former_names"))
    }
}

impl GoldenRecord {
    /// The golden record with `pins` in the place of what survived, the first of each field.
    ///
    /// A pin whose value does not fit its field is passed over: it was checked when it was set, and
    /// a golden record is never without its other values for the sake of one.
    pub fn pinned<'p>(mut self, pins: impl IntoIterator<Item = &'p Pin>) -> Self {
        let mut done: Vec<&str> = Vec::new();
        for pin in pins {
            if !done.contains(&pin.field.as_str()) && self.pin(pin) {
                done.push(&pin.field);
            }
        }
        if done.contains(&"legal_name")
            && let Some(current) = self.customer.legal_name.as_deref().map(name_key)
        {
            let names = self.customer.former_names.iter();
            let kept: Vec<bool> = names.map(|name| name_key(name) != current).collect();
            self.keep_former_names(&kept);
        }
        self
    }

    fn pin(&mut self, pin: &Pin) -> bool {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&self.customer) else {
            return false;
        };
        fields.insert(pin.field.clone(), pin.value.clone());
        let Ok(customer) = serde_json::from_value::<Customer>(Value::Object(fields)) else {
            return false;
        };
        self.customer = customer;
        let elements = format!("{}/", pin.field);
        self.provenance
            .retain(|field, _| *field != pin.field && !field.starts_with(&elements));
        let from = Provenance {
            system: SystemName::hub(),
            native_id: pin.by.clone(),
            message_id: pin.message_id,
            occurred_at: pin.at,
        };
        self.provenance.insert(pin.field.clone(), from);
        true
    }

    fn keep_former_names(&mut self, kept: &[bool]) {
        let names = std::mem::take(&mut self.customer.former_names);
        for (index, (name, kept)) in names.into_iter().zip(kept).enumerate() {
            let from = self.provenance.remove(&format!("former_names/{index}"));
            if *kept {
                let place = format!("former_names/{}", self.customer.former_names.len());
                self.provenance.extend(from.map(|from| (place, from)));
                self.customer.former_names.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pin(field: &str, value: Value) -> Pin {
        Pin {
            field: field.to_owned(),
            value,
            by: "li.wei".to_owned(),
            because: "as registered".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            message_id: MessageId::derive(&[field]),
        }
    }

    fn golden() -> GoldenRecord {
        let provenance = Provenance {
            system: SystemName::new("erp").unwrap(),
            native_id: "K-1".to_owned(),
            message_id: MessageId::derive(&["erp"]),
            occurred_at: Timestamp::UNIX_EPOCH,
        };
        let fields = ["legal_name", "phones/0", "former_names/0", "former_names/1"];
        GoldenRecord {
            customer: Customer {
                legal_name: Some("上海川可贸易有限公司".to_owned()),
                former_names: vec!["上海川可实业有限公司".to_owned(), "川可商行".to_owned()],
                phones: vec!["021-1".to_owned()],
                ..Customer::default()
            },
            provenance: fields
                .map(|field| (field.to_owned(), provenance.clone()))
                .into(),
        }
    }

    #[test]
    fn a_pin_wins_and_says_who_set_it() {
        let pins = [
            pin("owner", json!("王敏")),
            pin("phones", json!(["1", "2"])),
            pin("owner", json!("later")),
        ];
        let golden = golden().pinned(&pins);
        assert_eq!(golden.customer.owner.as_deref(), Some("王敏"));
        assert_eq!(golden.customer.phones, ["1", "2"]);
        assert_eq!(golden.provenance["owner"].native_id, "li.wei");
        assert_eq!(golden.provenance["phones"].system, SystemName::hub());
        assert!(!golden.provenance.contains_key("phones/0"));
        assert_eq!(golden.provenance["legal_name"].native_id, "K-1");
    }

    #[test]
    fn a_pinned_legal_name_is_no_former_name() {
        let golden = golden().pinned(&[pin("legal_name", json!("上海川可实业有限公司"))]);
        assert_eq!(golden.customer.former_names, ["川可商行"]);
        assert!(golden.provenance.contains_key("former_names/0"));
        assert!(!golden.provenance.contains_key("former_names/1"));
    }

    #[test]
    fn what_does_not_fit_its_field_is_passed_over() {
        assert_eq!(
            golden().pinned(&[pin("phones", json!(7)), pin("colour", json!("red"))]),
            golden()
        );
        assert!(Pin::fields().all(|field| field != "code"));
    }
}
