//! What a caller is told when something does not work.

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{self, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenon_core::{Failure, FailureKind};
use tenon_store::StoreError;
use utoipa::ToSchema;

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({ "status": 404, "code": "message.unknown", "title": "Not Found",
    "detail": "no message `0198f3a4`" }))]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable, for programs: `message.unknown`.
    pub code: String,
    /// In a few words.
    pub title: String,
    /// What happened and what to do.
    pub detail: String,
    /// After how many seconds to try again; told in the header of that name.
    #[serde(skip)]
    #[schema(ignore)]
    pub retry_after: Option<u64>,
}

/// The code of a problem, beside the answer that tells it.
#[derive(Debug, Clone)]
pub(crate) struct Code(pub(crate) String);

impl Problem {
    /// A problem with its parts.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code: code.to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Nobody is signed in, and no token was shown.
    pub(crate) fn not_signed_in() -> Self {
        let detail = "sign in, or show a token as `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "access.required", detail)
    }

    /// A session that was signed out, has expired, or never was.
    pub(crate) fn session_ended() -> Self {
        let detail = "the session has ended; sign in again";
        Self::new(StatusCode::UNAUTHORIZED, "access.ended", detail)
    }

    /// A token that is good for nothing.
    pub(crate) fn bad_token(reason: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "access.token", reason)
    }

    /// A request that may come from another site's page in the person's browser.
    pub(crate) fn forged(reason: &str) -> Self {
        let detail = format!("a session changes something only from the hub's own pages: {reason}");
        Self::new(StatusCode::FORBIDDEN, "access.forged", detail)
    }

    /// The caller of a webhook did not prove itself.
    pub(crate) fn unauthorised(failure: &Failure) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "webhook.refused",
            failure.detail.clone(),
        )
    }

    /// Tells after how many seconds to try again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown", what)
    }

    pub(crate) fn bug(what: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", what)
    }

    pub(crate) fn bad_request(what: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.invalid", what)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, content_type, body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            // Not `Basic`: no browser shall ask for a password of its own.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"tenon\""),
            );
        }
        response.extensions_mut().insert(Code(self.code));
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, "store", error.to_string())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = match failure.kind {
            FailureKind::Invalid => StatusCode::BAD_REQUEST,
            FailureKind::Transient => StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::Configuration | FailureKind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, &failure.code, failure.detail)
    }
}

/// Reads a query into a `T`; what does not fit is answered by a problem document.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// Reads what a path names into a `T`; what does not fit is answered by a problem document.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|extract::Path(named)| Self(named))
            .map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// Reads a body of JSON into a `T`; what does not fit is answered by a problem document.
pub(crate) struct Told<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(told) = Json::<T>::from_request(request, state).await?;
        Ok(Self(told))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::BytesRejection(rejection) => rejection.into(),
            JsonRejection::MissingJsonContentType(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "request.media_type",
                "send JSON, and say so: `Content-Type: application/json`",
            ),
            other => Self::bad_request(other.body_text()),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "request.too_large",
            _ => "request.invalid",
        };
        Self::new(rejection.status(), code, rejection.body_text())
    }
}

/// Answers a method that a route does not take.
pub(crate) async fn not_allowed(method: axum::http::Method, uri: axum::http::Uri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail)
}

/// Answers what no route takes.
pub(crate) async fn not_found(uri: axum::http::Uri) -> Problem {
    Problem::not_found(format!("nothing is served at {}", uri.path()))
}
