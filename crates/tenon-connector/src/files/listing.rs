//! Which files of a directory are ready to be read.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tenon_core::Failure;

use crate::from_io;

/// A pattern of file names relative to a directory: `*` is any part of a name, `?` one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(
            text.split('/')
                .filter(|part| !matches!(*part, "" | "."))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// The patterns of the folders and, last, of the file's name.
    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }
}

/// Whether a name fits a pattern without directories.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where the last star stood, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(expected) if *expected == '?' || *expected == name[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Names that programs give to files which they have not finished.
pub(super) fn is_partial(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with(['.', '~'])
        || name.ends_with('~')
        || [".tmp", ".part", ".partial", ".crdownload", ".filepart"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: SystemTime,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            #[cfg(unix)]
            inode: metadata.ino(),
        }
    }

    /// When the file was written, in nanoseconds since 1970.
    pub(super) fn modified(&self) -> u64 {
        let since = self.modified.duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or_default()
        })
    }

    /// Bytes in the file.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// When a file was last changed or moved, in nanoseconds; moving alone changes no [`Stamp`].
pub(super) fn changed_at(metadata: &Metadata) -> i64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        metadata
            .ctime()
            .wrapping_mul(1_000_000_000)
            .wrapping_add(metadata.ctime_nsec())
    }
    #[cfg(not(unix))]
    {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        since.map_or(0, |since| since.as_nanos() as i64)
    }
}

/// A file that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Relative to the directory, parts joined by `/`.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// Lists a directory and remembers since when each file has been as it is.
#[derive(Debug)]
pub(super) struct Listing {
    directory: PathBuf,
    pattern: Pattern,
    settled: Duration,
    excluded: Vec<PathBuf>,
    since: HashMap<String, (Stamp, Instant)>,
}

impl Listing {
    /// `excluded` are directories, relative to `directory`, whose files are none of ours.
    pub(super) fn new(
        directory: PathBuf,
        pattern: Pattern,
        settled: Duration,
        excluded: Vec<PathBuf>,
    ) -> Self {
        let excluded = excluded
            .iter()
            .map(|folder| directory.join(folder))
            .collect();
        Self {
            directory,
            pattern,
            settled,
            excluded,
            since: HashMap::new(),
        }
    }

    /// The files that have been left alone for long enough, oldest first.
    ///
    /// # Errors
    /// `Configuration` when the directory is not there or may not be read.
    pub(super) fn ready(&mut self) -> Result<Vec<Candidate>, Failure> {
        let found = self.scan()?;
        let mut since = HashMap::new();
        let mut ready = Vec::new();
        for candidate in found {
            let seen = match self.since.get(&candidate.name) {
                Some((stamp, first)) if *stamp == candidate.stamp => *first,
                _ => Instant::now(),
            };
            since.insert(candidate.name.clone(), (candidate.stamp, seen));
            // A clock that differs from the file server's must not keep a file back for ever.
            let age = candidate
                .stamp
                .modified
                .elapsed()
                .unwrap_or_default()
                .max(seen.elapsed());
            if age >= self.settled {
                ready.push(candidate);
            }
        }
        self.since = since;
        ready.sort_by(|left, right| {
            (left.stamp.modified, &left.name).cmp(&(right.stamp.modified, &right.name))
        });
        Ok(ready)
    }

    fn scan(&self) -> Result<Vec<Candidate>, Failure> {
        let Some((name_pattern, folder_patterns)) = self.pattern.0.split_last() else {
            return Ok(Vec::new());
        };
        // Folders that are named must be there; of those that a wildcard finds there may be none.
        let named = folder_patterns
            .iter()
            .take_while(|part| !part.contains(['*', '?']))
            .count();
        let mut folders = vec![(self.directory.clone(), String::new())];
        for part in &folder_patterns[..named] {
            folders = folders
                .into_iter()
                .map(|(path, prefix)| (path.join(part), format!("{prefix}{part}/")))
                .collect();
        }
        for part in &folder_patterns[named..] {
            let mut deeper = Vec::new();
            for (folder, prefix) in folders {
                for (name, path, metadata) in entries(&folder, part)? {
                    if metadata.is_dir() && !self.excluded.contains(&path) {
                        deeper.push((path, format!("{prefix}{name}/")));
                    }
                }
            }
            folders = deeper;
        }
        let mut found = Vec::new();
        for (folder, prefix) in folders {
            for (name, path, metadata) in entries(&folder, name_pattern)? {
                if metadata.is_file() {
                    let stamp = Stamp::of(&metadata);
                    found.push(Candidate {
                        name: format!("{prefix}{name}"),
                        path,
                        stamp,
                    });
                }
            }
        }
        Ok(found)
    }
}

type Entries = Vec<(String, PathBuf, Metadata)>;

/// The entries of one directory whose names fit and that are not partial.
fn entries(folder: &Path, pattern: &str) -> Result<Entries, Failure> {
    let failure = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Failure::configuration(
            "files.directory",
            format!(
                "there is no directory {}; create it, or correct `directory` and `files`",
                folder.display()
            ),
        ),
        _ => from_io(&error, &format!("listing {}", folder.display())),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        let name = entry.file_name();
        // A name that is no Unicode cannot be named in configuration or in a checkpoint either.
        let Some(name) = name.to_str() else { continue };
        if is_partial(name) || !fits(pattern, name) {
            continue;
        }
        // A file that vanished between listing and looking is simply not there.
        if let Ok(metadata) = std::fs::metadata(entry.path()) {
            found.push((name.to_owned(), entry.path(), metadata));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        };
        check("customers*.csv", "customers-2026.csv", true);
        check("customers*.csv", "customers.csv", true);
        check("customers*.csv", "customers.csv.bak", false);
        check("*", "", true);
        check("*a*b", "xaxbxb", true);
        check("?.csv", "客.csv", true);
        check("?.csv", "客户.csv", false);
        check("a", "b", false);
        check("**", "x", true);
    }

    #[test]
    fn unfinished_files_are_known_by_their_names() {
        for name in ["a.csv.tmp", "a.PART", ".a.csv", "a.csv~", "~$book.xlsx"] {
            assert!(is_partial(name), "{name}");
        }
        assert!(!is_partial("party.csv"));
    }
}
