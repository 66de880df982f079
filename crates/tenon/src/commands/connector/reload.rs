//! `tenon connector reload`: the running hub serves a system as its file says now.

use reqwest::Method;

use super::running::ask;
use crate::cli::Reload;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: &Reload) -> Result<(), Exit> {
    let path = format!("/api/v1/connectors/{}/reload", options.system);
    let answered = ask(&options.hub, Method::POST, &path, |request| request).await?;
    let document = answered.fulfilled()?;
    match options.json {
        true => output::json(&document),
        false => {
            output::data(&format!(
                "{} is served as its file says now",
                options.system
            ));
            Ok(())
        }
    }
}
