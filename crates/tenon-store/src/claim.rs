//! The sole right to serve something, of which several nodes could.

use async_trait::async_trait;

/// A right that one node at a time has. Dropping it gives it back.
///
/// It is lost with the node's hold on the store (a lost session, a process that stands still for
/// longer than the store waits), and somebody else may then have it: whoever acts on it asks before
/// each step that must not be taken by two. A step that is already under way is not called back.
#[async_trait]
pub trait Claim: Send + Sync {
    /// Whether it still holds, as of a tenth of a second ago at most.
    async fn holds(&self) -> bool;
}
