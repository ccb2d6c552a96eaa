//! The words of `history list --columns`.

use synapse_core::ledger;

/// A column that the list can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HistoryColumn {
    /// The time since the call began.
    Age,
    /// The connection or upstream server.
    To,
    /// The model, or the tool of a server.
    Model,
    /// The IDE; `-` for the terminal.
    Client,
    /// The outcome, with its code.
    Outcome,
    /// Tokens in and out.
    Tokens,
    /// The cost.
    Cost,
    /// Milliseconds.
    Ms,
    /// The first words of the recorded prompt.
    Prompt,
    /// The id.
    Call,
    /// A column of the ledger.
    Ledger(ledger::Column),
}

impl HistoryColumn {
    /// Every column, by its word.
    pub(crate) fn all() -> Vec<Self> {
        let own = Self::USUAL;
        let is_own = |word: &str| own.iter().any(|each| each.as_str() == word);
        let others = ledger::Column::ALL
            .iter()
            .filter(|column| !is_own(column.as_str()));
        let others = others.copied().map(Self::Ledger);
        own.into_iter().chain(others).collect()
    }

    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::To => "to",
            Self::Model => "model",
            Self::Client => "client",
            Self::Outcome => "outcome",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Ms => "ms",
            Self::Prompt => "prompt",
            Self::Call => "call",
            Self::Ledger(column) => column.as_str(),
        }
    }

    /// The columns of a list that names none.
    pub(crate) const USUAL: [Self; 10] = [
        Self::Age,
        Self::To,
        Self::Model,
        Self::Client,
        Self::Outcome,
        Self::Tokens,
        Self::Cost,
        Self::Ms,
        Self::Prompt,
        Self::Call,
    ];
}
