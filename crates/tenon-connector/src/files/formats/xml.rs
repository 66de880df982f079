//! XML, record by record. The convention, for authors of mappings:
//!
//! an element becomes an object: attributes as `"@name"`, child elements by their name, its own text as
//! `"#text"`. An element with neither attributes nor children becomes its text alone. Elements of one
//! name under one parent become an array as soon as there are two. Names are without their prefix;
//! declarations of namespaces are left out. All values are text.
//!
//! Document types are refused, so there are no entities to expand but XML's own five and characters by number.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::{Item, Records, excerpt, oversize, push_string};
use crate::files::encoding::Text;

/// How deep elements may be nested.
const DEPTH: usize = 64;

/// Reads the elements that are records.
pub(super) struct XmlRecords {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
    /// The record element's name, or its path from the root.
    record: Vec<String>,
    /// The names of the open elements.
    path: Vec<String>,
    /// The elements open within the record; the first is the record itself.
    open: Vec<Element>,
    /// How deep the record element stands, while one is open.
    inside: Option<usize>,
    /// What makes the open record a bad one.
    problem: Option<String>,
    line: u64,
    bytes: usize,
    max_record_bytes: usize,
}

/// An element being read.
#[derive(Default)]
struct Element {
    name: String,
    members: Vec<(String, Vec<Vec<u8>>)>,
    places: HashMap<String, usize>,
    text: String,
}

impl Element {
    fn add(&mut self, name: String, json: Vec<u8>) {
        if let Some(place) = self.places.get(&name) {
            self.members[*place].1.push(json);
        } else {
            self.places.insert(name.clone(), self.members.len());
            self.members.push((name, vec![json]));
        }
    }

    fn into_json(mut self) -> Vec<u8> {
        let mut json = Vec::new();
        if self.members.is_empty() {
            push_string(&mut json, &self.text);
            return json;
        }
        if !self.text.trim().is_empty() {
            let mut text = Vec::new();
            push_string(&mut text, &self.text);
            self.members.push(("#text".to_owned(), vec![text]));
        }
        for (index, (name, values)) in self.members.iter().enumerate() {
            json.push(if index == 0 { b'{' } else { b',' });
            push_string(&mut json, name);
            json.push(b':');
            match values.as_slice() {
                [value] => json.extend_from_slice(value),
                values => {
                    json.push(b'[');
                    json.extend_from_slice(&values.join(&b','));
                    json.push(b']');
                }
            }
        }
        json.push(b'}');
        json
    }
}

/// What one event means.
enum Step {
    Item(Item),
    On,
    End,
}

impl XmlRecords {
    pub(super) fn new(text: Text, record: Vec<String>, max_record_bytes: usize) -> Self {
        let metered = Metered {
            text,
            line: 1,
            left: max_record_bytes,
            recent: Vec::new(),
            limit: max_record_bytes,
        };
        Self {
            reader: Reader::from_reader(metered),
            buffer: Vec::new(),
            record,
            path: Vec::new(),
            open: Vec::new(),
            inside: None,
            problem: None,
            line: 1,
            bytes: 0,
            max_record_bytes,
        }
    }

    fn is_record(&self) -> bool {
        match self.record.as_slice() {
            [name] => self.path.last() == Some(name),
            path => self.path == path,
        }
    }

