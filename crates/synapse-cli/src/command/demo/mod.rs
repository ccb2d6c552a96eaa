//! `synapse demo`: the whole path on an embedded loopback provider, without key or network. Prints
//! each step as it passes, and doubles as a self-test of the installation.
//!
//! **Invariant:** a step passes only on observed facts: exit codes and output of child processes,
//! and the provider's counts.

mod child;
mod loopback;

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use synapse_core::error::{Code, Failure};
use synapse_documents::{DemoDocument, DemoStepView};

use self::child::{DemoProgram, ServerSession};
use self::loopback::{ANSWER, COMPLETION_TOKENS, KEY, LoopbackProvider, MODEL, PROMPT_TOKENS};
use super::{CommandError, Context, ide};
use crate::output::{FAINT, GOOD, Printer, STRONG, styled};

pub(super) fn run(context: &Context) -> Result<(), CommandError> {
    let directory = tempfile::tempdir().map_err(|error| failed("a temporary home", &error))?;
    let provider = LoopbackProvider::start().map_err(|error| failed("the provider", &error))?;
    let demo = Demo {
        printer: &context.printer,
        program: DemoProgram::new(ide::own_command(&context.environment)?, directory.path()),
        provider: &provider,
        steps: RefCell::default(),
    };
    demo.show(&styled(
        STRONG,
        "Synapse demo: the whole path, on this machine alone",
    ));
    demo.show("No key, no network: an embedded provider gives canned answers.");
    demo.run(directory.path())?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&DemoDocument::new(demo.steps.into_inner()));
        return Ok(());
    }
    printer.line("");
    printer.line(&styled(GOOD, "Every step passed. This installation works."));
    printer.wrapped(GO_LIVE);
    Ok(())
}

struct Demo<'a> {
    printer: &'a Printer,
    program: DemoProgram,
    provider: &'a LoopbackProvider,
    /// The step in progress is the last one.
    steps: RefCell<Vec<DemoStepView>>,
}

