//! Rows of cells under named columns become JSON objects whose values are all text.

use std::collections::HashSet;

use super::push_string;
use crate::files::settings::Columns;

/// The named columns of one table.
#[derive(Debug)]
pub(super) struct Table {
    /// Each column's name as a JSON string with its colon, ready to be copied.
    keys: Vec<Vec<u8>>,
}

impl Table {
    /// The columns of a file's own header, names trimmed. Empty names at its end are none, others
    /// become `column_3` by their place.
    ///
    /// # Errors
    /// Why the file as a whole cannot be read: a required column is missing, a name stands twice.
    pub(super) fn from_header(header: &[&str], columns: &Columns) -> Result<Self, String> {
        let width = header
            .iter()
            .rposition(|name| !name.trim().is_empty())
            .map_or(0, |last| last + 1);
        let names: Vec<String> = header[..width]
            .iter()
            .enumerate()
            .map(|(index, name)| match name.trim() {
                "" => format!("column_{}", index + 1),
                name => name.to_owned(),
            })
            .collect();
        if names.iter().any(|name| name.contains('\0')) {
            return Err(
                "the header holds NUL characters; correct `encoding`, or have the system write \
                        the file again"
                    .to_owned(),
            );
        }
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(format!(
                "column `{twice}` stands twice in the header; have the system name each column once"
            ));
        }
        let missing: Vec<String> = columns
            .required
            .iter()
            .filter(|required| !seen.contains(required.as_str()))
            .map(|required| format!("`{required}`"))
            .collect();
        if !missing.is_empty() {
            let found: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
            return Err(format!(
                "required column {} is missing (found: {}); have the system export it, or correct \
                 `columns_required`, `delimiter` or `encoding`",
                missing.join(", "),
                found.join(", ")
            ));
        }
        Ok(Self::of(&names))
    }

    /// Columns named by configuration.
    pub(super) fn of(names: &[String]) -> Self {
        let key = |name: &String| {
            let mut key = Vec::new();
            push_string(&mut key, name);
            key.push(b':');
            key
        };
        Self {
            keys: names.iter().map(key).collect(),
        }
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.keys.len()
    }

    /// One row as an object; empty cells beyond the last column are passed over.
    ///
    /// # Errors
    /// Why the row is no record: too few or too many cells, a NUL character.
    pub(super) fn object<'c>(
        &self,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<Vec<u8>, String> {
        let mut json = vec![b'{'];
        let mut count = 0;
        let mut surplus = false;
        for cell in cells {
            if let Some(key) = self.keys.get(count) {
                if count > 0 {
                    json.push(b',');
                }
                json.extend_from_slice(key);
                push_string(&mut json, cell);
            } else {
                surplus |= !cell.is_empty();
            }
            if cell.contains('\0') {
                return Err(
                    "the record holds a NUL character, as a file does whose writer crashed; \
                     have the system write it again"
                        .to_owned(),
                );
            }
            count += 1;
        }
        if count < self.keys.len() || surplus {
            return Err(format!(
                "the row has {count} cells, the table {} columns; the file may be cut off, or a cell \
                 holds the delimiter unquoted",
                self.keys.len()
            ));
        }
        json.push(b'}');
        Ok(json)
    }
}
