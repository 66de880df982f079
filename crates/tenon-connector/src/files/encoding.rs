//! From a file's bytes to UTF-8 and back, never guessing in silence and never replacing a character.
//!
//! The whole file is surveyed before the first record is taken from it, so a wrong encoding refuses the
//! file instead of mangling its second half. A byte-order mark wins over the configuration, the
//! configuration over `auto`; an XML file's own declaration decides under `auto`. Beyond that `auto`
//! means UTF-8 if the whole file is valid UTF-8, else GB18030, of which GBK and GB2312 are parts.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, EncoderResult, Encoding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const CHUNK: usize = 64 << 10;

/// The encoding of text files, as configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum TextEncoding {
    /// Found out file by file; files are written in UTF-8.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GBK. Files are read as GB18030, which contains it; written are GBK's characters alone.
    #[serde(rename = "gbk")]
    Gbk,
    /// GB18030.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// UTF-16, low byte first.
    #[serde(rename = "utf-16le")]
    Utf16le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16be,
}

impl TextEncoding {
    /// The name in configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Utf8 => "utf-8",
            Self::Gbk => "gbk",
            Self::Gb18030 => "gb18030",
            Self::Utf16le => "utf-16le",
            Self::Utf16be => "utf-16be",
        }
    }

    fn fixed(self) -> Option<&'static Encoding> {
        match self {
            Self::Auto => None,
            Self::Utf8 => Some(encoding_rs::UTF_8),
            Self::Gbk | Self::Gb18030 => Some(encoding_rs::GB18030),
            Self::Utf16le => Some(encoding_rs::UTF_16LE),
            Self::Utf16be => Some(encoding_rs::UTF_16BE),
        }
    }

    /// The bytes of `text`; UTF-16 begins with its byte-order mark.
    ///
    /// # Errors
    /// The first character that the encoding does not have.
    pub(super) fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let mut encoder = match self {
            Self::Auto | Self::Utf8 => return Ok(text.as_bytes().to_vec()),
            Self::Utf16le => return Ok(utf16(text, u16::to_le_bytes)),
            Self::Utf16be => return Ok(utf16(text, u16::to_be_bytes)),
            Self::Gbk => encoding_rs::GBK.new_encoder(),
            Self::Gb18030 => encoding_rs::GB18030.new_encoder(),
        };
        let mut bytes = Vec::with_capacity(text.len() + 16);
        let mut rest = text;
        loop {
            let (result, read) =
                encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
            rest = &rest[read..];
            match result {
                EncoderResult::InputEmpty => return Ok(bytes),
                EncoderResult::OutputFull => bytes.reserve(rest.len() * 2 + 16),
                EncoderResult::Unmappable(character) => return Err(character),
            }
        }
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(bytes)
        .collect()
}

/// What a first reading of the whole file found.
#[derive(Debug, Clone)]
pub(super) struct Survey {
    /// SHA-256 of the bytes, in hexadecimal.
    pub(super) sha256: String,
    /// How the text is encoded, or why it cannot be read.
    pub(super) text: Result<Decoding, String>,
}

/// How a file's text is encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoding {
    encoding: &'static Encoding,
    /// Bytes of the byte-order mark.
    skip: u64,
}

impl Survey {
    /// Reads the file to its end. `declared`: whether the text may declare its encoding, as XML does.
    pub(super) fn of_text(
        file: &mut File,
        configured: TextEncoding,
        declared: bool,
    ) -> io::Result<Self> {
        let head = head(file)?;
        let (candidates, origin) = match candidates(&head, configured, declared) {
            Ok(candidates) => candidates,
            Err(reason) => {
                return Ok(Self {
                    sha256: digest(file)?,
                    text: Err(reason),
                });
            }
        };
        let mut reasons = Vec::new();
        let mut sha256 = None;
        for decoding in candidates {
            let hash = sha256.is_none();
            let (digest, malformed) = verify(file, decoding, hash)?;
            sha256 = sha256.or(digest);
            match malformed {
                None => {
                    let sha256 = sha256.unwrap_or_default();
                    return Ok(Self {
                        sha256,
                        text: Ok(decoding),
                    });
                }
                Some(place) => reasons.push((decoding.encoding.name(), place)),
            }
        }
        Ok(Self {
            sha256: sha256.unwrap_or_default(),
            text: Err(refusal(&reasons, origin)),
        })
    }

