//! The running hub, asked over HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::cli::RunningHub;
use crate::exit::Exit;
use crate::settings::Settings;

/// The longest that a hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a hub answered: its status and its document.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) document: Value,
}

impl Answered {
    /// The document of a fulfilled request; else what it said, as a script is told it.
    pub(super) fn fulfilled(self) -> Result<Value, Exit> {
        let detail = || {
            let detail = self.document["detail"].as_str();
            detail.map_or_else(
                || format!("the hub answered {}", self.status),
                str::to_owned,
            )
        };
        match self.status {
            200..300 => Ok(self.document),
            422 => {
                crate::output::talk(&detail());
                Err(Exit::Problems)
            }
            409 | 502..505 => Err(Exit::environment(detail())),
            401 | 403 => Err(Exit::runtime(format!(
                "{}; show a token that may do so with --token or TENON_TOKEN",
                detail()
            ))),
            _ => Err(Exit::runtime(detail())),
        }
    }
}

/// Asks the hub; `prepare` adds query or body.
pub(super) async fn ask(
    hub: &RunningHub,
    method: Method,
    path: &str,
    prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<Answered, Exit> {
    let settings = Settings::load(&hub.config.config).map_err(|found| Exit::problems(&found))?;
    let url = hub.url.clone().unwrap_or_else(|| {
        let mut listen = settings.http.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{listen}")
    });
    let token = match (&hub.token, &settings.http.token) {
        (Some(token), _) => Some(token.clone()),
        (None, Some(token)) => {
            let token = token.reveal();
            let token = token.map_err(|error| Exit::environment(error.to_string()))?;
            Some(token.expose_secret().to_owned())
        }
        (None, None) => None,
    };
    let unreachable = |error: reqwest::Error| {
        Exit::environment(format!("the hub at {url} does not answer: {error}"))
    };
    let client = Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(unreachable)?;
    let mut request = client.request(method, format!("{}{path}", url.trim_end_matches('/')));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = prepare(request).send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let text = response.text().await.map_err(unreachable)?;
    Ok(Answered {
        status,
        document: serde_json::from_str(&text).unwrap_or(Value::Null),
    })
}
