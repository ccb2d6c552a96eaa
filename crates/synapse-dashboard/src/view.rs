//! Shared components: states, notes, remedies, check results, checklists, form results.

use maud::{Markup, html};
use synapse_core::check::{Check, CheckId, CheckOutcome, Finding};
use synapse_core::error::{Code, Failure, Hint};

use crate::app::{App, KeptResult};
use crate::ask::{Ask, segment};
use crate::hub::Tone;
use crate::icon::Icon;
use crate::page::csrf;
use crate::text::{foreign, foreign_block, outward, prose};

/// A panel with a heading.
pub(crate) fn panel(id: &str, class: &str, heading: &str, end: &Markup, body: &Markup) -> Markup {
    html! {
        section class=(format!("panel {class}")) aria-labelledby=(id) {
            div .ph { h2 #(id) { (heading) } span .end { (end) } }
            (body)
        }
    }
}

/// A table with its own scrolling, reachable by keyboard.
pub(crate) fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div .tw tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// A state: an icon and words.
pub(crate) fn state(tone: Tone, icon: Icon, words: &Markup) -> Markup {
    html! { span class=(format!("st {}", class(tone))) { (icon.show()) (words) } }
}

/// The icon of a tone.
pub(crate) const fn icon(tone: Tone) -> Icon {
    match tone {
        Tone::Good => Icon::Tick,
        Tone::Look => Icon::Warning,
        Tone::Bad => Icon::Failed,
        Tone::Off => Icon::None,
    }
}

/// The class of a tone.
pub(crate) const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "ok",
        Tone::Look => "warn",
        Tone::Bad => "bad",
        Tone::Off => "off",
    }
}

/// A note; `role` is set for new findings.
pub(crate) fn note(tone: Tone, role: Option<&str>, body: &Markup) -> Markup {
    let icon = match tone {
        Tone::Off => Icon::Info,
        tone => icon(tone),
    };
    html! {
        div class=(format!("note {}", class(tone))) role=[role] { (icon.show()) div { (body) } }
    }
}

/// The message of the previous form, if still stored.
pub(crate) fn said(app: &App, ask: &Ask) -> Markup {
    let kept = ask.get("done").and_then(|id| app.kept(id));
    html! {
        @if let Some(KeptResult::Said(tone, text)) = kept {
            (note(tone, Some("status"), &html! { p { b { (foreign(&text)) } } }))
        }
    }
}

/// A code, linked to its explanation.
pub(crate) fn code(app: &App, code: &str) -> Markup {
    html! {
        a href=(app.to(&format!("explain/{}", segment(code)))) { code { (foreign(code)) } }
    }
}

/// A failure in brief: message, code, nearest cause.
pub(crate) fn failure_in_short(app: &App, failure: &Failure) -> Markup {
    html! {
        (prose(failure.message())) " " span .sub { (code(app, failure.code().as_str())) }
        @if let Some(cause) = failure.first_cause() { " " span .sub { (prose(cause)) } }
    }
}

/// The meaning of a code, if it is one.
pub(crate) fn meaning_of(name: &str) -> Markup {
    let entry = name.parse::<Code>().ok().and_then(Code::entry);
    html! { @if let Some(entry) = entry { (prose(entry.meaning)) } }
}

/// The first remedy of a code, without a failure.
pub(crate) fn remedy_of(app: &App, name: &str) -> Option<String> {
    let code: Code = name.parse().ok()?;
    code.entry().map(|entry| entry.remedy(app.remedies()))
}

/// All remedies of a failure.
pub(crate) fn remedies(app: &App, hints: &[Hint]) -> Markup {
    html! {
        ol {
            @for hint in hints {
                li {
                    (linked(&hint.text))
                    @if let Some(command) = hint.command(app.remedies()) { br; code .cmd data-copy { (foreign(&command)) } }
                }
            }
        }
    }
}

/// Text with its trailing https URL as a link.
fn linked(text: &str) -> Markup {
    match text.find("https://") {
        Some(at) => {
            let (before, rest) = text.split_at(at);
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (address, after) = rest.split_at(end);
            html! { (foreign(before)) (outward(address)) (foreign(after)) }
        }
        None => prose(text),
    }
}

/// One check result.
pub(crate) fn check_row(app: &App, check: &Check, took: Option<u64>) -> Markup {
    let (outcome, icon, says) = match check.outcome() {
        CheckOutcome::Ok => ("ok", Some(Icon::Tick), "holds"),
        CheckOutcome::Warn => ("warn", Some(Icon::Warning), "holds in part"),
        CheckOutcome::Fail | CheckOutcome::Missing => ("fail", Some(Icon::Cross), "does not hold"),
        CheckOutcome::Skip => ("skip", None, "not made"),
    };
    html! {
        li class=(outcome) data-rung=(check.id.as_str()) data-outcome=(outcome) {
            span .d { @if let Some(icon) = icon { (icon.show()) } span .vh { (says) } }
            span .rung { (check.id.as_str()) }
            span .what {
                @match &check.finding {
                    Finding::Fail(failure) => {
                        (code(app, failure.code().as_str())) br; (prose(failure.message()))
                    }
                    _ => (prose(&check.what())),
                }
            }
            span .ms { @if let Some(took) = took { (crate::words::span(took)) } }
            @if let Finding::Fail(failure) = &check.finding {
                div .remedy {
                    @for cause in failure.causes() { p .sub { (prose(cause)) } }
                    @if !failure.hints().is_empty() { p { b { "What to do" } } (remedies(app, failure.hints())) }
                }
            }
        }
    }
}

/// All preflight checks in order, to show what is proven.
pub(crate) const CHECK_ROWS: [CheckId; 8] = [
    CheckId::Config,
    CheckId::Endpoint,
    CheckId::Gate,
    CheckId::Credential,
    CheckId::Reach,
    CheckId::Token,
    CheckId::Model,
    CheckId::Live,
];

/// Proven checks solid, the others hatched.
pub(crate) fn pips(proven: &[String]) -> Markup {
    let holds = |id: &CheckId| proven.iter().any(|known| known == id.as_str());
    let words = |wanted: bool| {
        let ids: Vec<&str> = CHECK_ROWS
            .iter()
            .filter(|id| holds(id) == wanted)
            .map(|id| id.as_str())
            .collect();
        ids.join(", ")
    };
    let label = match (words(true).as_str(), words(false).as_str()) {
        ("", none) => format!("proved nothing; not proven {none}"),
        (all, "") => format!("proved {all}"),
        (some, rest) => format!("proved {some}; not proven {rest}"),
    };
    html! {
        span .pips role="img" aria-label=(label) {
            @for id in CHECK_ROWS { i class=[(!holds(&id)).then_some("u")] title=(id.as_str()) {} }
        }
    }
}

/// A text that one click selects completely.
pub(crate) fn snippet(text: &str, label: &str) -> Markup {
    html! { pre .snip tabindex="0" role="region" aria-label=(label) data-copy { (foreign_block(text)) } }
}

/// A form with one button.
pub(crate) fn button(
    app: &App,
    ask: &Ask,
    action: &str,
    class: &str,
    label: &Markup,
    fields: &[(&str, &str)],
) -> Markup {
    html! {
        form method="post" action=(app.to(action)) {
            (csrf(ask))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button class=(format!("btn {class}")) { (label) }
        }
    }
}

/// A submit button.
pub(crate) fn plain(text: &str) -> Markup {
    html! { (text) }
}
