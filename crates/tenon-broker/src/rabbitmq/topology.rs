//! Declares the hub's queues, and says in words how one that exists differs.

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};

use super::link::Link;
use super::refusal;
use crate::{BrokerError, Queue};

/// A number of deliveries that is never reached, and that every version of RabbitMQ accepts.
///
/// Without it RabbitMQ 4 would drop a message after 20 lost consumers. With a limit set, all
/// versions put a message that comes back in its old place.
const UNLIMITED_DELIVERIES: i64 = i32::MAX as i64;

const QUEUE_TYPE: &str = "x-queue-type";

/// Declares every queue; all of them are tried, the first difference is reported.
pub(super) async fn declare(link: &Link, queues: &[Queue]) -> Result<(), BrokerError> {
    let mut channel = link.channel().await?;
    let mut mismatch = None;
    for queue in queues {
        let name = short(&queue.name)?;
        let options = QueueDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let declared = channel.queue_declare(name, options, arguments(queue));
        let Err(error) = link.answer(declared).await else {
            continue;
        };
        let Some(text) = refusal::precondition(&error) else {
            return Err(refusal::of(&error));
        };
        let difference = match type_difference(link, queue).await? {
            Some(difference) => difference,
            None => difference(text),
        };
        let queue = queue.name.clone();
        mismatch.get_or_insert(BrokerError::TopologyMismatch { queue, difference });
        // The server has closed the channel with its refusal.
        channel = link.channel().await?;
    }
    mismatch.map_or(Ok(()), Err)
}

/// What the server says of a queue's type alone, if it is another.
///
/// The server names one difference of many. Of a queue that is no quorum queue it would say that
/// this or that argument is missing, which hides what is really wrong.
async fn type_difference(link: &Link, queue: &Queue) -> Result<Option<String>, BrokerError> {
    let channel = link.channel().await?;
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let declared = channel.queue_declare(short(&queue.name)?, options, quorum());
    Ok(link
        .answer(declared)
        .await
        .err()
        .and_then(|error| refusal::precondition(&error).map(difference))
        .filter(|difference| difference.starts_with(QUEUE_TYPE)))
}

/// How many messages are ready in `queue`.
pub(super) async fn depth(link: &Link, queue: &str) -> Result<u64, BrokerError> {
    let channel = link.channel().await?;
    let options = QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let declared = link
        .answer(channel.queue_declare(short(queue)?, options, FieldTable::default()))
        .await
        .map_err(|error| refusal::of_queue(queue, &error))?;
    Ok(u64::from(declared.message_count()))
}

/// Deletes queues, whether they are empty or not.
pub(super) async fn delete(link: &Link, queues: &[String]) -> Result<(), BrokerError> {
    let channel = link.channel().await?;
    for queue in queues {
        link.answer(channel.queue_delete(short(queue)?, QueueDeleteOptions::default()))
            .await
            .map_err(|error| refusal::of(&error))?;
    }
    Ok(())
}

/// A queue's name as AMQP carries it; a longer one cannot exist.
pub(super) fn short(name: &str) -> Result<ShortString, BrokerError> {
    ShortString::try_new(name).map_err(|_| BrokerError::Unroutable {
        queue: name.to_owned(),
    })
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert(QUEUE_TYPE.into(), AMQPValue::LongString("quorum".into()));
    arguments
}

fn arguments(queue: &Queue) -> FieldTable {
    let mut arguments = quorum();
    arguments.insert(
        "x-overflow".into(),
        AMQPValue::LongString("reject-publish".into()),
    );
    arguments.insert(
        "x-delivery-limit".into(),
        AMQPValue::LongLongInt(UNLIMITED_DELIVERIES),
    );
    if queue.single_active_consumer {
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    }
    if let Some(length) = queue.max_length {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(length));
    }
    arguments
}

/// The server's refusal in words: what differs, what the queue has, what the hub needs.
///
/// The server's text is cut at 255 bytes, so that it may be incomplete; then it stands as it is.
fn difference(text: &str) -> String {
    let parsed = || {
        let (_, rest) = text.split_once("inequivalent arg '")?;
        let (argument, rest) = rest.split_once('\'')?;
        let (_, values) = rest.rsplit_once(": received ")?;
        let (ours, theirs) = values.split_once(" but current is ")?;
        Some(format!(
            "{argument} is {}, the hub needs it {}",
            value(theirs),
            value(ours)
        ))
    };
    parsed().unwrap_or_else(|| text.to_owned())
}

/// A value as the server writes it, without its type: `the value 'quorum' of type 'longstr'`.
fn value(text: &str) -> String {
    match text
        .strip_prefix("the value ")
        .and_then(|rest| rest.split_once(" of type "))
    {
        Some((value, _)) => quoted(value),
        None if text == "none" => "unset".to_owned(),
        None => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", text.trim_matches('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(difference(text), expected);
    }

    #[test]
    fn the_servers_refusal_becomes_words() {
        check(
            "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'deliver.erp' in vhost \
             '/': received the value 'quorum' of type 'longstr' but current is none",
            "x-queue-type is unset, the hub needs it `quorum`",
        );
        check(
            "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': \
             received none but current is the value '10' of type 'long'",
            "x-max-length is `10`, the hub needs it unset",
        );
        check(
            "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received \
             'true' but current is 'false'",
            "durable is `false`, the hub needs it `true`",
        );
        check(
            "PRECONDITION_FAILED - something else",
            "PRECONDITION_FAILED - something else",
        );
    }

    #[test]
    fn a_bounded_single_active_queue_has_all_arguments() {
        let queue = Queue {
            name: "deliver.erp".to_owned(),
            single_active_consumer: true,
            max_length: Some(7),
        };
        let arguments = arguments(&queue);
        assert!(arguments.contains_key("x-single-active-consumer"));
        assert_eq!(
            arguments.inner().get("x-max-length"),
            Some(&AMQPValue::LongLongInt(7))
        );
        let plain = super::arguments(&Queue {
            single_active_consumer: false,
            max_length: None,
            ..queue
        });
        assert!(!plain.contains_key("x-single-active-consumer"));
        assert!(!plain.contains_key("x-max-length"));
    }
}
