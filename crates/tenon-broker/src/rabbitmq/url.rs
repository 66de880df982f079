//! Reads the broker's URLs.

use std::time::Duration;

use lapin::uri::AMQPUri;

use super::RabbitMqOptions;
use crate::BrokerError;

/// The largest frame that we ask for. lapin keeps buffers of 32 frames in each direction, so that
/// the server's default of 128 KiB would cost 16 MiB for two connections.
const FRAME_BYTES: u32 = 64 * 1024;

/// The nodes that `urls` names, in order, completed by `options`.
///
/// # Errors
/// `Refused`, without the URL itself, because it may hold a password.
pub(super) fn parse(urls: &str, options: &RabbitMqOptions) -> Result<Vec<AMQPUri>, BrokerError> {
    let mut nodes = Vec::new();
    for (index, text) in urls.split(',').map(str::trim).enumerate() {
        let mut node: AMQPUri = text.parse().map_err(|error| {
            BrokerError::Refused(format!("broker URL {} cannot be read: {error}", index + 1))
        })?;
        if let Some(address) = bracketed_host(text) {
            // The parser of lapin takes an IPv6 address for a missing host, that is, localhost.
            node.authority.host = address.to_owned();
        }
        if node.vhost.is_empty() {
            node.vhost = "/".to_owned();
        }
        node.query
            .heartbeat
            .get_or_insert(seconds(options.heartbeat));
        node.query.frame_max.get_or_insert(FRAME_BYTES);
        nodes.push(node);
    }
    Ok(nodes)
}

fn seconds(duration: Duration) -> u16 {
    u16::try_from(duration.as_secs().max(1)).unwrap_or(u16::MAX)
}

/// The IPv6 address of a URL whose host is one.
fn bracketed_host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    host.strip_prefix('[')?
        .split_once(']')
        .map(|(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(urls: &str, expected: &[(&str, u16, &str)]) {
        let nodes = parse(urls, &RabbitMqOptions::default()).unwrap();
        let found: Vec<_> = nodes
            .iter()
            .map(|node| {
                (
                    node.authority.host.as_str(),
                    node.authority.port,
                    node.vhost.as_str(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{urls}");
        assert!(nodes.iter().all(|node| node.query.heartbeat == Some(15)));
    }

    #[test]
    fn urls_name_hosts_and_virtual_hosts() {
        check(
            "amqp://guest:guest@127.0.0.1:5672/%2f",
            &[("127.0.0.1", 5672, "/")],
        );
        check("amqp://rabbit", &[("rabbit", 5672, "/")]);
        check("amqp://rabbit/", &[("rabbit", 5672, "/")]);
        check("amqps://rabbit/hub", &[("rabbit", 5671, "hub")]);
        check("amqp://u:p@[::1]:5673/hub", &[("::1", 5673, "hub")]);
        check(
            "amqp://a/hub, amqp://b:1/hub",
            &[("a", 5672, "hub"), ("b", 1, "hub")],
        );
    }

    #[test]
    fn an_unreadable_url_is_refused_without_its_password() {
        for urls in ["http://u:secret@rabbit/", "amqp://a,nonsense", ""] {
            let error = parse(urls, &RabbitMqOptions::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains("cannot be read"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
