//! The supported platforms and their names in each registry.

use std::path::Path;

use crate::failure::Failure;

/// A platform, identified by its Rust target triple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) triple: &'static str,
    /// Suffix of its npm package.
    pub(super) npm: &'static str,
    pub(super) system: System,
    /// npm's name for the processor.
    pub(super) npm_processor: &'static str,
    /// Processor in the wheel tag.
    pub(super) wheel_processor: &'static str,
    /// Debian's name for the processor.
    pub(super) debian: Option<&'static str>,
}

/// An operating system, as far as packages differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    LinuxGnu,
    LinuxMusl,
    MacOs,
    Windows,
}

impl Platform {
    /// Looks up the platform by name.
    ///
    /// # Errors
    /// `Unknown` for an unsupported platform.
    pub(super) fn named(triple: &str) -> Result<Self, Failure> {
        let found = PLATFORMS.iter().find(|each| each.triple == triple);
        found.copied().ok_or_else(|| Failure::Unknown {
            what: "a platform that Synapse is packaged for",
            value: triple.to_owned(),
        })
    }

    /// The platform of this tool.
    pub(super) fn host() -> String {
        let processor = std::env::consts::ARCH;
        match std::env::consts::OS {
            "macos" => format!("{processor}-apple-darwin"),
            "windows" => format!("{processor}-pc-windows-msvc"),
            system if cfg!(target_env = "musl") => format!("{processor}-unknown-{system}-musl"),
            system => format!("{processor}-unknown-{system}-gnu"),
        }
    }

    pub(super) const fn program(&self) -> &'static str {
        match self.system {
            System::Windows => "synapse.exe",
            _ => "synapse",
        }
    }
}

impl System {
    /// The name in Node's `process.platform`, npm's `os` and MCP bundles' `platforms`.
    pub(super) const fn node_name(self) -> &'static str {
        match self {
            Self::LinuxGnu | Self::LinuxMusl => "linux",
            Self::MacOs => "darwin",
            Self::Windows => "win32",
        }
    }
}

/// Every release platform, in the order of `dist-workspace.toml`.
pub(super) const PLATFORMS: &[Platform] = &[
    platform("aarch64-apple-darwin", "darwin-arm64", System::MacOs),
    platform("aarch64-unknown-linux-gnu", "linux-arm64", System::LinuxGnu),
    platform(
        "aarch64-unknown-linux-musl",
        "linux-arm64-musl",
        System::LinuxMusl,
    ),
    platform("x86_64-apple-darwin", "darwin-x64", System::MacOs),
    platform("x86_64-pc-windows-msvc", "win32-x64", System::Windows),
    platform("x86_64-unknown-linux-gnu", "linux-x64", System::LinuxGnu),
    platform(
        "x86_64-unknown-linux-musl",
        "linux-x64-musl",
        System::LinuxMusl,
    ),
];

const fn platform(triple: &'static str, npm: &'static str, system: System) -> Platform {
    // A target triple starts with the processor.
    let arm = matches!(triple.as_bytes(), [b'a', ..]);
    let (npm_processor, wheel_processor, debian) = match (arm, system) {
        (true, System::MacOs) => ("arm64", "arm64", None),
        (true, System::LinuxGnu) => ("arm64", "aarch64", Some("arm64")),
        (true, _) => ("arm64", "aarch64", None),
        (false, System::LinuxGnu) => ("x64", "x86_64", Some("amd64")),
        (false, System::Windows) => ("x64", "amd64", None),
        (false, _) => ("x64", "x86_64", None),
    };
    Platform {
        triple,
        npm,
        system,
        npm_processor,
        wheel_processor,
        debian,
    }
}

/// The minor version of the newest glibc symbol a program requires: 34 for 2.34. Read from the
/// symbol versions in the file, so that a package requires no newer C library than its program
/// needs.
///
/// # Errors
/// `Unknown` when the program has no such symbols, for example if linked statically.
pub(super) fn glibc(binary: &Path, bytes: &[u8]) -> Result<u32, Failure> {
    const MARK: &[u8] = b"GLIBC_2.";
    let places = bytes.windows(MARK.len()).enumerate();
    let versions = places.filter(|(_, found)| *found == MARK).map(|(at, _)| {
        let digits = bytes.get(at + MARK.len()..).unwrap_or_default();
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |minor: u32, digit| {
            minor
                .saturating_mul(10)
                .saturating_add(u32::from(digit - b'0'))
        })
    });
    versions.max().ok_or_else(|| Failure::Unknown {
        what: "a program that is linked to the GNU C library",
        value: binary.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_builds_the_same_platforms() {
        let configuration = include_str!("../../../dist-workspace.toml");
        let (_, targets) = configuration.split_once("targets = [").unwrap();
        let (targets, _) = targets.split_once(']').unwrap();
        let targets: Vec<_> = targets
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
            .collect();
        let ours: Vec<_> = PLATFORMS.iter().map(|each| each.triple).collect();
        assert_eq!(targets, ours);
    }

    #[test]
    fn the_newest_symbol_decides() {
        let bytes = b"..GLIBC_2.17\0GLIBC_2.34\0GLIBC_2.3.4\0";
        assert_eq!(glibc(Path::new("x"), bytes).unwrap(), 34);
        assert!(glibc(Path::new("x"), b"static").is_err());
    }

    #[test]
    fn this_machine_is_one_of_them() {
        assert!(Platform::named(&Platform::host()).is_ok());
        assert!(Platform::named("wasm32-wasip1").is_err());
    }
}
