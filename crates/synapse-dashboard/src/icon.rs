//! Icons: paths of Lucide (<https://lucide.dev>), ISC License, Copyright (c) Lucide Icons and
//! Contributors; see assets/LICENSE-lucide. An icon is never the only carrier of a meaning.

use maud::{Markup, html};

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Overview,
    Connections,
    Usage,
    History,
    Hub,
    Secrets,
    Doctor,
    System,
    Light,
    Dark,
    Refresh,
    Failed,
    Shield,
    Tick,
    Lock,
    Add,
    None,
    Edit,
    Remove,
    Ok,
    Warning,
    Denied,
    Clock,
    Info,
    Left,
    Right,
    Cross,
    Download,
}

impl Icon {
    const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &[
                "M4 3h5a1 1 0 0 1 1 1v7a1 1 0 0 1 -1 1h-5a1 1 0 0 1 -1 -1v-7a1 1 0 0 1 1 -1z",
                "M15 3h5a1 1 0 0 1 1 1v3a1 1 0 0 1 -1 1h-5a1 1 0 0 1 -1 -1v-3a1 1 0 0 1 1 -1z",
                "M15 12h5a1 1 0 0 1 1 1v7a1 1 0 0 1 -1 1h-5a1 1 0 0 1 -1 -1v-7a1 1 0 0 1 1 -1z",
                "M4 16h5a1 1 0 0 1 1 1v3a1 1 0 0 1 -1 1h-5a1 1 0 0 1 -1 -1v-3a1 1 0 0 1 1 -1z",
            ],
            Self::Connections => &[
                "M12 22v-5",
                "M15 8V2",
                "M17 8a1 1 0 0 1 1 1v4a4 4 0 0 1-4 4h-4a4 4 0 0 1-4-4V9a1 1 0 0 1 1-1z",
                "M9 8V2",
            ],
            Self::Usage => &["M5 21v-6", "M12 21V3", "M19 21V9"],
            Self::History => &[
                "M3 12a9 9 0 1 0 9-9 9.75 9.75 0 0 0-6.74 2.74L3 8",
                "M3 3v5h5",
                "M12 7v5l4 2",
            ],
            Self::Hub => &[
                "M17 16h4a1 1 0 0 1 1 1v4a1 1 0 0 1 -1 1h-4a1 1 0 0 1 -1 -1v-4a1 1 0 0 1 1 -1z",
                "M3 16h4a1 1 0 0 1 1 1v4a1 1 0 0 1 -1 1h-4a1 1 0 0 1 -1 -1v-4a1 1 0 0 1 1 -1z",
                "M10 2h4a1 1 0 0 1 1 1v4a1 1 0 0 1 -1 1h-4a1 1 0 0 1 -1 -1v-4a1 1 0 0 1 1 -1z",
                "M5 16v-3a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v3",
                "M12 12V8",
            ],
            Self::Secrets => &[
                "M2.586 17.414A2 2 0 0 0 2 18.828V21a1 1 0 0 0 1 1h3a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h1a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h.172a2 2 0 0 0 1.414-.586l.814-.814a6.5 6.5 0 1 0-4-4z",
                "M16 7.5a0.5 0.5 0 1 0 1 0a0.5 0.5 0 1 0 -1 0",
            ],
            Self::Doctor => &[
                "M11 2v2",
                "M5 2v2",
                "M5 3H4a2 2 0 0 0-2 2v4a6 6 0 0 0 12 0V5a2 2 0 0 0-2-2h-1",
                "M8 15a6 6 0 0 0 12 0v-3",
                "M18 10a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
            ],
            Self::System => &[
                "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-16a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2z",
                "M8 21L16 21",
                "M12 17L12 21",
            ],
            Self::Light => &[
                "M8 12a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
                "M12 2v2",
                "M12 20v2",
                "m4.93 4.93 1.41 1.41",
                "m17.66 17.66 1.41 1.41",
                "M2 12h2",
                "M20 12h2",
                "m6.34 17.66-1.41 1.41",
                "m19.07 4.93-1.41 1.41",
            ],
            Self::Dark => &[
                "M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401",
            ],
            Self::Refresh => &[
                "M3 12a9 9 0 0 1 9-9 9.75 9.75 0 0 1 6.74 2.74L21 8",
                "M21 3v5h-5",
                "M21 12a9 9 0 0 1-9 9 9.75 9.75 0 0 1-6.74-2.74L3 16",
                "M8 16H3v5",
            ],
            Self::Failed => &[
                "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
                "m15 9-6 6",
                "m9 9 6 6",
            ],
            Self::Shield => &[
                "M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z",
                "M12 8v4",
                "M12 16h.01",
            ],
            Self::Tick => &["M20 6 9 17l-5-5"],
            Self::Lock => &[
                "M5 11h14a2 2 0 0 1 2 2v7a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-7a2 2 0 0 1 2 -2z",
                "M7 11V7a5 5 0 0 1 10 0v4",
            ],
            Self::Add => &["M5 12h14", "M12 5v14"],
            Self::None => &["M5 12h14"],
            Self::Edit => &[
                "M21.174 6.812a1 1 0 0 0-3.986-3.987L3.842 16.174a2 2 0 0 0-.5.83l-1.321 4.352a.5.5 0 0 0 .623.622l4.353-1.32a2 2 0 0 0 .83-.497z",
                "m15 5 4 4",
            ],
            Self::Remove => &[
                "M10 11v6",
                "M14 11v6",
                "M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6",
                "M3 6h18",
                "M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2",
            ],
            Self::Ok => &[
                "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
                "m16 9-5.5 5.5L8 12",
            ],
            Self::Warning => &[
                "m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3",
                "M12 9v4",
                "M12 17h.01",
            ],
            Self::Denied => &[
                "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
                "M4.929 4.929 19.07 19.071",
            ],
            Self::Clock => &["M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0", "M12 6v6l4 2"],
            Self::Info => &[
                "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0",
                "M12 16v-4",
                "M12 8h.01",
            ],
            Self::Left => &["m15 18-6-6 6-6"],
            Self::Right => &["m9 18 6-6-6-6"],
            Self::Cross => &["M18 6 6 18", "m6 6 12 12"],
            Self::Download => &[
                "M12 15V3",
                "M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4",
                "m7 10 5 5 5-5",
            ],
        }
    }

    /// In the size of text.
    pub(crate) fn show(self) -> Markup {
        self.with_class("i")
    }

    /// A little smaller.
    pub(crate) fn small(self) -> Markup {
        self.with_class("i s")
    }

    /// With classes of the stylesheet.
    pub(crate) fn with_class(self, class: &str) -> Markup {
        html! {
            svg class=(class) viewBox="0 0 24 24" aria-hidden="true" {
                @for path in self.paths() { path d=(path) {} }
            }
        }
    }
}
