//! One set-up, checked in the terminal.

use std::collections::BTreeSet;
use std::path::Path;

use insta::{allow_duplicates, assert_snapshot};
use synapse_testkit::raw::{ClosedPort, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};
use synapse_tests::home::set_mode;
use synapse_tests::{Flags, Home, Output};

use super::TWIN;

/// A connection, described by flags.
pub(crate) struct Setup {
    pub(crate) provider: &'static str,
    pub(crate) model: String,
    pub(crate) base_url: String,
    pub(crate) credential: Credential,
    /// Additional flags.
    pub(crate) flags: Vec<String>,
}

/// The value of `--credential`.
pub(crate) enum Credential {
    /// A missing file.
    Missing,
    /// A file with this content.
    File(String),
    /// No file: these words.
    Words(String),
}

impl Setup {
    pub(crate) fn at(self, base_url: impl ToString) -> Self {
        let base_url = base_url.to_string();
        Self { base_url, ..self }
    }

    pub(crate) fn model(self, model: impl ToString) -> Self {
        let model = model.to_string();
        Self { model, ..self }
    }

    pub(crate) fn credential(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    /// A credential file with this content.
    pub(crate) fn token(self, content: impl ToString) -> Self {
        self.credential(Credential::File(content.to_string()))
    }

    pub(crate) fn flags<const N: usize>(mut self, flags: [&str; N]) -> Self {
        self.flags.extend(flags.map(str::to_owned));
        self
    }
}

impl Setup {
    /// Checks it in a separate home.
    pub(crate) fn run(&self) -> Output {
        self.run_in(&Home::new(TWIN))
    }

    pub(crate) fn run_in(&self, home: &Home) -> Output {
        home.run(self.words(home))
    }

    /// The output for a correct set-up.
    pub(crate) fn shown_passing(&self) -> String {
        let output = self.run().with_code(0);
        assert!(!output.stdout.contains("FAIL"), "{output}");
        output.stdout
    }

    /// The command that checks it, with its credential in `home`.
    fn words(&self, home: &Home) -> Vec<String> {
        let reference = match &self.credential {
            Credential::Missing => format!("file:{}", home.path().join("token").display()),
            Credential::File(content) => {
                format!("file:{}", home.write("token", content).display())
            }
            Credential::Words(words) => words.clone(),
        };
        let flags = Flags::new(self.provider, &self.model, &reference, &self.base_url);
        let words = ["preflight"].into_iter().chain(flags.words());
        words
            .chain(self.flags.iter().map(String::as_str))
            .map(str::to_owned)
            .collect()
    }
}

/// The expected output of a set-up.
pub(crate) struct Expected<'a> {
    pub(crate) code: &'a str,
    /// Part of the remedy.
    pub(crate) hint: &'a str,
    /// Maximum requests of the check.
    pub(crate) requests: usize,
}

pub(crate) const fn expect<'a>(code: &'a str, hint: &'a str, requests: usize) -> Expected<'a> {
    Expected {
        code,
        hint,
        requests,
    }
}

/// All output so far.
#[derive(Default)]
pub(crate) struct Shown {
    text: String,
    codes: Vec<String>,
}

impl Shown {
    /// Checks `setup` in a separate home.
    pub(crate) fn add(
        &mut self,
        what: &str,
        setup: &Setup,
        server: &RawServer,
        expected: &Expected<'_>,
    ) {
        let home = Home::new(TWIN);
        self.check(what, &home, setup.words(&home), server, expected);
    }

    /// A saved connection with network access off.
    pub(crate) fn add_closed(
        &mut self,
        what: &str,
        setup: &Setup,
        server: &RawServer,
        expected: &Expected<'_>,
    ) {
        let home = Home::new(TWIN);
        let reference = home.credential("fake");
        let flags = Flags::new(setup.provider, &setup.model, &reference, &setup.base_url);
        home.create("work", &flags, &["--offline"]).with_code(0);
        let words = ["preflight", "work"].map(str::to_owned);
        self.check(what, &home, words.into(), server, expected);
    }

    /// Problems of any provider found before sending: network access off, invalid credential files,
    /// and another vendor's token, given with its issuer and hint.
    pub(crate) fn add_unsent(
        &mut self,
        setup: impl Fn() -> Setup,
        server: &RawServer,
        (foreign, token, hint): (&str, &str, &str),
    ) {
        let command = "synapse connection edit work --allow-network";
        let expected = expect("gate.network-disabled", command, 0);
        self.add_closed("the gate is closed", &setup(), server, &expected);
        for (what, credential, code, hint) in [
            (
                "no credential file",
                Credential::Missing,
                "credential.missing",
                "create it; the token is asked for",
            ),
            (
                "two tokens in one file",
                Credential::File(token.repeat(2)),
                "credential.multi-line",
                "keep the line with the token",
            ),
            (
                foreign,
                Credential::File(token.to_owned()),
                "credential.wrong-vendor",
                hint,
            ),
        ] {
            let setup = setup().credential(credential);
            self.add(what, &setup, server, &expect(code, hint, 0));
        }
    }

    /// A credential file readable by others.
    pub(crate) fn add_readable_by_others(
        &mut self,
        what: &str,
        setup: Setup,
        server: &RawServer,
        expected: &Expected<'_>,
    ) {
        let home = Home::new(TWIN);
        let reference = home.credential("fake");
        set_mode(Path::new(reference.trim_start_matches("file:")), 0o644);
        let words = Credential::Words(reference);
        let setup = Setup {
            credential: words,
            ..setup
        };
        self.check(what, &home, setup.words(&home), server, expected);
    }

