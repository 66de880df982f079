//! The command line. Its names and exit codes are a contract: scripts depend on them.

mod access;
mod parked;
mod stewardship;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use access::{Audit, Token, TrailFormat, User};
pub(crate) use parked::{Corrections, Parked, ParkedSelection, Redriving, Way};
pub(crate) use stewardship::{Export, Giver, Import, Items, Measured, Reviews, Stewardship};

/// Joins CRM, ERP, invoicing and the rest: canonical messages, one master record per customer.
#[derive(Debug, Parser)]
#[command(name = "tenon", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// Say more on stderr; twice for everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole company for a minute and count what arrived: the story, end to end.
    Demo(Demo),
    /// Run the hub.
    Run(Run),
    /// Validate a configuration offline: every problem at once, with its place.
    Check(Check),
    /// Run the mapping cases that stand beside the mappings.
    Test(Test),
    /// Put a native record in, as its system would.
    Send(Send),
    /// Tell where an order, invoice or customer is: by business key, native id or message id.
    Trace(Trace),
    /// See, try, send again or give up messages that wait.
    #[command(subcommand)]
    Parked(Parked),
    /// The master customer record.
    #[command(subcommand)]
    Master(Master),
    /// Which items of several systems are one part.
    #[command(subcommand)]
    Item(Items),
    /// Kinds of systems and their presets.
    #[command(subcommand)]
    Connector(Connector),
    /// Measure throughput with ground truth in the target, beside the broker's own limit.
    Bench(Bench),
    /// Break a hub on purpose, again and again, and count in its targets what became of the messages.
    Torture(Torture),
    /// Copy the embedded engine's file, while the hub runs too.
    Backup(Backup),
    /// Put a copy in the place of the embedded engine's file; what was there is kept beside it.
    Restore(Restore),
    /// The people who may sign in.
    #[command(subcommand)]
    User(User),
    /// The tokens that programs show.
    #[command(subcommand)]
    Token(Token),
    /// The trail of what was done: check it, export it.
    #[command(subcommand)]
    Audit(Audit),
    /// Bring the store's tables to this release's version.
    Migrate(Config),
    /// Write a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Config {
    /// The configuration directory: `tenon.toml`, and `connectors/` beside it.
    #[arg(
        long,
        env = "TENON_CONFIG",
        default_value = "config",
        value_name = "DIR"
    )]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the summary instead of serving until interrupted.
    #[arg(long)]
    pub(crate) once: bool,
    /// Write the summary as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// A broker to use instead of the embedded one: amqp://user:password@host/vhost.
    #[arg(long, value_name = "URL")]
    pub(crate) broker: Option<String>,
    /// A store to use instead of the embedded one: postgres://user@host/database.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Where the company's files and databases are made; a temporary directory if absent.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// What the company is made from; the same seed, the same company.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Companies it deals with.
    #[arg(long, default_value_t = 2000)]
    pub(crate) customers: usize,
    /// Orders it takes.
    #[arg(long, default_value_t = 5000)]
    pub(crate) orders: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Which part of the way this node runs.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    pub(crate) role: Vec<Role>,
    /// Take orders to end at a named point from standard input, and end when that does: for `torture`.
    #[arg(long, hide = true)]
    pub(crate) fail_points: bool,
}

/// A part of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Everything.
    All,
    /// Ask systems for what is new.
    Receive,
    /// From the inbound queue to the targets' queues.
    Route,
    /// From the targets' queues to the targets.
    Deliver,
    /// Webhooks, health, metrics and the rest of the HTTP side.
    Api,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) config: Config,
    /// How to write the findings.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Tell which routes break when the canonical model changes to the schemas in this directory, laid
    /// out as the hub's own: `order/v1.json`.
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<std::path::PathBuf>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Only cases whose file or name contains this.
    pub(crate) filter: Option<String>,
    /// Write one JSON object a case.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The system that would send it.
    #[arg(long)]
    pub(crate) system: String,
    /// What it is about.
    #[arg(long)]
    pub(crate) entity: String,
    /// The inlet, where the system has several for the entity.
    #[arg(long)]
    pub(crate) inlet: Option<String>,
    /// JSON records, one after the other or in an array; `-` for standard input.
    pub(crate) file: PathBuf,
    /// Write the message ids as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) config: Config,
    /// An order's number, a customer's code, a native id, a message id, a master id.
    pub(crate) key: String,
    /// At most so many messages.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Write one JSON object a message.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Master {
    /// Find which records of several systems are one company; on files alone, nothing is stored.
    Dedupe(Dedupe),
    /// Learn weights from what stewards decided of a review that `dedupe` wrote.
    Learn(Learn),
    /// Tell which masters a customer may be already, as the check at entry does; nothing is stored.
    Check(MasterCheck),
    /// Show, merge, unmerge and split master records.
    #[command(flatten)]
    Stewardship(Stewardship),
}

