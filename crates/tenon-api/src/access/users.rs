//! Accounts, for who says who may what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use tenon_core::{SystemName, Timestamp};
use tenon_store::{Account, Role};
use utoipa::ToSchema;

use super::{AccountChange, NewAccount, Note, Principal};
use crate::problem::{Path, Told};
use crate::{Api, Problem};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "user": "li.wei", "display_name": "李伟", "role": "operator", "systems": ["erp"],
    "language": "zh", "disabled": false, "password": true, "single_sign_on": false,
    "created_at": "2026-11-26T08:00:00Z", "changed_at": "2026-11-26T08:00:00Z", "signed_in_at": null }))]
pub(crate) struct User {
    /// What the person signs in with.
    user: String,
    /// What others call the person.
    display_name: String,
    /// `viewer`, `operator`, `steward`, `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// The only systems that the person may touch; null for all.
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Vec<SystemName>>,
    /// The language of the person's console.
    language: Option<String>,
    /// Whether the person may not sign in any more.
    disabled: bool,
    /// Whether the person has a password here.
    password: bool,
    /// Whether the person signs on at the provider.
    single_sign_on: bool,
    /// When it was made.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String)]
    changed_at: Timestamp,
    /// When the person last signed in.
    #[schema(value_type = Option<String>)]
    signed_in_at: Option<Timestamp>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            user: account.name,
            display_name: account.display_name,
            role: account.role,
            systems: account.systems,
            language: account.language,
            disabled: account.disabled,
            password: account.password.is_some(),
            single_sign_on: account.subject.is_some(),
            created_at: account.created_at,
            changed_at: account.changed_at,
            signed_in_at: account.signed_in_at,
        }
    }
}

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Users {
    /// By name.
    items: Vec<User>,
}

/// An account that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user": "li.wei", "display_name": "李伟", "role": "operator", "systems": ["erp"] }))]
pub(crate) struct AddUser {
    /// What the person signs in with: a-z, 0-9 and `._-@+`.
    user: String,
    /// What others call the person.
    #[serde(default)]
    display_name: Option<String>,
    /// `viewer`, `operator`, `steward`, `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// The only systems that the person may touch.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Vec<SystemName>>,
    /// The language of the person's console: `zh`, `en`.
    #[serde(default)]
    language: Option<String>,
    /// A first password; without one the answer holds a one-time link for the person.
    #[serde(default)]
    password: Option<String>,
}

/// An account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedUser {
    /// The account.
    #[serde(flatten)]
    user: User,
    /// Where the person chooses a password, behind the hub's address; good for a day, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// What is to be changed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "steward", "systems": null }))]
pub(crate) struct AlterUser {
    /// What others call the person.
    #[serde(default)]
    display_name: Option<String>,
    /// `viewer`, `operator`, `steward`, `administrator`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// The only systems that the person may touch; null for all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Option<Vec<SystemName>>>,
    /// The language of the person's console; null for the browser's.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    /// Whether the person may not sign in any more; sessions end at once.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Tells null from absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A one-time link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "link": "/password#q0Vt…", "expires_at": "2026-11-27T08:00:00Z" }))]
pub(crate) struct Link {
    /// What follows the hub's address.
    link: String,
    /// Until when it is good.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

/// All accounts, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses(
    (status = 200, description = "the accounts", body = Users)))]
pub(crate) async fn users(State(api): State<Api>) -> Result<Json<Users>, Problem> {
    let accounts = api.access.store().accounts().await?;
    let items = accounts.into_iter().map(User::from).collect();
    Ok(Json(Users { items }))
}

/// Makes an account. Without a password the answer holds a one-time link for the person.
#[utoipa::path(post, path = "/api/v1/users", tag = "access", request_body = AddUser, responses(
    (status = 201, description = "made", body = AddedUser), (status = 400, description = "something does not fit", body = Problem), (status = 409, description = "the name is taken", body = Problem)))]
pub(crate) async fn add_user(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(new): Told<AddUser>,
) -> Result<(StatusCode, Json<AddedUser>), Problem> {
    note.subject(new.user.clone());
    let actor = principal.actor();
    let invited = new.password.is_none();
    let new = NewAccount {
        name: new.user,
        display_name: new.display_name,
        role: new.role,
        systems: new.systems,
        language: new.language,
        password: new.password,
        subject: None,
    };
    let account = api.access.add_account(&actor, new).await?;
    note.written();
    let link = match invited {
        true => Some(api.access.invite(&actor, &account.name).await?.0),
        false => None,
    };
    let user = account.into();
    Ok((StatusCode::CREATED, Json(AddedUser { user, link })))
}

/// Changes an account. Its sessions end when it is disabled, or may do something else than before.
#[utoipa::path(patch, path = "/api/v1/users/{user}", tag = "access", request_body = AlterUser,
    params(("user" = String, Path, description = "the account's name")), responses(
    (status = 200, description = "as it is now", body = User), (status = 400, description = "something does not fit", body = Problem), (status = 404, description = "no such account", body = Problem), (status = 409, description = "no administrator would be left", body = Problem)))]
pub(crate) async fn alter_user(
    State(api): State<Api>,
    Path(user): Path<String>,
    principal: Principal,
    note: Note,
    Told(change): Told<AlterUser>,
) -> Result<Json<User>, Problem> {
    note.subject(user.clone());
    let change = AccountChange {
        display_name: change.display_name,
        role: change.role,
        systems: change.systems,
        language: change.language,
        disabled: change.disabled,
    };
    let actor = principal.actor();
    let account = api.access.alter_account(&actor, &user, change).await?;
    note.written();
    Ok(Json(account.into()))
}

/// A one-time link by which a person chooses a new password.
#[utoipa::path(post, path = "/api/v1/users/{user}/link", tag = "access",
    params(("user" = String, Path, description = "the account's name")), responses(
    (status = 201, description = "the link, shown this once", body = Link), (status = 404, description = "no such account", body = Problem)))]
pub(crate) async fn link(
    State(api): State<Api>,
    Path(user): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<(StatusCode, Json<Link>), Problem> {
    note.subject(user.clone());
    let (link, expires_at) = api.access.invite(&principal.actor(), &user).await?;
    note.written();
    Ok((StatusCode::CREATED, Json(Link { link, expires_at })))
}
