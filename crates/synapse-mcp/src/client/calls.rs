//! Tracks the running requests of a conversation, and assigns a server's other messages to them.
//!
//! A server request belongs to the request whose stream carried it, else to the one it names, else
//! to the only one that accepts server requests. Ambiguity is never guessed away.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use super::opening::SUBSCRIPTION;
use super::wire::{self, Answer, INVALID_PARAMS};
use super::{CallError, ClientHandler, MayHaveRun, Outgoing, RpcError};
use crate::host::{Progress, ProgressReporter};
use crate::{Era, JsonObject};

/// Sends answers to server requests.
#[async_trait]
pub trait Replies: Send + Sync + fmt::Debug {
    /// Sends the complete `message`. Best effort: the server has its own timeout.
    async fn reply(&self, message: Vec<u8>);
}

/// The running requests of one conversation.
pub struct Calls {
    state: Mutex<RunningCalls>,
    next: AtomicU64,
    standing: Option<Arc<dyn ClientHandler>>,
    flaws: Flaws,
}

/// Counted protocol violations of the server. None ends a conversation.
#[derive(Debug, Default)]
struct Flaws {
    garbage: AtomicU64,
    strays: AtomicU64,
}

#[derive(Default)]
struct RunningCalls {
    running: BTreeMap<u64, PendingCall>,
    /// Server requests outside of requests, by the server's id.
    standing: AskedRequests,
    /// Why the conversation has ended.
    ended: Option<CallError>,
}

struct PendingCall {
    answer: Option<oneshot::Sender<Result<Answer, CallError>>>,
    progress: Option<ProgressReporter>,
    questions: Option<Arc<dyn ClientHandler>>,
    renewed: Arc<Notify>,
    asked: AskedRequests,
    sent: bool,
}

/// The server requests in progress; dropping it cancels them.
#[derive(Default)]
struct AskedRequests(HashMap<String, AbortHandle>);

impl Drop for AskedRequests {
    fn drop(&mut self) {
        for task in self.0.values() {
            task.abort();
        }
    }
}

