//! Mappings: the Message Translator between a native form and the canonical one.
//!
//! A mapping is a jq program. It sees one record as `.` and the message around it as `$message`
//! (`id`, `source`, `native_id`, `occurred_at`, `entity`, `master_id`, `ids`, `target_id`), and
//! gives one record back, or nothing (`empty`) when the record is not wanted:
//!
//! ```
//! use std::path::Path;
//! use tenon_connector::{CodeTables, Mapping};
//!
//! let mut tables = CodeTables::default();
//! tables.insert("unit", "code,value\n个,piece\n箱,carton\n").unwrap();
//! let source = r#"
//!   select(.DJZT != "作废")
//!   | { number: .DDBH,
//!       ordered_on: (.DDRQ | date_in("%Y%m%d")),
//!       customer: ref($message.source; .KHBM),
//!       lines: [.MX[] | { quantity: (.SL | decimal), unit: (.DW | lookup("unit")),
//!                         amount: (.SL | decimal_mul("19.90"; 2)) }] }
//! "#;
//! let mapping = Mapping::compile(Path::new("erp/order.in.jq"), source, &tables).unwrap();
//! let message = serde_json::json!({ "source": "erp" });
//!
//! let native = r#"{"DDBH":"SO-1","DDRQ":"20260301","KHBM":"C9","DJZT":"审核","MX":[{"SL":"1,200","DW":"箱"}]}"#;
//! let canonical = mapping.apply(native.as_bytes(), &message).unwrap().unwrap();
//! assert_eq!(
//!     canonical.as_ref(),
//!     br#"{"number":"SO-1","ordered_on":"2026-03-01","customer":{"system":"erp","native_id":"C9"},"lines":[{"quantity":"1200","unit":"carton","amount":"23880.00"}]}"#,
//! );
//!
//! let cancelled = r#"{"DJZT":"作废"}"#;
//! assert_eq!(mapping.apply(cancelled.as_bytes(), &message).unwrap(), None);
//! ```
//!
//! The way through this room: [`Mapping::compile`] sends the text through the `gate`, which
//! refuses with a position what could run for ever or reach outside; `language` says which filters
//! there are, `functions` holds ours. [`Mapping::apply`] reads with `json`, evaluates a `plan` where
//! there is one and with the engine where not, both over `value`, where every operation pays on the `meter`, and writes with `json` again. Numbers that a
//! mapping passes on are written as they were read, digit by digit.

mod functions;
mod gate;
mod json;
mod language;
mod meter;
mod plan;
mod program;
mod tables;
mod value;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jaq_core::{Ctx, Vars};
use tenon_core::{ConfigProblem, Failure};

use language::{Language, Surroundings};
use meter::{Allowance, Ended};
use program::Program;
pub use tables::CodeTables;
use value::Value;

/// The longest detail of a failure, in bytes.
const LONGEST_DETAIL: usize = 480;
/// The longest output of a mapping, in bytes. A message carries 16 MiB, and masters' ids may be
/// longer than the references that they take the place of.
const LONGEST_OUTPUT: usize = 12 << 20;

/// A compiled mapping. Cheap to clone; one may serve many threads at once.
#[derive(Clone)]
pub struct Mapping {
    inner: Arc<Inner>,
}

struct Inner {
    file: PathBuf,
    source: Box<str>,
    program: Program,
    tables: CodeTables,
    /// Whether the program names `$message`: if not, it is not converted.
    reads_message: bool,
}

impl fmt::Debug for Mapping {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Mapping")
            .field(&self.inner.file)
            .finish()
    }
}

/// Why an evaluation gave no result.
enum Refused {
    /// The input is no JSON.
    Unreadable(String),
    /// The mapping raised an error or broke the rule of one output.
    Failed(String),
}

