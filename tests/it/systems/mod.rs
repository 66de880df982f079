//! Connectors against software that we did not write. `make test-systems` installs and starts it.

#[cfg(feature = "odbc")]
mod odbc;
mod redmine;
mod soap;
mod sshd;
mod tools;
mod tryton;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tempfile::TempDir;
use tenon_connector::{ConnectorKind, Delivered, Inlet, Sink, Sole, Source, System};
use tenon_core::{
    Attributes, Entity, Failure, Message, MessageKind, Native, NativeBody, Outbound, SystemName,
    schema,
};

/// What `deploy/systems.sh` says about a system.
#[track_caller]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; run `make test-systems`, or eval what `deploy/systems.sh ensure` prints")
    })
}

/// A system as its connector file describes it.
struct Joined {
    system: System,
    directory: TempDir,
}

impl Joined {
    /// Loads a connector file.
    #[track_caller]
    fn new(kind: ConnectorKind, text: &str) -> Self {
        Self::with_files(kind, text, &[])
    }

    /// Loads a connector file that has others beside it.
    #[track_caller]
    fn with_files(kind: ConnectorKind, text: &str, others: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in others {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let file = directory.path().join("system.toml");
        std::fs::write(&file, text).expect("a connector file");
        let system = System::load(&file, &[kind]).unwrap_or_else(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}", problems.join("\n"))
        });
        Self { system, directory }
    }

    /// A file beside the connector file.
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    #[track_caller]
    fn inlet(&self, name: &str) -> &Inlet {
        self.system.inlet(name).expect("an inlet")
    }

    async fn source(&self, name: &str, checkpoint: Option<Value>) -> Box<dyn Source> {
        let inlet = self.inlet(name);
        let opened = self.system.transport.open_source(inlet, checkpoint).await;
        opened.expect("a source")
    }

    async fn sink(&self, entity: Entity) -> Arc<dyn Sink> {
        let outlet = self.system.outlet(entity).expect("an outlet");
        let opened = self.system.transport.open_sink(outlet).await;
        opened.expect("a sink")
    }

    /// What the system sends now, and how far it was read.
    async fn drained(&self, name: &str, checkpoint: Option<Value>) -> (Vec<Value>, Option<Value>) {
        let mut source = self.source(name, checkpoint.clone()).await;
        let (mut found, mut kept) = (Vec::new(), checkpoint);
        // A pass that was under way is ended first; the one after it begins at the watermark.
        for _ in 0..2 {
            while let Some(received) = source.receive().await.expect("a portion") {
                let wanted = received.messages.iter();
                found.extend(wanted.filter_map(|message| self.wanted(name, message)));
                kept = received.checkpoint.or(kept);
                source.settle().await.expect("settled");
            }
        }
        (found, kept)
    }

    /// A native record in the hub's own form, which it must fit; `None` when it is not wanted.
    #[track_caller]
    fn wanted(&self, name: &str, message: &Message<Native>) -> Option<Value> {
        let inlet = self.inlet(name);
        let NativeBody::Json(json) = &message.body.body else {
            panic!("undecodable: {:?}", message.body);
        };
        let about = serde_json::json!({
            "source": self.system.name.as_str(),
            "native_id": message.attributes.native_id,
        });
        let mapped = inlet.mapping.apply_to_value(json, &about);
        let mapped = mapped.unwrap_or_else(|failure| {
            panic!("{failure}: {}", String::from_utf8_lossy(json));
        })?;
        let schema = schema(MessageKind::current(inlet.entity)).expect("a schema");
        schema
            .accept(mapped.clone())
            .unwrap_or_else(|violations| panic!("{violations:?}: {mapped}"));
        Some(mapped)
    }

    /// As [`wanted`](Self::wanted), of a record that is.
    #[track_caller]
    fn canonical(&self, name: &str, message: &Message<Native>) -> Value {
        self.wanted(name, message).expect("a record that is wanted")
    }

    /// Gives a canonical record to the system, as the hub would: references already in its own terms.
    async fn give(
        &self,
        entity: Entity,
        record: &Value,
        native_id: Option<&str>,
    ) -> Result<Delivered, Failure> {
        let outlet = self.system.outlet(entity).expect("an outlet");
        let about = serde_json::json!({ "source": "hub", "target_id": native_id });
        let payload = outlet
            .mapping
            .apply(record.to_string().as_bytes(), &about)?
            .expect("a record that is wanted");
        let sink = self.sink(entity).await;
        let message = outbound(entity, payload, native_id);
        sink.deliver(&[message], &Sole).await.remove(0)
    }
}

fn outbound(entity: Entity, payload: Bytes, native_id: Option<&str>) -> Message<Outbound> {
    let key = uuid::Uuid::now_v7().to_string();
    let source = SystemName::new("hub-test").expect("a name");
    Message {
        attributes: Attributes::received(source, entity, "test".to_owned(), None, Some(&key)),
        body: Outbound {
            payload,
            native_id: native_id.map(str::to_owned),
            idempotency_key: key,
        },
    }
}

/// A word that no other test uses.
fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()[20..].to_uppercase()
}
