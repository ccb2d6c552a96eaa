//! CPU time of previewing an entry in a large file of an IDE, per entry already in the file, next to
//! a file of a tenth of its size: linear time is a ratio of 1.

use std::fs;
use std::time::Duration;

use synapse_tests::Home;

use super::{Effort, Ratio, TWIN, milliseconds};

/// The format whose cost per entry grows most.
pub(crate) fn large(effort: &Effort) -> Ratio {
    let entries = if effort.judges { 100_000 } else { 1_000 };
    let costs = CLIENTS.map(|client| {
        let small = cost(client, entries / 10, 1);
        let large = cost(client, entries, 10);
        synapse_tests::report(&format!(
            "{entries} entries of {client}: {:.0} ms",
            milliseconds(large) * 10.0
        ));
        (large, small)
    });
    let growth = |(large, small): &(Duration, Duration)| large.as_secs_f64() / small.as_secs_f64();
    let most = costs
        .into_iter()
        .max_by(|one, other| growth(one).total_cmp(&growth(other)));
    let (large, small) = most.unwrap_or_default();
    Ratio {
        name: "a tenth of the entries of a large IDE file, next to a file of as many",
        product: milliseconds(large),
        floor: milliseconds(small),
        unit: "ms",
        most: 2.0,
    }
}

/// The CPU time of a preview in a file of `count` entries, divided by `share`.
fn cost(client: &str, count: usize, share: u32) -> Duration {
    let home = Home::new(TWIN);
    let (name, text) = file(client, count);
    home.write(name, text);
    let before = of_children();
    home.run(["ide", "install", client, "--dry-run"])
        .with_code(0);
    // The kernel counts in ticks; a ratio needs several.
    (of_children() - before).max(super::answers::TICK * 3) / share
}

fn file(client: &str, count: usize) -> (&'static str, String) {
    let each = |entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>();
    match client {
        "codex" => {
            let entries = each(&|index| {
                format!("[mcp_servers.s{index}]\ncommand = \"x\"\nargs = [\"{index}\"]\n")
            });
            (".codex/config.toml", entries.concat())
        }
        "goose" => {
            let entries =
                each(&|index| format!("  s{index}:\n    cmd: x\n    args:\n      - \"{index}\"\n"));
            let text = format!("extensions:\n{}", entries.concat());
            (".config/goose/config.yaml", text)
        }
        _ => {
            let entries = each(&|index| {
                format!(
                    "    \"s{index}\": {{\n      \"command\": \"x\",\n      \"args\": []\n    }}"
                )
            });
            let text = format!(
                "{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n",
                entries.join(",\n")
            );
            (".cursor/mcp.json", text)
        }
    }
}

/// CPU time of all ended children of this process.
fn of_children() -> Duration {
    let line = fs::read_to_string("/proc/self/stat").unwrap();
    // The command name, in parentheses, may contain anything.
    let fields = line.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks = fields.skip(13).take(2);
    super::answers::TICK
        * ticks
            .map(|field| field.parse::<u32>().unwrap())
            .sum::<u32>()
}

const CLIENTS: [&str; 3] = ["cursor", "codex", "goose"];
