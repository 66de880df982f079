//! Reading once, in order, and putting away.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;

use rust_xlsxwriter::Workbook;
use tenon_core::FailureKind;

use super::*;
use crate::conformance::{self, SourceUnderTest};

/// Some files that hold 1,200 records, as the format has them.
fn fill(place: &Place, extension: &str) -> Vec<String> {
    let mut expected = Vec::new();
    for (number, count) in [1, 900, 0, 299].into_iter().enumerate() {
        let ids: Vec<String> = (0..count)
            .map(|record| format!("C-{number}-{record}"))
            .collect();
        let content = match extension {
            "csv" => format!(
                "id,name\n{}",
                ids.iter()
                    .map(|id| format!("{id},名\n"))
                    .collect::<String>()
            ),
            "ndjson" => ids
                .iter()
                .map(|id| format!("{{\"id\":\"{id}\"}}\n"))
                .collect(),
            "json" => {
                let records: Vec<String> = ids
                    .iter()
                    .map(|id| format!("{{\"id\":\"{id}\"}}"))
                    .collect();
                format!("[{}]", records.join(","))
            }
            "xml" => {
                let records: String = ids
                    .iter()
                    .map(|id| format!("<C><id>{id}</id></C>"))
                    .collect();
                format!("<r>{records}</r>")
            }
            _ => String::new(),
        };
        let name = format!("customers{number}.{extension}");
        if extension == "xlsx" {
            let mut workbook = Workbook::new();
            let sheet = workbook.add_worksheet();
            sheet.write(0, 0, "id").unwrap();
            for (row, id) in ids.iter().enumerate() {
                sheet.write(row as u32 + 1, 0, id).unwrap();
            }
            // A second column tells the files apart, and the workbook without rows from its like.
            sheet.write(0, 1, format!("column {number}")).unwrap();
            workbook.save(place.path(&name)).unwrap();
        } else {
            place.write(&name, content);
        }
        // The order is that of the times of change, which must differ to be told apart.
        let time =
            std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + number as u64);
        let file = OpenOptions::new()
            .write(true)
            .open(place.path(&name))
            .unwrap();
        file.set_modified(time).unwrap();
        expected.extend(ids);
    }
    expected
}

async fn conforms(extension: &str) {
    conformance::source(|| async {
        let more = if extension == "xml" {
            "record = 'C'"
        } else {
            ""
        };
        let place = Place::new(&format!("files = 'customers*.{extension}'\n{more}"));
        let expected = fill(&place, extension);
        let place = Arc::new(place);
        let open = Box::new(
            move |checkpoint| -> futures::future::BoxFuture<'static, _> {
                let place = place.clone();
                Box::pin(async move { Ok(place.open(checkpoint).await) })
            },
        );
        Ok(SourceUnderTest { expected, open })
    })
    .await
    .unwrap_or_else(|broken| panic!("{extension}: {broken}"));
}

#[tokio::test]
async fn every_format_conforms() {
    for extension in ["csv", "ndjson", "json", "xml", "xlsx"] {
        conforms(extension).await;
    }
}

#[tokio::test]
async fn files_are_put_away_when_settled_and_not_before() {
    let place = Place::new("files = '*.csv'");
    place.write("a.csv", "id\n1\n");
    let mut source = place.open(None).await;
    let received = source.receive().await.unwrap().unwrap();
    assert_eq!(received.messages[0].body.origin, "a.csv:2");
    assert_eq!(
        (place.names("."), place.names("done")),
        (vec!["a.csv".to_owned()], vec![])
    );
    // An abandoned call costs nothing: the portion comes again.
    let again = source.receive().await.unwrap().unwrap();
    assert_eq!(again.messages, received.messages);
    source.settle().await.unwrap();
    assert_eq!(
        (place.names("."), place.names("done")),
        (vec![], vec!["a.csv".to_owned()])
    );
    assert_eq!(place.read("done/a.csv"), b"id\n1\n");
}