    fn step(&mut self) -> Result<Step, quick_xml::Error> {
        self.reader.get_mut().left = self.max_record_bytes;
        if self.inside.is_none() {
            self.reader.get_mut().recent.clear();
            self.line = self.reader.get_ref().line;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let event = self.reader.read_event_into(&mut buffer)?;
        let step = match event {
            Event::Start(start) => {
                self.start(&start)?;
                Step::On
            }
            Event::Empty(start) => {
                self.start(&start)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => {
                self.text(&text.xml10_content());
                Step::On
            }
            Event::CData(text) => {
                self.text(&text.xml10_content());
                Step::On
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref()? {
                    Some(character) => Some(character.to_string()),
                    None => quick_xml::escape::resolve_xml_entity(&reference).map(str::to_owned),
                };
                match resolved {
                    Some(text) => self.text(&text),
                    None => {
                        let name: &str = &reference;
                        let reason = format!("the entity `&{name};` is not one of XML's own");
                        self.problem.get_or_insert(reason);
                    }
                }
                Step::On
            }
            Event::DocType(_) => Step::Item(Item::Broken {
                raw: None,
                line: self.line,
                reason: "the file declares a document type; that is refused, since entities declared \
                         there can grow without bound: have the system write XML without <!DOCTYPE …>"
                    .to_owned(),
            }),
            Event::Eof if self.path.is_empty() => Step::End,
            Event::Eof => Step::Item(self.broken(&format!(
                "the file ends within <{}>; it may be cut off",
                self.path.last().map_or("", String::as_str)
            ))),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => Step::On,
        };
        self.buffer = buffer;
        Ok(step)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), quick_xml::Error> {
        let name = start.local_name().as_ref().to_owned();
        self.path.push(name.clone());
        if self.path.len() > DEPTH {
            // Deep nesting costs memory by its names alone, so its end is not waited for.
            return Err(refused(format!("elements are nested deeper than {DEPTH}")).into());
        }
        if self.inside.is_none() {
            if !self.is_record() {
                return Ok(());
            }
            self.inside = Some(self.path.len());
            self.bytes = 0;
        }
        let mut element = Element {
            name,
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute?;
            let full = attribute.key.as_ref();
            if full == "xmlns" || full.starts_with("xmlns:") {
                continue;
            }
            let key = format!("@{}", attribute.key.local_name().as_ref());
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            self.grow(key.len() + value.len());
            let mut json = Vec::new();
            push_string(&mut json, &value);
            element.add(key, json);
        }
        self.grow(element.name.len());
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) -> Step {
        let depth = self.path.len();
        self.path.pop();
        let Some(inside) = self.inside else {
            return Step::On;
        };
        let element = self.open.pop().unwrap_or_default();
        if depth > inside {
            let name = element.name.clone();
            let json = element.into_json();
            if self.problem.is_none()
                && let Some(parent) = self.open.last_mut()
            {
                parent.add(name, json);
            }
            return Step::On;
        }
        self.inside = None;
        let line = self.line;
        Step::Item(match self.problem.take() {
            Some(reason) => Item::Bad {
                raw: self.reader.get_ref().recent.clone(),
                line,
                reason,
            },
            None => Item::Record {
                json: element.into_json(),
                line,
            },
        })
    }

    fn text(&mut self, text: &str) {
        if self.inside.is_none() {
            return;
        }
        if text.contains('\0') {
            self.problem
                .get_or_insert_with(|| "the record holds a NUL character".to_owned());
        }
        self.grow(text.len());
        if self.problem.is_none()
            && let Some(element) = self.open.last_mut()
        {
            element.text.push_str(text);
        }
    }

    /// The record grows; beyond the limit it is bad, and what was read of it is let go.
    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > self.max_record_bytes && self.problem.is_none() {
            self.problem = Some(oversize(self.max_record_bytes));
            for element in &mut self.open {
                element.members = Vec::new();
                element.places = HashMap::new();
                element.text = String::new();
            }
        }
    }

    fn broken(&self, reason: &str) -> Item {
        Item::Broken {
            raw: Some(excerpt(&self.reader.get_ref().recent)),
            line: self.reader.get_ref().line,
            reason: format!("{reason}; correct the file and put it back"),
        }
    }
}

impl Records for XmlRecords {
    fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            match self.step() {
                Ok(Step::On) => {}
                Ok(Step::Item(item)) => return Ok(Some(item)),
                Ok(Step::End) => return Ok(None),
                Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    return Ok(Some(self.broken(&error.to_string())));
                }
                Err(quick_xml::Error::Io(error)) => {
                    return Err(io::Error::new(error.kind(), error.to_string()));
                }
                Err(error) => {
                    let reason = format!("the XML is not well-formed: {error}");
                    return Ok(Some(self.broken(&reason)));
                }
            }
        }
    }
}

