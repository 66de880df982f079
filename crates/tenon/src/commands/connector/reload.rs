//! `tenon connector reload`: the nodes of the running hub serve a system as its file says now.

use reqwest::Method;
use serde_json::Value;

use super::running::ask;
use crate::cli::Reload;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: &Reload) -> Result<(), Exit> {
    let path = format!("/api/v1/connectors/{}/reload", options.system);
    let answered = ask(&options.hub, Method::POST, &path, |request| request).await?;
    let document = answered.fulfilled()?;
    let nodes = document["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let others: Vec<&Value> = nodes.iter().filter(|node| node["own"] != true).collect();
    let behind = others.iter().filter(|node| node["outcome"] != "reloaded");
    let behind = behind.count();
    if options.json {
        output::json(&document)?;
    } else {
        let system = &options.system;
        output::data(&format!("{system} is served as its file says now"));
        if !others.is_empty() {
            let text = |node: &Value, key: &str| node[key].as_str().unwrap_or_default().to_owned();
            let row = |node: &Value| {
                ["node", "outcome", "detail"]
                    .map(|key| text(node, key))
                    .to_vec()
            };
            let rows: Vec<Vec<String>> = nodes.iter().map(row).collect();
            output::table(&["node", "outcome", "why"], &rows);
        }
    }
    match behind {
        0 => Ok(()),
        behind => Err(Exit::runtime(format!(
            "{behind} of {} nodes do not serve it as their file says now",
            nodes.len()
        ))),
    }
}
