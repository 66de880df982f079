//! Keeps one connection to RabbitMQ, and makes a new one after every loss.
//!
//! lapin's own recovery is not used: it replays channels whose delivery tags are dead. Here a lost
//! connection is gone with all its channels; whoever used it hears of it and begins anew.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{RabbitMqOptions, refusal};
use crate::BrokerError;

/// How often the keeper looks at a connection of which it hears nothing.
const LOOK: Duration = Duration::from_secs(1);

/// How the connection stands.
#[derive(Debug, Clone)]
enum Standing {
    /// No attempt has ended yet.
    Opening,
    /// It is there, unless it has just been lost.
    Up(Arc<Connection>),
    /// It was lost or could not be made; the keeper tries again.
    Down(BrokerError),
    /// It was closed on purpose.
    Closed,
}

/// One connection's place, shared by all who use it.
#[derive(Debug, Clone)]
pub(super) struct Link {
    standing: watch::Receiver<Standing>,
    /// Tells the keeper that a user found the connection lost.
    lost: Arc<Notify>,
    /// Cancelled when the keeper has closed its connection on purpose.
    finished: CancellationToken,
    wait: Duration,
    /// How long the server may take to answer a request.
    patience: Duration,
}

impl Link {
    /// Starts the keeper of a connection that is used to `role` ("publish", "consume").
    pub(super) fn open(
        role: &'static str,
        nodes: Vec<AMQPUri>,
        options: &RabbitMqOptions,
        closed: CancellationToken,
    ) -> Self {
        let (sender, standing) = watch::channel(Standing::Opening);
        let lost = Arc::new(Notify::new());
        let keeper = Keeper {
            role,
            nodes,
            name: options.connection_name.clone(),
            attempt: options.connect_timeout,
            sender,
            lost: lost.clone(),
        };
        let finished = CancellationToken::new();
        let finishing = finished.clone().drop_guard();
        tokio::spawn(async move {
            closed.run_until_cancelled(keeper.keep()).await;
            keeper.close().await;
            drop(finishing);
        });
        Self {
            standing,
            lost,
            finished,
            wait: options.reconnect_wait,
            patience: options.connect_timeout,
        }
    }

    /// Waits for the end of the first attempt to connect.
    pub(super) async fn first(&self) -> Result<(), BrokerError> {
        let mut standing = self.standing.clone();
        let ended = standing
            .wait_for(|standing| !matches!(standing, Standing::Opening))
            .await;
        match ended.as_deref() {
            Ok(Standing::Up(_)) => Ok(()),
            Ok(Standing::Down(error)) => Err(error.clone()),
            Ok(Standing::Opening | Standing::Closed) | Err(_) => Err(was_closed()),
        }
    }

    /// The connection; waits a bounded time for a new one if it was lost.
    ///
    /// # Errors
    /// What the last attempt to connect ended with: `Unavailable` or `Refused`.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, BrokerError> {
        let mut standing = self.standing.clone();
        let mut last = BrokerError::Unavailable("the connection is not made yet".to_owned());
        let waiting = async {
            loop {
                match &*standing.borrow_and_update() {
                    Standing::Up(connection) if connection.status().connected() => {
                        return Ok(connection.clone());
                    }
                    Standing::Up(_) => {
                        last = BrokerError::Unavailable("the connection was lost".to_owned());
                        self.lost.notify_one();
                    }
                    Standing::Opening => {}
                    Standing::Down(error) => last = error.clone(),
                    Standing::Closed => return Err(was_closed()),
                }
                if standing.changed().await.is_err() {
                    return Err(was_closed());
                }
            }
        };
        tokio::time::timeout(self.wait, waiting)
            .await
            .unwrap_or(Err(last))
    }

    /// A new channel on the connection.
    ///
    /// # Errors
    /// As [`Link::connection`].
    pub(super) async fn channel(&self) -> Result<Channel, BrokerError> {
        let connection = self.connection().await?;
        self.answer(connection.create_channel())
            .await
            .map_err(|error| {
                self.lost.notify_one();
                refusal::of(&error)
            })
    }

    /// What the server answers to a request on this connection or one of its channels.
    ///
    /// lapin may leave a request that meets the end of its connection without any answer, and a
    /// server that hangs gives none: the wait ends with the connection, and after a bounded time.
    pub(super) async fn answer<T>(
        &self,
        request: impl Future<Output = lapin::Result<T>>,
    ) -> lapin::Result<T> {
        let mut standing = self.standing.clone();
        standing.mark_unchanged();
        let why = tokio::select! {
            biased;
            answer = request => return answer,
            // While it stands the connection stands unchanged.
            _ = standing.changed() => "the connection was lost before the server answered",
            () = tokio::time::sleep(self.patience) => "the server does not answer",
        };
        let error = io::Error::new(io::ErrorKind::TimedOut, why);
        Err(lapin::ErrorKind::IOError(Arc::new(error)).into())
    }

    /// Waits until the connection has been closed on purpose.
    pub(super) async fn closed(&self) {
        self.finished.cancelled().await;
    }
}

