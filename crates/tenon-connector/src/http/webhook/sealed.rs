//! Calls that are signed and encrypted, as WeCom, DingTalk and Feishu make them.
//!
//! WeCom and DingTalk share one make: SHA-1 over the sorted token, time, nonce and ciphertext; AES-256
//! in CBC whose first half of the key is the IV; within it sixteen random bytes, a length, the message
//! and to whom it is addressed. Feishu signs the body with SHA-256 and prefixes the IV. Which call is
//! believed: signed with our token, stamped within `tolerance`, addressed to us. The same call may come
//! again, from a platform that did not hear our answer or from somebody who has overheard it: it tells of the same
//! event, which is taken once.

use std::time::Duration;

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tenon_core::{Failure, Timestamp};

use super::{Call, Opened, Reply, Said, presented, refused, reveal, same};
use crate::Secret;
use crate::http::soap::xml_value;

/// How long a call is believed, and how far a clock may be off, unless configured.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The longest tolerance: what is older was not sent just now, whatever the clocks say.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The last character of an EncodingAESKey holds bits that stand for nothing.
const LAX: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A platform's form of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// WeCom: XML; the address is tried by GET with `echostr`.
    WeCom,
    /// DingTalk: JSON; an encrypted "success" is wanted in answer.
    DingTalk,
    /// Feishu, and Lark: JSON; the address is tried with a challenge.
    Feishu,
}

/// How a platform's calls are opened.
#[derive(Debug, Clone)]
pub struct Seal {
    form: Form,
    token: Secret,
    key: Secret,
    receiver: Option<Secret>,
    tolerance: Duration,
}

impl Seal {
    /// A seal from a connector file's keys.
    ///
    /// # Errors
    /// What is missing, or too much, in words.
    pub(crate) fn new(
        form: Form,
        token: Secret,
        key: Option<Secret>,
        receiver: Option<Secret>,
        tolerance: Option<Duration>,
    ) -> Result<Self, String> {
        let key = key.ok_or_else(|| match form {
            Form::Feishu => "missing `key`: the Encrypt Key".to_owned(),
            _ => "missing `key`: the EncodingAESKey, 43 characters".to_owned(),
        })?;
        let named = receiver
            .as_ref()
            .is_some_and(|receiver| !receiver.template().is_empty());
        match (form, named) {
            (Form::Feishu, true) => {
                return Err("`receiver` has no place in Feishu's calls, which name none".to_owned());
            }
            (Form::WeCom, false) => {
                return Err("missing `receiver`: the company's id, CorpID".to_owned());
            }
            (Form::DingTalk, false) => {
                return Err("missing `receiver`: the app's AppKey (Client ID)".to_owned());
            }
            _ => {}
        }
        let tolerance = tolerance.unwrap_or(TOLERANCE);
        if tolerance.is_zero() || tolerance > LONGEST {
            return Err("`tolerance` takes a duration up to 24h".to_owned());
        }
        Ok(Self {
            form,
            token,
            key,
            receiver,
            tolerance,
        })
    }

    /// Opens a call.
    ///
    /// # Errors
    /// As [`super::open`].
    pub(super) fn open(&self, call: &Call<'_>, now: Timestamp) -> Result<Opened, Failure> {
        match (self.form, call.body) {
            (Form::WeCom, None) => self.echo(call, now),
            (_, None) => Err(Failure::invalid(
                "webhook.tried",
                "a webhook is called by POST",
            )),
            (Form::WeCom, Some(body)) => {
                let outer = std::str::from_utf8(body).map_err(|_| unreadable("is no text"))?;
                let outer = xml_value(outer).map_err(|reason| unreadable(&reason))?;
                let text = self.unsealed(call, encrypted(&outer)?, now)?;
                let record = xml_value(&text).map_err(|reason| unreadable(&reason))?;
                let reply = Reply {
                    content_type: "text/plain",
                    body: String::new(),
                };
                Ok(said(record.to_string(), event(&record, &text), reply))
            }
            (Form::DingTalk, Some(body)) => {
                let outer = json_value(body)?;
                let text = self.unsealed(call, encrypted(&outer)?, now)?;
                let record = json_value(text.as_bytes())?;
                let reply = self.success(now)?;
                if record["EventType"] == "check_url" {
                    return Ok(Opened::Tried(reply));
                }
                let event = event(&record, &text);
                Ok(said(text, event, reply))
            }
            (Form::Feishu, Some(body)) => self.feishu(call, body, now),
        }
    }

    /// WeCom tries an address before it calls it: it wants to hear what it has encrypted.
    fn echo(&self, call: &Call<'_>, now: Timestamp) -> Result<Opened, Failure> {
        let echo = parameter(call, &["echostr"])?;
        let body = self.unsealed(call, echo, now)?;
        Ok(Opened::Tried(Reply {
            content_type: "text/plain",
            body,
        }))
    }

