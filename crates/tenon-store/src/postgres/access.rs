//! Who may what, and the audit trail.

use tenon_core::Timestamp;

use super::{Postgres, Transaction};
use crate::access::statements::{access_store, select_accounts, select_audit, select_tokens};
use crate::access::{self, AccountRow, AuditRow, SessionRow, TokenRow};
use crate::rows::{clean, timestamp};
use crate::{
    AccessChange, Account, ApiToken, AuditDraft, AuditEntry, AuditFilter, Invitation, SecretDigest,
    Session, SignInFailures, StoreError,
};

/// Begins a transaction that has the trail for itself.
const BEGIN_ACCESS: &str = "begin; select pg_advisory_xact_lock(7604, hashtext(current_schema()))";

impl Postgres {
    async fn begin_access(&self) -> Result<Transaction, StoreError> {
        self.begin(BEGIN_ACCESS).await
    }

    async fn begin_asking(&self) -> Result<Transaction, StoreError> {
        self.begin(super::BEGIN_FILTERED).await
    }
}

access_store!(
    Postgres,
    sqlx::Postgres,
    Transaction,
    connection,
    begin_asking,
    "substr(action, 1, strpos(action, '.'))"
);
