//! One problem, observed on every surface.

use serde_json::{Value, json};
use synapse_testkit::raw::RawServer;
use synapse_tests::{Era, Home};

/// A saved connection with a problem.
pub(crate) struct Trouble<'a> {
    pub(crate) home: &'a Home,
    pub(crate) server: &'a RawServer,
    pub(crate) code: &'static str,
    pub(crate) class: &'static str,
    pub(crate) exit: i32,
    /// The failing check, and the probes preflight needs to reach it.
    pub(crate) check: &'static str,
    pub(crate) reach: &'static [&'static str],
    /// The outcome of a prompt, and the status of its single response.
    pub(crate) outcome: &'static str,
    pub(crate) status: Option<u16>,
}

impl Trouble<'_> {
    /// Checks the problem on every surface.
    pub(crate) fn is_the_same_everywhere(&self) {
        self.in_preflight();
        let before = self.prompts();
        let terminal = self.in_the_terminal();
        let ide = self.in_an_ide();
        let attempts = usize::from(self.status.is_some());
        assert_eq!(self.prompts() - before, 2 * attempts, "{}", self.code);
        self.in_the_ledger(&[ide, terminal]);
    }

    fn in_preflight(&self) {
        let words = [&["preflight", "work"], self.reach].concat();
        let shown = self.home.run(words.clone()).with_code(self.exit);
        let line = format!("  FAIL  {:<10}  {}: ", self.check, self.code);
        assert!(shown.stdout.contains(&line), "{shown}");
        assert_eq!(shown.stdout.matches("FAIL").count(), 1, "{shown}");
        let head = format!("error[{}]: ", self.code);
        assert!(shown.stderr.starts_with(&head), "{shown}");
        assert!(shown.stderr.contains("\n  hint: "), "{shown}");

        let document = self.home.run([&words[..], &["--json"]].concat());
        let document = document.with_code(self.exit).json();
        assert_eq!(document["schema"], "synapse.preflight/1");
        assert_eq!(document["ok"], false);
        self.is_the_error(&document["error"]);
        let checks = document["checks"].as_array().unwrap();
        let failed: Vec<_> = checks
            .iter()
            .filter(|check| check["outcome"] == "fail")
            .collect();
        assert_eq!(failed.len(), 1, "{document}");
        assert_eq!(failed[0]["id"], self.check);
        assert_eq!(failed[0]["error"], document["error"]);
    }

    /// The receipt of a prompt in the terminal.
    fn in_the_terminal(&self) -> Value {
        let shown = self.home.run(["chat", "work", "hello", "--json"]);
        let document = shown.with_code(self.exit).json();
        self.is_the_document(&document);
        document["receipt"].clone()
    }

    /// The receipt of a prompt from an IDE.
    fn in_an_ide(&self) -> Value {
        let mut ide = self.home.serve(Era::Legacy);
        let result = ide.call("chat", json!({"prompt": "hello"}));
        assert_eq!(result["isError"], true, "{result}");
        let document = &result["structuredContent"];
        self.is_the_document(document);
        let text = result["content"][0]["text"].as_str().unwrap();
        let head = format!("error[{}]: ", self.code);
        assert!(
            text.starts_with(&head) && text.contains("\nhint: "),
            "{text}"
        );
        assert!(ide.close().status.success());
        document["receipt"].clone()
    }

    fn in_the_ledger(&self, receipts: &[Value]) {
        let rows = self.home.history();
        let prompts = rows.iter().filter(|row| row["operation"] == "chat");
        let rows: Vec<_> = prompts.collect();
        assert_eq!(rows.len(), receipts.len(), "{rows:?}");
        for (row, receipt) in rows.iter().zip(receipts) {
            assert_eq!(row["error_code"], self.code, "{row}");
            assert_eq!(row["outcome"], self.outcome, "{row}");
            for (key, value) in receipt.as_object().unwrap() {
                assert_eq!(row[key], *value, "{key}");
            }
        }
    }

    fn is_the_document(&self, document: &Value) {
        assert_eq!(document["schema"], "synapse.error/1", "{document}");
        assert_eq!(document["ok"], false);
        self.is_the_error(&document["error"]);
        let receipt = &document["receipt"];
        assert_eq!(receipt["attempts"], i32::from(self.status.is_some()));
        assert_eq!(receipt["http_status"], json!(self.status));
        assert_eq!(receipt["usage"]["prompt_tokens"], json!(null));
        assert_eq!(receipt["cost"]["amount_nano_usd"], json!(null));
    }

    fn is_the_error(&self, error: &Value) {
        assert_eq!(error["code"], self.code, "{error}");
        assert_eq!(error["class"], self.class, "{error}");
        assert_ne!(error["hints"], json!([]), "{error}");
    }

    /// Number of prompts that reached the provider.
    pub(crate) fn prompts(&self) -> usize {
        let requests = self.server.requests();
        let prompts = requests.iter().filter(|request| request.method() == "POST");
        prompts.count()
    }
}
