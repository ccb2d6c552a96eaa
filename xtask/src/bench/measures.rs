//! The measures: start, calls, tools and commands, with the IDE input that triggers each.

use crate::command::PAUSE;

/// One count.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) name: &'static str,
    /// Number of requests for the difference; `None` counts a whole process.
    pub(super) times: Option<u64>,
    pub(super) does: Does,
    pub(super) setting: Setting,
    /// Goal for this count.
    pub(super) goal: Option<u64>,
}

/// The action to measure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    /// A command without input.
    Command(&'static [&'static str]),
    /// `serve`, calling this tool with these JSON arguments.
    Tool(&'static str, &'static str),
    /// `serve`: handshake and exit.
    Handshake,
}

/// The connections to set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) provider: &'static str,
    /// Additional flags of the connection `work`.
    pub(super) flags: &'static [&'static str],
    /// Number of connections besides `work`.
    pub(super) others: usize,
    /// Calls in the ledger before the measurement.
    pub(super) calls_before: u64,
}

const OPENAI: Setting = Setting {
    provider: "openai",
    flags: &[],
    others: 0,
    calls_before: 0,
};
const CHAT: Does = Does::Tool("chat", r#"{"connection":"work","prompt":"Are you there?"}"#);
const SHELL: Does = Does::Command(&["chat", "work", "Are you there?"]);

const fn call(name: &'static str, setting: Setting, goal: Option<u64>) -> Measure {
    Measure {
        name,
        times: Some(CALLS),
        does: CHAT,
        setting,
        goal,
    }
}

const fn tool(name: &'static str, does: Does, setting: Setting, goal: Option<u64>) -> Measure {
    Measure {
        name,
        times: Some(CALLS),
        does,
        setting,
        goal,
    }
}

const fn whole(name: &'static str, does: Does, setting: Setting, goal: Option<u64>) -> Measure {
    Measure {
        name,
        times: None,
        does,
        setting,
        goal,
    }
}

const AFTER_CALLS: Setting = Setting {
    calls_before: 60,
    ..OPENAI
};

pub(super) const MEASURES: &[Measure] = &[
    whole(
        "start: synapse --version",
        Does::Command(&["--version"]),
        OPENAI,
        None,
    ),
    whole(
        "start: serve, handshake, end",
        Does::Handshake,
        OPENAI,
        Some(1_500_000),
    ),
    call("call: openai", OPENAI, Some(250_000)),
    call(
        "call: openai-compatible",
        Setting {
            provider: "openai-compatible",
            ..OPENAI
        },
        Some(300_000),
    ),
    call(
        "call: recorded text",
        Setting {
            flags: &["--record-text"],
            ..OPENAI
        },
        None,
    ),
    call(
        "call: limits",
        Setting {
            flags: &["--limit-tokens-day", "100000000"],
            ..OPENAI
        },
        None,
    ),
    call(
        "call: with 1,000 connections",
        Setting {
            others: 999,
            ..OPENAI
        },
        None,
    ),
    tool(
        "tool: list_connections",
        Does::Tool("list_connections", "{}"),
        OPENAI,
        None,
    ),
    tool(
        "tool: list_connections, 11 of them",
        Does::Tool("list_connections", "{}"),
        Setting {
            others: 10,
            ..OPENAI
        },
        None,
    ),
    tool(
        "tool: usage",
        Does::Tool("usage", "{}"),
        AFTER_CALLS,
        Some(600_000),
    ),
    tool(
        "tool: history, 20 rows",
        Does::Tool("history", r#"{"limit":20}"#),
        AFTER_CALLS,
        Some(600_000),
    ),
    whole("command: chat", SHELL, OPENAI, None),
    whole(
        "command: chat, 1,000 connections",
        SHELL,
        Setting {
            others: 999,
            ..OPENAI
        },
        None,
    ),
];

/// The measures with committed counts, which the test suite checks: a selection, so that it takes
/// less than a minute.
pub(super) const CHECKED: &[&str] = &[
    "start: serve, handshake, end",
    "call: openai",
    "call: recorded text",
    "call: limits",
    "tool: list_connections, 11 of them",
    "tool: usage",
    "tool: history, 20 rows",
];

/// The calls that fill a ledger before a measurement.
pub(super) const CHAT_BEFORE: Measure = call("calls beforehand", OPENAI, None);

impl Measure {
    pub(super) fn arguments(&self) -> Vec<&'static str> {
        match self.does {
            Does::Command(words) => words.to_vec(),
            Does::Tool(..) | Does::Handshake => vec!["serve"],
        }
    }

    /// The lines an IDE writes; each but the second gets a reply.
    pub(super) fn input(&self, times: u64) -> Vec<String> {
        match self.does {
            Does::Command(_) => Vec::new(),
            Does::Handshake => session(None),
            Does::Tool(name, arguments) => session(Some((name, arguments, times))),
        }
    }

    /// Checks that every request got a successful reply.
    ///
    /// # Errors
    /// The first problem found.
    pub(super) fn judge(&self, times: u64, answers: &str) -> Result<(), String> {
        let expected = match self.does {
            Does::Command(_) | Does::Handshake => 1,
            Does::Tool(..) => 1 + WARM + times,
        };
        let lines = answers.lines().count() as u64;
        if lines < expected {
            return Err(format!("{lines} of {expected} answers came: {answers}"));
        }
        let wrong = [r#""isError":true"#, r#""error":"#];
        match answers
            .lines()
            .find(|line| wrong.iter().any(|word| line.contains(word)))
        {
            Some(line) => Err(format!("a request failed: {line}")),
            None => Ok(()),
        }
    }
}

fn session(calls: Option<(&str, &str, u64)>) -> Vec<String> {
    let mut lines = vec![
        concat!(
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"#,
            r#""2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#
        )
        .to_owned(),
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
    ];
    if let Some((name, arguments, times)) = calls {
        let call = |id| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{name}","arguments":{arguments}}}}}"#
            )
        };
        lines.push(call(1));
        // A file is reread until it has not changed for some seconds.
        lines.push(PAUSE.to_owned());
        lines.extend((2..=WARM + times).map(call));
    }
    lines
}

/// Warm-up calls.
const WARM: u64 = 2;

/// Calls in the difference: enough to include occasional work.
const CALLS: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_was_not_answered_well_is_no_measurement() {
        let measure = &MEASURES[2];
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        assert_eq!(measure.input(3).len(), 8);
        let answered = format!("{answer}\n").repeat(4);
        assert!(measure.judge(1, &answered).is_ok());
        assert!(measure.judge(2, &answered).is_err());
        let failed = r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true}}"#;
        assert!(measure.judge(1, &format!("{answered}{failed}\n")).is_err());
    }
}
