//! `tenon master dedupe`: which records are one company, or one person, on files alone; and
//! `tenon master learn`, which reads what stewards made of it.

pub(super) mod learn;
mod table;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tenon_master::likeness::{self, MatchPolicy, PersonPolicy, PersonProfile, Profile};

use crate::cli::{Dedupe, Of};
use crate::exit::Exit;
use crate::matching;
use crate::output;
use table::Table;

pub(super) fn run(options: &Dedupe) -> Result<(), Exit> {
    let start = Instant::now();
    let policy = match &options.policy {
        Some(path) => matching::read(path)?,
        None => MatchPolicy::default(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (cluster_of, review) = match options.of {
        Of::Companies => {
            let table: Table<Profile> = table::read(&options.input, threads)?;
            let clustering = likeness::dedupe(&table.profiles, &policy, threads);
            write_clusters(&options.output, &table, &clustering.cluster_of)?;
            let pairs = clustering.review.iter().map(|pair| {
                let reasons = pair.score.reasons.iter();
                let reasons = reasons.map(|reason| told(reason.level.describe(), reason.bits));
                Pair {
                    one: pair.one,
                    other: pair.other,
                    probability: pair.score.probability(),
                    reasons: reasons.collect::<Vec<_>>().join("; "),
                }
            });
            write_review(options, &table, pairs)?;
            (clustering.cluster_of, clustering.review.len())
        }
        Of::Persons => {
            let table: Table<PersonProfile> = table::read(&options.input, threads)?;
            let persons = likeness::persons(&table.profiles, &PersonPolicy::default());
            write_clusters(&options.output, &table, &persons.cluster_of)?;
            let pairs = persons.review.iter().map(|pair| {
                let reasons = pair.reasons.iter();
                let reasons = reasons.map(|reason| told(&reason.describe(), reason.bits));
                Pair {
                    one: pair.one,
                    other: pair.other,
                    probability: likeness::probability(pair.bits),
                    reasons: reasons.collect::<Vec<_>>().join("; "),
                }
            });
            write_review(options, &table, pairs)?;
            (persons.cluster_of, persons.review.len())
        }
    };
    tell(options, &cluster_of, review, start.elapsed().as_secs_f64())
}

/// A pair for review, in the form of the file.
struct Pair {
    one: u32,
    other: u32,
    probability: f32,
    reasons: String,
}

fn told(finding: &str, bits: f32) -> String {
    format!("{finding} ({bits:+.1})")
}

fn write_clusters<K>(path: &Path, table: &Table<K>, cluster_of: &[u32]) -> Result<(), Exit> {
    let mut writer = writer(path)?;
    let written = (|| {
        writer.write_record(["source_system", "source_id", "cluster_id"])?;
        for (record, cluster) in cluster_of.iter().enumerate() {
            let (system, id) = table.name(record);
            // Clusters are called by the row of their first record, from 1.
            writer.write_record([system, id, &(cluster + 1).to_string()])?;
        }
        writer.flush()?;
        Ok(())
    })();
    written.map_err(|error| unwritten(path, &error))
}

fn write_review<K>(
    options: &Dedupe,
    table: &Table<K>,
    pairs: impl Iterator<Item = Pair>,
) -> Result<(), Exit> {
    let Some(path) = &options.review else {
        return Ok(());
    };
    let mut writer = writer(path)?;
    let written = (|| {
        writer.write_record([
            "source_system_1",
            "source_id_1",
            "source_system_2",
            "source_id_2",
            "score",
            "reasons",
        ])?;
        for pair in pairs {
            let (one_system, one) = table.name(pair.one as usize);
            let (other_system, other) = table.name(pair.other as usize);
            writer.write_record([
                one_system,
                one,
                other_system,
                other,
                &format!("{:.4}", pair.probability),
                &pair.reasons,
            ])?;
        }
        writer.flush()?;
        Ok(())
    })();
    written.map_err(|error| unwritten(path, &error))
}

fn writer(path: &Path) -> Result<csv::Writer<BufWriter<File>>, Exit> {
    let file = File::create(path)
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))?;
    Ok(csv::Writer::from_writer(BufWriter::new(file)))
}

fn unwritten(path: &Path, error: &csv::Error) -> Exit {
    Exit::environment(format!("{}: {error}", path.display()))
}

fn tell(options: &Dedupe, cluster_of: &[u32], review: usize, seconds: f64) -> Result<(), Exit> {
    let records = cluster_of.len();
    let first = |(record, cluster): (usize, &u32)| record == *cluster as usize;
    let clusters = cluster_of.iter().enumerate();
    let clusters = clusters.filter(|pair| first(*pair)).count();
    if options.json {
        return output::json(&json!({
            "records": records,
            "clusters": clusters,
            "review": review,
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "records_per_second": (records as f64 / seconds.max(1e-9)).round(),
        }));
    }
    let of = match options.of {
        Of::Companies => "companies",
        Of::Persons => "persons",
    };
    output::talk(&format!(
        "{records} records are {clusters} {of}; {review} pairs for review; {seconds:.1} s"
    ));
    Ok(())
}
