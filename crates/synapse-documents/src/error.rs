//! The document of a failure, with what else is known of a failed call.

use serde::Serialize;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::receipt::Receipt;

use crate::calls::ReceiptView;
use crate::failure::ErrorView;
use crate::preflight::PreflightDocument;

/// `synapse.error/1`.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorDocument {
    schema: &'static str,
    ok: bool,
    error: ErrorView,
    receipt: Option<ReceiptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<PreflightDocument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

impl ErrorDocument {
    /// The document of a failure without a receipt. `remedies` renders its commands.
    #[must_use]
    pub fn new(failure: &Failure, remedies: &dyn RemedyText) -> Self {
        Self {
            schema: "synapse.error/1",
            ok: false,
            error: ErrorView::new(failure, remedies),
            receipt: None,
            preflight: None,
            warnings: Vec::new(),
        }
    }

    /// Adds the receipt of the failed call.
    #[must_use]
    pub fn with_receipt(
        mut self,
        receipt: &Receipt,
        warnings: &[Failure],
        remedies: &dyn RemedyText,
    ) -> Self {
        self.receipt = Some(ReceiptView::from(receipt));
        self.warnings = ErrorView::all(warnings, remedies);
        self
    }

    /// Adds the failed preflight.
    #[must_use]
    pub fn with_preflight(mut self, preflight: PreflightDocument) -> Self {
        self.preflight = Some(preflight);
        self
    }
}
