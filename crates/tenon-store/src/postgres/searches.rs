//! Searches that people keep.

use super::Postgres;
use crate::rows::clean;
use crate::searches::{SearchRow, saved_searches, search};
use crate::{SavedSearch, StoreError};

saved_searches!(Postgres, connection, begin("begin"));
