//! The encodings of Chinese systems, read and written without a character lost.

use super::super::encoding::TextEncoding;
use super::*;

/// Of all lengths: ASCII, two bytes in GBK, four bytes in GB18030, beyond the basic plane.
const NAME: &str = "A川可€ÿ𠮷㐀";

async fn check(name: &str, bytes: &[u8], keys: &str) {
    let place = Place::new(&format!("files = '*.csv'\n{keys}"));
    place.write(name, bytes);
    let expected = format!("{{\"id\":\"1\",\"name\":\"{NAME}\"}}");
    assert_eq!(shown(&place.drain(&mut None).await), [expected], "{name}");
}

#[tokio::test]
async fn every_encoding_is_read() {
    let text = format!("id,name\r\n1,{NAME}\r\n");
    let bytes = |encoding: TextEncoding| encoding.encode(&text).unwrap();
    check("utf8.csv", text.as_bytes(), "").await;
    check(
        "mark.csv",
        &[b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        "encoding = 'gbk'",
    )
    .await;
    check("gb18030.csv", &bytes(TextEncoding::Gb18030), "").await;
    check(
        "named.csv",
        &bytes(TextEncoding::Gb18030),
        "encoding = 'gbk'",
    )
    .await;
    for (encoding, name) in [
        (TextEncoding::Utf16le, "utf-16le"),
        (TextEncoding::Utf16be, "utf-16be"),
    ] {
        check("mark.csv", &bytes(encoding), "").await;
        check(
            "bare.csv",
            &bytes(encoding)[2..],
            &format!("encoding = '{name}'"),
        )
        .await;
    }
}

#[test]
fn what_gbk_lacks_is_named() {
    assert_eq!(
        TextEncoding::Gbk.encode("川可€"),
        Ok(encoding_rs::GBK.encode("川可€").0.to_vec())
    );
    assert_eq!(TextEncoding::Gbk.encode("a𠮷b"), Err('𠮷'));
    assert_eq!(TextEncoding::Gbk.encode("Müller 한"), Err('한'));
}

#[tokio::test]
async fn characters_are_whole_across_the_edges_of_buffers() {
    // Two- and four-byte characters, shifted so that every edge falls within one.
    let place = Place::new("files = '*.csv'");
    for shift in 0..4 {
        let rows: String = (0..9000)
            .map(|row| format!("{row},川𠮷川𠮷川𠮷\n"))
            .collect();
        let text = format!("id,{}\n{rows}", "n".repeat(shift + 1));
        place.write("a.csv", TextEncoding::Gb18030.encode(&text).unwrap());
        let messages = place.drain(&mut None).await;
        assert_eq!(messages.len(), 9000);
        assert!(
            messages
                .iter()
                .all(|message| show(message).ends_with(":\"川𠮷川𠮷川𠮷\"}"))
        );
    }
}
