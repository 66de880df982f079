//! Dealers' files over SFTP, against OpenSSH's own server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tenon_core::{Entity, FailureKind};

use super::{Joined, setting, unique};

/// A directory on the server that is one test's own.
struct Exchange {
    directory: PathBuf,
    name: String,
}

impl Exchange {
    fn new() -> Self {
        let place = PathBuf::from(setting("TENON_TEST_SFTP_DIR"));
        let name = unique();
        let directory = place.join("files").join(&name);
        for folder in ["in", "out"] {
            std::fs::create_dir_all(directory.join(folder)).expect("a folder");
        }
        Self { directory, name }
    }

    fn drp(&self) -> Joined {
        self.drp_with(&fingerprint("host"), "client", "")
    }

    fn drp_with(&self, host_key: &str, key: &str, more: &str) -> Joined {
        let place = setting("TENON_TEST_SFTP_DIR");
        let text = format!(
            "name = 'drp'\nkind = 'drp'\npreset = 'files'\ndirectory = 'spool'\n{more}\n\
             [sftp]\nurl = '{}{}'\nhost_key = '{host_key}'\nkey = '${{file:{place}/{key}}}'\n\
             [[receive]]\nentity = 'inventory'\nsettled = '20ms'\n",
            setting("TENON_TEST_SFTP_URL"),
            self.directory.display(),
        );
        Joined::new(connector_drp::KIND, &text)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.join(name), text).expect("a file");
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.directory.join(folder)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

/// The fingerprint of one of the keys, as `ssh-keygen` tells it.
fn fingerprint(key: &str) -> String {
    let file = Path::new(&setting("TENON_TEST_SFTP_DIR")).join(format!("{key}.pub"));
    let shown = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(file)
        .output()
        .expect("ssh-keygen");
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    shown.split(' ').nth(1).expect("a fingerprint").to_owned()
}

const HEAD: &str = "STOCK_ID,DEALER_NO,SKU,QTY,COUNTED_AT\n";

/// Reads on until `wanted` records have come, since a file is read only once it is left alone.
async fn records(
    drp: &Joined,
    checkpoint: Option<Value>,
    wanted: usize,
) -> (Vec<Value>, Option<Value>) {
    let mut source = drp.source("inventory", checkpoint.clone()).await;
    let (mut found, mut kept) = (Vec::new(), checkpoint);
    for _ in 0..200 {
        while let Some(received) = source.receive().await.expect("a portion") {
            found.extend(
                received
                    .messages
                    .iter()
                    .map(|message| drp.canonical("inventory", message)),
            );
            kept = received.checkpoint.or(kept);
            source.settle().await.expect("settled");
        }
        if found.len() >= wanted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    (found, kept)
}

#[tokio::test]
async fn dealers_files_are_taken_once_and_put_away_there() {
    let exchange = Exchange::new();
    let drp = exchange.drp();
    exchange.write(
        "out/STOCK-021.csv",
        &format!("{HEAD}1,D021,SH-300,120,2026-03-31 10:00:00\n"),
    );
    // Still being uploaded, under the name that the dealer's program gives it meanwhile.
    exchange.write("out/STOCK-022.csv.part", HEAD);
    let (found, checkpoint) = records(&drp, None, 1).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["quantity"], "120");
    assert_eq!(exchange.names("done"), ["STOCK-021.csv"]);
    assert_eq!(exchange.names("out"), ["STOCK-022.csv.part"]);

    // The upload ends; the other dealer sends his file once more, and then a corrected one.
    std::fs::rename(
        exchange.directory.join("out/STOCK-022.csv.part"),
        exchange.directory.join("out/STOCK-022.csv"),
    )
    .expect("renamed");
    exchange.write(
        "out/STOCK-022.csv",
        &format!("{HEAD}2,D022,SH-300,7,2026-03-31 11:00:00\n"),
    );
    exchange.write(
        "out/STOCK-021.csv",
        &format!("{HEAD}1,D021,SH-300,120,2026-03-31 10:00:00\n"),
    );
    let (found, checkpoint) = records(&drp, checkpoint, 1).await;
    assert_eq!(
        found.len(),
        1,
        "what was sent before is not read again: {found:?}"
    );
    assert_eq!(found[0]["quantity"], "7");
    exchange.write(
        "out/STOCK-021.csv",
        &format!("{HEAD}1,D021,SH-300,118,2026-03-31 10:00:00\n"),
    );
    let (found, _) = records(&drp, checkpoint, 1).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["quantity"], "118");
    assert!(
        exchange.names("out").is_empty(),
        "{:?}",
        exchange.names("out")
    );
}

#[tokio::test]
async fn a_hub_that_dies_between_reading_and_putting_away_reads_nothing_twice() {
    let exchange = Exchange::new();
    let drp = exchange.drp();
    let rows: String = (0..700)
        .map(|row| format!("{row},D021,SH-{row},1,2026-03-31 10:00:00\n"))
        .collect();
    exchange.write("out/STOCK-021.csv", &format!("{HEAD}{rows}"));
    let mut source = drp.source("inventory", None).await;
    let portion = loop {
        match source.receive().await.expect("a portion") {
            Some(portion) => break portion,
            None => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    };
    let first = portion.messages.len();
    assert!((1..700).contains(&first));
    // The first portion is durable; nothing was settled. Another node goes on, with nothing but the checkpoint.
    drop(source);
    let (rest, _) = records(&exchange.drp(), portion.checkpoint, 700 - first).await;
    assert_eq!(rest.len(), 700 - first);
    assert_eq!(exchange.names("done"), ["STOCK-021.csv"]);
}

#[tokio::test]
async fn own_stock_goes_out_whole_and_a_later_one_in_its_place() {
    let exchange = Exchange::new();
    let drp = exchange.drp();
    let stock = |quantity: &str| json!({ "item": { "native_id": "SH-300" }, "warehouse": "WH-1", "quantity": quantity, "counted_at": "2026-04-01T00:00:00Z" });
    drp.sink(Entity::Inventory)
        .await
        .probe()
        .await
        .expect("the folder is there");
    for quantity in ["500", "480"] {
        drp.give(Entity::Inventory, &stock(quantity), Some("WH-1/SH-300"))
            .await
            .unwrap();
    }
    let names = exchange.names("in");
    assert_eq!(
        names.len(),
        1,
        "no partial file, and one for one record: {names:?}"
    );
    let text = std::fs::read_to_string(exchange.directory.join("in").join(&names[0])).unwrap();
    assert!(text.contains("480"), "{text}");
}

#[tokio::test]
async fn a_server_with_another_key_is_told_nothing() {
    let exchange = Exchange::new();
    exchange.write("out/STOCK-1.csv", HEAD);
    let refused = |joined: Joined| async move {
        let mut source = joined.source("inventory", None).await;
        source.receive().await.unwrap_err()
    };
    let other = refused(exchange.drp_with(&fingerprint("stranger"), "client", "")).await;
    assert_eq!(other.kind, FailureKind::Configuration, "{other}");
    assert!(other.detail.contains(&fingerprint("host")), "{other}");
    let unknown = refused(exchange.drp_with(&fingerprint("host"), "stranger", "")).await;
    assert_eq!(unknown.kind, FailureKind::Configuration, "{unknown}");
    assert!(unknown.detail.contains("does not let"), "{unknown}");
    let nowhere = Exchange {
        directory: exchange.directory.join("none"),
        name: exchange.name.clone(),
    };
    let missing = refused(nowhere.drp()).await;
    assert!(missing.detail.contains("create the directory"), "{missing}");
}
