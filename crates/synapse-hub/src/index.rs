//! The hub's offer at one moment: names, items and owners, from the lists of all members.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use synapse_core::error::Failure;
use synapse_core::upstream::{Catalogue, Item, NamedItem};
use synapse_mcp::JsonObject;

use crate::budget::estimated_tokens;
use crate::failure::tool_denied;
use crate::instructions::instructions;
use crate::names::assign;
use crate::owners;
use crate::relay::PASSED_EXTENSIONS;
use crate::roster::{Member, Readiness};
use crate::runtime::Runtime;
use crate::search::Ranking;
use crate::settings::Selection;

/// The hub's offer at one moment.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) tools: Vec<OfferedTool>,
    pub(crate) prompts: Vec<OfferedPrompt>,
    /// Resources of exactly one member, as listed.
    pub(crate) resources: Vec<Item>,
    /// Templates of exactly one member.
    pub(crate) templates: Vec<Item>,
    /// Skills of all members.
    pub(crate) skills: Vec<Item>,
    pub(crate) instructions: Option<String>,
    pub(crate) extensions: JsonObject,
    tools_by_name: HashMap<String, Resolved>,
    prompts_by_name: HashMap<String, Resolved>,
    apps: HashMap<String, Vec<usize>>,
    runtimes: Vec<Arc<Runtime>>,
    ranking: OnceLock<Ranking>,
}

/// An offered tool.
#[derive(Debug, Clone)]
pub(crate) struct OfferedTool {
    /// Its offered name.
    pub(crate) name: String,
    /// Its name at the server.
    pub(crate) own: String,
    pub(crate) runtime: Arc<Runtime>,
    /// Its description, under the offered name.
    pub(crate) item: Item,
    pub(crate) bytes: u64,
    pub(crate) audience: Audience,
}

/// The callers of a tool, by `_meta.ui.visibility`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Models and apps.
    Everyone,
    /// Models only.
    Models,
    /// Apps only.
    Apps,
}

/// An offered prompt.
#[derive(Debug, Clone)]
pub(crate) struct OfferedPrompt {
    pub(crate) name: String,
    pub(crate) own: String,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) item: Item,
}

#[derive(Debug, Clone)]
enum Resolved {
    Offered(usize),
    Withheld(Failure),
}

