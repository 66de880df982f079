//! Changes of accounts and tokens, for the HTTP side and the command line: each with its entry in the
//! trail, in one transaction.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tenon_core::{SystemName, Timestamp};
use tenon_store::{
    AccessChange, Account, ApiToken, AuditDraft, ChainBreak, Invitation, Role, Session, StoreError,
    first_break,
};

use super::scopes::some_scopes;
use super::tokens::granted;
use super::{Access, OneTime};
use crate::Problem;

/// How long a one-time link is good for.
const LINK: Duration = Duration::from_secs(24 * 3600);
/// Entries of the trail that are checked at once.
const PAGE: u32 = 1_000;

/// Who acts, as the trail names it.
#[derive(Debug, Clone)]
pub struct Actor {
    /// An account's name, or `token:NAME`.
    pub who: String,
    /// `session`, `token`, `command line`, `hub`, `nobody`.
    pub via: &'static str,
    /// An address, or a machine.
    pub origin: String,
}

/// An account that is to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What the person signs in with.
    pub name: String,
    /// What others call the person; the name, if absent.
    pub display_name: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// The only systems that the person may touch.
    pub systems: Option<Vec<SystemName>>,
    /// The language of the person's console.
    pub language: Option<String>,
    /// A first password; without one a one-time link is needed.
    pub password: Option<String>,
    /// Issuer and subject at the provider of single sign-on.
    pub subject: Option<String>,
}

/// What is to be changed of an account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// What others call the person.
    pub display_name: Option<String>,
    /// What the person may do.
    pub role: Option<Role>,
    /// The only systems that the person may touch; `Some(None)` for all.
    pub systems: Option<Option<Vec<SystemName>>>,
    /// The language of the person's console.
    pub language: Option<Option<String>>,
    /// Whether the person may not sign in any more.
    pub disabled: Option<bool>,
}

/// A token that is to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only systems that it may touch.
    pub systems: Option<Vec<SystemName>>,
    /// The only scopes that it has, each one of [`super::scopes()`]; `None` for all that its role may.
    pub scopes: Option<Vec<String>>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// What checking the trail came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailCheck {
    /// Entries that hold.
    pub entries: u64,
    /// Place and hash of the last of them: to be kept elsewhere, and given the next time.
    pub head: (i64, String),
    /// The first place where the chain does not hold.
    pub broken: Option<ChainBreak>,
    /// Whether entries follow that were not looked at.
    pub more: bool,
}

impl Access {
    /// Makes an account.
    ///
    /// # Errors
    /// 400 for a name or password that will not do, 409 when the name is taken.
    pub async fn add_account(&self, actor: &Actor, new: NewAccount) -> Result<Account, Problem> {
        let name = account_name(&new.name)?;
        let password = match &new.password {
            Some(password) => Some(self.0.passwords.hash(&name, password).await?),
            None => None,
        };
        let now = Timestamp::now();
        let account = Account {
            display_name: shown_name(new.display_name.as_deref().unwrap_or(&name))?,
            role: new.role,
            systems: some_systems(new.systems)?,
            language: new.language.map(language).transpose()?,
            password,
            subject: new.subject,
            disabled: false,
            created_at: now,
            changed_at: now,
            signed_in_at: None,
            name,
        };
        let detail = json!({ "before": null, "after": state(&account) });
        let entry = actor.did("user.added", &account.name, detail);
        self.change(AccessChange::AddAccount(account.clone()), entry)
            .await?;
        Ok(account)
    }

    /// Changes an account. Sessions end when it is disabled, or may do less than before.
    ///
    /// # Errors
    /// 404 when there is none, 409 when no administrator would be left.
    pub async fn alter_account(
        &self,
        actor: &Actor,
        name: &str,
        change: AccountChange,
    ) -> Result<Account, Problem> {
        let before = self.known(name).await?;
        let mut account = Account {
            changed_at: Timestamp::now(),
            ..before.clone()
        };
        if let Some(display_name) = &change.display_name {
            account.display_name = shown_name(display_name)?;
        }
        account.role = change.role.unwrap_or(before.role);
        if let Some(systems) = change.systems {
            account.systems = some_systems(systems)?;
        }
        if let Some(spoken) = change.language {
            account.language = spoken.map(language).transpose()?;
        }
        account.disabled = change.disabled.unwrap_or(before.disabled);
        let end_sessions =
            account.disabled || account.role != before.role || account.systems != before.systems;
        let detail = json!({ "before": state(&before), "after": state(&account) });
        let entry = actor.did("user.altered", name, detail);
        let altered = account.clone();
        let change = AccessChange::AlterAccount {
            account,
            read: before.changed_at,
            end_sessions,
        };
        self.change(change, entry).await?;
        Ok(altered)
    }

