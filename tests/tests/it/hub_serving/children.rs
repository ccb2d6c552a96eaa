//! The environment of a child, variable by variable.

use serde_json::{Value, json};
use synapse_tests::{Era, Ide};

use super::{Hub, text};

/// Tokens, agents, sockets, and what makes an interpreter load code.
const HELD_BACK: &[&str] = &[
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GPG_AGENT_INFO",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DOCKER_HOST",
    "KUBECONFIG",
    "SYNAPSE_HOME",
    "SYNAPSE_VAULT_KEY_FILE",
    "SYNAPSE_LOG",
    "SYNAPSE_ANYTHING_ELSE",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "MISTRAL_API_KEY",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HUGGING_FACE_HUB_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AZURE_CLIENT_SECRET",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "DATABASE_URL",
    "PGPASSWORD",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYOPT",
    "PERL5OPT",
    "BASH_ENV",
    "GIT_ASKPASS",
    "SUDO_ASKPASS",
];

fn variables(hub: &Hub) -> Value {
    let mut serve = hub.home.twin(["serve"]).env("TZ", "UTC");
    for name in HELD_BACK {
        // These decide where Synapse itself looks.
        if !name.starts_with("SYNAPSE_HOME") && *name != "SYNAPSE_VAULT_KEY_FILE" {
            serve = serve.env(name, "fake-value");
        }
    }
    let mut ide = Ide::connect(serve, Era::Modern);
    serde_json::from_str(text(&ide.call("one__env", json!({})))).unwrap()
}

#[test]
fn no_variable_reaches_a_child_that_its_entry_does_not_name() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let variables = variables(&hub);
    for name in HELD_BACK {
        assert!(variables.get(name).is_none(), "{name}: {variables}");
    }
    assert_eq!(variables["TZ"], "UTC");
    // Nor any other: a name that is not listed here is not let through either.
    for name in variables.as_object().unwrap().keys() {
        assert!(ALLOWED.contains(&name.as_str()), "{name}: {variables}");
    }
}

/// Each alone, so that one that is declared brings no other along.
#[test]
fn a_variable_that_is_declared_comes_alone() {
    for declared in ["HF_TOKEN", "SSH_AUTH_SOCK", "AWS_PROFILE"] {
        let mut hub = Hub::new().with("one", &[]);
        hub.edit("one", "env", json!({declared: "fake-declared"}));
        hub.approve("one");
        let variables = variables(&hub);
        assert_eq!(variables[declared], "fake-declared");
        for name in HELD_BACK.iter().filter(|name| **name != declared) {
            assert!(variables.get(name).is_none(), "{declared} {name}");
        }
    }
}

const ALLOWED: &[&str] = &[
    "HOME", "LOGNAME", "USER", "SHELL", "PATH", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR",
    "TZ",
];