impl Calls {
    /// Starts tracking a conversation.
    #[must_use]
    pub fn new(standing: Option<Arc<dyn ClientHandler>>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            next: AtomicU64::new(FIRST_ID),
            standing,
            flaws: Flaws::default(),
        })
    }

    /// Registers a request; returns its id.
    pub(super) fn register(
        &self,
        outgoing: &Outgoing,
        answer: oneshot::Sender<Result<Answer, CallError>>,
        renewed: &Arc<Notify>,
    ) -> Result<u64, CallError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.locked();
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        state.running.insert(
            id,
            PendingCall {
                answer: Some(answer),
                progress: outgoing.progress.clone(),
                questions: outgoing.questions.clone(),
                renewed: Arc::clone(renewed),
                asked: AskedRequests::default(),
                sent: false,
            },
        );
        Ok(id)
    }

    /// Records that a request is about to reach the server; `false` if it was abandoned before.
    #[must_use]
    pub fn sending(&self, id: u64) -> bool {
        match self.locked().running.get_mut(&id) {
            Some(entry) => {
                entry.sent = true;
                true
            }
            None => false,
        }
    }

    /// Passes an answer to its request. An unexpected one is counted.
    pub fn settle(&self, id: &Value, answer: Result<Answer, CallError>) {
        let id = wire::own_id(id);
        let mut state = self.locked();
        let entry = id.and_then(|id| state.running.get_mut(&id));
        match entry.and_then(|entry| entry.answer.take()) {
            Some(sender) => {
                // No progress is reported after the answer.
                let entry = id.and_then(|id| state.running.remove(&id));
                drop(state);
                drop(entry);
                drop(sender.send(answer));
            }
            None => {
                drop(state);
                self.flaws.strays.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Counts an invalid message.
    pub fn count_garbage(&self) {
        self.flaws.garbage.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an unexpected answer.
    pub fn count_stray(&self) {
        self.flaws.strays.fetch_add(1, Ordering::Relaxed);
    }

    /// Number of invalid messages and unexpected answers.
    #[must_use]
    pub fn flaws(&self) -> (u64, u64) {
        (
            self.flaws.garbage.load(Ordering::Relaxed),
            self.flaws.strays.load(Ordering::Relaxed),
        )
    }

    /// Fails every running and future request. `error` is for those that have not reached the
    /// server.
    pub fn end(&self, error: &CallError) {
        let mut state = self.locked();
        state.ended.get_or_insert_with(|| error.clone());
        let running = std::mem::take(&mut state.running);
        let standing = std::mem::take(&mut state.standing);
        drop(state);
        drop(standing);
        for mut entry in running.into_values() {
            let error = match (error, entry.sent) {
                (CallError::Ended { .. }, true) => CallError::Ended {
                    may_have_run: MayHaveRun::Yes,
                },
                _ => error.clone(),
            };
            if let Some(sender) = entry.answer.take() {
                drop(sender.send(Err(error)));
            }
        }
    }

    /// Fails every running request that has not reached the server, and future ones.
    pub fn end_unsent(&self, error: &CallError) {
        let mut state = self.locked();
        state.ended.get_or_insert_with(|| error.clone());
        let unsent: Vec<u64> = state
            .running
            .iter()
            .filter(|(_, entry)| !entry.sent)
            .map(|(id, _)| *id)
            .collect();
        let unsent: Vec<PendingCall> = unsent
            .iter()
            .filter_map(|id| state.running.remove(id))
            .collect();
        drop(state);
        for mut entry in unsent {
            if let Some(sender) = entry.answer.take() {
                drop(sender.send(Err(error.clone())));
            }
        }
    }

    /// Deregisters a request; returns whether it had reached the server and is unanswered.
    #[must_use]
    pub fn give_up(&self, id: u64) -> bool {
        self.leave(id).is_some_and(|entry| entry.sent)
    }

    /// Whether requests can be registered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.locked().ended.is_none()
    }

    /// Handles a notification. `stream` is the request whose stream carried it.
    pub fn notified(&self, method: &str, params: JsonObject, stream: Option<u64>) {
        match method {
            "notifications/progress" => self.progressed(params),
            "notifications/cancelled" => self.withdrawn(&params),
            _ => self.heard(method, params, stream),
        }
    }

    /// Handles a server request and sends the answer through `replies`. Needs a tokio runtime.
    pub fn asked(
        self: &Arc<Self>,
        id: Value,
        method: String,
        params: JsonObject,
        era: Era,
        stream: Option<u64>,
        replies: &Arc<dyn Replies>,
    ) {
        let whom = match (method.as_str(), era) {
            ("ping", _) => Err(Ok(json!({}))),
            (_, Era::Modern) => Err(Err(RpcError::not_taken(&method))),
            (_, Era::Legacy) => self.whom(&method, &params, stream).map_err(Err),
        };
        let replies = Arc::clone(replies);
        match whom {
            Err(outcome) => {
                let message = wire::answer(id, outcome);
                drop(tokio::spawn(async move { replies.reply(message).await }));
            }
            Ok((owner, questions)) => {
                let params = without_relation(params);
                self.ask(owner, questions, id, method, params, replies);
            }
        }
    }

    fn ask(
        self: &Arc<Self>,
        owner: Option<u64>,
        questions: Arc<dyn ClientHandler>,
        id: Value,
        method: String,
        params: JsonObject,
        replies: Arc<dyn Replies>,
    ) {
        let key = id.to_string();
        let books = Arc::clone(self);
        let (entered, is_entered) = oneshot::channel::<()>();
        let own_key = key.clone();
        let task = tokio::spawn(async move {
            // Waits until it can be cancelled.
            if is_entered.await.is_err() {
                return;
            }
            let outcome = questions.ask(&method, params).await;
            replies.reply(wire::answer(id, outcome)).await;
            books.with_asked(owner, |asked| asked.0.remove(&own_key));
        });
        let handle = task.abort_handle();
        let is_known = self.with_asked(owner, |asked| {
            asked.0.insert(key, handle.clone()).inspect(|previous| {
                // The server reused the id of an open request.
                previous.abort();
            })
        });
        match is_known {
            Some(_) => drop(entered.send(())),
            // Its request ended meanwhile.
            None => handle.abort(),
        }
    }

    /// Accesses the server requests of a request, or those outside of requests.
    fn with_asked<T>(
        &self,
        owner: Option<u64>,
        work: impl FnOnce(&mut AskedRequests) -> T,
    ) -> Option<T> {
        let mut state = self.locked();
        let asked = match owner {
            None => Some(&mut state.standing),
            Some(id) => state.running.get_mut(&id).map(|entry| &mut entry.asked),
        };
        asked.map(work)
    }

    /// The handler for a server request, and its request.
    fn whom(
        &self,
        method: &str,
        params: &JsonObject,
        stream: Option<u64>,
    ) -> Result<(Option<u64>, Arc<dyn ClientHandler>), RpcError> {
        let state = self.locked();
        // A token that is not ours is the server's own, for progress of its request.
        let named = related(params).filter(|id| state.running.contains_key(id));
        if let Some(id) = stream.or(named) {
            let questions = state.running.get(&id).map(|entry| &entry.questions);
            return match questions {
                Some(Some(questions)) => Ok((Some(id), Arc::clone(questions))),
                Some(None) => Err(RpcError::not_taken(method)),
                None => Err(RpcError {
                    code: INVALID_PARAMS,
                    message: "the request that this belongs to has ended".to_owned(),
                    data: None,
                }),
            };
        }
        let mut takers = state
            .running
            .iter()
            .filter_map(|(id, entry)| Some((*id, entry.questions.as_ref()?)));
        match (takers.next(), takers.next()) {
            (Some((id, questions)), None) => Ok((Some(id), Arc::clone(questions))),
            (Some(_), Some(_)) => Err(RpcError {
                code: INVALID_PARAMS,
                message: "several requests are running, and this one names none of them".to_owned(),
                data: None,
            }),
            (None, _) => match &self.standing {
                Some(questions) => Ok((None, Arc::clone(questions))),
                None => Err(RpcError::not_taken(method)),
            },
        }
    }

    fn progressed(&self, mut params: JsonObject) {
        let token = params.shift_remove("progressToken");
        let state = self.locked();
        let entry = token
            .and_then(|token| wire::own_id(&token))
            .and_then(|id| state.running.get(&id));
        let Some(entry) = entry else { return };
        // Unrequested otherwise.
        if let Some(reporter) = &entry.progress {
            entry.renewed.notify_one();
            reporter.report(Progress::from_object(params));
        }
    }

    /// The server cancels its request.
    fn withdrawn(&self, params: &JsonObject) {
        let Some(id) = params.get("requestId") else {
            return;
        };
        let key = id.to_string();
        let mut state = self.locked();
        let RunningCalls {
            running, standing, ..
        } = &mut *state;
        let all = running.values_mut().map(|entry| &mut entry.asked);
        for asked in all.chain([standing]) {
            if let Some(task) = asked.0.remove(&key) {
                task.abort();
            }
        }
    }

    fn heard(&self, method: &str, params: JsonObject, stream: Option<u64>) {
        let of_session = is_of_the_session(method);
        let state = self.locked();
        let named = related(&params)
            .filter(|id| state.running.contains_key(id))
            .or(stream.filter(|_| !of_session));
        let owner = match named {
            Some(id) => state
                .running
                .get(&id)
                .and_then(|entry| entry.questions.clone()),
            None if of_session => None,
            None => {
                let mut takers = state.running.values().filter_map(|e| e.questions.clone());
                match (takers.next(), takers.next()) {
                    (Some(only), None) => Some(only),
                    _ => None,
                }
            }
        };
        drop(state);
        if let Some(hearer) = owner.as_ref().or(self.standing.as_ref()) {
            hearer.heard(method, without_relation(params));
        }
    }

    fn leave(&self, id: u64) -> Option<PendingCall> {
        self.locked().running.remove(&id)
    }

    fn locked(&self) -> MutexGuard<'_, RunningCalls> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request a message refers to.
fn related(params: &JsonObject) -> Option<u64> {
    let meta = params.get("_meta")?.as_object()?;
    let named = meta.get("progressToken").or_else(|| meta.get(SUBSCRIPTION));
    wire::own_id(named?)
}

/// Removes our ids, which are meaningless to the receiver.
fn without_relation(mut params: JsonObject) -> JsonObject {
    if let Some(Value::Object(meta)) = params.get_mut("_meta") {
        meta.shift_remove("progressToken");
        meta.shift_remove(SUBSCRIPTION);
        if meta.is_empty() {
            params.shift_remove("_meta");
        }
    }
    params
}

/// Notifications about the server rather than a request.
fn is_of_the_session(method: &str) -> bool {
    method.ends_with("/list_changed")
        || matches!(
            method,
            "notifications/resources/updated" | "notifications/elicitation/complete"
        )
}

/// Ids double as progress tokens. They start beyond any server's own numbering, so that a server's
/// token is not mistaken for ours; they fit 31 bits, the maximum of some servers.
const FIRST_ID: u64 = 1_000_000_001;

impl fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Calls")
            .field("running", &self.locked().running.len())
            .field("flaws", &self.flaws)
            .finish_non_exhaustive()
    }
}
