//! Delivers a message once more to a system that had it, because a person says so: it lost what it was given, say.

use tenon_core::{Failure, MessageId, SystemName};
use tenon_store::{Deed, Parcel, SharedStore};

use super::correct::reason;
use super::runs::somebody;
use crate::courier::store_failure;

/// Delivers the canonical body that the journal holds once more to one system: in its lane, after what waits there,
/// with the references, the mapping and, where it is mastered, the version of now. Sinks recognise what is there already.
///
/// # Errors
/// `Invalid` without a person or a reason; when there is no such message, or the journal has forgotten its body; when
/// the system was not given it; and when it was routed a later message of the same record, over which this one
/// would put an old state.
pub async fn resend(
    store: &SharedStore,
    id: MessageId,
    system: &SystemName,
    deed: &Deed,
) -> Result<(), Failure> {
    somebody(deed)?;
    reason(deed)?;
    let refused = |error| store_failure(&error);
    let unknown = || Failure::invalid("message.unknown", format!("no message `{id}`"));
    let trace = store.message(id).await.map_err(refused)?;
    let trace = trace.ok_or_else(unknown)?;
    let payloads = store.payloads(id).await.map_err(refused)?;
    let canonical = payloads.and_then(|payloads| payloads.canonical);
    let body = canonical.ok_or_else(|| {
        let detail = format!("the journal does not hold the body of message {id} any more");
        Failure::invalid("resend.forgotten", detail)
    })?;
    let attributes = trace.message.attributes;
    let parcel = Parcel { attributes, body };
    let place = store.hold_place(system, &parcel, deed).await;
    let place = place.map_err(refused)?.ok_or_else(|| {
        let detail = format!("{system} was not given message {id}, or it is on its way there");
        Failure::invalid("resend.state", detail)
    })?;
    let later = store.resend(place, system, &parcel, deed).await;
    if let Some(later) = later.map_err(refused)? {
        let detail = format!("message {later} of the same record came later: send that one");
        return Err(Failure::invalid("resend.superseded", detail));
    }
    Ok(())
}
