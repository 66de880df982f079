//! Servers of a torture's own: one RabbitMQ node or a cluster of them, and a PostgreSQL server, in a scratch
//! directory, which may be killed and started again without anybody else noticing. They listen on the
//! loopback address alone.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tenon_broker::{Broker, RabbitMq, RabbitMqOptions};
use tenon_store::{Postgres, PostgresOptions};

use crate::exit::Exit;

/// How long a server may take to begin.
const BEGINNING: Duration = Duration::from_secs(120);
/// How long it may take to end when it is told to.
const ENDING: Duration = Duration::from_secs(20);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(100);

/// Where programs are looked for beside the path.
const PLACES: [&str; 4] = [
    "/usr/lib/rabbitmq/bin",
    "/usr/local/bin",
    "/usr/lib/postgresql/*/bin",
    "/usr/local/pgsql/bin",
];

/// The servers.
pub(super) struct Servers {
    /// The nodes of the broker.
    pub(super) brokers: Vec<Server>,
    pub(super) store: Server,
    /// The certificate of whoever vouches for the servers, where the nodes reach them by TLS.
    pub(super) authority: Option<PathBuf>,
    // Goes after the servers, which are in it.
    _directory: tempfile::TempDir,
}

impl Servers {
    /// Starts them, so many brokers as one cluster; or says what is missing where they are not installed.
    pub(super) async fn start(brokers: usize, tls: bool) -> Result<Result<Self, String>, Exit> {
        let (rabbitmq, initdb, postgres) =
            match (find("rabbitmq-server"), find("initdb"), find("postgres")) {
                (Some(rabbitmq), Some(initdb), Some(postgres)) => (rabbitmq, initdb, postgres),
                (rabbitmq, initdb, _) => {
                    let missing = match (rabbitmq, initdb) {
                        (None, _) => "rabbitmq-server",
                        (_, None) => "initdb",
                        _ => "postgres",
                    };
                    return Ok(Err(format!("{missing} is not installed")));
                }
            };
        let directory = tempfile::Builder::new()
            .prefix("tenon-servers-")
            .tempdir()?;
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open)?;
        let certificates = match tls {
            true => Some(Certificates::make(directory.path())?),
            false => None,
        };
        let certificates = certificates.as_ref();
        let mut store = Server::postgres(directory.path(), &initdb, postgres, certificates)?;
        store.launch()?;
        let ports = (0..brokers)
            .map(|_| free_port())
            .collect::<Result<Vec<u16>, Exit>>()?;
        let mut started = Vec::new();
        // One after the other: each joins those that are there, and the first queue finds them all.
        for number in 0..brokers {
            let mut broker =
                Server::rabbitmq(directory.path(), &rabbitmq, &ports, number, certificates)?;
            broker.launch()?;
            broker.ready().await?;
            started.push(broker);
        }
        store.ready().await?;
        Ok(Ok(Self {
            brokers: started,
            store,
            authority: certificates.map(|certificates| certificates.authority.clone()),
            _directory: directory,
        }))
    }
}

