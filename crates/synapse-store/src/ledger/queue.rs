//! Passes jobs to the writer thread without making the call pay for waking it.
//!
//! Waking a sleeping thread is a system call of several microseconds. A job with a waiting caller
//! wakes it at once; another one leaves the wake-up to the async runtime, which does it while the
//! reply is under way. A job that can wait, because its effect is durable already, wakes the thread
//! only to set its alarm, and is taken shortly after the last of its kind.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// A queue with one consumer, which takes all pending jobs at once, in order.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<QueueState<T>>,
    bell: Condvar,
}

#[derive(Debug)]
struct QueueState<T> {
    waiting: Vec<T>,
    /// Some of them cannot wait.
    urgent: bool,
    /// Those that can.
    patient: Option<Patient>,
    open: bool,
    sleep: Sleep,
}

/// Jobs that can wait.
#[derive(Debug, Clone, Copy)]
struct Patient {
    count: usize,
    /// When the first was added, and the last.
    first: Instant,
    last: Instant,
}

/// The state of the consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sleep {
    Awake,
    /// Until it is woken.
    Unlimited,
    /// Until it is woken, or its alarm.
    WithAlarm,
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
                urgent: false,
                patient: None,
                open: true,
                sleep: Sleep::Awake,
            }),
            bell: Condvar::new(),
        }
    }

    /// Adds a job with a waiting caller, or one that must not wait.
    pub(super) fn push(&self, job: T) {
        if self.add(job) {
            self.bell.notify_one();
        }
    }

    /// Adds a job without a waiting caller. Wakes the consumer soon, at no cost to the caller.
    pub(super) fn push_for_later(self: &Arc<Self>, job: T) {
        if self.add(job) {
            self.wake_soon();
        }
    }

    /// Adds a job that can wait for others: until none came for [`QUIET`], but not longer than
    /// [`LONGEST`], or until there are [`MANY`].
    pub(super) fn push_patiently(self: &Arc<Self>, job: T) {
        let mut state = self.lock();
        state.waiting.push(job);
        let now = Instant::now();
        let (count, first) = state
            .patient
            .map_or((1, now), |patient| (patient.count + 1, patient.first));
        state.patient = Some(Patient {
            count,
            first,
            last: now,
        });
        state.urgent |= count >= MANY;
        let (urgent, sleep) = (state.urgent, state.sleep);
        drop(state);
        match sleep {
            Sleep::Awake => {}
            Sleep::Unlimited if count == 1 => self.wake_soon(),
            // It is being woken.
            Sleep::Unlimited => {}
            Sleep::WithAlarm if urgent => self.bell.notify_one(),
            Sleep::WithAlarm => {}
        }
    }

    /// Takes all pending jobs, sleeping until they must be taken.
    pub(super) fn take(&self) -> Taken<T> {
        let mut state = self.lock();
        while !state.is_due() {
            let left = state.left();
            state.sleep = if left.is_some() {
                Sleep::WithAlarm
            } else {
                Sleep::Unlimited
            };
            state = match left {
                None => self
                    .bell
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.bell
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
            state.sleep = Sleep::Awake;
        }
        state.give()
    }

    /// Takes all pending jobs, if some must be taken, without waiting.
    pub(super) fn take_now(&self) -> Taken<T> {
        let mut state = self.lock();
        if state.is_due() {
            state.give()
        } else {
            Taken::Nothing
        }
    }

    /// Closes the queue.
    pub(super) fn end(&self) {
        self.lock().open = false;
        self.bell.notify_all();
    }

    /// Whether all jobs are done.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && state.sleep != Sleep::Awake
    }

    /// Adds a job; returns whether the consumer must be woken.
    fn add(&self, job: T) -> bool {
        let mut state = self.lock();
        state.waiting.push(job);
        state.urgent = true;
        state.sleep != Sleep::Awake
    }

    fn wake_soon(self: &Arc<Self>) {
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

    fn lock(&self) -> MutexGuard<'_, QueueState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> QueueState<T> {
    /// Whether the pending jobs must be taken, or no more will come.
    fn is_due(&self) -> bool {
        self.urgent || !self.open || self.left().is_some_and(|left| left.is_zero())
    }

    /// How long the jobs can still wait, if there are any.
    fn left(&self) -> Option<Duration> {
        let Patient { first, last, .. } = self.patient?;
        let until = (last + QUIET).min(first + LONGEST);
        Some(until.saturating_duration_since(Instant::now()))
    }

    fn give(&mut self) -> Taken<T> {
        self.urgent = false;
        self.patient = None;
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

/// Jobs that can wait are taken when no further one was added for so long.
const QUIET: Duration = Duration::from_millis(100);
/// The longest time that a job waits.
pub(super) const LONGEST: Duration = Duration::from_secs(1);
/// The number of jobs that can wait, from which on they do not.
const MANY: usize = 128;

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

    #[test]
    fn jobs_that_can_wait_are_taken_in_order_with_the_next_that_cannot() {
        let queue = Arc::new(Queue::new());
        queue.push_patiently(1);
        assert_eq!(queue.take_now(), Taken::Nothing);
        assert!(!queue.is_idle());
        queue.push(2);
        queue.push_patiently(3);
        assert_eq!(queue.take_now(), Taken::Jobs(vec![1, 2, 3]));
        for job in 0..MANY {
            assert_eq!(queue.take_now(), Taken::Nothing);
            queue.push_patiently(job);
        }
        assert_eq!(queue.take_now(), Taken::Jobs((0..MANY).collect()));
        queue.push_patiently(4);
        // Without a further one.
        assert_eq!(queue.take(), Taken::Jobs(vec![4]));
        queue.push_patiently(5);
        queue.end();
        assert_eq!(queue.take(), Taken::Jobs(vec![5]));
    }

    /// The consumer sleeps, and the runtime ends before the deferred wake-up.
    #[test]
    fn a_bell_that_the_runtime_never_came_to_rings_all_the_same() {
        let queue = Arc::new(Queue::new());
        let taker = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || queue.take())
        };
        while queue.lock().sleep == Sleep::Awake {
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
