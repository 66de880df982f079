//! Bad input: everything bad is recorded with its reason, everything good flows, nothing is lost.

use rust_xlsxwriter::Workbook;

use super::*;

/// Reads one file; its messages begin like `expected`, and it ends up in `folder` with all its bytes.
async fn check(receive: &str, name: &str, content: &[u8], expected: &[&str], folder: &str) {
    let place = Place::new(receive);
    place.write(name, content);
    let messages = place.drain(&mut None).await;
    let found = shown(&messages);
    let fits = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, expected)| found.contains(expected));
    assert!(fits, "{name}: expected {expected:#?}, found {found:#?}");
    assert_eq!(place.names(folder), [name]);
    assert_eq!(place.read(&format!("{folder}/{name}")), content);
    assert_eq!(place.names("."), [""; 0]);
    let mut ids: Vec<_> = messages
        .iter()
        .map(|message| message.attributes.id)
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), messages.len());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_one_message() {
    let (gbk, _, _) = encoding_rs::GBK.encode("id,name\n1,川可贸易\n");
    check(
        "files = '*.csv'\nencoding = 'utf-8'",
        "wrong.csv",
        &gbk,
        &["wrong.csv:1: wrong encoding (as configured): not UTF-8 from line 2 (byte 10)"],
        "failed",
    )
    .await;
    check(
        "files = '*.csv'",
        "neither.csv",
        b"id\n\xFF\n",
        &["not UTF-8 from line 2 (byte 3), not gb18030"],
        "failed",
    )
    .await;
    let wide: Vec<u8> = "id\n1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(
        "files = '*.csv'",
        "wide.csv",
        &wide,
        &["as in UTF-16 without a byte-order mark"],
        "failed",
    )
    .await;
    check(
        "files = '*.csv'\ncolumns_required = ['id', 'tax_id']",
        "column.csv",
        b"id,name\n1,x\n2,y\n",
        &["column.csv:1: required column `tax_id` is missing (found: id, name)"],
        "failed",
    )
    .await;
    let bomb = b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><r><C>&b;</C></r>";
    check(
        "files = '*.xml'\nrecord = 'C'",
        "bomb.xml",
        bomb,
        &["bomb.xml:1: the file declares a document type"],
        "failed",
    )
    .await;
    check(
        "files = '*.json'\nrecord = 'rows'",
        "a.json",
        b"{\"data\":[]}",
        &["the file has no `rows`"],
        "failed",
    )
    .await;
}

#[tokio::test]
async fn an_oversize_workbook_is_refused() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut state = 1_u32;
    for row in 0..6000 {
        // Noise, which does not pack well.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        sheet.write(row, 0, format!("{state:x}")).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    assert!(bytes.len() > 65536);
    check(
        "files = '*.xlsx'",
        "large.xlsx",
        &bytes,
        &["more than 65536; raise `max_xlsx_bytes`"],
        "failed",
    )
    .await;
}

#[tokio::test]
async fn the_raw_bytes_of_a_refused_file_are_its_beginning() {
    let place = Place::new("files = '*.csv'\nencoding = 'utf-8'");
    let content = [b"id\n\xFF".as_slice(), &b"x".repeat(100_000)].concat();
    place.write("a.csv", &content);
    let messages = place.drain(&mut None).await;
    let NativeBody::Undecodable { raw, .. } = &messages[0].body.body else {
        panic!("{messages:?}")
    };
    assert_eq!(raw[..], content[..65536]);
    assert_eq!(messages[0].body.origin, "a.csv:1");
}

#[tokio::test]
async fn good_records_flow_around_bad_ones() {
    check(
        "files = '*.csv'",
        "mixed.csv",
        b"id,name\n1,a\n2\n3,\"x\"y\n4,d\n",
        &[
            r#"{"id":"1","name":"a"}"#,
            "mixed.csv:3: the row has 1 cells",
            "mixed.csv:4: text stands behind",
            r#"{"id":"4","name":"d"}"#,
        ],
        "done",
    )
    .await;
    check(
        "files = '*.csv'",
        "cut.csv",
        b"id,name\n1,a\n2,\"cut o",
        &[
            r#"{"id":"1","name":"a"}"#,
            "cut.csv:3: a quote that is opened in the row of line 3 is never closed",
        ],
        "failed",
    )
    .await;
    check(
        "files = '*.ndjson'",
        "lines.ndjson",
        b"{\"id\":1}\n{\"id\":\n{\"id\":3}\n",
        &[
            "{\"id\":1}",
            "lines.ndjson:2: the record is no JSON",
            "{\"id\":3}",
        ],
        "done",
    )
    .await;
    check(
        "files = '*.csv'",
        "key.csv",
        b"id\n\"\"\n7\n",
        &["`id`, the record's key, is empty", r#"{"id":"7"}"#],
        "done",
    )
    .await;
    check(
        "files = '*.csv'",
        "zeros.csv",
        b"id\n1\n\0\0\0\n2\n",
        &[
            r#"{"id":"1"}"#,
            "zeros.csv:3: the record holds a NUL",
            r#"{"id":"2"}"#,
        ],
        "done",
    )
    .await;
}

#[tokio::test]
async fn empty_files_are_put_away() {
    for content in ["", "id,name\n", "\n\n"] {
        check(
            "files = '*.csv'\ncolumns_required = ['id']",
            "a.csv",
            content.as_bytes(),
            &[],
            "done",
        )
        .await;
    }
    check("files = '*.json'", "a.json", b" [ ] ", &[], "done").await;
    check(
        "files = '*.xml'\nrecord = 'C'",
        "a.xml",
        b"<r/>",
        &[],
        "done",
    )
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_moved_is_not_lost() {
    // The folder for finished files cannot be made, since a file has its name.
    let place = Place::new("files = '*.csv'");
    place.write("done", "");
    place.write("a.csv", "id\n1\n");
    let mut source = place.open(None).await;
    source.receive().await.unwrap().unwrap();
    assert!(
        source
            .settle()
            .await
            .unwrap_err()
            .detail
            .starts_with("moving ")
    );
    assert!(source.receive().await.is_err());
    std::fs::remove_file(place.path("done")).unwrap();
    assert!(source.receive().await.unwrap().is_none());
    assert_eq!(place.names("done"), ["a.csv"]);
}
