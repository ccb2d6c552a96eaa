//! The documents of the contract: what `--json` prints and what an MCP tool returns.
//!
//! **Invariant:** these are structs of their own, never a domain type serialised, so that a change
//! of the domain cannot change a document. Keys are only ever added. Absent knowledge is `null`.

mod calls;
mod checklist;
mod connections;
mod failure;
mod ide;
mod models;

pub use self::calls::{
    ChatDocument, HistoryDocument, HistoryEntry, ReceiptView, ToolCallView, UsageDocument,
    UsageLineView,
};
pub use self::checklist::{ChecklistDocument, ItemView};
pub use self::connections::{
    CheckView, ConnectionDocument, ConnectionView, ConnectionsDocument, PreflightDocument,
};
pub use self::failure::{ErrorDocument, ErrorView, HintView};
pub use self::ide::{
    IdeChangeDocument, IdeChangeView, IdeCheckDocument, IdeCheckView, IdeClientView, IdeDocument,
    IdeFileView, IdeLinkDocument, IdeServerView, IdeSnippetDocument, IdeStepView,
};
pub use self::models::{ModelView, ModelsDocument, OfferView};
