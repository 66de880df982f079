//! Searches that people keep.

use super::Sqlite;
use crate::rows::clean;
use crate::searches::{SearchRow, saved_searches, search};
use crate::{SavedSearch, StoreError};

saved_searches!(Sqlite, read, begin());
