//! Tells what a system says of its own accord from what it merely repeats.
//!
//! A system that is given golden records shows them again when it is asked what is new, sometimes an
//! earlier one, because a later one was still on its way. Were that taken for its own word, the
//! hub would hear itself, and a value that had been put right could come back for good.

use serde_json::{Map, Value};

/// What a record says that is the system's own: a value that no golden version which the system may
/// have got says just so. Where it repeats, its earlier own word stands.
///
/// `said` is the record now, `before` its own word so far, `repeated` the golden versions from the
/// one that followed its own word on, oldest first. `None` when it says nothing of its own.
pub(crate) fn own_words(
    said: &Value,
    before: Option<&Value>,
    repeated: &[Value],
) -> Option<Map<String, Value>> {
    let mut own = Map::new();
    let mut speaks = before.is_some();
    for (field, value) in said.as_object().into_iter().flatten() {
        if !repeated
            .iter()
            .any(|version| version.get(field) == Some(value))
        {
            own.insert(field.clone(), value.clone());
            speaks = true;
        } else if let Some(earlier) = before.and_then(|before| before.get(field)) {
            own.insert(field.clone(), earlier.clone());
        }
    }
    // A customer is always of some kind: unless it says another, it goes by what it was told.
    if !own.contains_key("kind")
        && let Some(kind) = repeated.last().and_then(|golden| golden.get("kind"))
    {
        own.insert("kind".to_owned(), kind.clone());
    }
    speaks.then_some(own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(said: Value, before: Option<Value>, repeated: &[Value], expected: Option<Value>) {
        let own = own_words(&said, before.as_ref(), repeated).map(Value::Object);
        assert_eq!(own, expected);
    }

    #[test]
    fn a_record_that_the_hub_made_says_nothing_until_it_is_changed() {
        let old = json!({"legal_name": "A 勿删", "kind": "customer"});
        let new = json!({"legal_name": "A", "code": "A", "kind": "prospect"});
        let versions = [old.clone(), new.clone()];
        check(old, None, &versions, None);
        check(new, None, &versions, None);
        check(
            json!({"legal_name": "A", "phones": ["1"], "kind": "customer"}),
            None,
            &versions,
            Some(json!({"phones": ["1"], "kind": "prospect"})),
        );
    }

    #[test]
    fn a_record_of_its_own_keeps_its_word_where_it_repeats_ours() {
        let before = json!({"legal_name": "B", "owner": "Li", "kind": "customer"});
        let golden = json!({"legal_name": "A", "owner": "Li", "kind": "customer"});
        check(
            golden.clone(),
            Some(before.clone()),
            std::slice::from_ref(&golden),
            Some(before.clone()),
        );
        check(
            json!({"legal_name": "C", "owner": "Li", "kind": "customer"}),
            Some(before),
            &[golden],
            Some(json!({"legal_name": "C", "owner": "Li", "kind": "customer"})),
        );
    }

    #[test]
    fn changing_back_is_its_own_word() {
        let before = json!({"legal_name": "B"});
        let followed = json!({"legal_name": "B", "code": "B"});
        let back = json!({"legal_name": "A"});
        check(back.clone(), Some(before), &[followed], Some(back));
    }
}
