//! `synapse hub env`: the variables that a server's process gets, and why. Shows no value of a
//! variable or secret.

use synapse_core::error::{Code, Failure};
use synapse_core::redact::printable_line;
use synapse_core::upstream::expand::VariableSource;
use synapse_core::upstream::{Piece, Target, Template};
use synapse_documents::{HubEnvDocument, HubVariableView};
use synapse_hub::allowed_variables;

use super::{Configured, Wanted};
use crate::command::{CommandError, Context};
use crate::output::table;

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    server: &str,
    explain: Wanted,
) -> Result<(), CommandError> {
    let (upstream, _) = hub.upstream(server)?;
    let approval = hub.approval(&upstream.name)?;
    let start = approval.and_then(|approval| approval.start);
    let expanded = hub.targets.expand(&upstream, start.as_ref())?;
    let Target::Program { environment, .. } = &expanded.target else {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            format!("`{server}` is a URL: there is no process that gets variables"),
        )
        .into());
    };
    let search_path = start
        .as_ref()
        .and_then(|start| start.search_path.as_deref());
    let lookup = |name: &str| hub.targets.variable(name);
    let mut variables: Vec<HubVariableView> = allowed_variables(&lookup, search_path)
        .into_iter()
        .filter(|(name, _)| environment.iter().all(|(declared, _)| declared != name))
        .map(|(name, _)| HubVariableView {
            name: name.to_owned(),
            value: None,
            because: match (name, search_path) {
                ("PATH", Some(_)) => {
                    "every program gets it: as it was when this was approved".to_owned()
                }
                _ => "every program gets it: passed on from Synapse's own environment".to_owned(),
            },
        })
        .collect();
    variables.extend(environment.iter().map(|(name, value)| HubVariableView {
        name: name.clone(),
        value: Some(value.to_string()),
        because: because(value, &expanded.variables),
    }));
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&HubEnvDocument::new(server, variables));
        return Ok(());
    }
    let rows = variables
        .iter()
        .map(|variable| {
            let value = variable.value.as_deref().unwrap_or("(passed on)");
            let mut row = vec![printable_line(&variable.name), printable_line(value)];
            if explain == Wanted::Yes {
                row.push(variable.because.clone());
            }
            row
        })
        .collect();
    match explain {
        Wanted::Yes => printer.line(&table(&["VARIABLE", "VALUE", "BECAUSE"], &[], rows)),
        Wanted::No => printer.line(&table(&["VARIABLE", "VALUE"], &[], rows)),
    }
    printer.note("it gets these and no others");
    Ok(())
}

fn because(value: &Template, found: &std::collections::BTreeMap<String, VariableSource>) -> String {
    let mut reasons = vec!["declared in `env`".to_owned()];
    for piece in &value.pieces {
        match piece {
            Piece::Value { name, .. } | Piece::Variable { name, .. } => {
                let place = match found.get(name) {
                    Some(VariableSource::Entry) => "the entry itself",
                    Some(VariableSource::File) => "a file of variables",
                    Some(VariableSource::Environment) => "this environment; an IDE may not have it",
                    Some(VariableSource::Default) | None => "its default",
                };
                reasons.push(format!("{name} from {place}"));
            }
            Piece::Secret(reference) => {
                reasons.push(format!(
                    "{} read when the server starts",
                    reference.scheme()
                ));
            }
            Piece::WorkspaceFolder => reasons.push("the folder of the IDE".to_owned()),
            Piece::Text(_) => {}
        }
    }
    reasons.join("; ")
}
