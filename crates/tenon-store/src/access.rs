//! Who may use the hub, and the trail of what was done: the contract and its records. No SQL here.
//!
//! *Architecture invariant*: an account, a session or a token changes only together with an entry in
//! the audit trail, in one transaction ([`AccessStore::change_access`]). Secrets are kept as digests.

mod audit;
mod rows;
pub(crate) mod statements;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tenon_core::{SystemName, Timestamp};

use crate::StoreError;

pub use audit::{AuditDraft, AuditEntry, AuditFilter, ChainBreak, first_break};
pub(crate) use audit::{START, seal};
pub(crate) use rows::{
    AccountRow, AuditRow, SessionRow, TokenRow, account, api_token, audit_entry, list_of, session,
};

/// What somebody may do; each includes `Viewer`, and `Administrator` includes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees, with personal values masked.
    Viewer,
    /// Runs the hub: sends again, gives up, pauses, edits what is parked.
    Operator,
    /// Decides about master records, grades and reconciliation.
    Steward,
    /// Everything, and who may what.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [
        Self::Viewer,
        Self::Operator,
        Self::Steward,
        Self::Administrator,
    ];

    /// The name in tables and documents: `viewer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Steward => "steward",
            Self::Administrator => "administrator",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = Self::ALL.into_iter();
        roles
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no role: viewer, operator, steward, administrator"))
    }
}

/// The SHA-256 of something secret that a caller shows.
pub type SecretDigest = [u8; 32];

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the person signs in with, in lower case; never changes.
    pub name: String,
    /// What others call the person.
    pub display_name: String,
    /// What the person may do.
    pub role: Role,
    /// The only systems that the person may touch; `None` for all.
    pub systems: Option<Vec<SystemName>>,
    /// In which the console speaks: `zh`, `en`.
    pub language: Option<String>,
    /// The password's hash in PHC form; `None` for who has none here.
    pub password: Option<String>,
    /// Issuer and subject at the provider of single sign-on.
    pub subject: Option<String>,
    /// Whether the person may not sign in any more.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When the person last signed in.
    pub signed_in_at: Option<Timestamp>,
}

/// A browser that has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of what the browser shows.
    pub digest: SecretDigest,
    /// Whose it is.
    pub account: String,
    /// The address from which it was begun.
    pub origin: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

/// A one-time link by which somebody chooses a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Of what the link holds.
    pub digest: SecretDigest,
    /// For whom; `None` for the first administrator, who names himself.
    pub account: Option<String>,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

/// What a program shows instead of signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number; given by the store.
    pub id: i64,
    /// Of the token.
    pub digest: SecretDigest,
    /// What it is for; never used twice, so that the trail stays clear.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only systems that it may touch; `None` for all.
    pub systems: Option<Vec<SystemName>>,
    /// The only scopes that it has, `AREA:read` or `AREA:write`; `None` for all that its role may.
    pub scopes: Option<Vec<String>>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last shown, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// How often in a row, and when last, somebody failed to sign in under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFailures {
    /// How often.
    pub failures: u32,
    /// When last.
    pub last_at: Timestamp,
}

/// A change of who may what.
#[derive(Debug, Clone, PartialEq)]
pub enum AccessChange {
    /// None: only the entry is written.
    Nothing,
    /// A new account. `Conflict` when its name or subject is taken.
    AddAccount(Account),
    /// The first account, by a one-time link. `Conflict` when there is an account, or no such link.
    AddFirstAccount {
        /// The account.
        account: Account,
        /// The link.
        invitation: SecretDigest,
    },
    /// An account's new state. `Conflict` when no administrator would be left who may sign in, or when it is not
    /// as it was read any more.
    AlterAccount {
        /// The state.
        account: Account,
        /// When the state was changed from which this one was made.
        read: Timestamp,
        /// Whether its sessions end.
        end_sessions: bool,
    },
    /// A one-time link for somebody.
    Invite(Invitation),
    /// An account's password by a one-time link; its sessions end. `Conflict` when there is no such link, or when
    /// the account is not as it was read any more.
    Redeem {
        /// The account with its new password.
        account: Account,
        /// When the state was changed from which this one was made.
        read: Timestamp,
        /// The link.
        invitation: SecretDigest,
    },
    /// Somebody signed in: a new session, in the place of another if the browser had one.
    SignIn {
        /// The session.
        session: Session,
        /// What the browser showed before.
        before: Option<SecretDigest>,
    },
    /// Somebody failed to sign in under a name.
    FailSignIn {
        /// The name that was given.
        name: String,
        /// Failures before this time are forgotten.
        forget_before: Timestamp,
    },
    /// A session ends.
    SignOut(SecretDigest),
    /// All sessions of an account end, perhaps but one.
    EndSessions {
        /// Whose.
        account: String,
        /// The one that goes on.
        but: Option<SecretDigest>,
    },
    /// A new token; its number is given by the store. `Conflict` when its name was ever used.
    AddToken(ApiToken),
    /// A token is good for nothing any more.
    RevokeToken(i64),
}

/// What a store keeps of who may what. Part of every [`crate::Store`].
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// Makes a change and writes its entry to the audit trail, both or neither.
    ///
    /// # Errors
    /// `Conflict` as each [`AccessChange`] says, in words for the person who asked.
    async fn change_access(
        &self,
        change: &AccessChange,
        entry: &AuditDraft,
    ) -> Result<(), StoreError>;

    /// All accounts, by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// The account of a name.
    async fn account(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// The account of a subject at the provider of single sign-on.
    async fn account_of(&self, subject: &str) -> Result<Option<Account>, StoreError>;

    /// A one-time link that has not expired.
    async fn invitation(&self, digest: &SecretDigest) -> Result<Option<Invitation>, StoreError>;

    /// A session and its account; expired ones among them.
    async fn session(
        &self,
        digest: &SecretDigest,
    ) -> Result<Option<(Session, Account)>, StoreError>;

    /// The sessions of an account, the one that was last used first; expired ones among them.
    async fn sessions(&self, account: &str) -> Result<Vec<Session>, StoreError>;

    /// Notes that a session was used now.
    async fn touch_session(&self, digest: &SecretDigest) -> Result<(), StoreError>;

    /// All tokens, the newest first.
    async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError>;

    /// The token that a caller shows; expired and revoked ones among them.
    async fn api_token(&self, digest: &SecretDigest) -> Result<Option<ApiToken>, StoreError>;

    /// Notes that a token was shown now.
    async fn touch_api_token(&self, id: i64) -> Result<(), StoreError>;

    /// Failures in a row to sign in under a name.
    async fn sign_in_failures(&self, name: &str) -> Result<Option<SignInFailures>, StoreError>;

    /// Entries of the trail in the order of their times, at most `limit` that follow the one at the place `after`.
    async fn audit(
        &self,
        filter: &AuditFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// What was ever done, as the trail calls it.
    async fn audit_actions(&self) -> Result<Vec<String>, StoreError>;

    /// Entries of the trail, oldest first, at most `limit` after the place: to check it and to write all of it.
    async fn audit_after(&self, after: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
}
