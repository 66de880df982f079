//! Any headers of a message, as another program could publish them: they are read or refused, and what
//! was read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenon_core::Attributes;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let headers = text.lines().filter_map(|line| line.split_once('='));
    let Ok(attributes) = Attributes::from_headers(headers) else {
        return;
    };
    let written = attributes.to_headers();
    let again = Attributes::from_headers(written.iter().map(|(name, value)| (*name, value.as_str())));
    let again = again.expect("what was written can be read");
    assert_eq!(again.to_headers(), written);
});
