//! Questions for a terminal without arrow keys, colours or width: numbered options, answered with a
//! line. Ctrl-C cancels here too, although signals may be caught by then.

use std::io::{self, BufRead as _};
use std::thread;

use tokio::sync::oneshot;

use super::{Left, Usual};
use crate::output::Printer;
use crate::system::StopSignal;

pub(super) fn one_of(
    printer: &Printer,
    question: &str,
    options: &[String],
    start: usize,
) -> Result<usize, Left> {
    let mut shown: Vec<usize> = (0..options.len()).collect();
    loop {
        list(printer, options, &shown);
        let usual = if shown.contains(&start) {
            format!(" [{}]", start + 1)
        } else {
            String::new()
        };
        let found = shown.len() > PAGE;
        let search = if found {
            ", or a word to search for"
        } else {
            ""
        };
        let answer = line(printer, &format!("{question} Number{search}{usual}: "))?;
        if answer.is_empty() && shown.contains(&start) {
            return Ok(start);
        }
        match number(&answer, options.len()) {
            Some(index) => return Ok(index),
            None => {
                let word = answer.to_lowercase();
                let mut all = 0..options.len();
                let matches = |index: &usize| {
                    let option = options.get(*index).map(|option| option.to_lowercase());
                    option.is_some_and(|option| option.contains(&word))
                };
                shown = all.by_ref().filter(matches).collect();
                if shown.is_empty() {
                    printer.note("nothing has that number or that word");
                    shown = (0..options.len()).collect();
                }
            }
        }
    }
}

pub(super) fn several_of(
    printer: &Printer,
    question: &str,
    options: &[String],
) -> Result<Vec<usize>, Left> {
    let all: Vec<usize> = (0..options.len()).collect();
    loop {
        list(printer, options, &all);
        let asked = format!("{question} Numbers, `all` or `none` [all]: ");
        let answer = line(printer, &asked)?.to_lowercase();
        match answer.as_str() {
            "" | "all" => return Ok(all),
            "none" | "0" => return Ok(Vec::new()),
            _ => {}
        }
        let words = answer.split([',', ' ']).filter(|word| !word.is_empty());
        let chosen: Option<Vec<usize>> = words.map(|word| number(word, options.len())).collect();
        match chosen {
            Some(mut chosen) => {
                chosen.sort_unstable();
                chosen.dedup();
                return Ok(chosen);
            }
            None => printer.note("write numbers of the list, such as 1,3"),
        }
    }
}

pub(super) fn agrees(printer: &Printer, question: &str, usual: Usual) -> Result<bool, Left> {
    let hint = match usual {
        Usual::Yes => "[Y/n]",
        Usual::No => "[y/N]",
    };
    loop {
        let answer = line(printer, &format!("{question} {hint} "))?;
        match answer.to_lowercase().as_str() {
            "" => return Ok(usual == Usual::Yes),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => printer.note("write y or n"),
        }
    }
}

pub(super) fn text(printer: &Printer, question: &str, usual: &str) -> Result<String, Left> {
    let hint = if usual.is_empty() {
        String::new()
    } else {
        format!(" [{usual}]")
    };
    let answer = line(printer, &format!("{question}{hint} "))?;
    Ok(if answer.is_empty() {
        usual.to_owned()
    } else {
        answer
    })
}

fn list(printer: &Printer, options: &[String], shown: &[usize]) {
    for index in shown.iter().take(MOST) {
        if let Some(option) = options.get(*index) {
            printer.note(&format!("  {:>3}  {option}", index + 1));
        }
    }
    if let Some(more) = shown.len().checked_sub(MOST).filter(|more| *more > 0) {
        printer.note(&format!("       and {more} more"));
    }
}

/// The index of a number that counts from 1.
fn number(text: &str, count: usize) -> Option<usize> {
    let index = text.parse::<usize>().ok()?.checked_sub(1)?;
    (index < count).then_some(index)
}

/// Reads one line of stdin on its own thread, because a caught Ctrl-C does not interrupt a read.
fn line(printer: &Printer, question: &str) -> Result<String, Left> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Left::Quit)?;
    // Before the question is visible: Ctrl-C may follow at once.
    let stop = {
        let _entered = runtime.enter();
        StopSignal::listen().map_err(|_| Left::Quit)?
    };
    printer.ask(question);
    let (sender, answer) = oneshot::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // After the question was cancelled, nobody receives this.
        drop(sender.send(read.map(|_| line)));
    });
    let answer = runtime.block_on(async {
        tokio::select! {
            answer = answer => match answer {
                Ok(Ok(line)) if line.ends_with('\n') => Ok(line.trim().to_owned()),
                _ => Err(Left::Quit),
            },
            Ok(()) = stop.asked() => Err(Left::Interrupted),
        }
    });
    if answer.is_err() {
        // Without Enter, the next output needs a new line.
        printer.note("");
    }
    answer
}

/// Longer lists can be searched.
const PAGE: usize = 10;
/// The most options that are listed.
const MOST: usize = 20;
