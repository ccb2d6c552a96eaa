//! `synapse models`: what a connection's provider lists, and what that means for its own model.

use synapse_core::document::ModelsDocument;
use synapse_core::engine::{Engine, Models};
use synapse_core::models::{ListedModel, Offer};
use synapse_core::preflight::Finding;
use synapse_core::price::Price;
use synapse_core::redact::printable;

use super::{CommandError, Context};
use crate::args::ModelsArguments;
use crate::output::{ERROR, GOOD, Printer, WARNING, styled, table};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &ModelsArguments,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let search = arguments.search.as_deref();
    let models = engine.models(&arguments.name).await?;
    if printer.is_json() {
        printer.document(&ModelsDocument::new(&models, search));
    } else {
        human(printer, &models, search);
    }
    for warning in &models.warnings {
        printer.warning(warning);
    }
    Ok(())
}

fn human(printer: &Printer, models: &Models, search: Option<&str>) {
    let all = &models.listed.models;
    let found: Vec<&ListedModel> = all
        .iter()
        .filter(|model| search.is_none_or(|text| model.matches(text)))
        .collect();
    if !found.is_empty() {
        let routed = all.iter().any(|model| model.offers.is_some());
        printer.line(&if routed {
            routes(&found)
        } else {
            plain(&found)
        });
    }
    printer.note(&format!(
        "{} of {} models listed by {}",
        found.len(),
        all.len(),
        printable(&models.exchange.host)
    ));
    own(printer, models);
}

/// The connection's own model, as preflight would judge it.
fn own(printer: &Printer, models: &Models) {
    let connection = &models.connection;
    let (style, word, text) = match &models.listed.own {
        Finding::Ok(seen) => (GOOD, "ok", seen.as_str()),
        Finding::Warn(why) => (WARNING, "warn", why.as_str()),
        // A list is there to be judged.
        Finding::Skip(skip) => (WARNING, "skip", skip.reason()),
        Finding::Fail(failure) => {
            printer.warning(failure);
            (ERROR, "FAIL", failure.message.as_str())
        }
    };
    printer.note(&format!(
        "{} {} uses {}: {}",
        styled(style, word),
        connection.name,
        printable(connection.model.as_str()),
        printable(text)
    ));
}

/// Models that their provider serves itself.
fn plain(models: &[&ListedModel]) -> String {
    let known = |text: &Option<String>| text.as_deref().map_or_else(String::new, printable);
    let row = |model: &&ListedModel| {
        let created = model.created.map(|time| time.to_string());
        vec![
            printable(&model.id),
            created.map_or_else(unknown, |time| time.chars().take(DAY).collect()),
            known(&model.owned_by),
            known(&model.shutdown_date),
        ]
    };
    table(
        &["MODEL", "CREATED", "OWNED BY", "SHUTDOWN"],
        &[],
        models.iter().map(row).collect(),
    )
}

/// Models behind a router: one line per live sub-provider, prices in USD per million tokens.
fn routes(models: &[&ListedModel]) -> String {
    let rows = models.iter().flat_map(|model| {
        let live: Vec<&Offer> = model
            .offers
            .iter()
            .flatten()
            .filter(|offer| offer.live)
            .collect();
        if live.is_empty() {
            let mut row = vec![printable(&model.id), "nobody, now".to_owned()];
            row.resize(ROUTE_COLUMNS.len(), String::new());
            return vec![row];
        }
        live.into_iter().map(|offer| route(model, offer)).collect()
    });
    table(&ROUTE_COLUMNS, &[2, 3, 4, 7], rows.collect())
}

fn route(model: &ListedModel, offer: &Offer) -> Vec<String> {
    let price = |price: Option<Price>| price.map_or_else(unknown, |price| price.to_string());
    let count = |count: Option<u64>| count.map_or_else(unknown, |count| count.to_string());
    let flag = |flag| match flag {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => unknown(),
    };
    vec![
        printable(&model.id),
        printable(&offer.sub_provider),
        price(offer.rates.input),
        price(offer.rates.output),
        count(offer.context_length),
        flag(offer.tools),
        flag(offer.structured_output),
        count(offer.first_token_ms),
    ]
}

fn unknown() -> String {
    "?".to_owned()
}

const ROUTE_COLUMNS: [&str; 8] = [
    "MODEL", "LIVE AT", "$/1M IN", "$/1M OUT", "CONTEXT", "TOOLS", "SCHEMA", "FIRST MS",
];
/// The length of `2026-11-20`.
const DAY: usize = 10;

#[cfg(test)]
mod tests {
    use synapse_core::price::Rates;

    use super::*;

    #[test]
    fn a_route_is_a_line_and_what_is_not_told_is_a_question() {
        let model = ListedModel {
            id: "org/m".into(),
            offers: Some(vec![
                Offer {
                    sub_provider: "novita".into(),
                    live: true,
                    rates: Rates {
                        input: Price::per_million("1.69"),
                        ..Rates::default()
                    },
                    tools: Some(true),
                    ..Offer::default()
                },
                Offer {
                    sub_provider: "groq".into(),
                    ..Offer::default()
                },
            ]),
            ..ListedModel::default()
        };
        let text = routes(&[
            &model,
            &ListedModel {
                id: "org/n".into(),
                ..ListedModel::default()
            },
        ]);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[1],
            ["org/m", "novita", "1.69", "?", "?", "yes", "?", "?"]
        );
        assert_eq!(lines[2], ["org/n", "nobody,", "now"]);
        assert_eq!(lines.len(), 3);
    }
}
