//! Pending approvals in full, and their differences from the previous approval.

use synapse_core::error::Failure;
use synapse_core::ports::UpstreamStore as _;
use synapse_core::upstream::expand::Expanded;
use synapse_core::upstream::{Approval, Catalogue, Target, Template, Upstream, UpstreamTransport};
use synapse_dashboard::{Approval as Shown, Difference, Piece, Stage};
use synapse_documents::{HubToolView, hides_characters};

use super::HubPages;
use crate::command::hub::{Configured, show};

/// A pending approval, and what it would approve.
#[derive(Debug)]
pub(super) struct PendingApproval {
    pub(super) shown: Shown,
    pub(super) upstream: Upstream,
    pub(super) expanded: Expanded,
    /// The catalogue when it was started; `None` before that.
    pub(super) survey: Option<Approval>,
}

impl HubPages {
    /// The pending approvals.
    ///
    /// # Errors
    /// `config.*`, `storage.*`.
    pub(in crate::command) fn approvals(&self) -> Result<Vec<Shown>, Failure> {
        let waiting = self.waiting(&self.configured()?)?;
        Ok(waiting.into_iter().map(|each| each.shown).collect())
    }

    pub(super) fn waiting(&self, hub: &Configured) -> Result<Vec<PendingApproval>, Failure> {
        let mut all = Vec::new();
        for stored in hub.upstreams.load()? {
            // An invalid entry cannot be approved; the hub page has the reason.
            if let Ok(upstream) = stored.upstream
                && !upstream.disabled
            {
                all.extend(self.one(hub, upstream));
            }
        }
        Ok(all)
    }

    fn one(&self, hub: &Configured, upstream: Upstream) -> Option<PendingApproval> {
        let approved = hub.approval(&upstream.name).ok().flatten();
        let start = approved.as_ref().and_then(|each| each.start.as_ref());
        let current = approved.as_ref().filter(|approval| {
            hub.targets
                .expand(&upstream, start)
                .is_ok_and(|expanded| expanded.fingerprint == approval.fingerprint)
        });
        // Uses the PATH of this process, unless the approval still matches.
        let expanded = hub
            .targets
            .expand(&upstream, current.and_then(|each| each.start.as_ref()))
            .ok()?;
        let survey = self
            .surveys()
            .get(upstream.name.as_str())
            .filter(|survey| survey.fingerprint == expanded.fingerprint)
            .cloned();
        if current.is_some() && survey.is_none() {
            return None;
        }
        let reason = match (&survey, &approved, current) {
            (
                Some(_),
                Some(Approval {
                    catalogue: Some(_), ..
                }),
                Some(_),
            ) => "its tools differ from the approval",
            (Some(_), _, _) => "what it offers",
            (None, Some(_), _) => "it differs from its approval",
            (None, None, _) => "it is not approved",
        };
        let shown = Shown {
            server: upstream.name.to_string(),
            reason: reason.to_owned(),
            ..Shown::default()
        };
        let shown = with_target(shown, &upstream, &expanded);
        let before = approved.as_ref().and_then(|each| each.catalogue.as_deref());
        let shown = with_offer(shown, survey.as_ref(), before);
        let search_path = hub.targets.variable("PATH").unwrap_or_default();
        let hash = survey
            .as_ref()
            .and_then(|survey| survey.catalogue.as_ref())
            .map_or_else(String::new, |catalogue| catalogue.hash().to_string());
        Some(PendingApproval {
            shown: shown.sealed(&[expanded.fingerprint.as_str(), &hash, &search_path]),
            upstream,
            expanded,
            survey,
        })
    }
}

fn with_target(mut shown: Shown, upstream: &Upstream, expanded: &Expanded) -> Shown {
    let same = |text: String| Piece {
        text,
        change: Difference::Same,
    };
    let pairs = |pairs: &[(String, Template)]| {
        pairs
            .iter()
            .map(|(name, value)| (same(name.clone()), Some(value.to_string())))
            .collect()
    };
    match &expanded.target {
        Target::Program {
            program,
            arguments,
            directory,
            environment,
        } => {
            let command = match &upstream.transport {
                UpstreamTransport::Stdio { command, .. } => command.to_string(),
                UpstreamTransport::Http { .. } => program.clone(),
            };
            shown.argv = std::iter::once(command)
                .chain(arguments.iter().cloned())
                .map(same)
                .collect();
            shown.program = Some(program.clone());
            shown.directory = Some(directory.clone());
            shown.variables = pairs(environment);
        }
        Target::Url { url, headers } => {
            shown.argv = vec![same(url.to_string())];
            shown.variables = pairs(headers);
        }
    }
    shown.notes.push(format!(
        "It may ask the IDE for {}.",
        show::relayed(upstream)
    ));
    let warnings = show::not_passed_on(upstream, expanded);
    shown.notes.extend(
        warnings
            .into_iter()
            .map(|warning| warning.message().to_owned()),
    );
    shown
}

