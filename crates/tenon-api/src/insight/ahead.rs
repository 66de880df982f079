//! What takes long is made before anybody asks for it.

use std::time::Duration;

use tenon_insight::REPORTS;
use tokio_util::sync::CancellationToken;

use super::{orders, reports};
use crate::{Api, Problem};

/// Between two looks whether something is new: another month, another day, figures that were made anew.
const PAUSE: Duration = Duration::from_mins(1);
/// The same, until there are figures.
const AT_FIRST: Duration = Duration::from_secs(2);

/// Makes the figures that the console asks for first, whenever nobody has asked for them yet. Ends with `stop`.
pub async fn make_ahead(api: Api, stop: CancellationToken) {
    let mut pause = AT_FIRST;
    loop {
        match api.make_ahead().await {
            Ok(()) => pause = PAUSE,
            Err(problem) => tracing::debug!(?problem, "figures are not made ahead"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {} // why: nothing tells that a day has begun
        }
    }
}

impl Api {
    /// One after the other: who asks meanwhile has the other connections.
    async fn make_ahead(&self) -> Result<(), Problem> {
        let made = self.reports().await?;
        if !self.kept.holds(&orders::question(&made)) {
            self.kept_exceptions(made.clone()).await?;
        }
        let scope = reports::scope(&made, &reports::ReportQuery::default())?;
        for name in REPORTS {
            if !self.kept.holds(&reports::question(&made, name, &scope)) {
                let report = self.kept_report(made.clone(), name.to_owned(), scope.clone());
                report.await?;
            }
        }
        Ok(())
    }
}
