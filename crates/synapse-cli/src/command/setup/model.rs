//! The model: chosen from the provider's live list, with price and context where the list has them;
//! typed when network access is off.

use synapse_core::check::Finding;
use synapse_core::connection::Draft;
use synapse_core::engine::{AskedFor, Models};
use synapse_core::money::Rates;
use synapse_core::preflight::Reach;
use synapse_core::provider::ProviderKind;
use synapse_core::provider::models::{ListedModel, Offer};
use synapse_core::redact::printable_line;

use super::connect::NextStep;
use super::{Setup, Stop, flag, missing};
use crate::prompt::{Asker, Left};

impl Setup<'_> {
    /// Decides the model of the draft.
    pub(super) fn model(
        &mut self,
        kind: ProviderKind,
        draft: &mut Draft,
    ) -> Result<NextStep, Stop> {
        self.step = "the model";
        let is_named = !draft.model.is_empty();
        if self.asker.is_none() || self.given.reach == Reach::Offline {
            if !is_named {
                draft.model = self.typed_model()?;
            }
            self.cap(kind, draft)?;
            return Ok(NextStep::Save);
        }
        self.note("");
        let hosts = self.hosts(draft)?;
        let host = hosts.first().map_or("the provider", String::as_str);
        self.note(&format!("asking {host} for its models …"));
        let models = match self.wait(self.engine.models_of(draft))? {
            Ok(models) => models,
            // A key that may not list models may still chat: preflight decides about a named one.
            Err(_) if is_named => return Ok(NextStep::Save),
            Err(failure) => return self.mend(failure, draft, NextStep::Model),
        };
        for warning in &models.warnings {
            self.printer().warning(warning);
        }
        if models.asked_for == AskedFor::Draft {
            if let Finding::Fail(failure) = &models.listed.own {
                let mut failure = failure.clone();
                if failure.causes().is_empty() && !models.nearest.is_empty() {
                    let nearest = models.nearest.join(", ");
                    failure = failure.cause(format!("nearest listed: {nearest}"));
                }
                return self.mend(failure, draft, NextStep::Model);
            }
        } else {
            draft.model = self.chosen_model(&models)?;
            let model = flag("--model", Some(&draft.model));
            self.same_as(&format!("synapse connection create …{model}"));
        }
        self.cap(kind, draft)?;
        Ok(NextStep::Save)
    }

    fn typed_model(&self) -> Result<String, Stop> {
        let asker = self.asker.as_ref().ok_or_else(|| missing("--model"))?;
        loop {
            let typed = asker.text("Model id:", "")?;
            if !typed.trim().is_empty() {
                return Ok(typed.trim().to_owned());
            }
        }
    }

    fn chosen_model(&self, models: &Models) -> Result<String, Stop> {
        let all = &models.listed.models;
        if all.is_empty() {
            self.note("the list is empty");
            return self.typed_model();
        }
        let Some(asker) = &self.asker else {
            return Err(missing("--model"));
        };
        let width = all.iter().map(|model| model.id.chars().count()).max();
        let width = width.unwrap_or_default().min(WIDEST_ID);
        let options: Vec<String> = all.iter().map(|model| described(model, width)).collect();
        let question = format!("Which of {} models?", all.len());
        let chosen = asker.searched(&question, &options)?;
        let Some(model) = all.get(chosen) else {
            return Err(missing("--model"));
        };
        let served = served_by(asker, model)?;
        Ok(match served {
            Some(offer) => format!("{}:{}", model.id, offer.sub_provider),
            None => model.id.clone(),
        })
    }

    /// Asks for a cap on answers, for a provider that requires one with every prompt.
    fn cap(&self, kind: ProviderKind, draft: &mut Draft) -> Result<(), Stop> {
        if kind != ProviderKind::Anthropic || draft.max_tokens.is_some() {
            return Ok(());
        }
        let asker = self.asker.as_ref().ok_or_else(|| missing("--max-tokens"))?;
        self.note("Every prompt needs a cap on its answer here.");
        let cap = loop {
            let typed = asker.text("The most tokens of an answer:", USUAL_CAP)?;
            match typed.trim().parse::<u64>() {
                Ok(cap @ 1..) => break cap,
                _ => self.note("write a number from 1"),
            }
        };
        draft.max_tokens = Some(cap);
        self.same_as(&format!("synapse connection create … --max-tokens {cap}"));
        Ok(())
    }
}

