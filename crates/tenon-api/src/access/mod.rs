//! Who may what: accounts, sessions, tokens, and the one place that lets a request pass.
//!
//! [`rules`] is a table of every route with what it needs; [`guard`] applies it to every request and
//! writes the audit trail; a route without a rule stops the start. A person signs in with a password or
//! at a provider of single sign-on and has a session; a program shows a token. The token of `[http]` in
//! tenon.toml is an administrator's: for scripts, and for whoever runs the machine anyway.
//!
//! *Architecture invariant*: no handler looks at credentials. What it may know of the caller is the
//! [`Principal`]; what concerns one record's system it asks of [`Principal::check_system`].

mod desk;
mod guard;
mod password;
mod policy;
mod principal;
mod rules;
mod scopes;
mod secret;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod single_sign_on;
pub(crate) mod tokens;
pub(crate) mod trail;
pub(crate) mod users;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tenon_connector::Secret;
use tenon_store::SharedStore;

pub use desk::{AccountChange, Actor, NewAccount, NewToken, TrailCheck, head};
pub(crate) use guard::guard;
pub use policy::AccessPolicy;
pub(crate) use principal::{Note, Via};
pub use principal::{Permission, Principal};
pub(crate) use rules::{Rule, operations, unruled};
pub(crate) use scopes::scope_of;
pub use scopes::scopes;
pub(crate) use secret::OneTime;
pub use single_sign_on::{GroupRole, Provider};
pub use tokens::in_days;
pub use trail::{csv_of, ndjson_of};

use password::Passwords;
use single_sign_on::SingleSignOn;

/// Accounts, sessions, tokens and the trail, for the HTTP side and the command line. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Parts>);

struct Parts {
    store: SharedStore,
    policy: AccessPolicy,
    /// The token of `[http]`.
    configured: Option<Secret>,
    passwords: Passwords,
    /// How often each address may try to sign in.
    pace: DefaultKeyedRateLimiter<IpAddr>,
    single: Option<SingleSignOn>,
}

impl Access {
    /// Puts it together; nothing is read yet.
    pub fn new(store: SharedStore, policy: AccessPolicy, configured: Option<Secret>) -> Self {
        let single = match (&policy.oidc, &policy.url) {
            (Some(provider), Some(url)) => SingleSignOn::new(provider.clone(), url)
                .map_err(|failure| tracing::error!(%failure, "single sign-on is off"))
                .ok(),
            _ => None,
        };
        let pace = NonZeroU32::new(policy.sign_ins_per_minute).unwrap_or(NonZeroU32::MIN);
        Self(Arc::new(Parts {
            store,
            configured,
            passwords: Passwords::new(),
            pace: RateLimiter::keyed(Quota::per_minute(pace)),
            single,
            policy,
        }))
    }

    pub(crate) fn store(&self) -> &SharedStore {
        &self.0.store
    }

    fn single_sign_on(&self) -> Option<&SingleSignOn> {
        self.0.single.as_ref()
    }

    pub(crate) fn policy(&self) -> &AccessPolicy {
        &self.0.policy
    }
}
