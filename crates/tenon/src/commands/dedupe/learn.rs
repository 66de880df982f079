//! `tenon master learn`: weights from what stewards decided of a review.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use tenon_master::likeness::{self, Clustering, Learnt, MatchPolicy, Profile, Suggestion};

use super::table::{self, Table};
use crate::cli::Learn;
use crate::exit::Exit;
use crate::matching;
use crate::output;

/// A row of the review with what a steward made of it.
#[derive(Debug, Deserialize)]
struct Row {
    source_system_1: String,
    source_id_1: String,
    source_system_2: String,
    source_id_2: String,
    #[serde(default)]
    decision: String,
}

/// Two records, each by system and id.
type Names = [(String, String); 2];

pub(in crate::commands) fn run(options: &Learn) -> Result<(), Exit> {
    let policy = match &options.policy {
        Some(path) => matching::read(path)?,
        None => MatchPolicy::default(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let decisions = decisions(&options.reviews)?;
    let table: Table<Profile> = table::read(&options.input, threads)?;
    let clustering = likeness::dedupe(&table.profiles, &policy, threads);
    let decided = decided(&table, &clustering, &decisions);
    if decided.is_empty() {
        return Err(Exit::runtime(format!(
            "no pair of {} that has a decision is in the review of {}; run `tenon master dedupe` on these \
             records with the same policy, and fill in its review",
            options.reviews.display(),
            options.input.display()
        )));
    }
    let learnt = likeness::learn(&policy, &decided, table.profiles.len());
    std::fs::write(&options.output, toml_of(&learnt.policy))
        .map_err(|error| Exit::environment(format!("{}: {error}", options.output.display())))?;
    tell(options, &learnt, decisions.len())
}

/// The decisions of a review: a column `decision` with `same`, `different` or nothing.
fn decisions(path: &Path) -> Result<HashMap<Names, bool>, Exit> {
    let mut reader = csv::Reader::from_path(path)
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))?;
    let mut decisions = HashMap::new();
    let mut problems = 0;
    for (index, row) in reader.deserialize::<Row>().enumerate() {
        // The header is line 1.
        let line = index + 2;
        let mut problem = |what: &str| {
            output::talk(&format!("{}:{line}: {what}", path.display()));
            problems += 1;
        };
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                problem(&error.to_string());
                continue;
            }
        };
        let is_same = match row.decision.trim() {
            "same" => true,
            "different" => false,
            "" => continue,
            other => {
                problem(&format!(
                    "`{other}` is no decision; write `same`, `different` or nothing"
                ));
                continue;
            }
        };
        let names = [
            (row.source_system_1, row.source_id_1),
            (row.source_system_2, row.source_id_2),
        ];
        decisions.insert(names, is_same);
    }
    if problems > 0 {
        return Err(Exit::Problems);
    }
    Ok(decisions)
}

/// The suggestions that were decided.
fn decided<'c>(
    table: &Table<Profile>,
    clustering: &'c Clustering,
    decisions: &HashMap<Names, bool>,
) -> Vec<(&'c Suggestion, bool)> {
    let name = |record: u32| {
        let (system, id) = table.name(record as usize);
        (system.to_owned(), id.to_owned())
    };
    let of = |suggestion: &'c Suggestion| {
        let (one, other) = (name(suggestion.one), name(suggestion.other));
        let is_same = decisions
            .get(&[one.clone(), other.clone()])
            .or_else(|| decisions.get(&[other, one]))?;
        Some((suggestion, *is_same))
    };
    clustering.review.iter().filter_map(of).collect()
}

/// The policy as a file that `--policy` reads.
fn toml_of(policy: &MatchPolicy) -> String {
    let mut text = format!(
        "[matching]\nsame_bits = {:.2}\nlead_bits = {:.2}\nreview_bits = {:.2}\nsuggestions = {}\n\
         group_prior_bits = {:.2}\nstranger_prior_bits = {:.2}\ncrowd = {}\n\n[matching.weights]\n",
        policy.same_bits,
        policy.lead_bits,
        policy.review_bits,
        policy.suggestions,
        policy.group_prior_bits,
        policy.stranger_prior_bits,
        policy.crowd,
    );
    for (level, weight) in &policy.weights {
        let name = serde_json::to_value(level).unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "{} = {{ group = {:.2}, stranger = {:.2}, rarity = {:.2} }}",
            name.as_str().unwrap_or_default(),
            weight.group,
            weight.stranger,
            weight.rarity,
        );
    }
    text
}

fn tell(options: &Learn, learnt: &Learnt, given: usize) -> Result<(), Exit> {
    let (before, after) = learnt.surprise;
    if options.json {
        return output::json(&json!({
            "decisions": given,
            "learnt_from": learnt.decisions,
            "weights": learnt.policy.weights.len(),
            "surprise_bits": { "before": before, "after": after },
        }));
    }
    output::talk(&format!(
        "learnt {} weights from {} of {given} decisions: a decision surprises by {after:.3} bits, by \
         {before:.3} before",
        learnt.policy.weights.len(),
        learnt.decisions,
    ));
    Ok(())
}
