//! The chat use case: gate, limits, secret, row, one send, cost, row. The row exists before the send, and
//! its end before the answer is returned.

use std::sync::Arc;
use std::time::Duration;

use super::call::OpenCall;
use super::{Engine, Ports, access};
use crate::call::{Caller, Operation};
use crate::chat::{ChatReply, ChatRequest, Message, Parameters, Role};
use crate::connection::Connection;
use crate::error::{Code, Failure};
use crate::limits::UsageEstimate;
use crate::money::{Cost, PriceList};
use crate::name::{ConnectionName, ModelId};
use crate::provider::{Access, Exchanged, OutgoingRequest, Provider, Tariff};
use crate::receipt::{Exchange, Receipt};

/// A caller's request.
#[derive(Debug, Clone, Default)]
pub struct ChatCall {
    /// The connection; `None` for the default or the only one.
    pub connection: Option<String>,
    /// A model other than the connection's.
    pub model: Option<String>,
    /// The conversation, sent verbatim.
    pub messages: Vec<Message>,
    /// Explicitly set parameters.
    pub parameters: Parameters,
    /// A shorter timeout than the connection's, for this call.
    pub timeout: Option<Duration>,
    /// The originator.
    pub caller: Caller,
}

/// A call as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its connection.
    pub connection: ConnectionName,
    /// The URL.
    pub url: String,
    /// The exact body.
    pub body: String,
}

/// The result of a call with a valid connection.
#[derive(Debug)]
pub struct ChatOutcome {
    /// The receipt.
    pub receipt: Receipt,
    /// The answer or the failure.
    pub result: Result<ChatReply, Failure>,
    /// Warnings, for example about an unwritable ledger.
    pub warnings: Vec<Failure>,
}

impl Engine {
    /// Sends one prompt in exactly one HTTP request, or refuses without any.
    ///
    /// Dropping the future cancels the exchange and completes the row as `cancelled`.
    ///
    /// # Errors
    /// Failures before a connection is found: `config.*`, `usage.invalid-arguments`. Later ones are
    /// in [`ChatOutcome::result`], with their receipt.
    pub async fn chat(&self, call: ChatCall) -> Result<ChatOutcome, Failure> {
        let caller = call.caller.clone();
        let connection = self.chosen(call.connection.as_deref()).await?;
        let (connection, request) = asked(connection, call)?;
        of_request(&self.ports, &request, check).await??;
        let model = request.model.clone();
        send(
            &self.ports,
            &connection,
            model,
            Operation::Chat,
            caller,
            request,
        )
        .await
    }

    /// Returns the request that [`Engine::chat`] would send, regardless of the gate: writes no row,
    /// reads no secret and sends nothing.
    ///
    /// # Errors
    /// The refusals of [`Engine::chat`] before the gate.
    pub fn outgoing(&self, call: ChatCall) -> Result<Outgoing, Failure> {
        let connection = self.connection(call.connection.as_deref())?;
        let (connection, request) = asked(connection, call)?;
        check(&request)?;
        let provider = self.ports.providers.provider(&connection)?;
        provider.check(&request)?;
        let OutgoingRequest { url, body } = provider.outgoing(&request)?;
        Ok(Outgoing {
            connection: connection.name,
            url,
            body,
        })
    }
}

/// The validated connection and request of a call.
fn asked(
    mut connection: Connection,
    call: ChatCall,
) -> Result<(Connection, Arc<ChatRequest>), Failure> {
    if let Some(timeout) = call.timeout {
        connection.timeout = shorter(timeout, connection.timeout)?;
    }
    let model = match &call.model {
        Some(model) => model.parse()?,
        None => connection.model.clone(),
    };
    let mut parameters = call.parameters;
    parameters.max_tokens = parameters.max_tokens.or(connection.max_tokens);
    let request = ChatRequest {
        model,
        messages: call.messages,
        parameters,
    };
    Ok((connection, Arc::new(request)))
}

/// Sends once, between the start and the end of its row.
pub(super) async fn send(
    ports: &Ports,
    connection: &Connection,
    model: ModelId,
    operation: Operation,
    caller: Caller,
    request: Arc<ChatRequest>,
) -> Result<ChatOutcome, Failure> {
    let receipt = Receipt::begin(ports.call_ids.next(), connection, &model);
    let prompt = if connection.record_text {
        Some(of_request(ports, &request, ChatRequest::transcript).await?)
    } else {
        None
    };
    let mut call = OpenCall::begin(ports, operation, caller, receipt, prompt);
    match exchange(ports, connection, &request, &mut call).await {
        Err(failure) => {
            let (receipt, warnings) = call.finish(Some(&failure), None, |_| ()).await?;
            Ok(ChatOutcome {
                receipt,
                result: Err(failure),
                warnings,
            })
        }
        Ok((provider, exchanged)) => {
            let Exchanged {
                mut exchange,
                mut outcome,
            } = exchanged;
            let asked = &request.model;
            let unreadable = outcome
                .as_mut()
                .map(|reply| std::mem::take(&mut reply.warnings))
                .unwrap_or_default();
            // An unusable answer's tokens and cost still count.
            let stated = exchange.stated.take();
            let told = outcome.as_ref().ok().or(stated.as_deref());
            let (cost, unpriced) = cost_of(ports, provider.as_ref(), asked, told, &exchange).await;
            let (outcome, text) = match (outcome, connection.record_text) {
                (Ok(reply), true) if reply.is_large() => {
                    let text = move || (reply.transcript(), reply);
                    let (text, reply) = ports.run_blocking(text).await?;
                    (Ok(reply), Some(text))
                }
                (Ok(reply), true) => {
                    let text = reply.transcript();
                    (Ok(reply), Some(text))
                }
                (outcome, _) => (outcome, None),
            };
            let told = outcome.as_ref().ok().or(stated.as_deref());
            let complete = |receipt: &mut Receipt| {
                receipt.exchange = exchange;
                receipt.cost = cost;
                if let Some(told) = told {
                    receipt.complete(told);
                }
            };
            let (receipt, mut warnings) =
                call.finish(outcome.as_ref().err(), text, complete).await?;
            warnings.extend(unreadable);
            warnings.extend(unpriced);
            Ok(ChatOutcome {
                receipt,
                result: outcome,
                warnings,
            })
        }
    }
}

