//! `synapse hub auth-status`: shows logins and their expiry, never a token.

use std::collections::BTreeMap;

use synapse_core::error::{Failure, RemedyText};
use synapse_core::ports::{StoredTokens, UpstreamStore as _};
use synapse_core::upstream::{RecordKey, TokenRecord};
use synapse_documents::{AuthStatusDocument, AuthView};

use super::Configured;
use crate::args::HubAuthStatusArguments;
use crate::command::{CommandError, Context};
use crate::compose;
use crate::oauth::{self, has_authorization};
use crate::output::{Column, listing};
use crate::runtime::Runtime;

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubAuthStatusArguments,
) -> Result<(), CommandError> {
    let wanted = arguments.server.as_deref();
    if let Some(name) = wanted {
        // Reports a mistyped name.
        hub.stored(name)?;
    }
    let oauth = oauth::engine(context, &compose::home(context)?)?;
    let place = oauth.store().place();
    let stored = Runtime::start()?.block_on(oauth.store().list(hub.place.key()))?;
    let rows = rows(hub, stored, wanted)?;
    if context.printer.is_json() {
        let views = rows.iter().map(|row| row.view(&*hub.remedies)).collect();
        context
            .printer
            .document(&AuthStatusDocument::new(place, views));
        return Ok(());
    }
    if rows.is_empty() {
        context.printer.note("no server is configured");
        return Ok(());
    }
    let cells = rows.iter().map(LoginRow::cells).collect();
    context.printer.line(&listing(&COLUMNS, cells));
    context.printer.note(&format!("records are in {place}"));
    for row in &rows {
        if let LoginRow::Damaged(_, failure) = row {
            context.printer.warning(failure);
        }
    }
    Ok(())
}

const COLUMNS: [Column<'static>; 7] = [
    Column::new("SERVER"),
    Column::new("LOGIN"),
    Column::new("ISSUER").cut(12).drop(2),
    Column::new("CLIENT").cut(10).drop(4),
    Column::new("SCOPES").cut(8).drop(3),
    Column::new("EXPIRES").drop(1),
    Column::new("GENERATION").right().drop(5),
];

/// One line.
enum LoginRow {
    Without(String, &'static str),
    With(Box<(RecordKey, TokenRecord)>),
    Damaged(String, Failure),
}

fn rows(
    hub: &Configured,
    stored: Vec<StoredTokens>,
    wanted: Option<&str>,
) -> Result<Vec<LoginRow>, Failure> {
    let mut by_server: BTreeMap<String, Vec<LoginRow>> = BTreeMap::new();
    for tokens in stored {
        let row = match tokens.record {
            Ok(found) => LoginRow::With(Box::new(found)),
            Err(failure) => LoginRow::Damaged(tokens.server.clone(), failure),
        };
        by_server.entry(tokens.server).or_default().push(row);
    }
    let mut rows = Vec::new();
    for entry in hub.upstreams.load()? {
        let kept = by_server.remove(&entry.name).unwrap_or_default();
        if wanted.is_some_and(|wanted| wanted != entry.name) {
            continue;
        }
        let is_header = entry.upstream.as_ref().is_ok_and(has_authorization);
        match (kept.is_empty(), is_header) {
            (_, true) => rows.push(LoginRow::Without(entry.name, "header")),
            (true, false) => rows.push(LoginRow::Without(entry.name, "none")),
            (false, false) => rows.extend(kept),
        }
    }
    if wanted.is_none() {
        // Records of removed entries: `hub logout` removes them.
        rows.extend(by_server.into_values().flatten());
    }
    Ok(rows)
}

impl LoginRow {
    fn view(&self, remedies: &dyn RemedyText) -> AuthView {
        match self {
            Self::Without(server, credential) => AuthView::without(server, credential),
            Self::With(found) => AuthView::of(&found.0, &found.1),
            Self::Damaged(server, failure) => AuthView::damaged(server, failure, remedies),
        }
    }

    fn cells(&self) -> Vec<String> {
        let dash = || "-".to_owned();
        let (server, word) = match self {
            Self::Without(server, word) => (server, (*word).to_owned()),
            Self::Damaged(server, _) => (server, "damaged".to_owned()),
            Self::With(found) => {
                let (key, record) = found.as_ref();
                return vec![
                    key.server.to_string(),
                    match record.access {
                        Some(_) => record.state.as_str().to_owned(),
                        None => "none".to_owned(),
                    },
                    key.issuer.clone(),
                    record.client.kind.as_str().to_owned(),
                    or_none(&record.scopes),
                    end(record),
                    record.generation.to_string(),
                ];
            }
        };
        vec![server.clone(), word, dash(), dash(), dash(), dash(), dash()]
    }
}

/// Formats scopes.
pub(super) fn or_none(scopes: &[String]) -> String {
    match scopes {
        [] => "-".to_owned(),
        scopes => scopes.join(" "),
    }
}

/// Formats the expiry of a token.
pub(super) fn end(record: &TokenRecord) -> String {
    record
        .expires_at
        .map_or_else(|| "unknown".to_owned(), |end| end.to_string())
}
