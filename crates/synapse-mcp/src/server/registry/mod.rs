//! Tracks open requests, requests to the client, and the queue of outgoing lines.
//!
//! A request is open from reading its line until it is answered or cancelled. Only an open request
//! can queue a line, and both happen under one lock: nothing follows a reply, and a cancelled
//! request stays silent.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot, watch};

use super::error::ErrorObject;
use super::message::question_id;
use super::reply::{Reply, is_large, notification_line, question_line, reply_line};
use crate::JsonObject;
use crate::host::Session;

/// rmcp's number of a request.
pub(crate) type RequestKey = i64;

/// A request for a host, with everything hidden from rmcp.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) params: JsonObject,
    pub(crate) meta: JsonObject,
    /// The session when the request was read.
    pub(crate) session: Option<Arc<Session>>,
}

/// The state of one connection.
#[derive(Debug)]
pub(crate) struct InFlightRequests {
    state: Mutex<InFlight>,
    /// Wakes the shutdown task.
    changed: Notify,
    /// Wakes the reader when the queue has space.
    drained: Notify,
    /// Set at the end of the input.
    ending: watch::Sender<bool>,
}

/// A client's answer: the JSON text of a result or an error.
pub(crate) type ClientAnswer = Result<Box<str>, Box<str>>;

#[derive(Debug)]
struct InFlight {
    open: BTreeMap<RequestKey, Open>,
    next_key: RequestKey,
    questions: BTreeMap<u64, oneshot::Sender<ClientAnswer>>,
    next_question: u64,
    /// The session of the latest `initialize`.
    session: Option<Arc<Session>>,
    queue: Option<UnboundedSender<Vec<u8>>>,
    queued_bytes: usize,
    input: Option<io::Result<()>>,
}

#[derive(Debug)]
struct Open {
    id: Arc<str>,
    stage: CallStage,
}

#[derive(Debug)]
enum CallStage {
    /// A lifecycle request, answered by rmcp and not cancellable.
    Lifecycle,
    /// Waiting for its task.
    Read(Call),
    /// Running.
    Begun,
}

impl InFlightRequests {
    /// Creates a registry with this output queue.
    pub(crate) fn new(queue: UnboundedSender<Vec<u8>>) -> Self {
        Self {
            state: Mutex::new(InFlight {
                open: BTreeMap::new(),
                next_key: 0,
                questions: BTreeMap::new(),
                next_question: 0,
                session: None,
                queue: Some(queue),
                queued_bytes: 0,
                input: None,
            }),
            changed: Notify::new(),
            drained: Notify::new(),
            ending: watch::Sender::new(false),
        }
    }

    /// Opens a lifecycle request.
    pub(crate) fn open_lifecycle(&self, id: Arc<str>) -> RequestKey {
        self.open(id, CallStage::Lifecycle)
    }

    /// Opens a request for a host.
    pub(crate) fn open_call(&self, id: Arc<str>, call: Call) -> RequestKey {
        self.open(id, CallStage::Read(call))
    }

    /// Takes the call to run it; `None` if it is no longer open.
    pub(crate) fn begin(&self, key: RequestKey) -> Option<Call> {
        let mut state = self.lock();
        let open = state.open.get_mut(&key)?;
        match std::mem::replace(&mut open.stage, CallStage::Begun) {
            CallStage::Read(call) => Some(call),
            CallStage::Lifecycle | CallStage::Begun => None,
        }
    }

    /// Queues the reply and closes the request, if it is still open.
    pub(crate) fn answer(&self, key: RequestKey, reply: &Reply) {
        let Some(id) = self.id(key) else { return };
        self.close_with(key, reply_line(Some(&id), reply));
    }

    /// [`InFlightRequests::answer`], serialising a large reply on a separate thread.
    pub(crate) async fn deliver(&self, key: RequestKey, reply: Reply) {
        if !is_large(&reply) {
            return self.answer(key, &reply);
        }
        let Some(id) = self.id(key) else { return };
        let written = tokio::task::spawn_blocking(move || reply_line(Some(&id), &reply));
        match written.await {
            Ok(line) => self.close_with(key, line),
            Err(_) => self.answer(
                key,
                &Err(ErrorObject::internal("the reply was not written")),
            ),
        }
    }

    /// Queues the reply line and closes the request, if it is still open.
    fn close_with(&self, key: RequestKey, line: Vec<u8>) {
        let mut state = self.lock();
        if state.open.remove(&key).is_some() {
            state.push(line);
            self.wake_if_idle(&state);
        }
    }

    /// Queues a notification of a request, if it is still open.
    pub(crate) fn notify(&self, key: RequestKey, method: &str, params: &JsonObject) {
        let line = notification_line(method, params);
        let mut state = self.lock();
        if state.open.contains_key(&key) {
            state.push(line);
        }
    }

    /// Queues a notification outside of requests.
    pub(crate) fn announce(&self, method: &str, params: &JsonObject) {
        self.lock().push(notification_line(method, params));
    }

    /// Queues a request to the client within an open request; returns its number and a receiver,
    /// which fails if the connection ends first.
    pub(crate) fn ask(
        &self,
        key: RequestKey,
        method: &str,
        params: &JsonObject,
    ) -> Option<(u64, oneshot::Receiver<ClientAnswer>)> {
        let mut state = self.lock();
        if !state.open.contains_key(&key) || state.queue.is_none() || state.input.is_some() {
            return None;
        }
        let number = state.next_question;
        state.next_question += 1;
        let (sender, receiver) = oneshot::channel();
        state.questions.insert(number, sender);
        state.push(question_line(&question_id(number), method, params));
        Some((number, receiver))
    }

