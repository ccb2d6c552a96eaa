//! Passes jobs to the writer thread without making the call pay for waking it.
//!
//! Waking a sleeping thread is a system call of several microseconds. A job with a waiting caller
//! wakes it at once; another one leaves the wake-up to the async runtime, which does it while the
//! reply is under way.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

/// A queue with one consumer, which takes all pending jobs at once.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<QueueState<T>>,
    bell: Condvar,
}

#[derive(Debug)]
struct QueueState<T> {
    waiting: Vec<T>,
    open: bool,
    /// The consumer sleeps until it is woken.
    asleep: bool,
}

/// Wakes the consumer on drop, even if the runtime ends first.
struct Bell<T>(Arc<Queue<T>>);

/// The result of taking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<T> {
    /// All pending jobs.
    Jobs(Vec<T>),
    /// Nothing pending, without waiting.
    Nothing,
    /// Nothing pending, and the queue is closed.
    End,
}

impl<T: Send + 'static> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(QueueState {
                waiting: Vec::new(),
                open: true,
                asleep: false,
            }),
            bell: Condvar::new(),
        }
    }

    /// Adds a job with a waiting caller.
    pub(super) fn push(&self, job: T) {
        if self.add(job) {
            self.bell.notify_one();
        }
    }

    /// Adds a job without a waiting caller. Wakes the consumer soon, at no cost to the caller.
    pub(super) fn push_for_later(self: &Arc<Self>, job: T) {
        if !self.add(job) {
            return;
        }
        let bell = Bell(Arc::clone(self));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                // Lets the caller's own continuation run first.
                tokio::task::yield_now().await;
                drop(bell);
            })),
            // Dropping it wakes the consumer.
            Err(_) => drop(bell),
        }
    }

    /// Takes all pending jobs, sleeping until there is one.
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

    /// Takes all pending jobs without waiting.
    pub(super) fn take_now(&self) -> Taken<T> {
        self.lock().give()
    }

    /// Closes the queue.
    pub(super) fn end(&self) {
        self.lock().open = false;
        self.bell.notify_all();
    }

    /// Adds a job; returns whether the consumer must be woken.
    fn add(&self, job: T) -> bool {
        let mut state = self.lock();
        state.waiting.push(job);
        state.asleep
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> QueueState<T> {
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

    /// The consumer sleeps, and the runtime ends before the deferred wake-up.
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
