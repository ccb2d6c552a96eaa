//! The documents printed by `--json` and returned by MCP tools.
//!
//! **Invariant:** documents are separate structs, never serialised domain types, so that domain
//! changes cannot affect them. Keys are append-only. Unknown values are `null`.

mod calls;
mod check;
mod checklist;
mod codes;
mod completions;
mod connections;
mod dataset;
mod demo;
mod doctor;
mod error;
mod failure;
mod hub;
mod ide;
mod ledger;
mod logins;
pub mod mcp;
mod models;
mod preflight;
mod preflights;
mod program;
mod providers;
mod secrets;
mod version;

pub use self::calls::{ChatDocument, OutgoingDocument, ReceiptView, ToolCallView};
pub use self::check::{CheckDocument, FixView};
pub use self::checklist::{ChecklistDocument, ItemView};
pub use self::codes::{CodeDocument, CodesDocument};
pub use self::completions::{CompletionsDocument, CompletionsView};
pub use self::connections::{ConnectionDocument, ConnectionView, ConnectionsDocument};
pub use self::dataset::DatasetDocument;
pub use self::demo::{DemoDocument, DemoStepView};
pub use self::doctor::DoctorDocument;
pub use self::error::ErrorDocument;
pub use self::failure::{ErrorView, HintView};
pub use self::hub::{
    HubApprovalDocument, HubApprovalView, HubCallDocument, HubChangeDocument, HubChangeView,
    HubCheckView, HubDocument, HubEnvDocument, HubLogDocument, HubPreflightDocument,
    HubProcessView, HubPsDocument, HubServerView, HubTargetView, HubToolView, HubToolsDocument,
    HubVariableView, hides_characters,
};
pub use self::ide::{
    IdeChangeDocument, IdeChangeView, IdeCheckDocument, IdeCheckView, IdeClientView, IdeDocument,
    IdeFileView, IdeLinkDocument, IdeServerView, IdeSnippetDocument, IdeStepView,
};
pub use self::ledger::{
    EntryDocument, HistoryDocument, HistoryEntry, Pages, PurgeDocument, RepairDocument,
    UsageDocument, UsageLineView, VerificationDocument,
};
pub use self::logins::{AuthStatusDocument, AuthView, LoginDocument, LoginView, LogoutDocument};
pub use self::models::{ModelView, ModelsDocument, OfferView};
pub use self::preflight::{CheckView, PreflightDocument};
pub use self::preflights::PreflightsDocument;
pub use self::program::VersionDocument;
pub use self::providers::{ProviderView, ProvidersDocument};
pub use self::secrets::{SecretDocument, SecretView, SecretsDocument};
pub use self::version::DocumentVersion;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
