//! `synapse explain`: what an error code means and what to do.

use synapse_core::document::{CodeDocument, CodesDocument};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::nearest::nearest;

use super::{CommandError, Context};
use crate::output::{CommandLines, Printer, table};

pub(super) fn run(context: &Context, code: Option<&str>) -> Result<(), CommandError> {
    let printer = &context.printer;
    let Some(text) = code else {
        list(printer);
        return Ok(());
    };
    let entry = text.parse().ok().and_then(Code::entry).ok_or_else(|| {
        let failure = Failure::new(
            Code::UsageInvalidArguments,
            "no error code of that name is known",
        );
        let names = Code::CATALOGUE.iter().map(|entry| entry.name);
        match nearest(text, names).and_then(|near| near.parse().ok()) {
            Some(near) => failure.remedy(
                "did you mean this one?",
                &Remedy::ExplainCode { code: near },
            ),
            None => failure,
        }
        .remedy("see every code", &Remedy::ListCodes)
    })?;
    if printer.is_json() {
        printer.document(&CodeDocument::new(entry, &CommandLines));
    } else {
        printer.line(&format!(
            "{} (class {}, exit code {})",
            entry.name,
            entry.class.as_str(),
            entry.class.exit_code()
        ));
        printer.line(&format!("  means:    {}", entry.meaning));
        printer.line(&format!("  detected: {}", entry.detected(&CommandLines)));
        printer.line(&format!("  remedy:   {}", entry.remedy(&CommandLines)));
    }
    Ok(())
}

fn list(printer: &Printer) {
    if printer.is_json() {
        printer.document(&CodesDocument::new(Code::CATALOGUE, &CommandLines));
        return;
    }
    let rows = Code::CATALOGUE
        .iter()
        .map(|entry| {
            vec![
                entry.name.to_owned(),
                entry.class.exit_code().to_string(),
                entry.meaning.to_owned(),
            ]
        })
        .collect();
    printer.line(&table(&["CODE", "EXIT", "MEANING"], &[1], rows));
}
