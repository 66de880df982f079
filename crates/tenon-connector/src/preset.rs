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
    /// The text of one built-in file.
    pub fn file(&self, name: &str) -> Option<&'static str> {
        self.files
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, text)| *text)
    }
}
