//! What stands for ODBC in a binary that is built without it: none of it can exist.

use std::time::Duration;

use tenon_core::Failure;
use tokio::sync::OwnedSemaphorePermit;

use super::dialect::{Argument, Dialect, Statement};
use super::session::{Cell, Described};
use super::table::Class;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {}

impl Behind {
    pub(super) fn quote(self) -> char {
        match self {}
    }

    pub(super) fn is_sqlite(self) -> bool {
        match self {}
    }

    pub(super) fn limit(self, _: usize) -> (String, String) {
        match self {}
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {}

impl Binding {
    pub(super) fn class(self) -> Class {
        match self {}
    }

    pub(super) fn argument(self, _: &str, _: &str) -> Result<Argument, Failure> {
        match self {}
    }

    pub(super) fn mark(self, _: &str) -> Argument {
        match self {}
    }
}

#[derive(Debug)]
pub(super) enum Pool {}

impl Pool {
    /// # Errors
    /// Always: it says how to get a binary with ODBC.
    pub(super) fn new(_: &str, _: Duration) -> Result<Self, Failure> {
        let detail = format!("{}; {}", super::WITHOUT_ODBC.0, super::WITHOUT_ODBC.1);
        Err(Failure::configuration("sql.address", detail))
    }

    pub(super) async fn lease(&self, _: OwnedSemaphorePermit, _: &str) -> Result<Leased, Failure> {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) enum Leased {}

impl Leased {
    pub(super) fn dialect(&self) -> Dialect {
        match *self {}
    }

    pub(super) fn discard(self) {
        match self {}
    }

    pub(super) async fn execute(&self, _: &Statement, _: &str) -> Result<u64, Failure> {
        match *self {}
    }

    pub(super) async fn rows(
        &self,
        _: &Statement,
        _: &str,
        _: &mut (impl FnMut(Vec<Cell>) -> bool + Send),
    ) -> Result<(), Failure> {
        match *self {}
    }

    pub(super) async fn describe(&self, _: &Statement, _: &str) -> Result<Vec<Described>, Failure> {
        match *self {}
    }

    pub(super) async fn begin(&self, _: &str) -> Result<(), Failure> {
        match *self {}
    }

    pub(super) async fn end(&self, _: bool, _: &str) -> Result<(), Failure> {
        match *self {}
    }
}
