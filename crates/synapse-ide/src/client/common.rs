//! Building blocks of the client table: paths, entry shapes, launch modes.

use std::time::Duration;

use super::{
    Age, Client, CommandForm, Directory, EntryLocation, EntryShape, FileFormat, Key, Launch, Merge,
    Passing, Rule, Scope, Spot, Switch, TypeField,
};
use crate::machine::{Root, System};

const fn place(scope: Scope, spot: Spot, age: Age) -> EntryLocation {
    EntryLocation {
        scope,
        spot,
        age,
        reader: None,
        alone: None,
    }
}

pub(super) const fn user(root: Root, path: &'static str) -> EntryLocation {
    place(Scope::User, anywhere(root, path), Age::Present)
}

pub(super) const fn project(path: &'static str) -> EntryLocation {
    place(Scope::Project, anywhere(Root::Project, path), Age::Present)
}

pub(super) const fn past(scope: Scope, root: Root, path: &'static str) -> EntryLocation {
    place(scope, anywhere(root, path), Age::Past)
}

/// Also read, but never the target of a new entry.
pub(super) const fn beside(scope: Scope, root: Root, path: &'static str) -> EntryLocation {
    place(scope, anywhere(root, path), Age::Beside)
}

pub(super) const fn beside_in(
    systems: &'static [System],
    scope: Scope,
    root: Root,
    path: &'static str,
) -> EntryLocation {
    place(scope, there(systems, root, path), Age::Beside)
}

/// A user's file read only by `reader`.
pub(super) const fn of_another(
    reader: &'static str,
    root: Root,
    path: &'static str,
) -> EntryLocation {
    EntryLocation {
        reader: Some(reader),
        ..beside(Scope::User, root, path)
    }
}

/// A `place` that hides all later ones; `others` names their readers.
pub(super) const fn alone(place: EntryLocation, others: &'static str) -> EntryLocation {
    EntryLocation {
        alone: Some(others),
        ..place
    }
}

pub(super) const fn only(
    systems: &'static [System],
    scope: Scope,
    root: Root,
    path: &'static str,
) -> EntryLocation {
    place(scope, there(systems, root, path), Age::Present)
}

pub(super) const fn there(systems: &'static [System], root: Root, path: &'static str) -> Spot {
    Spot {
        systems,
        root,
        path,
    }
}

pub(super) const fn anywhere(root: Root, path: &'static str) -> Spot {
    Spot {
        systems: &[System::Linux, System::Mac, System::Windows],
        root,
        path,
    }
}

/// `command`, `args`, `env`.
pub(super) const PLAIN: EntryShape = EntryShape {
    kind: &[],
    command: CommandForm::Apart("command"),
    environment: "env",
    initial: &[],
};

/// The same with an optional transport name.
pub(super) const STDIO: EntryShape = EntryShape {
    kind: &[TypeField {
        field: "type",
        value: "stdio",
        also: &["local"],
        is_optional: true,
    }],
    ..PLAIN
};

/// The same with a required transport name.
pub(super) const NAMED_STDIO: EntryShape = EntryShape {
    kind: &[TypeField {
        field: "type",
        value: "stdio",
        also: &[],
        is_optional: false,
    }],
    ..PLAIN
};

/// The type of a local server.
pub(super) const LOCAL: TypeField = TypeField {
    field: "type",
    value: "local",
    also: &["stdio"],
    is_optional: false,
};

/// The reader of a profile's file.
pub(super) const PROFILE: &str = "only this profile reads it";

/// Common defaults. A `disabled` flag is honoured even if the client is not known to support it.
pub(super) const USUAL: Client = Client {
    id: "",
    title: "",
    format: FileFormat::Json,
    key: "mcpServers",
    shape: PLAIN,
    places: &[],
    merge: Merge::Whole,
    upward: false,
    off: &[("disabled", true), ("enabled", false)],
    allows: &[],
    switches: &[],
    passing: None,
    signs: &[],
    programs: &[],
    launch: DESKTOP,
    link: None,
    next: "",
    successor: None,
    verified: "",
    source: "",
};

pub(super) const ALL_SCOPES: &[Scope] = &[Scope::User, Scope::Local, Scope::Project];

