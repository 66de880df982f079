//! Whether a webhook's caller is who it says, and what it says: tokens and signatures, compared in
//! constant time, and the sealed calls of the platforms for approvals.

mod sealed;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tenon_core::{Failure, Timestamp};

pub use sealed::{Form, Seal};

use crate::{Secret, WebhookAuth};

/// A call as it came.
pub struct Call<'c> {
    /// The parameters of the query, decoded.
    pub query: &'c [(String, String)],
    /// Looks a header up by its name in lower case.
    pub header: &'c dyn Fn(&str) -> Option<&'c str>,
    /// The body; none when an address is only tried by GET.
    pub body: Option<&'c Bytes>,
}

/// What a call is, once its caller has proved itself.
#[derive(Debug)]
pub enum Opened {
    /// The address is tried, and there is nothing to take: this is what it wants to hear.
    Tried(Reply),
    /// It tells something.
    Said(Said),
}

/// What a caller tells.
#[derive(Debug)]
pub struct Said {
    /// A record in JSON, or an array of them.
    pub body: Bytes,
    /// What makes a second telling of the same event recognisable, if the scheme has it.
    pub event_id: Option<String>,
    /// What the caller wants to hear once it is taken; as the hub's own calls unless given.
    pub reply: Option<Reply>,
}

/// An answer in the caller's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Opens a call to a webhook: nothing of it is read as anything before its caller knows the secret.
///
/// The time taken does not depend on how much of a wrong token or signature is right.
///
/// # Errors
/// `Configuration` `webhook.refused` when the caller does not prove itself, and `webhook.secret` when
/// our own secret cannot be read; `Invalid` `webhook.tried` when an address is tried by GET that has
/// no such trial.
pub fn open(auth: &WebhookAuth, call: &Call<'_>, now: Timestamp) -> Result<Opened, Failure> {
    if let WebhookAuth::Sealed(seal) = auth {
        return seal.open(call, now);
    }
    let Some(body) = call.body else {
        return Err(Failure::invalid(
            "webhook.tried",
            "a webhook is called by POST",
        ));
    };
    verify(auth, call.header, body)?;
    Ok(Opened::Said(Said {
        body: body.clone(),
        event_id: None,
        reply: None,
    }))
}

fn verify<'h>(
    auth: &WebhookAuth,
    header: &'h dyn Fn(&str) -> Option<&'h str>,
    body: &[u8],
) -> Result<(), Failure> {
    match auth {
        WebhookAuth::Sealed(_) => Err(Failure::bug("webhook.sealed", "a sealed call is opened")),
        WebhookAuth::Token {
            header: name,
            token,
        } => {
            let given = presented(name, header)?;
            let given = match name.eq_ignore_ascii_case("authorization") {
                true => bearer(given).ok_or_else(|| refused("is no Bearer token", name))?,
                false => given,
            };
            match same(given, reveal(token)?.expose_secret()) {
                true => Ok(()),
                false => Err(refused("holds another token", name)),
            }
        }
        WebhookAuth::Hmac {
            header: name,
            secret,
        } => {
            let given = presented(name, header)?;
            let digits = given.strip_prefix("sha256=").unwrap_or(given);
            let signature =
                hex::decode(digits).map_err(|_| refused("is no signature in hexadecimal", name))?;
            let secret = reveal(secret)?;
            let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
                .map_err(|error| Failure::bug("webhook.secret", format!("hmac: {error}")))?;
            hmac.update(body);
            // `verify_slice` compares in constant time.
            hmac.verify_slice(&signature)
                .map_err(|_| refused("does not sign this body", name))
        }
    }
}

/// Whether two texts are the same, by digests of one length, so that not even a length shows.
fn same(left: &str, right: &str) -> bool {
    let (left, right) = (Sha256::digest(left), Sha256::digest(right));
    let different = left.iter().zip(right.iter());
    different.fold(0, |sum, (left, right)| sum | (left ^ right)) == 0
}

