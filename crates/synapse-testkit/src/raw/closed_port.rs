//! A port without a listener, reserved while it is held.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A bound port of 127.0.0.1 that does not listen: every connection to it is refused.
#[derive(Debug)]
pub struct ClosedPort {
    socket: Socket,
}

impl ClosedPort {
    /// Reserves a port.
    #[must_use]
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("sockets can be made");
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket
            .bind(&any_port.into())
            .expect("a loopback port is free");
        Self { socket }
    }

    /// Its number.
    #[must_use]
    pub fn port(&self) -> u16 {
        let address = self.socket.local_addr().ok();
        address
            .and_then(|address| address.as_socket())
            .expect("a bound socket has an address")
            .port()
    }
}

impl Default for ClosedPort {
    fn default() -> Self {
        Self::new()
    }
}
