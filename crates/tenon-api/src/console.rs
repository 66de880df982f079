//! The console: what `make ui` built from `ui/`, embedded in the binary.
//!
//! Every address that nothing else serves and that a browser asks for leads to the console's one
//! page; its own router does the rest. A binary that was built without Node has no console, and says
//! so with the addresses of the API. What the page may load is said in one policy, which lets no
//! script run but the console's own files; styles need the page's nonce, but for the `style`
//! attributes in which charts and tables keep sizes and positions.

use std::borrow::Cow;

use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use uuid::Uuid;

use crate::problem;

/// What the build wrote; nothing, where it was not run.
#[derive(RustEmbed)]
#[folder = "console/app/"]
#[allow_missing = true]
struct Built;

/// Says how to get the console, and what there is without it.
const STUB: &str = include_str!("../console/stub.html");

/// Stands in the page wherever its nonce is to be.
const NONCE: &str = "{{nonce}}";

/// Addresses of the API: what is not found there is no page.
const API: [&str; 8] = [
    "/asyncapi.json",
    "/api/",
    "/auth/",
    "/in/",
    "/health/",
    "/metrics",
    "/openapi.json",
    "/reconcile",
];

/// Serves the console's files and, to a browser that asks for any other address, its page.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let readable = method == Method::GET || method == Method::HEAD;
    if !readable || API.iter().any(|prefix| path.starts_with(prefix)) {
        return problem::not_found(uri).await.into_response();
    }
    let name = path.trim_start_matches('/');
    if name != "index.html"
        && let Some(file) = Built::get(name)
    {
        return asset(name, &file, &headers);
    }
    let browser = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"));
    if name.is_empty() || browser {
        return page();
    }
    problem::not_found(uri).await.into_response()
}

/// A file of the build. Those under `assets` have a name of their own for each content.
fn asset(name: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let etag = hash[..16]
        .iter()
        .fold("\"".to_owned(), |tag, byte| format!("{tag}{byte:02x}"))
        + "\"";
    let known = headers.get(IF_NONE_MATCH).map(|known| known.as_bytes());
    if known == Some(etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response();
    }
    let lasting = match name.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let head = [
        (CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (CACHE_CONTROL, lasting.to_owned()),
        (ETAG, etag),
    ];
    (head, file.data.clone().into_owned()).into_response()
}

/// The console's one page, or the page that stands in for it.
fn page() -> Response {
    let text = match Built::get("index.html") {
        Some(file) => Cow::Owned(String::from_utf8_lossy(&file.data).into_owned()),
        None => Cow::Borrowed(STUB),
    };
    // Two, because some bits of each are the time and the version.
    let nonce = format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (CONTENT_SECURITY_POLICY, policy(&nonce)),
    ];
    (head, text.replace(NONCE, &nonce)).into_response()
}

/// What the page may do.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn get(path: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
        let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
        let answer = serve(Method::GET, path.parse().unwrap(), headers).await;
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (head.status, head.headers, text)
    }

    #[tokio::test]
    async fn any_address_leads_a_browser_to_the_page() {
        for path in ["/", "/flow", "/customers/CKMY", "/first"] {
            let (status, headers, text) = get(path, "text/html,*/*").await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(text.contains("Tenon"), "{text}");
        }
    }

    #[tokio::test]
    async fn no_address_of_the_api_and_no_missing_file_leads_to_it() {
        for (path, accept) in [
            ("/api/v1/nothing", "text/html"),
            ("/in/crm/nothing", "text/html"),
            ("/assets/gone.js", "*/*"),
            ("/../Cargo.toml", "*/*"),
        ] {
            let (status, _, text) = get(path, accept).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert!(text.contains("nothing is served"), "{text}");
        }
    }

    #[tokio::test]
    async fn the_page_runs_no_script_but_its_own_files_and_its_nonce_is_used_once() {
        let (_, first, text) = get("/", "text/html").await;
        let (_, second, _) = get("/", "text/html").await;
        let policy = first[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert_ne!(
            first[CONTENT_SECURITY_POLICY],
            second[CONTENT_SECURITY_POLICY]
        );
        assert!(!text.contains(NONCE), "{text}");
    }
}
