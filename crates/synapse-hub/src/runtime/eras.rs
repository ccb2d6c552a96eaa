//! The era matrix: IDE and upstream, each of either era, and the handling of server requests.
//!
//! | IDE | upstream | a server request |
//! |---|---|---|
//! | legacy | legacy | becomes a request to the IDE |
//! | legacy | modern | becomes a request to the IDE; the call is sent again with the answers, per
//! the protocol |
//! | modern | modern | is passed on, and so is its answer |
//! | modern | legacy | parks the call until the IDE sends the answer |

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::error::Execution;
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, ClientHandler};
use tokio::sync::mpsc;

use super::ask::Ask;
use super::parked::{Digest, Parking, Suspended, Work, digest};
use super::pulse::Pulse;
use super::relaying::{AskLater, AskNow, ServerRequest, unanswered};
use super::{Live, Runtime, Use};
use crate::failure::{Refusal, unsupported};

impl Runtime {
    /// Both use requests in both directions.
    pub(super) async fn legacy_both(
        &self,
        ask: &Ask,
        live: &Live,
        pulse: &Pulse,
    ) -> Result<JsonObject, Refusal> {
        let questions: Arc<dyn ClientHandler> = Arc::new(AskNow(self.gatekeeper(ask)));
        let outgoing = self.outgoing(ask, live, Some(questions), pulse).await?;
        let answered = live.conversation.request(outgoing).await;
        self.finished(ask, live, answered).await
    }

    /// Neither uses server requests: `input_required` is passed on with the server's name, if
    /// permitted.
    pub(super) async fn modern_both(
        &self,
        ask: &Ask,
        live: &Live,
        pulse: &Pulse,
    ) -> Result<JsonObject, Refusal> {
        let mut result = self.legacy_both(ask, live, pulse).await?;
        if wants_input(&result)
            && let Some(Value::Object(requests)) = result.get_mut("inputRequests")
        {
            let gatekeeper = self.gatekeeper(ask);
            for request in requests.values_mut() {
                let (method, params) = taken_apart(request);
                let admitted = gatekeeper.admit(&method, params).await;
                let admitted = admitted.map_err(|_| self.asks_too_much(&method))?;
                if let Some(request) = request.as_object_mut() {
                    request.insert("params".to_owned(), Value::Object(admitted.params.clone()));
                }
                // The hub does not see the answer, which is in another request; the admission
                // counts.
                drop(admitted.answered(Value::Null).await);
            }
        }
        Ok(result)
    }

    /// A legacy IDE answers a modern upstream's input requests, and the call is sent again with the
    /// answers.
    pub(super) async fn ask_in_rounds(
        &self,
        ask: &Ask,
        live: &Live,
        pulse: &Pulse,
    ) -> Result<JsonObject, Refusal> {
        let gatekeeper = self.gatekeeper(ask);
        let mut answers: Option<(JsonObject, Option<Value>)> = None;
        for _ in 0..MOST_ROUNDS {
            let questions: Arc<dyn ClientHandler> = Arc::new(AskNow(gatekeeper.clone()));
            let mut outgoing = self.outgoing(ask, live, Some(questions), pulse).await?;
            if let Some((responses, state)) = answers.take() {
                outgoing
                    .params
                    .insert("inputResponses".to_owned(), Value::Object(responses));
                if let Some(state) = state {
                    outgoing.params.insert("requestState".to_owned(), state);
                }
            }
            let answered = live.conversation.request(outgoing).await;
            // The state is returned byte for byte.
            let state = answered
                .as_ref()
                .ok()
                .and_then(|result| result.get("requestState").cloned());
            let mut result = self.finished(ask, live, answered).await?;
            if !wants_input(&result) {
                return Ok(result);
            }
            let mut responses = JsonObject::new();
            if let Some(Value::Object(requests)) = result.remove("inputRequests") {
                for (key, mut request) in requests {
                    let (method, params) = taken_apart(&mut request);
                    let admitted = gatekeeper
                        .admit(&method, params)
                        .await
                        .map_err(|_| self.asks_too_much(&method))?;
                    let params = admitted.params.clone();
                    let answer = ask.client.ask(&method, params).await;
                    let answer = answer.map_err(|error| Refusal::Rpc(unanswered(error)))?;
                    responses.insert(key, admitted.answered(answer).await);
                }
            }
            answers = Some((responses, state));
        }
        let what = format!("asked for input {MOST_ROUNDS} times in one call");
        Err(unsupported(self.server(), &what)
            .with_execution(Execution::MayHaveRun)
            .into())
    }

