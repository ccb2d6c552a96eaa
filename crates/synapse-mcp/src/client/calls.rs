//! The books of one conversation: which requests run, and to which of them belongs what a server
//! says meanwhile.
//!
//! A question or a notification belongs to the request that it names, else to the one whose stream
//! carried it, else to the only one that takes questions. Nobody guesses among several.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::opening::SUBSCRIPTION;
use super::running::Running;
use super::wire::{self, Answer, INVALID_PARAMS};
use super::{CallError, MayHaveRun, Outgoing, Questions, RpcError};
use crate::host::{Progress, ProgressReporter};
use crate::{Era, JsonObject};

/// Carries an answer to a server's question back to it.
#[async_trait]
pub trait Replies: Send + Sync + fmt::Debug {
    /// Sends `message`, which is whole. What cannot be sent is lost: the server waits for its own
    /// patience.
    async fn reply(&self, message: Vec<u8>);
}

/// The running requests of one conversation.
pub struct Calls {
    state: Mutex<State>,
    next: AtomicU64,
    standing: Option<Arc<dyn Questions>>,
    flaws: Flaws,
}

/// What a server did against the protocol, counted. None of it ends a conversation.
#[derive(Debug, Default)]
struct Flaws {
    garbage: AtomicU64,
    strays: AtomicU64,
}

#[derive(Default)]
struct State {
    running: BTreeMap<u64, Entry>,
    /// Questions that belong to no request, by the id that the server gave them.
    standing: Asked,
    /// Why nothing can be asked any more.
    ended: Option<CallError>,
}

struct Entry {
    answer: Option<oneshot::Sender<Result<Answer, CallError>>>,
    progress: Option<ProgressReporter>,
    questions: Option<Arc<dyn Questions>>,
    renewed: Arc<Notify>,
    asked: Asked,
    sent: bool,
}

/// The questions that are being answered; dropping it gives them up.
#[derive(Default)]
struct Asked(HashMap<String, AbortHandle>);

impl Drop for Asked {
    fn drop(&mut self) {
        for task in self.0.values() {
            task.abort();
        }
    }
}