fn presented<'h>(
    name: &str,
    header: &'h dyn Fn(&str) -> Option<&'h str>,
) -> Result<&'h str, Failure> {
    let value = header(&name.to_ascii_lowercase()).map(str::trim);
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| refused("is missing", name))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn reveal(secret: &Secret) -> Result<secrecy::SecretString, Failure> {
    let revealed = secret
        .reveal()
        .map_err(|problem| Failure::configuration("webhook.secret", problem.to_string()))?;
    if revealed.expose_secret().is_empty() {
        return Err(Failure::configuration(
            "webhook.secret",
            "the webhook's secret is empty, which would let everybody in",
        ));
    }
    Ok(revealed)
}

fn refused(what: &str, name: &str) -> Failure {
    Failure::configuration("webhook.refused", format!("header `{name}` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(auth: &WebhookAuth, headers: &[(&str, &str)], body: &str, expected: Result<(), &str>) {
        let lookup = |name: &str| {
            headers
                .iter()
                .find(|(header, _)| *header == name)
                .map(|(_, value)| *value)
        };
        match (verify(auth, &lookup, body.as_bytes()), expected) {
            (Ok(()), Ok(())) => {}
            (Err(found), Err(expected)) => {
                assert!(found.detail.contains(expected), "{found}");
                assert!(!found.detail.contains("sesame"), "{found}");
            }
            (found, _) => panic!("{headers:?}: {found:?}"),
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    #[test]
    fn tokens_are_compared_whole() {
        let token = |header: &str| WebhookAuth::Token {
            header: header.to_owned(),
            token: secret("sesame"),
        };
        let authorization = token("Authorization");
        check(
            &authorization,
            &[("authorization", "Bearer sesame")],
            "",
            Ok(()),
        );
        check(
            &authorization,
            &[("authorization", "bearer sesame ")],
            "",
            Ok(()),
        );
        check(
            &authorization,
            &[("authorization", "sesame")],
            "",
            Err("no Bearer"),
        );
        check(
            &authorization,
            &[("authorization", "Bearer sesam")],
            "",
            Err("another token"),
        );
        check(
            &authorization,
            &[("authorization", "Bearer sesamesesame")],
            "",
            Err("another token"),
        );
        check(&authorization, &[], "", Err("missing"));
        let own = token("X-Token");
        check(&own, &[("x-token", "sesame")], "", Ok(()));
        check(&own, &[("x-token", "")], "", Err("missing"));
    }

    #[test]
    fn signatures_cover_the_body() {
        let auth = WebhookAuth::Hmac {
            header: "X-Hub-Signature-256".to_owned(),
            secret: secret("It's a Secret to Everybody"),
        };
        // The example that a well-known provider of webhooks publishes for checking signatures.
        let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let name = "x-hub-signature-256";
        let prefixed = format!("sha256={digits}");
        check(&auth, &[(name, &prefixed)], "Hello, World!", Ok(()));
        check(&auth, &[(name, digits)], "Hello, World!", Ok(()));
        check(
            &auth,
            &[(name, &digits.to_uppercase())],
            "Hello, World!",
            Ok(()),
        );
        check(
            &auth,
            &[(name, digits)],
            "Hello, World",
            Err("does not sign"),
        );
        check(
            &auth,
            &[(name, &digits[2..])],
            "Hello, World!",
            Err("does not sign"),
        );
        check(&auth, &[(name, "zz")], "Hello, World!", Err("hexadecimal"));
    }

    #[test]
    fn a_secret_that_is_not_there_lets_nobody_in() {
        let unset = WebhookAuth::Token {
            header: "x-token".to_owned(),
            token: secret("${env:TENON_NO_SUCH_VARIABLE}"),
        };
        check(
            &unset,
            &[("x-token", "x")],
            "",
            Err("TENON_NO_SUCH_VARIABLE"),
        );
        let empty = WebhookAuth::Token {
            header: "x-token".to_owned(),
            token: secret(""),
        };
        check(&empty, &[("x-token", "x")], "", Err("empty"));
    }
}
