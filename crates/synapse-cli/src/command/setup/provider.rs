//! The provider. Those detected on this machine, by a set variable or a model server, are offered
//! first, and used only when chosen.

use synapse_core::connection::Draft;
use synapse_core::gate::NetworkGate;
use synapse_core::provider::{ProviderKind, TokenNeed};

use super::{Setup, Stop, flag, local, missing};

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// A provider.
    Kind(ProviderKind),
    /// Look for model servers on this machine.
    Look,
}

impl Setup<'_> {
    /// Chooses the provider.
    pub(super) fn provider(&mut self, draft: &mut Draft) -> Result<ProviderKind, Stop> {
        self.step = "the provider";
        if !draft.provider.is_empty() {
            return Ok(draft.provider.parse()?);
        }
        if self.asker.is_none() {
            return Err(missing("--provider"));
        }
        self.note("");
        let mut found = Vec::new();
        loop {
            let offers = self.offers(&found);
            let options: Vec<String> = offers
                .iter()
                .map(|offer| self.described(*offer, &found))
                .collect();
            let Some(asker) = &self.asker else {
                return Err(missing("--provider"));
            };
            let chosen = asker.one_of("Who answers?", &options, 0)?;
            match offers.get(chosen) {
                Some(Offer::Kind(kind)) => {
                    kind.as_str().clone_into(&mut draft.provider);
                    let environment = &self.context.environment;
                    let told = || local::base_url(*kind, environment);
                    draft.base_url = draft.base_url.take().or_else(told);
                    let provider = flag("--provider", Some(kind.as_str()));
                    let base_url = flag("--base-url", draft.base_url.as_deref());
                    self.same_as(&format!("synapse connection create …{provider}{base_url}"));
                    return Ok(*kind);
                }
                Some(Offer::Look) | None => found = self.look()?,
            }
        }
    }

    /// The detected providers first, then the table.
    fn offers(&self, found: &[ProviderKind]) -> Vec<Offer> {
        let set = VARIABLES.iter().filter(|(_, name)| self.is_set(name));
        let environment = &self.context.environment;
        let listening = local::KINDS
            .into_iter()
            .filter(|kind| local::listens(*kind, environment));
        let noticed = found
            .iter()
            .copied()
            .chain(set.map(|(kind, _)| *kind))
            .chain(listening);
        let mut offers: Vec<Offer> = Vec::new();
        let all = noticed.chain(ProviderKind::ALL).map(Offer::Kind);
        for offer in all {
            if !offers.contains(&offer) {
                offers.push(offer);
            }
        }
        let place = offers.len().min(BEFORE_LOOK);
        offers.insert(place, Offer::Look);
        offers
    }

    fn described(&self, offer: Offer, found: &[ProviderKind]) -> String {
        let kind = match offer {
            Offer::Kind(kind) => kind,
            Offer::Look => return self.look_offer(),
        };
        let profile = kind.profile();
        let environment = &self.context.environment;
        let variable = variable(kind).filter(|name| self.is_set(name));
        let note = match (variable, profile.token) {
            _ if found.contains(&kind) => "runs here".to_owned(),
            (Some(name), _) => format!("{name} is set here"),
            (None, _) if local::KINDS.contains(&kind) && local::listens(kind, environment) => {
                let address = local::address(kind, environment).unwrap_or_default();
                format!("something listens at {address}")
            }
            (None, TokenNeed::Optional) if profile.start.is_some() => {
                "on this machine, without a key".to_owned()
            }
            (None, _) => String::new(),
        };
        format!("{:<20}  {note}", profile.title)
            .trim_end()
            .to_owned()
    }

    /// The line that offers to look, with every address that is contacted then.
    fn look_offer(&self) -> String {
        let environment = &self.context.environment;
        let addresses: Vec<String> = local::KINDS
            .into_iter()
            .filter_map(|kind| local::address(kind, environment))
            .collect();
        format!("{LOOK}  connects to {}", addresses.join(", "))
    }

    fn is_set(&self, name: &str) -> bool {
        self.context.environment.variable(name).is_some()
    }

    /// Asks the addresses of Ollama and LM Studio for their models, because that was chosen.
    fn look(&self) -> Result<Vec<ProviderKind>, Stop> {
        let mut found = Vec::new();
        for kind in local::KINDS {
            let draft = Draft {
                provider: kind.as_str().to_owned(),
                base_url: local::base_url(kind, &self.context.environment),
                gate: NetworkGate::Open,
                timeout_seconds: Some(LOOKING_SECONDS),
                ..Draft::default()
            };
            let title = kind.profile().title;
            match self.wait(self.engine.models_of(&draft))? {
                Ok(models) => {
                    let count = models.listed.models.len();
                    self.note(&format!("  {title} runs here and has {count} models"));
                    found.push(kind);
                }
                Err(_) => self.note(&format!("  {title} does not answer")),
            }
        }
        Ok(found)
    }
}

/// The variable from which programs of this provider read its key.
pub(super) fn variable(kind: ProviderKind) -> Option<&'static str> {
    let mut all = VARIABLES.iter();
    all.find(|(each, _)| *each == kind).map(|(_, name)| *name)
}

const VARIABLES: [(ProviderKind, &str); 3] = [
    (ProviderKind::OpenAi, "OPENAI_API_KEY"),
    (ProviderKind::HuggingFace, "HF_TOKEN"),
    (ProviderKind::Anthropic, "ANTHROPIC_API_KEY"),
];
const LOOK: &str = "Look for Ollama, LM Studio";
const BEFORE_LOOK: usize = 3;
const LOOKING_SECONDS: u64 = 5;
