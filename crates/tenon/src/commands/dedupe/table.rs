//! The records of a CSV file, read and made ready on all processors.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use encoding_rs::GB18030;
use indicatif::{ProgressBar, ProgressStyle};
use tenon_master::likeness::{CompanyRecord, PersonProfile, PersonRecord, Profile};

use crate::exit::Exit;

/// Records that a thread takes at a time.
const BATCH: usize = 2048;

/// What records are of: which columns are read, and what is made of them.
pub(super) trait Kind: Send + Sized {
    /// The columns behind `source_system` and `source_id`.
    const COLUMNS: &'static [&'static str];
    /// How many of them must be there; the others may be missing.
    const COMPULSORY: usize;

    /// Makes a record ready; `field` gives the text of a column by its number.
    fn of(field: &dyn Fn(usize) -> String) -> Self;
}

impl Kind for Profile {
    const COLUMNS: &'static [&'static str] = &[
        "name", "tax_id", "code", "phone", "email", "address", "contact", "city",
    ];
    const COMPULSORY: usize = 1;

    fn of(field: &dyn Fn(usize) -> String) -> Self {
        Self::of(&CompanyRecord {
            name: &field(0),
            tax_id: &field(1),
            code: &field(2),
            phone: &field(3),
            email: &field(4),
            address: &field(5),
            contact: &field(6),
            city: &field(7),
        })
    }
}

impl Kind for PersonProfile {
    const COLUMNS: &'static [&'static str] = &[
        "given_name",
        "surname",
        "birth_date",
        "national_id",
        "phone",
        "email",
        "street",
        "district",
        "city",
        "postcode",
    ];
    const COMPULSORY: usize = 2;

    fn of(field: &dyn Fn(usize) -> String) -> Self {
        Self::of(&PersonRecord {
            given_name: &field(0),
            surname: &field(1),
            birth_date: &field(2),
            national_id: &field(3),
            phone: &field(4),
            email: &field(5),
            street: &field(6),
            district: &field(7),
            city: &field(8),
            postcode: &field(9),
        })
    }
}

/// The columns that name a record.
const NAMING: [&str; 2] = ["source_system", "source_id"];

/// Records made ready, in the file's order.
pub(super) struct Table<K> {
    pub(super) profiles: Vec<K>,
    batches: Vec<Names>,
}

impl<K> Table<K> {
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

struct Batch<K> {
    number: usize,
    names: Names,
    profiles: Vec<K>,
}

/// Reads a file on `threads` threads. Text that is not UTF-8 is GB18030.
pub(super) fn read<K: Kind>(path: &Path, threads: usize) -> Result<Table<K>, Exit> {
    let cannot = |error: std::io::Error| Exit::environment(format!("{}: {error}", path.display()));
    let is_utf8 = is_utf8(path).map_err(cannot)?;
    let file = File::open(path).map_err(cannot)?;
    let bar = bar(file.metadata().map_or(0, |metadata| metadata.len()));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(file);
    let broken = |error: &csv::Error| broken(path, error);
    let columns = columns::<K>(reader.byte_headers().map_err(|error| broken(&error))?, path)?;
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
    let parts: Vec<Result<Vec<Batch<K>>, csv::Error>> = std::thread::scope(|scope| {
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

fn prepare<K: Kind>(
    number: usize,
    rows: &[csv::ByteRecord],
    columns: &[Option<usize>],
    is_utf8: bool,
) -> Batch<K> {
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
        let behind = |column: usize| field(column + NAMING.len()).into_owned();
        batch.profiles.push(K::of(&behind));
    }
    batch
}

/// Where each column stands, those that name a record first.
fn columns<K: Kind>(header: &csv::ByteRecord, path: &Path) -> Result<Vec<Option<usize>>, Exit> {
    let names: Vec<String> = header
        .iter()
        .map(|name| {
            String::from_utf8_lossy(name)
                .trim_start_matches('\u{FEFF}')
                .trim()
                .to_lowercase()
        })
        .collect();
    let wanted: Vec<&str> = NAMING.iter().chain(K::COLUMNS).copied().collect();
    let found: Vec<Option<usize>> = wanted
        .iter()
        .map(|column| names.iter().position(|name| name == column))
        .collect();
    let missing: Vec<&str> = (0..NAMING.len() + K::COMPULSORY)
        .filter(|column| found[*column].is_none())
        .map(|column| wanted[column])
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
