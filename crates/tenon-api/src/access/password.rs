//! Passwords: argon2id, computed beside the threads that serve, few at once.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::http::StatusCode;
use tenon_core::Failure;
use tokio::sync::Semaphore;

use crate::Problem;

/// The fewest characters of a password.
const FEWEST: usize = 10;
/// The most bytes; argon2 would take more, and only an attacker sends it.
const MOST: usize = 256;
/// How many are computed at once: each takes 19 MiB and some ten milliseconds of a processor.
const AT_ONCE: usize = 2;
/// How many may wait for that; more are told to come again.
const WAITING: usize = 64;

/// What is verified where there is no password, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    dGVub24tbm9ib2R5LXNhbHQ$0000000000000000000000000000000000000000000";

/// Hashes and verifies.
pub(super) struct Passwords {
    at_once: Semaphore,
    waiting: Semaphore,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Self {
            at_once: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// The hash of a password that somebody chose.
    ///
    /// # Errors
    /// 400 `password.weak` when it is too short, too long, or holds the account's name.
    pub(super) async fn hash(&self, account: &str, password: &str) -> Result<String, Problem> {
        judge(account, password)?;
        let password = password.to_owned();
        self.compute(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| Failure::bug("password.hash", error.to_string()).into())
    }

    /// Whether it is the password; takes its time also where there is none.
    pub(super) async fn verify(&self, hash: Option<&str>, given: &str) -> Result<bool, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let given: String = match given.len() > MOST {
            true => String::new(),
            false => given.to_owned(),
        };
        let verified = self
            .compute(move || {
                PasswordHash::new(&hash).is_ok_and(|hash| {
                    Argon2::default()
                        .verify_password(given.as_bytes(), &hash)
                        .is_ok()
                })
            })
            .await?;
        Ok(known && verified)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(_place) = self.waiting.try_acquire() else {
            let detail = "too many sign in at once; try again in a moment";
            let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "access.busy", detail);
            return Err(busy.retry_after(1));
        };
        // The semaphore is never closed.
        let _permit = self.at_once.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Failure::bug("password.panicked", error.to_string()).into())
    }
}

fn judge(account: &str, password: &str) -> Result<(), Problem> {
    let weak = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "password.weak", detail);
    if password.chars().count() < FEWEST {
        return Err(weak(format!("a password has at least {FEWEST} characters")));
    }
    if password.len() > MOST {
        return Err(weak(format!("a password has at most {MOST} bytes")));
    }
    let lower = password.to_lowercase();
    let alike = |character: char| password.chars().all(|other| other == character);
    if lower.contains(account) || password.chars().next().is_some_and(alike) {
        let detail = "a password does not hold the account's name, and more than one character";
        return Err(weak(detail.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_told_from_others_and_from_none() {
        let passwords = Passwords::new();
        let hash = passwords
            .hash("li.wei", "correct horse battery")
            .await
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let check = async |hash: Option<&str>, given: &str, expected: bool| {
            let verified = passwords.verify(hash, given).await.unwrap();
            assert_eq!(verified, expected, "{given}");
        };
        check(Some(&hash), "correct horse battery", true).await;
        check(Some(&hash), "correct horse batterx", false).await;
        check(Some(&hash), &"x".repeat(MOST + 1), false).await;
        check(Some("no hash"), "correct horse battery", false).await;
        check(None, "correct horse battery", false).await;
        // What stands for nobody is a hash that is really computed.
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn weak_passwords_are_refused() {
        let check = |password: &str, fine: bool| {
            assert_eq!(judge("li.wei", password).is_ok(), fine, "{password}");
        };
        check("correct horse", true);
        check("密码要长一点才安全呢吧", true);
        check("short", false);
        check("my-Li.Wei-password", false);
        check("aaaaaaaaaaaaaaa", false);
        check(&"ab".repeat(200), false);
    }
}
