//! The SQL types of columns.

/// The type of a column, with its constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum SqlType {
    /// The key of the table, a UUID.
    Key,
    /// A UUID.
    Id,
    /// Text.
    Text,
    /// Text that is empty where it does not apply, in rows of the hub.
    Name,
    /// The name of an outcome.
    Outcome,
    /// A time in milliseconds, before or after 1970.
    Time,
    /// A number that is not negative.
    Count,
    /// 0 or 1.
    Flag,
    /// A place in the chain.
    Place,
    /// A hash.
    Hash,
}

impl SqlType {
    /// Appends the line of the column `name` in the statement that creates the table.
    pub(super) fn define(self, name: &str, is_required: bool, to: &mut String) {
        let (kind, mut checks) = match self {
            Self::Key => ("BLOB", vec!["PRIMARY KEY CHECK (length(", name, ") = 16)"]),
            Self::Id => ("BLOB", vec!["CHECK (length(", name, ") = 16)"]),
            Self::Hash => ("BLOB", vec!["CHECK (length(", name, ") = 32)"]),
            Self::Text | Self::Name => ("TEXT", Vec::new()),
            Self::Outcome => ("TEXT", vec![OUTCOMES]),
            Self::Time => ("INTEGER", Vec::new()),
            Self::Count => ("INTEGER", vec!["CHECK (", name, " >= 0)"]),
            Self::Flag => ("INTEGER", vec!["CHECK (", name, " IN (0, 1))"]),
            Self::Place => ("INTEGER", vec!["CHECK (", name, " > 0)"]),
        };
        let words = if is_required { " NOT NULL" } else { "" };
        to.push_str("    ");
        to.push_str(name);
        to.extend(std::iter::repeat_n(' ', NAME.saturating_sub(name.len())));
        to.push_str(kind);
        if is_required || !checks.is_empty() {
            to.extend(std::iter::repeat_n(' ', KIND.saturating_sub(kind.len())));
            to.push_str(words);
        }
        if !checks.is_empty() {
            checks.insert(0, " ");
        }
        to.extend(checks);
    }
}

/// Written with OR, because SQLite would build a temporary table for such a long IN on every write.
const OUTCOMES: &str = "CHECK (
        outcome = 'ok' OR outcome = 'open' OR outcome = 'error' OR outcome = 'refused'
        OR outcome = 'cancelled' OR outcome = 'interrupted')";
/// Widths of the columns of this text: every ledger has it alike.
const NAME: usize = 19;
const KIND: usize = 7;
