//! SOAP 1.1 and 1.2 over HTTP: envelopes as a WSDL describes them, answers as JSON.
//!
//! Of the WSDL we need how an operation's request is called, in which namespace and order its
//! parameters stand, and its action (document/literal, wrapped: what today's servers speak). An
//! answer becomes `{ ELEMENT: … }`, by local names: an element with text alone is a text, one that
//! repeats an array, attributes have an `@`.

use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tenon_core::{Failure, nearest};

use super::answer::Answer;
use crate::files::{xml_element, xml_fields};

const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";
const SOAP_11: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
const SOAP_12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
const ENVELOPE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// The deepest element of an answer that is read.
const DEEPEST: usize = 100;

/// How one operation is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) name: String,
    action: String,
    /// Whether it is SOAP 1.2.
    newer: bool,
    element: String,
    namespace: String,
    /// Whether the parameters are in the namespace too.
    qualified: bool,
    parameters: Vec<String>,
}

/// The operations that a WSDL describes, by name.
///
/// # Errors
/// What it is not, in words.
pub(super) fn operations(text: &str) -> Result<BTreeMap<String, Operation>, String> {
    let document = parsed(text)?;
    let root = document.root_element();
    if !root.has_tag_name((WSDL, "definitions")) {
        return Err(format!(
            "is no WSDL 1.1: its root is `{}`",
            root.tag_name().name()
        ));
    }
    let mut found = BTreeMap::new();
    for binding in children(root, WSDL, "binding") {
        let newer = children(binding, SOAP_12, "binding").next().is_some();
        let soap = if newer { SOAP_12 } else { SOAP_11 };
        if children(binding, soap, "binding").next().is_none() {
            continue;
        }
        for bound in children(binding, WSDL, "operation") {
            let name = bound.attribute("name").unwrap_or_default();
            let action = children(bound, soap, "operation")
                .next()
                .and_then(|operation| operation.attribute("soapAction"))
                .unwrap_or_default();
            // SOAP 1.1 is what every server speaks; the other binding says the same once more.
            if found.contains_key(name) {
                continue;
            }
            if let Some(operation) = described(root, name, action, newer) {
                found.insert(name.to_owned(), operation);
            }
        }
    }
    match found.is_empty() {
        true => Err("describes no operation of SOAP, document style".to_owned()),
        false => Ok(found),
    }
}

/// The operation of that name; one that is not there is told with the nearest that is.
pub(super) fn operation<'o>(
    operations: &'o BTreeMap<String, Operation>,
    name: &str,
) -> Result<&'o Operation, String> {
    operations.get(name).ok_or_else(|| {
        let names = operations.keys().map(String::as_str);
        match nearest(name, names.clone()) {
            Some(near) => {
                format!("the WSDL has no operation `{name}`; did you mean `{near}`?")
            }
            None => format!(
                "the WSDL has no operation `{name}`; it has {}",
                names.collect::<Vec<_>>().join(", ")
            ),
        }
    })
}

impl Operation {
    /// The headers of its request.
    pub(super) fn headers(&self) -> [(&'static str, String); 2] {
        match self.newer {
            false => [
                ("content-type", "text/xml; charset=utf-8".to_owned()),
                ("soapaction", format!("\"{}\"", self.action)),
            ],
            true => {
                let kind = format!(
                    "application/soap+xml; charset=utf-8; action=\"{}\"",
                    self.action
                );
                [
                    ("content-type", kind),
                    ("accept", "application/soap+xml".to_owned()),
                ]
            }
        }
    }

    /// The envelope of a request with these parameters, a JSON object.
    ///
    /// # Errors
    /// `Invalid` when the operation has no such parameter, or XML cannot hold a value.
    pub(super) fn envelope(&self, parameters: &[u8]) -> Result<Bytes, Failure> {
        let invalid = |reason: String| {
            Failure::invalid("soap.request", format!("operation {}: {reason}", self.name))
        };
        let value: &RawValue =
            serde_json::from_slice(parameters).map_err(|error| invalid(error.to_string()))?;
        let mut fields = xml_fields(value).map_err(invalid)?;
        fields.retain(|(_, value)| value.get() != "null");
        if let Some((name, _)) = fields
            .iter()
            .find(|(name, _)| !self.parameters.contains(name))
        {
            return Err(invalid(format!(
                "has no parameter `{name}`; it has {}",
                self.parameters.join(", ")
            )));
        }
        let place = |name: &str| self.parameters.iter().position(|known| known == name);
        fields.sort_by_key(|(name, _)| place(name));
        let space = if self.newer { ENVELOPE_12 } else { ENVELOPE_11 };
        // Without a prefix the parameters inherit the namespace, with one they have none.
        let (open, close) = match self.qualified {
            true => (
                format!("<{} xmlns=\"{}\">", self.element, self.namespace),
                format!("</{}>", self.element),
            ),
            false => (
                format!("<t:{} xmlns:t=\"{}\">", self.element, self.namespace),
                format!("</t:{}>", self.element),
            ),
        };
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"{space}\"><s:Body>{open}"
        );
        for (name, value) in &fields {
            xml_element(&mut text, name, value).map_err(invalid)?;
        }
        text.push_str(&close);
        text.push_str("</s:Body></s:Envelope>");
        Ok(text.into())
    }
}

