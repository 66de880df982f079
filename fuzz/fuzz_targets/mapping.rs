//! Any text as a mapping, any bytes as its input: a verdict on the text, and what passes the gate
//! comes to an end without a crash. Hangs are found by libFuzzer's own timeout.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tenon_connector::{CodeTables, Mapping};

fuzz_target!(|data: &[u8]| {
    // The first line break of two divides the mapping from the input; without it the input is null.
    let text = String::from_utf8_lossy(data);
    let (source, input) = text.split_once("\n\n").unwrap_or((&text, "null"));
    let mut tables = CodeTables::default();
    if tables.insert("unit", "code,value\nPCS,piece\n").is_err() {
        return;
    }
    let Ok(mapping) = Mapping::compile(Path::new("fuzz.jq"), source, &tables) else {
        return;
    };
    let message = serde_json::json!({ "source": "erp", "ids": { "crm": "7" } });
    match mapping.apply(input.as_bytes(), &message) {
        Ok(Some(output)) => {
            serde_json::from_slice::<serde::de::IgnoredAny>(&output).expect("outputs are JSON");
        }
        Ok(None) => {}
        Err(failure) => assert_ne!(failure.code, "mapping.panic"),
    }
});
