//! The records of a CSV file, read and made ready on all processors.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use encoding_rs::GB18030;
use indicatif::{ProgressBar, ProgressStyle};
use tenon_master::likeness::{CompanyRecord, Profile};

use crate::exit::Exit;

/// Records that a thread takes at a time.
const BATCH: usize = 2048;

/// The columns that are read.
const COLUMNS: [&str; 10] = [
    "source_system",
    "source_id",
    "name",
    "tax_id",
    "code",
    "phone",
    "email",
    "address",
    "contact",
    "city",
];

/// Columns that must be there; the others may be missing.
const COMPULSORY: usize = 3;

/// Records made ready, in the file's order.
pub(super) struct Table {
    pub(super) profiles: Vec<Profile>,
    batches: Vec<Names>,
}

impl Table {
    /// A record's system and its id there.
    pub(super) fn name(&self, record: usize) -> (&str, &str) {
        self.batches[record / BATCH].get(record % BATCH)
    }
}

/// Systems and ids of one batch in one text.
#[derive(Default)]
struct Names {
    text: String,
    /// Where each system, then each id, ends.
    ends: Vec<u32>,
}

impl Names {
    fn push(&mut self, system: &str, id: &str) {
        for part in [system, id] {
            self.text.push_str(part);
            self.ends.push(self.text.len() as u32);
        }
    }

    fn get(&self, record: usize) -> (&str, &str) {
        let end = |index: usize| self.ends[index] as usize;
        let start = (2 * record).checked_sub(1).map_or(0, end);
        let border = end(2 * record);
        (
            &self.text[start..border],
            &self.text[border..end(2 * record + 1)],
        )
    }
}

/// What a thread shares with the others: the file, and how many batches were taken.
struct Source {
    reader: csv::Reader<File>,
    taken: usize,
}

struct Batch {
    number: usize,
    names: Names,
    profiles: Vec<Profile>,
}

/// Reads a file on `threads` threads. Text that is not UTF-8 is GB18030.
pub(super) fn read(path: &Path, threads: usize) -> Result<Table, Exit> {
    let cannot = |error: std::io::Error| Exit::environment(format!("{}: {error}", path.display()));
    let is_utf8 = is_utf8(path).map_err(cannot)?;
    let file = File::open(path).map_err(cannot)?;
    let bar = bar(file.metadata().map_or(0, |metadata| metadata.len()));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(file);
    let broken = |error: &csv::Error| broken(path, error);
    let columns = columns(reader.byte_headers().map_err(|error| broken(&error))?, path)?;
    let source = Mutex::new(Source { reader, taken: 0 });
    let work = || {
        let mut done = Vec::new();
        let mut rows = vec![csv::ByteRecord::new(); BATCH];
        while let Some((number, count, position)) = take(&source, &mut rows)? {
            bar.set_position(position);
            done.push(prepare(number, &rows[..count], &columns, is_utf8));
        }
        Ok(done)
    };
    let parts: Vec<Result<Vec<Batch>, csv::Error>> = std::thread::scope(|scope| {
        let running: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        for thread in running {
            parts.push(
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        parts
    });
    bar.finish_and_clear();
    let mut batches = Vec::new();
    for part in parts {
        batches.extend(part.map_err(|error| broken(&error))?);
    }
    batches.sort_unstable_by_key(|batch| batch.number);
    let mut table = Table {
        profiles: Vec::with_capacity(batches.iter().map(|batch| batch.profiles.len()).sum()),
        batches: Vec::with_capacity(batches.len()),
    };
    for batch in batches {
        table.profiles.extend(batch.profiles);
        table.batches.push(batch.names);
    }
    Ok(table)
}

/// The next batch: its number, how many rows it has, how far in the file it ends.
fn take(
    source: &Mutex<Source>,
    rows: &mut [csv::ByteRecord],
) -> Result<Option<(usize, usize, u64)>, csv::Error> {
    let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
    let mut count = 0;
    while count < rows.len() && source.reader.read_byte_record(&mut rows[count])? {
        count += 1;
    }
    if count == 0 {
        return Ok(None);
    }
    source.taken += 1;
    Ok(Some((
        source.taken - 1,
        count,
        source.reader.position().byte(),
    )))
}

fn prepare(
    number: usize,
    rows: &[csv::ByteRecord],
    columns: &[Option<usize>],
    is_utf8: bool,
) -> Batch {
    let mut batch = Batch {
        number,
        names: Names::default(),
        profiles: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        let field = |column: usize| {
            let bytes = columns[column].and_then(|index| row.get(index));
            let bytes = bytes.unwrap_or_default();
            if is_utf8 {
                String::from_utf8_lossy(bytes)
            } else {
                GB18030.decode_without_bom_handling(bytes).0
            }
        };
        batch.names.push(&field(0), &field(1));
        batch.profiles.push(Profile::of(&CompanyRecord {
            name: &field(2),
            tax_id: &field(3),
            code: &field(4),
            phone: &field(5),
            email: &field(6),
            address: &field(7),
            contact: &field(8),
            city: &field(9),
        }));
    }
    batch
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &csv::ByteRecord, path: &Path) -> Result<Vec<Option<usize>>, Exit> {
    let names: Vec<String> = header
        .iter()
        .map(|name| {
            String::from_utf8_lossy(name)
                .trim_start_matches('\u{FEFF}')
                .trim()
                .to_lowercase()
        })
        .collect();
    let found: Vec<Option<usize>> = COLUMNS
        .iter()
        .map(|column| names.iter().position(|name| name == column))
        .collect();
    let missing: Vec<&str> = (0..COMPULSORY)
        .filter(|column| found[*column].is_none())
        .map(|column| COLUMNS[column])
        .collect();
    if missing.is_empty() {
        return Ok(found);
    }
    crate::output::talk(&format!(
        "{}: no column {}",
        path.display(),
        missing.join(", ")
    ));
    Err(Exit::Problems)
}

fn broken(path: &Path, error: &csv::Error) -> Exit {
    if error.is_io_error() {
        return Exit::environment(format!("{}: {error}", path.display()));
    }
    crate::output::talk(&format!("{}: {error}", path.display()));
    Exit::Problems
}

/// Whether the whole file is UTF-8.
fn is_utf8(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    let mut kept = 0;
    loop {
        let count = file.read(&mut buffer[kept..])?;
        let filled = kept + count;
        match std::str::from_utf8(&buffer[..filled]) {
            Ok(_) => kept = 0,
            // A character that the buffer cuts in two is looked at again with what follows.
            Err(error) if error.error_len().is_none() && count > 0 => {
                buffer.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
            Err(_) => return Ok(false),
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

fn bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  reading {wide_bar} {bytes}/{total_bytes}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
