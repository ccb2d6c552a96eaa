//! The examples of every `--help` that are not beside the flags of their command. To add one: a text
//! here, and `#[command(after_help = examples::NAME)]` at the command. The tests below take every
//! command that help shows: each has an example, none is wider than a terminal of 80 columns, and the
//! program takes each as it is written.

pub(crate) const TOP: &str = "\
The boundary:
  local only       no account, no relay, no telemetry; nothing listens but
                   `dashboard`, on this machine alone
  your keys        references in files, secrets in memory only, sent to their own
                   host only
  one request      one prompt is at most one HTTP request: no retry, no redirect,
                   no fallback
  your prompt      nothing is added to it
  closed gate      no socket and no secret read until you pass --allow-network
  honest unknowns  a missing token count or price is unknown, never 0

Environment:
  SYNAPSE_HOME     the directory of Synapse, an absolute path; default ~/.synapse
  SYNAPSE_LOG      what `serve` logs to stderr, `level` or `target=level,…`; default
                   warn
  NO_COLOR         no colour, unless --color says otherwise

Exit codes: 0 ok, 1 internal, 2 usage, 3 config, 4 credential, 5 network gate, 6 endpoint, \
7 provider access, 8 provider state, 9 transport, 10 oauth, 11 upstream, 12 policy, 13 storage. \
`synapse explain CODE` says what an error code means and what to do.

Examples:
  synapse demo                             # the whole path, without key or network
  synapse chat work \"What is MCP?\"
  synapse ide install cursor
  synapse help chat                        # the help of one command";

pub(crate) const DEMO: &str = "\
Doubles as a self-test of the installation: exit code 0 means that every step passed. It uses a \
temporary home and leaves nothing.

Examples:
  synapse demo
  synapse demo --json";

pub(crate) const CONNECTION: &str = "\
Examples:
  synapse connection list
  synapse connection show work
  synapse connection edit work --model MODEL";

pub(crate) const CONNECTION_LIST: &str = "\
Examples:
  synapse connection list
  synapse connection list --json";

pub(crate) const CONNECTION_SHOW: &str = "\
Examples:
  synapse connection show work
  synapse connection show work --json";

pub(crate) const CONNECTION_EDIT: &str = "\
A flag that is left out changes nothing. `none` removes an optional field.

Examples:
  synapse connection edit work --allow-network
  synapse connection edit work --model MODEL --max-tokens 4096
  synapse connection edit work --limit-usd-day 2.50 --limit-mode block
  synapse connection edit work --limit-usd-day none --proxy none";

pub(crate) const CONNECTION_REMOVE: &str = "\
Examples:
  synapse connection remove work
  synapse connection remove work --yes";

pub(crate) const SERVE: &str = "\
Reads MCP from stdin and writes it to stdout until stdin closes. `synapse ide install` writes the \
entry that starts it.

Examples:
  synapse serve
  synapse serve --connection work --read-only
  synapse serve --upstream files --upstream hf";

pub(crate) const SECRET: &str = "\
Examples:
  synapse secret set file:~/.synapse/openai.token
  synapse secret list
  synapse secret rotate keyring:openai";

pub(crate) const SECRET_CHECK: &str = "\
Examples:
  synapse secret check file:~/.synapse/openai.token
  synapse secret check keyring:openai --json";

pub(crate) const SECRET_LIST: &str = "\
Examples:
  synapse secret list
  synapse secret list --json";

pub(crate) const SECRET_ROTATE: &str = "\
Examples:
  synapse secret rotate file:~/.synapse/openai.token
  some-password-manager get openai | synapse secret rotate keyring:openai";

pub(crate) const SECRET_REMOVE: &str = "\
Examples:
  synapse secret remove keyring:openai
  synapse secret remove vault:local/old --yes";

pub(crate) const SECRET_REKEY: &str = "\
Examples:
  synapse secret rekey
  synapse secret rekey --key-file ~/keys/synapse.key";

pub(crate) const IDE: &str = "\
Examples:
  synapse ide list
  synapse ide install cursor
  synapse ide check cursor";

pub(crate) const IDE_LIST: &str = "\
Examples:
  synapse ide list
  synapse ide list --project ~/src/app --json";

pub(crate) const IDE_SNIPPET: &str = "\
Examples:
  synapse ide snippet
  synapse ide snippet jetbrains
  synapse ide snippet vscode --connection work";

