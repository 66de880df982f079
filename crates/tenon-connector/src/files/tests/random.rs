//! Properties that hold for every file, sensible or not.

use proptest::prelude::*;

use super::super::encoding::TextEncoding;
use super::super::formats::Item;
use super::super::formats::testing::read_all;
use super::super::settings::{Columns, Content};

const LIMIT: usize = 1024;

fn csv() -> Content {
    let columns = Columns {
        given: None,
        required: Vec::new(),
    };
    Content::Csv {
        delimiter: b',',
        quote: Some(b'"'),
        columns,
    }
}

fn every_content() -> Vec<Content> {
    let columns = Columns {
        given: Some(vec!["a".into(), "b".into()]),
        required: Vec::new(),
    };
    vec![
        csv(),
        Content::Csv {
            delimiter: b'|',
            quote: None,
            columns: columns.clone(),
        },
        Content::Ndjson,
        Content::Json { path: Vec::new() },
        Content::Json {
            path: vec!["a".into()],
        },
        Content::Xml {
            record: vec!["a".into()],
        },
        Content::Xlsx {
            sheet: None,
            columns,
            max_bytes: 1 << 20,
        },
    ]
}

/// Text in which the marks of all formats are frequent.
fn marked() -> impl Strategy<Value = String> {
    "([a-b<>/\"'{}\\[\\],:&;|=! \\\\\r\n\0川𠮷1-2]|<a>|</a>|\\{\"a\":|\\}\n){0,80}"
}

proptest! {
    /// What another program's CSV writer wrote comes back cell for cell, in every encoding.
    #[test]
    fn csv_comes_back_as_it_was_written(
        rows in prop::collection::vec(prop::collection::vec("[a-c,\"\r\n ;川𠮷é]{0,8}", 3), 1..20),
        windows in any::<bool>(),
    ) {
        let terminator = if windows { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        for encoding in [TextEncoding::Utf8, TextEncoding::Gb18030, TextEncoding::Utf16le, TextEncoding::Utf16be] {
            let bytes = encoding.encode(&text).unwrap();
            let items = read_all(&bytes, &csv(), encoding, LIMIT).unwrap();
            let found: Vec<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Item::Record { json, .. } => {
                        let object: serde_json::Value = serde_json::from_slice(json).unwrap();
                        ["x", "y", "z"].map(|name| object[name].as_str().unwrap().to_owned()).to_vec()
                    }
                    other => panic!("{other:?}"),
                })
                .collect();
            prop_assert_eq!(&found, &rows);
        }
    }

    /// Nothing makes a reader fail; what it hands over is bounded, well-formed, and broken only at
    /// its end.
    #[test]
    fn no_bytes_make_a_reader_fail(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        marked().prop_map(String::into_bytes),
    ]) {
        for content in every_content() {
            let Ok(items) = read_all(&bytes, &content, TextEncoding::Auto, LIMIT) else { continue };
            for (index, item) in items.iter().enumerate() {
                match item {
                    Item::Record { json, .. } => {
                        prop_assert!(serde_json::from_slice::<serde_json::Value>(json).is_ok());
                    }
                    Item::Bad { reason, .. } => prop_assert!(!reason.is_empty()),
                    Item::Broken { .. } => prop_assert_eq!(index + 1, items.len()),
                }
            }
        }
    }

    /// Every line of NDJSON that is not blank is handed over, good or bad.
    #[test]
    fn every_line_is_accounted_for(text in marked()) {
        let items = read_all(text.as_bytes(), &Content::Ndjson, TextEncoding::Utf8, LIMIT).unwrap();
        let lines = text.split(['\n', '\r']).filter(|line| !line.trim_ascii().is_empty()).count();
        prop_assert_eq!(items.len(), lines);
    }

    /// Without quotes every row of CSV is handed over, good or bad, with its own text.
    #[test]
    fn every_row_is_accounted_for(text in marked()) {
        let columns = Columns { given: Some(vec!["a".into(), "b".into()]), required: Vec::new() };
        let content = Content::Csv { delimiter: b'|', quote: None, columns };
        let items = read_all(text.as_bytes(), &content, TextEncoding::Utf8, LIMIT).unwrap();
        let rows: Vec<&str> = text.split(['\n', '\r']).filter(|row| !row.is_empty()).collect();
        prop_assert_eq!(items.len(), rows.len());
        for (item, row) in items.iter().zip(rows) {
            if let Item::Bad { raw, .. } = item {
                prop_assert_eq!(raw.as_slice(), row.as_bytes());
            }
        }
    }

    /// With quotes no text behind the header vanishes: where there is some, something is handed over.
    #[test]
    fn no_row_vanishes(text in marked()) {
        let items = read_all(format!("a,b\n{text}").as_bytes(), &csv(), TextEncoding::Utf8, LIMIT).unwrap();
        let empty = text.bytes().all(|byte| matches!(byte, b'\n' | b'\r'));
        prop_assert_eq!(items.is_empty(), empty);
    }
}
