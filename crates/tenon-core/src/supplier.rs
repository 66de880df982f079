//! Whom purchasing documents name.

use serde::{Deserialize, Serialize};

/// A supplier or subcontractor, as purchasing knows it: the hub keeps no master of suppliers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplier {
    /// The supplier's number in purchasing.
    pub code: String,
    /// The supplier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
