//! Claims as locked files in a folder beside the database: they end with the process.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::Sqlite;
use crate::{Claim, StoreError};

/// What this node has claimed.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<BTreeSet<String>>);

impl Claims {
    pub(super) fn names(&self) -> Vec<String> {
        self.change(|names| names.iter().cloned().collect())
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        // Nothing panics while it is held.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A right that holds as long as the file is open.
struct Held {
    _file: File,
    claims: Arc<Claims>,
    name: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.claims.change(|names| names.remove(&self.name));
    }
}

#[async_trait]
impl Claim for Held {
    async fn holds(&self) -> bool {
        true
    }
}

pub(super) async fn claim(
    store: &Sqlite,
    name: &str,
) -> Result<Option<Box<dyn Claim>>, StoreError> {
    let database: String =
        sqlx::query_scalar("select file from pragma_database_list where name = 'main'")
            .fetch_one(&mut *store.read().await?)
            .await?;
    let folder = PathBuf::from(format!("{database}.claims"));
    let file = folder.join(name.replace('/', "."));
    let locking = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    });
    match locking.await {
        Ok(Ok(None)) => Ok(None),
        Ok(Ok(Some(file))) => {
            let (claims, name) = (store.claims.clone(), name.to_owned());
            claims.change(|names| names.insert(name.clone()));
            Ok(Some(Box::new(Held {
                _file: file,
                claims,
                name,
            })))
        }
        Ok(Err(error)) => Err(StoreError::Unavailable(format!("claim `{name}`: {error}"))),
        Err(error) => Err(StoreError::Bug(format!("claim `{name}`: {error}"))),
    }
}
