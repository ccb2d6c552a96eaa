//! `synapse models`: the provider's list of models, and the verdict on the requested model.

use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::engine::{AskedFor, Engine, Models};
use synapse_core::error::{Code, Failure};
use synapse_core::money::Price;
use synapse_core::provider::models::{ListedModel, Offer};
use synapse_core::redact::printable;
use synapse_documents::ModelsDocument;

use super::{CommandError, Context};
use crate::args::ModelsArguments;
use crate::output::{Column as ListColumn, CommandLines, Printer, listing, word};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &ModelsArguments,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let search = arguments.search.as_deref();
    if arguments.provider.is_none() && arguments.draft.any() {
        let message = "a connection has these settings already";
        return Err(Failure::new(Code::UsageInvalidArguments, message)
            .hint("leave the flags out, or name a provider with --provider instead of a connection")
            .into());
    }
    let draft = arguments.to_draft();
    let asking = Box::pin(async {
        match (&draft, &arguments.name) {
            (Some(draft), _) => engine.models_of(draft).await,
            (None, name) => engine.models(name.as_deref()).await,
        }
    });
    let models = printer
        .progress()
        .waiting("the list of models", asking)
        .await?;
    if printer.is_json() {
        printer.document(&ModelsDocument::new(&models, search, &CommandLines));
    } else {
        human(printer, &models, search);
    }
    for warning in &models.warnings {
        printer.warning(warning);
    }
    // A script that asks before creating a connection gets the verdict from the exit code.
    match &models.listed.own {
        Finding::Fail(failure)
            if models.asked_for == AskedFor::Draft
                && failure.code() == Code::ProviderModelUnavailable =>
        {
            Err(CommandError::Reported(failure.code()))
        }
        _ => Ok(()),
    }
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
    if models.asked_for != AskedFor::Choice {
        own(printer, models);
        if !models.nearest.is_empty() {
            printer.prose(&format!("nearest listed: {}", models.nearest.join(", ")));
        }
    }
}

/// The connection's own model, judged as in preflight.
fn own(printer: &Printer, models: &Models) {
    let connection = &models.connection;
    let check = Check::new(CheckId::Model, models.listed.own.clone());
    if let Some(failure) = check.failure() {
        printer.warning(failure);
    }
    let text = check
        .failure()
        .map_or_else(|| check.what(), |failure| failure.message().into());
    printer.prose(&format!(
        "{} {}{}: {}",
        word(check.outcome()),
        match models.asked_for {
            AskedFor::Connection => format!("{} uses ", connection.name),
            AskedFor::Draft | AskedFor::Choice => String::new(),
        },
        printable(connection.model.as_str()),
        printable(&text)
    ));
}

/// Models that their provider serves itself; empty columns are omitted.
fn plain(models: &[&ListedModel]) -> String {
    let columns = [
        ModelColumn::new(ListColumn::new("CREATED").cut(8).drop(6), day),
        ModelColumn::new(ListColumn::new("OWNED BY").cut(8).drop(6), |model| {
            known(&model.owned_by)
        }),
        ModelColumn::new(ListColumn::new("$/1M IN").right().drop(1), |model| {
            price(model.rates.input)
        }),
        ModelColumn::new(ListColumn::new("$/1M OUT").right().drop(1), |model| {
            price(model.rates.output)
        }),
        ModelColumn::new(ListColumn::new("CONTEXT").right().drop(2), |model| {
            model.context_length.map(|tokens| tokens.to_string())
        }),
        ModelColumn::new(ListColumn::new("SIZE").right().drop(4), |model| {
            model.size_bytes.map(size)
        }),
        ModelColumn::new(ListColumn::new("PARAMETERS").right().drop(5), |model| {
            known(&model.parameter_size)
        }),
        ModelColumn::new(ListColumn::new("QUANTIZATION").drop(5), |model| {
            known(&model.quantization)
        }),
        // Most models have no shutdown date: an empty cell there does not mean unknown.
        ModelColumn {
            missing: String::new,
            ..ModelColumn::new(ListColumn::new("SHUTDOWN").drop(3), |model| {
                known(&model.shutdown_date)
            })
        },
    ];
    let shown: Vec<&ModelColumn> = columns
        .iter()
        .filter(|column| models.iter().any(|model| (column.value)(model).is_some()))
        .collect();
    let row = |model: &&ListedModel| {
        let cell = |column: &&ModelColumn| (column.value)(model).unwrap_or_else(column.missing);
        let id = printable(&model.id);
        std::iter::once(id).chain(shown.iter().map(cell)).collect()
    };
    // A truncated id could not be copied, and prices are the purpose of the list.
    let heads: Vec<ListColumn<'_>> = std::iter::once(ListColumn::new("MODEL"))
        .chain(shown.iter().map(|column| column.head))
        .collect();
    listing(&heads, models.iter().map(row).collect())
}

/// A column of the list of models.
struct ModelColumn {
    head: ListColumn<'static>,
    /// The cell of a model, if known.
    value: fn(&ListedModel) -> Option<String>,
    /// The cell of an unknown value.
    missing: fn() -> String,
}

impl ModelColumn {
    const fn new(head: ListColumn<'static>, value: fn(&ListedModel) -> Option<String>) -> Self {
        Self {
            head,
            value,
            missing: unknown,
        }
    }
}

fn known(text: &Option<String>) -> Option<String> {
    text.as_deref().map(printable)
}

fn price(price: Option<Price>) -> Option<String> {
    price.map(|price| price.to_string())
}

fn day(model: &ListedModel) -> Option<String> {
    let created = model.created?.to_string();
    Some(created.chars().take(DAY).collect())
}

/// Formats bytes in decimal units: `2.0 GB`.
fn size(bytes: u64) -> String {
    let tenths = bytes.saturating_add(TENTH_OF_GB / 2) / TENTH_OF_GB;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

/// Models of a router: one line per live sub-provider, prices in USD per million tokens.
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
            row.resize(ROUTES.len(), String::new());
            return vec![row];
        }
        live.into_iter().map(|offer| route(model, offer)).collect()
    });
    listing(&ROUTES, rows.collect())
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

const ROUTES: [ListColumn<'static>; 8] = [
    ListColumn::new("MODEL"),
    ListColumn::new("LIVE AT"),
    ListColumn::new("$/1M IN").right().drop(1),
    ListColumn::new("$/1M OUT").right().drop(1),
    ListColumn::new("CONTEXT").right().drop(2),
    ListColumn::new("TOOLS").drop(3),
    ListColumn::new("SCHEMA").drop(4),
    ListColumn::new("FIRST MS").right().drop(5),
];
/// The length of `2026-11-20`.
const DAY: usize = 10;
const TENTH_OF_GB: u64 = 100_000_000;

#[cfg(test)]
mod tests {
    use synapse_core::money::Rates;

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

    #[test]
    fn only_columns_that_something_is_known_for_are_shown() {
        let local = ListedModel {
            id: "llama3.2:latest".into(),
            size_bytes: Some(2_019_393_189),
            parameter_size: Some("3.2B".into()),
            quantization: Some("Q4_K_M".into()),
            ..ListedModel::default()
        };
        let other = ListedModel {
            id: "n".into(),
            ..ListedModel::default()
        };
        let text = plain(&[&local, &other]);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0], ["MODEL", "SIZE", "PARAMETERS", "QUANTIZATION"]);
        assert_eq!(lines[1], ["llama3.2:latest", "2.0", "GB", "3.2B", "Q4_K_M"]);
        assert_eq!(lines[2], ["n", "?", "?", "?"]);
    }
}