    /// The message of a ciphertext that the query signs.
    fn unsealed(&self, call: &Call<'_>, encrypt: &str, now: Timestamp) -> Result<String, Failure> {
        let given = parameter(call, &["msg_signature", "signature"])?.to_ascii_lowercase();
        let (timestamp, nonce) = (
            parameter(call, &["timestamp"])?,
            parameter(call, &["nonce"])?,
        );
        if !same(&given, &self.signature(timestamp, nonce, encrypt)?) {
            return Err(refused(
                "does not sign this call; check the token",
                "msg_signature",
            ));
        }
        self.believe(timestamp, "timestamp", now)?;
        self.decrypted(encrypt)
    }

    fn signature(&self, timestamp: &str, nonce: &str, encrypt: &str) -> Result<String, Failure> {
        let token = reveal(&self.token)?;
        let mut parts = [token.expose_secret(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        Ok(hex::encode(Sha1::digest(parts.concat())))
    }

    /// Whether a stamp is of now.
    fn believe(&self, stamp: &str, name: &str, now: Timestamp) -> Result<(), Failure> {
        let number: i64 = stamp
            .parse()
            .map_err(|_| refused("is no time in seconds or milliseconds", name))?;
        let seconds = match number.unsigned_abs() >= 100_000_000_000 {
            true => number / 1000,
            false => number,
        };
        let off = now.as_second().abs_diff(seconds);
        if off > self.tolerance.as_secs() {
            let what = format!(
                "is {off} s off this machine's clock, more than `tolerance` allows: an old call sent \
                 again, or a clock that is wrong"
            );
            return Err(refused(&what, name));
        }
        Ok(())
    }

    /// The key of WeCom's and DingTalk's make, whose first half is the IV.
    fn aes_key(&self) -> Result<[u8; 32], Failure> {
        let key = reveal(&self.key)?;
        let decoded = LAX.decode(key.expose_secret().trim()).ok();
        decoded
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                Failure::configuration(
                    "webhook.secret",
                    "`key` is no EncodingAESKey of 43 letters and digits",
                )
            })
    }

    /// To whom calls are addressed; to nobody in Feishu's.
    fn receiver(&self) -> Result<String, Failure> {
        let revealed = self.receiver.as_ref().map(reveal).transpose()?;
        Ok(revealed.map_or_else(String::new, |text| text.expose_secret().to_owned()))
    }

    fn decrypted(&self, encrypt: &str) -> Result<String, Failure> {
        let key = self.aes_key()?;
        let sealed = LAX.decode(encrypt).map_err(|_| foreign())?;
        let open = decrypt(&key, &key[..16], &sealed, 32).ok_or_else(foreign)?;
        // Sixteen random bytes, a length in four, the message, the receiver.
        let length = open.get(16..20).and_then(|bytes| bytes.try_into().ok());
        let length = length.map(u32::from_be_bytes).ok_or_else(foreign)? as usize;
        let rest = &open[20..];
        if length > rest.len() {
            return Err(foreign());
        }
        let (message, receiver) = rest.split_at(length);
        if receiver != self.receiver()?.as_bytes() {
            let receiver = String::from_utf8_lossy(receiver);
            return Err(Failure::configuration(
                "webhook.refused",
                format!("the call is addressed to `{receiver}`, not to the configured `receiver`"),
            ));
        }
        String::from_utf8(message.to_vec()).map_err(|_| foreign())
    }

