//! Images in a prompt: a URL for the provider to fetch, or the bytes as a data URL. Nothing here
//! opens a file or a socket.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;

/// An image of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an image: {\"url\"}, with `detail` if wanted"
)]
pub struct Image {
    /// Its URL, or its bytes as a data URL.
    pub url: ImageUrl,
    /// The level of detail, in the provider's terms, such as `low`.
    pub detail: Option<String>,
}

/// The URL of an image: `https:`, `http:`, or `data:image/…;base64,…`. Sent verbatim.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ImageUrl(String);

impl ImageUrl {
    /// The data URL of these bytes in a format from [`ImageFormat::detect`].
    #[must_use]
    pub fn data(format: ImageFormat, bytes: &[u8]) -> Self {
        let mut url = format!("data:{};base64,", format.media_type());
        STANDARD.encode_string(bytes, &mut url);
        Self(url)
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ImageUrl {
    type Error = ImageUrlError;

    fn try_from(text: String) -> Result<Self, ImageUrlError> {
        let begins = |scheme: &str| {
            text.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(ImageUrlError::Blank);
        }
        if begins("https://") || begins("http://") {
            return Ok(Self(text));
        }
        if !begins("data:image/") {
            return Err(ImageUrlError::Scheme);
        }
        match text.split_once(',') {
            Some((head, data)) if head.ends_with(";base64") && !data.is_empty() => Ok(Self(text)),
            Some(_) | None => Err(ImageUrlError::NotBase64),
        }
    }
}

impl FromStr for ImageUrl {
    type Err = ImageUrlError;

    /// # Errors
    /// The violated rule.
    fn from_str(text: &str) -> Result<Self, ImageUrlError> {
        text.to_owned().try_into()
    }
}

/// Shows only the start: a data URL may have millions of characters.
impl fmt::Debug for ImageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(SHOWN).collect();
        write!(
            formatter,
            "ImageUrl({shown:?}, {} characters)",
            self.0.len()
        )
    }
}

/// Why a text is not an image URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImageUrlError {
    /// Another scheme or none, as in a file name.
    #[error("an image URL begins with https://, http:// or data:image/; no file is read here")]
    Scheme,
    /// A data URL without base64 data.
    #[error("a data URL of an image is data:image/TYPE;base64,DATA")]
    NotBase64,
    /// White space or control characters.
    #[error("an image URL has no white space")]
    Blank,
}

/// An image format supported by vision models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
}

impl ImageFormat {
    /// Detects the format by the first bytes.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }
}

const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_kept_as_given_or_refused_with_the_reason() {
        for good in [
            "https://example.com/a b.png".replace(' ', "%20").as_str(),
            "HTTP://127.0.0.1/x",
            "data:image/png;base64,iVBORw0KGgo=",
            "data:image/svg+xml;charset=utf-8;base64,PHN2Zz4=",
        ] {
            assert_eq!(good.parse::<ImageUrl>().unwrap().as_str(), good);
        }
        for (bad, reason) in [
            ("", ImageUrlError::Scheme),
            ("photo.png", ImageUrlError::Scheme),
            ("file:///photo.png", ImageUrlError::Scheme),
            ("data:text/plain;base64,eA==", ImageUrlError::Scheme),
            ("data:image/png,abc", ImageUrlError::NotBase64),
            ("data:image/png;base64,", ImageUrlError::NotBase64),
            ("data:image/png;base64", ImageUrlError::NotBase64),
            ("https://example.com/a b.png", ImageUrlError::Blank),
            ("data:image/png;base64,iVBO\nRw0K", ImageUrlError::Blank),
        ] {
            assert_eq!(bad.parse::<ImageUrl>(), Err(reason), "{bad}");
        }
    }

    #[test]
    fn a_format_is_told_by_the_bytes() {
        for (bytes, media_type) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF87a", Some("image/gif")),
            (b"GIF89a...", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg xmlns=", None),
            (b"%PDF-1.7", None),
            (b"", None),
        ] {
            let format = ImageFormat::detect(bytes);
            assert_eq!(format.map(ImageFormat::media_type), media_type);
        }
    }

    #[test]
    fn bytes_become_a_data_url_that_debug_does_not_spill() {
        let url = ImageUrl::data(ImageFormat::Png, &[0xfb; 90]);
        assert_eq!(url.as_str().parse(), Ok(url.clone()));
        assert!(url.as_str().starts_with("data:image/png;base64,+/v7"));
        let shown = format!("{url:?}");
        assert!(
            shown.len() < 80 && shown.contains("142 characters"),
            "{shown}"
        );
    }
}