/// Variable references of Cursor, VS Code and derivatives.
pub(super) const ENV_COLON: Option<Passing> = Some(Passing::Between("${env:", "}"));

/// Claude Code's settings files, highest precedence first.
const CLAUDE_SETTINGS: &[Spot] = &[
    there(
        LINUX,
        Root::System("/etc/claude-code"),
        "managed-settings.json",
    ),
    there(
        MAC,
        Root::System("/Library/Application Support/ClaudeCode"),
        "managed-settings.json",
    ),
    there(
        WINDOWS,
        Root::System("C:\\Program Files\\ClaudeCode"),
        "managed-settings.json",
    ),
    anywhere(Root::Project, ".claude/settings.local.json"),
    anywhere(Root::Project, ".claude/settings.json"),
    anywhere(CLAUDE_SETTINGS_DIRECTORY, "settings.json"),
];

/// `code.claude.com/docs/en/mcp`, `…/managed-mcp` and `…/settings`; per project in `~/.claude.json`
/// as written by `/mcp`.
pub(super) const CLAUDE_SWITCHES: &[Switch] = &[
    Switch {
        files: &[
            there(LINUX, Root::System("/etc/claude-code"), "managed-mcp.json"),
            there(
                MAC,
                Root::System("/Library/Application Support/ClaudeCode"),
                "managed-mcp.json",
            ),
            there(
                WINDOWS,
                Root::System("C:\\Program Files\\ClaudeCode"),
                "managed-mcp.json",
            ),
        ],
        path: &[],
        rule: Rule::Exists,
        scopes: ALL_SCOPES,
    },
    Switch {
        files: &[anywhere(CLAUDE_DIRECTORY, ".claude.json")],
        path: &[
            Key::Name("projects"),
            Key::Project,
            Key::Name("disabledMcpServers"),
        ],
        rule: Rule::Lists,
        scopes: ALL_SCOPES,
    },
    Switch {
        files: CLAUDE_SETTINGS,
        path: &[Key::Name("disabledMcpServers")],
        rule: Rule::Lists,
        scopes: ALL_SCOPES,
    },
    Switch {
        files: CLAUDE_SETTINGS,
        path: &[Key::Name("deniedMcpServers")],
        rule: Rule::Lists,
        scopes: ALL_SCOPES,
    },
    Switch {
        files: &[anywhere(CLAUDE_DIRECTORY, ".claude.json")],
        path: &[
            Key::Name("projects"),
            Key::Project,
            Key::Name("disabledMcpjsonServers"),
        ],
        rule: Rule::Lists,
        scopes: &[Scope::Project],
    },
    Switch {
        files: CLAUDE_SETTINGS,
        path: &[Key::Name("disabledMcpjsonServers")],
        rule: Rule::Lists,
        scopes: &[Scope::Project],
    },
];

/// Gemini CLI's settings files, highest precedence first.
const GEMINI_SETTINGS: &[Spot] = &[
    there(LINUX, Root::System("/etc/gemini-cli"), "settings.json"),
    there(
        MAC,
        Root::System("/Library/Application Support/GeminiCli"),
        "settings.json",
    ),
    there(
        WINDOWS,
        Root::System("C:\\ProgramData\\gemini-cli"),
        "settings.json",
    ),
    anywhere(Root::Project, ".gemini/settings.json"),
    anywhere(Root::Home, ".gemini/settings.json"),
];

/// `geminicli.com/docs/tools/mcp-server`; top-level names are from older settings.
pub(super) const GEMINI_SWITCHES: &[Switch] = &[
    listing(GEMINI_SETTINGS, &[Key::Name("mcp"), Key::Name("excluded")]),
    listing(GEMINI_SETTINGS, &[Key::Name("excludeMCPServers")]),
    listing_others(GEMINI_SETTINGS, &[Key::Name("mcp"), Key::Name("allowed")]),
    listing_others(GEMINI_SETTINGS, &[Key::Name("allowMCPServers")]),
    // Written by `gemini mcp disable`.
    Switch {
        files: &[anywhere(Root::Home, ".gemini/mcp-server-enablement.json")],
        path: &[Key::Entry, Key::Name("enabled")],
        rule: Rule::Is(false),
        scopes: ALL_SCOPES,
    },
];