/// An error that says something about the content, not about reading it.
fn refused(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// The text, counted in lines, and never more of it for one event than is allowed.
struct Metered {
    text: Text,
    line: u64,
    left: usize,
    /// What was read since the last record, as far as it is kept to be shown.
    recent: Vec<u8>,
    limit: usize,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(refused(oversize(self.limit)));
        }
        let ready = self.text.fill_buf()?;
        Ok(&ready[..ready.len().min(self.left)])
    }

    fn consume(&mut self, count: usize) {
        // What is consumed stands in the buffer already, so nothing is read here.
        if let Ok(ready) = self.text.fill_buf() {
            let taken = &ready[..count.min(ready.len())];
            self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
            let keep = self
                .limit
                .saturating_sub(self.recent.len())
                .min(taken.len());
            self.recent.extend_from_slice(&taken[..keep]);
        }
        self.left = self.left.saturating_sub(count);
        self.text.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, read_all, show};
    use crate::files::encoding::TextEncoding;
    use crate::files::settings::Content;

    fn xml(record: &[&str]) -> Content {
        Content::Xml {
            record: record.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn elements_become_objects() {
        check(
            "<?xml version=\"1.0\"?><!-- c --><d:Data xmlns:d=\"urn:x\">\n <d:C id=\"1\" xmlns:q=\"urn:y\" q:z=\"&lt;\"><名>川 &amp; &#21487;</名><T>a</T><T>b</T><E/><M>x<B>y</B>z</M></d:C>\n <C/><C>only</C></d:Data>".as_bytes(),
            &xml(&["C"]),
            &[
                r##"{"@id":"1","@z":"<","名":"川 & 可","T":["a","b"],"E":"","M":{"B":"y","#text":"xz"}}"##,
                r#""""#,
                r#""only""#,
            ],
        );
        check(
            b"<r><a><C x='1'/></a><b><C x='2'/></b></r>",
            &xml(&["r", "b", "C"]),
            &[r#"{"@x":"2"}"#],
        );
        check(
            b"<r><t><![CDATA[<&]]></t></r>",
            &xml(&["r"]),
            &[r#"{"t":"<&"}"#],
        );
        check(b"", &xml(&["C"]), &[]);
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = b"<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>\n<r><C><n>&lol2;</n></C></r>";
        check(
            bomb,
            &xml(&["C"]),
            &["broken 2: the file declares a document type"],
        );
        check(
            b"<r><C><n>&lol;</n></C>\n<C><n>1</n></C></r>",
            &xml(&["C"]),
            &[
                "bad 1: the entity `&lol;` is not one of XML's own",
                r#"{"n":"1"}"#,
            ],
        );
        let deep = format!("<r>{}", "<C>".repeat(100_000));
        check(
            deep.as_bytes(),
            &xml(&["C"]),
            &["broken 1: elements are nested deeper than 64"],
        );
    }

    #[test]
    fn what_is_cut_off_or_malformed_breaks_the_rest() {
        check(
            b"<r><C><n>1</n></C>\n<C><n>2",
            &xml(&["C"]),
            &[r#"{"n":"1"}"#, "broken 2: the file ends within <n>"],
        );
        check(
            b"<r><C><n>1</n></C><C></n></C></r>",
            &xml(&["C"]),
            &[r#"{"n":"1"}"#, "broken 1: the XML is not well-formed"],
        );
        check(
            b"<r><C a=1/></r>",
            &xml(&["C"]),
            &["broken 1: the XML is not well-formed"],
        );
    }

    #[test]
    fn oversize_records_are_passed_over_and_oversize_texts_end_the_file() {
        let many = format!(
            "<r><C>{}</C><C><n>1</n></C></r>",
            "<n>12345678</n>".repeat(1000)
        );
        check(
            many.as_bytes(),
            &xml(&["C"]),
            &["bad 1: the record is larger than 4096", r#"{"n":"1"}"#],
        );
        let text = format!("<r><C>{}</C></r>", "x".repeat(10_000));
        check(
            text.as_bytes(),
            &xml(&["C"]),
            &["broken 1: the record is larger than 4096"],
        );
    }

    #[test]
    fn the_declaration_names_the_encoding() {
        let text = "<?xml version=\"1.0\" encoding=\"GB2312\"?><r><C><名>川可贸易</名></C></r>";
        let (bytes, _, _) = encoding_rs::GB18030.encode(text);
        check(&bytes, &xml(&["C"]), &[r#"{"名":"川可贸易"}"#]);
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><r><C><n>M\xFCller</n></C></r>";
        check(latin, &xml(&["C"]), &[r#"{"n":"Müller"}"#]);
        let unknown = read_all(
            b"<?xml version='1.0' encoding='x'?><r/>",
            &xml(&["C"]),
            TextEncoding::Auto,
            4096,
        );
        assert!(unknown.unwrap_err().contains("unknown encoding \"x\""));
        let wide = TextEncoding::Utf16le
            .encode(&text.replace("GB2312", "UTF-16"))
            .unwrap();
        let items = read_all(&wide, &xml(&["C"]), TextEncoding::Auto, 4096).unwrap();
        assert_eq!(show(&items), [r#"{"名":"川可贸易"}"#]);
    }
}
