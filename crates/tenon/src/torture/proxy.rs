//! A cable on the loopback address that can be cut, frozen and unplugged.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::exit::Exit;

/// What the cable does with what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cable {
    /// It passes everything on.
    Whole,
    /// It passes nothing on, and nobody is told: a half-open connection.
    Frozen,
    /// New connections end at once.
    Unplugged,
}

/// A cable to one server.
pub(super) struct Proxy {
    /// Where it begins.
    pub(super) address: SocketAddr,
    orders: Arc<Orders>,
    accepting: JoinHandle<()>,
}

struct Orders {
    cuts: watch::Sender<u64>,
    cable: watch::Sender<Cable>,
}

impl Proxy {
    /// Lays a cable to `upstream` ("host:port").
    pub(super) async fn start(upstream: String) -> Result<Self, Exit> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let orders = Arc::new(Orders {
            cuts: watch::Sender::new(0),
            cable: watch::Sender::new(Cable::Whole),
        });
        let accepting = {
            let orders = orders.clone();
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    if *orders.cable.borrow() != Cable::Unplugged {
                        tokio::spawn(pass(client, upstream.clone(), orders.clone()));
                    }
                }
            })
        };
        Ok(Self {
            address,
            orders,
            accepting,
        })
    }

    /// Ends every connection in the middle of whatever it does.
    pub(super) fn cut(&self) {
        self.orders.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Changes what the cable does from now on.
    pub(super) fn set(&self, cable: Cable) {
        self.orders.cable.send_replace(cable);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn pass(client: TcpStream, upstream: String, orders: Arc<Orders>) {
    let mut cuts = orders.cuts.subscribe();
    let passing = async {
        let server = TcpStream::connect(&upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            ended = copy(from_client, to_server, orders.cable.subscribe()) => ended,
            ended = copy(from_server, to_client, orders.cable.subscribe()) => ended,
        }
    };
    // However a connection ends, both its ends hear of it when the sockets are dropped.
    tokio::select! {
        _ = cuts.changed() => {}
        _ = passing => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut cable: watch::Receiver<Cable>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        let thawed = cable
            .wait_for(|cable| *cable != Cable::Frozen)
            .await
            .is_ok();
        if count == 0 || !thawed {
            return Ok(());
        }
        to.write_all(&bytes[..count]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a byte through a cable to a server that sends it back.
    async fn echo(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_all(b"x").await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn a_cable_passes_is_cut_and_is_unplugged() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = server.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                tokio::spawn(async move {
                    while let Ok(byte) = stream.read_u8().await {
                        let _ = stream.write_u8(byte).await;
                    }
                });
            }
        });
        let proxy = Proxy::start(upstream).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert_eq!(echo(&mut stream).await.unwrap(), b'x');

        proxy.set(Cable::Frozen);
        stream.write_all(b"y").await.unwrap();
        tokio::select! {
            biased;
            byte = stream.read_u8() => panic!("a frozen cable passed {byte:?}"),
            () = tokio::task::yield_now() => {}
        }
        proxy.set(Cable::Whole);
        assert_eq!(stream.read_u8().await.unwrap(), b'y');

        proxy.cut();
        assert!(stream.read_u8().await.is_err());
        proxy.set(Cable::Unplugged);
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert!(echo(&mut stream).await.is_err());
    }
}
