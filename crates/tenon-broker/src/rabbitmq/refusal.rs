//! Translates what lapin and the server say went wrong into the hub's own errors.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

use crate::BrokerError;

/// What an error of a connection or channel means when no queue is concerned.
pub(super) fn of(error: &lapin::Error) -> BrokerError {
    match refusal(error) {
        Some(text) => BrokerError::Refused(text),
        None => BrokerError::Unavailable(error.to_string()),
    }
}

/// What an error means for an operation on `queue`.
pub(super) fn of_queue(queue: &str, error: &lapin::Error) -> BrokerError {
    if soft(error) == Some(AMQPSoftError::NOTFOUND) {
        return BrokerError::Unroutable {
            queue: queue.to_owned(),
        };
    }
    of(error)
}

/// The server's text if it said that a declaration differs from what exists.
pub(super) fn precondition(error: &lapin::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::ProtocolError(refused)
            if soft(error) == Some(AMQPSoftError::PRECONDITIONFAILED) =>
        {
            Some(refused.get_message().as_str())
        }
        _ => None,
    }
}

/// The server's text if it refused credentials, virtual host or permission.
fn refusal(error: &lapin::Error) -> Option<String> {
    let ErrorKind::ProtocolError(refused) = error.kind() else {
        return None;
    };
    let refuses = matches!(
        refused.kind(),
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
    );
    refuses.then(|| refused.get_message().to_string())
}

fn soft(error: &lapin::Error) -> Option<AMQPSoftError> {
    match error.kind() {
        ErrorKind::ProtocolError(refused) => match refused.kind() {
            AMQPErrorKind::Soft(soft) => Some(soft.clone()),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::protocol::AMQPError;

    use super::*;

    fn refused(kind: AMQPErrorKind, text: &str) -> lapin::Error {
        ErrorKind::ProtocolError(AMQPError::new(kind, text.into())).into()
    }

    #[test]
    fn the_kind_of_the_refusal_decides() {
        let denied = refused(AMQPSoftError::ACCESSREFUSED.into(), "ACCESS_REFUSED - no");
        assert_eq!(
            of(&denied),
            BrokerError::Refused("ACCESS_REFUSED - no".to_owned())
        );

        let no_host = refused(
            AMQPHardError::NOTALLOWED.into(),
            "NOT_ALLOWED - vhost not found",
        );
        assert!(matches!(of(&no_host), BrokerError::Refused(_)));

        let missing = refused(AMQPSoftError::NOTFOUND.into(), "NOT_FOUND - no queue");
        let expected = BrokerError::Unroutable {
            queue: "deliver.erp".to_owned(),
        };
        assert_eq!(of_queue("deliver.erp", &missing), expected);

        let forced = refused(AMQPHardError::CONNECTIONFORCED.into(), "CONNECTION_FORCED");
        assert!(matches!(
            of_queue("deliver.erp", &forced),
            BrokerError::Unavailable(_)
        ));

        let differs = refused(AMQPSoftError::PRECONDITIONFAILED.into(), "inequivalent arg");
        assert_eq!(precondition(&differs), Some("inequivalent arg"));
        assert_eq!(precondition(&missing), None);
    }
}