#[derive(Debug, Args)]
pub(crate) struct MasterCheck {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The name, registered or short.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The tax id.
    #[arg(long)]
    pub(crate) tax_id: Option<String>,
    /// The customer code.
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// A telephone number; may be given several times.
    #[arg(long)]
    pub(crate) phone: Vec<String>,
    /// A mail address; may be given several times.
    #[arg(long)]
    pub(crate) email: Vec<String>,
    /// Street and number, or the whole address in one line.
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// A person there.
    #[arg(long)]
    pub(crate) contact: Option<String>,
    /// The city.
    #[arg(long)]
    pub(crate) city: Option<String>,
    /// Write what was found as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What records are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// Companies.
    Companies,
    /// People.
    Persons,
}

#[derive(Debug, Args)]
pub(crate) struct Learn {
    /// The records that the review is about, as `dedupe` read them.
    #[arg(long, value_name = "CSV")]
    pub(crate) input: PathBuf,
    /// The review, with a column `decision`: `same`, `different`, or nothing where nobody decided.
    #[arg(long, value_name = "CSV")]
    pub(crate) reviews: PathBuf,
    /// Where to write the parameters with the learnt weights: a file for `--policy` or `master.toml`.
    #[arg(long, value_name = "TOML")]
    pub(crate) output: PathBuf,
    /// The parameters with which the review was made.
    #[arg(long, value_name = "TOML")]
    pub(crate) policy: Option<PathBuf>,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dedupe {
    /// What the records are of. Those of persons have the columns source_system, source_id,
    /// given_name, surname, birth_date, national_id, phone, email, street, district, city, postcode.
    #[arg(long, value_enum, default_value = "companies")]
    pub(crate) of: Of,
    /// The records: a CSV file with the columns source_system, source_id, name, tax_id, code, phone,
    /// email, address, contact, city. Others are passed over; UTF-8 or GB18030.
    #[arg(long, value_name = "CSV")]
    pub(crate) input: PathBuf,
    /// Where to write source_system, source_id, cluster_id, a row for each record.
    #[arg(long, value_name = "CSV")]
    pub(crate) output: PathBuf,
    /// Where to write the pairs that a steward should decide, with score and reasons.
    #[arg(long, value_name = "CSV")]
    pub(crate) review: Option<PathBuf>,
    /// Parameters of matching: a file with a table [matching], such as config/master.toml.
    #[arg(long, value_name = "TOML")]
    pub(crate) policy: Option<PathBuf>,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Connector {
    /// List kinds and presets.
    List {
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell every key of a connector file of a kind: type, default, unit, example, what it is for.
    Docs(ConnectorDocs),
    /// Write a connector file to begin with, which passes `check` and `test` at once.
    New(NewConnector),
    /// Write mapping cases from records that came, nobody's data in them; `test` runs them at once.
    Record(Record),
    /// Have the running hub serve a system as its file says now; as it was, if that cannot be.
    Reload(Reload),
    /// Ask each configured system whether it answers, and look at what it would send; nothing is taken.
    Probe(Probe),
}

#[derive(Debug, Args)]
pub(crate) struct ConnectorDocs {
    /// The kind of system; `tenon connector list` names them.
    pub(crate) kind: String,
    /// How it is joined, which decides its keys; the kind's first preset unless given.
    #[arg(long)]
    pub(crate) preset: Option<String>,
    /// Write JSON, one object a key.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewConnector {
    /// What the system is to be called: lower-case letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The kind of system; `tenon connector list` names them.
    #[arg(long)]
    pub(crate) kind: String,
    /// How it is joined; the kind's first preset unless given.
    #[arg(long)]
    pub(crate) preset: Option<String>,
    #[command(flatten)]
    pub(crate) config: Config,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The system.
    pub(crate) system: String,
    /// Only records of this entity.
    #[arg(long)]
    pub(crate) entity: Option<String>,
    /// How many cases of each inlet.
    #[arg(long, default_value_t = 5)]
    pub(crate) count: usize,
    /// Where the files of cases are written; beside their mappings, where `test` finds them, unless given.
    /// What is in a file already stays.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write what was recorded as JSON, one object a file.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// The system.
    pub(crate) system: String,
    #[command(flatten)]
    pub(crate) hub: RunningHub,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a running hub is asked, and by whom.
#[derive(Debug, Args)]
pub(crate) struct RunningHub {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Where the hub answers; where the configuration has it listen, unless given.
    #[arg(long, env = "TENON_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A token of `tenon token`; the configuration's own, unless given.
    #[arg(
        long,
        env = "TENON_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Only this system.
    pub(crate) system: Option<String>,
    /// How many records of each inlet are looked at.
    #[arg(long, default_value_t = 50)]
    pub(crate) records: usize,
    /// Write JSON, one object a way in or out.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Which engine carries the messages.
    #[arg(long, value_enum, default_value = "embedded")]
    pub(crate) engine: Engine,
    /// Only this scenario.
    #[arg(long, value_enum)]
    pub(crate) scenario: Option<Scenario>,
    /// Messages a scenario.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) messages: u64,
    /// The broker of engine `rabbitmq`.
    #[arg(
        long,
        env = "TENON_TEST_AMQP_URL",
        default_value = "amqp://guest:guest@127.0.0.1:5672/%2f"
    )]
    pub(crate) broker: String,
    /// The store of engine `rabbitmq`; also the database of the target.
    #[arg(
        long,
        env = "TENON_TEST_PG_URL",
        default_value = "postgres://postgres@127.0.0.1:5432/test"
    )]
    pub(crate) store: String,
    /// Write one JSON object a scenario.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Where to write the copy; must not be there yet.
    pub(crate) file: PathBuf,
    /// Write what was copied as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) config: Config,
    /// A copy that `backup` wrote.
    pub(crate) file: PathBuf,
    /// Write what was restored as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Torture {
    /// Which engine carries the messages.
    #[arg(long, value_enum, default_value = "embedded")]
    pub(crate) engine: Engine,
    /// What messages and faults are drawn from; another each time unless given.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Messages that the sources send.
    #[arg(long, default_value_t = 4000)]
    pub(crate) messages: u64,
    /// Faults, spread over the messages.
    #[arg(long, default_value_t = 30)]
    pub(crate) faults: u32,
    /// A broker for engine `rabbitmq`; a proxy on this machine is put before it. Without broker and
    /// store, servers of its own are started where they are installed, and restarted as faults.
    #[arg(long, requires = "store")]
    pub(crate) broker: Option<String>,
    /// A store for engine `rabbitmq`; a proxy on this machine is put before it.
    #[arg(long, requires = "broker")]
    pub(crate) store: Option<String>,
    /// Nodes of the broker that is started: with three, queues are replicated, and one of them is killed
    /// now and then.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5), conflicts_with = "broker")]
    pub(crate) brokers: u8,
    /// Reach the servers that are started by TLS, with certificates that are made for it.
    #[arg(long, conflicts_with = "broker")]
    pub(crate) tls: bool,
    /// Where everything is made, the hub's logs too, and left; else it is removed unless a promise
    /// was broken.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// SQLite for both.
    Embedded,
    /// RabbitMQ and PostgreSQL.
    Rabbitmq,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// From the inbound queue through all stages to the target's queue.
    Route,
    /// From the source to the row in a SQL target, outcome journaled.
    Full,
}
