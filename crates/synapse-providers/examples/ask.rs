//! Asks OpenAI one question, with one HTTP request:
//! `OPENAI_API_KEY=… cargo run -p synapse-providers --example ask -- gpt-4.1-nano "What is MCP?"`

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own: it prints and reads the environment"
)]

use std::error::Error;
use std::sync::Arc;

use synapse_core::chat::ChatRequest;
use synapse_core::provider::Access;
use synapse_core::secret::BoundSecret;
use synapse_core::{Draft, NetworkGate, Provider as _};
use synapse_http::{HttpClient, HttpConfig};
use synapse_providers::OpenAi;

pub(crate) async fn ask(draft: Draft, key: String, prompt: &str) -> Result<String, Box<dyn Error>> {
    let connection = draft
        .parse("example".parse()?)
        .map_err(|wrong| wrong.failure)?;
    // Only an open network gate mints a permit. It lists the hosts that may be contacted; the bound
    // secret lists the hosts that may receive it.
    let hosts = vec![connection.base_url.origin()];
    let permit = connection.gate.permit(hosts.clone())?;
    let secret = BoundSecret::new(key.into(), hosts);
    let request = Arc::new(ChatRequest::prompt(connection.model.clone(), prompt));
    let client = Arc::new(HttpClient::new(HttpConfig::default()));
    let provider = OpenAi::new(client, connection);
    let answered = provider
        .chat(Access::new(&permit, Some(&secret)), &request)
        .await;
    Ok(answered.outcome?.content.unwrap_or_default())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(model), Some(prompt)) = (arguments.next(), arguments.next()) else {
        return Err("usage: ask MODEL PROMPT".into());
    };
    let draft = Draft {
        provider: "openai".into(),
        model,
        credential: Some("env:OPENAI_API_KEY".into()),
        gate: NetworkGate::Open,
        ..Draft::default()
    };
    println!(
        "{}",
        ask(draft, std::env::var("OPENAI_API_KEY")?, &prompt).await?
    );
    Ok(())
}