impl Demo<'_> {
    fn run(&self, home: &Path) -> Result<(), Failure> {
        let token = home.join("demo.token");
        write_token(&token).map_err(|error| failed("the demo key file", &error))?;
        let reference = format!("file:{}", token.display());
        let base_url = self.provider.base_url();
        let draft = [
            "--provider",
            "openai",
            "--model",
            MODEL,
            "--credential",
            &reference,
            "--base-url",
            &base_url,
        ];
        self.closed_gate(&draft)?;
        self.create(&draft)?;
        self.ide_session()?;
        self.terminal()?;
        self.usage_and_history()?;
        self.snippet()
    }

    fn closed_gate(&self, draft: &[&str]) -> Result<(), Failure> {
        self.title("The network gate is closed until you open it");
        let output = self.command(&[&["preflight"], draft].concat(), Code::GateNetworkDisabled)?;
        self.expect(
            output.contains("gate.network-disabled"),
            "the gate's code was not shown",
        )?;
        self.expect(
            self.provider.connections() == 0,
            "a closed gate opened a socket",
        )?;
        self.passed("refused; the provider saw 0 connections");
        Ok(())
    }

    fn create(&self, draft: &[&str]) -> Result<(), Failure> {
        self.title("Create a connection; preflight has to pass before it is saved");
        let arguments = [
            &["connection", "create", "demo"],
            draft,
            &["--allow-network"],
        ]
        .concat();
        let output = self.command(&arguments, None)?;
        self.expect(
            output.contains("saved demo"),
            "the connection was not saved",
        )?;
        self.expect(self.provider.prompts() == 0, "preflight sent a prompt")?;
        self.passed("preflight passed and the connection is saved; no prompt was sent");
        Ok(())
    }

    fn ide_session(&self) -> Result<(), Failure> {
        self.title("An IDE starts `synapse serve` and asks");
        let lost = |error: std::io::Error| failed("the MCP session", &error);
        let mut session = self.program.serve().map_err(lost)?;
        let revision = initialize(&mut session).map_err(lost)?;
        self.line(&format!("initialize   -> MCP {revision}"));
        let listed = session
            .ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))
            .map_err(lost)?;
        let names: Vec<&str> = listed
            .pointer("/result/tools")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tool| tool.get("name").and_then(Value::as_str))
            .collect();
        self.line(&format!("tools/list   -> {}", names.join(", ")));
        self.expect(names.contains(&"chat"), "the chat tool is missing")?;
        let reply = session.ask(&chat_request()).map_err(lost)?;
        let text = reply
            .pointer("/result/content/0/text")
            .and_then(Value::as_str);
        let text = text.unwrap_or_default();
        self.line(&format!("tools/call   -> {text}"));
        self.expect(text == ANSWER, "the answer did not come back")?;
        let receipt = reply
            .pointer("/result/structuredContent/receipt")
            .unwrap_or(&Value::Null);
        self.line(&format!("receipt      -> {receipt}"));
        self.expect(
            receipt.get("attempts") == Some(&json!(1)),
            "the receipt does not say 1",
        )?;
        self.expect(
            self.provider.prompts() == 1,
            "the provider did not see exactly 1 request",
        )?;
        let ended = session.close().map_err(lost)?;
        self.passed(&format!(
            "one prompt, 1 HTTP request seen by the provider; the server ended {} ms after its stdin closed",
            ended.as_millis()
        ));
        Ok(())
    }

    fn terminal(&self) -> Result<(), Failure> {
        self.title("The same in the terminal");
        let output = self.command(&["chat", "demo", "Say hello"], None)?;
        self.expect(output.contains(ANSWER), "the answer did not come back")?;
        self.expect(
            self.provider.prompts() == 2,
            "the provider did not see exactly 1 request more",
        )?;
        self.passed("1 HTTP request more");
        Ok(())
    }

    fn usage_and_history(&self) -> Result<(), Failure> {
        self.title("Usage and history show what happened");
        let usage = self.command(&["usage"], None)?;
        let shows = |sum: u64| usage.split_whitespace().any(|cell| cell == sum.to_string());
        self.expect(
            shows(2 * PROMPT_TOKENS) && shows(2 * COMPLETION_TOKENS),
            "the tokens are not summed",
        )?;
        self.expect(
            usage.contains("unknown"),
            "an unknown cost is not called unknown",
        )?;
        let history = self.command(&["history"], None)?;
        let rows = history.lines().filter(|line| line.contains(" ok ")).count();
        self.expect(rows == 2, "history does not have one row per prompt")?;
        self.passed("2 prompts, 2 rows; the cost is unknown and is not called 0");
        Ok(())
    }

    fn snippet(&self) -> Result<(), Failure> {
        self.title("The entry for your IDE");
        let output = self.command(&["ide", "snippet"], None)?;
        self.expect(output.contains("mcpServers"), "the snippet is missing")?;
        self.expect(!output.contains(KEY), "the snippet holds the key")?;
        self.passed("an absolute command and no secret");
        Ok(())
    }

    /// Runs a command, shows it as a user would see it, and checks its exit code.
    fn command(
        &self,
        arguments: &[&str],
        fails: impl Into<Option<Code>>,
    ) -> Result<String, Failure> {
        let command = format!("synapse {}", shell_words(arguments));
        self.line(&styled(FAINT, &format!("$ {command}")));
        self.note(|step| step.commands.push(command));
        let output = self
            .program
            .run(arguments)
            .map_err(|error| failed("a command", &error))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        for line in text.lines() {
            self.line(line);
        }
        let expected = fails
            .into()
            .map_or(0, |code| i32::from(code.class().exit_code()));
        self.expect(
            output.status.code() == Some(expected),
            &format!("the exit code is not {expected} but {}", output.status),
        )?;
        Ok(text)
    }

    fn title(&self, text: &str) {
        self.steps.borrow_mut().push(DemoStepView {
            title: text.to_owned(),
            ..DemoStepView::default()
        });
        self.show("");
        self.show(&styled(STRONG, &format!("{}. {text}", self.number())));
    }

    fn line(&self, text: &str) {
        self.show(&format!("   {text}"));
    }

    fn passed(&self, what: &str) {
        self.line(&format!("{} {what}", styled(GOOD, "ok")));
        self.note(|step| what.clone_into(&mut step.proof));
    }

    /// Prints a line of the demo; it is progress when the result is a document.
    fn show(&self, text: &str) {
        if self.printer.is_json() {
            self.printer.note(text);
        } else {
            self.printer.line(text);
        }
    }

    fn note(&self, change: impl FnOnce(&mut DemoStepView)) {
        if let Some(step) = self.steps.borrow_mut().last_mut() {
            change(step);
        }
    }

    fn number(&self) -> usize {
        self.steps.borrow().len()
    }

    fn expect(&self, holds: bool, otherwise: &str) -> Result<(), Failure> {
        if holds {
            return Ok(());
        }
        Err(Failure::new(
            Code::InternalInvariant,
            format!("step {} of the demo failed", self.number()),
        )
        .cause(otherwise.to_owned())
        .hint("please report it, with what is printed above"))
    }
}

/// The arguments, shell-quoted.
fn shell_words(arguments: &[&str]) -> String {
    let word = |text: &&str| {
        if text.contains(' ') {
            format!("\"{text}\"")
        } else {
            (*text).to_owned()
        }
    };
    arguments.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The handshake of a 2025-11-25 client.
fn initialize(session: &mut ServerSession) -> std::io::Result<String> {
    let reply = session.ask(&json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "synapse-demo", "version": env!("CARGO_PKG_VERSION")},
        },
    }))?;
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    let revision = reply
        .pointer("/result/protocolVersion")
        .and_then(Value::as_str);
    Ok(revision.unwrap_or("no revision").to_owned())
}

fn chat_request() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 3, "method": "tools/call",
        "params": {"name": "chat", "arguments": {"connection": "demo", "prompt": "Say hello"}},
    })
}

/// Writes the demo key as a user should: to a file that only the owner can read.
fn write_token(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(KEY.as_bytes())
}

fn failed(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::InternalInvariant, format!("{what} did not work")).caused_by(error)
}

const GO_LIVE: &str = "
Go live with your own key, one question at a time:
   synapse setup

Or one command at a time (`secret set` asks for the key, `ide list` names the clients):
   synapse secret set file:~/.synapse/openai.token
   synapse connection create work --provider openai --model MODEL --credential file:~/.synapse/openai.token --allow-network
   synapse ide install CLIENT";