/// The result of resolving a name.
#[derive(Debug)]
pub(crate) enum Found<'a, T> {
    /// An offered item.
    Offered(&'a T),
    /// A known item that is not offered.
    Withheld(&'a Failure),
    /// The tools of several apps match.
    Ambiguous(Vec<&'a str>),
    /// No match.
    Unknown,
}

/// The owner of a URI.
#[derive(Debug)]
pub(crate) enum UriOwner<'a> {
    One(&'a Arc<Runtime>),
    Several(Vec<&'a str>),
    Nobody,
}

impl Index {
    /// Builds the index of `members`, in order.
    pub(crate) fn of(members: &[Arc<Member>], selection: &Selection) -> Self {
        let mut index = Self {
            runtimes: members
                .iter()
                .filter(|member| matches!(member.standing, Readiness::Ready))
                .filter_map(|member| member.runtime.clone())
                .collect(),
            ..Self::default()
        };
        index.take_tools(members, selection);
        index.take_prompts(members, selection);
        index.take_resources();
        index.instructions = instructions(members, selection);
        for runtime in &index.runtimes {
            let lists = runtime.lists();
            let declared = lists.capabilities.get("extensions");
            for name in PASSED_EXTENSIONS {
                if let Some(settings) = declared.and_then(|declared| declared.get(name)) {
                    index
                        .extensions
                        .entry(name)
                        .or_insert_with(|| settings.clone());
                }
            }
            index.skills.extend(lists.skills.iter().cloned());
        }
        index
    }

    fn take_tools(&mut self, members: &[Arc<Member>], selection: &Selection) {
        let known = known(members, |lists| &lists.tools);
        let names = names(&known, selection);
        for ((member, listed), name) in known.into_iter().zip(names) {
            let own = listed.name().to_owned();
            let place = match (&member.standing, &member.runtime, &member.upstream) {
                (Readiness::Ready, Some(runtime), Some(upstream)) => {
                    if upstream.tools.permits(&own) {
                        let item = listed.renamed(&name);
                        let audience = audience(&listed);
                        let number = self.tools.len();
                        if audience != Audience::Models {
                            self.apps.entry(own.clone()).or_default().push(number);
                        }
                        self.tools.push(OfferedTool {
                            name: name.clone(),
                            own,
                            runtime: Arc::clone(runtime),
                            bytes: item.text().len() as u64,
                            item,
                            audience,
                        });
                        Resolved::Offered(number)
                    } else {
                        Resolved::Withheld(tool_denied(&upstream.name, &own))
                    }
                }
                _ => match member.failure() {
                    Some(failure) => Resolved::Withheld(failure.of_tool(&own)),
                    None => continue,
                },
            };
            self.tools_by_name.insert(name, place);
        }
    }

    fn take_prompts(&mut self, members: &[Arc<Member>], selection: &Selection) {
        let known = known(members, |lists| &lists.prompts);
        let names = names(&known, selection);
        for ((member, listed), name) in known.into_iter().zip(names) {
            let place = match (&member.standing, &member.runtime) {
                (Readiness::Ready, Some(runtime)) => {
                    let number = self.prompts.len();
                    self.prompts.push(OfferedPrompt {
                        name: name.clone(),
                        own: listed.name().to_owned(),
                        runtime: Arc::clone(runtime),
                        item: listed.renamed(&name),
                    });
                    Resolved::Offered(number)
                }
                _ => match member.failure() {
                    Some(failure) => Resolved::Withheld(failure),
                    None => continue,
                },
            };
            self.prompts_by_name.insert(name, place);
        }
    }

    /// Lists resources of exactly one member: a URI listed by two has no owner.
    fn take_resources(&mut self) {
        let mut owners: HashMap<String, BTreeSet<usize>> = HashMap::new();
        let all: Vec<_> = self
            .runtimes
            .iter()
            .map(|runtime| runtime.lists())
            .collect();
        for (number, lists) in all.iter().enumerate() {
            for (item, member) in lists
                .resources
                .iter()
                .map(|item| (item, "uri"))
                .chain(lists.templates.iter().map(|item| (item, "uriTemplate")))
            {
                if let Some(uri) = text(item, member) {
                    owners.entry(uri.to_owned()).or_default().insert(number);
                }
            }
        }
        let is_single = |item: &Item, member: &str| {
            text(item, member).is_none_or(|uri| {
                !uri.starts_with(RESERVED) && owners.get(uri).is_none_or(|owners| owners.len() == 1)
            })
        };
        for lists in &all {
            let resources = lists.resources.iter();
            self.resources
                .extend(resources.filter(|item| is_single(item, "uri")).cloned());
            let templates = lists.templates.iter();
            self.templates.extend(
                templates
                    .filter(|item| is_single(item, "uriTemplate"))
                    .cloned(),
            );
        }
    }

    /// Resolves a tool name. For an IDE that supports apps, a name without a server matches the
    /// only app-callable tool of that name.
    pub(crate) fn tool(&self, name: &str, for_apps: ForApps) -> Found<'_, OfferedTool> {
        match self.tools_by_name.get(name) {
            Some(Resolved::Offered(number)) => match self.tools.get(*number) {
                Some(tool) => return Found::Offered(tool),
                None => return Found::Unknown,
            },
            Some(Resolved::Withheld(failure)) => return Found::Withheld(failure),
            None => {}
        }
        let named = match for_apps {
            ForApps::Yes => self.apps.get(name).map_or(&[][..], Vec::as_slice),
            ForApps::No => &[],
        };
        let mut tools = named.iter().filter_map(|number| self.tools.get(*number));
        match (tools.next(), named.len()) {
            (Some(tool), 1) => Found::Offered(tool),
            (Some(first), _) => Found::Ambiguous(
                std::iter::once(first)
                    .chain(tools)
                    .map(|tool| tool.name.as_str())
                    .collect(),
            ),
            (None, _) => Found::Unknown,
        }
    }

    /// Resolves a prompt name.
    pub(crate) fn prompt(&self, name: &str) -> Found<'_, OfferedPrompt> {
        match self.prompts_by_name.get(name) {
            Some(Resolved::Offered(number)) => self
                .prompts
                .get(*number)
                .map_or(Found::Unknown, Found::Offered),
            Some(Resolved::Withheld(failure)) => Found::Withheld(failure),
            None => Found::Unknown,
        }
    }

    /// The owner of a URI: by list, then by template, by a tool's interface, by a skill, and last
    /// by a link it sent.
    pub(crate) fn owner(&self, uri: &str) -> UriOwner<'_> {
        if uri.starts_with(RESERVED) {
            return UriOwner::Nobody;
        }
        let by_list = |runtime: &Runtime| {
            let lists = runtime.lists();
            lists
                .resources
                .iter()
                .any(|item| text(item, "uri") == Some(uri))
        };
        let by_template = |runtime: &Runtime| {
            let lists = runtime.lists();
            lists.templates.iter().any(|item| {
                text(item, "uriTemplate").is_some_and(|template| owners::covers(template, uri))
            })
        };
        let by_interface = |runtime: &Runtime| {
            let lists = runtime.lists();
            lists
                .tools
                .iter()
                .any(|tool| owners::ui_resource(tool) == Some(uri))
        };
        let by_skill = |runtime: &Runtime| {
            let lists = runtime.lists();
            lists.skills.iter().any(|skill| {
                owners::skill_resources(skill)
                    .iter()
                    .any(|each| each == uri)
            })
        };
        let by_link = |runtime: &Runtime| runtime.linked(uri);
        let ways: [&dyn Fn(&Runtime) -> bool; 5] =
            [&by_list, &by_template, &by_interface, &by_skill, &by_link];
        for way in ways {
            let found: Vec<&Arc<Runtime>> = self
                .runtimes
                .iter()
                .filter(|runtime| way(runtime))
                .collect();
            match found.as_slice() {
                [] => {}
                [one] => return UriOwner::One(one),
                several => {
                    let names = several.iter().map(|runtime| runtime.server().as_str());
                    return UriOwner::Several(names.collect());
                }
            }
        }
        UriOwner::Nobody
    }

    /// The runtime with exactly this template.
    pub(crate) fn owner_of_template(&self, template: &str) -> UriOwner<'_> {
        if template.starts_with(RESERVED) {
            return UriOwner::Nobody;
        }
        let has = |runtime: &&Arc<Runtime>| {
            let lists = runtime.lists();
            lists
                .templates
                .iter()
                .any(|item| text(item, "uriTemplate") == Some(template))
        };
        let mut found = self.runtimes.iter().filter(has);
        match (found.next(), found.next()) {
            (Some(one), None) => UriOwner::One(one),
            (Some(one), Some(two)) => {
                UriOwner::Several(vec![one.server().as_str(), two.server().as_str()])
            }
            (None, _) => self.owner(template),
        }
    }

    /// The runtimes with skills.
    pub(crate) fn runtimes(&self) -> &[Arc<Runtime>] {
        &self.runtimes
    }

    /// Estimated tokens of all offered tools.
    pub(crate) fn tokens(&self) -> u64 {
        estimated_tokens(self.tools.iter().map(|tool| tool.bytes).sum())
    }

    /// The search index of tools, built on first use.
    pub(crate) fn ranking(&self) -> &Ranking {
        self.ranking.get_or_init(|| {
            Ranking::of(
                self.tools
                    .iter()
                    .map(|tool| (tool.runtime.server().as_str(), &*tool.item)),
            )
        })
    }
}