    /// The encrypted "success" that DingTalk wants to hear.
    fn success(&self, now: Timestamp) -> Result<Reply, Failure> {
        let key = self.aes_key()?;
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::bug("webhook.random", error.to_string()))?;
        let message = b"success";
        let mut open = random.to_vec();
        open.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
        open.extend_from_slice(message);
        open.extend_from_slice(self.receiver()?.as_bytes());
        let padding = 32 - open.len() % 32;
        open.resize(open.len() + padding, u8::try_from(padding).unwrap_or(32));
        let encryptor = cbc::Encryptor::<Aes256>::new_from_slices(&key, &key[..16])
            .map_err(|error| Failure::bug("webhook.key", error.to_string()))?;
        let encrypt = STANDARD.encode(encryptor.encrypt_padded_vec_mut::<NoPadding>(&open));
        let (timestamp, nonce) = (now.as_millisecond().to_string(), hex::encode(&random[..8]));
        let signature = self.signature(&timestamp, &nonce, &encrypt)?;
        let body = json!({
            "msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypt,
        });
        Ok(Reply {
            content_type: "application/json",
            body: body.to_string(),
        })
    }

    fn feishu(&self, call: &Call<'_>, body: &Bytes, now: Timestamp) -> Result<Opened, Failure> {
        const SIGNATURE: &str = "X-Lark-Signature";
        let signed = presented(SIGNATURE, call.header).ok();
        let signed = signed.map(str::to_ascii_lowercase);
        if let Some(given) = &signed {
            let stamp = presented("X-Lark-Request-Timestamp", call.header)?;
            let nonce = presented("X-Lark-Request-Nonce", call.header)?;
            let key = reveal(&self.key)?;
            let mut digest = Sha256::new();
            for part in [stamp, nonce, key.expose_secret()] {
                digest.update(part);
            }
            digest.update(body);
            let signature = hex::encode(digest.finalize());
            if !same(given, &signature) {
                return Err(refused(
                    "does not sign this body; check the Encrypt Key",
                    SIGNATURE,
                ));
            }
            self.believe(stamp, "X-Lark-Request-Timestamp", now)?;
        }
        let record = self.feishu_record(body);
        // The trial of an address comes unsigned: the token within what only we can read proves it.
        let tried = record
            .as_ref()
            .is_ok_and(|(record, _)| record["type"] == "url_verification");
        if signed.is_none() && !tried {
            // Not a word of what was wrong within: whoever does not sign learns nothing by trying.
            return Err(refused("is missing", SIGNATURE));
        }
        let (record, text) = record?;
        let token = record["token"]
            .as_str()
            .or(record["header"]["token"].as_str());
        let known = match token {
            Some(token) => same(token, reveal(&self.token)?.expose_secret()),
            // A signed event need not say it once more.
            None => !tried,
        };
        if !known {
            return Err(Failure::configuration(
                "webhook.refused",
                "the call holds another Verification Token than the configured `token`",
            ));
        }
        let answer = match tried {
            true => json!({ "challenge": record["challenge"] }),
            false => json!({ "msg": "success" }),
        };
        let reply = Reply {
            content_type: "application/json",
            body: answer.to_string(),
        };
        if tried {
            return Ok(Opened::Tried(reply));
        }
        let event = event(&record, &text);
        Ok(said(text, event, reply))
    }

    /// What a body of Feishu's holds, read and as it was written.
    fn feishu_record(&self, body: &[u8]) -> Result<(Value, String), Failure> {
        let outer = json_value(body)?;
        let sealed = LAX.decode(encrypted(&outer)?).map_err(|_| foreign())?;
        let key = Sha256::digest(reveal(&self.key)?.expose_secret());
        let (iv, sealed) = sealed.split_at_checked(16).ok_or_else(foreign)?;
        let open = decrypt(&key, iv, sealed, 16).ok_or_else(foreign)?;
        let text = String::from_utf8(open).map_err(|_| foreign())?;
        Ok((json_value(text.as_bytes())?, text))
    }
}

fn said(body: String, event_id: String, reply: Reply) -> Opened {
    Opened::Said(Said {
        body: body.into(),
        event_id: Some(event_id),
        reply: Some(reply),
    })
}

/// Decrypts and takes the padding away, which is up to `most` bytes.
fn decrypt(key: &[u8], iv: &[u8], sealed: &[u8], most: u8) -> Option<Vec<u8>> {
    let decryptor = cbc::Decryptor::<Aes256>::new_from_slices(key, iv).ok()?;
    let mut open = decryptor.decrypt_padded_vec_mut::<NoPadding>(sealed).ok()?;
    let padding = *open.last()?;
    let kept = open.len().checked_sub(usize::from(padding))?;
    let whole = (1..=most).contains(&padding) && open[kept..].iter().all(|byte| *byte == padding);
    whole.then(|| open.truncate(kept))?;
    Some(open)
}

/// The event's own id, or one of what it says: a second telling is the same event.
fn event(record: &Value, text: &str) -> String {
    let own = ["/eventId", "/header/event_id", "/uuid"];
    let own = own.iter().find_map(|at| record.pointer(at)?.as_str());
    own.map_or_else(|| hex::encode(Sha256::digest(text)), str::to_owned)
}

fn parameter<'c>(call: &Call<'c>, names: &[&str]) -> Result<&'c str, Failure> {
    let given = call
        .query
        .iter()
        .find(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
    let missing = || {
        let what = format!("parameter `{}` is missing", names[0]);
        Failure::configuration("webhook.refused", what)
    };
    given.map(|(_, value)| value.as_str()).ok_or_else(missing)
}

/// What is encrypted in a body: the field of that name, in either case.
fn encrypted(outer: &Value) -> Result<&str, Failure> {
    let found = outer["encrypt"].as_str().or(outer["Encrypt"].as_str());
    found.ok_or_else(|| unreadable("holds nothing encrypted; turn encryption on at the platform"))
}

fn json_value(text: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(text).map_err(|_| unreadable("is no JSON"))
}

fn unreadable(why: &str) -> Failure {
    Failure::configuration("webhook.refused", format!("the call {why}"))
}

/// One word for all that cannot be decrypted.
fn foreign() -> Failure {
    unreadable("is encrypted with another key; check `key`")
}

#[cfg(test)]
mod tests;
