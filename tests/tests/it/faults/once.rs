//! One prompt is one request to one host, whatever the response and the environment.

use serde_json::json;
use synapse_testkit::provider_doubles::{OpenAiDouble, OpenAiFault, Route};
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_tests::{Era, Home, LocalProvider as _};

use super::{TWIN, hanging};

#[test]
fn nothing_that_comes_back_makes_it_two_requests() {
    let elsewhere = OpenAiDouble::start();
    let redirect = elsewhere.server().url("/v1/chat/completions").to_string();
    let scripted = |reply: Reply| OpenAiFault::Scripted(reply);
    for (fault, code, status) in [
        (OpenAiFault::RateLimited, "provider.rate-limited", Some(429)),
        (OpenAiFault::Overloaded, "provider.overloaded", Some(503)),
        (OpenAiFault::ServerError, "provider.failed", Some(500)),
        (
            // A redirect that makes clients repeat the request with another method and no body.
            scripted(Reply::status(303).header("location", &redirect)),
            "endpoint.redirected",
            Some(303),
        ),
        (
            OpenAiFault::Redirect(redirect),
            "endpoint.redirected",
            Some(307),
        ),
        (
            OpenAiFault::KeyRejected,
            "credential.token-rejected",
            Some(401),
        ),
        (
            OpenAiFault::EventStream,
            "provider.unexpected-stream",
            Some(200),
        ),
        (OpenAiFault::NoChoices, "provider.empty-response", Some(200)),
        (OpenAiFault::CaptivePortal, "endpoint.not-an-api", Some(200)),
        (
            scripted(Reply::status(408)),
            "provider.overloaded",
            Some(408),
        ),
        (
            scripted(Reply::status(425)),
            "provider.request-rejected",
            Some(425),
        ),
        (
            scripted(Reply::silent(End::Reset)),
            "transport.interrupted",
            None,
        ),
        (
            scripted(Reply::silent(End::Close)),
            "transport.interrupted",
            None,
        ),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Chat, fault)]);
        let home = Home::connected(TWIN, &double);
        let output = home.run(["chat", "work", "hello", "--json"]);
        let document = output.json();
        assert_eq!(document["error"]["code"], code, "{document}");
        assert_eq!(document["receipt"]["attempts"], 1, "{document}");
        assert_eq!(
            document["receipt"]["http_status"],
            json!(status),
            "{document}"
        );
        // Preflight's lookup and the prompt.
        assert_eq!(double.server().accepts(), 2, "{code}");
        assert_eq!(double.server().requests().len(), 2, "{code}");
        assert_eq!(home.history().len(), 1, "{code}");
    }
    assert_eq!(elsewhere.server().accepts(), 0, "a redirect was followed");
}

/// Following a redirected GET would be easy, and would leak the token.
#[test]
fn a_redirect_of_preflight_is_not_followed_either() {
    let elsewhere = OpenAiDouble::start();
    let target = elsewhere.server().url("/v1/models/x").to_string();
    let double = OpenAiDouble::with_faults([(Route::Model, OpenAiFault::Redirect(target.clone()))]);
    let home = Home::new(TWIN);
    let output = home.create("work", &double.flags(&home), &["--allow-network", "--json"]);
    let document = output.with_code(6).json();
    assert_eq!(
        document["error"]["code"], "endpoint.redirected",
        "{document}"
    );
    assert_eq!(
        document["error"]["context"]["location"], *target,
        "{document}"
    );
    assert_eq!(double.server().accepts(), 1);
    assert_eq!(elsewhere.server().accepts(), 0);
    assert!(!home.connections().exists());
}

#[test]
fn the_prompt_in_the_terminal_is_sent_as_it_was_given() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let output = home.run(["chat", "work", "  Say \"hello\"\n"]).with_code(0);
    assert_eq!(output.stdout, "Hello\n");
    let piped = home.twin(["chat", "work"]).input("two\nlines\n").output();
    assert_eq!(piped.with_code(0).stdout, "Hello\n");
    let bodies: Vec<_> = double
        .server()
        .requests()
        .iter()
        .skip(1)
        .map(|request| request.json())
        .collect();
    let body = |prompt: &str| {
        json!({
            "model": OpenAiDouble::MODEL,
            "messages": [{"role": "user", "content": prompt}],
            "stream": false,
        })
    };
    assert_eq!(bodies, [body("  Say \"hello\"\n"), body("two\nlines\n")]);
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let (double, proxy) = (OpenAiDouble::start(), RawServer::mute());
    let home = Home::connected(TWIN, &double);
    let address = proxy.url("/").to_string();
    let variables = [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ];
    let chat = home.twin(["chat", "work", "hello"]);
    let chat = variables
        .iter()
        .fold(chat, |run, name| run.env(name, &address));
    assert_eq!(chat.output().with_code(0).stdout, "Hello\n");
    assert_eq!(proxy.accepts(), 0);
}

/// Number of listening sockets of the process: state 0A in the kernel's table.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> usize {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|target| target.to_str().map(str::to_owned))
        .filter_map(|name| Some(name.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    ["tcp", "tcp6"]
        .iter()
        .map(|table| std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap())
        .flat_map(|table| table.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(3) == Some(&"0A")
                && words
                    .get(9)
                    .is_some_and(|inode| sockets.iter().any(|each| each == inode))
        })
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_under_way_listens_nowhere() {
    let server = hanging();
    let home = Home::connected(TWIN, &server);
    let mut ide = home.serve(Era::Legacy);
    ide.begin("chat", json!({"prompt": "wait"}));
    server.wait_for_requests(1);
    assert_eq!(listening(ide.process_id()), 0);
    // Counter-check: this process, the provider, is listed.
    assert!(listening(std::process::id()) >= 1);
    assert!(ide.close().status.success());
}