impl Mapping {
    /// Compiles the text of a mapping file, once, before anything runs.
    ///
    /// `file` is only named in problems. `tables` are those that `lookup` may read.
    ///
    /// # Errors
    /// Every problem that was found, each with its position: what is no jq, what does not exist,
    /// and what the gate refuses.
    pub fn compile(
        file: &Path,
        source: &str,
        tables: &CodeTables,
    ) -> Result<Self, Vec<ConfigProblem>> {
        let program = program::compile(file, source, tables)?;
        let reads_message = source.contains("$message");
        let file = file.to_owned();
        let tables = tables.clone();
        Ok(Self {
            inner: Arc::new(Inner {
                file,
                source: source.into(),
                program,
                tables,
                reads_message,
            }),
        })
    }

    /// Maps one record: its new form, or `None` when the mapping gave nothing, which means that
    /// the record is not wanted. `message` is what the mapping sees as `$message`.
    ///
    /// # Errors
    /// All of kind invalid: `mapping.unreadable` when `body` is no JSON, `mapping.failed` when the
    /// mapping raised an error, gave more than one output or one that is too large,
    /// `mapping.deadline` when it did more work than a mapping may.
    pub fn apply(
        &self,
        body: &[u8],
        message: &serde_json::Value,
    ) -> Result<Option<Bytes>, Failure> {
        self.evaluate(body, message, |outputs| {
            let Some(output) = at_most_one(outputs)? else {
                return Ok(None);
            };
            let output = json::write(&output.json)?;
            not_too_long(output.len())?;
            Ok(Some(Bytes::from(output)))
        })
    }

    /// As [`apply`](Self::apply), for a caller who would read the JSON at once.
    ///
    /// Numbers with decimals become floats here, as they do for everyone who reads JSON into such
    /// values: the canonical schemas admit none.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn apply_to_value(
        &self,
        body: &[u8],
        message: &serde_json::Value,
    ) -> Result<Option<serde_json::Value>, Failure> {
        self.evaluate(body, message, |outputs| {
            let Some(output) = at_most_one(outputs)? else {
                return Ok(None);
            };
            let (output, length) = json::convert(&output.json)?;
            not_too_long(length)?;
            Ok(Some(output))
        })
    }

    /// Whether a condition holds for one record: false and null are no, anything else is yes.
    ///
    /// # Errors
    /// As [`apply`](Self::apply); a condition must give exactly one output.
    pub fn holds(&self, body: &[u8], message: &serde_json::Value) -> Result<bool, Failure> {
        self.evaluate(body, message, |outputs| {
            let output = outputs.next().transpose()?;
            if outputs.next().transpose()?.is_some() {
                return Err("a condition gives one output, this one gave more".into());
            }
            let output = output.ok_or("a condition gives one output, this one gave none")?;
            Ok(jaq_core::ValT::as_bool(&output))
        })
    }

    /// Whether the program looks at `$message`; if not, any value will do for it.
    pub fn reads_message(&self) -> bool {
        self.inner.reads_message
    }

    /// The same mapping with another text: same name, same code tables.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn rewritten(&self, source: &str) -> Result<Self, Vec<ConfigProblem>> {
        Self::compile(&self.inner.file, source, &self.inner.tables)
    }

    /// The program, as it was given to [`compile`](Self::compile).
    pub fn source(&self) -> &str {
        &self.inner.source
    }

    /// The file that the mapping came from, as it was named to [`compile`](Self::compile).
    pub fn file(&self) -> &Path {
        &self.inner.file
    }

    fn evaluate<T>(
        &self,
        body: &[u8],
        message: &serde_json::Value,
        take: impl FnOnce(&mut dyn Iterator<Item = Result<Value, String>>) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let allowance = Allowance::of_input(body.len());
        let evaluation = || {
            let (json, depth) = json::read(body).map_err(Refused::Unreadable)?;
            let input = Value::nested(json, depth);
            let message = self.message(message).map_err(Refused::Failed)?;
            let Program { engine, plan } = &self.inner.program;
            let tables = &self.inner.tables;
            // A plan may build more than the engine on its way to the same, so that its end is not
            // the program's.
            let planned = plan.as_ref().and_then(|plan| {
                let run = || plan.run(&input, &message, tables);
                meter::metered(allowance, run).ok().flatten()
            });
            if let Some(outputs) = planned {
                return take(&mut outputs.into_iter().map(Ok)).map_err(Refused::Failed);
            }
            let surroundings = Surroundings::new(&engine.lut, tables);
            let context = Ctx::<Language>::new(surroundings, Vars::new([message]));
            let mut outputs = engine
                .id
                .run((context, input))
                .map(|output| output.map_err(raised));
            take(&mut outputs).map_err(Refused::Failed)
        };
        match meter::metered(allowance, evaluation) {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(Refused::Unreadable(why))) => Err(self.failure(
                "mapping.unreadable",
                &format!("the input is no JSON: {why}"),
            )),
            Ok(Err(Refused::Failed(why))) => Err(self.failure("mapping.failed", &why)),
            Err(ended) => Err(self.ended(ended, allowance)),
        }
    }

    fn message(&self, message: &serde_json::Value) -> Result<Value, String> {
        if !self.inner.reads_message {
            return Ok(Value::default());
        }
        let text = message.to_string();
        json::read(text.as_bytes()).map(|(json, depth)| Value::nested(json, depth))
    }

    fn ended(&self, ended: Ended, allowance: Allowance) -> Failure {
        match ended {
            Ended::Steps => self.failure(
                "mapping.deadline",
                &format!(
                    "it was stopped after {} steps; it does too much work",
                    allowance.steps
                ),
            ),
            Ended::Bytes => self.failure(
                "mapping.failed",
                &format!(
                    "it was stopped after building {} MiB",
                    allowance.bytes >> 20
                ),
            ),
            Ended::Stack => {
                self.failure("mapping.failed", "it was stopped: it is nested too deeply")
            }
            Ended::Depth => self.failure(
                "mapping.failed",
                &format!(
                    "it was stopped: it built a value nested deeper than {}",
                    json::DEEPEST
                ),
            ),
            Ended::Panicked => Failure::bug(
                "mapping.panic",
                format!(
                    "mapping {}: the engine broke down; please report it",
                    self.file().display()
                ),
            ),
        }
    }

    fn failure(&self, code: &'static str, why: &str) -> Failure {
        let mut detail = format!("mapping {}: {why}", self.file().display());
        if detail.len() > LONGEST_DETAIL {
            let mut end = LONGEST_DETAIL;
            while !detail.is_char_boundary(end) {
                end -= 1;
            }
            detail.truncate(end);
            detail.push('…');
        }
        Failure::invalid(code, detail)
    }
}