/// An answer with the body of its envelope as JSON, and what its fault means.
pub(super) fn opened(mut answer: Answer) -> Result<Answer, Failure> {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let opened = body_of(&text);
    let body = match opened {
        Ok(body) => body,
        // A proxy's page, a server's trace: the status says what it means, and success it is not.
        Err(_) if answer.status >= 400 => return Ok(answer),
        Err(reason) => {
            return Err(Failure::configuration(
                "soap.answer",
                format!(
                    "{} answered {} with what is no SOAP envelope ({reason}); check that the url is the \
                     service's and that no login page or proxy stands before it",
                    answer.asked, answer.status
                ),
            ));
        }
    };
    if let Some(fault) = body.get("Fault") {
        answer.fault = Some(meaning(&answer.asked, fault));
    }
    let body = serde_json::to_vec(&Value::Object(body));
    answer.body = body.unwrap_or_default().into();
    answer
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

/// What a fault means: the caller's is the message's own, the server's may pass.
fn meaning(asked: &str, fault: &Value) -> Failure {
    let text = |pointer: &str| fault.pointer(pointer).and_then(Value::as_str);
    let code = text("/faultcode")
        .or_else(|| text("/Code/Value"))
        .unwrap_or("Server");
    let local = code.rsplit(':').next().unwrap_or(code);
    let said = text("/faultstring")
        .or_else(|| text("/Reason/Text/#text"))
        .or_else(|| text("/Reason/Text"))
        .unwrap_or("no reason is given");
    // Some servers send their whole stack, or the request, as the reason.
    let said: String = said.chars().take(400).collect();
    let detail = format!("{asked}: fault {local}: {said}");
    let begins = |word: &str| local.starts_with(word);
    match local {
        _ if begins("Client") || begins("Sender") => Failure::invalid("soap.fault", detail),
        _ if begins("VersionMismatch") || begins("MustUnderstand") => {
            Failure::configuration("soap.fault", detail)
        }
        _ => Failure::transient("soap.fault", detail),
    }
}

fn body_of(text: &str) -> Result<Map<String, Value>, String> {
    let document = parsed(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "Envelope" {
        return Err(format!("its root is `{}`", root.tag_name().name()));
    }
    let body = root
        .children()
        .find(|child| child.tag_name().name() == "Body")
        .ok_or("it has no Body")?;
    match json(body, 0)? {
        Value::Object(body) => Ok(body),
        _ => Ok(Map::new()),
    }
}

/// An XML text as JSON: what the root element holds, by local names.
///
/// # Errors
/// What it is not, in words.
pub(super) fn xml_value(text: &str) -> Result<Value, String> {
    json(parsed(text)?.root_element(), 0)
}

fn json(node: Node<'_, '_>, depth: usize) -> Result<Value, String> {
    if depth > DEEPEST {
        return Err(format!("its elements are nested deeper than {DEEPEST}"));
    }
    let mut fields = Map::new();
    for attribute in node.attributes() {
        if attribute.name() == "nil" && attribute.value() == "true" {
            return Ok(Value::Null);
        }
        let ours = !matches!(attribute.name(), "type" | "encodingStyle");
        if ours {
            fields.insert(format!("@{}", attribute.name()), attribute.value().into());
        }
    }
    let mut text = String::new();
    for child in node.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
        if !child.is_element() {
            continue;
        }
        let value = json(child, depth + 1)?;
        match fields.get_mut(child.tag_name().name()) {
            None => {
                fields.insert(child.tag_name().name().to_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    let text = text.trim();
    if fields.is_empty() {
        return Ok(Value::String(text.to_owned()));
    }
    if !text.is_empty() {
        fields.insert("#text".to_owned(), text.into());
    }
    Ok(Value::Object(fields))
}

fn parsed(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: 5_000_000,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| format!("is no XML: {error}"))
}

fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    space: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.has_tag_name((space, name)))
}

/// The local part of a name such as `tns:GetParts`.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// An operation put together from port type, message and schema.
fn described(root: Node<'_, '_>, name: &str, action: &str, newer: bool) -> Option<Operation> {
    let ports = children(root, WSDL, "portType");
    let operation = ports
        .flat_map(|port| children(port, WSDL, "operation"))
        .find(|operation| operation.attribute("name") == Some(name))?;
    let input = children(operation, WSDL, "input").next()?;
    let message = local(input.attribute("message")?);
    let message = children(root, WSDL, "message")
        .find(|candidate| candidate.attribute("name") == Some(message))?;
    let part = children(message, WSDL, "part").next()?;
    let element = part.attribute("element")?;
    let space = match element.split_once(':') {
        Some((prefix, _)) => part.lookup_namespace_uri(Some(prefix)),
        None => part.lookup_namespace_uri(None),
    };
    let namespace = space.or_else(|| root.attribute("targetNamespace"))?;
    let schemas = root
        .descendants()
        .filter(|node| node.has_tag_name((SCHEMA, "schema")));
    let schema = schemas
        .filter(|schema| schema.attribute("targetNamespace") == Some(namespace))
        .find(|schema| {
            children(*schema, SCHEMA, "element")
                .any(|candidate| candidate.attribute("name") == Some(local(element)))
        })?;
    let declared = children(schema, SCHEMA, "element")
        .find(|candidate| candidate.attribute("name") == Some(local(element)))?;
    let kind = match declared.attribute("type") {
        Some(named) => children(schema, SCHEMA, "complexType")
            .find(|candidate| candidate.attribute("name") == Some(local(named))),
        None => children(declared, SCHEMA, "complexType").next(),
    };
    let parameters = kind
        .iter()
        .flat_map(Node::descendants)
        .filter(|node| node.has_tag_name((SCHEMA, "element")))
        // Those of the operation itself, not of what is nested in them.
        .filter(|node| node.parent().and_then(|group| group.parent()) == kind)
        .filter_map(|node| node.attribute("name").map(str::to_owned))
        .collect();
    Some(Operation {
        name: name.to_owned(),
        action: action.to_owned(),
        newer,
        element: local(element).to_owned(),
        namespace: namespace.to_owned(),
        qualified: schema.attribute("elementFormDefault") == Some("qualified"),
        parameters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WSDL_OF_PDM: &str = r#"<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
        xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
        xmlns:tns="http://pdm.test/bom" targetNamespace="http://pdm.test/bom">
      <wsdl:types><xs:schema targetNamespace="http://pdm.test/bom" elementFormDefault="qualified">
        <xs:complexType name="GetBom"><xs:sequence>
          <xs:element name="number" type="xs:string"/><xs:element name="depth" type="xs:integer"/>
        </xs:sequence></xs:complexType>
        <xs:element name="GetBom" type="tns:GetBom"/>
      </xs:schema></wsdl:types>
      <wsdl:message name="GetBom"><wsdl:part name="GetBom" element="tns:GetBom"/></wsdl:message>
      <wsdl:portType name="Pdm"><wsdl:operation name="GetBom"><wsdl:input message="tns:GetBom"/></wsdl:operation></wsdl:portType>
      <wsdl:binding name="Pdm" type="tns:Pdm"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
        <wsdl:operation name="GetBom"><soap:operation soapAction="urn:get" style="document"/></wsdl:operation>
      </wsdl:binding></wsdl:definitions>"#;

    fn answered(status: u16, body: &str) -> Result<Answer, Failure> {
        opened(Answer {
            asked: "POST http://pdm".to_owned(),
            status,
            headers: Default::default(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            fault: None,
            of_session: false,
        })
    }

    fn envelope(body: &str) -> String {
        format!("<e:Envelope xmlns:e='{ENVELOPE_11}'><e:Body>{body}</e:Body></e:Envelope>")
    }

    #[test]
    fn a_request_is_what_the_wsdl_describes() {
        let operations = operations(WSDL_OF_PDM).unwrap();
        let get = operation(&operations, "GetBom").unwrap();
        assert_eq!(get.headers()[1].1, "\"urn:get\"");
        let text = get.envelope(br#"{"depth":2,"number":"<P&1>"}"#).unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let inner = "<GetBom xmlns=\"http://pdm.test/bom\"><number>&lt;P&amp;1&gt;</number><depth>2</depth></GetBom>";
        assert!(text.contains(inner), "{text}");
        let refused = get.envelope(br#"{"nummer":"1"}"#).unwrap_err();
        assert!(refused.detail.contains("it has number, depth"), "{refused}");
        let near = operation(&operations, "GetBoms").unwrap_err();
        assert!(near.contains("did you mean `GetBom`"), "{near}");
        for bad in ["", "<html>", "<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"] {
            assert!(super::operations(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_becomes_json_and_a_fault_a_failure() {
        let answer = answered(
            200,
            &envelope(
                "<r:Got xmlns:r='urn:r'><r:part no='1'>a</r:part><r:part>b</r:part><r:none/></r:Got>",
            ),
        );
        let body: Value = serde_json::from_slice(&answer.unwrap().body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({ "Got": { "part": [{ "@no": "1", "#text": "a" }, "b"], "none": "" } })
        );
        let kind = |code: &str| {
            let fault = format!(
                "<e:Fault><faultcode>e:{code}</faultcode><faultstring>{}</faultstring></e:Fault>",
                "x".repeat(5000)
            );
            let failure = answered(500, &envelope(&fault)).unwrap().failure().unwrap();
            assert!(failure.detail.len() < 600, "{failure}");
            failure.kind
        };
        assert_eq!(kind("Client.Refused"), tenon_core::FailureKind::Invalid);
        assert_eq!(kind("Server"), tenon_core::FailureKind::Transient);
        assert_eq!(
            kind("MustUnderstand"),
            tenon_core::FailureKind::Configuration
        );
        let page = answered(200, "<!DOCTYPE html><html>Sign in</html>").unwrap_err();
        assert!(page.detail.contains("no SOAP envelope"), "{page}");
        let broken = answered(502, "<html>Bad gateway</html>").unwrap().failure();
        assert_eq!(broken.unwrap().kind, tenon_core::FailureKind::Transient);
    }
}