    /// A modern IDE calls a legacy upstream: the call runs in a task, which outlives this request
    /// if the upstream sends a request.
    pub(super) async fn park_when_asked(
        &self,
        ask: &Ask,
        live: &Arc<Live>,
        parking: Option<Parking>,
        pulse: &Pulse,
    ) -> Result<JsonObject, Refusal> {
        let (sender, questions) = mpsc::channel(MOST_QUESTIONS);
        let later: Arc<dyn ClientHandler> = Arc::new(AskLater {
            gatekeeper: self.gatekeeper(ask),
            questions: sender,
        });
        let outgoing = self.outgoing(ask, live, Some(later), pulse).await?;
        let conversation = Arc::clone(&live.conversation);
        let work = tokio::spawn(async move { conversation.request(outgoing).await });
        let suspended = Suspended {
            running: Use::of(live),
            work: Work(work),
            questions,
            pending: Vec::new(),
            pulse: pulse.clone(),
            asked: 0,
        };
        let digest = digest(self.server(), &ask.method, &ask.params).await?;
        let parking = parking.unwrap_or_default();
        self.wait(ask, &parking, suspended, digest).await
    }

    /// Passes the IDE's answers to a parked call, and continues waiting.
    pub(super) async fn resume(
        &self,
        ask: &Ask,
        parking: &Parking,
        mut suspended: Suspended,
        digest: Digest,
    ) -> Result<JsonObject, Refusal> {
        // Progress belongs to the current request.
        suspended.pulse.turn_to(ask.progress.clone());
        let responses = ask.params.get("inputResponses").and_then(Value::as_object);
        let mut open = Vec::new();
        for (key, question) in std::mem::take(&mut suspended.pending) {
            match responses.and_then(|responses| responses.get(&key)) {
                Some(answer) => {
                    let answer = question.admitted.answered(answer.clone()).await;
                    drop(question.answer.send(Ok(answer)));
                }
                None => open.push((key, question)),
            }
        }
        if open.is_empty() {
            return self.wait(ask, parking, suspended, digest).await;
        }
        // Unanswered requests are repeated.
        suspended.pending = open;
        self.park(parking, suspended, digest)
    }

    /// Waits for the result, or for server requests, which park the call.
    async fn wait(
        &self,
        ask: &Ask,
        parking: &Parking,
        mut suspended: Suspended,
        digest: Digest,
    ) -> Result<JsonObject, Refusal> {
        let question = tokio::select! {
            biased;
            answered = &mut suspended.work.0 => {
                let answered = answered.unwrap_or(Err(CallError::Interrupted));
                return self.finished(ask, &suspended.running.0, answered).await;
            }
            Some(question) = suspended.questions.recv() => question,
        };
        suspended.keep(question);
        while let Ok(question) = suspended.questions.try_recv() {
            suspended.keep(question);
        }
        self.park(parking, suspended, digest)
    }

    fn park(
        &self,
        parking: &Parking,
        suspended: Suspended,
        digest: Digest,
    ) -> Result<JsonObject, Refusal> {
        suspended.pulse.turn_to(None);
        let requests: JsonObject = suspended
            .pending
            .iter()
            .map(|(key, question)| {
                let ServerRequest { admitted, .. } = question;
                let request = json!({"method": admitted.method, "params": admitted.params});
                (key.clone(), request)
            })
            .collect();
        let handle = parking
            .park(digest, suspended)
            .map_err(|failure| failure.of_server(self.server()))?;
        let mut result = JsonObject::new();
        result.insert("resultType".to_owned(), "input_required".into());
        result.insert("inputRequests".to_owned(), Value::Object(requests));
        result.insert("requestState".to_owned(), handle.into());
        Ok(result)
    }

    fn asks_too_much(&self, method: &str) -> Refusal {
        let method = relay_word(method);
        let what = format!("wants {method}, which its entry or the IDE does not allow");
        unsupported(self.server(), &what)
            .with_execution(Execution::MayHaveRun)
            .into()
    }
}

impl Suspended {
    fn keep(&mut self, question: ServerRequest) {
        self.asked += 1;
        self.pending
            .push((format!("question-{}", self.asked), question));
    }
}

fn wants_input(result: &JsonObject) -> bool {
    result.get("resultType").and_then(Value::as_str) == Some("input_required")
}

/// Splits an input request into method and parameters.
fn taken_apart(request: &mut Value) -> (String, JsonObject) {
    let method = request.get("method").and_then(Value::as_str);
    let method = method.unwrap_or_default().to_owned();
    let params = request.get_mut("params").map(Value::take);
    match params {
        Some(Value::Object(params)) => (method, params),
        _ => (method, JsonObject::new()),
    }
}

/// A server request's method, or a placeholder for an unknown one.
fn relay_word(method: &str) -> &'static str {
    match method {
        "elicitation/create" => "an elicitation",
        "sampling/createMessage" => "sampling",
        "roots/list" => "the workspace folders",
        _ => "something unknown",
    }
}

/// Maximum input rounds of a modern upstream per call of a legacy IDE.
const MOST_ROUNDS: usize = 10;
/// Maximum pending server requests per call.
const MOST_QUESTIONS: usize = 16;
