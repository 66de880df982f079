//! Files of 200 MB, in bounded memory. Each is read by a process of its own, whose peak is measured.
//!
//! A JSON array is read by the same means as lines are, so a smaller one shows that it is streamed too.

use std::io::{BufWriter, Write};
use std::process::Command;

use super::*;

const BYTES: usize = 200_000_000;
const ARRAY_BYTES: usize = 60_000_000;
/// Set for the process that reads: the directory, the pattern's extension.
const TASK: &str = "TENON_TEST_LARGE_FILE";
/// What the whole process may hold at its peak, in KiB.
const PEAK_KIB: u64 = 150 * 1024;
/// What reading may add to it, in KiB.
const GROWTH_KIB: u64 = 50 * 1024;

/// A figure of this process in KiB: `VmHWM`, `VmRSS`.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Writes the file; how many records it holds.
fn generate(path: &Path, extension: &str) -> usize {
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path).unwrap());
    let filling = "城".repeat(300);
    let (head, tail) = match extension {
        "csv" => ("id,name,note\n", ""),
        "xml" => ("<?xml version=\"1.0\"?><Data>\n", "</Data>\n"),
        "json" => ("{\"data\":[\n", "{\"id\":\"last\"}]}\n"),
        _ => ("", ""),
    };
    file.write_all(head.as_bytes()).unwrap();
    let bytes = if extension == "json" {
        ARRAY_BYTES
    } else {
        BYTES
    };
    let (mut written, mut count) = (0, 0);
    while written < bytes {
        let record = match extension {
            "csv" => format!("{count},\"川可, {count}\",{filling}\n"),
            "xml" => format!("<C><id>{count}</id><name>川可</name><note>{filling}</note></C>\n"),
            "json" => format!("{{\"id\":{count},\"name\":\"川可\",\"note\":\"{filling}\"}},\n"),
            _ => format!("{{\"id\":{count},\"name\":\"川可\",\"note\":\"{filling}\"}}\n"),
        };
        file.write_all(record.as_bytes()).unwrap();
        written += record.len();
        count += 1;
    }
    file.write_all(tail.as_bytes()).unwrap();
    file.flush().unwrap();
    count + usize::from(extension == "json")
}

/// Reads everything as the hub does; prints how many records came, the growth and the peak.
fn read(folder: &Path, extension: &str) {
    let record = match extension {
        "xml" => "record = 'C'",
        "json" => "record = 'data'",
        _ => "",
    };
    let keys = format!("files = '*.{extension}'\nsettled = '0s'\n{record}");
    let files = configure(folder, "directory = '.'", &[&keys], &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (before, count) = runtime.block_on(async {
        let mut source = files.open_source(&inlet(), None).await.unwrap();
        let before = memory("VmRSS");
        let mut count = 0;
        while let Some(received) = source.receive().await.unwrap() {
            let good =
                |message: &&Message<Native>| matches!(message.body.body, NativeBody::Json(_));
            count += received.messages.iter().filter(good).count();
            source.settle().await.unwrap();
        }
        (before, count)
    });
    let peak = memory("VmHWM");
    // The parent process reads this line.
    writeln!(
        std::io::stdout(),
        "\nmeasured {count} {} {peak}",
        peak - before
    )
    .unwrap();
}

fn check(extension: &str, test: &str) {
    if let Ok(folder) = std::env::var(TASK) {
        return read(Path::new(&folder), extension);
    }
    let folder = tempfile::tempdir().unwrap();
    let expected = generate(&folder.path().join(format!("large.{extension}")), extension);
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            &format!("files::tests::large::{test}"),
        ])
        .env(TASK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures = said.lines().find_map(|line| line.strip_prefix("measured "));
    let figures =
        figures.unwrap_or_else(|| panic!("{said}\n{}", String::from_utf8_lossy(&output.stderr)));
    let figures: Vec<u64> = figures
        .split(' ')
        .map(|figure| figure.parse().unwrap())
        .collect();
    assert_eq!(figures[0], expected as u64);
    assert!(
        figures[1] < GROWTH_KIB && figures[2] < PEAK_KIB,
        "{extension}: {figures:?} KiB"
    );
}

#[test]
fn csv_is_streamed() {
    check("csv", "csv_is_streamed");
}

#[test]
fn ndjson_is_streamed() {
    check("ndjson", "ndjson_is_streamed");
}

#[test]
fn json_is_streamed() {
    check("json", "json_is_streamed");
}

#[test]
fn xml_is_streamed() {
    check("xml", "xml_is_streamed");
}
