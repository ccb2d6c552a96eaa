//! The listener: loopback addresses only, limited connections, a timeout for request heads, and a
//! graceful shutdown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use synapse_core::error::{Code, Failure, Remedy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// A loopback address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loopback {
    /// `127.0.0.1`
    V4,
    /// `::1`
    V6,
}

impl Loopback {
    const fn address(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::V6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }
}

/// The sockets of a dashboard: 127.0.0.1, and ::1 on the same port if available.
#[derive(Debug)]
pub struct Listening {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Listening {
    /// Binds `port`, or any free one for 0. Binds no other address.
    ///
    /// # Errors
    /// `usage.invalid-arguments` if the port is taken, with a free one.
    pub async fn bind(port: u16) -> Result<Self, Failure> {
        let first = bind(Loopback::V4, port).await.map_err(|error| {
            let failure = Failure::new(
                Code::UsageInvalidArguments,
                format!("port {port} of 127.0.0.1 cannot be used"),
            )
            .caused_by(&error);
            match error.kind() {
                std::io::ErrorKind::AddrInUse => failure
                    .cause("another program listens there")
                    .remedy("take any free port", &Remedy::OpenDashboard),
                _ => failure.remedy("take any free port", &Remedy::OpenDashboard),
            }
        })?;
        let port = first
            .local_addr()
            .map_err(|error| no_address(&error))?
            .port();
        let mut sockets = vec![first];
        // Best effort: IPv6 may be unavailable, or its port taken.
        sockets.extend(bind(Loopback::V6, port).await.ok());
        Ok(Self { sockets, port })
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Serves until `stop` resolves, then gives requests in progress [`GRACE`].
    pub(crate) async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let (ending, ended) = watch::channel(false);
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&self.sockets) => accepted,
            };
            while connections.try_join_next().is_some() {}
            // Excess connections are closed; nothing is queued in memory.
            let (Some(stream), Ok(place)) = (accepted, Arc::clone(&room).try_acquire_owned())
            else {
                continue;
            };
            let connection = talk(stream, router.clone(), ended.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        drop(self.sockets);
        ending.send_replace(true);
        let all = async { while connections.join_next().await.is_some() {} };
        drop(tokio::time::timeout(GRACE, all).await);
    }
}

async fn bind(loopback: Loopback, port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(loopback.address(), port)).await
}

/// The next connection of any socket; `None` on a system error.
async fn accept(sockets: &[TcpListener]) -> Option<TcpStream> {
    let accepted = match sockets {
        [v4, v6] => tokio::select! {
            accepted = v4.accept() => accepted,
            accepted = v6.accept() => accepted,
        },
        [only, ..] => only.accept().await,
        [] => std::future::pending().await,
    };
    match accepted {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            // Avoids a busy loop, for example without free file descriptors.
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// Serves one connection until either side closes it.
async fn talk(stream: TcpStream, router: Router, mut ended: watch::Receiver<bool>) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(served);
    tokio::select! {
        result = &mut served => drop(result),
        () = async { drop(ended.wait_for(|ended| *ended).await) } => {
            served.as_mut().graceful_shutdown();
            drop(served.await);
        }
    }
}

fn no_address(error: &std::io::Error) -> Failure {
    Failure::new(Code::InternalInvariant, "a socket has no address").caused_by(error)
}

const MOST_CONNECTIONS: usize = 512;
/// Timeout for a request head, also between two requests of one connection.
const HEAD_TIME: Duration = Duration::from_secs(10);
const HEAD_SIZE: usize = 32 * 1024;
/// Time for requests in progress at shutdown.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_socket_is_on_loopback() {
        let listening = Listening::bind(0).await.unwrap();
        for socket in &listening.sockets {
            assert!(socket.local_addr().unwrap().ip().is_loopback());
        }
        assert!(Loopback::V6.address().is_loopback());
    }
}