/// Asks who serves a routed model, if several do.
fn served_by<'a>(asker: &Asker, model: &'a ListedModel) -> Result<Option<&'a Offer>, Left> {
    let offers = model.offers.iter().flatten();
    let live: Vec<&Offer> = offers.filter(|offer| offer.live).collect();
    if live.len() < 2 {
        return Ok(None);
    }
    let any = "any: the router chooses for each prompt".to_owned();
    let each = live.iter().map(|offer| {
        let facts = facts(&offer.rates, offer.context_length);
        format!("{:<20}  {facts}", offer.sub_provider)
    });
    let options: Vec<String> = std::iter::once(any).chain(each).collect();
    let chosen = asker.one_of("Served by?", &options, 0)?;
    Ok(chosen
        .checked_sub(1)
        .and_then(|index| live.get(index).copied()))
}

/// A model in one line.
fn described(model: &ListedModel, width: usize) -> String {
    let id = printable_line(&model.id);
    let facts = match &model.offers {
        None => facts(&model.rates, model.context_length),
        Some(offers) => {
            let live: Vec<&Offer> = offers.iter().filter(|offer| offer.live).collect();
            match live.as_slice() {
                [] => "not served now".to_owned(),
                [only] => {
                    let facts = facts(&only.rates, only.context_length);
                    format!("{}  {facts}", only.sub_provider)
                }
                several => format!("{} sub-providers", several.len()),
            }
        }
    };
    format!("{id:<width$}  {facts}").trim_end().to_owned()
}

/// The known facts of a model.
fn facts(rates: &Rates, context: Option<u64>) -> String {
    let money = match (&rates.input, &rates.output) {
        (Some(input), Some(output)) => Some(format!("${input} in, ${output} out per 1M")),
        _ => None,
    };
    let context = context.map(|tokens| match tokens {
        0..1000 => format!("{tokens} context"),
        _ => format!("{}k context", tokens / 1000),
    });
    let known: Vec<String> = [money, context].into_iter().flatten().collect();
    known.join(", ")
}

/// Longer ids are not padded.
const WIDEST_ID: usize = 36;
const USUAL_CAP: &str = "4096";

#[cfg(test)]
mod tests {
    use synapse_core::money::Price;

    use super::*;

    #[test]
    fn a_line_says_what_is_known_and_nothing_of_what_is_not() {
        let model = ListedModel {
            id: "gpt".into(),
            context_length: Some(128_000),
            rates: Rates {
                input: Price::per_million("0.20"),
                output: Price::per_million("0.80"),
                ..Rates::default()
            },
            ..ListedModel::default()
        };
        let line = described(&model, 5);
        assert!(line.starts_with("gpt    $0.2"), "{line}");
        assert!(line.ends_with("128k context"), "{line}");
        let unknown = ListedModel {
            id: "m".into(),
            ..ListedModel::default()
        };
        assert_eq!(described(&unknown, 3), "m");
    }

    #[test]
    fn a_routed_model_says_how_many_serve_it() {
        let live = |name: &str| Offer {
            sub_provider: name.into(),
            live: true,
            ..Offer::default()
        };
        let model = |offers| ListedModel {
            id: "m".into(),
            offers: Some(offers),
            ..ListedModel::default()
        };
        assert_eq!(described(&model(vec![]), 1), "m  not served now");
        assert_eq!(described(&model(vec![live("novita")]), 1), "m  novita");
        let both = model(vec![live("novita"), live("groq")]);
        assert_eq!(described(&both, 1), "m  2 sub-providers");
    }
}
