//! The client table, spelled out: files and entries.

use std::fmt::Write as _;
use std::path::Path;

use synapse_ide::{CLIENTS, Entry, System, snippet};

use crate::desk::{BOTH, Desk};

#[test]
fn files_are_where_the_clients_look() {
    let mut lines = String::new();
    let mut usual = Vec::new();
    for (name, system) in [
        ("linux", System::Linux),
        ("mac", System::Mac),
        ("windows", System::Windows),
    ] {
        let desk = Desk::of(system);
        let [home, project] = ["home", "project"].map(|name| desk.path(name));
        for client in CLIENTS {
            for scope in BOTH {
                let Some(file) = client.file(&desk.machine(), scope) else {
                    continue;
                };
                let shown = match (file.strip_prefix(&home), file.strip_prefix(&project)) {
                    (Ok(path), _) => format!("~/{}", path.display()),
                    (_, Ok(path)) => format!("./{}", path.display()),
                    _ => panic!("{} is nowhere", file.display()),
                };
                // Other systems only list differences.
                let line = format!("{} {shown}", client.id());
                if !usual.contains(&line) {
                    writeln!(lines, "{name} {line}").unwrap();
                    usual.push(line);
                }
            }
        }
    }
    insta::assert_snapshot!(lines, @r#"
    linux claude-desktop ~/.config/Claude/claude_desktop_config.json
    linux claude-code ~/.claude.json
    linux claude-code ./.mcp.json
    linux vscode ~/.config/Code/User/mcp.json
    linux vscode ./.vscode/mcp.json
    linux vscode-insiders ~/.config/Code - Insiders/User/mcp.json
    linux vscode-insiders ./.vscode/mcp.json
    linux vscodium ~/.config/VSCodium/User/mcp.json
    linux vscodium ./.vscode/mcp.json
    linux cursor ~/.cursor/mcp.json
    linux cursor ./.cursor/mcp.json
    linux windsurf ~/.codeium/windsurf/mcp_config.json
    linux devin ~/.config/devin/mcp_config.json
    linux devin ./.devin/mcp_config.json
    linux zed ~/.config/zed/settings.json
    linux zed ./.zed/settings.json
    linux codex ~/.codex/config.toml
    linux codex ./.codex/config.toml
    linux gemini ~/.gemini/settings.json
    linux gemini ./.gemini/settings.json
    linux cline ~/.cline/data/settings/cline_mcp_settings.json
    linux roo ~/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json
    linux roo ./.roo/mcp.json
    linux continue ~/.continue/mcpServers/synapse.json
    linux continue ./.continue/mcpServers/synapse.json
    linux lm-studio ~/.lmstudio/mcp.json
    linux goose ~/.config/goose/config.yaml
    linux opencode ~/.config/opencode/opencode.json
    linux opencode ./opencode.json
    linux kiro ~/.kiro/settings/mcp.json
    linux kiro ./.kiro/settings/mcp.json
    linux copilot-cli ~/.copilot/mcp-config.json
    linux copilot-cli ./.github/mcp.json
    linux crush ~/.config/crush/crush.json
    linux crush ./.crush.json
    mac claude-desktop ~/Library/Application Support/Claude/claude_desktop_config.json
    mac vscode ~/Library/Application Support/Code/User/mcp.json
    mac vscode-insiders ~/Library/Application Support/Code - Insiders/User/mcp.json
    mac vscodium ~/Library/Application Support/VSCodium/User/mcp.json
    mac roo ~/Library/Application Support/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json
    windows claude-desktop ~/AppData/Roaming/Claude/claude_desktop_config.json
    windows vscode ~/AppData/Roaming/Code/User/mcp.json
    windows vscode-insiders ~/AppData/Roaming/Code - Insiders/User/mcp.json
    windows vscodium ~/AppData/Roaming/VSCodium/User/mcp.json
    windows visual-studio ~/.mcp.json
    windows visual-studio ./.mcp.json
    windows devin ~/AppData/Roaming/devin/mcp_config.json
    windows zed ~/AppData/Roaming/Zed/settings.json
    windows roo ~/AppData/Roaming/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json
    windows goose ~/AppData/Roaming/Block/goose/config/config.yaml
    windows crush ~/AppData/Local/crush/crush.json
    "#);
}

#[test]
fn entries_are_in_the_shape_of_the_clients() {
    let entry = Entry::new(Path::new("/bin/synapse"))
        .and_then(|entry| entry.with_home(Path::new("/data")))
        .unwrap();
    let mut pages: Vec<(String, Vec<&str>)> = Vec::new();
    for client in CLIENTS {
        let page = snippet(client, &entry).unwrap();
        match pages.iter_mut().find(|(known, _)| *known == page) {
            Some((_, clients)) => clients.push(client.id()),
            None => pages.push((page, vec![client.id()])),
        }
    }
    let text = pages
        .iter()
        .map(|(page, clients)| format!("{}:\n{page}", clients.join(" ")))
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(text, @r#"
    claude-desktop cursor windsurf devin jetbrains gemini cline roo continue lm-studio kiro warp:
    {
      "mcpServers": {
        "synapse": {
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          }
        }
      }
    }

    claude-code:
    {
      "mcpServers": {
        "synapse": {
          "type": "stdio",
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          }
        }
      }
    }

    vscode vscode-insiders vscodium visual-studio:
    {
      "servers": {
        "synapse": {
          "type": "stdio",
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          }
        }
      }
    }

    zed:
    {
      "context_servers": {
        "synapse": {
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          }
        }
      }
    }

    codex:
    [mcp_servers.synapse]
    command = "/bin/synapse"
    args = ["serve"]
    env = { SYNAPSE_HOME = "/data" }

    goose:
    extensions:
      synapse:
        type: stdio
        cmd: /bin/synapse
        args:
          - serve
        envs:
          SYNAPSE_HOME: /data
        name: synapse
        enabled: true
        timeout: 300

    opencode:
    {
      "mcp": {
        "synapse": {
          "type": "local",
          "command": ["/bin/synapse", "serve"],
          "environment": {
            "SYNAPSE_HOME": "/data"
          },
          "enabled": true
        }
      }
    }

    copilot-cli:
    {
      "mcpServers": {
        "synapse": {
          "type": "local",
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          },
          "tools": ["*"]
        }
      }
    }

    crush:
    {
      "mcp": {
        "synapse": {
          "type": "stdio",
          "command": "/bin/synapse",
          "args": ["serve"],
          "env": {
            "SYNAPSE_HOME": "/data"
          }
        }
      }
    }
    "#);
}
