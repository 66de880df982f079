//! Bodies as they lie in tables: compressed where that saves something, and always given back exactly.
//!
//! A frame of Zstandard (RFC 8878) begins with bytes with which no JSON text does. So a stored body tells
//! by itself what it is, and rows from before there was compression are read as they are. A body
//! that itself begins like a frame is always kept in one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use bytes::Bytes;

/// How every frame begins.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Shorter bodies gain nothing that is worth the work.
const SHORT: usize = 256;
/// The fastest of the ordinary levels.
const LEVEL: i32 = 1;
/// No body of the hub is longer than a message may be; a frame that says so is not one of ours.
const LONGEST: usize = 256 * 1024 * 1024;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
}

/// A body as it is to be stored.
pub(crate) fn pack(body: &[u8]) -> Cow<'_, [u8]> {
    let must = body.starts_with(&FRAME);
    if body.len() < SHORT && !must {
        return Cow::Borrowed(body);
    }
    let packed = COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(body).ok());
    match packed {
        Some(packed) if must || packed.len() < body.len() => Cow::Owned(packed),
        _ => Cow::Borrowed(body),
    }
}

/// As [`pack`], for a body that may be absent.
pub(crate) fn pack_option(body: Option<&[u8]>) -> Option<Cow<'_, [u8]>> {
    body.map(pack)
}

/// The body that was stored.
pub(crate) fn unpack(stored: Vec<u8>) -> Bytes {
    if !stored.starts_with(&FRAME) {
        return Bytes::from(stored);
    }
    let length = zstd::zstd_safe::get_frame_content_size(&stored)
        .ok()
        .flatten();
    let length = length.and_then(|length| usize::try_from(length).ok());
    let body = length
        .filter(|length| *length <= LONGEST)
        .and_then(|length| zstd::bulk::decompress(&stored, length).ok());
    // What only looks like a frame was stored before there were any.
    body.map_or_else(|| Bytes::from(stored), Bytes::from)
}

/// A stored row of bodies: its position, the native body and the canonical one.
pub(crate) type Bodies = (i64, Vec<u8>, Option<Vec<u8>>);

/// The positions of those bodies, as they lie in tables, in whose native or canonical form a text stands.
pub(crate) fn holding(bodies: Vec<Bodies>, text: &str) -> HashSet<i64> {
    let stands = |stored: Vec<u8>| String::from_utf8_lossy(&unpack(stored)).contains(text);
    bodies
        .into_iter()
        .filter_map(|(position, raw, canonical)| {
            (stands(raw) || canonical.is_some_and(stands)).then_some(position)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], smaller: bool) {
        let stored = pack(body).into_owned();
        assert_eq!(stored.len() < body.len(), smaller, "{} bytes", body.len());
        assert_eq!(unpack(stored), body);
    }

    #[test]
    fn every_body_comes_back_as_it_was() {
        let order = r#"{"number":"SO-2026-000017","lines":[{"item":"T-100","quantity":"2","price":"22.40"},
            {"item":"T-101","quantity":"5","price":"22.40"},{"item":"T-102","quantity":"1","price":"9.90"}],
            "status":"confirmed","currency":"CNY","customer":{"system":"crm","native_id":"C-17"}}"#;
        check(order.as_bytes(), true);
        check(order.repeat(1000).as_bytes(), true);
        check(b"", false);
        check(b"{}", false);
        let noise: Vec<u8> = (0..2000_u64)
            .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
            .collect();
        assert_eq!(unpack(pack(&noise).into_owned()), noise);
    }

    #[test]
    fn a_body_that_is_a_frame_itself_is_no_exception() {
        let frame = zstd::bulk::compress(&[7; 5000], LEVEL).unwrap();
        check(&frame, false);
        check(&FRAME, false);
    }

    #[test]
    fn what_was_stored_before_is_read_as_it_is() {
        let old = vec![b'{'; 4000];
        assert_eq!(unpack(old.clone()), old);
        let looks_like_one = [&FRAME[..], b"but is none"].concat();
        assert_eq!(unpack(looks_like_one.clone()), looks_like_one);
    }
}
