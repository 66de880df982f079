//! `tenon user`, `tenon token`, `tenon audit`: who may what, for whoever runs the machine. They need the
//! store alone and write the same trail as the HTTP side.

use std::io::BufRead;

use serde_json::json;
use tenon_api::Access;
use tenon_api::access::{
    AccountChange, Actor, NewAccount, NewToken, csv_of, head, in_days, ndjson_of,
};
use tenon_store::SharedStore;

use crate::cli::{Audit, Config, Token, TrailFormat, User};
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Entries of the trail that are written at once.
const PAGE: u32 = 1_000;

/// The desk, its store, and where people reach the hub.
struct Desk {
    access: Access,
    store: SharedStore,
    url: String,
    actor: Actor,
}

impl Desk {
    async fn open(config: &Config) -> Result<Self, Exit> {
        let settings = super::migrate::load(config)?.settings;
        let store = open_store(&settings).await?;
        let url = settings.access.url.clone();
        Ok(Self {
            url: url.unwrap_or_else(|| format!("http://{}", settings.http.listen)),
            access: Access::new(store.clone(), settings.access, None),
            store,
            actor: Actor::on_command_line(),
        })
    }

    async fn link(&self, name: &str) -> Result<String, Exit> {
        let (link, _) = self.access.invite(&self.actor, name).await?;
        Ok(format!("{}{link}", self.url.trim_end_matches('/')))
    }
}

pub(super) async fn user(command: User) -> Result<(), Exit> {
    match command {
        User::Add {
            config,
            name,
            display_name,
            role,
            system,
            password_stdin,
            json: as_json,
        } => {
            let desk = Desk::open(&config).await?;
            let new = NewAccount {
                name,
                display_name,
                role,
                systems: some(system),
                language: None,
                password: password_stdin.then(read_password).transpose()?,
                subject: None,
            };
            let account = desk.access.add_account(&desk.actor, new).await?;
            let link = match password_stdin {
                true => None,
                false => Some(desk.link(&account.name).await?),
            };
            if as_json {
                return output::json(
                    &json!({ "user": account.name, "role": account.role, "link": link }),
                );
            }
            output::talk(&format!("{} may sign in as {}", account.name, account.role));
            tell_link(link);
            Ok(())
        }
        User::List { config, json } => list_users(&config, json).await,
        User::Disable { config, name, undo } => {
            let change = AccountChange {
                disabled: Some(!undo),
                ..AccountChange::default()
            };
            let said = if undo {
                "may sign in again"
            } else {
                "may not sign in any more"
            };
            alter(&config, &name, change, said).await
        }
        User::Password {
            config,
            name,
            password_stdin,
        } => {
            let desk = Desk::open(&config).await?;
            if !password_stdin {
                tell_link(Some(desk.link(&name).await?));
                return Ok(());
            }
            let password = read_password()?;
            desk.access
                .set_password(&desk.actor, &name, &password)
                .await?;
            output::talk(&format!(
                "the password of {name} is set; its sessions have ended"
            ));
            Ok(())
        }
        User::Role {
            config,
            name,
            role,
            system,
        } => {
            let change = AccountChange {
                role: Some(role),
                systems: Some(some(system)),
                ..AccountChange::default()
            };
            alter(&config, &name, change, &format!("is {role}")).await
        }
    }
}

async fn alter(config: &Config, name: &str, change: AccountChange, said: &str) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    desk.access.alter_account(&desk.actor, name, change).await?;
    output::talk(&format!("{name} {said}"));
    Ok(())
}

async fn list_users(config: &Config, as_json: bool) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    let accounts = desk.store.accounts().await?;
    if as_json {
        return accounts.iter().try_for_each(|account| {
            output::json(&json!({
                "user": account.name, "display_name": account.display_name, "role": account.role,
                "systems": account.systems, "disabled": account.disabled,
                "signed_in_at": account.signed_in_at,
            }))
        });
    }
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|account| {
            vec![
                account.name.clone(),
                account.display_name.clone(),
                account.role.to_string(),
                listed(account.systems.as_deref()),
                if account.disabled { "no" } else { "yes" }.to_owned(),
                account
                    .signed_in_at
                    .map_or_else(String::new, |at| at.to_string()),
            ]
        })
        .collect();
    let header = [
        "user",
        "called",
        "role",
        "systems",
        "may sign in",
        "last signed in",
    ];
    output::table(&header, &rows);
    Ok(())
}