    /// Reads a file that is no text.
    pub(super) fn of_bytes(file: &mut File) -> io::Result<Self> {
        let decoding = Decoding {
            encoding: encoding_rs::UTF_8,
            skip: 0,
        };
        Ok(Self {
            sha256: digest(file)?,
            text: Ok(decoding),
        })
    }
}

/// Where the first byte stands that does not fit.
#[derive(Debug, Clone, Copy)]
struct Misfit {
    offset: u64,
    line: u64,
}

fn refusal(reasons: &[(&'static str, Misfit)], origin: &'static str) -> String {
    let found: Vec<String> = reasons
        .iter()
        .map(|(name, place)| {
            let (line, offset) = (place.line, place.offset);
            format!("not {name} from line {line} (byte {offset})")
        })
        .collect();
    format!(
        "wrong encoding ({origin}): {}; set `encoding` to what the system writes, and put the file back",
        found.join(", ")
    )
}

/// The first bytes; the file is at its beginning again.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

type Candidates = (Vec<Decoding>, &'static str);

/// The encodings that come into question, best first, and why these.
fn candidates(head: &[u8], configured: TextEncoding, declared: bool) -> Result<Candidates, String> {
    if let Some((encoding, skip)) = Encoding::for_bom(head) {
        return Ok((
            vec![Decoding {
                encoding,
                skip: skip as u64,
            }],
            "by its byte-order mark",
        ));
    }
    if let Some(encoding) = configured.fixed() {
        return Ok((vec![Decoding { encoding, skip: 0 }], "as configured"));
    }
    if is_wide(head) {
        return Err(
            "wrong encoding: every other byte is NUL, as in UTF-16 without a byte-order \
             mark; set `encoding` to utf-16le or utf-16be, and put the file back"
                .to_owned(),
        );
    }
    if let Some(label) = declared.then(|| declared_encoding(head)).flatten() {
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            format!("declares an unknown encoding {label:?}; set `encoding`, and put the file back")
        })?;
        // What calls itself GB2312 or GBK often holds characters of its superset.
        let encoding = if encoding == encoding_rs::GBK {
            encoding_rs::GB18030
        } else {
            encoding
        };
        return Ok((
            vec![Decoding { encoding, skip: 0 }],
            "as its XML declaration says",
        ));
    }
    let all = [encoding_rs::UTF_8, encoding_rs::GB18030];
    Ok((
        all.map(|encoding| Decoding { encoding, skip: 0 }).to_vec(),
        "encoding = \"auto\"",
    ))
}

/// Whether the bytes look like UTF-16: there are NUL bytes, and all of them at even places or all at odd
/// ones. Blocks of NUL that a crash left in a file are at both.
fn is_wide(head: &[u8]) -> bool {
    let nulls = |parity: usize| {
        head.iter()
            .skip(parity)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (nulls(0), nulls(1));
    (even == 0) != (odd == 0) && (even + odd) * 50 > head.len() && even + odd > 1
}

/// The encoding that an XML declaration names.
fn declared_encoding(head: &[u8]) -> Option<String> {
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next().map(str::to_owned)
}

fn digest(file: &mut File) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            count => hasher.update(&chunk[..count]),
        }
    }
}

/// Decodes the whole file without keeping anything; its digest (if asked for) and the first misfit.
fn verify(
    file: &mut File,
    decoding: Decoding,
    hash: bool,
) -> io::Result<(Option<String>, Option<Misfit>)> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = hash.then(Sha256::new);
    let mut checker = Checker::new(decoding);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk)?;
        if let Some(hasher) = &mut hasher {
            hasher.update(&chunk[..count]);
        }
        checker.take(&chunk[..count]);
        if count == 0 {
            break;
        }
        if checker.misfit.is_some() && hasher.is_none() {
            break;
        }
    }
    Ok((
        hasher.map(|hasher| hex::encode(hasher.finalize())),
        checker.misfit,
    ))
}

/// Decodes chunk by chunk until the first misfit.
struct Checker {
    /// `None` for UTF-8, which the standard library checks by itself.
    decoder: Option<Decoder>,
    skip: usize,
    /// Decoded text of no use; of UTF-8 the beginning of a character that the next chunk goes on with.
    scratch: Vec<u8>,
    offset: u64,
    line: u64,
    misfit: Option<Misfit>,
}

