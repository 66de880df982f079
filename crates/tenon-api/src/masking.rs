//! What is shown of configuration files and native records: nothing secret, nothing personal.

use std::collections::HashSet;

use serde_json::Value;
use tenon_core::MASK;

/// Words in a key by which its value is a secret; a header's name is a key too.
const SECRET: [&str; 13] = [
    "password",
    "passwd",
    "token",
    "secret",
    "bearer",
    "credential",
    "passphrase",
    "api_key",
    "apikey",
    "auth_key",
    "access_key",
    "authorization",
    "cookie",
];

/// The text of a TOML file in which each literal secret is masked; references to secrets
/// (`${env:…}`, `${file:…}`) stay, because they hold none.
pub(crate) fn without_secrets(text: &str) -> String {
    text.lines()
        .map(|line| without_secrets_in(line) + "\n")
        .collect()
}

fn without_secrets_in(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = &rest[start..=start];
        let Some(length) = rest[start + 1..].find(quote) else {
            break;
        };
        let value = &rest[start + 1..start + 1 + length];
        shown.push_str(&rest[..=start]);
        let key = shown[..shown.len() - 1]
            .trim_end()
            .trim_end_matches('=')
            .trim_end();
        let key = key.rsplit([' ', '{', ',', '.']).next().unwrap_or_default();
        let key = key.to_ascii_lowercase().replace('-', "_");
        match SECRET.iter().any(|word| key.contains(word)) && !value.contains("${") {
            true => shown.push_str(MASK),
            false => shown.push_str(&without_password(value)),
        }
        shown.push_str(quote);
        rest = &rest[start + 2 + length..];
    }
    shown + rest
}

/// An address without the password that may stand in it.
fn without_password(value: &str) -> String {
    let masked = || {
        let (scheme, rest) = value.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (login, host) = authority.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        (!password.contains("${")).then(|| format!("{scheme}://{user}:{MASK}@{host}{path}"))
    };
    masked().unwrap_or_else(|| value.to_owned())
}

/// A native record of which only those texts and numbers are shown that its masked canonical form
/// shows too: the schema says what is personal there, and of the rest nobody has said that it is not.
pub(crate) fn native(raw: &[u8], canonical: Option<&Value>) -> Value {
    let mut shown = HashSet::new();
    if let Some(canonical) = canonical {
        collect(canonical, &mut shown);
    }
    match serde_json::from_slice::<Value>(raw) {
        Ok(mut record) => {
            mask_unless(&mut record, &shown);
            record
        }
        Err(_) => Value::String(MASK.to_owned()),
    }
}

fn collect(value: &Value, shown: &mut HashSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| collect(member, shown)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, shown)),
        Value::String(text) => {
            shown.insert(text.clone());
            // A date or an amount is written in more than one way.
            shown.insert(text.replace('-', ""));
            if let Some((whole, fraction)) = text.split_once('.') {
                let fraction = fraction.trim_end_matches('0');
                shown.insert(match fraction.is_empty() {
                    true => whole.to_owned(),
                    false => format!("{whole}.{fraction}"),
                });
            }
        }
        Value::Number(number) => {
            shown.insert(number.to_string());
        }
        Value::Bool(_) | Value::Null => {}
    }
}

fn mask_unless(value: &mut Value, shown: &HashSet<String>) {
    let text = match value {
        Value::Object(members) => {
            return members
                .values_mut()
                .for_each(|member| mask_unless(member, shown));
        }
        Value::Array(items) => {
            return items.iter_mut().for_each(|item| mask_unless(item, shown));
        }
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Null => return,
    };
    if !text.is_empty() && !shown.contains(&text) {
        *value = Value::String(MASK.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(line: &str, expected: &str) {
        assert_eq!(without_secrets(line), format!("{expected}\n"));
    }

    #[test]
    fn literal_secrets_are_masked_and_references_are_not() {
        check(r#"token = "abc""#, r#"token = "•••""#);
        check(r#"token = "${env:TOKEN}""#, r#"token = "${env:TOKEN}""#);
        check(
            r#"auth = { user = "hub", password = 'x y' }"#,
            r#"auth = { user = "hub", password = '•••' }"#,
        );
        check(
            r#"url = "postgres://hub:pw@db/erp""#,
            r#"url = "postgres://hub:•••@db/erp""#,
        );
        check(
            r#"url = "postgres://hub:${env:PW}@db/erp""#,
            r#"url = "postgres://hub:${env:PW}@db/erp""#,
        );
        check(
            r#"headers = { X-Api-Key = "k-1", Authorization = "Basic eA==", Accept = "a/b" }"#,
            r#"headers = { X-Api-Key = "•••", Authorization = "•••", Accept = "a/b" }"#,
        );
        check(r#""X-Auth-Token" = "k-1""#, r#""X-Auth-Token" = "•••""#);
        check(
            r#"name = "erp"  # the old one"#,
            r#"name = "erp"  # the old one"#,
        );
    }

    #[test]
    fn a_native_record_shows_what_its_canonical_form_shows() {
        let canonical = json!({ "number": "SO-1", "order_date": "2026-03-01", "amount": "19.90",
            "contact": { "phone": "***" } });
        let raw = json!({ "no": "SO-1", "date": "20260301", "sum": 19.9, "tel": "13800000000",
            "note": "call Li Wei", "paid": true });
        assert_eq!(
            native(raw.to_string().as_bytes(), Some(&canonical)),
            json!({ "no": "SO-1", "date": "20260301", "sum": 19.9, "tel": MASK, "note": MASK, "paid": true })
        );
        assert_eq!(native(b"\xff\xfe", None), json!(MASK));
    }
}
