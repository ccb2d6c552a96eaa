//! Typed facts of a failure for control flow, each also shown under a stable key.

use super::Failure;

/// Boxed: few failures have any, and a failure should be cheap to return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FailureFacts {
    sub_provider: Option<String>,
    answer_length: AnswerLength,
    field: Option<String>,
    server: Option<String>,
    tool: Option<String>,
    execution: Option<Execution>,
    status: Option<u16>,
}

/// Whether the answer reached its maximum length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum AnswerLength {
    /// Unknown, or without an answer.
    #[default]
    Unknown,
    /// The model reached its token cap.
    AtCap,
}

/// Whether a failed call may have taken effect at its upstream server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Execution {
    /// It failed before it could run.
    DidNotRun,
    /// It was sent; whether it ran is unknown.
    MayHaveRun,
}

impl Failure {
    /// Names the sub-provider that answered for a router; shown as `served_by`.
    #[must_use]
    pub fn of_sub_provider(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.facts_mut().sub_provider = Some(name.clone());
        self.with("served_by", name)
    }

    /// The sub-provider that answered for a router.
    #[must_use]
    pub fn sub_provider(&self) -> Option<&str> {
        self.facts.as_ref()?.sub_provider.as_deref()
    }

    /// Marks that the model reached its token cap; shown as `token_cap_reached`. For a small probe
    /// that is a success: token, credits and model have all been accepted by then.
    #[must_use]
    pub fn at_token_cap(mut self) -> Self {
        self.facts_mut().answer_length = AnswerLength::AtCap;
        self.with("token_cap_reached", true)
    }

    /// Whether the model reached its token cap.
    #[must_use]
    pub fn reached_token_cap(&self) -> bool {
        self.facts
            .as_ref()
            .is_some_and(|facts| facts.answer_length == AnswerLength::AtCap)
    }

    /// Names the field whose value is wrong; shown as `field`.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.facts_mut().field = Some(field.clone());
        self.with("field", field)
    }

    /// The field whose value is wrong.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.facts.as_ref()?.field.as_deref()
    }

    /// Names the upstream server; shown as `server`.
    #[must_use]
    pub fn of_server(mut self, name: impl ToString) -> Self {
        let name = name.to_string();
        self.facts_mut().server = Some(name.clone());
        self.with("server", name)
    }

    /// The upstream server.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.facts.as_ref()?.server.as_deref()
    }

    /// Names the tool of an upstream server; shown as `tool`.
    #[must_use]
    pub fn of_tool(mut self, name: impl ToString) -> Self {
        let name = name.to_string();
        self.facts_mut().tool = Some(name.clone());
        self.with("tool", name)
    }

    /// The tool of an upstream server.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        self.facts.as_ref()?.tool.as_deref()
    }

    /// Sets whether the call may have taken effect; shown as `may_have_run`.
    #[must_use]
    pub fn with_execution(mut self, execution: Execution) -> Self {
        self.facts_mut().execution = Some(execution);
        let word = match execution {
            Execution::DidNotRun => "no",
            Execution::MayHaveRun => "yes",
        };
        self.with("may_have_run", word)
    }

    /// Whether the call may have taken effect, if known.
    #[must_use]
    pub fn execution(&self) -> Option<Execution> {
        self.facts.as_ref()?.execution
    }

    /// Sets the HTTP status of the answer; shown as `status`.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.facts_mut().status = Some(status);
        self.with("status", status)
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.facts.as_ref()?.status
    }

    fn facts_mut(&mut self) -> &mut FailureFacts {
        self.facts.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn facts_are_typed_and_shown() {
        let failure = Failure::new(Code::InternalInvariant, "x");
        assert_eq!(failure.sub_provider(), None);
        assert!(!failure.reached_token_cap());
        // The same key without the fact is for display alone.
        let shown = failure.clone().with("token_cap_reached", true);
        assert!(!shown.reached_token_cap());
        assert_eq!(failure.clone().with("field", "model").field(), None);

        let failure = failure
            .of_sub_provider("novita")
            .at_token_cap()
            .in_field("model")
            .of_server("files")
            .of_tool("read")
            .with_execution(Execution::MayHaveRun)
            .with_status(503);
        assert_eq!(failure.sub_provider(), Some("novita"));
        assert!(failure.reached_token_cap());
        assert_eq!(failure.field(), Some("model"));
        assert_eq!(
            (failure.server(), failure.tool()),
            (Some("files"), Some("read"))
        );
        assert_eq!(failure.execution(), Some(Execution::MayHaveRun));
        assert_eq!(failure.status(), Some(503));
        let shown: Vec<(&str, &str)> = failure
            .context()
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("field", "model"),
                ("may_have_run", "yes"),
                ("served_by", "novita"),
                ("server", "files"),
                ("status", "503"),
                ("token_cap_reached", "true"),
                ("tool", "read"),
            ]
        );
    }
}
