//! What a token may be narrowed to: areas, each read or written. The areas are the tags of the routes in the
//! OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use utoipa::openapi::OpenApi;

use super::Rule;
use crate::Problem;

/// The scope that a token needs for each route of the hub.
static SCOPES: LazyLock<Scopes> = LazyLock::new(|| Scopes::of(&crate::assembled().0));

/// By method and path, the scope that a token needs there.
struct Scopes(BTreeMap<(&'static str, &'static str), String>);

impl Scopes {
    fn of(document: &OpenApi) -> Self {
        let mut scopes = BTreeMap::new();
        for (method, path, operation) in super::operations(document) {
            let rule = Rule::of(method, path).filter(|rule| rule.needs_scope());
            let area = operation.tags.iter().flatten().next();
            if let (Some(rule), Some(area)) = (rule, area) {
                let how = match rule.reads() {
                    true => "read",
                    false => "write",
                };
                scopes.insert((rule.method, rule.path), format!("{area}:{how}"));
            }
        }
        Self(scopes)
    }
}

/// The scope that a token needs for a route; none where the route is open, or is about the caller alone.
pub(crate) fn scope_of(rule: &Rule) -> Option<&'static str> {
    SCOPES.0.get(&(rule.method, rule.path)).map(String::as_str)
}

/// Every scope that some route needs, and that a token may have, in alphabetical order.
pub fn scopes() -> Vec<&'static str> {
    let all: BTreeSet<&str> = SCOPES.0.values().map(String::as_str).collect();
    all.into_iter().collect()
}

/// Whether scopes hold one that is needed: who may write in an area may read there.
pub(crate) fn grants(scopes: &[String], needed: &str) -> bool {
    scopes.iter().any(|scope| {
        let read = scope
            .strip_suffix("write")
            .map(|area| format!("{area}read"));
        scope == needed || read.as_deref() == Some(needed)
    })
}

/// Scopes as a token keeps them: each once, in alphabetical order.
///
/// # Errors
/// 400 for an empty list, and for a scope that there is not.
pub(super) fn some_scopes(named: Option<Vec<String>>) -> Result<Option<Vec<String>>, Problem> {
    let Some(named) = named else { return Ok(None) };
    let named: BTreeSet<String> = named.into_iter().collect();
    let known = scopes();
    if let Some(unknown) = named.iter().find(|name| !known.contains(&name.as_str())) {
        let detail = format!("`{unknown}` is no scope: {}", known.join(", "));
        return Err(Problem::bad_request(detail));
    }
    match named.is_empty() {
        true => Err(Problem::bad_request(
            "an empty list of scopes lets do nothing; leave it out for all that the role may",
        )),
        false => Ok(Some(named.into_iter().collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_in_an_area_may_read_there() {
        let check = |scopes: &[&str], needed: &str, expected: bool| {
            let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
            assert_eq!(grants(&scopes, needed), expected, "{scopes:?} {needed}");
        };
        check(&["masters:write"], "masters:read", true);
        check(&["masters:write"], "masters:write", true);
        check(&["masters:read"], "masters:write", false);
        check(&["masters:read"], "messages:read", false);
        check(&["health:read", "messages:read"], "messages:read", true);
        check(&[], "messages:read", false);
    }

    #[test]
    fn a_token_is_narrowed_to_what_there_is() {
        let some =
            |names: &[&str]| some_scopes(Some(names.iter().map(|&name| name.to_owned()).collect()));
        assert_eq!(some_scopes(None).unwrap(), None);
        let kept = some(&["metrics:read", "insight:read", "metrics:read"]).unwrap();
        assert_eq!(kept.unwrap(), ["insight:read", "metrics:read"]);
        some(&[]).unwrap_err();
        for odd in [
            "metrics",
            "metrics:write",
            "everything:read",
            "intake:write",
            "",
        ] {
            let refused = some(&[odd]).unwrap_err();
            assert!(
                refused.detail.contains("insight:read, "),
                "{}",
                refused.detail
            );
        }
    }
}
