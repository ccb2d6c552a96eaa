//! Shows the user what a consent covers: every byte of a command or URL, visible and complete.

use synapse_core::error::{Code, Failure};
use synapse_core::redact::{printable, printable_line};
use synapse_core::upstream::expand::{Expanded, VariableSource};
use synapse_core::upstream::{Catalogue, Target, Template, Upstream, UpstreamTransport};
use synapse_documents::{HubToolView, hides_characters};
use synapse_hub::ALLOWED_VARIABLES;

use crate::output::{FAINT, Printer, STRONG, styled};

/// Shows what would be started or contacted.
pub(super) fn target(printer: &Printer, upstream: &Upstream, expanded: &Expanded) {
    let name = &upstream.name;
    match &expanded.target {
        Target::Program {
            program,
            arguments,
            directory,
            environment,
        } => {
            printer.line(&styled(STRONG, &format!("{name} starts a program:")));
            fact(printer, "program", &printable_line(program));
            if arguments.is_empty() {
                fact(printer, "arguments", "none");
            }
            for (index, argument) in arguments.iter().enumerate() {
                fact(
                    printer,
                    &format!("argument {}", index + 1),
                    &visible(argument),
                );
            }
            fact(printer, "directory", &printable_line(directory));
            pairs(printer, "variable", environment);
            if environment.is_empty() {
                fact(printer, "variables", "none beside the usual ones");
            }
        }
        Target::Url { url, headers } => {
            printer.line(&styled(STRONG, &format!("{name} is contacted:")));
            fact(printer, "URL", &printable_line(url.as_str()));
            if let Some(origin) = expanded.target.origin() {
                fact(printer, "host", origin.host());
            }
            pairs(printer, "header", headers);
            if headers.is_empty() {
                fact(printer, "headers", "none");
            }
        }
    }
    fact(printer, "asks the IDE", &relayed(upstream));
    if let UpstreamTransport::Http { .. } = upstream.transport
        && upstream.oauth.is_some()
    {
        fact(printer, "login", "OAuth, with `synapse hub login`");
    }
}

/// Quotes a text if its end or spaces would be invisible.
fn visible(text: &str) -> String {
    let shown = printable_line(text);
    let is_plain = !text.is_empty() && !text.contains(char::is_whitespace) && shown == text;
    if is_plain {
        shown
    } else {
        format!("{shown:?}").replace("\\\\u", "\\u")
    }
}

fn pairs(printer: &Printer, what: &str, pairs: &[(String, Template)]) {
    for (name, value) in pairs {
        let value = printable_line(&value.to_string());
        fact(
            printer,
            what,
            &format!("{} = {value}", printable_line(name)),
        );
    }
}

fn fact(printer: &Printer, what: &str, value: &str) {
    printer.line(&format!("  {what:<14}{value}"));
}

pub(super) fn relayed(upstream: &Upstream) -> String {
    use synapse_core::upstream::Consent::Given;
    let relay = &upstream.relay;
    let words: Vec<&str> = [
        (relay.elicitation, "forms"),
        (relay.elicitation_url, "to open URLs"),
        (relay.sampling, "prompts to its model"),
        (relay.roots, "workspace folders"),
    ]
    .into_iter()
    .filter_map(|(consent, word)| (consent == Given).then_some(word))
    .collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(", ")
    }
}

/// Shows a server's catalogue.
pub(super) fn catalogue(printer: &Printer, server: &str, catalogue: &Catalogue) {
    let tools: Vec<HubToolView> = catalogue
        .tools
        .iter()
        .map(|tool| HubToolView::of(server, tool))
        .collect();
    let tokens: u64 = tools.iter().map(|tool| tool.estimated_tokens).sum();
    let line = format!(
        "{server} offers {} tools (about {tokens} tokens), {} prompts, {} resources:",
        tools.len(),
        catalogue.prompts.len(),
        catalogue.resources.len() + catalogue.templates.len()
    );
    printer.line(&styled(STRONG, &line));
    for tool in &tools {
        let claims = if tool.claims.is_empty() {
            String::new()
        } else {
            format!("  says it is {}", tool.claims.join(", "))
        };
        printer.wrapped(&format!(
            "  {}  {} bytes, about {} tokens{claims}",
            printable_line(&tool.name),
            tool.bytes,
            tool.estimated_tokens
        ));
        if let Some(description) = &tool.description {
            for line in printable(description).lines() {
                printer.wrapped(&format!("      {}", styled(FAINT, line)));
            }
        }
        if tool.hides_characters {
            printer.line("      ! it has invisible characters; they are made visible above");
        }
    }
    if let Some(instructions) = &catalogue.instructions {
        printer.line(&styled(STRONG, "its instructions to the model:"));
        for line in printable(instructions).lines() {
            printer.wrapped(&format!("  {line}"));
        }
        if hides_characters(instructions) {
            printer.line("  ! they have invisible characters; they are made visible above");
        }
    }
    if tokens >= MANY_TOKENS {
        printer.prose(&format!(
            "note: about {tokens} tokens go into every conversation; narrow it with `tools`, \
             `--group` or `--hub-mode search`"
        ));
    }
}

/// The variables of a server that are set here but that an IDE does not pass.
pub(super) fn not_passed_on(upstream: &Upstream, expanded: &Expanded) -> Vec<Failure> {
    expanded
        .variables
        .iter()
        .filter(|(name, found)| {
            **found == VariableSource::Environment && !ALLOWED_VARIABLES.contains(&name.as_str())
        })
        .map(|(name, _)| {
            Failure::new(
                Code::ConfigUnresolvedVariable,
                format!(
                    "`{}` needs {name}, which is set here and which an IDE does not pass on",
                    upstream.name
                ),
            )
            .cause("an IDE starts Synapse with a handful of variables")
            .hint(format!(
                "keep it where Synapse finds it: an `envFile`, or `${{keyring:…}}` in place of \
                 `${{{name}}}`"
            ))
            .with("variable", name)
        })
        .collect()
}

const MANY_TOKENS: u64 = 25_000;
