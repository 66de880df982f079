//! `tenon demo`: a whole company for a minute, on a real hub, counted in its systems at the end.

mod quiet;
mod summary;
pub(crate) mod world;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use tenon_pipeline::{Roles, inbound_queue, queues};

use crate::cli::Demo;
use crate::commands::{Node, serve, stop_signal};
use crate::exit::Exit;
use crate::output;
use crate::scratch::Scratch;
use crate::settings::Configuration;
use quiet::wait_until_quiet;
use world::{Sizes, World};

/// Where the demonstration's hub listens if nobody else does.
const PORT: u16 = 8383;

pub(crate) async fn run(options: Demo) -> Result<(), Exit> {
    let temporary = tempfile::tempdir()?;
    let directory = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&directory)
        .map_err(|error| Exit::environment(format!("{}: {error}", directory.display())))?;
    let scratch = Scratch::open(
        "demo",
        &directory,
        options.broker.as_deref(),
        options.store.as_deref(),
    )
    .await?;
    let mut names = Vec::new();
    let played = play(&options, &directory, &scratch, &mut names).await;
    let cleared = scratch.clear(&names).await;
    played.and(cleared)
}

/// Plays the story and shows the summary; `names` are the queues to clear away afterwards.
async fn play(
    options: &Demo,
    directory: &Path,
    scratch: &Scratch,
    names: &mut Vec<String>,
) -> Result<(), Exit> {
    let sizes = Sizes {
        companies: options.customers,
        orders: options.orders,
        ..Sizes::default()
    };
    let step = Steps::new(options.json);
    step.say("inventing a factory, its CRM, its ERP, an invoicing service and their neighbours");
    let world = World::generate(&directory.join("company"), options.seed, sizes)
        .await
        .map_err(failed)?;
    let invoicing = world.start_invoicing().await.map_err(failed)?;

    step.say("before the hub: every invoice request under the name at hand");
    let before = world
        .refused_before_mastering(&invoicing)
        .await
        .map_err(failed)?;

    let config = directory.join("config");
    world
        .write_config(&config.join("connectors"), &invoicing)
        .map_err(failed)?;
    let token = write_settings(&config)?;
    let configuration = Configuration::load(&config).map_err(|found| Exit::problems(&found))?;
    let partitions = configuration.settings.partitions;
    names.extend(
        queues(&configuration.deployment, partitions)
            .into_iter()
            .map(|queue| queue.name),
    );
    let Configuration {
        mut settings,
        deployment,
        ..
    } = configuration;

    let exported = world.export_crm().map_err(failed)?;
    step.say(&format!(
        "the CRM exports {} customers in {} files",
        exported.customers, exported.files
    ));
    // The first load only reads: a customer that is given to the ERP before the ERP's own list was
    // read would stand there twice.
    let loading = Roles {
        deliver: false,
        ..Roles::ALL
    };
    let node = serve(
        settings.clone(),
        deployment.clone(),
        loading,
        false,
        scratch.engine(),
    )
    .await?;
    let inbound: Vec<String> = (0..partitions).map(inbound_queue).collect();
    wait_until_quiet(
        &node,
        &inbound,
        &step.spinner("every system's customers read"),
    )
    .await?;
    node.stop().await;

    // Looked for again: much may have happened since the settings were written.
    settings.http.listen = free_address();
    let node = serve(settings, deployment, Roles::ALL, true, scratch.engine()).await?;
    let url = url(&node);
    step.say(&format!("the hub runs at {url}"));
    let bar = step.bar("orders posted", options.orders as u64);
    let posted = world
        .post_orders(&url, |accepted| bar.set_position(accepted as u64))
        .await;
    let posted = posted.map_err(failed)?;
    bar.finish_and_clear();
    step.say(&format!("the sellers posted {posted} orders"));
    wait_until_quiet(
        &node,
        names,
        &step.spinner("customers mastered, orders carried"),
    )
    .await?;

    let billed = world.bill_orders().await.map_err(failed)?;
    step.say(&format!("the ERP requests {billed} invoices"));
    wait_until_quiet(&node, names, &step.spinner("invoices issued")).await?;

    step.say("goods leave, cases are opened, drawings are released, the invoicing service closes its day");
    world.begin_flows(&invoicing).await.map_err(failed)?;
    wait_until_quiet(&node, names, &step.spinner("the other flows carried")).await?;
    step.say("money comes, invoices are red-lettered and made void, sales promises, the director decides");
    world.end_flows(&invoicing).await.map_err(failed)?;
    wait_until_quiet(&node, names, &step.spinner("what followed carried")).await?;

    let summary = summary::count(&world, &invoicing, &node, &before).await?;
    if options.json {
        output::json(&summary.as_json())?;
    } else {
        summary.show();
    }
    if !options.once {
        if !options.json {
            output::data(&format!("\nconsole  {url}   (token: {token})"));
            if let Some(link) = node.first_link().await? {
                output::data(&format!("sign in  {link}"));
            }
            output::data(&format!("config   {}", config.display()));
        }
        output::talk("the hub goes on; Ctrl-C ends it");
        stop_signal().await;
    }
    node.stop().await;
    summary.verdict()
}

/// Writes `tenon.toml` with a token of its own; the token.
fn write_settings(config: &Path) -> Result<String, Exit> {
    let token = uuid::Uuid::now_v7().simple().to_string();
    let file: PathBuf = config.join("api.token");
    std::fs::write(&file, &token)?;
    let text = format!(
        "# The hub of the demonstration; its engines are chosen on the command line.\n\
         [http]\nlisten = \"{}\"\ntoken  = {}\n\n\
         [master]\n# Whose word counts most: the invoicing service knows registered names.\n\
         priority = [\"invoicing\", \"erp\", \"crm\"]\n",
        free_address(),
        toml::Value::String(format!("${{file:{}}}", file.display())),
    );
    std::fs::write(config.join("tenon.toml"), text)?;
    Ok(token)
}

/// The usual address, or any free port if somebody listens there.
fn free_address() -> SocketAddr {
    let usual = SocketAddr::from(([127, 0, 0, 1], PORT));
    match std::net::TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from(([127, 0, 0, 1], 0)),
    }
}

fn url(node: &Node) -> String {
    node.address
        .map_or_else(String::new, |address| format!("http://{address}"))
}

fn failed(error: anyhow::Error) -> Exit {
    Exit::runtime(format!("{error:#}"))
}

/// Tells on stderr how far the story is.
struct Steps {
    silent: bool,
}

impl Steps {
    fn new(silent: bool) -> Self {
        Self { silent }
    }

    fn say(&self, text: &str) {
        if !self.silent {
            output::talk(&format!("· {text}"));
        }
    }

    fn bar(&self, text: &'static str, length: u64) -> ProgressBar {
        if self.silent {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length)
            .with_style(style)
            .with_message(text)
    }

    fn spinner(&self, text: &'static str) -> ProgressBar {
        if self.silent {
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner().with_message(text);
        spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        spinner
    }
}
