//! Calls as the platforms for approvals seal them, by code of its own.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockEncryptMut, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha1::{Digest, Sha1};
use tenon_core::Timestamp;

pub(crate) const TOKEN: &str = "callback-token";
pub(crate) const KEY: &[u8; 32] = b"0123456789abcdef0123456789ABCDEF";
pub(crate) const RECEIVER: &str = "ww-factory";

/// The key as the platforms write it, 43 characters.
pub(crate) fn written_key() -> String {
    let key = STANDARD_NO_PAD.encode(KEY);
    assert_eq!(key.len(), 43);
    key
}

pub(crate) fn aes(key: &[u8], iv: &[u8], mut text: Vec<u8>, block: usize) -> Vec<u8> {
    let padding = block - text.len() % block;
    text.resize(text.len() + padding, padding as u8);
    let encryptor = cbc::Encryptor::<aes::Aes256>::new_from_slices(key, iv).expect("a key");
    encryptor.encrypt_padded_vec_mut::<NoPadding>(&text)
}

/// The query that signs a message for a receiver, and what is encrypted.
pub(crate) fn sealed(message: &str, receiver: &str, age: i64) -> (String, String) {
    let mut text = b"fedcba9876543210".to_vec();
    text.extend((message.len() as u32).to_be_bytes());
    text.extend(message.as_bytes());
    text.extend(receiver.as_bytes());
    let encrypt = STANDARD.encode(aes(KEY, &KEY[..16], text, 32));
    let timestamp = (Timestamp::now().as_second() - age).to_string();
    let mut parts = [TOKEN, &timestamp, "n1", &encrypt];
    parts.sort_unstable();
    let signature = hex::encode(Sha1::digest(parts.concat()));
    let query = format!("?msg_signature={signature}&timestamp={timestamp}&nonce=n1");
    (query, encrypt)
}

/// The body in which WeCom sends what is encrypted.
pub(crate) fn enveloped(encrypt: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    )
}

/// What WeCom says when a request has changed.
pub(crate) fn change(number: &str, status: u8) -> String {
    format!(
        "<xml><Event><![CDATA[sys_approval_change]]></Event><ApprovalInfo><SpNo>{number}</SpNo>\
         <SpStatus>{status}</SpStatus></ApprovalInfo></xml>"
    )
}
