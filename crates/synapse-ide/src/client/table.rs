//! The table of clients: one row each, in the order of `synapse ide list`. Files, keys and launch
//! facts are those of the clients' own documentation and sources as of November 2026.

use std::time::Duration;

use super::{
    Age, Client, CommandForm, Constant, Directory, Format, Launch, LinkForm, Place, Scope, Shape,
    Spot,
};
use crate::machine::{Root, System};

/// Every client.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[user(Root::Settings, "Claude/claude_desktop_config.json")],
        signs: &[anywhere(Root::Settings, "Claude")],
        programs: &[],
        launch: DESKTOP,
        link: None,
        next: "quit Claude Desktop completely and start it again",
    },
    Client {
        id: "claude-code",
        title: "Claude Code",
        format: Format::Json,
        key: "mcpServers",
        shape: STDIO,
        places: &[user(CLAUDE_DIRECTORY, ".claude.json"), project(".mcp.json")],
        signs: &[
            anywhere(CLAUDE_DIRECTORY, ".claude.json"),
            anywhere(Root::Home, ".claude"),
        ],
        programs: &["claude"],
        launch: Launch {
            patience: Duration::from_secs(30),
            ..SHELL
        },
        link: None,
        next: "start a new session; in project scope, approve the server when asked",
    },
    Client {
        id: "vscode",
        title: "VS Code",
        format: Format::Jsonc,
        key: "servers",
        shape: STDIO,
        places: &[
            user(Root::Settings, "Code/User/mcp.json"),
            project(".vscode/mcp.json"),
        ],
        signs: &[anywhere(Root::Settings, "Code/User")],
        programs: &["code"],
        launch: Launch {
            directory: Directory::Home,
            ..DESKTOP
        },
        link: Some(LinkForm::Json("vscode:mcp/install")),
        next: "run `MCP: List Servers` and start synapse",
    },
    Client {
        id: "visual-studio",
        title: "Visual Studio",
        format: Format::Json,
        key: "servers",
        shape: STDIO,
        places: &[
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: WINDOWS,
                    root: Root::Home,
                    path: ".mcp.json",
                },
                age: Age::Present,
            },
            Place {
                scope: Scope::Project,
                spot: Spot {
                    systems: WINDOWS,
                    root: Root::Project,
                    path: ".mcp.json",
                },
                age: Age::Present,
            },
        ],
        signs: &[Spot {
            systems: WINDOWS,
            root: Root::LocalData,
            path: "Microsoft/VisualStudio",
        }],
        programs: &[],
        launch: DESKTOP,
        link: Some(LinkForm::Json("vsweb+mcp:/install")),
        next: "open the tools of the chat window and enable synapse",
    },
    Client {
        id: "cursor",
        title: "Cursor",
        format: Format::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(Root::Home, ".cursor/mcp.json"),
            project(".cursor/mcp.json"),
        ],
        signs: &[anywhere(Root::Home, ".cursor")],
        programs: &["cursor"],
        launch: DESKTOP,
        link: Some(LinkForm::Base64(
            "cursor://anysphere.cursor-deeplink/mcp/install",
        )),
        next: "Cursor reloads the file; enable synapse in its MCP settings",
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[user(Root::Home, ".codeium/windsurf/mcp_config.json")],
        signs: &[anywhere(Root::Home, ".codeium/windsurf")],
        programs: &["windsurf"],
        launch: DESKTOP,
        link: None,
        next: "press refresh in Windsurf's MCP settings",
    },
    Client {
        id: "zed",
        title: "Zed",
        format: Format::Jsonc,
        key: "context_servers",
        shape: Shape {
            kind: &[("source", Constant::Text("custom"))],
            ..PLAIN
        },
        places: &[
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: UNIX,
                    root: Root::Config,
                    path: "zed/settings.json",
                },
                age: Age::Present,
            },
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: WINDOWS,
                    root: Root::Settings,
                    path: "Zed/settings.json",
                },
                age: Age::Present,
            },
            project(".zed/settings.json"),
        ],
        signs: &[
            Spot {
                systems: UNIX,
                root: Root::Config,
                path: "zed",
            },
            Spot {
                systems: WINDOWS,
                root: Root::Settings,
                path: "Zed",
            },
        ],
        programs: &["zed", "zeditor"],
        launch: DESKTOP,
        link: None,
        next: "Zed reloads the file; in project scope, trust the worktree",
    },
    Client {
        id: "jetbrains",
        title: "JetBrains IDEs",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[],
        signs: &[anywhere(Root::Settings, "JetBrains")],
        programs: &[],
        launch: DESKTOP,
        link: None,
        next: "paste it into Settings | Tools | AI Assistant | Model Context Protocol",
    },
    Client {
        id: "codex",
        title: "Codex",
        format: Format::Toml,
        key: "mcp_servers",
        shape: PLAIN,
        places: &[
            user(CODEX_DIRECTORY, "config.toml"),
            project(".codex/config.toml"),
        ],
        signs: &[anywhere(CODEX_DIRECTORY, "")],
        programs: &["codex"],
        launch: Launch {
            passes: CODEX_PASSES,
            patience: Duration::from_secs(10),
            patience_field: Some(("startup_timeout_sec", SECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session; in project scope, trust the project",
    },
    Client {
        id: "gemini",
        title: "Gemini CLI",
        format: Format::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(Root::Home, ".gemini/settings.json"),
            project(".gemini/settings.json"),
        ],
        signs: &[anywhere(Root::Home, ".gemini")],
        programs: &["gemini"],
        launch: Launch {
            patience_field: Some(("timeout", MILLISECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session; `/mcp` lists the servers",
    },
    Client {
        id: "cline",
        title: "Cline",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(Root::Given("CLINE_MCP_SETTINGS_PATH"), ""),
            user(
                Root::Variable {
                    name: "CLINE_DIR",
                    otherwise: ".cline",
                },
                "data/settings/cline_mcp_settings.json",
            ),
            Place {
                scope: Scope::User,
                spot: anywhere(
                    Root::Settings,
                    "Code/User/globalStorage/saoudrizwan.claude-dev/settings/\
                     cline_mcp_settings.json",
                ),
                age: Age::Past,
            },
        ],
        signs: &[
            anywhere(Root::Home, ".cline"),
            anywhere(
                Root::Settings,
                "Code/User/globalStorage/saoudrizwan.claude-dev",
            ),
        ],
        programs: &["cline"],
        launch: Launch {
            patience_field: Some(("timeout", SECOND)),
            ..DESKTOP
        },
        link: None,
        next: "Cline reloads the file; see its MCP servers panel",
    },
    Client {
        id: "roo",
        title: "Roo Code",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(
                Root::Settings,
                "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            ),
            project(".roo/mcp.json"),
        ],
        signs: &[anywhere(
            Root::Settings,
            "Code/User/globalStorage/rooveterinaryinc.roo-cline",
        )],
        programs: &[],
        launch: Launch {
            directory: Directory::Project,
            ..DESKTOP
        },
        link: None,
        next: "Roo Code reloads the file; see its MCP servers panel",
    },
    Client {
        id: "continue",
        title: "Continue",
        format: Format::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        // A file of its own: config.yaml is never edited.
        places: &[
            user(
                Root::Variable {
                    name: "CONTINUE_GLOBAL_DIR",
                    otherwise: ".continue",
                },
                "mcpServers/synapse.json",
            ),
            project(".continue/mcpServers/synapse.json"),
        ],
        signs: &[anywhere(Root::Home, ".continue")],
        programs: &["cn"],
        launch: Launch {
            directory: Directory::Project,
            ..DESKTOP
        },
        link: None,
        next: "reload the window; tools are offered in agent mode",
    },
    Client {
        id: "lm-studio",
        title: "LM Studio",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(Root::Home, ".lmstudio/mcp.json"),
            Place {
                scope: Scope::User,
                spot: anywhere(Root::Home, ".cache/lm-studio/mcp.json"),
                age: Age::Past,
            },
        ],
        signs: &[
            anywhere(Root::Home, ".lmstudio"),
            anywhere(Root::Home, ".cache/lm-studio"),
        ],
        programs: &["lms"],
        launch: DESKTOP,
        link: Some(LinkForm::Base64("lmstudio://add_mcp")),
        next: "LM Studio reloads the file; switch synapse on in the Program tab",
    },
    Client {
        id: "goose",
        title: "Goose",
        format: Format::Yaml,
        key: "extensions",
        shape: Shape {
            kind: &[("type", Constant::Text("stdio"))],
            command: CommandForm::Apart("cmd"),
            environment: "envs",
            initial: &[
                ("name", Constant::Text("synapse")),
                ("enabled", Constant::True),
                ("timeout", Constant::Number(300)),
            ],
        },
        places: &[
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: UNIX,
                    root: Root::Config,
                    path: "goose/config.yaml",
                },
                age: Age::Present,
            },
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: WINDOWS,
                    root: Root::Settings,
                    path: "Block/goose/config/config.yaml",
                },
                age: Age::Present,
            },
        ],
        signs: &[
            Spot {
                systems: UNIX,
                root: Root::Config,
                path: "goose",
            },
            Spot {
                systems: WINDOWS,
                root: Root::Settings,
                path: "Block/goose",
            },
        ],
        programs: &["goose"],
        launch: Launch {
            patience_field: Some(("timeout", SECOND)),
            ..SHELL
        },
        link: Some(LinkForm::Goose),
        next: "start a new session",
    },
    Client {
        id: "opencode",
        title: "opencode",
        format: Format::Jsonc,
        key: "mcp",
        shape: Shape {
            kind: &[("type", Constant::Text("local"))],
            command: CommandForm::Together,
            environment: "environment",
            initial: &[("enabled", Constant::True)],
        },
        // Where both exist, opencode reads the one with comments.
        places: &[
            user(Root::Given("OPENCODE_CONFIG"), ""),
            Place {
                scope: Scope::User,
                spot: anywhere(Root::Config, "opencode/opencode.jsonc"),
                age: Age::Past,
            },
            user(Root::Config, "opencode/opencode.json"),
            Place {
                scope: Scope::Project,
                spot: anywhere(Root::Project, "opencode.jsonc"),
                age: Age::Past,
            },
            project("opencode.json"),
        ],
        signs: &[anywhere(Root::Config, "opencode")],
        programs: &["opencode"],
        launch: Launch {
            patience: Duration::from_secs(5),
            patience_field: Some(("timeout", MILLISECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session; `opencode mcp list` shows the servers",
    },
    Client {
        id: "kiro",
        title: "Kiro",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            user(Root::Home, ".kiro/settings/mcp.json"),
            project(".kiro/settings/mcp.json"),
        ],
        signs: &[anywhere(Root::Home, ".kiro")],
        programs: &["kiro"],
        launch: DESKTOP,
        link: None,
        next: "Kiro reloads the file; see its MCP servers panel",
    },
    Client {
        id: "copilot-cli",
        title: "GitHub Copilot CLI",
        format: Format::Json,
        key: "mcpServers",
        shape: Shape {
            kind: &[("type", Constant::Text("local"))],
            initial: &[("tools", Constant::List(&["*"]))],
            ..PLAIN
        },
        places: &[
            user(COPILOT_DIRECTORY, "mcp-config.json"),
            project(".github/mcp.json"),
        ],
        signs: &[anywhere(COPILOT_DIRECTORY, "")],
        programs: &["copilot"],
        launch: Launch {
            passes: &["PATH"],
            ..SHELL
        },
        link: None,
        next: "start a new session; `/mcp show` lists the servers",
    },
    Client {
        id: "warp",
        title: "Warp",
        format: Format::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[],
        signs: &[
            anywhere(Root::Home, ".warp"),
            anywhere(Root::Settings, "warp-terminal"),
        ],
        programs: &["warp-terminal"],
        launch: DESKTOP,
        link: None,
        next: "paste it into Settings | AI | Manage MCP servers | Add",
    },
    Client {
        id: "crush",
        title: "Crush",
        format: Format::Json,
        key: "mcp",
        shape: STDIO,
        places: &[
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: UNIX,
                    root: Root::Config,
                    path: "crush/crush.json",
                },
                age: Age::Present,
            },
            Place {
                scope: Scope::User,
                spot: Spot {
                    systems: WINDOWS,
                    root: Root::LocalData,
                    path: "crush/crush.json",
                },
                age: Age::Present,
            },
            project(".crush.json"),
            Place {
                scope: Scope::Project,
                spot: anywhere(Root::Project, "crush.json"),
                age: Age::Past,
            },
        ],
        signs: &[anywhere(Root::Config, "crush")],
        programs: &["crush"],
        launch: Launch {
            patience_field: Some(("timeout", SECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session",
    },
];

const fn user(root: Root, path: &'static str) -> Place {
    Place {
        scope: Scope::User,
        spot: anywhere(root, path),
        age: Age::Present,
    }
}

const fn project(path: &'static str) -> Place {
    Place {
        scope: Scope::Project,
        spot: anywhere(Root::Project, path),
        age: Age::Present,
    }
}

const fn anywhere(root: Root, path: &'static str) -> Spot {
    Spot {
        systems: &[System::Linux, System::Mac, System::Windows],
        root,
        path,
    }
}

/// `command`, `args`, `env`.
const PLAIN: Shape = Shape {
    kind: &[],
    command: CommandForm::Apart("command"),
    environment: "env",
    initial: &[],
};

/// The same with the transport's name.
const STDIO: Shape = Shape {
    kind: &[("type", Constant::Text("stdio"))],
    ..PLAIN
};

/// A client with a window. Where a client's own rules are not known, the least is assumed: what
/// the MCP SDK passes on, and the top of the file system as the working directory. A server that
/// starts with that starts with more.
const DESKTOP: Launch = Launch {
    passes: SDK_PASSES,
    desktop: true,
    directory: Directory::Top,
    patience: Duration::from_secs(60),
    patience_field: None,
};

/// A client in a terminal, which works where the user is.
const SHELL: Launch = Launch {
    desktop: false,
    directory: Directory::Project,
    ..DESKTOP
};

/// What the TypeScript SDK of MCP passes on outside Windows.
const SDK_PASSES: &[&str] = &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

/// What Codex passes on outside Windows.
const CODEX_PASSES: &[&str] = &[
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

const CLAUDE_DIRECTORY: Root = Root::Variable {
    name: "CLAUDE_CONFIG_DIR",
    otherwise: "",
};

const CODEX_DIRECTORY: Root = Root::Variable {
    name: "CODEX_HOME",
    otherwise: ".codex",
};

const COPILOT_DIRECTORY: Root = Root::Variable {
    name: "COPILOT_HOME",
    otherwise: ".copilot",
};

const UNIX: &[System] = &[System::Linux, System::Mac];
const WINDOWS: &[System] = &[System::Windows];
const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