/// Reads JSON text with every number as it is written.
///
/// # Errors
/// A sentence when it is no JSON.
pub(crate) fn read_exactly(text: &[u8]) -> Result<jaq_json::Val, String> {
    json::read(text).map(|(value, _)| value)
}

/// The beginning of a value's JSON, at most about `limit` bytes.
pub(crate) fn brief(value: &jaq_json::Val, limit: usize) -> String {
    json::brief(value, limit)
}

fn at_most_one(
    outputs: &mut dyn Iterator<Item = Result<Value, String>>,
) -> Result<Option<Value>, String> {
    let output = outputs.next().transpose()?;
    if output.is_some() && outputs.next().transpose()?.is_some() {
        return Err(
            "it gave more than one output; collect them in an array or use first(…)".into(),
        );
    }
    Ok(output)
}

fn not_too_long(length: usize) -> Result<(), String> {
    if length > LONGEST_OUTPUT {
        return Err(format!("its output is larger than {LONGEST_OUTPUT} bytes"));
    }
    Ok(())
}

/// What a person reads of an error that the program raised.
fn raised(exception: jaq_core::Exn<'_, Value>) -> String {
    match exception.get_err() {
        Ok(error) => {
            let value = error.into_val();
            match value.as_text() {
                Some(text) => text.chars().take(LONGEST_DETAIL).collect(),
                None => value.to_string(),
            }
        }
        // Only an error leaves a program that compiled: labels are checked, halt does not exist.
        Err(_) => "it left by a way that is not supported".into(),
    }
}

#[cfg(test)]
mod tests;
