//! The examples of every `--help` that are not next to the flags of their command. To add one, add
//! a row to the table. The tests below check every visible command: it has an example, no example
//! is wider than an 80-column terminal, and the program parses each as written.

use clap::Command;

/// Adds the notes of its row to `command` and to every subcommand.
pub(crate) fn attach(command: Command) -> Command {
    with_notes(command, "")
}

fn with_notes(command: Command, above: &str) -> Command {
    let path = format!("{above} {}", command.get_name());
    let path = path.trim_start();
    let notes = NOTES.iter().find(|(of, _)| *of == path);
    let command = match notes {
        Some((_, notes)) => command.after_help(*notes),
        None => command,
    };
    let command = with_environment(command, path);
    command.mut_subcommands(|child| with_notes(child, path))
}

/// Adds the variables that matter to the command at `path`, before its examples.
fn with_environment(command: Command, path: &str) -> Command {
    let first = path.split(' ').next().unwrap_or_default();
    if first.is_empty() || WITHOUT_HOME.contains(&first) {
        return command;
    }
    let notes = command.get_after_help().map(ToString::to_string);
    let notes = notes.unwrap_or_default();
    let (before, after) = match notes.find(EXAMPLES) {
        Some(at) => notes.split_at(at),
        None => (notes.as_str(), ""),
    };
    let log = match path {
        "serve" => LOG,
        _ => "",
    };
    let text = format!("{before}{HOME}{log}\n\n{after}");
    command.after_help(text)
}

const EXAMPLES: &str = "Examples:\n";
const HOME: &str = "\
Environment:
  SYNAPSE_HOME  the directory of Synapse [default: ~/.synapse]";
const LOG: &str = "
  SYNAPSE_LOG   what is logged to stderr: `level` or `target=level,…`
                [default: warn]";
/// The commands that use no file of Synapse.
const WITHOUT_HOME: [&str; 5] = ["demo", "providers", "explain", "completions", "help"];

pub(crate) const TOP: &str = "\
The boundary:
  local only       no account, no relay, no telemetry; nothing listens except
                   `dashboard`, `demo` and a login, on this machine
  your keys        references in files, secrets in memory only, sent to their
                   own host only
  one request      one prompt is at most one HTTP request: no retry, redirect
                   or fallback
  your prompt      nothing is added to it
  closed gate      no socket and no secret read until you pass --allow-network
  honest unknowns  a missing token count or price is unknown, never 0

Environment:
  SYNAPSE_HOME     the directory of Synapse, an absolute path [default:
                   ~/.synapse]
  SYNAPSE_LOG      what `serve` logs to stderr: `level` or `target=level,…`
                   [default: warn]
  NO_COLOR         no colour, unless --color says otherwise

Exit codes: 0 ok, 1 internal, 2 usage, 3 config, 4 credential, 5 network gate, 6 endpoint, \
7 provider access, 8 provider state, 9 transport, 10 oauth, 11 upstream, 12 policy, 13 storage, \
130 stopped by Ctrl-C. \
`synapse explain CODE` says what an error code means and what to do.

Examples:
  synapse setup               # from nothing to an answer in your IDE
  synapse demo                # the whole path, without key or network
  synapse chat work \"What is MCP?\"
  synapse ide install cursor
  synapse help chat           # the help of one command";