#[tokio::test]
async fn a_file_left_by_a_crash_is_put_away_without_being_read_again() {
    let place = Place::new("files = '*.csv'");
    place.write("a.csv", "id\n1\n");
    place.write("b.csv", "\"id");
    let received = place.open(None).await.receive().await.unwrap().unwrap();
    assert_eq!(received.messages.len(), 2);
    let mut checkpoint = received.checkpoint;
    assert_eq!(shown(&place.drain(&mut checkpoint).await), [""; 0]);
    assert_eq!(place.names("done"), ["a.csv"]);
    assert_eq!(place.names("failed"), ["b.csv"]);
}

#[tokio::test]
async fn the_same_content_is_not_read_again_but_kept() {
    let place = Place::new("files = '*.csv'");
    let mut checkpoint = None;
    place.write("a.csv", "id\n1\n");
    assert_eq!(place.drain(&mut checkpoint).await.len(), 1);
    for name in ["a.csv", "b.csv"] {
        place.write(name, "id\n1\n");
        assert_eq!(place.drain(&mut checkpoint).await, []);
    }
    assert_eq!(
        place.names("done"),
        ["a.csv", "a.csv.duplicate", "b.csv.duplicate"]
    );
    // Two of them at once: the second is known as a duplicate only when the first is settled.
    place.write("c.csv", "id\n2\n");
    place.write("d.csv", "id\n2\n");
    assert_eq!(place.drain(&mut checkpoint).await.len(), 1);
    assert_eq!(place.names("done").len(), 5);
    assert_eq!(place.names("."), [""; 0]);
}

