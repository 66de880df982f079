//! A schema that is not part of this program yet: a change of the canonical model before it is made.

use serde_json::Value;

use super::Violation;

/// A changed schema of one entity.
#[derive(Debug)]
pub struct ProposedSchema {
    document: Value,
    validator: jsonschema::Validator,
}

impl ProposedSchema {
    /// Reads a schema document.
    ///
    /// # Errors
    /// Why it is no JSON, or no JSON Schema 2020-12.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        let validator = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true)
            .build(&document)
            .map_err(|error| format!("no JSON Schema: {error}"))?;
        Ok(Self {
            document,
            validator,
        })
    }

    /// Every way in which a body does not fit it.
    pub fn violations(&self, body: &Value) -> Vec<Violation> {
        let errors = self.validator.iter_errors(body);
        errors
            .map(|error| Violation {
                path: error.instance_path().to_string(),
                message: error.to_string(),
            })
            .collect()
    }

    /// Takes out of a body what the schema has no place for; where that stood. What a reference points
    /// at is left as it is: on its way out it holds more than the pointer.
    pub fn prune(&self, body: &mut Value) -> Vec<String> {
        let mut taken = Vec::new();
        self.prune_at(&self.document, body, &mut String::new(), &mut taken);
        taken
    }

    fn prune_at(
        &self,
        node: &Value,
        value: &mut Value,
        place: &mut String,
        taken: &mut Vec<String>,
    ) {
        if node.get("x-reference").is_some() {
            return;
        }
        if let Some(target) = node.get("$ref").and_then(Value::as_str)
            && let Some(target) = target
                .strip_prefix('#')
                .and_then(|pointer| self.document.pointer(pointer))
        {
            self.prune_at(target, value, place, taken);
        }
        let length = place.len();
        match value {
            Value::Object(members) => {
                let Some(properties) = node.get("properties").and_then(Value::as_object) else {
                    return;
                };
                members.retain(|name, member| {
                    place.push('/');
                    place.push_str(name);
                    let kept = match properties.get(name) {
                        Some(property) => {
                            self.prune_at(property, member, place, taken);
                            true
                        }
                        None => {
                            taken.push(place.clone());
                            false
                        }
                    };
                    place.truncate(length);
                    kept
                });
            }
            Value::Array(elements) => {
                if let Some(items) = node.get("items") {
                    for (number, element) in elements.iter_mut().enumerate() {
                        place.push_str(&format!("/{number}"));
                        self.prune_at(items, element, place, taken);
                        place.truncate(length);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_no_place_is_taken_out() {
        let schema = ProposedSchema::read(
            r##"{"type":"object","required":["number"],"additionalProperties":false,
            "properties":{"number":{"type":"string"},"buyer":{"x-reference":"customer"},
                "lines":{"items":{"$ref":"#/$defs/line"}}},
            "$defs":{"line":{"properties":{"item":{"type":"string"}}}}}"##,
        )
        .unwrap();
        let mut body = json!({
            "number": "1", "color": "red", "buyer": { "native_id": "K-1", "golden": {} },
            "lines": [{ "item": "T", "price": "1" }]
        });
        assert_eq!(schema.violations(&body).len(), 1);
        assert_eq!(schema.prune(&mut body), ["/color", "/lines/0/price"]);
        let left = json!({
            "number": "1", "buyer": { "native_id": "K-1", "golden": {} }, "lines": [{ "item": "T" }]
        });
        assert_eq!(body, left);
        assert!(schema.violations(&body).is_empty());
        assert!(ProposedSchema::read("{").unwrap_err().contains("no JSON"));
    }
}