/// opencode's files, which it merges.
const OPENCODE_SETTINGS: &[Spot] = &[
    anywhere(Root::Given("OPENCODE_CONFIG_DIR"), "opencode.jsonc"),
    anywhere(Root::Given("OPENCODE_CONFIG_DIR"), "opencode.json"),
    anywhere(Root::Home, ".opencode/opencode.jsonc"),
    anywhere(Root::Home, ".opencode/opencode.json"),
    anywhere(Root::Project, ".opencode/opencode.jsonc"),
    anywhere(Root::Project, ".opencode/opencode.json"),
    anywhere(Root::Project, "opencode.jsonc"),
    anywhere(Root::Project, "opencode.json"),
    anywhere(Root::Given("OPENCODE_CONFIG"), ""),
    anywhere(Root::Config, "opencode/opencode.jsonc"),
    anywhere(Root::Config, "opencode/opencode.json"),
    anywhere(Root::Config, "opencode/config.json"),
];

/// `opencode.ai/docs/mcp-servers`: tools are `SERVER_TOOL`, and patterns turn them off.
pub(super) const OPENCODE_SWITCHES: &[Switch] = &[
    refusing(OPENCODE_SETTINGS, &[Key::Name("tools")]),
    refusing(OPENCODE_SETTINGS, &[Key::Name("permission")]),
];

const fn refusing(files: &'static [Spot], path: &'static [Key]) -> Switch {
    Switch {
        files,
        path,
        rule: Rule::Refuses,
        scopes: ALL_SCOPES,
    }
}

const fn listing(files: &'static [Spot], path: &'static [Key]) -> Switch {
    Switch {
        files,
        path,
        rule: Rule::Lists,
        scopes: ALL_SCOPES,
    }
}

const fn listing_others(files: &'static [Spot], path: &'static [Key]) -> Switch {
    Switch {
        files,
        path,
        rule: Rule::ListsOthers,
        scopes: ALL_SCOPES,
    }
}

/// VS Code and its derivatives: `chat.mcp.access` is a policy too.
pub(super) const fn access(files: &'static [Spot]) -> Switch {
    Switch {
        files,
        path: &[Key::Name("chat.mcp.access")],
        rule: Rule::Says("none"),
        scopes: ALL_SCOPES,
    }
}

/// A desktop client. Where its rules are unknown, the minimum is assumed: the MCP SDK's inherited
/// variables, and the root directory. A server that starts under these starts with more, too.
pub(super) const DESKTOP: Launch = Launch {
    passes: SDK_PASSES,
    desktop: true,
    directory: Directory::Top,
    patience: Duration::from_secs(60),
    patience_field: None,
};

/// A terminal client, which runs in the user's directory.
pub(super) const SHELL: Launch = Launch {
    desktop: false,
    directory: Directory::Project,
    ..DESKTOP
};

/// Inherited by the MCP TypeScript SDK outside Windows.
pub(super) const SDK_PASSES: &[&str] = &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

/// Inherited by Codex outside Windows.
pub(super) const CODEX_PASSES: &[&str] = &[
    "HOME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "USER",
    "__CF_USER_TEXT_ENCODING",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "TZ",
];

pub(super) const CLAUDE_DIRECTORY: Root = Root::Variable {
    name: "CLAUDE_CONFIG_DIR",
    otherwise: "",
};

/// The directory of Claude Code's settings, unlike that of `.claude.json`.
const CLAUDE_SETTINGS_DIRECTORY: Root = Root::Variable {
    name: "CLAUDE_CONFIG_DIR",
    otherwise: ".claude",
};

pub(super) const CODEX_DIRECTORY: Root = Root::Variable {
    name: "CODEX_HOME",
    otherwise: ".codex",
};

pub(super) const COPILOT_DIRECTORY: Root = Root::Variable {
    name: "COPILOT_HOME",
    otherwise: ".copilot",
};

pub(super) const UNIX: &[System] = &[System::Linux, System::Mac];
const LINUX: &[System] = &[System::Linux];
const MAC: &[System] = &[System::Mac];
pub(super) const WINDOWS: &[System] = &[System::Windows];
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
