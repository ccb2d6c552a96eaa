//! Hands jobs from calls to the writer thread, so that a call does not pay for waking it.
//!
//! Waking a sleeping thread is a system call of several microseconds. A job whose caller waits
//! rings at once; one whose caller does not leaves the ringing to the async runtime, which comes
//! to it when the reply is under way.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

/// A queue with one taker, who gets everything that waits at once.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    bell: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: Vec<T>,
    open: bool,
    /// The taker sleeps until the bell rings.
    asleep: bool,
}

/// Rings when it is dropped, so that it rings even if the runtime ends before its turn.
struct Bell<T>(Arc<Queue<T>>);

/// What the taker gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<T> {
    /// Everything that waited.
    Jobs(Vec<T>),
    /// There was nothing, and it was not waited for.
    Nothing,
    /// There was nothing, and there will be nothing any more.
    End,
}

impl<T: Send + 'static> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                open: true,
                asleep: false,
            }),
            bell: Condvar::new(),
        }
    }

    /// Adds a job that someone waits for.
    pub(super) fn push(&self, job: T) {
        if self.add(job) {
            self.bell.notify_one();
        }
    }

    /// Adds a job that nobody waits for. Rings soon, without making the caller pay.
    pub(super) fn push_for_later(self: &Arc<Self>, job: T) {
        if !self.add(job) {
            return;
        }
        let bell = Bell(Arc::clone(self));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                // The caller's own work was ready first and goes first.
                tokio::task::yield_now().await;
                drop(bell);
            })),
            // Rings as it is dropped here.
            Err(_) => drop(bell),
        }
    }

    /// Takes what waits, or sleeps until there is something.
    pub(super) fn take(&self) -> Taken<T> {
        let mut state = self.lock();
        while state.waiting.is_empty() && state.open {
            state.asleep = true;
            state = self
                .bell
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        }
        state.give()
    }

    /// Takes what waits, if anything does.
    pub(super) fn take_now(&self) -> Taken<T> {
        self.lock().give()
    }

    /// Nothing more will come.
    pub(super) fn end(&self) {
        self.lock().open = false;
        self.bell.notify_all();
    }

    /// Whether the taker has to be woken.
    fn add(&self, job: T) -> bool {
        let mut state = self.lock();
        state.waiting.push(job);
        state.asleep
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn give(&mut self) -> Taken<T> {
        match (self.waiting.is_empty(), self.open) {
            (false, _) => Taken::Jobs(std::mem::take(&mut self.waiting)),
            (true, true) => Taken::Nothing,
            (true, false) => Taken::End,
        }
    }
}

impl<T> Drop for Bell<T> {
    fn drop(&mut self) {
        self.0.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_waits_is_taken_in_order_and_the_end_comes_last() {
        let queue = Arc::new(Queue::new());
        assert_eq!(queue.take_now(), Taken::Nothing);
        queue.push(1);
        queue.push_for_later(2);
        assert_eq!(queue.take(), Taken::Jobs(vec![1, 2]));
        queue.push(3);
        queue.end();
        assert_eq!(queue.take(), Taken::Jobs(vec![3]));
        assert_eq!(queue.take(), Taken::End);
    }

    /// The taker sleeps, and the runtime ends before it comes to the bell.
    #[test]
    fn a_bell_that_the_runtime_never_came_to_rings_all_the_same() {
        let queue = Arc::new(Queue::new());
        let taker = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.take())
        };
        while !queue.lock().asleep {
            std::thread::yield_now();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async { queue.push_for_later(1) });
        drop(runtime);
        assert_eq!(taker.join().unwrap(), Taken::Jobs(vec![1]));
    }
}
