//! `[access]` of tenon.toml.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use tenon_connector::Humane;

use super::Provider;

/// How people sign in, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessPolicy {
    /// Where people reach the hub, as their browsers see it: `https://tenon.example.com`. Needed behind a
    /// proxy that changes the host, and for single sign-on.
    pub url: Option<String>,
    /// A session that is not used for so long ends.
    pub idle: Humane,
    /// A session ends after so long, however much it is used.
    pub longest: Humane,
    /// After so many failures in a row nobody signs in under that name for a while.
    pub lock_after: u32,
    /// For how long.
    pub lock_for: Humane,
    /// How often one address may try to sign in.
    pub sign_ins_per_minute: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// A provider of single sign-on.
    pub oidc: Option<Provider>,
}

impl Default for AccessPolicy {
    fn default() -> Self {
        let hours = |hours: u64| Humane(Duration::from_secs(hours * 3600));
        Self {
            url: None,
            idle: hours(2),
            longest: hours(12),
            lock_after: 10,
            lock_for: Humane(Duration::from_secs(15 * 60)),
            sign_ins_per_minute: 30,
            trusted_proxies: Vec::new(),
            oidc: None,
        }
    }
}

impl AccessPolicy {
    /// What is wrong with values that fit their type: the key within `[access]`, and why.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.idle.0.is_zero() || self.longest.0 < self.idle.0 {
            let reason = "`longest` must be at least `idle`, and neither 0";
            problems.push(("longest", reason.to_owned()));
        }
        if self.lock_after == 0 || self.sign_ins_per_minute == 0 {
            let reason = "0 would let nobody sign in; write 1 or more";
            let key = match self.lock_after {
                0 => "lock_after",
                _ => "sign_ins_per_minute",
            };
            problems.push((key, reason.to_owned()));
        }
        if let Some(url) = &self.url
            && origin_of(url).is_none()
        {
            let reason = format!("`{url}` is no address such as \"https://tenon.example.com\"");
            problems.push(("url", reason));
        }
        if self.oidc.is_some() && self.url.is_none() {
            let reason =
                "single sign-on needs `url` under `[access]`: the provider sends people back there";
            problems.push(("oidc", reason.to_owned()));
        }
        problems
    }

    /// Scheme and host of [`Self::url`], as a browser's `Origin` has them.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.url.as_deref().and_then(origin_of)
    }
}

/// `https://host:port` of an address without a path.
fn origin_of(url: &str) -> Option<&str> {
    let origin = url.trim_end_matches('/');
    let (scheme, host) = origin.split_once("://")?;
    let plain = |character: char| character.is_ascii_alphanumeric() || ".:-[]".contains(character);
    (matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(plain))
        .then_some(origin)
}
