//! The table of clients, one row each, in the order of `synapse ide list`. Each row cites its
//! source and the date of the last check.

use std::time::Duration;

use super::common::{
    ALL_SCOPES, CLAUDE_DIRECTORY, CLAUDE_SWITCHES, CODEX_DIRECTORY, CODEX_PASSES,
    COPILOT_DIRECTORY, DESKTOP, ENV_COLON, GEMINI_SWITCHES, LOCAL, MILLISECOND, NAMED_STDIO,
    OPENCODE_SWITCHES, PLAIN, PROFILE, SECOND, SHELL, STDIO, UNIX, USUAL, WINDOWS, access, alone,
    anywhere, beside, beside_in, of_another, only, past, project, there, user,
};
use super::{
    Client, CommandForm, Constant, Directory, EntryShape, FileFormat, Key, Launch, LinkForm, Merge,
    Passing, Rule, Scope, Switch, TypeField,
};
use crate::machine::Root;

/// Every client.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        // The usual installer since 2026 is a package with its own private directory.
        places: &[
            alone(
                only(
                    WINDOWS,
                    Scope::User,
                    Root::LocalData,
                    "Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json",
                ),
                "only a Claude Desktop that was installed without a package reads it",
            ),
            user(Root::Settings, "Claude/claude_desktop_config.json"),
        ],
        signs: &[anywhere(Root::Settings, "Claude")],
        programs: &[],
        launch: DESKTOP,
        link: None,
        next: "quit Claude Desktop completely and start it again",
        verified: "2026-11-30",
        source: "https://modelcontextprotocol.io/docs/develop/connect-local-servers; anthropics/claude-code#26073 for the package",
        ..USUAL
    },
    Client {
        id: "claude-code",
        title: "Claude Code",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: STDIO,
        places: &[
            beside(Scope::Local, CLAUDE_DIRECTORY, ".claude.json"),
            project(".mcp.json"),
            user(CLAUDE_DIRECTORY, ".claude.json"),
        ],
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
        upward: true,
        off: &[],
        switches: CLAUDE_SWITCHES,
        // Without the empty default, an unset variable would leave the literal text.
        passing: Some(Passing::Between("${", ":-}")),
        verified: "2026-11-30",
        source: "https://code.claude.com/docs/en/mcp",
        ..USUAL
    },
    Client {
        id: "vscode",
        title: "VS Code",
        format: FileFormat::Jsonc,
        key: "servers",
        shape: NAMED_STDIO,
        places: &[
            project(".vscode/mcp.json"),
            user(Root::Settings, "Code/User/mcp.json"),
            of_another(PROFILE, Root::Settings, "Code/User/profiles/*/mcp.json"),
        ],
        signs: &[anywhere(Root::Settings, "Code/User")],
        programs: &["code"],
        launch: Launch {
            directory: Directory::Home,
            ..DESKTOP
        },
        link: Some(LinkForm::Json("vscode:mcp/install")),
        next: "run `MCP: List Servers` and start synapse",
        off: &[],
        switches: &[access(&[
            anywhere(Root::Project, ".vscode/settings.json"),
            anywhere(Root::Settings, "Code/User/settings.json"),
        ])],
        passing: ENV_COLON,
        verified: "2026-11-20",
        source: "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
        ..USUAL
    },
    Client {
        id: "vscode-insiders",
        title: "VS Code Insiders",
        format: FileFormat::Jsonc,
        key: "servers",
        shape: NAMED_STDIO,
        places: &[
            project(".vscode/mcp.json"),
            user(Root::Settings, "Code - Insiders/User/mcp.json"),
            of_another(
                PROFILE,
                Root::Settings,
                "Code - Insiders/User/profiles/*/mcp.json",
            ),
        ],
        signs: &[anywhere(Root::Settings, "Code - Insiders/User")],
        programs: &["code-insiders"],
        launch: Launch {
            directory: Directory::Home,
            ..DESKTOP
        },
        link: Some(LinkForm::Json("vscode-insiders:mcp/install")),
        next: "run `MCP: List Servers` and start synapse",
        off: &[],
        switches: &[access(&[
            anywhere(Root::Project, ".vscode/settings.json"),
            anywhere(Root::Settings, "Code - Insiders/User/settings.json"),
        ])],
        passing: ENV_COLON,
        verified: "2026-11-20",
        source: "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
        ..USUAL
    },
    Client {
        id: "vscodium",
        title: "VSCodium",
        format: FileFormat::Jsonc,
        key: "servers",
        shape: NAMED_STDIO,
        places: &[
            project(".vscode/mcp.json"),
            user(Root::Settings, "VSCodium/User/mcp.json"),
            of_another(PROFILE, Root::Settings, "VSCodium/User/profiles/*/mcp.json"),
        ],
        signs: &[anywhere(Root::Settings, "VSCodium/User")],
        programs: &["codium"],
        launch: Launch {
            directory: Directory::Home,
            ..DESKTOP
        },
        link: None,
        next: "run `MCP: List Servers` and start synapse",
        off: &[],
        switches: &[access(&[
            anywhere(Root::Project, ".vscode/settings.json"),
            anywhere(Root::Settings, "VSCodium/User/settings.json"),
        ])],
        passing: ENV_COLON,
        verified: "2026-11-20",
        source: "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
        ..USUAL
    },
    Client {
        id: "visual-studio",
        title: "Visual Studio",
        format: FileFormat::Json,
        key: "servers",
        shape: NAMED_STDIO,
        places: &[
            beside_in(WINDOWS, Scope::Project, Root::Project, ".vs/mcp.json"),
            only(WINDOWS, Scope::Project, Root::Project, ".mcp.json"),
            beside_in(WINDOWS, Scope::Project, Root::Project, ".vscode/mcp.json"),
            only(WINDOWS, Scope::User, Root::Home, ".mcp.json"),
        ],
        signs: &[there(WINDOWS, Root::LocalData, "Microsoft/VisualStudio")],
        programs: &[],
        launch: DESKTOP,
        link: Some(LinkForm::Json("vsweb+mcp:/install")),
        next: "open the tools of the chat window and enable synapse",
        off: &[],
        verified: "2026-11-20",
        source: "https://learn.microsoft.com/visualstudio/ide/mcp-servers",
        ..USUAL
    },
    Client {
        id: "cursor",
        title: "Cursor",
        format: FileFormat::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            project(".cursor/mcp.json"),
            user(Root::Home, ".cursor/mcp.json"),
        ],
        signs: &[anywhere(Root::Home, ".cursor")],
        programs: &["cursor"],
        launch: DESKTOP,
        link: Some(LinkForm::Base64(
            "cursor://anysphere.cursor-deeplink/mcp/install",
        )),
        next: "Cursor reloads the file; enable synapse in its MCP settings",
        passing: ENV_COLON,
        verified: "2026-11-20",
        source: "https://cursor.com/docs/mcp",
        ..USUAL
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[user(Root::Home, ".codeium/windsurf/mcp_config.json")],
        signs: &[anywhere(Root::Home, ".codeium/windsurf")],
        programs: &["windsurf"],
        launch: DESKTOP,
        link: None,
        next: "press refresh in Windsurf's MCP settings",
        off: &[("disabled", true)],
        passing: ENV_COLON,
        successor: Some("devin"),
        verified: "2026-11-30",
        source: "https://docs.devin.ai/desktop/cascade/mcp",
        ..USUAL
    },
    Client {
        id: "devin",
        title: "Devin Desktop",
        format: FileFormat::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        // Before 3000.3 entries were in config.json, from which Devin moves them.
        places: &[
            beside(Scope::Project, Root::Project, ".devin/config.local.json"),
            project(".devin/mcp_config.json"),
            beside(Scope::Project, Root::Project, ".devin/config.json"),
            only(UNIX, Scope::User, Root::Config, "devin/mcp_config.json"),
            only(
                WINDOWS,
                Scope::User,
                Root::Settings,
                "devin/mcp_config.json",
            ),
            beside_in(UNIX, Scope::User, Root::Config, "devin/config.json"),
            beside_in(WINDOWS, Scope::User, Root::Settings, "devin/config.json"),
        ],
        signs: &[
            there(UNIX, Root::Config, "devin"),
            there(WINDOWS, Root::Settings, "devin"),
        ],
        programs: &["devin"],
        launch: DESKTOP,
        link: None,
        next: "start a new session; `devin mcp list` shows the servers",
        off: &[("disabled", true)],
        verified: "2026-11-30",
        source: "https://docs.devin.ai/cli/extensibility/mcp/configuration; upstash/context7#3090",
        ..USUAL
    },
    Client {
        id: "zed",
        title: "Zed",
        format: FileFormat::Jsonc,
        key: "context_servers",
        shape: PLAIN,
        places: &[
            project(".zed/settings.json"),
            only(UNIX, Scope::User, Root::Config, "zed/settings.json"),
            only(WINDOWS, Scope::User, Root::Settings, "Zed/settings.json"),
        ],
        signs: &[
            there(UNIX, Root::Config, "zed"),
            there(WINDOWS, Root::Settings, "Zed"),
        ],
        programs: &["zed", "zeditor"],
        launch: DESKTOP,
        link: None,
        next: "Zed reloads the file; in project scope, trust the worktree",
        off: &[("enabled", false)],
        switches: &[Switch {
            files: &[
                there(UNIX, Root::Config, "zed/settings.json"),
                there(WINDOWS, Root::Settings, "Zed/settings.json"),
            ],
            path: &[Key::Name("disable_ai")],
            rule: Rule::Is(true),
            scopes: ALL_SCOPES,
        }],
        verified: "2026-11-20",
        source: "https://zed.dev/docs/ai/mcp; zed crates/migrator m_2025_11_25 removes `source`",
        ..USUAL
    },
    Client {
        id: "jetbrains",
        title: "JetBrains IDEs",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[],
        signs: &[anywhere(Root::Settings, "JetBrains")],
        programs: &[],
        launch: DESKTOP,
        link: None,
        next: "paste it into Settings | Tools | AI Assistant | Model Context Protocol",
        verified: "2026-11-20",
        source: "https://www.jetbrains.com/help/ai-assistant/mcp.html",
        ..USUAL
    },
    Client {
        id: "codex",
        title: "Codex",
        format: FileFormat::Toml,
        key: "mcp_servers",
        shape: PLAIN,
        places: &[
            project(".codex/config.toml"),
            user(CODEX_DIRECTORY, "config.toml"),
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
        upward: true,
        merge: Merge::Fields,
        off: &[("enabled", false)],
        allows: &["enabled_tools"],
        passing: Some(Passing::Named("env_vars")),
        verified: "2026-11-20",
        source: "openai/codex codex-rs/config; https://developers.openai.com/codex/mcp",
        ..USUAL
    },
    Client {
        id: "gemini",
        title: "Gemini CLI",
        format: FileFormat::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            project(".gemini/settings.json"),
            user(Root::Home, ".gemini/settings.json"),
        ],
        signs: &[anywhere(Root::Home, ".gemini")],
        programs: &["gemini"],
        launch: Launch {
            patience_field: Some(("timeout", MILLISECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session; `/mcp` lists the servers",
        off: &[],
        allows: &["includeTools"],
        switches: GEMINI_SWITCHES,
        passing: Some(Passing::Between("$", "")),
        verified: "2026-11-30",
        source: "https://geminicli.com/docs/tools/mcp-server",
        ..USUAL
    },
    Client {
        id: "cline",
        title: "Cline",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            alone(
                user(Root::Given("CLINE_MCP_SETTINGS_PATH"), ""),
                "only a Cline without CLINE_MCP_SETTINGS_PATH reads it",
            ),
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
        off: &[("disabled", true)],
        verified: "2026-11-20",
        source: "cline sdk/packages/shared/src/storage/paths.ts",
        ..USUAL
    },
    Client {
        id: "roo",
        title: "Roo Code",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            project(".roo/mcp.json"),
            user(
                Root::Settings,
                "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            ),
            of_another(
                "only Roo Code in VS Code Insiders reads it",
                Root::Settings,
                "Code - Insiders/User/globalStorage/rooveterinaryinc.roo-cline/settings/\
                     mcp_settings.json",
            ),
            of_another(
                "only Roo Code in VSCodium reads it",
                Root::Settings,
                "VSCodium/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            ),
            of_another(
                "only Roo Code in Cursor reads it",
                Root::Settings,
                "Cursor/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            ),
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
        off: &[("disabled", true)],
        passing: ENV_COLON,
        verified: "2026-11-20",
        source: "https://docs.roocode.com/features/mcp/using-mcp-in-roo",
        ..USUAL
    },
    Client {
        id: "continue",
        title: "Continue",
        format: FileFormat::Jsonc,
        key: "mcpServers",
        shape: PLAIN,
        // A dedicated file: config.yaml is never edited.
        places: &[
            project(".continue/mcpServers/synapse.json"),
            user(
                Root::Variable {
                    name: "CONTINUE_GLOBAL_DIR",
                    otherwise: ".continue",
                },
                "mcpServers/synapse.json",
            ),
        ],
        signs: &[anywhere(Root::Home, ".continue")],
        programs: &["cn"],
        launch: Launch {
            directory: Directory::Project,
            ..DESKTOP
        },
        link: None,
        next: "reload the window; tools are offered in agent mode",
        passing: Some(Passing::Between("${{ secrets.", " }}")),
        verified: "2026-11-20",
        source: "continue docs/customize/deep-dives/mcp.mdx",
        ..USUAL
    },
    Client {
        id: "lm-studio",
        title: "LM Studio",
        format: FileFormat::Json,
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
        verified: "2026-11-30",
        source: "https://lmstudio.ai/docs/app/mcp; lmstudio-bug-tracker#1371 for the older directory",
        ..USUAL
    },
    Client {
        id: "goose",
        title: "Goose",
        format: FileFormat::Yaml,
        key: "extensions",
        shape: EntryShape {
            kind: &[TypeField {
                field: "type",
                value: "stdio",
                also: &[],
                is_optional: false,
            }],
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
        off: &[("enabled", false)],
        passing: Some(Passing::Named("env_keys")),
        verified: "2026-11-20",
        source: "https://block.github.io/goose/docs/guides/config-files",
        ..USUAL
    },
    Client {
        id: "opencode",
        title: "opencode",
        format: FileFormat::Jsonc,
        key: "mcp",
        shape: EntryShape {
            kind: &[TypeField { also: &[], ..LOCAL }],
            command: CommandForm::Together,
            environment: "environment",
            initial: &[("enabled", Constant::True)],
        },
        // All of them are read and merged.
        places: &[
            beside(
                Scope::User,
                Root::Given("OPENCODE_CONFIG_DIR"),
                "opencode.jsonc",
            ),
            beside(
                Scope::User,
                Root::Given("OPENCODE_CONFIG_DIR"),
                "opencode.json",
            ),
            beside(Scope::User, Root::Home, ".opencode/opencode.jsonc"),
            beside(Scope::User, Root::Home, ".opencode/opencode.json"),
            beside(Scope::Project, Root::Project, ".opencode/opencode.jsonc"),
            beside(Scope::Project, Root::Project, ".opencode/opencode.json"),
            past(Scope::Project, Root::Project, "opencode.jsonc"),
            project("opencode.json"),
            user(Root::Given("OPENCODE_CONFIG"), ""),
            past(Scope::User, Root::Config, "opencode/opencode.jsonc"),
            user(Root::Config, "opencode/opencode.json"),
            beside(Scope::User, Root::Config, "opencode/config.json"),
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
        merge: Merge::Fields,
        upward: true,
        off: &[("enabled", false)],
        switches: OPENCODE_SWITCHES,
        passing: Some(Passing::Between("{env:", "}")),
        verified: "2026-11-30",
        source: "https://opencode.ai/docs/config; anomalyco/opencode packages/opencode/src/config",
        ..USUAL
    },
    Client {
        id: "kiro",
        title: "Kiro",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: PLAIN,
        places: &[
            project(".kiro/settings/mcp.json"),
            user(Root::Home, ".kiro/settings/mcp.json"),
        ],
        signs: &[anywhere(Root::Home, ".kiro")],
        programs: &["kiro"],
        launch: DESKTOP,
        link: None,
        next: "Kiro reloads the file; see its MCP servers panel",
        off: &[("disabled", true)],
        passing: Some(Passing::Between("${", "}")),
        verified: "2026-11-20",
        source: "https://kiro.dev/docs/mcp/configuration",
        ..USUAL
    },
    Client {
        id: "copilot-cli",
        title: "GitHub Copilot CLI",
        format: FileFormat::Json,
        key: "mcpServers",
        shape: EntryShape {
            kind: &[LOCAL],
            initial: &[("tools", Constant::List(&["*"]))],
            ..PLAIN
        },
        places: &[
            beside(Scope::Project, Root::Project, ".mcp.json"),
            project(".github/mcp.json"),
            user(COPILOT_DIRECTORY, "mcp-config.json"),
        ],
        signs: &[anywhere(COPILOT_DIRECTORY, "")],
        programs: &["copilot"],
        launch: Launch {
            passes: &["PATH"],
            ..SHELL
        },
        link: None,
        next: "start a new session; `/mcp show` lists the servers",
        // Ignores `disabled` in an entry.
        off: &[],
        allows: &["tools"],
        verified: "2026-11-30",
        source: "https://docs.github.com/copilot/how-tos/copilot-cli/add-mcp-servers; github/copilot-cli#3379, #3582",
        ..USUAL
    },
    Client {
        id: "warp",
        title: "Warp",
        format: FileFormat::Json,
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
        verified: "2026-11-20",
        source: "https://docs.warp.dev/agent-platform/capabilities/mcp",
        ..USUAL
    },
    Client {
        id: "crush",
        title: "Crush",
        format: FileFormat::Json,
        key: "mcp",
        shape: STDIO,
        places: &[
            project(".crush.json"),
            past(Scope::Project, Root::Project, "crush.json"),
            // The file Crush itself changes; on Windows both are the same.
            beside_in(UNIX, Scope::User, Root::Data, "crush/crush.json"),
            only(UNIX, Scope::User, Root::Config, "crush/crush.json"),
            only(WINDOWS, Scope::User, Root::LocalData, "crush/crush.json"),
        ],
        signs: &[anywhere(Root::Config, "crush")],
        programs: &["crush"],
        launch: Launch {
            patience_field: Some(("timeout", SECOND)),
            ..SHELL
        },
        link: None,
        next: "start a new session",
        merge: Merge::Fields,
        upward: true,
        off: &[("disabled", true)],
        passing: Some(Passing::Between("$", "")),
        verified: "2026-11-30",
        source: "charmbracelet/crush internal/config/load.go",
        ..USUAL
    },
];
