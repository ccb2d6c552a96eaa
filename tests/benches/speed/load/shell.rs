//! `synapse chat` from the shell, next to curl with the same request.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_testkit::raw::RawServer;
use synapse_testkit::tls::{Flaw, TlsIdentity};
use synapse_tests::process::Run;
use synapse_tests::{Home, provider, report};

use super::super::{Effort, PROMPT, Ratio, TWIN, best_median, milliseconds};

/// Over plain http and over https; nothing where curl is not installed.
pub(crate) fn ratios(effort: &Effort) -> Vec<Ratio> {
    let Some(curl) = curl() else {
        report("curl is not installed: calls from the shell are NOT MEASURED");
        return Vec::new();
    };
    let plain = RawServer::always(provider::here());
    let identity = TlsIdentity::new(Flaw::None);
    let encrypted = RawServer::start_tls(&identity, |_| provider::here());
    vec![
        next_to(
            &curl,
            "`chat` from the shell, http",
            &plain,
            None,
            1.1,
            effort,
        ),
        next_to(
            &curl,
            "`chat` from the shell, https",
            &encrypted,
            Some(&identity),
            1.2,
            effort,
        ),
    ]
}

fn next_to(
    curl: &Path,
    name: &'static str,
    provider: &RawServer,
    identity: Option<&TlsIdentity>,
    most: f64,
    effort: &Effort,
) -> Ratio {
    let home = Home::connected(TWIN, provider);
    let roots = identity.map(|identity| home.write("roots.pem", roots(identity)));
    let trusting = |run: Run| match &roots {
        Some(roots) => run.env("SSL_CERT_FILE", roots),
        None => run,
    };
    let chat = || trusting(home.twin(["chat", "work", PROMPT])).output();
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"{PROMPT}"}}],"stream":false}}"#
    );
    let url = provider.url("/v1/chat/completions");
    let ask = || {
        let words = [
            "--silent",
            "--fail",
            "--noproxy",
            "*",
            "--header",
            "authorization: Bearer fake-token",
            "--header",
            "content-type: application/json",
            "--data-binary",
            &body,
            url.as_str(),
        ];
        // `--cacert` alone would leave out the directory that curl also reads.
        trusting(Run::new(curl, words).env("HOME", home.path())).output()
    };
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..effort.spawns {
        times[0].push(timed(|| chat().with_code(0).stdout.contains("Here")));
        times[1].push(timed(|| ask().with_code(0).stdout.contains("Here")));
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)));
    Ratio {
        name,
        product,
        floor,
        unit: "ms",
        most,
    }
}

fn timed(once: impl FnOnce() -> bool) -> Duration {
    let began = Instant::now();
    assert!(once(), "the answer is there");
    began.elapsed()
}

/// The authorities of this system, and the one of the test: how many there are matters.
fn roots(identity: &TlsIdentity) -> String {
    let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    format!("{system}{}", identity.authority_pem())
}

/// By its path: starting a program that is looked up copies the page tables of this process, which
/// are large by then, and that would count as curl's.
fn curl() -> Option<PathBuf> {
    let places = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/bin"];
    let mut programs = places.iter().map(|place| Path::new(place).join("curl"));
    programs.find(|program| program.exists())
}
