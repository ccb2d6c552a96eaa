//! Names of the kinds of providers.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};
use crate::nearest::nearest;

pub use super::profiles::ProviderKind;

impl ProviderKind {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.profile().name
    }
}

impl FromStr for ProviderKind {
    type Err = Failure;

    /// # Errors
    /// `config.unknown-provider` with the list of names.
    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
                let failure =
                    Failure::new(Code::ConfigUnknownProvider, "that provider is not known")
                        .cause(format!("known providers are: {}", names.join(", ")));
                match nearest(text, names.iter().copied()) {
                    Some(near) => failure.did_you_mean(text, near),
                    None => failure.hint("write the name exactly as listed"),
                }
                .hint("any server of OpenAI's wire format is openai-compatible, with --base-url")
                .in_field("provider")
            })
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::BaseUrl;

    #[test]
    fn names_parse_back_and_base_urls_pass_their_own_rules() {
        for kind in ProviderKind::ALL {
            let profile = kind.profile();
            assert_eq!(kind.as_str().parse(), Ok(kind));
            for base in profile
                .base_url
                .into_iter()
                .chain([profile.base_url_example])
            {
                assert!(base.parse::<BaseUrl>().is_ok(), "{kind}: {base}");
            }
        }
        let failure = "opnai".parse::<ProviderKind>().unwrap_err();
        assert_eq!(failure.code(), Code::ConfigUnknownProvider);
        assert!(
            failure
                .causes()
                .iter()
                .any(|cause| cause.contains("openai, huggingface"))
        );
    }

    #[test]
    fn every_kind_is_in_the_list_once() {
        let mut names: Vec<&str> = ProviderKind::ALL.iter().map(|kind| kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ProviderKind::ALL.len());
    }
}