impl Calls {
    /// Begins the books of a conversation.
    #[must_use]
    pub fn new(standing: Option<Arc<dyn Questions>>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            next: AtomicU64::new(1),
            standing,
            flaws: Flaws::default(),
        })
    }

    /// Enters a request.
    ///
    /// # Errors
    /// Why the conversation has ended.
    pub fn begin(self: &Arc<Self>, outgoing: &Outgoing) -> Result<Running, CallError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        let renewed = Arc::new(Notify::new());
        let mut state = self.locked();
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        state.running.insert(
            id,
            Entry {
                answer: Some(sender),
                progress: outgoing.progress.clone(),
                questions: outgoing.questions.clone(),
                renewed: Arc::clone(&renewed),
                asked: Asked::default(),
                sent: false,
            },
        );
        Ok(Running {
            calls: Arc::clone(self),
            id,
            renewed,
            answer,
            began: Instant::now(),
            patience: outgoing.patience,
            longest: outgoing.longest,
            flaws: self.flaws(),
        })
    }

    /// Notes that a request is about to reach the server; `false` when it was given up before.
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

    /// Hands an answer to its request. One that nobody waits for is counted.
    pub fn settle(&self, id: &Value, answer: Result<Answer, CallError>) {
        let mut state = self.locked();
        let entry = id.as_u64().and_then(|id| state.running.get_mut(&id));
        match entry.and_then(|entry| entry.answer.take()) {
            Some(sender) => {
                // Nothing is reported behind the answer.
                let entry = id.as_u64().and_then(|id| state.running.remove(&id));
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

    /// Counts something that is no message.
    pub fn count_garbage(&self) {
        self.flaws.garbage.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer that nobody waits for.
    pub fn count_stray(&self) {
        self.flaws.strays.fetch_add(1, Ordering::Relaxed);
    }

    /// How many pieces of garbage, and how many answers that nobody waited for, the server sent.
    #[must_use]
    pub fn flaws(&self) -> (u64, u64) {
        (
            self.flaws.garbage.load(Ordering::Relaxed),
            self.flaws.strays.load(Ordering::Relaxed),
        )
    }

    /// Fails every running request, and each one that comes. `error` says why for those that have
    /// not reached the server.
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

    /// Fails every running request that has not reached the server, and each one that comes.
    pub fn end_unsent(&self, error: &CallError) {
        let mut state = self.locked();
        state.ended.get_or_insert_with(|| error.clone());
        let unsent: Vec<u64> = state
            .running
            .iter()
            .filter(|(_, entry)| !entry.sent)
            .map(|(id, _)| *id)
            .collect();
        let unsent: Vec<Entry> = unsent
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

    /// Takes a request off the books; tells whether it had reached the server, unanswered.
    #[must_use]
    pub fn give_up(&self, id: u64) -> bool {
        self.leave(id).is_some_and(|entry| entry.sent)
    }

    /// Whether requests can be entered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.locked().ended.is_none()
    }

    /// Takes a notification of the server. `stream` is the request whose stream carried it.
    pub fn notified(&self, method: &str, params: JsonObject, stream: Option<u64>) {
        match method {
            "notifications/progress" => self.progressed(params),
            "notifications/cancelled" => self.withdrawn(&params),
            _ => self.heard(method, params, stream),
        }
    }

    /// Takes a request of the server, has it answered, and the answer sent by `replies`.
    /// Needs a tokio runtime.
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
        questions: Arc<dyn Questions>,
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
            // Not before it can be given up.
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
                // The server used the id of a question that is still open.
                previous.abort();
            })
        });
        match is_known {
            Some(_) => drop(entered.send(())),
            // Its request ended in between.
            None => handle.abort(),
        }
    }

    /// Works on the questions of a request, or on the standing ones.
    fn with_asked<T>(&self, owner: Option<u64>, work: impl FnOnce(&mut Asked) -> T) -> Option<T> {
        let mut state = self.locked();
        let asked = match owner {
            None => Some(&mut state.standing),
            Some(id) => state.running.get_mut(&id).map(|entry| &mut entry.asked),
        };
        asked.map(work)
    }

    /// Who answers a question, and for which request.
    fn whom(
        &self,
        method: &str,
        params: &JsonObject,
        stream: Option<u64>,
    ) -> Result<(Option<u64>, Arc<dyn Questions>), RpcError> {
        let state = self.locked();
        let named = related(params).or(stream);
        if let Some(id) = named {
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
                message: "several requests run, and this names none of them".to_owned(),
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
            .and_then(|token| token.as_u64())
            .and_then(|id| state.running.get(&id));
        let Some(entry) = entry else { return };
        // Asked for by nobody otherwise.
        if let Some(reporter) = &entry.progress {
            entry.renewed.notify_one();
            reporter.report(Progress::from_object(params));
        }
    }

    /// The server gives up a question.
    fn withdrawn(&self, params: &JsonObject) {
        let Some(id) = params.get("requestId") else {
            return;
        };
        let key = id.to_string();
        let mut state = self.locked();
        let State {
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
        let named = related(&params).or(stream.filter(|_| !of_session));
        let state = self.locked();
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

    fn leave(&self, id: u64) -> Option<Entry> {
        self.locked().running.remove(&id)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request that a message says it belongs to.
fn related(params: &JsonObject) -> Option<u64> {
    let meta = params.get("_meta")?.as_object()?;
    let named = meta.get("progressToken").or_else(|| meta.get(SUBSCRIPTION));
    named?.as_u64()
}

/// Our numbers mean nothing to whoever hears the message.
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

/// Notifications that are about the server and not about one of its requests.
fn is_of_the_session(method: &str) -> bool {
    method.ends_with("/list_changed")
        || matches!(
            method,
            "notifications/resources/updated" | "notifications/elicitation/complete"
        )
}

impl fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Calls")
            .field("running", &self.locked().running.len())
            .field("flaws", &self.flaws)
            .finish_non_exhaustive()
    }
}
