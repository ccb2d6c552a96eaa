//! Describes the relevant part of a foreign JSON value.

/// The relevant parts of a JSON value. Everything else is skipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(super) scalar: Scalar,
    pub(super) members: &'static [(&'static str, &'static Self)],
    /// Maximum number of kept entries, and the shape of each.
    pub(super) entries: Option<(usize, &'static Self)>,
    /// Whether members without a shape are kept, within a limit.
    pub(super) others: bool,
    pub(super) whole: Whole,
}

/// Whether a value is kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    No,
    Yes,
    /// Unrequested, so less of it is kept.
    Spare,
}

/// The expected type of a scalar. Other types are kept, but count as flaws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    /// Of any type.
    Any,
    Text,
    Count,
    /// An object or a list is expected.
    None,
}

/// A text.
pub(crate) const TEXT: Shape = Shape::scalar(Scalar::Text);
/// An integer.
pub(crate) const COUNT: Shape = Shape::scalar(Scalar::Count);
/// A scalar.
pub(crate) const ANY: Shape = Shape::scalar(Scalar::Any);
/// Everything, within a limit.
pub(crate) const WHOLE: Shape = Shape {
    whole: Whole::Yes,
    ..Shape::scalar(Scalar::Any)
};
/// A member without a shape.
pub(super) const SPARE: Shape = Shape {
    whole: Whole::Spare,
    ..Shape::scalar(Scalar::Any)
};

impl Shape {
    const fn scalar(scalar: Scalar) -> Self {
        Self {
            scalar,
            members: &[],
            entries: None,
            others: false,
            whole: Whole::No,
        }
    }

    /// An object with these members.
    pub(crate) const fn object(members: &'static [(&'static str, &'static Self)]) -> Self {
        Self {
            members,
            ..Self::scalar(Scalar::None)
        }
    }

    /// A list, limited to its first `most` entries.
    pub(crate) const fn list(most: usize, each: &'static Self) -> Self {
        Self {
            entries: Some((most, each)),
            ..Self::scalar(Scalar::None)
        }
    }

    /// Alternatively such a list.
    pub(crate) const fn or_list(self, most: usize, each: &'static Self) -> Self {
        Self {
            entries: Some((most, each)),
            ..self
        }
    }

    /// Alternatively a text.
    pub(crate) const fn or_text(self) -> Self {
        Self {
            scalar: Scalar::Text,
            ..self
        }
    }

    /// Includes other members, within a limit.
    pub(crate) const fn and_others(self) -> Self {
        Self {
            others: true,
            ..self
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<(&'static str, &'static Self)> {
        self.members.iter().find(|(each, _)| *each == name).copied()
    }

    /// Whether the entries of a list are kept.
    pub(super) const fn looks_at_entries(&self) -> bool {
        !matches!(self.whole, Whole::No) || self.entries.is_some()
    }

    /// The shape of parts without one of their own.
    pub(super) const fn rest(&self) -> &'static Self {
        match self.whole {
            Whole::Yes => &WHOLE,
            Whole::No | Whole::Spare => &SPARE,
        }
    }
}