    /// Problems on the way to any provider, shown in the same words for each.
    pub(crate) fn add_unreachable(&mut self, setup: impl Fn() -> Setup) {
        let shown = self.text.len();
        let closed = ClosedPort::new();
        let nowhere = format!("http://127.0.0.1:{}/v1", closed.port());
        let identity = TlsIdentity::new(Flaw::None);
        let untrusted = RawServer::start_tls(&identity, |_| Reply::status(200));
        let behind_tls = format!("https://127.0.0.1:{}/v1", untrusted.port());
        // A label of 64 bytes is never looked up (RFC 1035, 2.3.4).
        let long_name = format!("https://{}.test/v1", "x".repeat(64));
        let proxy = RawServer::always(Reply::status(407));
        let proxy_url = proxy.url("/").to_string();
        let behind_proxy = setup().at("https://somewhere.test/v1");
        for (what, setup, server, code, hint, requests) in [
            (
                "nothing listens there",
                setup().at(nowhere),
                &untrusted,
                "transport.refused",
                "start the server, or correct host and port",
                0,
            ),
            (
                "a misspelt host",
                setup().at(long_name),
                &untrusted,
                "transport.dns",
                "check the spelling of the host",
                0,
            ),
            (
                "a certificate that nobody trusts",
                setup().at(behind_tls),
                &untrusted,
                "transport.tls",
                "SSL_CERT_FILE",
                0,
            ),
            (
                "a proxy that asks for a password",
                behind_proxy.flags(["--proxy", &proxy_url]),
                &proxy,
                "transport.proxy",
                "correct the proxy",
                // The CONNECT only.
                1,
            ),
        ] {
            self.add(what, &setup, server, &expect(code, hint, requests));
        }
        let text = self.text.split_off(shown);
        // Shared by all providers.
        allow_duplicates! {
            assert_snapshot!(text, @"
            # nothing listens there
              FAIL  reach       transport.refused: nothing listens at 127.0.0.1:PORT
            proven: config, endpoint, gate, credential
            error[transport.refused]: nothing listens at 127.0.0.1:PORT
              cause: nothing was sent
              cause: Connection refused (os error 111)
              hint: start the server, or correct host and port
            # a misspelt host
              FAIL  reach       transport.dns: the name of xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.test could not be resolved
            proven: config, endpoint, gate, credential
            error[transport.dns]: the name of xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.test could not be resolved
              cause: nothing was sent
              cause: invalid dns name
              hint: check the spelling of the host, and the network
            # a certificate that nobody trusts
              FAIL  reach       transport.tls: the certificate of 127.0.0.1:PORT is from an issuer that this machine does not trust
            proven: config, endpoint, gate, credential
            error[transport.tls]: the certificate of 127.0.0.1:PORT is from an issuer that this machine does not trust
              cause: nothing was sent
              cause: invalid peer certificate: UnknownIssuer
              hint: an intercepting proxy or a self-signed certificate does this
              hint: if you trust the issuer, add it to the system's CA certificates, or let SSL_CERT_FILE name a file with it and with the system's (the file replaces them)
            # a proxy that asks for a password
              FAIL  reach       transport.proxy: the proxy asks for credentials before it connects to somewhere.test
            proven: config, endpoint, gate, credential
            error[transport.proxy]: the proxy asks for credentials before it connects to somewhere.test
              cause: nothing was sent
              cause: the connection goes through the proxy http://127.0.0.1:PORT/
              cause: tunnel error: proxy authorization required
              hint: correct the proxy of the connection, or remove it
            ");
        }
    }

    fn check(
        &mut self,
        what: &str,
        home: &Home,
        words: Vec<String>,
        server: &RawServer,
        expected: &Expected<'_>,
    ) {
        let code = expected.code;
        let before = server.heads();
        let output = home.run(words);
        assert_eq!(
            server.heads() - before,
            expected.requests,
            "{what}: {output}"
        );
        let explained = home.run(["explain", code, "--json"]).with_code(0).json();
        assert_eq!(explained["exit_code"], output.code, "{what}: {output}");

        let failed: Vec<&str> = output
            .stdout
            .lines()
            .filter(|line| line.starts_with("  FAIL  "))
            .collect();
        let [failed] = failed.as_slice() else {
            panic!("{what}: not one failure\n{output}");
        };
        assert!(failed.contains(&format!("  {code}: ")), "{what}: {output}");
        let head = format!("error[{code}]: ");
        assert!(output.stderr.starts_with(&head), "{what}: {output}");
        let hints: Vec<&str> = output
            .stderr
            .lines()
            .filter(|line| line.starts_with("  hint: "))
            .collect();
        let told = hints.iter().any(|hint| hint.contains(expected.hint));
        assert!(told, "{what}: {hints:?}");

        let proven = output
            .stdout
            .lines()
            .find(|line| line.starts_with("proven"));
        self.codes.push(code.to_owned());
        let text = format!("# {what}\n{failed}\n{}\n{}", proven.unwrap(), output.stderr);
        self.text.push_str(&without_ports(&home.shown(&text)));
    }

    /// All output, if each code appeared once and the guide `page` lists them all.
    pub(crate) fn text(&self, page: &str) -> &str {
        let different: BTreeSet<&String> = self.codes.iter().collect();
        assert_eq!(
            different.len(),
            self.codes.len(),
            "a code twice: {:?}",
            self.codes
        );
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let guide = package.join("../docs/guides").join(page);
        let guide = std::fs::read_to_string(guide).unwrap();
        for code in &self.codes {
            assert!(
                guide.contains(&format!("`{code}`")),
                "{page} does not list {code}"
            );
        }
        &self.text
    }

    pub(crate) fn count(&self) -> usize {
        self.codes.len()
    }
}

/// Masks the doubles' ports.
pub(crate) fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("127.0.0.1:PORT");
        plain.push_str(part.trim_start_matches(|each: char| each.is_ascii_digit()));
    }
    plain
}
