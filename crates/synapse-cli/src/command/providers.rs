//! `synapse providers`: the providers that a connection can name, from the built-in table. Sends
//! nothing.

use synapse_core::ProviderKind;
use synapse_core::provider::{Authorization, ProviderProfile, TokenNeed};
use synapse_documents::ProvidersDocument;

use super::{CommandError, Context};
use crate::output::{Column, listing};

pub(super) fn run(context: &Context, name: Option<&str>) -> Result<(), CommandError> {
    let printer = &context.printer;
    let kinds = match name {
        Some(name) => vec![name.parse::<ProviderKind>()?],
        None => ProviderKind::ALL.to_vec(),
    };
    if printer.is_json() {
        printer.document(&ProvidersDocument::new(&kinds));
        return Ok(());
    }
    match (name, kinds.as_slice()) {
        (Some(_), [kind]) => printer.wrapped(&one(kind.profile())),
        (_, kinds) => {
            printer.line(&all(kinds));
            printer.note("details: synapse providers NAME; --base-url overrides the base URL");
        }
    }
    Ok(())
}

fn all(kinds: &[ProviderKind]) -> String {
    let row = |kind: &ProviderKind| {
        let profile = kind.profile();
        vec![
            profile.name.to_owned(),
            profile.title.to_owned(),
            base_url(profile),
            token(profile),
        ]
    };
    listing(&COLUMNS, kinds.iter().map(row).collect())
}

const COLUMNS: [Column<'static>; 4] = [
    Column::new("NAME"),
    Column::new("PROVIDER").cut(10).drop(2),
    Column::new("BASE URL").cut(20),
    Column::new("TOKEN").cut(12).drop(1),
];

fn one(profile: &ProviderProfile) -> String {
    let facts = facts(profile);
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{} ({})", profile.name, profile.title)];
    let fact =
        |(name, value): &(&str, String)| format!("  {:1$}{value}", format!("{name}:"), width + 3);
    lines.extend(facts.iter().map(fact));
    if !profile.differences.is_empty() {
        lines.push("what is different here:".to_owned());
    }
    let difference = |text: &&str| format!("  - {text}");
    lines.extend(profile.differences.iter().map(difference));
    lines.join("\n")
}

/// The facts about a provider, as name and value, in display order.
pub(super) fn facts(profile: &ProviderProfile) -> Vec<(&'static str, String)> {
    let header = match profile.authorization {
        Authorization::Bearer => "authorization: Bearer TOKEN".to_owned(),
        Authorization::Header(name) => format!("{name}: TOKEN"),
    };
    let mut facts = vec![
        ("base URL", base_url(profile)),
        ("token", token(profile)),
        ("token header", header),
        ("cap on the answer", profile.token_cap.as_str().to_owned()),
        ("timeout", format!("{} s", profile.timeout.as_secs())),
    ];
    if !profile.token_prefixes.is_empty() {
        facts.insert(2, ("tokens begin", profile.token_prefixes.join(", ")));
    }
    if profile.token == TokenNeed::Required {
        facts.push(("create a token", profile.token_page.to_owned()));
    }
    if let Some(start) = profile.start {
        facts.push(("start it", start.to_owned()));
    }
    facts.push(("documentation", profile.documentation.to_owned()));
    facts
}

pub(super) fn base_url(profile: &ProviderProfile) -> String {
    match profile.base_url {
        Some(base_url) => base_url.to_owned(),
        None => format!("yours, such as {}", profile.base_url_example),
    }
}

pub(super) fn token(profile: &ProviderProfile) -> String {
    match profile.token {
        TokenNeed::Required => "required".to_owned(),
        TokenNeed::Optional => "only if the server asks for one".to_owned(),
    }
}