impl Checker {
    fn new(decoding: Decoding) -> Self {
        let plain = decoding.encoding == encoding_rs::UTF_8;
        Self {
            decoder: (!plain).then(|| decoding.encoding.new_decoder_without_bom_handling()),
            skip: decoding.skip as usize,
            scratch: if plain { Vec::new() } else { vec![0; CHUNK] },
            offset: 0,
            line: 1,
            misfit: None,
        }
    }

    /// Takes the next bytes; none at all mean the end.
    fn take(&mut self, bytes: &[u8]) {
        if self.misfit.is_some() {
            return;
        }
        let last = bytes.is_empty();
        let rest = &bytes[self.skip.min(bytes.len())..];
        self.offset += (bytes.len() - rest.len()) as u64;
        self.skip -= bytes.len() - rest.len();
        match self.decoder.take() {
            None => self.take_utf8(rest, last),
            Some(mut decoder) => {
                self.take_other(&mut decoder, rest, last);
                self.decoder = Some(decoder);
            }
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    }

    fn take_utf8(&mut self, bytes: &[u8], last: bool) {
        let mut carried = std::mem::take(&mut self.scratch);
        let joined = if carried.is_empty() {
            bytes
        } else {
            carried.extend_from_slice(bytes);
            &carried
        };
        let Err(error) = std::str::from_utf8(joined) else {
            return self.pass(joined);
        };
        let (valid, rest) = joined.split_at(error.valid_up_to());
        self.pass(valid);
        if error.error_len().is_some() || last {
            self.misfit = Some(Misfit {
                offset: self.offset,
                line: self.line,
            });
        } else {
            self.scratch = rest.to_vec();
        }
    }

    fn take_other(&mut self, decoder: &mut Decoder, bytes: &[u8], last: bool) {
        let mut rest = bytes;
        loop {
            let (result, read, _) =
                decoder.decode_to_utf8_without_replacement(rest, &mut self.scratch, last);
            self.pass(&rest[..read]);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let offset = self
                        .offset
                        .saturating_sub(u64::from(length) + u64::from(after));
                    self.misfit = Some(Misfit {
                        offset,
                        line: self.line,
                    });
                    return;
                }
            }
        }
    }
}

/// The text of a file in UTF-8, without its byte-order mark.
pub(super) struct Text {
    file: File,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    input_at: usize,
    ended: bool,
    output: Vec<u8>,
    output_at: usize,
}

impl Text {
    /// Starts at the beginning of a file that was surveyed.
    pub(super) fn new(mut file: File, decoding: Decoding) -> io::Result<Self> {
        file.seek(SeekFrom::Start(decoding.skip))?;
        let plain = decoding.encoding == encoding_rs::UTF_8;
        Ok(Self {
            file,
            decoder: (!plain).then(|| decoding.encoding.new_decoder_without_bom_handling()),
            input: Vec::new(),
            input_at: 0,
            ended: false,
            output: Vec::new(),
            output_at: 0,
        })
    }

    /// Refills the output; it stays empty only at the end of the file.
    fn refill(&mut self) -> io::Result<()> {
        self.output_at = 0;
        let Some(decoder) = &mut self.decoder else {
            self.output.resize(CHUNK, 0);
            let count = self.file.read(&mut self.output)?;
            self.output.truncate(count);
            return Ok(());
        };
        self.output.clear();
        while self.output.is_empty() {
            if self.input_at == self.input.len() && !self.ended {
                self.input.resize(CHUNK, 0);
                let count = self.file.read(&mut self.input)?;
                self.input.truncate(count);
                self.input_at = 0;
                self.ended = count == 0;
            }
            self.output.resize(CHUNK, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(
                &self.input[self.input_at..],
                &mut self.output,
                self.ended,
            );
            self.output.truncate(written);
            self.input_at += read;
            if let DecoderResult::Malformed(..) = result {
                // The survey found every byte valid, so these are other bytes.
                return Err(io::Error::other("the file was changed while it was read"));
            }
            if self.ended && matches!(result, DecoderResult::InputEmpty) {
                // A decoder must not be used again after its last call.
                self.decoder = None;
                self.input_at = self.input.len();
                break;
            }
        }
        Ok(())
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.output_at == self.output.len() {
            self.refill()?;
        }
        Ok(&self.output[self.output_at..])
    }

    fn consume(&mut self, count: usize) {
        self.output_at = (self.output_at + count).min(self.output.len());
    }
}
