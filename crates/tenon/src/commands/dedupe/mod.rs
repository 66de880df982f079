//! `tenon master dedupe`: which records are one company, on files alone.

mod table;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tenon_master::likeness::{self, Clustering, MatchPolicy, Suggestion};

use crate::cli::Dedupe;
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
    let table = table::read(&options.input, threads)?;
    let clustering = likeness::dedupe(&table.profiles, &policy, threads);
    write_clusters(&options.output, &table, &clustering)?;
    if let Some(path) = &options.review {
        write_review(path, &table, &clustering.review)?;
    }
    tell(options, &clustering, start.elapsed().as_secs_f64())
}

fn write_clusters(path: &Path, table: &Table, clustering: &Clustering) -> Result<(), Exit> {
    let mut writer = writer(path)?;
    let written = (|| {
        writer.write_record(["source_system", "source_id", "cluster_id"])?;
        for (record, cluster) in clustering.cluster_of.iter().enumerate() {
            let (system, id) = table.name(record);
            // Clusters are called by the row of their first record, from 1.
            writer.write_record([system, id, &(cluster + 1).to_string()])?;
        }
        writer.flush()?;
        Ok(())
    })();
    written.map_err(|error| unwritten(path, &error))
}

fn write_review(path: &Path, table: &Table, review: &[Suggestion]) -> Result<(), Exit> {
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
        for suggestion in review {
            let (one_system, one) = table.name(suggestion.one as usize);
            let (other_system, other) = table.name(suggestion.other as usize);
            let score = &suggestion.score;
            let reasons: Vec<String> = score
                .reasons
                .iter()
                .map(|reason| format!("{} ({:+.1})", reason.level.describe(), reason.bits))
                .collect();
            writer.write_record([
                one_system,
                one,
                other_system,
                other,
                &format!("{:.4}", score.probability()),
                &reasons.join("; "),
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

fn tell(options: &Dedupe, clustering: &Clustering, seconds: f64) -> Result<(), Exit> {
    let records = clustering.cluster_of.len();
    let first = |(record, cluster): (usize, &u32)| record == *cluster as usize;
    let clusters = clustering.cluster_of.iter().enumerate();
    let clusters = clusters.filter(|pair| first(*pair)).count();
    if options.json {
        return output::json(&json!({
            "records": records,
            "clusters": clusters,
            "review": clustering.review.len(),
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "records_per_second": (records as f64 / seconds.max(1e-9)).round(),
        }));
    }
    output::talk(&format!(
        "{records} records are {clusters} companies; {} pairs for review; {seconds:.1} s",
        clustering.review.len()
    ));
    Ok(())
}
