//! Code tables: two columns that translate one system's codes into another's.

use std::collections::HashMap;
use std::sync::Arc;

/// Named code tables, which mappings read with `lookup("name")`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CodeTables {
    tables: Arc<HashMap<String, HashMap<String, String>>>,
}

impl CodeTables {
    /// Adds the table `name` from CSV text: a header row, then the code in the first column and
    /// the value in the second; more columns are remarks. Spaces around both are dropped.
    ///
    /// # Errors
    /// A sentence with the line when a row is broken or has one column only, a code is empty or
    /// stands twice, the header is missing, or the table exists already.
    pub fn insert(&mut self, name: &str, csv: &str) -> Result<(), String> {
        if self.tables.contains_key(name) {
            return Err(format!("the code table \"{name}\" exists already"));
        }
        let text = csv.strip_prefix('\u{feff}').unwrap_or(csv);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| format!("code table \"{name}\": {error}"))?;
        if header.len() < 2 {
            return Err(format!(
                "code table \"{name}\": the first line must name two columns, code and value"
            ));
        }
        let mut table = HashMap::new();
        for row in reader.records() {
            let row = row.map_err(|error| format!("code table \"{name}\": {error}"))?;
            let line = row.position().map_or(0, csv::Position::line);
            let at = |message: String| format!("code table \"{name}\", line {line}: {message}");
            let (Some(code), Some(value)) = (row.get(0), row.get(1)) else {
                return Err(at("a row needs a code and a value".into()));
            };
            if code.is_empty() {
                return Err(at("the code is empty".into()));
            }
            if table.insert(code.to_owned(), value.to_owned()).is_some() {
                return Err(at(format!("the code \"{code}\" stands twice")));
            }
        }
        Arc::make_mut(&mut self.tables).insert(name.to_owned(), table);
        Ok(())
    }

    /// The value of `code`; the outer option is the table's.
    pub(super) fn get(&self, table: &str, code: &str) -> Option<Option<&str>> {
        Some(self.tables.get(table)?.get(code).map(String::as_str))
    }

    /// The names of all tables, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.tables.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_translates_codes() {
        let mut tables = CodeTables::default();
        tables
            .insert(
                "unit",
                "\u{feff}code,value,remark\n PCS , piece,\n箱,carton\n",
            )
            .unwrap();
        assert_eq!(tables.get("unit", "PCS"), Some(Some("piece")));
        assert_eq!(tables.get("unit", "箱"), Some(Some("carton")));
        assert_eq!(tables.get("unit", "KG"), Some(None));
        assert_eq!(tables.get("country", "CN"), None);
        assert_eq!(tables.names(), ["unit"]);
    }

    #[test]
    fn a_broken_table_is_refused_with_its_line() {
        for (csv, expected) in [
            (
                "code,value\na,1\nb,2\na,3\n",
                "line 4: the code \"a\" stands twice",
            ),
            ("code,value\na\n", "line 2: a row needs a code and a value"),
            ("code,value\n,1\n", "line 2: the code is empty"),
            ("code\na\n", "must name two columns"),
            ("", "must name two columns"),
        ] {
            let error = CodeTables::default().insert("t", csv).unwrap_err();
            assert!(error.contains(expected), "{csv:?}: {error}");
        }
        let mut tables = CodeTables::default();
        tables.insert("t", "code,value\n").unwrap();
        assert!(
            tables
                .insert("t", "code,value\n")
                .unwrap_err()
                .contains("exists already")
        );
    }
}