/// What proves that a server is the one that was meant: made for one torture, good for a day.
struct Certificates {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificates {
    fn make(directory: &Path) -> Result<Self, Exit> {
        let path = |name: &str| directory.join(name);
        std::fs::write(path("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")?;
        let steps: [&[&str]; 3] = [
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=tenon torture",
                "-keyout",
                "authority.key",
                "-out",
                "authority.pem",
            ],
            &[
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=localhost",
                "-keyout",
                "server.key",
                "-out",
                "server.csr",
            ],
            &[
                "x509",
                "-req",
                "-days",
                "1",
                "-in",
                "server.csr",
                "-CA",
                "authority.pem",
                "-CAkey",
                "authority.key",
                "-CAcreateserial",
                "-extfile",
                "names",
                "-out",
                "server.pem",
            ],
        ];
        for step in steps {
            let made = Command::new("openssl")
                .args(step)
                .current_dir(directory)
                .output();
            let made = made.map_err(|error| Exit::environment(format!("openssl: {error}")))?;
            if !made.status.success() {
                let said = String::from_utf8_lossy(&made.stderr).into_owned();
                return Err(Exit::environment(format!("openssl: {said}")));
            }
        }
        Ok(Self {
            authority: path("authority.pem"),
            certificate: path("server.pem"),
            key: path("server.key"),
        })
    }
}

/// One server in a process of its own.
pub(super) struct Server {
    /// Where it is reached without TLS.
    pub(super) url: String,
    /// Where the hub reaches it.
    pub(super) hub_url: String,
    kind: Kind,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    user: Option<Account>,
    log: PathBuf,
    child: Option<Child>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    RabbitMq,
    Postgres,
}

/// Whom a process belongs to.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Server {
    fn postgres(
        directory: &Path,
        initdb: &Path,
        program: PathBuf,
        certificates: Option<&Certificates>,
    ) -> Result<Self, Exit> {
        let port = free_port()?;
        let data = directory.join("postgres");
        std::fs::create_dir(&data)?;
        // PostgreSQL does not run as root.
        let user = match rustix::process::geteuid().is_root() {
            true => Some(account("postgres")?),
            false => None,
        };
        if let Some(account) = user {
            std::os::unix::fs::chown(&data, Some(account.user), Some(account.group))?;
        }
        let mut making = Command::new(initdb);
        making
            .args(["--auth=trust", "--username=postgres", "--no-sync", "-D"])
            .arg(&data)
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(File::create(directory.join("initdb.log"))?);
        as_user(&mut making, user);
        if !making.status()?.success() {
            let said = std::fs::read_to_string(directory.join("initdb.log")).unwrap_or_default();
            return Err(Exit::environment(format!("initdb: {said}")));
        }
        let place = data.display().to_string();
        let arguments = [
            "-D",
            &place,
            "-k",
            &place,
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-c",
            "max_connections=60",
        ];
        let mut arguments = arguments.map(str::to_owned).to_vec();
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut hub_url = url.clone();
        if let Some(Certificates {
            certificate, key, ..
        }) = certificates
        {
            // The server takes a key only from its own user.
            let own = data.join("server.key");
            std::fs::copy(key, &own)?;
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&own, private)?;
            if let Some(account) = user {
                std::os::unix::fs::chown(&own, Some(account.user), Some(account.group))?;
            }
            for setting in [
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", certificate.display()),
                format!("ssl_key_file={}", own.display()),
            ] {
                arguments.extend(["-c".to_owned(), setting]);
            }
            hub_url += "?sslmode=verify-full";
        }
        Ok(Self {
            url,
            hub_url,
            kind: Kind::Postgres,
            program,
            arguments,
            environment: Vec::new(),
            user,
            log: directory.join("postgres.log"),
            child: None,
        })
    }

    /// The node of a cluster that listens on one of `ports`.
    fn rabbitmq(
        directory: &Path,
        program: &Path,
        ports: &[u16],
        number: usize,
        certificates: Option<&Certificates>,
    ) -> Result<Self, Exit> {
        let name = |port: &u16| format!("tenon-torture-{port}@localhost");
        let (port, between) = (ports[number], free_port()?);
        let home = directory.join(format!("rabbitmq-{number}"));
        std::fs::create_dir(&home)?;
        // The nodes of a cluster know each other by a word that is the same for all.
        let cookie = home.join(".erlang.cookie");
        std::fs::write(&cookie, format!("tenon{}", ports[0]))?;
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o400);
        std::fs::set_permissions(&cookie, private)?;
        let plugins = home.join("plugins");
        std::fs::write(&plugins, "[].\n")?;
        let mut settings = vec![format!("listeners.tcp.1 = 127.0.0.1:{port}")];
        if ports.len() > 1 {
            let backend = "cluster_formation.peer_discovery_backend = classic_config";
            settings.push(backend.to_owned());
            for (place, port) in ports.iter().enumerate() {
                let node = name(port);
                settings.push(format!(
                    "cluster_formation.classic_config.nodes.{} = {node}",
                    place + 1
                ));
            }
        }
        let url = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");
        let mut hub_url = url.clone();
        if let Some(certificates) = certificates {
            let port = free_port()?;
            settings.extend([
                format!("listeners.ssl.1 = 127.0.0.1:{port}"),
                format!(
                    "ssl_options.cacertfile = {}",
                    certificates.authority.display()
                ),
                format!(
                    "ssl_options.certfile = {}",
                    certificates.certificate.display()
                ),
                format!("ssl_options.keyfile = {}", certificates.key.display()),
            ]);
            hub_url = format!("amqps://guest:guest@127.0.0.1:{port}/%2f");
        }
        std::fs::write(home.join("rabbitmq.conf"), settings.join("\n") + "\n")?;
        let log = directory.join(format!("rabbitmq-{number}.log"));
        let home = home.display().to_string();
        let environment = [
            ("HOME", home.clone()),
            ("RABBITMQ_NODENAME", name(&port)),
            ("RABBITMQ_DIST_PORT", between.to_string()),
            ("RABBITMQ_MNESIA_BASE", format!("{home}/data")),
            ("RABBITMQ_LOG_BASE", format!("{home}/log")),
            ("RABBITMQ_CONFIG_FILE", format!("{home}/rabbitmq.conf")),
            (
                "RABBITMQ_ADVANCED_CONFIG_FILE",
                format!("{home}/none.config"),
            ),
            ("RABBITMQ_CONF_ENV_FILE", format!("{home}/none.env")),
            (
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                plugins.display().to_string(),
            ),
        ];
        Ok(Self {
            url,
            hub_url,
            kind: Kind::RabbitMq,
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            user: None,
            log,
            child: None,
        })
    }

    fn launch(&mut self) -> Result<(), Exit> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .current_dir("/")
            // What it starts goes with it.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        as_user(&mut command, self.user);
        self.child = Some(command.spawn()?);
        Ok(())
    }

    /// Waits until it serves; one that ends in the meantime is started again, as an operator's
    /// supervisor would: after a kill its remains may still be in the way.
    async fn ready(&mut self) -> Result<(), Exit> {
        let began = Instant::now();
        while began.elapsed() < BEGINNING {
            if self.serves().await {
                return Ok(());
            }
            let ended = match &mut self.child {
                Some(child) => child.try_wait()?.is_some(),
                None => true,
            };
            if ended {
                self.launch()?;
            }
            tokio::time::sleep(LOOK).await; // why: another process begins
        }
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        Err(Exit::environment(format!(
            "{} does not begin to serve: {said}",
            self.program.display()
        )))
    }

    async fn serves(&self) -> bool {
        match self.kind {
            Kind::RabbitMq => {
                match RabbitMq::connect(&self.url, RabbitMqOptions::default()).await {
                    Ok(broker) => {
                        broker.close().await;
                        true
                    }
                    Err(_) => false,
                }
            }
            Kind::Postgres => Postgres::connect(&self.url, PostgresOptions::default())
                .await
                .is_ok(),
        }
    }

    /// Ends it, without notice or in order, and starts it again after a while; it serves on return.
    pub(super) async fn restart(
        &mut self,
        without_notice: bool,
        time: Duration,
    ) -> Result<(), Exit> {
        match without_notice {
            true => self.signal(Signal::KILL),
            // Of PostgreSQL: every session ends at once, nothing is left to recover.
            false if self.kind == Kind::Postgres => self.signal(Signal::INT),
            false => self.signal(Signal::TERM),
        }
        self.wait().await;
        tokio::time::sleep(time).await; // why: a fault lasts a time
        self.launch()?;
        self.ready().await
    }

    async fn wait(&mut self) {
        let began = Instant::now();
        while let Some(child) = &mut self.child {
            match child.try_wait() {
                Ok(None) if began.elapsed() < ENDING => tokio::time::sleep(LOOK).await,
                Ok(None) => self.signal(Signal::KILL),
                _ => self.child = None,
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let _ = kill_process_group(Pid::from_child(child), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Some(child) = &mut self.child {
            let _ = child.wait();
        }
    }
}

fn as_user(command: &mut Command, user: Option<Account>) {
    if let Some(account) = user {
        command.uid(account.user).gid(account.group);
    }
}

/// An account of this machine.
fn account(name: &str) -> Result<Account, Exit> {
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let found = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        is_it.then_some(Account { user, group })
    });
    found.ok_or_else(|| Exit::environment(format!("there is no user `{name}`")))
}

/// A program by its name. The real server of RabbitMQ is preferred to the wrapper on the path, which
/// starts the machine's own.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = Vec::new();
    for place in PLACES {
        match place.split_once('*') {
            None => places.push(place.into()),
            Some((before, after)) => {
                let inside = std::fs::read_dir(before).into_iter().flatten().flatten();
                places.extend(inside.map(|entry| entry.path().join(after.trim_start_matches('/'))));
            }
        }
    }
    places.extend(std::env::split_paths(&path));
    places
        .into_iter()
        .map(|place| place.join(name))
        .find(|program| program.is_file())
}

fn free_port() -> Result<u16, Exit> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
