//! The nodes of the hub, and what all are asked to do.

use uuid::Uuid;

use super::Postgres;
use crate::nodes::{OutcomeRow, RequestRow, nodes, outcome, request};
use crate::rows::{clean, clean_option};
use crate::{HubNode, ReloadOutcome, ReloadRequest, StoreError};

nodes!(
    Postgres,
    connection,
    begin("begin"),
    "cast(extract(epoch from clock_timestamp()) as bigint)"
);
