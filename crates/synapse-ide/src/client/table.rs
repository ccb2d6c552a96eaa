//! The table of clients: one row each, in the order of `synapse ide list`. Files, keys and launch
//! facts are those of the clients' own documentation and sources as of November 2026.

use std::time::Duration;

use super::common::{
    CLAUDE_DIRECTORY, CODEX_DIRECTORY, CODEX_PASSES, COPILOT_DIRECTORY, DESKTOP, MILLISECOND,
    PLAIN, SECOND, SHELL, STDIO, UNIX, WINDOWS, anywhere, only, past, project, there, user,
};
use super::{Client, CommandForm, Constant, Directory, Format, Launch, LinkForm, Scope, Shape};
use crate::machine::Root;

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
            only(WINDOWS, Scope::User, Root::Home, ".mcp.json"),
            only(WINDOWS, Scope::Project, Root::Project, ".mcp.json"),
        ],
        signs: &[there(WINDOWS, Root::LocalData, "Microsoft/VisualStudio")],
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
            only(UNIX, Scope::User, Root::Config, "zed/settings.json"),
            only(WINDOWS, Scope::User, Root::Settings, "Zed/settings.json"),
            project(".zed/settings.json"),
        ],
        signs: &[
            there(UNIX, Root::Config, "zed"),
            there(WINDOWS, Root::Settings, "Zed"),
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
            past(
                Scope::User,
                Root::Settings,
                "Code/User/globalStorage/saoudrizwan.claude-dev/settings/\
                     cline_mcp_settings.json",
            ),
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
            past(Scope::User, Root::Home, ".cache/lm-studio/mcp.json"),
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
            only(UNIX, Scope::User, Root::Config, "goose/config.yaml"),
            only(
                WINDOWS,
                Scope::User,
                Root::Settings,
                "Block/goose/config/config.yaml",
            ),
        ],
        signs: &[
            there(UNIX, Root::Config, "goose"),
            there(WINDOWS, Root::Settings, "Block/goose"),
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
            past(Scope::User, Root::Config, "opencode/opencode.jsonc"),
            user(Root::Config, "opencode/opencode.json"),
            past(Scope::Project, Root::Project, "opencode.jsonc"),
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
            only(UNIX, Scope::User, Root::Config, "crush/crush.json"),
            only(WINDOWS, Scope::User, Root::LocalData, "crush/crush.json"),
            project(".crush.json"),
            past(Scope::Project, Root::Project, "crush.json"),
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
