//! Connectors against the real thing: databases, servers, directories.

mod approvals;
mod bad_answers;
pub(crate) mod databases;
mod einvoices;
mod files;
mod http;
mod shapes;
pub(crate) mod sql;
mod views;

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tenon_connector::{
    ConnectorKind, Delivered, Permit, Preset, Received, Sink, Sole, Source, System,
};
use tenon_core::{Attributes, Entity, Failure, Message, Native, NativeBody, Outbound, SystemName};

/// A kind of system whose connector files say everything themselves.
const BARE: ConnectorKind = ConnectorKind {
    name: "bare",
    summary: "a system without defaults",
    presets: &[bare("sql"), bare("http"), bare("files")],
};

const fn bare(transport: &'static str) -> Preset {
    Preset {
        name: transport,
        summary: "nothing preset",
        transport,
        defaults: "",
        files: &[],
    }
}

/// A loaded system with the directory of its connector file.
struct Joined {
    system: System,
    _directory: TempDir,
}

/// Loads a connector file; `text` is what follows `name`, `kind` and `preset`.
fn join(transport: &str, text: &str) -> Arc<Joined> {
    match try_join(transport, text) {
        Ok(joined) => joined,
        Err(problems) => panic!("{}", problems.join("\n")),
    }
}

fn try_join(transport: &str, text: &str) -> Result<Arc<Joined>, Vec<String>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("same.jq"), ".").expect("a mapping");
    let file = directory.path().join("bare.toml");
    let head = format!("name = \"bare\"\nkind = \"bare\"\npreset = \"{transport}\"\n");
    std::fs::write(&file, head + text).expect("a connector file");
    match System::load(&file, &[BARE]) {
        Ok(system) => Ok(Arc::new(Joined {
            system,
            _directory: directory,
        })),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

impl Joined {
    async fn source(&self, checkpoint: Option<serde_json::Value>) -> Box<dyn Source> {
        let inlet = &self.system.inlets[0];
        self.system
            .transport
            .open_source(inlet, checkpoint)
            .await
            .expect("a source")
    }

    async fn sink(&self) -> Arc<dyn Sink> {
        let outlet = &self.system.outlets[0];
        self.system
            .transport
            .open_sink(outlet)
            .await
            .expect("a sink")
    }
}

/// A message for a sink, one idempotency key for each number.
fn outbound(number: usize, payload: &str) -> Message<Outbound> {
    let key = format!("key-{number}");
    let source = SystemName::new("crm").expect("a name");
    let native_id = Some(number.to_string());
    let attributes = Attributes::received(source, Entity::Order, "order", native_id, Some(&key));
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Message {
        attributes,
        body: Outbound {
            payload,
            native_id: None,
            idempotency_key: key,
        },
    }
}

/// Delivers as one who had the right to and lost it: every message is to be left to whoever has it.
async fn refused_without_permit(sink: &dyn Sink) {
    struct Lost;
    #[async_trait::async_trait]
    impl Permit for Lost {
        async fn holds(&self) -> bool {
            false
        }
    }
    let batch = [
        outbound(1, r#"{"no":"1","qty":1}"#),
        outbound(2, r#"{"no":"2","qty":2}"#),
    ];
    for answer in sink.deliver(&batch, &Lost).await {
        assert_eq!(answer.unwrap_err().code, "claim.lost");
    }
}

/// Delivers one payload.
async fn deliver_one(sink: &dyn Sink, payload: &str) -> Result<Delivered, Failure> {
    sink.deliver(&[outbound(1, payload)], &Sole).await.remove(0)
}

/// The JSON text of a native message.
fn json(message: &Message<Native>) -> &str {
    match &message.body.body {
        NativeBody::Json(json) => std::str::from_utf8(json).expect("UTF-8"),
        NativeBody::Undecodable { reason, .. } => panic!("undecodable: {reason}"),
    }
}

/// The native ids of a portion.
fn ids(received: &Received) -> Vec<&str> {
    received
        .messages
        .iter()
        .map(|message| message.attributes.native_id.as_deref().unwrap_or("?"))
        .collect()
}

/// Receives and settles until there is nothing more; the native ids in order, and the checkpoint.
async fn drain(source: &mut dyn Source) -> (Vec<String>, Option<serde_json::Value>) {
    let (mut found, mut checkpoint) = (Vec::new(), None);
    while let Some(received) = source.receive().await.expect("a portion") {
        found.extend(ids(&received).into_iter().map(str::to_owned));
        checkpoint = received.checkpoint.or(checkpoint);
        source.settle().await.expect("settled");
    }
    (found, checkpoint)
}
