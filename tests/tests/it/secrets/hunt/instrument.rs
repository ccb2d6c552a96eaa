//! One token in one home, the commands run there, and the search of their output.

use std::path::PathBuf;

use synapse_testkit::leak::Canary;
use synapse_testkit::raw::RawServer;
use synapse_tests::process::Run;
use synapse_tests::{Flags, Home};

use super::super::{TWIN, echo};

pub(super) const CONNECTIONS: [(&str, &str); 2] = [("openai", "openai"), ("hf", "huggingface")];

/// A canary, its home, and a provider that tries to leak it.
pub(super) struct Hunt {
    pub(super) canary: Canary,
    pub(super) home: Home,
    pub(super) provider: RawServer,
    /// The failure to trigger in the twin once the secret is in memory.
    trouble: &'static str,
    /// Whether the token has a known vendor's shape.
    pub(super) known: bool,
    pub(super) searched: usize,
    pub(super) leaks: Vec<String>,
}

impl Hunt {
    pub(super) fn new(token: &str, trouble: &'static str) -> Self {
        let hunt = Self {
            canary: Canary::new(token),
            home: Home::new(TWIN),
            provider: echo::start(),
            trouble,
            known: VENDORS.iter().any(|prefix| token.starts_with(prefix)),
            searched: 0,
            leaks: Vec::new(),
        };
        drop(hunt.home.credential(token));
        for (name, kind) in CONNECTIONS {
            let flags = hunt.flags(kind, "m");
            // Unless a vendor check would refuse the canary.
            let saved = hunt.home.create(name, &flags, &["--allow-network"]);
            let more = ["--allow-network", "--offline"];
            if saved.code == 0 || hunt.home.create(name, &flags, &more).code == 0 {
                continue;
            }
            // A key accepted only by its own vendor.
            let flags = hunt.flags("openai-compatible", "m");
            hunt.home.create(name, &flags, &more).with_code(0);
        }
        hunt
    }

    pub(super) fn credential(&self) -> PathBuf {
        self.home.path().join("0.token")
    }

    pub(super) fn flags(&self, kind: &str, model: &str) -> Flags {
        let reference = format!("file:{}", self.credential().display());
        Flags::new(kind, model, &reference, self.provider.url("/v1").as_str())
    }

    pub(super) fn twin(&self, words: &[&str]) -> Run {
        self.home
            .twin(words)
            .env("SYNAPSE_LOG", "trace")
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("SYNAPSE_TWIN_TROUBLE", self.trouble)
    }

    pub(super) fn look(&mut self, what: &str, bytes: &[u8]) {
        self.searched += 1;
        if let Some(how) = self.canary.found_in(bytes) {
            let shown: String = String::from_utf8_lossy(bytes).chars().take(2000).collect();
            self.leaks
                .push(format!("{what} tells the token {how}:\n{shown}"));
        }
    }

    pub(super) fn run(&mut self, words: &[&str]) {
        self.run_with(words, |run| run);
    }

    pub(super) fn run_with(&mut self, words: &[&str], change: impl FnOnce(Run) -> Run) {
        let output = change(self.twin(words)).output();
        let what = words.join(" ");
        self.look(&format!("stdout of `{what}`"), output.stdout.as_bytes());
        self.look(&format!("stderr of `{what}`"), output.stderr.as_bytes());
    }

    /// Searches every file of the home except those that hold the token.
    pub(super) fn files(&mut self, but: &[PathBuf]) {
        for (path, content) in self.home.files() {
            if !but.contains(&path) {
                self.look(&path.display().to_string(), &content);
            }
        }
    }
}

const VENDORS: [&str; 6] = ["sk-", "hf_", "eyJ", "github_pat_", "hvs.", "gsk_"];