pub(crate) const IDE_INSTALL: &str = "\
Shows the change and asks before it writes; the scope is `user` unless --scope or --project says \
otherwise. Without --connection the entry serves every connection, and without --tools every tool.

Examples:
  synapse ide install cursor
  synapse ide install vscode --project ~/src/app --connection work
  synapse ide install claude-code --scope local --read-only
  synapse ide install zed --dry-run";

pub(crate) const IDE_REMOVE: &str = "\
Examples:
  synapse ide remove cursor
  synapse ide remove vscode --project ~/src/app --yes";

pub(crate) const IDE_UNDO: &str = "\
Without a client, the newest change of any client is taken back.

Examples:
  synapse ide undo
  synapse ide undo cursor --dry-run";

pub(crate) const IDE_CHECK: &str = "\
Examples:
  synapse ide check cursor
  synapse ide check vscode --project ~/src/app --timeout 30";

pub(crate) const IDE_LINK: &str = "\
Examples:
  synapse ide link cursor
  synapse ide link vscode --connection work";

pub(crate) const HUB: &str = "\
Examples:
  synapse hub add hf https://huggingface.co/mcp
  synapse hub approve hf
  synapse hub status";

pub(crate) const HUB_LIST: &str = "\
Examples:
  synapse hub list
  synapse hub list --json";

pub(crate) const HUB_REMOVE: &str = "\
Examples:
  synapse hub remove files
  synapse hub remove files --yes";

pub(crate) const HUB_VALIDATE: &str = "\
Examples:
  synapse hub validate
  synapse hub validate files --config team-servers.json";

pub(crate) const HUB_LOGOUT: &str = "\
Examples:
  synapse hub logout hf
  synapse hub logout hf --forget-client";

pub(crate) const HUB_AUTH_STATUS: &str = "\
Examples:
  synapse hub auth-status
  synapse hub auth-status hf --json";

pub(crate) const HUB_STATUS: &str = "\
Examples:
  synapse hub status
  synapse hub status files";

pub(crate) const HUB_TOOLS: &str = "\
Examples:
  synapse hub tools
  synapse hub tools files --json";

pub(crate) const HUB_PREFLIGHT: &str = "\
Examples:
  synapse hub preflight hf
  synapse hub preflight hf --live";

pub(crate) const HUB_ENV: &str = "\
Examples:
  synapse hub env files
  synapse hub env files --explain";

pub(crate) const HUB_PS: &str = "\
Examples:
  synapse hub ps
  synapse hub ps --json";

pub(crate) const HUB_LOG: &str = "\
Examples:
  synapse hub log files
  synapse hub log files --lines 20";

pub(crate) const HISTORY_SHOW: &str = "\
Examples:
  synapse history show 0193b0a1-7c00-7000-8000-000000000000
  synapse history show 0193b0a1-7c00-7000-8000-000000000000 --json";

pub(crate) const HISTORY_PURGE: &str = "\
Counted limits stay counted. Calls that are under way stay.

Examples:
  synapse history purge --until 90d
  synapse history purge --until 2026-01-01 --yes
  synapse history purge --all";

pub(crate) const DOCTOR: &str = "\
Sends nothing and reads no key.

Examples:
  synapse doctor
  synapse doctor --bundle support.json";

pub(crate) const EXPLAIN: &str = "\
Examples:
  synapse explain
  synapse explain gate.network-disabled
  synapse explain credential.token-rejected --json";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  synapse completions install              # for the shell that you use
  synapse completions install zsh --dry-run
  synapse completions fish | source        # for this session alone";

pub(crate) const COMPLETIONS_INSTALL: &str = "\
Shows the lines and asks before they go into ~/.bashrc, ~/.zshrc, the profile of PowerShell, or a \
file of their own for fish. Completing reads names from Synapse's own files; it sends nothing and \
reads no key.

Examples:
  synapse completions install
  synapse completions install bash --yes";

pub(crate) const COMPLETIONS_REMOVE: &str = "\
Examples:
  synapse completions remove
  synapse completions remove bash --yes";

pub(crate) const HELP: &str = "\
Examples:
  synapse help
  synapse help connection create
  synapse help --man chat > synapse-chat.1";

#[cfg(test)]
mod tests;
