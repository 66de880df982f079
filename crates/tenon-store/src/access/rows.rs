//! Rows of the access tables as both databases return them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Account, ApiToken, AuditEntry, SecretDigest, Session};
use crate::StoreError;
use crate::error::unreadable;
use crate::rows::{from_json, timestamp};

/// name, display_name, role, systems, language, password, subject, disabled, created, changed, signed in.
pub(crate) type AccountRow = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    bool,
    i64,
    i64,
    Option<i64>,
);

/// digest, account, origin, created, seen, expires.
pub(crate) type SessionRow = (Vec<u8>, String, String, i64, i64, i64);

/// id, digest, name, role, systems, scopes, created by, created, expires, used, revoked.
pub(crate) type TokenRow = (
    i64,
    Vec<u8>,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// position, at, who, via, origin, action, subject, outcome, detail, previous, hash.
pub(crate) type AuditRow = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Vec<u8>,
    Vec<u8>,
);

pub(crate) fn account(row: AccountRow) -> Result<Account, StoreError> {
    let (name, display_name, role, systems, language, password, subject, disabled, ..) = row;
    let (created, changed, signed_in) = (row.8, row.9, row.10);
    Ok(Account {
        name,
        display_name,
        role: role_of(&role)?,
        systems: list("a list of systems", systems)?,
        language,
        password,
        subject,
        disabled,
        created_at: timestamp(created)?,
        changed_at: timestamp(changed)?,
        signed_in_at: signed_in.map(timestamp).transpose()?,
    })
}

pub(crate) fn session(row: SessionRow) -> Result<Session, StoreError> {
    let (digest, account, origin, created, seen, expires) = row;
    Ok(Session {
        digest: digest_of(digest)?,
        account,
        origin,
        created_at: timestamp(created)?,
        seen_at: timestamp(seen)?,
        expires_at: timestamp(expires)?,
    })
}

pub(crate) fn api_token(row: TokenRow) -> Result<ApiToken, StoreError> {
    let (id, digest, name, role, systems, scopes, created_by, created, expires, used, revoked) =
        row;
    Ok(ApiToken {
        id,
        digest: digest_of(digest)?,
        name,
        role: role_of(&role)?,
        systems: list("a list of systems", systems)?,
        scopes: list("a list of scopes", scopes)?,
        created_by,
        created_at: timestamp(created)?,
        expires_at: expires.map(timestamp).transpose()?,
        used_at: used.map(timestamp).transpose()?,
        revoked_at: revoked.map(timestamp).transpose()?,
    })
}

pub(crate) fn audit_entry(row: AuditRow) -> Result<AuditEntry, StoreError> {
    let (position, at, who, via, origin, action, subject, outcome, written, previous, hash) = row;
    Ok(AuditEntry {
        position,
        at: timestamp(at)?,
        who,
        via,
        origin,
        action,
        subject,
        outcome,
        // Who altered it may have left no JSON; that is for the check of the chain to tell.
        detail: serde_json::from_str(&written).unwrap_or_default(),
        previous: hex::encode(previous),
        hash: hex::encode(hash),
        written,
    })
}

/// Systems or scopes as their column has them.
pub(crate) fn list_of<T: Serialize>(items: Option<&[T]>) -> Result<Option<String>, StoreError> {
    items.map(|items| crate::rows::to_json(&items)).transpose()
}

fn list<T: DeserializeOwned>(
    what: &str,
    text: Option<String>,
) -> Result<Option<Vec<T>>, StoreError> {
    text.map(|text| from_json(what, &text)).transpose()
}

fn role_of(text: &str) -> Result<super::Role, StoreError> {
    text.parse()
        .map_err(|error: String| unreadable("a role", error))
}

fn digest_of(bytes: Vec<u8>) -> Result<SecretDigest, StoreError> {
    bytes
        .try_into()
        .map_err(|_| unreadable("a digest", "it has not 32 bytes"))
}
