//! The nodes of the hub, and what all are asked to do.

use uuid::Uuid;

use super::Sqlite;
use crate::nodes::{KnownRow, OutcomeRow, RequestRow, known, nodes, outcome, request};
use crate::rows::{clean, clean_option, to_json};
use crate::{HubNode, KnownNode, NodeFacts, ReloadOutcome, ReloadRequest, StoreError};

impl Sqlite {
    /// What this node has claimed.
    async fn claimed(&self) -> Vec<String> {
        self.claims.names()
    }
}

nodes!(Sqlite, read, begin(), "unixepoch()");