/// The notes after the flags of a command, by its path.
const NOTES: &[(&str, &str)] = &[
    (
        "demo",
        "\
Doubles as a self-test of the installation: exit code 0 means that every step passed. It uses a \
temporary home and leaves no files.

Examples:
  synapse demo
  synapse demo --json",
    ),
    (
        "connection",
        "\
Examples:
  synapse connection list
  synapse connection show work
  synapse connection edit work --model MODEL",
    ),
    (
        "connection list",
        "\
Examples:
  synapse connection list
  synapse connection list --json",
    ),
    (
        "connection show",
        "\
Examples:
  synapse connection show work
  synapse connection show work --json",
    ),
    (
        "connection edit",
        "\
Omitted flags change nothing. `none` removes an optional field.

Examples:
  synapse connection edit work --allow-network
  synapse connection edit work --model MODEL --max-tokens 4096
  synapse connection edit work --limit-usd-day 2.50 --limit-mode block
  synapse connection edit work --limit-usd-day none --proxy none",
    ),
    (
        "connection remove",
        "\
Examples:
  synapse connection remove work
  synapse connection remove work --yes",
    ),
    (
        "connection default",
        "\
Examples:
  synapse connection default work
  synapse connection default
  synapse connection default --clear",
    ),
    (
        "connection rename",
        "\
The calls so far keep the old name.

Examples:
  synapse connection rename work office",
    ),
    (
        "connection copy",
        "\
Examples:
  synapse connection copy work experiments",
    ),
    (
        "serve",
        "\
Reads MCP from stdin and writes it to stdout until stdin closes. `synapse ide install` writes the \
entry that starts it.

Examples:
  synapse serve
  synapse serve --connection work --read-only
  synapse serve --upstream files --upstream hf",
    ),
    (
        "secret",
        "\
Examples:
  synapse secret set file:~/.synapse/openai.token
  synapse secret list
  synapse secret rotate keyring:openai",
    ),
    (
        "secret check",
        "\
Examples:
  synapse secret check file:~/.synapse/openai.token
  synapse secret check keyring:openai --json",
    ),
    (
        "secret list",
        "\
Examples:
  synapse secret list
  synapse secret list --json",
    ),
    (
        "secret rotate",
        "\
Examples:
  synapse secret rotate file:~/.synapse/openai.token
  some-password-manager get openai | synapse secret rotate keyring:openai",
    ),
    (
        "secret remove",
        "\
Examples:
  synapse secret remove keyring:openai
  synapse secret remove vault:local/old --yes",
    ),
    (
        "secret rekey",
        "\
Examples:
  synapse secret rekey
  synapse secret rekey --key-file ~/keys/synapse.key",
    ),
    (
        "ide",
        "\
Examples:
  synapse ide list
  synapse ide install cursor
  synapse ide check cursor",
    ),
    (
        "ide list",
        "\
Examples:
  synapse ide list
  synapse ide list --project ~/src/app --json",
    ),
    (
        "ide snippet",
        "\
Examples:
  synapse ide snippet
  synapse ide snippet jetbrains
  synapse ide snippet vscode --connection work",
    ),
    (
        "ide install",
        "\
Shows the change and asks before it writes; the scope is `user` unless set by --scope or \
--project. Without --connection the entry serves every connection, and without --tools every tool.

Examples:
  synapse ide install cursor
  synapse ide install vscode --project ~/src/app --connection work
  synapse ide install claude-code --scope local --read-only
  synapse ide install zed --dry-run",
    ),
    (
        "ide remove",
        "\
Examples:
  synapse ide remove cursor
  synapse ide remove vscode --project ~/src/app --yes",
    ),
    (
        "ide undo",
        "\
Without a client, the newest change of any client is undone.

Examples:
  synapse ide undo
  synapse ide undo cursor --dry-run",
    ),
    (
        "ide check",
        "\
Examples:
  synapse ide check cursor
  synapse ide check vscode --project ~/src/app --timeout 30",
    ),
    (
        "ide link",
        "\
Examples:
  synapse ide link cursor
  synapse ide link vscode --connection work",
    ),
    (
        "hub",
        "\
Examples:
  synapse hub add hf https://huggingface.co/mcp
  synapse hub approve hf
  synapse hub status",
    ),
    (
        "hub list",
        "\
Examples:
  synapse hub list
  synapse hub list --json",
    ),
    (
        "hub remove",
        "\
Examples:
  synapse hub remove files
  synapse hub remove files --yes",
    ),
    (
        "hub validate",
        "\
Examples:
  synapse hub validate
  synapse hub validate files --config team-servers.json",
    ),
    (
        "hub logout",
        "\
Examples:
  synapse hub logout hf
  synapse hub logout hf --forget-client",
    ),
    (
        "hub auth-status",
        "\
Examples:
  synapse hub auth-status
  synapse hub auth-status hf --json",
    ),
    (
        "hub status",
        "\
Examples:
  synapse hub status
  synapse hub status files",
    ),
    (
        "hub tools",
        "\
Examples:
  synapse hub tools
  synapse hub tools files --json",
    ),
    (
        "hub preflight",
        "\
Examples:
  synapse hub preflight hf
  synapse hub preflight hf --live",
    ),
    (
        "hub env",
        "\
Examples:
  synapse hub env files
  synapse hub env files --explain",
    ),
    (
        "hub ps",
        "\
Examples:
  synapse hub ps
  synapse hub ps --json",
    ),
    (
        "hub log",
        "\
Examples:
  synapse hub log files
  synapse hub log files --lines 20",
    ),
    (
        "history show",
        "\
Examples:
  synapse history show 0193b0a1-7c00-7000-8000-000000000000
  synapse history show 0193b0a1-7c00-7000-8000-000000000000 --json",
    ),
    (
        "history purge",
        "\
Purged calls still count against limits. Calls in progress are kept.

Examples:
  synapse history purge --until 90d
  synapse history purge --until 2026-01-01 --yes
  synapse history purge --all",
    ),
    (
        "doctor",
        "\
Sends nothing and reads no key.

Examples:
  synapse doctor
  synapse doctor --bundle support.json",
    ),
    (
        "completions",
        "\
Examples:
  synapse completions install              # for the shell that you use
  synapse completions install zsh --dry-run
  synapse completions fish | source        # for this session alone",
    ),
    (
        "completions install",
        "\
Shows the lines and asks before they go into ~/.bashrc, ~/.zshrc, the profile of PowerShell, or a \
separate file for fish. Completing reads names from Synapse's own files; it sends nothing and \
reads no key.

Examples:
  synapse completions install
  synapse completions install bash --yes",
    ),
    (
        "completions remove",
        "\
Examples:
  synapse completions remove
  synapse completions remove bash --yes",
    ),
    (
        "help",
        "\
Examples:
  synapse help
  synapse help connection create
  synapse help --man chat > synapse-chat.1",
    ),
];

#[cfg(test)]
mod tests;
