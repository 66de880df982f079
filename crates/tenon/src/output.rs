//! Stdout is data, stderr is talk. Nothing else in the program prints.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use serde::Serialize;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};
use unicode_width::UnicodeWidthStr;

use crate::exit::Exit;

/// Sends structured logs to stderr; `RUST_LOG` decides what, else warnings (or more, if asked).
/// Whoever watches the demonstration is not told how busy the machine is.
pub(crate) fn log(verbose: u8, demo: bool) {
    let standard = match verbose {
        0 if demo => "warn,lapin::channels=off,sqlx::query=error",
        // The AMQP library calls every end of a connection an error, those that are ours included;
        // what goes wrong with the broker is told by our own parts.
        0 => "warn,lapin::channels=off",
        1 => "info",
        _ => "debug,sqlx=info,hyper=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(standard));
    let silent = tenon_broker::PAYLOAD_LOG_TARGETS.into_iter();
    let filter =
        silent
            .chain(tenon_connector::PAYLOAD_LOG_TARGETS)
            .fold(filter, |filter, target| {
                // The targets are constants that parse; a log without bodies matters more than one word of it.
                match format!("{target}=off").parse() {
                    Ok(directive) => filter.add_directive(directive),
                    Err(_) => EnvFilter::new("off"),
                }
            });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match std::io::stderr().is_terminal() {
        true => lines.compact().boxed(),
        false => lines.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(crate::spans::listener())
        .init();
}

/// The first reason why data could not be written.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Writes a line of data to stdout. A reader that has gone away (`| head`) is no error; a full disk
/// is one, which [`written`] tells at the end.
pub(crate) fn data(line: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        UNWRITTEN.get_or_init(|| error.to_string());
    }
}

/// Whether all data was written that somebody was there to read.
pub(crate) fn written() -> Result<(), Exit> {
    match UNWRITTEN.get() {
        None => Ok(()),
        Some(reason) => Err(Exit::environment(format!(
            "the output cannot be written: {reason}"
        ))),
    }
}

/// Writes one JSON document as a line of data.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Exit> {
    let text = serde_json::to_string(value).map_err(|error| Exit::runtime(error.to_string()))?;
    data(&text);
    Ok(())
}

/// Writes a line of talk to stderr.
pub(crate) fn talk(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A table with a header, columns as wide as their widest cell; numbers stand to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) {
    for line in layout(header, rows) {
        data(&line);
    }
}

fn layout(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width());
            cells.chain([header[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, column_width) in cells.zip(&widths) {
            let padding = " ".repeat(column_width.saturating_sub(cell.width()));
            let is_number = cell.starts_with(|first: char| first.is_ascii_digit())
                && !cell.contains(|character: char| character.is_ascii_alphabetic());
            text.push_str(&if is_number {
                format!("{padding}{cell}  ")
            } else {
                format!("{cell}{padding}  ")
            });
        }
        text.trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    let mut lines = vec![
        line(&mut header.iter().copied()),
        rule.join("  ").trim_end().to_owned(),
    ];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_the_script() {
        let rows = [["川可", "7"], ["a…b", "1234"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            layout(&["name", "n"], &rows),
            ["name  n", "────  ────", "川可     7", "a…b   1234"]
        );
        assert_eq!(layout(&["id", ""], &[]), ["id", "──"]);
    }
}