    /// Passes an answer to its waiter; drops an unexpected one.
    pub(crate) fn settle(&self, number: u64, answer: ClientAnswer) {
        let asked = self.lock().questions.remove(&number);
        if let Some(asked) = asked {
            drop(asked.send(answer));
        }
    }

    /// Cancels a request to the client, unless it was answered.
    pub(crate) fn withdraw(&self, number: u64) {
        let mut state = self.lock();
        if state.questions.remove(&number).is_some() {
            let id = format!("synapse-{number}");
            let params = JsonObject::from_iter([("requestId".to_owned(), id.into())]);
            state.push(notification_line("notifications/cancelled", &params));
        }
    }

    /// Makes `session` current for later legacy requests.
    pub(crate) fn begin_session(&self, session: Arc<Session>) {
        self.lock().session = Some(session);
    }

    /// The current legacy session.
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.lock().session.clone()
    }

    /// The id of an open request as JSON text.
    pub(crate) fn id_of(&self, key: RequestKey) -> Option<Arc<str>> {
        self.id(key)
    }

    /// Queues the error for a line that opened no request.
    pub(crate) fn refuse(&self, id: Option<&str>, error: ErrorObject) {
        self.lock().push(reply_line(id, &Err(error)));
    }

    /// Closes the oldest open call with this id and returns its key.
    pub(crate) fn cancel(&self, id: &str) -> Option<RequestKey> {
        let mut state = self.lock();
        let key = state.open.iter().find_map(|(key, open)| {
            let cancellable = !matches!(open.stage, CallStage::Lifecycle);
            (cancellable && *open.id == *id).then_some(*key)
        })?;
        state.open.remove(&key);
        self.wake_if_idle(&state);
        Some(key)
    }

    /// Closes a request without a reply.
    pub(crate) fn close(&self, key: RequestKey) {
        let mut state = self.lock();
        state.open.remove(&key);
        self.wake_if_idle(&state);
    }

    /// Waits until the client has read enough queued output to accept more input.
    pub(crate) async fn room(&self) {
        while self.lock().queued_bytes > MAX_QUEUED_BYTES {
            self.drained.notified().await;
        }
    }

    /// Counts `bytes` as written.
    pub(crate) fn written(&self, bytes: usize) {
        let mut state = self.lock();
        state.queued_bytes = state.queued_bytes.saturating_sub(bytes);
        if state.queued_bytes <= MAX_QUEUED_BYTES {
            self.drained.notify_one();
        }
    }

    /// Records the end of the input; an error unless the client closed it.
    pub(crate) fn end_input(&self, end: io::Result<()>) {
        let mut state = self.lock();
        state.input.get_or_insert(end);
        // No answers can arrive any more.
        state.questions.clear();
        drop(state);
        self.ending.send_replace(true);
        self.changed.notify_one();
    }

    /// Accepts no more lines; the writer ends after the queued ones.
    pub(crate) fn close_queue(&self) {
        let mut state = self.lock();
        state.queue = None;
        state.queued_bytes = 0;
        self.changed.notify_one();
        self.drained.notify_one();
    }

    /// Waits for the end of the input; any number of tasks may wait.
    pub(crate) async fn input_ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender is in `self`, so waiting cannot fail.
        drop(ending.wait_for(|ended| *ended).await);
    }

    /// Waits until reading or writing is impossible.
    pub(crate) async fn ended(&self) {
        self.wait_until(|state| state.input.is_some() || state.queue.is_none())
            .await;
    }

    /// Waits until every request is closed, or writing is impossible.
    pub(crate) async fn idle(&self) {
        self.wait_until(|state| state.open.is_empty() || state.queue.is_none())
            .await;
    }

    /// Takes the result recorded by [`InFlightRequests::end_input`].
    pub(crate) fn take_input_end(&self) -> io::Result<()> {
        self.lock().input.take().unwrap_or(Ok(()))
    }

    fn open(&self, id: Arc<str>, stage: CallStage) -> RequestKey {
        let mut state = self.lock();
        let key = state.next_key;
        state.next_key += 1;
        state.open.insert(key, Open { id, stage });
        key
    }

    fn id(&self, key: RequestKey) -> Option<Arc<str>> {
        let state = self.lock();
        state.open.get(&key).map(|open| Arc::clone(&open.id))
    }

    fn wake_if_idle(&self, state: &InFlight) {
        if state.open.is_empty() {
            self.changed.notify_one();
        }
    }

    /// For one waiting task at a time: an early wake-up is remembered.
    async fn wait_until(&self, reached: impl Fn(&InFlight) -> bool) {
        while !reached(&self.lock()) {
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, InFlight> {
        // No code panics while holding the lock, and the state is consistent between statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    fn push(&mut self, line: Vec<u8>) {
        let bytes = line.len();
        if let Some(queue) = &self.queue
            && queue.send(line).is_ok()
        {
            self.queued_bytes += bytes;
        }
    }
}

/// Above this much unread output, input pauses; calls in progress continue.
const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
