//! The statements on the access tables, once for both databases.
//!
//! The tables hold texts, whole numbers and bytes alone, and every statement means the same on
//! PostgreSQL and SQLite. What differs is how a transaction is begun, and which connection reads: that
//! each store gives to [`access_store`]. A transaction that changes must have the trail for itself.

/// The columns of an account.
macro_rules! select_accounts {
    () => {
        "select name, display_name, role, systems, language, password, subject, disabled, created_at,
             changed_at, signed_in_at from account"
    };
}

/// The columns of a token.
macro_rules! select_tokens {
    () => {
        "select id, digest, name, role, systems, scopes, created_by, created_at, expires_at, used_at,
             revoked_at from api_token"
    };
}

/// The columns of the trail.
macro_rules! select_audit {
    () => {
        "select position, at, who, via, origin, action, subject, outcome, detail, previous, hash from audit"
    };
}

/// Implements [`crate::AccessStore`] for a store of a `$database` with a method `begin_access` that begins a
/// transaction of type `$transaction`, a method `$read` that gives a connection to read with, and `$ask` one for a
/// question of which most parts are absent. `$kind` is what its index has as the kind of an action.
macro_rules! access_store {
    ($store:ty, $database:ty, $transaction:ty, $read:ident, $ask:ident, $kind:literal) => {
        #[async_trait::async_trait]
        impl $crate::AccessStore for $store {
            async fn change_access(
                &self,
                change: &AccessChange,
                entry: &AuditDraft,
            ) -> Result<(), StoreError> {
                let mut transaction = self.begin_access().await?;
                change_access(&mut transaction, change).await?;
                append(&mut transaction, entry).await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<AccountRow> =
                    sqlx::query_as(concat!(select_accounts!(), " order by name"))
                        .fetch_all(&mut *connection)
                        .await?;
                found.into_iter().map(access::account).collect()
            }

            async fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<AccountRow> =
                    sqlx::query_as(concat!(select_accounts!(), " where name = $1"))
                        .bind(clean(name))
                        .fetch_optional(&mut *connection)
                        .await?;
                found.map(access::account).transpose()
            }

            async fn account_of(&self, subject: &str) -> Result<Option<Account>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<AccountRow> =
                    sqlx::query_as(concat!(select_accounts!(), " where subject = $1"))
                        .bind(clean(subject))
                        .fetch_optional(&mut *connection)
                        .await?;
                found.map(access::account).transpose()
            }

            async fn invitation(
                &self,
                digest: &SecretDigest,
            ) -> Result<Option<Invitation>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<(Option<String>, i64)> = sqlx::query_as(
                    "select account, expires_at from invitation where digest = $1 and expires_at > $2",
                )
                .bind(&digest[..])
                .bind(Timestamp::now().as_microsecond())
                .fetch_optional(&mut *connection)
                .await?;
                let invitation = |(account, expires): (Option<String>, i64)| {
                    Ok(Invitation {
                        digest: *digest,
                        account,
                        expires_at: timestamp(expires)?,
                    })
                };
                found.map(invitation).transpose()
            }

            async fn session(
                &self,
                digest: &SecretDigest,
            ) -> Result<Option<(Session, Account)>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<SessionRow> = sqlx::query_as(
                    "select digest, account, origin, created_at, seen_at, expires_at
                     from session where digest = $1",
                )
                .bind(&digest[..])
                .fetch_optional(&mut *connection)
                .await?;
                drop(connection);
                let Some(found) = found else { return Ok(None) };
                let session = access::session(found)?;
                let account = self.account(&session.account).await?;
                Ok(account.map(|account| (session, account)))
            }

            async fn sessions(&self, account: &str) -> Result<Vec<Session>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<SessionRow> = sqlx::query_as(
                    "select digest, account, origin, created_at, seen_at, expires_at
                     from session where account = $1 order by seen_at desc, created_at desc, digest",
                )
                .bind(clean(account))
                .fetch_all(&mut *connection)
                .await?;
                found.into_iter().map(access::session).collect()
            }

            async fn touch_session(&self, digest: &SecretDigest) -> Result<(), StoreError> {
                let mut transaction = self.begin_access().await?;
                sqlx::query("update session set seen_at = $2 where digest = $1")
                    .bind(&digest[..])
                    .bind(Timestamp::now().as_microsecond())
                    .execute(&mut *transaction)
                    .await?;
                Ok(transaction.commit().await?)
            }

            async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<TokenRow> =
                    sqlx::query_as(concat!(select_tokens!(), " order by id desc"))
                        .fetch_all(&mut *connection)
                        .await?;
                found.into_iter().map(access::api_token).collect()
            }

            async fn api_token(&self, digest: &SecretDigest) -> Result<Option<ApiToken>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<TokenRow> =
                    sqlx::query_as(concat!(select_tokens!(), " where digest = $1"))
                        .bind(&digest[..])
                        .fetch_optional(&mut *connection)
                        .await?;
                found.map(access::api_token).transpose()
            }

            async fn touch_api_token(&self, id: i64) -> Result<(), StoreError> {
                let mut transaction = self.begin_access().await?;
                sqlx::query("update api_token set used_at = $2 where id = $1")
                    .bind(id)
                    .bind(Timestamp::now().as_microsecond())
                    .execute(&mut *transaction)
                    .await?;
                Ok(transaction.commit().await?)
            }

            async fn sign_in_failures(
                &self,
                name: &str,
            ) -> Result<Option<SignInFailures>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<(i64, i64)> =
                    sqlx::query_as("select failures, last_at from sign_in where name = $1")
                        .bind(clean(name))
                        .fetch_optional(&mut *connection)
                        .await?;
                let failures = |(failures, last): (i64, i64)| {
                    Ok(SignInFailures {
                        failures: u32::try_from(failures).unwrap_or(u32::MAX),
                        last_at: timestamp(last)?,
                    })
                };
                found.map(failures).transpose()
            }

            async fn audit(
                &self,
                filter: &AuditFilter,
                after: Option<i64>,
                limit: u32,
            ) -> Result<Vec<AuditEntry>, StoreError> {
                let mut transaction = self.$ask().await?;
                let falling = if filter.oldest_first { "" } else { " desc" };
                let mut since = filter.since.map_or(i64::MIN, |since| since.as_microsecond());
                let until = filter.until.map_or(i64::MAX, |until| until.as_microsecond());
                let mut last = until.saturating_sub(1);
                let mut query = sqlx::QueryBuilder::<$database>::new(select_audit!());
                query.push(" where ");
                if let Some(after) = after {
                    let at: Option<i64> = sqlx::query_scalar(
                        "select at from audit where position <= $1 order by position desc limit 1",
                    )
                    .bind(after)
                    .fetch_optional(&mut *transaction)
                    .await?;
                    let at = at.unwrap_or(i64::MIN);
                    // Of the two bounds of the times the nearer one is where the index is entered.
                    let than = match filter.oldest_first {
                        true => {
                            since = since.max(at);
                            " > ("
                        }
                        false => {
                            last = last.min(at);
                            " < ("
                        }
                    };
                    query.push("(at, position)").push(than);
                    query.push_bind(at).push(", ").push_bind(after).push(") and ");
                }
                query.push("at >= ").push_bind(since);
                query.push(" and at <= ").push_bind(last);
                // A subject is rarer than an action: where one is named, the action's index is not to be used.
                let action_beside = match &filter.subject {
                    None => "",
                    Some(subject) => {
                        let subject = clean(subject).into_owned();
                        query.push(" and substr(subject, 1, 200) = ");
                        query.push_bind(subject.chars().take(200).collect::<String>());
                        // Not as a column: SQLite would put the value into the other expression too, and then
                        // know no index for it.
                        query.push(" and subject || '' = ").push_bind(subject);
                        " || ''"
                    }
                };
                if let Some(who) = &filter.who {
                    query.push(" and who = ");
                    query.push_bind(clean(who).into_owned());
                }
                if let Some(action) = &filter.action {
                    let what = match action.ends_with('.') {
                        true => $kind,
                        false => "action",
                    };
                    query.push(" and ").push(what).push(action_beside).push(" = ");
                    query.push_bind(clean(action).into_owned());
                }
                query.push(" order by at").push(falling);
                query.push(", position").push(falling).push(" limit ");
                query.push_bind(i64::from(limit));
                let found: Vec<AuditRow> = query
                    .build_query_as()
                    .fetch_all(&mut *transaction)
                    .await?;
                found.into_iter().map(access::audit_entry).collect()
            }

            async fn audit_actions(&self) -> Result<Vec<String>, StoreError> {
                let mut transaction = self.$ask().await?;
                // From each to the next one, by the index: there are few, and many entries of each.
                Ok(sqlx::query_scalar(
                    "with recursive found (action) as (
                         select min(action) from audit
                         union all
                         select (select min(a.action) from audit a where a.action > found.action)
                         from found where found.action is not null)
                     select action from found where action is not null order by action",
                )
                .fetch_all(&mut *transaction)
                .await?)
            }

            async fn audit_after(
                &self,
                after: i64,
                limit: u32,
            ) -> Result<Vec<AuditEntry>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<AuditRow> = sqlx::query_as(concat!(
                    select_audit!(),
                    " where position > $1 order by position limit $2"
                ))
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(&mut *connection)
                .await?;
                found.into_iter().map(access::audit_entry).collect()
            }
        }

        async fn change_access(
            transaction: &mut $transaction,
            change: &AccessChange,
        ) -> Result<(), StoreError> {
            let now = Timestamp::now().as_microsecond();
            match change {
                AccessChange::Nothing => Ok(()),
                AccessChange::AddAccount(account) => add_account(transaction, account).await,
                AccessChange::AddFirstAccount {
                    account,
                    invitation,
                } => {
                    use_invitation(transaction, invitation, now).await?;
                    let accounts: i64 = sqlx::query_scalar("select count(*) from account")
                        .fetch_one(&mut **transaction)
                        .await?;
                    if accounts > 0 {
                        let words = "there is an administrator already; ask for an account";
                        return Err(StoreError::Conflict(words.to_owned()));
                    }
                    sqlx::query("delete from invitation where account is null")
                        .execute(&mut **transaction)
                        .await?;
                    add_account(transaction, account).await
                }
                AccessChange::AlterAccount {
                    account,
                    read,
                    end_sessions,
                } => alter_account(transaction, account, *read, *end_sessions).await,
                AccessChange::Invite(invitation) => {
                    sqlx::query("delete from invitation where expires_at <= $1")
                        .bind(now)
                        .execute(&mut **transaction)
                        .await?;
                    sqlx::query(
                        "insert into invitation (digest, account, expires_at) values ($1, $2, $3)",
                    )
                    .bind(&invitation.digest[..])
                    .bind(invitation.account.as_deref())
                    .bind(invitation.expires_at.as_microsecond())
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
                AccessChange::Redeem {
                    account,
                    read,
                    invitation,
                } => {
                    use_invitation(transaction, invitation, now).await?;
                    sqlx::query("delete from invitation where account = $1")
                        .bind(&account.name)
                        .execute(&mut **transaction)
                        .await?;
                    alter_account(transaction, account, *read, true).await
                }
                AccessChange::SignIn { session, before } => {
                    sqlx::query("delete from session where expires_at <= $1 or digest = $2")
                        .bind(now)
                        .bind(before.as_ref().map(|digest| &digest[..]))
                        .execute(&mut **transaction)
                        .await?;
                    sqlx::query("delete from sign_in where name = $1")
                        .bind(&session.account)
                        .execute(&mut **transaction)
                        .await?;
                    sqlx::query("update account set signed_in_at = $2 where name = $1")
                        .bind(&session.account)
                        .bind(session.created_at.as_microsecond())
                        .execute(&mut **transaction)
                        .await?;
                    sqlx::query(
                        "insert into session (digest, account, origin, created_at, seen_at, expires_at)
                         values ($1, $2, $3, $4, $5, $6)",
                    )
                    .bind(&session.digest[..])
                    .bind(&session.account)
                    .bind(clean(&session.origin))
                    .bind(session.created_at.as_microsecond())
                    .bind(session.seen_at.as_microsecond())
                    .bind(session.expires_at.as_microsecond())
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
                AccessChange::FailSignIn {
                    name,
                    forget_before,
                } => {
                    sqlx::query("delete from sign_in where last_at < $1")
                        .bind(forget_before.as_microsecond())
                        .execute(&mut **transaction)
                        .await?;
                    sqlx::query(
                        "insert into sign_in (name, failures, last_at) values ($1, 1, $2)
                         on conflict (name) do update
                         set failures = sign_in.failures + 1, last_at = excluded.last_at",
                    )
                    .bind(clean(name))
                    .bind(now)
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
                AccessChange::SignOut(digest) => {
                    sqlx::query("delete from session where digest = $1")
                        .bind(&digest[..])
                        .execute(&mut **transaction)
                        .await?;
                    Ok(())
                }
                AccessChange::EndSessions { account, but } => {
                    sqlx::query(
                        "delete from session where account = $1 and ($2 is null or digest <> $2)",
                    )
                    .bind(account)
                    .bind(but.as_ref().map(|digest| &digest[..]))
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
                AccessChange::AddToken(token) => {
                    sqlx::query(
                        "insert into api_token (digest, name, role, systems, scopes, created_by, created_at,
                             expires_at)
                         values ($1, $2, $3, $4, $5, $6, $7, $8)",
                    )
                    .bind(&token.digest[..])
                    .bind(clean(&token.name))
                    .bind(token.role.as_str())
                    .bind(access::list_of(token.systems.as_deref())?)
                    .bind(access::list_of(token.scopes.as_deref())?)
                    .bind(clean(&token.created_by))
                    .bind(token.created_at.as_microsecond())
                    .bind(token.expires_at.map(|expires| expires.as_microsecond()))
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
                AccessChange::RevokeToken(id) => {
                    sqlx::query(
                        "update api_token set revoked_at = $2 where id = $1 and revoked_at is null",
                    )
                    .bind(id)
                    .bind(now)
                    .execute(&mut **transaction)
                    .await?;
                    Ok(())
                }
            }
        }

        async fn add_account(
            transaction: &mut $transaction,
            account: &Account,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "insert into account (name, display_name, role, systems, language, password, subject,
                     disabled, created_at, changed_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(clean(&account.name))
            .bind(clean(&account.display_name))
            .bind(account.role.as_str())
            .bind(access::list_of(account.systems.as_deref())?)
            .bind(account.language.as_deref().map(clean))
            .bind(account.password.as_deref())
            .bind(account.subject.as_deref().map(clean))
            .bind(account.disabled)
            .bind(account.created_at.as_microsecond())
            .bind(account.changed_at.as_microsecond())
            .execute(&mut **transaction)
            .await?;
            Ok(())
        }

        async fn alter_account(
            transaction: &mut $transaction,
            account: &Account,
            read: Timestamp,
            end_sessions: bool,
        ) -> Result<(), StoreError> {
            let before = administrators(transaction).await?;
            let altered = sqlx::query(
                "update account set display_name = $2, role = $3, systems = $4, language = $5,
                     password = $6, subject = $7, disabled = $8, changed_at = $9
                 where name = $1 and changed_at = $10",
            )
            .bind(&account.name)
            .bind(clean(&account.display_name))
            .bind(account.role.as_str())
            .bind(access::list_of(account.systems.as_deref())?)
            .bind(account.language.as_deref().map(clean))
            .bind(account.password.as_deref())
            .bind(account.subject.as_deref().map(clean))
            .bind(account.disabled)
            .bind(account.changed_at.as_microsecond())
            .bind(read.as_microsecond())
            .execute(&mut **transaction)
            .await?;
            if altered.rows_affected() != 1 {
                let words = "somebody has changed the account meanwhile: look at it again";
                return Err(StoreError::Conflict(words.to_owned()));
            }
            let left = administrators(transaction).await?;
            if left == 0 && before > 0 {
                let words = "no administrator would be left who may sign in";
                return Err(StoreError::Conflict(words.to_owned()));
            }
            if end_sessions {
                sqlx::query("delete from session where account = $1")
                    .bind(&account.name)
                    .execute(&mut **transaction)
                    .await?;
            }
            Ok(())
        }

        /// How many may sign in and do everything.
        async fn administrators(transaction: &mut $transaction) -> Result<i64, StoreError> {
            Ok(sqlx::query_scalar(
                "select count(*) from account
                 where role = 'administrator' and not disabled and systems is null",
            )
            .fetch_one(&mut **transaction)
            .await?)
        }

        /// Ends a one-time link; one that is not there or has expired is a conflict.
        async fn use_invitation(
            transaction: &mut $transaction,
            digest: &SecretDigest,
            now: i64,
        ) -> Result<(), StoreError> {
            let used = sqlx::query("delete from invitation where digest = $1 and expires_at > $2")
                .bind(&digest[..])
                .bind(now)
                .execute(&mut **transaction)
                .await?;
            match used.rows_affected() {
                1 => Ok(()),
                _ => Err(StoreError::Conflict(
                    "the link was used already or has expired".to_owned(),
                )),
            }
        }

        /// Writes an entry behind the last one.
        async fn append(
            transaction: &mut $transaction,
            draft: &AuditDraft,
        ) -> Result<(), StoreError> {
            let last: Option<(i64, Vec<u8>)> =
                sqlx::query_as("select position, hash from audit order by position desc limit 1")
                    .fetch_optional(&mut **transaction)
                    .await?;
            let (last, previous) = last.unwrap_or((0, access::START.to_vec()));
            let position = last + 1;
            let draft = draft.cleaned();
            let at = Timestamp::now().as_microsecond();
            let detail = clean(&crate::rows::to_json(&draft.detail)?).into_owned();
            let hash = access::seal(position, at, &draft, &detail, &previous);
            sqlx::query(
                "insert into audit (position, at, who, via, origin, action, subject, outcome, detail,
                     previous, hash)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(position)
            .bind(at)
            .bind(&draft.who)
            .bind(&draft.via)
            .bind(&draft.origin)
            .bind(&draft.action)
            .bind(&draft.subject)
            .bind(&draft.outcome)
            .bind(&detail)
            .bind(previous)
            .bind(&hash[..])
            .execute(&mut **transaction)
            .await?;
            Ok(())
        }
    };
}

pub(crate) use {access_store, select_accounts, select_audit, select_tokens};
