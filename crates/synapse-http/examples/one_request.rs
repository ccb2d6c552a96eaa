//! Sends one GET and prints its status: `cargo run -p synapse-http --example one_request -- URL`

#![expect(clippy::print_stdout, reason = "a program of its own: it prints")]

use std::error::Error;
use std::time::Duration;

use synapse_core::{NetworkGate, Origin};
use synapse_http::{HttpClient, HttpConfig, HttpRequest, Method};

/// Returns the status of the answer and the length of its body.
pub(crate) async fn fetch(url: &str) -> Result<(u16, usize), Box<dyn Error>> {
    let url = url.parse()?;
    let permit = NetworkGate::Open.permit([Origin::of(&url)])?;
    let request = HttpRequest::new(Method::Get, url, Duration::from_secs(10));
    let client = HttpClient::new(HttpConfig::default());
    let response = client.send(&permit, request).await?;
    Ok((response.status, response.body.len()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: one_request URL")?;
    let (status, bytes) = fetch(&url).await?;
    println!("{status}, {bytes} bytes");
    Ok(())
}
