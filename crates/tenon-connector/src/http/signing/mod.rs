//! Requests that are signed one by one, by schemes that a session cannot stand for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Url};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use tenon_core::{Failure, Timestamp};

use super::plan::header_value;

/// What Kingdee's published SDK lays over the secret half of an app's id.
const KINGDEE_MASK: &[u8] = b"0054f397c6234378b09ca7d3e5debce7";

/// A scheme of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scheme {
    /// Kingdee K/3 Cloud's, for apps that the administrator has authorised.
    Kingdee,
}

/// What requests are signed with.
pub(super) struct Signing {
    app_id: String,
    client_id: String,
    client_secret: String,
    app_secret: SecretString,
    /// Whose records are meant: account, user, language, organisation.
    about: String,
}

impl Signing {
    /// A signing with these secrets.
    ///
    /// # Errors
    /// `Configuration` when the app's id is none.
    pub(super) fn new(
        app_id: &SecretString,
        app_secret: SecretString,
        about: String,
    ) -> Result<Self, Failure> {
        let app_id = app_id.expose_secret().trim();
        let halves = app_id.split_once('_');
        let (client_id, masked) = halves
            .and_then(|(id, masked)| Some((id, STANDARD.decode(masked).ok()?)))
            .filter(|(_, masked)| masked.len() == 24)
            .ok_or_else(|| {
                Failure::configuration(
                    "http.secret",
                    "`auth.app_id` is no id of an app: digits, `_` and 32 characters, as the \
                     administration of Kingdee shows it",
                )
            })?;
        let open: Vec<u8> = masked
            .iter()
            .zip(KINGDEE_MASK)
            .map(|(byte, mask)| byte ^ mask)
            .collect();
        Ok(Self {
            app_id: app_id.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: STANDARD.encode(open),
            app_secret,
            about,
        })
    }

    /// The headers that sign a request which is sent now.
    pub(super) fn headers(
        &self,
        method: &Method,
        url: &Url,
        now: Timestamp,
        nonce: &str,
    ) -> Result<HeaderMap, Failure> {
        let now = now.as_second().to_string();
        let path = url.path().replace('/', "%2F");
        let request = format!("{method}\n{path}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{now}\n");
        let whose = format!("{}{}", self.app_id, self.about);
        let all = [
            ("x-api-clientid", self.client_id.clone()),
            ("x-api-auth-version", "2.0".to_owned()),
            ("x-api-timestamp", now),
            ("x-api-nonce", nonce.to_owned()),
            (
                "x-api-signheaders",
                "x-api-timestamp,x-api-nonce".to_owned(),
            ),
            ("x-api-signature", signature(&self.client_secret, &request)?),
            ("x-kd-appkey", self.app_id.clone()),
            ("x-kd-appdata", STANDARD.encode(&self.about)),
            (
                "x-kd-signature",
                signature(self.app_secret.expose_secret(), &whose)?,
            ),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            let value = header_value(&value).ok_or_else(|| {
                Failure::configuration("http.secret", format!("header `{name}` cannot carry it"))
            })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }
}

/// Base64 of the hexadecimal digits of an HMAC.
fn signature(key: &str, text: &str) -> Result<String, Failure> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|error| Failure::bug("http.sign", format!("hmac: {error}")))?;
    hmac.update(text.as_bytes());
    Ok(STANDARD.encode(hex::encode(hmac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// `kingdee.py` says how these were made, with Kingdee's own SDK.
    #[test]
    fn headers_are_those_of_kingdees_own_sdk() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("kingdee.json")).unwrap();
        assert_eq!(vectors.len(), 2);
        for vector in &vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let about = format!(
                "{},{},2052,{}",
                text("account"),
                text("user"),
                vector["organization"]
            );
            let secret = |name: &str| SecretString::from(text(name));
            let signing = Signing::new(&secret("app_id"), secret("app_secret"), about).unwrap();
            let now = Timestamp::from_second(vector["time"].as_i64().unwrap()).unwrap();
            let url = text("url").parse().unwrap();
            let made = signing
                .headers(&Method::POST, &url, now, "1772330400")
                .unwrap();
            let expected = vector["headers"].as_object().unwrap();
            assert_eq!(made.len(), expected.len());
            for (name, value) in expected {
                assert_eq!(made[name.as_str()].to_str().unwrap(), value, "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_id_of_an_app_is_told() {
        for id in ["218464", "218464_short", "218464_&&&&"] {
            let made = Signing::new(&id.into(), "secret".into(), String::new());
            assert!(
                made.is_err_and(|failure| failure.detail.contains("auth.app_id")),
                "{id}"
            );
        }
    }
}
