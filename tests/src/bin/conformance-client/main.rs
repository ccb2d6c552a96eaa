//! The client for the official MCP conformance suite, based on the product's client code: connects
//! to the server URL in its last argument, and uses each offered feature once.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value that is indexed answers null for what it does not have"
)]

mod answers;
mod login;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::{NetworkGate, NetworkPermit, Origin};
use synapse_http::{HttpClient, HttpConfig};
use synapse_hub::transport::{BearerSource, HttpServer, check_annotations};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{
    CallError, Caps, ClientIntroduction, Conversation, Eras, ListCaps, Outgoing, list_all,
};
use url::Url;

use crate::answers::{Answers, object};
use crate::login::Login;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().next_back().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let used = runtime.block_on(use_all(url.parse()?));
    runtime.shutdown_background();
    used
}

/// Reads a variable set by the suite.
fn told(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the suite tells its client what to do"
    )]
    std::env::var(name).ok()
}

/// Creates the login for authorization scenarios.
fn login(
    url: &Url,
    permit: &Arc<NetworkPermit>,
    context: &Value,
) -> Result<Option<Arc<Login>>, Box<dyn Error>> {
    let scenario = told("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
    if scenario.starts_with("auth/") {
        let login = Login::new(url, Arc::clone(permit), &scenario, context)?;
        Ok(Some(Arc::new(login)))
    } else {
        Ok(None)
    }
}

async fn use_all(url: Url) -> Result<(), Box<dyn Error>> {
    let context = told("MCP_CONFORMANCE_CONTEXT");
    let context: Value = serde_json::from_str(context.as_deref().unwrap_or("null"))?;
    let permit = NetworkGate::Open.permit([Origin::of(&url)]);
    let permit = Arc::new(permit.map_err(|failure| failure.to_string())?);
    let login = login(&url, &permit, &context)?;
    let server = || HttpServer {
        client: HttpClient::new(HttpConfig::default()),
        permit: Arc::clone(&permit),
        url: url.clone(),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        credentials: login.clone().map(|login| login as Arc<dyn BearerSource>),
        introduction: ClientIntroduction {
            client_info: object(json!({"name": "synapse-conformance-client", "version": "1.0.0"})),
            capabilities: capabilities(),
            eras: Eras::Both,
            standing: Some(Arc::new(Answers)),
        },
        caps: Caps::default(),
        start: PATIENCE,
    };
    let user = User {
        login: login.as_deref(),
    };
    let conversation = user.at_last(async || server().open().await).await?;
    eprintln(&format!("era: {}", conversation.hello().negotiation));
    let used = use_offers(&user, &conversation, &context).await;
    conversation.close().await;
    used
}

/// Uses the server, logging in on demand.
struct User<'a> {
    login: Option<&'a Login>,
}

impl User<'_> {
    /// Runs `work`, repeating it after each of at most two logins.
    async fn at_last<T>(
        &self,
        work: impl AsyncFn() -> Result<T, CallError>,
    ) -> Result<T, Box<dyn Error>> {
        for _ in 0..LOGINS {
            match (work().await, self.login) {
                (Err(error), Some(login)) => login.after(error).await?,
                (outcome, _) => return Ok(outcome?),
            }
        }
        Ok(work().await?)
    }
}

async fn use_offers(
    user: &User<'_>,
    conversation: &dyn Conversation,
    context: &Value,
) -> Result<(), Box<dyn Error>> {
    let capabilities = &conversation.hello().capabilities;
    let tools = user
        .at_last(async || list(conversation, "tools/list", "tools").await)
        .await?;
    let (offered, refused): (Vec<_>, Vec<_>) = tools
        .into_iter()
        .partition(|tool| check_annotations(&tool["inputSchema"]).is_ok());
    for tool in &refused {
        eprintln(&format!("left out: {}", tool["name"]));
    }
    for tool in &offered {
        for arguments in arguments_of(tool, context) {
            let params = json!({"name": tool["name"], "arguments": arguments});
            let outgoing = Outgoing {
                input_schema: Some(tool["inputSchema"].clone()),
                ..request("tools/call", params)
            };
            // A tool may reject arguments even though they fit its schema.
            let call = async || match ask(conversation, outgoing.clone()).await {
                Err(CallError::Rpc(error)) => {
                    eprintln(&format!("refused: {error}"));
                    Ok(())
                }
                outcome => outcome.map(drop),
            };
            user.at_last(call).await?;
        }
    }
    if capabilities.contains_key("resources") {
        for resource in list(conversation, "resources/list", "resources").await? {
            ask(
                conversation,
                request("resources/read", json!({"uri": resource["uri"]})),
            )
            .await?;
        }
    }
    if capabilities.contains_key("prompts") {
        for prompt in list(conversation, "prompts/list", "prompts").await? {
            ask(
                conversation,
                request("prompts/get", json!({"name": prompt["name"]})),
            )
            .await?;
        }
    }
    Ok(())
}

async fn list(
    conversation: &dyn Conversation,
    method: &str,
    key: &str,
) -> Result<Vec<Value>, CallError> {
    list_all(
        conversation,
        request(method, json!({})),
        key,
        ListCaps::default(),
    )
    .await
}

/// Sends a request, and answers a modern server's input requests first.
async fn ask(conversation: &dyn Conversation, outgoing: Outgoing) -> Result<JsonObject, CallError> {
    let mut round = outgoing.clone();
    loop {
        let result = conversation.request(round).await?;
        if result.get("resultType").and_then(Value::as_str) != Some("input_required") {
            return Ok(result);
        }
        let result = Value::Object(result);
        round = outgoing.clone();
        if let Some(requests) = result["inputRequests"].as_object() {
            let answers = requests.iter().map(|(key, request)| {
                let method = request["method"].as_str().unwrap_or_default();
                (key.clone(), Answers::answer(method, &request["params"]))
            });
            let answers = Value::Object(answers.collect());
            round.params.insert("inputResponses".to_owned(), answers);
        }
        if let Some(state) = result.get("requestState") {
            round
                .params
                .insert("requestState".to_owned(), state.clone());
        }
    }
}

/// The scenario's arguments for a tool, or generated ones that fit its schema.
fn arguments_of(tool: &Value, context: &Value) -> Vec<Value> {
    if let Some(calls) = context["toolCalls"].as_array() {
        let calls = calls.iter().filter(|call| call["name"] == tool["name"]);
        return calls.map(|call| call["arguments"].clone()).collect();
    }
    let properties = tool["inputSchema"]["properties"].as_object();
    let sample = |schema: &Value| match schema["type"].as_str() {
        Some("number" | "integer") => json!(5),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("text"),
    };
    let arguments = properties.into_iter().flatten();
    let arguments = arguments.map(|(name, schema)| (name.clone(), sample(schema)));
    vec![Value::Object(arguments.collect())]
}

fn request(method: &str, params: Value) -> Outgoing {
    Outgoing {
        params: object(params),
        capabilities: capabilities(),
        questions: Some(Arc::new(Answers)),
        ..Outgoing::within(method, PATIENCE)
    }
}

fn capabilities() -> JsonObject {
    object(json!({"elicitation": {"form": {}}, "sampling": {}, "roots": {"listChanged": false}}))
}

/// Shown by the suite when the scenario fails.
fn eprintln(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Maximum logins per call.
const LOGINS: usize = 2;

const PATIENCE: Duration = Duration::from_secs(20);
