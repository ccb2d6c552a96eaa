//! Which part of a foreign JSON value is looked at.

/// What a reader looks at in a JSON value. Everything else is passed over without being kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(super) scalar: Scalar,
    pub(super) members: &'static [(&'static str, &'static Self)],
    /// The most entries that are kept, and what is looked at in each.
    pub(super) entries: Option<(usize, &'static Self)>,
    /// Members without a shape are kept whole while there are few of them.
    pub(super) others: bool,
    pub(super) whole: Whole,
}

/// Whether all of a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    No,
    Yes,
    /// Nobody said that it is looked at, so less of it is kept.
    Spare,
}

/// What a scalar is expected to be. Whatever it is, it is kept; another type than this is a flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    /// Of any type.
    Any,
    Text,
    Count,
    /// There should be an object or a list.
    None,
}

/// A text.
pub(crate) const TEXT: Shape = Shape::scalar(Scalar::Text);
/// A whole number.
pub(crate) const COUNT: Shape = Shape::scalar(Scalar::Count);
/// A scalar.
pub(crate) const ANY: Shape = Shape::scalar(Scalar::Any);
/// Everything, while there is not too much of it.
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

    /// An object, of which these members are looked at.
    pub(crate) const fn object(members: &'static [(&'static str, &'static Self)]) -> Self {
        Self {
            members,
            ..Self::scalar(Scalar::None)
        }
    }

    /// A list, of which no more than the first `most` entries are looked at.
    pub(crate) const fn list(most: usize, each: &'static Self) -> Self {
        Self {
            entries: Some((most, each)),
            ..Self::scalar(Scalar::None)
        }
    }

    /// Or such a list.
    pub(crate) const fn or_list(self, most: usize, each: &'static Self) -> Self {
        Self {
            entries: Some((most, each)),
            ..self
        }
    }

    /// Or a text.
    pub(crate) const fn or_text(self) -> Self {
        Self {
            scalar: Scalar::Text,
            ..self
        }
    }

    /// And what else is there, while it is little.
    pub(crate) const fn and_others(self) -> Self {
        Self {
            others: true,
            ..self
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<(&'static str, &'static Self)> {
        self.members.iter().find(|(each, _)| *each == name).copied()
    }

    /// Whether anything is looked at in a list that is there.
    pub(super) const fn looks_at_entries(&self) -> bool {
        !matches!(self.whole, Whole::No) || self.entries.is_some()
    }

    /// The shape of what is in it and has none of its own.
    pub(super) const fn rest(&self) -> &'static Self {
        match self.whole {
            Whole::Yes => &WHOLE,
            Whole::No | Whole::Spare => &SPARE,
        }
    }
}
