//! A loopback proxy that understands just enough AMQP to break things on purpose: it cuts
//! connections, refuses new ones, freezes, and closes channels as the server would.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const FRAME_END: u8 = 0xCE;

/// Class and method numbers, as one.
const CHANNEL_OPEN_OK: u32 = 20 << 16 | 11;
const CHANNEL_CLOSE: u32 = 20 << 16 | 40;
const CHANNEL_CLOSE_OK: u32 = 20 << 16 | 41;
const BASIC_RETURN: u32 = 60 << 16 | 50;
const BASIC_DELIVER: u32 = 60 << 16 | 60;

/// A proxy in front of a RabbitMQ.
pub(super) struct Proxy {
    /// The port on the loopback address.
    port: u16,
    orders: Arc<Orders>,
}

#[derive(Default)]
struct Orders {
    cut: watch::Sender<u64>,
    close_channels: watch::Sender<u64>,
    frozen: watch::Sender<bool>,
    refusing: AtomicBool,
    /// How many channels were closed as ordered, the client's consent included.
    closed: AtomicUsize,
}

impl Proxy {
    /// Listens on a port of its own and passes everything on to `upstream` ("host:port").
    pub(super) async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let orders = Arc::new(Orders::default());
        let accepting = orders.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if accepting.refusing.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&upstream)
                    .await
                    .expect("RabbitMQ answers");
                tokio::spawn(pass(client, server, accepting.clone()));
            }
        });
        Self { port, orders }
    }

    /// `url` with this proxy in the server's place.
    pub(super) fn url(&self, url: &str) -> String {
        let (before, after) = url.split_once('@').expect("user@host");
        let (_, vhost) = after.split_once('/').expect("host/vhost");
        format!("{before}@127.0.0.1:{}/{vhost}", self.port)
    }

    /// Cuts every connection in the middle of whatever it does.
    pub(super) fn cut(&self) {
        self.orders.cut.send_modify(|count| *count += 1);
    }

    /// Whether new connections are dropped at once.
    pub(super) fn refuse(&self, refuse: bool) {
        self.orders.refusing.store(refuse, Ordering::SeqCst);
    }

    /// Whether nothing passes from the server any more, although every connection stands.
    pub(super) fn freeze(&self, freeze: bool) {
        self.orders.frozen.send_replace(freeze);
    }

    /// Closes every channel that is open now, as the server would after an error.
    pub(super) fn close_channels(&self) {
        self.orders.close_channels.send_modify(|count| *count += 1);
    }

    /// How many channels have been closed so far.
    pub(super) fn closed_channels(&self) -> usize {
        self.orders.closed.load(Ordering::SeqCst)
    }
}

/// What both directions of a connection know about its channels.
#[derive(Default)]
struct Channels {
    open: HashSet<u16>,
    /// Closed towards the client, which has not agreed yet.
    closing: HashSet<u16>,
    /// Closed towards the client and being closed towards the server.
    leaving: HashSet<u16>,
}

async fn pass(client: TcpStream, server: TcpStream, orders: Arc<Orders>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let channels = Arc::new(Mutex::new(Channels::default()));
    let mut cut = orders.cut.subscribe();
    tokio::select! {
        _ = cut.changed() => {}
        _ = upstream(from_client, to_server, channels.clone(), &orders) => {}
        _ = downstream(from_server, to_client, channels, &orders) => {}
    }
}

