//! Who may what, and the audit trail.

use tenon_core::Timestamp;

use super::{Sqlite, Transaction};
use crate::access::statements::{access_store, select_accounts, select_audit, select_tokens};
use crate::access::{self, AccountRow, AuditRow, SessionRow, TokenRow};
use crate::rows::{clean, timestamp};
use crate::{
    AccessChange, Account, ApiToken, AuditDraft, AuditEntry, AuditFilter, Invitation, SecretDigest,
    Session, SignInFailures, StoreError,
};

impl Sqlite {
    /// Every transaction that writes has the file for itself.
    async fn begin_access(&self) -> Result<Transaction, StoreError> {
        self.begin().await
    }
}

access_store!(
    Sqlite,
    sqlx::Sqlite,
    Transaction,
    read,
    read,
    "substr(action, 1, instr(action, '.'))"
);