#[tokio::test]
async fn a_daily_file_that_changes_back_is_new_each_time() {
    let place = Place::new("files = 'daily.csv'");
    let mut checkpoint = None;
    let mut ids = Vec::new();
    for content in ["id\n1\n", "id\n2\n", "id\n1\n", "id\n2\n"] {
        place.write("daily.csv", content);
        let messages = place.drain(&mut checkpoint).await;
        ids.extend(messages.iter().map(|message| message.attributes.id));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(place.names("done").len(), 4);
}

#[tokio::test]
async fn a_failed_file_is_read_when_it_is_put_back() {
    let place = Place::new("files = '*.csv'");
    let mut checkpoint = None;
    place.write("a.csv", "id\n1\n\"cut");
    let first = place.drain(&mut checkpoint).await;
    assert_eq!(first.len(), 2);
    std::fs::rename(place.path("failed/a.csv"), place.path("a.csv")).unwrap();
    let second = place.drain(&mut checkpoint).await;
    assert_eq!(second.len(), 2);
    assert_ne!(first[0].attributes.id, second[0].attributes.id);
}

#[tokio::test]
async fn unfinished_files_are_left_alone() {
    let place = Place::new("files = '*'\nformat = 'csv'");
    for name in ["a.csv.tmp", "a.csv.part", ".a.csv", "a.csv~"] {
        place.write(name, "id\n1\n");
    }
    assert_eq!(place.drain(&mut None).await, []);
    assert_eq!(place.names(".").len(), 4);

    let folder = tempfile::tempdir().unwrap();
    let keys = "files = '*.csv'\nsettled = '1h'";
    let files = configure(folder.path(), "directory = '.'", &[keys], &[]).unwrap();
    let place = Place { folder, files };
    place.write("fresh.csv", "id\n1\n");
    place.write("old.csv", "id\n2\n");
    let file = OpenOptions::new()
        .write(true)
        .open(place.path("old.csv"))
        .unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(7200))
        .unwrap();
    assert_eq!(shown(&place.drain(&mut None).await), [r#"{"id":"2"}"#]);
    assert_eq!(place.names("."), ["fresh.csv"]);
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_read_again() {
    let place = Place::new("files = '*.csv'");
    let rows: String = (0..1000).map(|row| format!("{row}\n")).collect();
    place.write("a.csv", format!("id\n{rows}"));
    let mut source = place.open(None).await;
    assert_eq!(source.receive().await.unwrap().unwrap().messages.len(), 256);
    source.settle().await.unwrap();
    let mut file = OpenOptions::new()
        .append(true)
        .open(place.path("a.csv"))
        .unwrap();
    file.write_all(b"1000\n").unwrap();
    let failure = source.receive().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(failure.detail.starts_with("a.csv was changed"), "{failure}");
    let messages = drain(source.as_mut(), &mut None).await.unwrap();
    assert_eq!(messages.len(), 1001);
    assert_eq!(place.names("done"), ["a.csv"]);
}

#[tokio::test]
async fn a_file_replaced_before_it_is_put_away_is_read_too() {
    let place = Place::new("files = '*.csv'");
    place.write("a.csv", "id\n1\n");
    let mut source = place.open(None).await;
    source.receive().await.unwrap().unwrap();
    place.write("new.tmp", "id\n2\n");
    std::fs::rename(place.path("new.tmp"), place.path("a.csv")).unwrap();
    source.settle().await.unwrap();
    assert_eq!(place.names("."), ["a.csv"]);
    assert_eq!(
        shown(&drain(source.as_mut(), &mut None).await.unwrap()),
        [r#"{"id":"2"}"#]
    );
    assert_eq!(place.names("done"), ["a.csv"]);
}

#[tokio::test]
async fn a_file_that_vanishes_half_read_is_reported_once() {
    let place = Place::new("files = '*.csv'");
    let rows: String = (0..1000).map(|row| format!("{row}\n")).collect();
    place.write("a.csv", format!("id\n{rows}"));
    let mut source = place.open(None).await;
    let checkpoint = source.receive().await.unwrap().unwrap().checkpoint;
    source.settle().await.unwrap();
    std::fs::remove_file(place.path("a.csv")).unwrap();
    let mut source = place.open(checkpoint).await;
    let failure = source.receive().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure.detail.contains("after 256 of its records"),
        "{failure}"
    );
    assert!(source.receive().await.unwrap().is_none());
}

#[tokio::test]
async fn a_missing_directory_is_a_matter_of_configuration() {
    let folder = tempfile::tempdir().unwrap();
    for (directory, files) in [("nowhere", "*.csv"), (".", "out/*.csv")] {
        let settings = format!("directory = '{directory}'");
        let keys = format!("files = '{files}'");
        let files = configure(folder.path(), &settings, &[&keys], &[]).unwrap();
        let mut source = files.open_source(&inlet(), None).await.unwrap();
        let failure = source.receive().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Configuration);
        assert!(
            failure.detail.contains("there is no directory"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn patterns_reach_into_folders() {
    let place = Place::new("files = '*/customers-?.csv'");
    for folder in ["north", "south", "done"] {
        std::fs::create_dir(place.path(folder)).unwrap();
        place.write(
            &format!("{folder}/customers-1.csv"),
            format!("id\n{folder}\n"),
        );
    }
    let mut found = shown(&place.drain(&mut None).await);
    found.sort();
    assert_eq!(found, [r#"{"id":"north"}"#, r#"{"id":"south"}"#]);
    // A name that is taken in done/ is not written over.
    assert_eq!(place.names("done").len(), 3);
    assert_eq!(place.read("done/customers-1.csv"), b"id\ndone\n");
}

#[tokio::test]
async fn a_field_says_when_the_fact_occurred() {
    let place = Place::new("files = '*.csv'\noccurred_at = 'at'");
    place.write(
        "a.csv",
        "id,at\n1,2026-01-31T08:00:00+08:00\n2,2026/01/31 08:00:00\n3,\n4,soon\n",
    );
    let messages = place.drain(&mut None).await;
    let moments: Vec<String> = messages[..2]
        .iter()
        .map(|message| message.attributes.occurred_at.to_string())
        .collect();
    assert_eq!(moments, ["2026-01-31T00:00:00Z", "2026-01-31T08:00:00Z"]);
    assert!(matches!(messages[2].body.body, NativeBody::Json(_)));
    assert!(show(&messages[3]).starts_with("a.csv:5: `at` holds \"soon\", which is no time"));
}
