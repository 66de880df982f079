//! What a connector crate contributes: a kind of system and its presets.

/// A kind of system: `crm`, `erp`. Connector crates export one each; the binary lists them.
#[derive(Debug, Clone, Copy)]
pub struct ConnectorKind {
    /// The value of `kind` in configuration.
    pub name: &'static str,
    /// One line for `tenon connector list`.
    pub summary: &'static str,
    /// Its presets.
    pub presets: &'static [Preset],
}

/// Built-in endpoints, mappings and native ids for one product or one way of joining.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// The value of `preset` in configuration.
    pub name: &'static str,
    /// One line for a person.
    pub summary: &'static str,
    /// The transport: `files`, `sql` or `http`.
    pub transport: &'static str,
    /// Defaults in the connector file's own language. What the user's file says wins key by key;
    /// `[[receive]]` and `[[deliver]]` are matched by entity.
    pub defaults: &'static str,
    /// Mappings, code tables and cases, by the name that `defaults` use after `preset:`.
    pub files: &'static [(&'static str, &'static str)],
}

impl Preset {
    /// What a connector file has to say besides name, kind and preset; each value is an example.
    ///
    /// It stands in the preset's defaults, in lines that begin with `#!`; a preset without any is
    /// reached as its transport usually is.
    pub fn beginning(&self, name: &str) -> String {
        let own: String = self
            .defaults
            .lines()
            .filter_map(|line| line.strip_prefix("#!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        let text = match (own.as_str(), self.transport) {
            ("", "files") => "directory = \"../{name}\"\n",
            ("", "sql") => "url = \"sqlite:../{name}.db\"\n",
            ("", _) => {
                "url = \"https://{name}.example.com\"\n# auth = { bearer = \"${env:TOKEN}\" }\n"
            }
            (own, _) => own,
        };
        text.replace("{name}", name)
    }

    /// The text of one built-in file.
    pub fn file(&self, name: &str) -> Option<&'static str> {
        self.files
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, text)| *text)
    }
}
