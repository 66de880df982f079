//! Searches of messages that people keep: the statements, once for both databases.

use async_trait::async_trait;
use serde::Serialize;

use crate::StoreError;

/// A search of messages that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedSearch {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub owner: String,
    /// What people call it.
    pub name: String,
    /// What is asked, as the query of the page's address: `source=crm&state=invalid`.
    pub query: String,
    /// Whether it is shown to all.
    pub shared: bool,
}

/// Searches that people keep.
#[async_trait]
pub trait SavedSearches: Send + Sync + 'static {
    /// Those of an owner, and what others share, by name.
    async fn saved_searches(&self, owner: &str) -> Result<Vec<SavedSearch>, StoreError>;

    /// One.
    async fn saved_search(&self, id: i64) -> Result<Option<SavedSearch>, StoreError>;

    /// Keeps a search; where its owner has kept the same before, that is named anew. The search as it is kept, with its
    /// number, and as it was before.
    async fn save_search(
        &self,
        search: &SavedSearch,
    ) -> Result<(SavedSearch, Option<SavedSearch>), StoreError>;

    /// Forgets a search; the one that there was.
    async fn forget_search(&self, id: i64) -> Result<Option<SavedSearch>, StoreError>;
}

/// The columns of a search.
pub(crate) type SearchRow = (i64, String, String, String, bool);

pub(crate) fn search((id, owner, name, query, shared): SearchRow) -> SavedSearch {
    SavedSearch {
        id,
        owner,
        name,
        query,
        shared,
    }
}

/// Implements [`SavedSearches`] for a store with a method `$read` that gives a connection to read with, and one
/// that writes after `$begin`.
macro_rules! saved_searches {
    ($store:ty, $read:ident, $begin:ident($($statement:literal)?)) => {
        #[async_trait::async_trait]
        impl $crate::SavedSearches for $store {
            async fn saved_searches(&self, owner: &str) -> Result<Vec<SavedSearch>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Vec<SearchRow> = sqlx::query_as(
                    "select id, owner, name, query, shared from saved_search
                     where owner = $1 or shared order by name, id",
                )
                .bind(clean(owner))
                .fetch_all(&mut *connection)
                .await?;
                Ok(found.into_iter().map(search).collect())
            }

            async fn saved_search(&self, id: i64) -> Result<Option<SavedSearch>, StoreError> {
                let mut connection = self.$read().await?;
                let found: Option<SearchRow> = sqlx::query_as(
                    "select id, owner, name, query, shared from saved_search where id = $1",
                )
                .bind(id)
                .fetch_optional(&mut *connection)
                .await?;
                Ok(found.map(search))
            }

            async fn save_search(
                &self,
                kept: &SavedSearch,
            ) -> Result<(SavedSearch, Option<SavedSearch>), StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                let before: Option<SearchRow> = sqlx::query_as(
                    "select id, owner, name, query, shared from saved_search
                     where owner = $1 and query = $2",
                )
                .bind(clean(&kept.owner))
                .bind(clean(&kept.query))
                .fetch_optional(&mut *transaction)
                .await?;
                let row: SearchRow = sqlx::query_as(
                    "insert into saved_search (owner, name, query, shared) values ($1, $2, $3, $4)
                     on conflict (owner, query) do update
                     set name = excluded.name, shared = excluded.shared
                     returning id, owner, name, query, shared",
                )
                .bind(clean(&kept.owner))
                .bind(clean(&kept.name))
                .bind(clean(&kept.query))
                .bind(kept.shared)
                .fetch_one(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok((search(row), before.map(search)))
            }

            async fn forget_search(&self, id: i64) -> Result<Option<SavedSearch>, StoreError> {
                let mut transaction = self.$begin($($statement)?).await?;
                let forgotten: Option<SearchRow> = sqlx::query_as(
                    "delete from saved_search where id = $1
                     returning id, owner, name, query, shared",
                )
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(forgotten.map(search))
            }
        }
    };
}

pub(crate) use saved_searches;