/// All refusals precede the single send.
async fn exchange(
    ports: &Ports,
    connection: &Connection,
    request: &Arc<ChatRequest>,
    call: &mut OpenCall,
) -> Result<(Arc<dyn Provider>, Exchanged<ChatReply>), Failure> {
    let provider = ports.providers.provider(connection)?;
    let checking = Arc::clone(&provider);
    of_request(ports, request, move |request| checking.check(request)).await??;
    let permit = access::permit(connection)?.recorded_by(call.departure());
    if let Some(limits) = &connection.limits {
        let prices = quote(ports, provider.as_ref(), &request.model).await;
        let estimate = move |request: &ChatRequest| UsageEstimate::of(request, prices.as_ref());
        let demand = of_request(ports, request, estimate).await?;
        call.reserve(&connection.name, limits, demand).await?;
    }
    if let Some(reference) = &connection.credential
        && !reference.answers_at_once()
    {
        // Makes a call blocked on a locked keyring visible in the history, at no cost here.
        call.open_early();
    }
    let secret = access::secret(ports, connection, &permit).await?;
    let access = Access::new(&permit, secret.as_ref().map(|(secret, _)| secret));
    let exchanged = provider.chat(access, request).await;
    Ok((provider, exchanged))
}

/// The known prices of a call before it is sent.
async fn quote(ports: &Ports, provider: &dyn Provider, asked: &ModelId) -> Option<PriceList> {
    // Unreadable prices count as unknown; the ledger reports its own problem.
    look_up(ports, provider.quote(asked)).await.0
}

async fn look_up(ports: &Ports, tariff: Tariff) -> (Option<PriceList>, Option<Failure>) {
    match tariff {
        Tariff::Listed(prices) => (Some(prices), None),
        Tariff::Unknown => (None, None),
        Tariff::Kept(key) => match ports.prices.find(&key).await {
            Ok(prices) => (prices, None),
            Err(failure) => (None, Some(failure)),
        },
    }
}

/// The cost of a call, according to its answer. Unreadable prices leave it unknown, with a warning.
async fn cost_of(
    ports: &Ports,
    provider: &dyn Provider,
    asked: &ModelId,
    told: Option<&ChatReply>,
    exchange: &Exchange,
) -> (Cost, Option<Failure>) {
    let Some(reply) = told else {
        return (Cost::default(), None);
    };
    let (prices, failure) = look_up(ports, provider.tariff(asked, reply, exchange)).await;
    let cost = Cost::of(&reply.usage, &reply.billing, prices.as_ref());
    (cost, failure)
}

/// The result of `work` on `request`, off the async runtime's thread if that is large.
async fn of_request<T: Send + 'static>(
    ports: &Ports,
    request: &Arc<ChatRequest>,
    work: impl FnOnce(&ChatRequest) -> T + Send + 'static,
) -> Result<T, Failure> {
    if !request.is_large() {
        return Ok(work(request));
    }
    let request = Arc::clone(request);
    ports.run_blocking(move || work(&request)).await
}

/// A call may have a shorter timeout than its connection, never a longer one.
fn shorter(timeout: Duration, limit: Duration) -> Result<Duration, Failure> {
    if (Duration::from_secs(1)..=limit).contains(&timeout) {
        return Ok(timeout);
    }
    Err(Failure::new(
        Code::UsageInvalidArguments,
        "timeout_seconds is out of bounds",
    )
    .cause(format!(
        "it takes 1 to {}, the connection's own limit",
        limit.as_secs()
    ))
    .with("argument", "timeout_seconds"))
}

/// Refuses a request that no provider could accept.
fn check(request: &ChatRequest) -> Result<(), Failure> {
    check_messages(&request.messages)?;
    request.parameters.check()
}

fn check_messages(messages: &[Message]) -> Result<(), Failure> {
    for (index, message) in messages.iter().enumerate() {
        message.check().map_err(|error| {
            Failure::new(
                Code::UsageInvalidArguments,
                format!("messages[{index}] cannot be sent"),
            )
            .caused_by(&error)
            .with("argument", "messages")
        })?;
    }
    let asks = messages.iter().any(|message| match message.role {
        Role::System | Role::Developer => false,
        Role::User | Role::Assistant | Role::Tool => {
            !message.tool_calls.is_empty()
                || message
                    .content
                    .as_ref()
                    .is_some_and(|said| !said.is_empty())
        }
    });
    if asks {
        return Ok(());
    }
    Err(
        Failure::new(Code::UsageInvalidArguments, "there is no prompt")
            .cause("a prompt, or a user message with content, is needed")
            .hint("write what you want to ask, in quotes, or pipe it in"),
    )
}
