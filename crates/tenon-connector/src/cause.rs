//! From what a library reports to the four kinds of failure.

use std::time::Duration;

use tenon_core::Failure;

/// The failure that an HTTP status means; `None` for success.
///
/// 408, 425, 429 and 5xx are transient, 401, 403, 404, 405, 407 and redirects are configuration, other
/// 4xx (400, 409, 413, 422 …) are the message's own. `excerpt` is the beginning of the body.
pub fn from_http_status(
    status: u16,
    url: &str,
    excerpt: &str,
    retry_after: Option<Duration>,
) -> Option<Failure> {
    let detail = |advice: &str| {
        let said = if excerpt.is_empty() {
            String::new()
        } else {
            format!(": {excerpt}")
        };
        format!("{url} answered {status}{said}{advice}")
    };
    let failure = match status {
        200..=299 => return None,
        408 | 425 | 429 | 500..=599 => Failure::transient("http.status", detail("")),
        401 | 403 | 407 => Failure::configuration(
            "http.refused",
            detail("; check the credentials and their rights in the target"),
        ),
        300..=399 | 404 | 405 | 410 => Failure::configuration(
            "http.address",
            detail("; check the url in the connector file"),
        ),
        _ => Failure::invalid("http.rejected", detail("")),
    };
    Some(match retry_after {
        Some(wait) => failure.retry_after(wait),
        None => failure,
    })
}

/// The failure that an input or output error means, while `doing` something with a path or peer.
pub fn from_io(error: &std::io::Error, doing: &str) -> Failure {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let detail = format!("{doing}: {error}");
    match error.kind() {
        NotFound | NotADirectory | PermissionDenied | ReadOnlyFilesystem => {
            Failure::configuration("io.access", detail)
        }
        _ => Failure::transient("io.failed", detail),
    }
}
