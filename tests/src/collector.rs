//! An OpenTelemetry collector as a peer: it receives OTLP over HTTP and forwards it to a server of
//! the test. `cargo xtask test` installs it and passes its path.

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::process::{Run, Running};
use crate::third_party::{COLLECTOR, installed};

/// A collector process on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct OtlpCollector {
    port: u16,
    _process: Running,
}

impl OtlpCollector {
    /// Starts a collector that forwards everything to `sink`, a base URL, without batching, in
    /// bodies compressed with gzip.
    ///
    /// # Panics
    /// If it is not installed or does not listen in time.
    #[must_use]
    pub fn forwarding_to(sink: &str) -> Self {
        // It takes no port 0. Another process may take a free one before it does.
        for _attempt in 0..5 {
            if let Some(collector) = Self::start(sink) {
                return collector;
            }
        }
        panic!("the collector does not listen");
    }

    /// The URL for `[telemetry] endpoint`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn start(sink: &str) -> Option<Self> {
        let (port, other) = (free_port(), free_port());
        let http = format!("127.0.0.1:{port}");
        let grpc = format!("127.0.0.1:{other}");
        let mut process = Run::new(
            &installed(COLLECTOR),
            [
                "start",
                "--disable-batching",
                "--otlp-http-endpoint",
                &http,
                "--otlp-grpc-endpoint",
                &grpc,
                "--exporter",
                "otlp",
                "--otlp-exporter-protocol",
                "http",
                "--otlp-exporter-endpoint",
                sink,
            ],
        )
        .start();
        let deadline = Instant::now() + PATIENCE;
        while !process.has_ended() && Instant::now() < deadline {
            if TcpStream::connect(&http).is_ok() && !process.has_ended() {
                return Some(Self {
                    port,
                    _process: process,
                });
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    address.port()
}
