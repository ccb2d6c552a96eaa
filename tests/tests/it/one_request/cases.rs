//! Runs one case of the table through the twin: each provider, each call, in a separate home.

use std::ops::AddAssign;

use synapse_testkit::raw::{RawServer, Reply};
use synapse_testkit::tls::TlsIdentity;
use synapse_tests::{Flags, Home};

pub(crate) const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");
pub(crate) const PROVIDERS: [&str; 2] = ["openai", "huggingface"];
pub(crate) const CALLS: [&[&str]; 2] = [
    &["chat", "work", "hello", "--json"],
    &["models", "work", "--json"],
];
/// A valid answer to either call, for either provider.
pub(crate) const ANSWER: &str = r#"{"choices":[{"message":{"content":"hello"}}],"data":[
    {"id":"org/model","providers":[{"provider":"novita","status":"live"}]}]}"#;

/// Totals of calls and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    pub(crate) requests: usize,
    pub(crate) rows: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.requests += other.requests;
        self.rows += other.rows;
    }
}

/// The number of request heads each call may cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heads {
    Exactly(usize),
    /// The server closes the connection during the request.
    AtMostOne,
}

/// A server, the way to it, and the expected result of each call.
pub(crate) struct Case<'a> {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Additional flags of the connection.
    pub(crate) flags: Vec<String>,
    /// The only trusted authority, in place of the system's.
    pub(crate) trusts: Option<&'a TlsIdentity>,
    pub(crate) code: &'a str,
    /// Part of the message, where a code has several.
    pub(crate) says: &'a str,
    pub(crate) heads: Heads,
}

impl<'a> Case<'a> {
    pub(crate) fn new(name: &str, url: impl ToString, code: &'a str, heads: Heads) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_string(),
            flags: Vec::new(),
            trusts: None,
            code,
            says: "",
            heads,
        }
    }

    pub(crate) fn saying(self, says: &'a str) -> Self {
        Self { says, ..self }
    }

    pub(crate) fn flags<const N: usize>(self, flags: [&str; N]) -> Self {
        let flags = flags.map(str::to_owned).into();
        Self { flags, ..self }
    }

    pub(crate) fn trusting(self, identity: &'a TlsIdentity) -> Self {
        Self {
            trusts: Some(identity),
            ..self
        }
    }

    /// Makes both calls with both providers; `heads` is the server's count.
    pub(crate) fn run(&self, heads: impl Fn() -> usize) -> Tally {
        let mut tally = Tally::default();
        for provider in PROVIDERS {
            let home = self.home(provider);
            for arguments in CALLS {
                tally += self.call(provider, &home, arguments, &heads);
            }
        }
        tally
    }

    /// Hugging Face's model list is public: no token is sent or rejected.
    fn expected(&self, provider: &str, command: &str) -> &str {
        match (self.code, provider, command) {
            ("credential.token-permission", "huggingface", "models") => "provider.request-rejected",
            _ => self.code,
        }
    }

    fn home(&self, provider: &str) -> Home {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let home = home(provider, &self.url, &flags);
        if let Some(identity) = self.trusts {
            home.write("authority.pem", identity.authority_pem());
        }
        home
    }

    fn call(
        &self,
        provider: &str,
        home: &Home,
        arguments: &[&str],
        heads: impl Fn() -> usize,
    ) -> Tally {
        let what = format!("{}, {provider}, {}", self.name, arguments[0]);
        let (before, rows_before) = (heads(), home.history().len());
        let mut twin = home.twin(arguments);
        if self.trusts.is_some() {
            twin = twin.env("SSL_CERT_FILE", home.path().join("authority.pem"));
        }
        let document = twin.output().json();
        let requests = heads() - before;
        self.check_heads(&what, requests);
        let error = &document["error"];
        let code = error["code"].as_str().unwrap_or("ok");
        assert_eq!(
            code,
            self.expected(provider, arguments[0]),
            "{what}: {document}"
        );
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(self.says), "{what}: {document}");

        let history = home.history();
        let rows = history.len() - rows_before;
        assert_eq!(rows, usize::from(arguments[0] == "chat"), "{what}");
        if rows == 1 {
            let row = &history[0];
            assert_eq!(
                row["error_code"].as_str().unwrap_or("ok"),
                code,
                "{what}: {row}"
            );
            assert_eq!(row["attempts"], 1, "{what}: {row}");
            assert_eq!(document["receipt"]["attempts"], 1, "{what}: {document}");
            if code.starts_with("transport.") {
                let says = match row["maybe_billed"].as_bool() {
                    Some(true) => "the provider may have processed and billed this request",
                    _ => "nothing was sent",
                };
                assert_eq!(error["causes"][0], says, "{what}: {document}");
            }
            if self.heads == Heads::Exactly(0) && !code.contains("interrupted") {
                assert_eq!(row["maybe_billed"], false, "{what}: {row}");
            }
        }
        Tally {
            calls: 1,
            requests,
            rows,
        }
    }

    /// # Panics
    /// If the server saw a number of requests that the case does not allow.
    pub(crate) fn check_heads(&self, what: &str, requests: usize) {
        match self.heads {
            Heads::Exactly(expected) => assert_eq!(requests, expected, "{what}: requests"),
            Heads::AtMostOne => assert!(requests <= 1, "{what}: {requests} requests"),
        }
    }
}

/// A home with one connection, saved offline, to the server at `base_url`.
pub(crate) fn home(provider: &str, base_url: &str, more: &[&str]) -> Home {
    let home = Home::new(TWIN);
    let credential = home.credential("fake-token");
    let flags = Flags::new(provider, "org/model", &credential, base_url);
    let more = [&["--offline", "--allow-network"], more].concat();
    home.create("work", &flags, &more).with_code(0);
    home
}

/// A server with a fixed reply: each call is exactly one head and gives `code`.
pub(crate) fn always(name: &str, reply: Reply, code: &str) -> Tally {
    always_saying(name, reply, code, "")
}

/// The same, with part of the message.
pub(crate) fn always_saying(name: &str, reply: Reply, code: &str, says: &str) -> Tally {
    let server = RawServer::always(reply);
    let case = Case::new(name, server.url("/v1"), code, Heads::Exactly(1));
    case.saying(says).run(|| server.heads())
}