/// Whether an IDE supports apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForApps {
    Yes,
    No,
}

type KnownItem<'a> = (&'a Arc<Member>, NamedItem);

/// The items of all members that may be offered, with their names at the servers.
fn known<'a>(
    members: &'a [Arc<Member>],
    list: impl Fn(&Catalogue) -> &[Item],
) -> Vec<KnownItem<'a>> {
    let mut known = Vec::new();
    for member in members {
        let Some(lists) = member.lists() else {
            continue;
        };
        let mut seen = HashSet::new();
        for item in list(&lists).iter().filter_map(Item::named) {
            // The second of two items with one name cannot be called.
            if seen.insert(item.name().to_owned()) {
                known.push((member, item));
            }
        }
    }
    known
}

fn names(known: &[KnownItem<'_>], selection: &Selection) -> Vec<String> {
    if selection.is_alone() {
        return known
            .iter()
            .map(|(_, item)| item.name().to_owned())
            .collect();
    }
    let pairs: Vec<(&str, &str)> = known
        .iter()
        .map(|(member, item)| (member.name.as_str(), item.name()))
        .collect();
    assign(&pairs)
}

fn audience(tool: &NamedItem) -> Audience {
    let visibility = tool
        .meta()
        .and_then(|meta| meta.get("ui")?.get("visibility")?.as_array());
    let Some(visibility) = visibility else {
        return Audience::Everyone;
    };
    let has = |word: &str| visibility.iter().any(|each| each == word);
    match (has("model"), has("app")) {
        (true, false) => Audience::Models,
        (false, true) => Audience::Apps,
        (true, true) | (false, false) => Audience::Everyone,
    }
}

fn text<'a>(item: &'a JsonObject, member: &str) -> Option<&'a str> {
    item.get(member).and_then(Value::as_str)
}

/// URIs reserved for Synapse, invalid in upstreams.
const RESERVED: &str = "synapse://";