    /// Sets an account's password; its sessions end.
    ///
    /// # Errors
    /// 404 when there is no such account, 400 for a password that will not do.
    pub async fn set_password(
        &self,
        actor: &Actor,
        name: &str,
        password: &str,
    ) -> Result<Account, Problem> {
        let mut account = self.known(name).await?;
        let read = account.changed_at;
        account.password = Some(self.0.passwords.hash(name, password).await?);
        account.changed_at = Timestamp::now();
        let entry = actor.did("user.password", name, Value::Null);
        let change = AccessChange::AlterAccount {
            account: account.clone(),
            read,
            end_sessions: true,
        };
        self.change(change, entry).await?;
        Ok(account)
    }

    /// A one-time link by which somebody chooses a password: what follows the hub's address, and until
    /// when it is good.
    ///
    /// # Errors
    /// 404 when there is no such account.
    pub async fn invite(&self, actor: &Actor, name: &str) -> Result<(String, Timestamp), Problem> {
        let account = self.known(name).await?;
        self.make_link(actor, Some(account.name)).await
    }

    /// A one-time link by which the first administrator makes an account; `None` when there is an
    /// account already.
    ///
    /// # Errors
    /// The store's.
    pub async fn invite_first(&self) -> Result<Option<String>, Problem> {
        if !self.store().accounts().await?.is_empty() {
            return Ok(None);
        }
        let hub = Actor {
            who: "tenon run".to_owned(),
            via: "hub",
            origin: machine(),
        };
        let (link, _) = self.make_link(&hub, None).await?;
        Ok(Some(link))
    }

    async fn make_link(
        &self,
        actor: &Actor,
        account: Option<String>,
    ) -> Result<(String, Timestamp), Problem> {
        let secret = OneTime::draw("")?;
        let expires_at = Timestamp::now()
            .checked_add(jiff::SignedDuration::try_from(LINK).unwrap_or_default())
            .unwrap_or(Timestamp::MAX);
        let subject = account.as_deref().unwrap_or("the first administrator");
        let entry = actor.did("user.invited", subject, json!({ "until": expires_at }));
        // The console says at each path what the link is for.
        let path = match account {
            Some(_) => "/password",
            None => "/first",
        };
        let invitation = Invitation {
            digest: secret.digest,
            account,
            expires_at,
        };
        self.change(AccessChange::Invite(invitation), entry).await?;
        Ok((format!("{path}#{}", secret.text), expires_at))
    }

    /// Uses a one-time link: makes the first administrator, or sets the password of whom it is for.
    ///
    /// # Errors
    /// 401 `access.link` for a link that is good for nothing, or for somebody else.
    pub(crate) async fn use_link(
        &self,
        origin: &str,
        link: &str,
        name: &str,
        password: &str,
    ) -> Result<Account, Problem> {
        let refused = || {
            let detail = "the link was used already, has expired, or is for somebody else";
            Problem::new(StatusCode::UNAUTHORIZED, "access.link", detail)
        };
        let invitation = super::secret::digest(link);
        let found = self.store().invitation(&invitation).await?;
        let found = found.ok_or_else(refused)?;
        let name = account_name(name)?;
        let now = Timestamp::now();
        let actor = Actor {
            who: name.clone(),
            via: "link",
            origin: origin.to_owned(),
        };
        let account = match &found.account {
            None => Account {
                display_name: name.clone(),
                role: Role::Administrator,
                systems: None,
                language: None,
                password: None,
                subject: None,
                disabled: false,
                created_at: now,
                changed_at: now,
                signed_in_at: None,
                name,
            },
            Some(invited) if *invited == name => self.known(&name).await?,
            Some(_) => return Err(refused()),
        };
        if account.disabled {
            return Err(refused());
        }
        let read = account.changed_at;
        let password = self.0.passwords.hash(&account.name, password).await?;
        let account = Account {
            password: Some(password),
            changed_at: now,
            ..account
        };
        let (change, entry) = match found.account {
            None => (
                AccessChange::AddFirstAccount {
                    account: account.clone(),
                    invitation,
                },
                actor.did(
                    "user.added",
                    &account.name,
                    json!({ "before": null, "after": state(&account) }),
                ),
            ),
            Some(_) => (
                AccessChange::Redeem {
                    account: account.clone(),
                    read,
                    invitation,
                },
                actor.did("user.password", &account.name, Value::Null),
            ),
        };
        self.change(change, entry).await?;
        Ok(account)
    }