pub(super) async fn token(command: Token) -> Result<(), Exit> {
    match command {
        Token::Create {
            config,
            name,
            role,
            system,
            scope,
            days,
        } => {
            let desk = Desk::open(&config).await?;
            let new = NewToken {
                name,
                role,
                systems: some(system),
                scopes: some(scope),
                expires_at: days.map(in_days),
            };
            let (token, secret) = desk.access.create_token(&desk.actor, new).await?;
            output::talk(&format!(
                "{} is a token of role {}; it is shown this once",
                token.name, token.role
            ));
            output::data(&secret);
            Ok(())
        }
        Token::List { config, json } => list_tokens(&config, json).await,
        Token::Revoke { config, name } => {
            let desk = Desk::open(&config).await?;
            let tokens = desk.store.api_tokens().await?;
            let token = tokens.into_iter().find(|token| token.name == name);
            let token = token.ok_or_else(|| Exit::runtime(format!("no token `{name}`")))?;
            desk.access.revoke_token(&desk.actor, token.id).await?;
            output::talk(&format!("{name} is good for nothing any more"));
            Ok(())
        }
    }
}

async fn list_tokens(config: &Config, as_json: bool) -> Result<(), Exit> {
    let desk = Desk::open(config).await?;
    let tokens = desk.store.api_tokens().await?;
    if as_json {
        return tokens.iter().try_for_each(|token| {
            output::json(&json!({
                "id": token.id, "name": token.name, "role": token.role, "systems": token.systems,
                "scopes": token.scopes, "created_by": token.created_by, "created_at": token.created_at,
                "expires_at": token.expires_at, "used_at": token.used_at, "revoked_at": token.revoked_at,
            }))
        });
    }
    let moment =
        |at: Option<tenon_core::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let rows: Vec<Vec<String>> = tokens
        .iter()
        .map(|token| {
            vec![
                token.name.clone(),
                token.role.to_string(),
                listed(token.systems.as_deref()),
                listed(token.scopes.as_deref()),
                token.created_by.clone(),
                moment(token.used_at),
                moment(token.expires_at),
                moment(token.revoked_at),
            ]
        })
        .collect();
    let header = [
        "token",
        "role",
        "systems",
        "scopes",
        "made by",
        "last shown",
        "ends",
        "revoked",
    ];
    output::table(&header, &rows);
    Ok(())
}

pub(super) async fn audit(command: Audit) -> Result<(), Exit> {
    match command {
        Audit::Verify {
            config,
            head: noted,
            json: as_json,
        } => {
            let noted = noted.as_deref().map(head).transpose()?;
            let desk = Desk::open(&config).await?;
            let check = desk
                .access
                .check_trail(None, u64::MAX, noted.as_ref())
                .await?;
            let (position, hash) = &check.head;
            if as_json {
                output::json(&json!({
                    "entries": check.entries, "head": format!("{position}:{hash}"), "broken": check.broken,
                }))?;
            } else {
                output::data(&format!(
                    "{} entries hold; the head is {position}:{hash}",
                    check.entries
                ));
            }
            match check.broken {
                None => Ok(()),
                Some(broken) => Err(Exit::runtime(format!(
                    "the trail was tampered with at entry {}: {}",
                    broken.position, broken.reason
                ))),
            }
        }
        Audit::Export { config, format } => {
            let desk = Desk::open(&config).await?;
            let mut after = 0;
            loop {
                let page = desk.store.audit_after(after, PAGE).await?;
                let text = match format {
                    TrailFormat::Csv => csv_of(&page, after == 0),
                    TrailFormat::Ndjson => ndjson_of(&page, after == 0),
                };
                for line in String::from_utf8_lossy(&text).lines() {
                    output::data(line);
                }
                match page.last() {
                    Some(last) => after = last.position,
                    None => return Ok(()),
                }
            }
        }
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn listed<T: ToString>(items: Option<&[T]>) -> String {
    match items {
        None => "all".to_owned(),
        Some(items) => {
            let items: Vec<String> = items.iter().map(T::to_string).collect();
            items.join(", ")
        }
    }
}

fn tell_link(link: Option<String>) {
    if let Some(link) = link {
        output::talk("a password is chosen, once and within a day, at");
        output::data(&link);
    }
}

/// The first line of standard input.
fn read_password() -> Result<String, Exit> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    match password.is_empty() {
        true => Err(Exit::runtime("standard input holds no password")),
        false => Ok(password),
    }
}