fn with_offer(mut shown: Shown, survey: Option<&Approval>, before: Option<&Catalogue>) -> Shown {
    let Some(catalogue) = survey.and_then(|survey| survey.catalogue.as_ref()) else {
        return shown;
    };
    shown.stage = Stage::Offer;
    let tools: Vec<HubToolView> = catalogue
        .tools
        .iter()
        .map(|tool| HubToolView::of(&shown.server, tool))
        .collect();
    let tokens: u64 = tools.iter().map(|tool| tool.estimated_tokens).sum();
    shown.notes.insert(
        0,
        format!(
            "It offers {} tools, about {tokens} tokens in every conversation.",
            tools.len()
        ),
    );
    for tool in &tools {
        if !tool.claims.is_empty() {
            let claims = tool.claims.join(", ");
            let name = &tool.name;
            shown.notes.push(format!("`{name}` claims to be {claims}."));
        }
        if tool.hides_characters {
            let name = &tool.name;
            shown
                .notes
                .push(format!("`{name}` has invisible characters."));
        }
    }
    if catalogue
        .instructions
        .as_deref()
        .is_some_and(hides_characters)
    {
        shown
            .notes
            .push("Its instructions have invisible characters.".to_owned());
    }
    shown.diff = difference(before.map(parts).unwrap_or_default(), parts(catalogue));
    shown
}

/// A part of a catalogue: a heading, and its text.
type CatalogueSection = (String, String);

fn parts(catalogue: &Catalogue) -> Vec<CatalogueSection> {
    let pretty = |value: &serde_json::Map<String, serde_json::Value>| {
        serde_json::to_string_pretty(value).unwrap_or_default()
    };
    let mut parts = vec![
        ("protocol".to_owned(), catalogue.protocol.clone()),
        ("server".to_owned(), pretty(&catalogue.server_info)),
        ("capabilities".to_owned(), pretty(&catalogue.capabilities)),
    ];
    if let Some(instructions) = &catalogue.instructions {
        parts.push(("instructions".to_owned(), instructions.clone()));
    }
    for (kind, items, key) in [
        ("tool", &catalogue.tools, "name"),
        ("prompt", &catalogue.prompts, "name"),
        ("resource", &catalogue.resources, "uri"),
        ("template", &catalogue.templates, "uriTemplate"),
        ("skill", &catalogue.skills, "name"),
    ] {
        parts.extend(items.iter().map(|item| {
            let name = item.get(key).and_then(serde_json::Value::as_str);
            (format!("{kind} {}", name.unwrap_or("?")), pretty(item))
        }));
    }
    parts
}

/// The changed parts, each with its heading; unchanged parts are only named.
fn difference(mut before: Vec<CatalogueSection>, now: Vec<CatalogueSection>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (heading, text) in now {
        let old = before
            .iter()
            .position(|(other, _)| *other == heading)
            .map(|place| before.remove(place).1);
        match old {
            Some(old) if old == text => {
                pieces.push(piece(format!("{heading}: as approved"), Difference::Same));
            }
            Some(old) => {
                pieces.push(piece(format!("{heading}: changed"), Difference::Same));
                lines(&mut pieces, &old, &text);
            }
            None => {
                pieces.push(piece(heading, Difference::New));
                lines(&mut pieces, "", &text);
            }
        }
    }
    for (heading, text) in before {
        pieces.push(piece(format!("{heading}: gone"), Difference::Gone));
        lines(&mut pieces, &text, "");
    }
    pieces
}

/// The lines of a text; a common beginning and end are left unmarked.
fn lines(pieces: &mut Vec<Piece>, old: &str, new: &str) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let shortest = old.len().min(new.len());
    let same = |(old, new): &(&&str, &&str)| old == new;
    let head = old.iter().zip(&new).take_while(same).count();
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count()
        .min(shortest - head);
    let mut push = |lines: &[&str], from: usize, to: usize, change: Difference| {
        for line in lines.iter().take(to).skip(from) {
            pieces.push(piece(format!("  {line}"), change));
        }
    };
    push(&new, 0, head, Difference::Same);
    push(&old, head, old.len() - tail, Difference::Gone);
    push(&new, head, new.len() - tail, Difference::New);
    push(&new, new.len() - tail, new.len(), Difference::Same);
}

fn piece(text: String, change: Difference) -> Piece {
    Piece { text, change }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_marks_the_lines_that_differ_and_no_others() {
        let part = |text: &str| vec![("tool a".to_owned(), text.to_owned())];
        let shown: Vec<(String, Difference)> = difference(part("1\n2\n3"), part("1\nx\n3"))
            .into_iter()
            .map(|piece| (piece.text, piece.change))
            .collect();
        let expected = [
            ("tool a: changed", Difference::Same),
            ("  1", Difference::Same),
            ("  2", Difference::Gone),
            ("  x", Difference::New),
            ("  3", Difference::Same),
        ]
        .map(|(text, change)| (text.to_owned(), change));
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_part_that_is_gone_shows_whole() {
        let shown = difference(vec![("tool a".to_owned(), "1".to_owned())], Vec::new());
        assert!(shown.iter().all(|piece| piece.change == Difference::Gone));
        assert_eq!(shown.len(), 2);
    }
}