/// From the client to the server.
async fn upstream(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    channels: Arc<Mutex<Channels>>,
    orders: &Orders,
) -> io::Result<()> {
    let mut protocol_header = [0; 8];
    from.read_exact(&mut protocol_header).await?;
    to.write_all(&protocol_header).await?;
    loop {
        let frame = Frame::read(&mut from).await?;
        let closing = channels.lock().unwrap().closing.contains(&frame.channel);
        if !closing {
            to.write_all(&frame.raw).await?;
        } else if frame.method() == Some(CHANNEL_CLOSE_OK) {
            // The client agrees to what the server knows nothing of: now the server is asked.
            {
                let mut channels = channels.lock().unwrap();
                channels.closing.remove(&frame.channel);
                channels.leaving.insert(frame.channel);
            }
            to.write_all(&close(frame.channel, 200)).await?;
            orders.closed.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// From the server to the client.
async fn downstream(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    channels: Arc<Mutex<Channels>>,
    orders: &Orders,
) -> io::Result<()> {
    let mut ordered = orders.close_channels.subscribe();
    ordered.mark_unchanged();
    let (frames, mut arriving) = tokio::sync::mpsc::channel(64);
    // A frame is read in a task of its own, because reading one must not be cancelled half way.
    tokio::spawn(async move {
        while let Ok(frame) = Frame::read(&mut from).await {
            if frames.send(frame).await.is_err() {
                break;
            }
        }
    });
    // Channels in the middle of a message, with the bytes that are still to come.
    let mut contents: HashMap<u16, Option<u64>> = HashMap::new();
    loop {
        tokio::select! {
            _ = ordered.changed(), if contents.is_empty() => {
                for channel in order_closing(&channels) {
                    to.write_all(&close(channel, 541)).await?;
                }
            }
            frame = arriving.recv() => {
                let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)?;
                if swallowed(&channels, &frame) {
                    contents.remove(&frame.channel);
                    continue;
                }
                follow(&mut contents, &frame);
                let mut frozen = orders.frozen.subscribe();
                let _ = frozen.wait_for(|frozen| !frozen).await;
                to.write_all(&frame.raw).await?;
            }
        }
    }
}

/// The channels that are open, henceforth closing.
fn order_closing(channels: &Mutex<Channels>) -> Vec<u16> {
    let mut channels = channels.lock().unwrap();
    let open: Vec<_> = channels.open.drain().collect();
    channels.closing.extend(&open);
    open
}

/// Whether a frame of the server belongs to a channel that the client believes closed.
fn swallowed(channels: &Mutex<Channels>, frame: &Frame) -> bool {
    let mut channels = channels.lock().unwrap();
    if channels.leaving.contains(&frame.channel) {
        if frame.method() == Some(CHANNEL_CLOSE_OK) {
            channels.leaving.remove(&frame.channel);
        }
        return true;
    }
    match frame.method() {
        Some(CHANNEL_OPEN_OK) => drop(channels.open.insert(frame.channel)),
        Some(CHANNEL_CLOSE | CHANNEL_CLOSE_OK) => drop(channels.open.remove(&frame.channel)),
        _ => {}
    }
    channels.closing.contains(&frame.channel)
}

/// Keeps the account of messages that have begun and not ended.
fn follow(contents: &mut HashMap<u16, Option<u64>>, frame: &Frame) {
    let remaining = match (frame.kind, frame.method()) {
        (METHOD, Some(BASIC_DELIVER | BASIC_RETURN)) => None,
        (HEADER, _) => {
            let size = frame.payload()[4..12].try_into().expect("eight bytes");
            Some(u64::from_be_bytes(size))
        }
        (BODY, _) => {
            let before = contents.get(&frame.channel).copied().flatten().unwrap_or(0);
            Some(before.saturating_sub(frame.payload().len() as u64))
        }
        _ => return,
    };
    match remaining {
        Some(0) => drop(contents.remove(&frame.channel)),
        remaining => drop(contents.insert(frame.channel, remaining)),
    }
}

struct Frame {
    kind: u8,
    channel: u16,
    raw: Vec<u8>,
}

impl Frame {
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut raw = vec![0; 7];
        from.read_exact(&mut raw).await?;
        let size = u32::from_be_bytes([raw[3], raw[4], raw[5], raw[6]]) as usize;
        raw.resize(7 + size + 1, 0);
        from.read_exact(&mut raw[7..]).await?;
        Ok(Self {
            kind: raw[0],
            channel: u16::from_be_bytes([raw[1], raw[2]]),
            raw,
        })
    }

    fn payload(&self) -> &[u8] {
        &self.raw[7..self.raw.len() - 1]
    }

    fn method(&self) -> Option<u32> {
        let numbers = self.payload().get(..4)?.try_into().ok()?;
        (self.kind == METHOD).then(|| u32::from_be_bytes(numbers))
    }
}

/// A `channel.close` frame.
fn close(channel: u16, code: u16) -> Vec<u8> {
    let text = b"closed on purpose";
    let mut payload = CHANNEL_CLOSE.to_be_bytes().to_vec();
    payload.extend(code.to_be_bytes());
    payload.push(u8::try_from(text.len()).expect("short"));
    payload.extend(text);
    // The class and method that were at fault: none.
    payload.extend([0; 4]);
    let mut frame = vec![METHOD];
    frame.extend(channel.to_be_bytes());
    frame.extend(u32::try_from(payload.len()).expect("short").to_be_bytes());
    frame.extend(payload);
    frame.push(FRAME_END);
    frame
}
