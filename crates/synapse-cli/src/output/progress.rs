//! Shows on stderr the current wait and its duration, if stderr is a terminal and the wait is not
//! short. A pipe gets no progress.

use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use synapse_core::redact::printable_line;
use tokio::time::sleep;

/// The progress lines below all other output.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    lines: MultiProgress,
    patience: Duration,
    /// Whether there is a terminal to show them on.
    shown: bool,
}

/// A wait. Dropping it removes its line.
#[derive(Debug)]
pub(crate) struct Waiting {
    progress: Progress,
    began: Instant,
    line: Mutex<ProgressLine>,
}

#[derive(Debug)]
struct ProgressLine {
    /// `None` during a prompt.
    what: Option<String>,
    /// Whether the delay before showing has passed.
    is_due: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// On stderr, if it is a terminal.
    pub(crate) fn on_stderr() -> Self {
        if io::stderr().is_terminal() {
            Self::drawing_on(on_stderr(), PATIENCE)
        } else {
            Self {
                lines: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
                patience: PATIENCE,
                shown: false,
            }
        }
    }

    fn drawing_on(target: ProgressDrawTarget, patience: Duration) -> Self {
        Self {
            lines: MultiProgress::with_draw_target(target),
            patience,
            shown: true,
        }
    }

    /// Waits for `work`, and shows `what` when it takes a while.
    pub(crate) async fn waiting<T>(
        &self,
        what: impl Into<String>,
        work: impl Future<Output = T>,
    ) -> T {
        self.begin(what).until(work).await
    }

    /// Begins to wait for `what`. Shows nothing yet.
    pub(crate) fn begin(&self, what: impl Into<String>) -> Waiting {
        Waiting {
            progress: self.clone(),
            began: Instant::now(),
            line: Mutex::new(ProgressLine {
                what: Some(what.into()),
                is_due: false,
                bar: None,
            }),
        }
    }

    /// Hides the lines while something else is written to or typed at the terminal.
    pub(crate) fn suspended<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.shown {
            self.lines.suspend(work)
        } else {
            work()
        }
    }
}

/// stderr as long as nobody interrupts: lines are padded to the width of the terminal, and the `^C`
/// after a full line would begin another one, which is not cleared.
#[cfg(unix)]
fn on_stderr() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Narrower), HERTZ)
}

#[cfg(not(unix))]
fn on_stderr() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr()
}

/// stderr with room for `^C` at the end of a line.
#[cfg(unix)]
#[derive(Debug)]
struct Narrower;

#[cfg(unix)]
impl Narrower {
    fn put(text: &str) -> io::Result<()> {
        use std::io::Write as _;

        io::stderr().write_all(text.as_bytes())
    }

    fn moved(lines: usize, way: char) -> io::Result<()> {
        match lines {
            0 => Ok(()),
            lines => Self::put(&format!("\u{1b}[{lines}{way}")),
        }
    }
}

#[cfg(unix)]
impl indicatif::TermLike for Narrower {
    fn width(&self) -> u16 {
        let size = rustix::termios::tcgetwinsize(io::stderr());
        let columns = size.map_or(0, |size| size.ws_col);
        match columns {
            0 => USUAL_WIDTH,
            columns => columns.saturating_sub(ECHO).max(1),
        }
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        Self::moved(lines, 'A')
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        Self::moved(lines, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        Self::moved(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        Self::moved(columns, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        Self::put(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        Self::put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        Self::put("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        use std::io::Write as _;

        io::stderr().flush()
    }
}

impl Waiting {
    /// Waits for `work`.
    pub(crate) async fn until<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if self.progress.shown {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep(self.progress.patience.saturating_sub(self.began.elapsed())) => {}
            }
            let mut line = self.line();
            line.is_due = true;
            self.show(&mut line);
        }
        work.await
    }

    /// Changes the text of the wait.
    pub(crate) fn says(&self, what: impl Into<String>) {
        let mut line = self.line();
        line.what = Some(what.into());
        if line.is_due {
            self.show(&mut line);
        }
    }

    /// Hides the line during a prompt, until the next [`Waiting::says`].
    pub(crate) fn pauses(&self) {
        let mut line = self.line();
        line.what = None;
        self.hide(&mut line);
    }

    fn show(&self, line: &mut ProgressLine) {
        let Some(what) = &line.what else { return };
        if let Some(bar) = &line.bar {
            bar.set_message(shown(what));
            return;
        }
        let bar = ProgressBar::new_spinner()
            .with_style(style())
            .with_message(shown(what))
            .with_elapsed(self.began.elapsed());
        let bar = self.progress.lines.add(bar);
        bar.tick();
        bar.enable_steady_tick(TICK);
        line.bar = Some(bar);
    }

    fn hide(&self, line: &mut ProgressLine) {
        if let Some(bar) = line.bar.take() {
            bar.finish_and_clear();
            self.progress.lines.remove(&bar);
        }
    }

    fn line(&self) -> MutexGuard<'_, ProgressLine> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.hide(&mut self.line());
    }
}

/// Keeps the line short: neither it nor the `^C` that a terminal appends may wrap, because the rest
/// would remain when the line is removed.
fn shown(what: &str) -> String {
    let what = printable_line(what);
    match what.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", what.get(..end).unwrap_or_default()),
        None => what,
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {elapsed:>3}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars("-\\|/ ")
}

const LONGEST: usize = 56;
/// Shorter waits are not shown.
const PATIENCE: Duration = Duration::from_millis(300);
/// Drawings a second.
#[cfg(unix)]
const HERTZ: u8 = 20;
/// The columns of `^C`, and one in reserve.
#[cfg(unix)]
const ECHO: u16 = 3;
#[cfg(unix)]
const USUAL_WIDTH: u16 = 77;
const TICK: Duration = Duration::from_millis(125);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indicatif::TermLike;

    use super::*;

    /// A one-line terminal that records its output.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }

        fn put(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.put(text)?;
            self.put("\n")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.put(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.put("[clear]")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn progress(patience: Duration) -> (Progress, Screen) {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        (Progress::drawing_on(target, patience), screen)
    }

    #[tokio::test]
    async fn what_is_done_at_once_is_not_shown() {
        let (progress, screen) = progress(Duration::from_secs(3600));
        assert_eq!(progress.waiting("the API", async { 7 }).await, 7);
        assert_eq!(screen.text(), "");
    }

    /// Waits until the line is shown.
    async fn shown_on(screen: &Screen) {
        while screen.text().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_takes_a_while_is_shown_and_goes_again() {
        let (progress, screen) = progress(Duration::ZERO);
        let waiting = progress.begin("api.example.test");
        waiting.until(shown_on(&screen)).await;
        let text = screen.text();
        assert!(text.contains("api.example.test"), "{text:?}");
        drop(waiting);
        assert!(screen.text().ends_with("[clear]"), "{:?}", screen.text());
    }

    #[test]
    fn a_line_is_short_enough_for_every_terminal() {
        assert_eq!(shown("the model"), "the model");
        let long = shown(&"é".repeat(200));
        assert_eq!(long.chars().count(), LONGEST + 1);
    }

    #[tokio::test]
    async fn nothing_from_outside_moves_the_cursor() {
        let (progress, screen) = progress(Duration::ZERO);
        let waiting = progress.begin("a\u{1b}[2Jb\nc");
        waiting.until(shown_on(&screen)).await;
        drop(waiting);
        assert!(!screen.text().contains("\u{1b}[2J"), "{:?}", screen.text());
    }
}
