//! What was read already, so that nothing is read twice and nothing new is taken for old. Pure.

use serde::{Deserialize, Serialize};

/// How many finished files are remembered.
const REMEMBERED: usize = 1_000;

/// How far an inlet has read; its checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// The file being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reading: Option<Reading>,
    /// The files that the last portion finished, until they are known to have been put away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) leaving: Vec<Leaving>,
    /// The last finished files, oldest first.
    finished: Vec<Finished>,
}

/// A file of which some records were handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reading {
    /// Relative to the directory.
    pub(super) file: String,
    /// Of its content.
    pub(super) sha256: String,
    /// Tells this reading of the content from earlier ones.
    pub(super) generation: u64,
    /// The index of the next record.
    pub(super) next: u64,
}

/// A file that was read to its end, or as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leaving {
    /// Relative to the directory.
    pub(super) file: String,
    /// Of its content.
    pub(super) sha256: String,
    /// Whether it goes to the failed files.
    pub(super) failed: bool,
    /// When the file was last changed or moved. A file that was put away and put back has moved
    /// since, and so is told from one that a crash left in place.
    pub(super) changed: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Finished {
    file: String,
    sha256: String,
    generation: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    failed: bool,
}

/// What is to be done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Read it, from this record on.
    Read(Reading),
    /// Its content was read before.
    Duplicate,
}

impl Progress {
    /// What is to be done with a file of this name and content.
    ///
    /// The same content is a duplicate, unless a file of this name with other content was finished
    /// since (a daily file that changes and changes back states something new each time), or reading it
    /// failed (it was put back after something was corrected). `modified` is when the file was written,
    /// in nanoseconds since 1970.
    pub(super) fn decide(&self, file: &str, sha256: &str, modified: u64) -> Decision {
        if let Some(reading) = &self.reading
            && reading.file == file
            && reading.sha256 == sha256
        {
            return Decision::Read(reading.clone());
        }
        let last = self
            .finished
            .iter()
            .rposition(|finished| finished.sha256 == sha256);
        let duplicate = last.is_some_and(|last| {
            let changed = self.finished[last + 1..]
                .iter()
                .any(|later| later.file == file);
            !changed && !self.finished[last].failed
        });
        if duplicate {
            return Decision::Duplicate;
        }
        let generation = self.generation(sha256, modified);
        Decision::Read(Reading {
            file: file.to_owned(),
            sha256: sha256.to_owned(),
            generation,
            next: 0,
        })
    }

    /// A number that no earlier reading of this content had, remembered or not; and the same number
    /// when the same file is read again, because what came of it was not kept. So it may depend on the
    /// file alone, not on what was read before it: a node that takes over does not know all of that.
    fn generation(&self, sha256: &str, modified: u64) -> u64 {
        let remembered = self
            .finished
            .iter()
            .filter(|finished| finished.sha256 == sha256)
            .map(|finished| finished.generation + 1)
            .max();
        remembered.unwrap_or(0).max(modified)
    }

    /// A file was read to its end, or as far as it can be.
    pub(super) fn finish(&mut self, reading: &Reading, failed: bool, changed: i64) {
        let (file, sha256) = (reading.file.clone(), reading.sha256.clone());
        self.reading = None;
        self.leaving.push(Leaving {
            file: file.clone(),
            sha256: sha256.clone(),
            failed,
            changed,
        });
        self.finished.push(Finished {
            file,
            sha256,
            generation: reading.generation,
            failed,
        });
        let surplus = self.finished.len().saturating_sub(REMEMBERED);
        self.finished.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file as the source does; its generation, or `None` for a duplicate.
    fn read(progress: &mut Progress, file: &str, content: &str, failed: bool) -> Option<u64> {
        read_of(progress, file, content, failed, 0)
    }

    fn read_of(
        progress: &mut Progress,
        file: &str,
        content: &str,
        failed: bool,
        modified: u64,
    ) -> Option<u64> {
        progress.leaving.clear();
        match progress.decide(file, content, modified) {
            Decision::Read(reading) => {
                progress.finish(&reading, failed, 0);
                Some(reading.generation)
            }
            Decision::Duplicate => None,
        }
    }

    #[test]
    fn the_same_content_is_read_once() {
        let mut progress = Progress::default();
        assert_eq!(read(&mut progress, "a.csv", "A", false), Some(0));
        assert_eq!(read(&mut progress, "a.csv", "A", false), None);
        assert_eq!(read(&mut progress, "b.csv", "A", false), None);
        assert_eq!(read(&mut progress, "b.csv", "B", false), Some(0));
        assert_eq!(read(&mut progress, "a.csv", "A", false), None);
    }

    #[test]
    fn a_file_that_changes_back_is_new_each_time() {
        let mut progress = Progress::default();
        let generations: Vec<_> = ["A", "B", "A", "B", "A"]
            .map(|content| read(&mut progress, "daily.csv", content, false))
            .into();
        assert_eq!(generations, [Some(0), Some(0), Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn a_failed_file_may_be_put_back() {
        let mut progress = Progress::default();
        assert_eq!(read(&mut progress, "a.csv", "A", true), Some(0));
        assert_eq!(read(&mut progress, "a.csv", "A", false), Some(1));
        assert_eq!(read(&mut progress, "a.csv", "A", false), None);
    }

    #[test]
    fn a_generation_never_comes_twice_even_when_forgotten() {
        let mut progress = Progress::default();
        let mut generations = Vec::new();
        for round in 0..4_000 {
            let written = 7 * round;
            generations.extend(read_of(&mut progress, "daily.csv", "A", false, written));
            let other = format!("B{round}");
            let file = if round % 3 == 0 {
                "daily.csv"
            } else {
                "other.csv"
            };
            read(&mut progress, file, &other, false);
        }
        assert!(progress.finished.len() <= 1_000);
        let count = generations.len();
        generations.sort_unstable();
        generations.dedup();
        assert_eq!(generations.len(), count);
        assert!(count > 1_000);
    }

    #[test]
    fn who_takes_over_reads_the_same_again_whatever_was_read_before() {
        let (mut one, mut other) = (Progress::default(), Progress::default());
        for number in 0..1_500 {
            read(&mut one, "earlier.csv", &format!("E{number}"), false);
        }
        let written = 1_700_000_000_000_000_000;
        let first = read_of(&mut one, "a.csv", "A", false, written);
        assert_eq!(read_of(&mut other, "a.csv", "A", false, written), first);
        // Checkpoints of before held a count, which is passed over.
        let kept = r#"{"count":999,"finished":[]}"#;
        assert_eq!(
            serde_json::from_str::<Progress>(kept).unwrap(),
            Progress::default()
        );
    }

    #[test]
    fn the_checkpoint_is_plain_json() {
        let mut progress = Progress::default();
        read(&mut progress, "a.csv", "A", true);
        progress.reading = Some(Reading {
            file: "b.csv".into(),
            sha256: "B".into(),
            generation: 3,
            next: 7,
        });
        let text = serde_json::to_string(&progress).unwrap();
        assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress);
        assert_eq!(
            serde_json::from_str::<Progress>("{}").unwrap(),
            Progress::default()
        );
    }
}
