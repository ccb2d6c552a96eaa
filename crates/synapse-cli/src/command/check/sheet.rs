//! The lines of `check`, shown as they are decided.

use synapse_core::check::{Check, CheckOutcome};

use crate::output::{CommandLines, Printer, STRONG, check_block, styled};

/// The checks so far.
pub(super) struct CheckSheet {
    printer: Printer,
    checks: Vec<Check>,
}

impl CheckSheet {
    /// An empty sheet. Shows the title to people at once.
    pub(super) fn new(printer: &Printer) -> Self {
        if !printer.is_json() {
            printer.line(&format!(
                "{}  synapse {}",
                styled(STRONG, "Check"),
                env!("CARGO_PKG_VERSION")
            ));
        }
        Self {
            printer: printer.clone(),
            checks: Vec::new(),
        }
    }

    /// Adds a line and shows it.
    pub(super) fn push(&mut self, check: Check) {
        if !self.printer.is_json() {
            let columns = Printer::columns();
            self.printer
                .line(&check_block(&check, WIDTHS, columns, &CommandLines));
        }
        self.checks.push(check);
    }

    pub(super) fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Reports how many checks pass.
    pub(super) fn sum_up(&self) {
        let count = |outcome| {
            let went = |check: &&Check| check.outcome() == outcome;
            self.checks.iter().filter(went).count()
        };
        let (holds, warned, failed, skipped) = (
            count(CheckOutcome::Ok),
            count(CheckOutcome::Warn) + count(CheckOutcome::Missing),
            count(CheckOutcome::Fail),
            count(CheckOutcome::Skip),
        );
        let mut parts = vec![format!("{holds} ok")];
        for (number, word) in [
            (warned, if warned == 1 { "warning" } else { "warnings" }),
            (failed, "failed"),
            (skipped, "skipped"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        self.printer.line(&parts.join(", "));
    }
}

/// A connection's name of usual length fits after its id.
const WIDTHS: [usize; 2] = [4, 20];
