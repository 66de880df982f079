//! What is wrong with a personal value is said without it.

use serde_json::{Value, json};
use tenon_core::Entity;

use super::schema_of;

#[test]
fn a_violation_does_not_tell_what_is_personal() {
    let of = |customer: Value| {
        let violations = schema_of(Entity::Customer).accept(customer).unwrap_err();
        violations
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let contact = json!({ "name": "李伟", "birthday": "1980/3/7" });
    let told = of(json!({ "legal_name": "川可", "contacts": [contact] }));
    assert!(
        told.contains("/contacts/0/birthday") && !told.contains("1980"),
        "{told}"
    );
    let told = of(json!({ "legal_name": "川可", "contacts": "李伟 13800000000" }));
    assert!(
        told.contains("/contacts") && !told.contains("138"),
        "{told}"
    );
    let told = of(json!({ "legal_name": "川可", "stage": "nowhere" }));
    assert!(told.contains("nowhere"), "{told}");
}
