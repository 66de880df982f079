//! Systems joined by files, from their connector file to the records and back.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tenon_connector::conformance::{self, SinkUnderTest, SourceUnderTest};
use tenon_connector::{ConnectorKind, Guarantee, Preset, System};
use tenon_core::{Attributes, Entity, Message, NativeBody, Outbound, SystemName};

const KINDS: &[ConnectorKind] = &[ConnectorKind {
    name: "crm",
    summary: "a system for the tests",
    presets: &[Preset {
        name: "files",
        summary: "files",
        transport: "files",
        defaults: "",
        files: &[("identity.jq", ".")],
    }],
}];

const FILE: &str = r#"
name = "crm"
kind = "crm"
preset = "files"
directory = "exchange"
encoding = "gbk"

[[receive]]
entity = "customer"
key = "编码"
mapping = "preset:identity.jq"
every = "10ms"
files = "out/customers*.csv"
columns_required = ["编码", "简称"]
settled = "0s"

[[deliver]]
entity = "customer"
mapping = "preset:identity.jq"
file = "in/customer-{id}.csv"
key = "编码"
"#;

fn load(folder: &Path, text: &str) -> Result<System, Vec<String>> {
    let file = folder.join("crm.toml");
    std::fs::write(&file, text).unwrap();
    System::load(&file, KINDS).map_err(|problems| {
        let file = file.display().to_string();
        problems
            .iter()
            .map(|problem| problem.to_string().replace(&file, "crm.toml"))
            .collect()
    })
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out", "in"] {
        std::fs::create_dir_all(folder.path().join("exchange").join(name)).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_system_of_files_hands_over_its_records() {
    conformance::source(|| async {
        let folder = folder();
        let mut expected = Vec::new();
        for file in 0..3 {
            let mut text = String::from("编码,简称\r\n");
            for row in 0..400 {
                let id = format!("K{file}-{row}");
                text.push_str(&format!("{id},\"川可, {row}\"\r\n"));
                expected.push(id);
            }
            let path = folder
                .path()
                .join(format!("exchange/out/customers{file}.csv"));
            std::fs::write(&path, encoding_rs::GBK.encode(&text).0).unwrap();
            let time =
                std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000 + file);
            std::fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        let system = load(folder.path(), FILE).map_err(|problems| problems.join("\n"))?;
        let shared = Arc::new((folder, system));
        let open = Box::new(
            move |checkpoint| -> futures::future::BoxFuture<'static, _> {
                let shared = shared.clone();
                Box::pin(async move {
                    let (_, system) = &*shared;
                    system
                        .transport
                        .open_source(&system.inlets[0], checkpoint)
                        .await
                })
            },
        );
        Ok(SourceUnderTest { expected, open })
    })
    .await
    .unwrap();
}

fn outbound(number: usize, name: &str) -> Message<Outbound> {
    let source = SystemName::new("hub").unwrap();
    let event = number.to_string();
    let attributes = Attributes::received(source, Entity::Customer, "customer", None, Some(&event));
    let payload = Bytes::from(format!("{{\"编码\":\"K{number}\",\"全称\":\"{name}\"}}"));
    let idempotency_key = format!("{}/1", attributes.id);
    Message {
        attributes,
        body: Outbound {
            payload,
            native_id: None,
            idempotency_key,
        },
    }
}

#[tokio::test]
async fn a_system_of_files_is_given_records() {
    conformance::sink(|| async {
        let folder = folder();
        let system = load(folder.path(), FILE).map_err(|problems| problems.join("\n"))?;
        let outlet = &system.outlets[0];
        let sink = system
            .transport
            .open_sink(outlet)
            .await
            .map_err(|failure| failure.to_string())?;
        let guarantee = outlet.guarantee;
        if guarantee != Guarantee::OnceInEffect {
            return Err(format!(
                "the guarantee is {guarantee:?}, though names follow from ids"
            ));
        }
        let effects = move || -> futures::future::BoxFuture<'static, _> {
            let count = std::fs::read_dir(folder.path().join("exchange/in"))
                .unwrap()
                .count();
            Box::pin(async move { Ok(count) })
        };
        Ok(SinkUnderTest {
            sink,
            guarantee,
            message: Box::new(|number| outbound(number, "川可贸易")),
            refused: Some(outbound(9, "𠮷")),
            effects: Box::new(effects),
        })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_recorded_and_the_file_kept() {
    let folder = folder();
    let system = load(folder.path(), FILE).unwrap();
    let out = folder.path().join("exchange/out");
    let write = |name: &str, text: &str| {
        std::fs::write(out.join(name), encoding_rs::GBK.encode(text).0).unwrap();
    };
    write("customers1.csv", "编码,全称\nK1,川可\n");
    write("customers2.csv", "编码,简称\nK2\nK3,川可\n");
    let mut source = system
        .transport
        .open_source(&system.inlets[0], None)
        .await
        .unwrap();
    let mut found = Vec::new();
    while let Some(received) = source.receive().await.unwrap() {
        for message in received.messages {
            found.push(match message.body.body {
                NativeBody::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
                NativeBody::Undecodable { reason, .. } => reason,
            });
        }
        source.settle().await.unwrap();
    }
    found.sort();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("out/customers1.csv:1: required column `简称` is missing"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("out/customers2.csv:2: the row has 1 cells"),
        "{found:?}"
    );
    assert_eq!(found[2], "{\"编码\":\"K3\",\"简称\":\"川可\"}");
    assert!(
        folder
            .path()
            .join("exchange/failed/customers1.csv")
            .is_file()
    );
    assert!(folder.path().join("exchange/done/customers2.csv").is_file());
}

#[test]
fn problems_are_found_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        let problems = load(folder.path(), &FILE.replace(from, to)).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].starts_with(expected),
            "{problems:#?}"
        );
    };
    check(
        "settled = \"0s\"",
        "setled = \"0s\"",
        "crm.toml:15:1: unknown field `setled` (did you mean `settled`?)",
    );
    check(
        "out/customers*.csv",
        "../customers*.csv",
        "crm.toml:13:1: `../customers*.csv` does not stay within",
    );
    check(
        "encoding = \"gbk\"",
        "encoding = \"gbk2\"",
        "crm.toml:6:12: unknown variant `gbk2` (did you mean `gbk`?)",
    );
    check(
        "{id}",
        "{number}",
        "crm.toml:20:1: unknown placeholder `{number}`",
    );
}
