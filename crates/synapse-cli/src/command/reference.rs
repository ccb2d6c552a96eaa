//! The generated reference pages: error codes, command line and providers, as Markdown.

use clap::CommandFactory;
use synapse_core::ProviderKind;
use synapse_core::error::{Class, Code};

use super::Context;
use crate::args::{Arguments, ReferencePage};
use crate::output::CommandLines;

pub(super) fn run(context: &Context, page: ReferencePage) {
    let text = match page {
        ReferencePage::Errors => errors(),
        ReferencePage::Cli => command_line(),
        ReferencePage::Providers => providers(),
        ReferencePage::Commands => super::help::command_names().join("\n") + "\n",
    };
    context.printer.exactly(&text);
}

fn errors() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Generated from `synapse-core` by `cargo xtask generate`; do not edit.\n\n\
         Every failure has a class, which decides the exit code, and a code, which never changes\n\
         its meaning. `synapse explain CODE` prints the same text.\n",
    );
    for class in Class::ALL {
        let entries: Vec<_> = Code::CATALOGUE
            .iter()
            .filter(|entry| entry.class == class)
            .collect();
        if entries.is_empty() {
            continue;
        }
        page.push_str(&format!(
            "\n## {} (exit code {})\n",
            class.as_str(),
            class.exit_code()
        ));
        for entry in entries {
            page.push_str(&format!(
                "\n### `{}`\n\nMeans: {}.\n\nDetected: {}.\n\nRemedy: {}\n",
                entry.name,
                entry.meaning,
                entry.detected(&CommandLines),
                entry.remedy(&CommandLines)
            ));
        }
    }
    page
}

fn command_line() -> String {
    let mut page = String::from(
        "# Command line\n\n\
         Generated from the program by `cargo xtask generate`; do not edit.\n",
    );
    let mut root = Arguments::command().term_width(PAGE_WIDTH);
    root.build();
    describe(&mut page, &mut root, "synapse");
    page
}

fn providers() -> String {
    let mut page = String::from(
        "# Providers\n\n\
         Generated from `synapse-core` by `cargo xtask generate`; do not edit.\n\n\
         What a connection can name with `--provider`, and what is known of it without asking.\n\
         `synapse providers NAME` prints the same. The base URL can be overridden with `--base-url`.\n\n\
         | name | provider | base URL | token |\n|---|---|---|---|\n",
    );
    for kind in ProviderKind::ALL {
        let profile = kind.profile();
        page.push_str(&format!(
            "| [`{name}`](#{name}) | {} | {} | {} |\n",
            profile.title,
            super::providers::base_url(profile),
            super::providers::token(profile),
            name = profile.name,
        ));
    }
    for kind in ProviderKind::ALL {
        let profile = kind.profile();
        page.push_str(&format!("\n## {}\n\n", profile.name));
        for (name, value) in super::providers::facts(profile) {
            page.push_str(&format!("* {name}: {value}\n"));
        }
        if !profile.differences.is_empty() {
            page.push_str("\nWhat is different here:\n\n");
        }
        for difference in profile.differences {
            page.push_str(&format!("* {difference}\n"));
        }
    }
    page
}

fn describe(page: &mut String, command: &mut clap::Command, path: &str) {
    let help = command
        .clone()
        .term_width(PAGE_WIDTH)
        .render_long_help()
        .to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!(
        "\n## `{path}`\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    ));
    for child in command.get_subcommands_mut() {
        let is_clap_own = child.get_name() == "help" && path != "synapse";
        if child.is_hide_set() || is_clap_own {
            continue;
        }
        let path = format!("{path} {}", child.get_name());
        describe(page, child, &path);
    }
}

const PAGE_WIDTH: usize = 100;
