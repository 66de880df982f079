//! Reads JSON as systems usually write it, in one pass.
//!
//! What is out of the ordinary (wrong, nested deeply, long numbers, characters in two halves) is
//! left to the reader that looks more carefully and can say what is wrong. Generated texts are read
//! both ways in the tests.

use bytes::Bytes;
use jaq_json::{Map, Num, Val};

use super::DEEPEST_INPUT;

/// The longest number that is read here, in bytes.
const LONGEST_NUMBER: usize = 40;
/// Integers of so many digits fit the engine's machine integers.
const MOST_DIGITS: usize = 18;

/// The value and how deeply it is nested; `None` leaves it to the careful reader.
pub(super) fn read(text: &str) -> Option<(Val, u32)> {
    let mut reader = Reader {
        text: text.as_bytes(),
        // Texts without escapes are parts of this one, so that each needs no memory of its own.
        whole: Bytes::copy_from_slice(text.as_bytes()),
        at: 0,
        depth: 0,
        deepest: 0,
    };
    let value = reader.value()?;
    reader.blanks();
    (reader.at == reader.text.len()).then_some((value, reader.deepest))
}

struct Reader<'t> {
    text: &'t [u8],
    whole: Bytes,
    at: usize,
    depth: u32,
    deepest: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Takes the next byte that is no blank, if it is this one.
    fn take(&mut self, wanted: u8) -> Option<()> {
        self.blanks();
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8], value: Val) -> Option<Val> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self) -> Option<Val> {
        self.blanks();
        match self.peek()? {
            b'"' => self.string(),
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b't' => self.word(b"true", Val::Bool(true)),
            b'f' => self.word(b"false", Val::Bool(false)),
            b'n' => self.word(b"null", Val::Null),
            _ => self.number(),
        }
    }

    fn nested(&mut self, members: fn(&mut Self) -> Option<Val>) -> Option<Val> {
        self.at += 1;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > DEEPEST_INPUT {
            return None;
        }
        let value = members(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn object(&mut self) -> Option<Val> {
        let mut members = Map::default();
        if self.take(b'}').is_some() {
            return Some(Val::obj(members));
        }
        loop {
            self.blanks();
            if self.peek()? != b'"' {
                return None;
            }
            let key = self.string()?;
            self.take(b':')?;
            members.insert(key, self.value()?);
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(Val::obj(members));
            }
        }
    }

    fn array(&mut self) -> Option<Val> {
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(items.into_iter().collect());
        }
        loop {
            items.push(self.value()?);
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(items.into_iter().collect());
            }
        }
    }

    fn string(&mut self) -> Option<Val> {
        self.at += 1;
        let start = self.at;
        self.at += plain_length(&self.text[start..])?;
        if self.text[self.at] == b'"' {
            let part = self.whole.slice(start..self.at);
            self.at += 1;
            return Some(Val::utf8_str(part));
        }
        let mut decoded = self.text[start..self.at].to_vec();
        loop {
            self.at += 1;
            if self.text[self.at - 1] == b'"' {
                return Some(Val::utf8_str(decoded));
            }
            let escaped = self.escaped()?;
            decoded.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
            let plain = plain_length(&self.text[self.at..])?;
            decoded.extend_from_slice(&self.text[self.at..self.at + plain]);
            self.at += plain;
        }
    }

    /// The character that stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let kind = self.peek()?;
        self.at += 1;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                let all_digits = digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| all_digits)?;
                self.at += 4;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Val> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = self.text.get(self.at - whole) == Some(&b'0');
        if whole == 0 || (leading_zero && whole > 1) {
            return None;
        }
        let mut is_whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_whole = false;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            is_whole = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        if is_whole {
            // A zero with a sign is none of the machine integers.
            if whole > MOST_DIGITS || text == "-0" {
                return None;
            }
            return Some(Val::Num(Num::Int(text.parse().ok()?)));
        }
        (text.len() <= LONGEST_NUMBER).then(|| Val::Num(Num::Dec(text.to_owned().into())))
    }

    /// Passes over digits; how many there were.
    fn digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }
}

/// How many bytes stand before the next quote or backslash; `None` when the text ends before, or
/// holds a control character.
fn plain_length(text: &[u8]) -> Option<usize> {
    let at = text
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    (text[at] >= 0x20).then_some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read;

    /// What is read here is read just so by the careful reader.
    fn check(text: &str) -> Result<(), TestCaseError> {
        if let Some(plain) = read(text) {
            let careful = super::super::read_carefully(text.as_bytes());
            prop_assert_eq!(
                format!("{:?}", Ok::<_, String>(plain)),
                format!("{careful:?}")
            );
        }
        Ok(())
    }

    #[test]
    fn ordinary_json_is_read_here() {
        for text in [
            "null",
            " [ 1 , -2.50e+3, {\"a\" : \"上海\\u4e0a\\n\\\"\"} , {} , [] , true , false ]\n",
            "{\"a\":1,\"b\":2,\"a\":3}",
            "123456789012345678",
        ] {
            assert!(read(text).is_some(), "{text}");
            check(text).unwrap();
        }
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_left() {
        for text in [
            "",
            "-",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "-0",
            "1234567890123456789",
            "\"\\ud83d\\ude00\"",
            "\"\\u+123\"",
            "\"\n\"",
            "\"",
            "\"\\",
            "{\"a\"}",
            "{1:2}",
            "[1,]",
            "{,}",
            "nul",
            "1 2",
            "#\n1",
            "NaN",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(1_000_000)).is_none());
    }

    proptest! {
        #[test]
        fn texts_are_read_as_the_careful_reader_does(text in "[\\[\\]{}:,\"\\\\ntrufalse0-9eE+. \n\u{1}上-]{0,24}") {
            check(&text)?;
        }

        #[test]
        fn strings_are_read_as_the_careful_reader_does(text in "\"([a上]|\\\\[nrtbf/\"u\\\\]|\\\\u[0-9a-fA-FgG]{4}){0,8}\"") {
            check(&text)?;
        }

        #[test]
        fn numbers_are_read_as_the_careful_reader_does(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?") {
            check(&text)?;
        }
    }
}