    /// Begins a session; what the browser is to show. It is new at each sign-in, whatever the browser
    /// showed before.
    pub(crate) async fn begin_session(
        &self,
        account: &Account,
        origin: &str,
        before: Option<tenon_store::SecretDigest>,
        means: &str,
    ) -> Result<String, Problem> {
        let secret = OneTime::draw("")?;
        let now = Timestamp::now();
        let longest = jiff::SignedDuration::try_from(self.policy().longest.0).unwrap_or_default();
        let session = Session {
            digest: secret.digest,
            account: account.name.clone(),
            origin: origin.to_owned(),
            created_at: now,
            seen_at: now,
            expires_at: now.checked_add(longest).unwrap_or(Timestamp::MAX),
        };
        let actor = Actor {
            who: account.name.clone(),
            via: "session",
            origin: origin.to_owned(),
        };
        let entry = actor.did("session.begun", &account.name, json!({ "by": means }));
        self.change(AccessChange::SignIn { session, before }, entry)
            .await?;
        Ok(secret.text)
    }

    /// Makes a token, which is shown this once.
    ///
    /// # Errors
    /// 400 for a name that will not do or a scope that there is not, 409 when the name was ever used.
    pub async fn create_token(
        &self,
        actor: &Actor,
        new: NewToken,
    ) -> Result<(ApiToken, String), Problem> {
        let secret = OneTime::draw("tenon_")?;
        let token = ApiToken {
            id: 0,
            digest: secret.digest,
            name: account_name(&new.name)?,
            role: new.role,
            systems: some_systems(new.systems)?,
            scopes: some_scopes(new.scopes)?,
            created_by: actor.who.clone(),
            created_at: Timestamp::now(),
            expires_at: new.expires_at,
            used_at: None,
            revoked_at: None,
        };
        let detail = json!({ "before": null, "after": granted(&token) });
        let entry = actor.did("token.created", &token.name, detail);
        self.change(AccessChange::AddToken(token), entry).await?;
        let made = self.store().api_token(&secret.digest).await?;
        let made = made.ok_or_else(|| StoreError::Bug("a token is gone at once".to_owned()))?;
        Ok((made, secret.text))
    }

    /// Takes a token back: from now on it is good for nothing.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn revoke_token(&self, actor: &Actor, id: i64) -> Result<(), Problem> {
        let tokens = self.store().api_tokens().await?;
        let token = tokens.into_iter().find(|token| token.id == id);
        let token = token.ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "token.unknown",
                format!("no token {id}"),
            )
        })?;
        let detail = json!({ "before": granted(&token), "after": null });
        let entry = actor.did("token.revoked", &token.name, detail);
        self.change(AccessChange::RevokeToken(id), entry).await
    }

    /// Checks the trail from its beginning, or from where a check before ended, at most `most` entries;
    /// `anchor` is a head that was noted before and must still be in it.
    ///
    /// # Errors
    /// The store's.
    pub async fn check_trail(
        &self,
        from: Option<(i64, String)>,
        most: u64,
        anchor: Option<&(i64, String)>,
    ) -> Result<TrailCheck, Problem> {
        let mut check = TrailCheck {
            entries: 0,
            head: from.unwrap_or_default(),
            broken: None,
            more: false,
        };
        loop {
            let most = u32::try_from(most - check.entries).unwrap_or(u32::MAX);
            let page = match most {
                0 => Vec::new(),
                most => {
                    self.store()
                        .audit_after(check.head.0, PAGE.min(most))
                        .await?
                }
            };
            if page.is_empty() {
                check.more =
                    most == 0 && !self.store().audit_after(check.head.0, 1).await?.is_empty();
                break;
            }
            if let Some((position, hash)) = anchor
                && let Some(entry) = page.iter().find(|entry| entry.position == *position)
                && entry.hash != *hash
            {
                check.broken = Some(ChainBreak {
                    position: *position,
                    reason: format!("it had the hash {hash} when that was noted"),
                });
                return Ok(check);
            }
            match first_break(check.head.clone(), &page) {
                Ok(head) => check.head = head,
                Err(broken) => {
                    check.broken = Some(broken);
                    return Ok(check);
                }
            }
            check.entries += page.len() as u64;
        }
        if let Some((position, _)) = anchor
            && *position > check.head.0
            && !check.more
        {
            check.broken = Some(ChainBreak {
                position: *position,
                reason: format!("the trail ends at {}, before this entry", check.head.0),
            });
        }
        Ok(check)
    }

    pub(crate) async fn known(&self, name: &str) -> Result<Account, Problem> {
        let found = self.store().account(name).await?;
        found.ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "user.unknown",
                format!("no user `{name}`"),
            )
        })
    }

    pub(crate) async fn change(
        &self,
        change: AccessChange,
        entry: AuditDraft,
    ) -> Result<(), Problem> {
        let changed = self.store().change_access(&change, &entry).await;
        changed.map_err(|error| match error {
            StoreError::Conflict(words) => {
                Problem::new(StatusCode::CONFLICT, "access.conflict", words)
            }
            other => other.into(),
        })
    }

    /// Verifies a password; takes as long for a name that is not known.
    pub(crate) async fn verify(
        &self,
        account: Option<&Account>,
        password: &str,
    ) -> Result<bool, Problem> {
        let hash = account.and_then(|account| account.password.as_deref());
        self.0.passwords.verify(hash, password).await
    }
}