fn was_closed() -> BrokerError {
    BrokerError::Unavailable("the connection was closed by the hub".to_owned())
}

/// What keeps the connection.
struct Keeper {
    role: &'static str,
    nodes: Vec<AMQPUri>,
    name: String,
    attempt: Duration,
    sender: watch::Sender<Standing>,
    lost: Arc<Notify>,
}

impl Keeper {
    /// Connects, watches, and connects again, for ever.
    async fn keep(&self) {
        let delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .without_max_times()
            .with_jitter();
        let mut backoff = delays.build();
        loop {
            match self.connect().await {
                Ok(connection) => {
                    backoff = delays.build();
                    let reason = self.watch(Arc::new(connection)).await;
                    warn!(role = self.role, %reason, "connection to the broker lost");
                    self.sender
                        .send_replace(Standing::Down(BrokerError::Unavailable(reason)));
                }
                Err(error) => {
                    warn!(role = self.role, %error, "cannot connect to the broker");
                    self.sender.send_replace(Standing::Down(error));
                }
            }
            tokio::time::sleep(backoff.next().unwrap_or(LOOK)).await;
        }
    }

    /// Tries each node once, in order; the last error stands for all.
    async fn connect(&self) -> Result<Connection, BrokerError> {
        let mut last = BrokerError::Unavailable("no broker URL is configured".to_owned());
        for node in &self.nodes {
            let properties = ConnectionProperties::default()
                .with_connection_name(self.name.as_str().into())
                .with_client_property("role".into(), self.role.into());
            let attempt = Connection::connect_uri(node.clone(), properties);
            let host = &node.authority.host;
            let port = node.authority.port;
            last = match tokio::time::timeout(self.attempt, attempt).await {
                Ok(Ok(connection)) => {
                    info!(role = self.role, host, port, "connected to the broker");
                    return Ok(connection);
                }
                Ok(Err(error)) => match refusal::of(&error) {
                    BrokerError::Refused(text) => {
                        BrokerError::Refused(format!("{host}:{port}: {text}"))
                    }
                    _ => BrokerError::Unavailable(format!("{host}:{port}: {error}")),
                },
                Err(_) => BrokerError::Unavailable(format!(
                    "{host}:{port}: no answer within {} s",
                    self.attempt.as_secs()
                )),
            };
        }
        Err(last)
    }

    /// Returns why `connection` was lost, once it is.
    async fn watch(&self, connection: Arc<Connection>) -> String {
        let mut events = connection.events_listener();
        let mut reason = "the connection was lost".to_owned();
        let status = connection.status().clone();
        self.sender.send_replace(Standing::Up(connection));
        while status.connected() {
            tokio::select! {
                event = events.next() => match event {
                    Some(lapin::Event::Error(error)) => reason = error.to_string(),
                    Some(lapin::Event::ConnectionBlocked(why)) => {
                        warn!(role = self.role, why, "the broker takes no messages for now");
                    }
                    Some(lapin::Event::ConnectionUnblocked) => {
                        info!(role = self.role, "the broker takes messages again");
                    }
                    Some(_) => {}
                    None => break,
                },
                () = self.lost.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        reason
    }

    async fn close(&self) {
        let standing = self.sender.send_replace(Standing::Closed);
        if let Standing::Up(connection) = standing
            && let Err(error) = connection.close(200, "the hub stops".into()).await
        {
            info!(role = self.role, %error, "the connection was gone before it was closed");
        }
    }
}