impl Actor {
    /// The entry of something that was done.
    pub(crate) fn did(&self, action: &str, subject: &str, detail: Value) -> AuditDraft {
        AuditDraft {
            who: self.who.clone(),
            via: self.via.to_owned(),
            origin: self.origin.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            outcome: "done".to_owned(),
            detail,
        }
    }

    /// Whoever types a command on this machine.
    pub fn on_command_line() -> Self {
        let user = ["SUDO_USER", "USER", "LOGNAME"];
        let user = user.iter().find_map(|name| std::env::var(name).ok());
        Self {
            who: user.unwrap_or_else(|| "somebody".to_owned()),
            via: "command line",
            origin: machine(),
        }
    }
}

/// This machine's name.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "this machine".to_owned(), |name| name.trim().to_owned())
}

/// What the trail tells of an account.
fn state(account: &Account) -> Value {
    json!({
        "display_name": account.display_name,
        "role": account.role,
        "systems": account.systems,
        "language": account.language,
        "disabled": account.disabled,
    })
}

/// A name that somebody signs in with, in lower case.
pub(crate) fn account_name(name: &str) -> Result<String, Problem> {
    let name = name.trim().to_lowercase();
    let plain = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "._-@+".contains(character)
    };
    let begins = |first: char| first.is_ascii_alphanumeric();
    match name.len() <= 64 && name.starts_with(begins) && name.chars().all(plain) {
        true => Ok(name),
        false => Err(Problem::bad_request(
            "a name has 1 to 64 of a-z, 0-9 and `._-@+`, and begins with a letter or digit",
        )),
    }
}

fn shown_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control);
    match fits {
        true => Ok(name.to_owned()),
        false => Err(Problem::bad_request(
            "a display name has 1 to 100 characters",
        )),
    }
}

fn some_systems(systems: Option<Vec<SystemName>>) -> Result<Option<Vec<SystemName>>, Problem> {
    match systems {
        Some(systems) if systems.is_empty() => Err(Problem::bad_request(
            "an empty list of systems lets touch none; leave it out for all",
        )),
        systems => Ok(systems),
    }
}

fn language(language: String) -> Result<String, Problem> {
    match matches!(language.as_str(), "zh" | "en") {
        true => Ok(language),
        false => Err(Problem::bad_request("the console speaks `zh` and `en`")),
    }
}

/// Reads a head as a check gives it: `POSITION:HASH`.
///
/// # Errors
/// 400 when it is none.
pub fn head(text: &str) -> Result<(i64, String), Problem> {
    let parts = text.split_once(':');
    let parts = parts.and_then(|(position, hash)| Some((position.parse().ok()?, hash.to_owned())));
    parts.ok_or_else(|| Problem::bad_request(format!("`{text}` is no head: POSITION:HASH")))
}
