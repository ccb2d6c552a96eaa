//! Decompresses bodies sent despite `accept-encoding: identity`, as some proxies and edges do. A
//! paid answer is still read as far as possible, under the cap.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1>

use std::fmt;
use std::io::{ErrorKind, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::response::{BodyCoding, Headers};

impl fmt::Display for BodyCoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.note().unwrap_or("the answer arrived as requested"))
    }
}

/// Why a body could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// It exceeds the cap.
    TooLarge,
    /// Its compression is not supported, or nothing could be decoded.
    Coding,
}

/// Whether `body` needs [`decode`]: a header says so, or it looks like gzip.
pub(crate) fn is_coded(headers: &Headers, body: &[u8]) -> bool {
    !body.is_empty() && (codings(headers).next().is_some() || body.starts_with(GZIP))
}

/// Removes the codings of a body, last one first, up to `cap` bytes.
pub(crate) fn decode(
    headers: &Headers,
    body: Vec<u8>,
    cap: usize,
) -> Result<(Vec<u8>, BodyCoding), Undecodable> {
    let mut named: Vec<Coding> = codings(headers).map(Coding::named).collect();
    if named.len() > MAX_CODINGS {
        return Err(Undecodable::Coding);
    }
    if named.is_empty() {
        named.push(Coding::Gzip);
    }
    let (mut body, mut outcome) = (body, BodyCoding::Plain);
    for coding in named.into_iter().rev() {
        let Some(read) = coding.decode(&body, cap)? else {
            // The bytes contradict the header, and the bytes win.
            continue;
        };
        let damaged = outcome == BodyCoding::Damaged || read.damaged;
        outcome = if damaged {
            BodyCoding::Damaged
        } else {
            BodyCoding::Decoded
        };
        body = read.bytes;
    }
    Ok((body, outcome))
}

/// The content codings named by the headers, in order of application.
fn codings(headers: &Headers) -> impl Iterator<Item = &str> {
    headers
        .all("content-encoding")
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Other,
}

/// The decoded bytes, and whether they are incomplete.
struct Inflated {
    bytes: Vec<u8>,
    damaged: bool,
}

impl Coding {
    fn named(name: &str) -> Self {
        match name {
            _ if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                Self::Gzip
            }
            _ if name.eq_ignore_ascii_case("deflate") => Self::Deflate,
            _ => Self::Other,
        }
    }

    /// `None` if `body` is not in this coding but plain text.
    fn decode(self, body: &[u8], cap: usize) -> Result<Option<Inflated>, Undecodable> {
        let inflated = match self {
            // Servers also mislabel gzip as other codings.
            _ if body.starts_with(GZIP) => inflate(MultiGzDecoder::new(body), cap)?,
            Self::Deflate => {
                // Some servers omit the zlib header, as RFC 9110 notes.
                let zlib = inflate(ZlibDecoder::new(body), cap)?;
                if zlib.bytes.is_empty() && !is_text(body) {
                    inflate(DeflateDecoder::new(body), cap)?
                } else {
                    zlib
                }
            }
            Self::Gzip | Self::Other => Inflated {
                bytes: Vec::new(),
                damaged: true,
            },
        };
        match inflated.damaged && inflated.bytes.is_empty() {
            false => Ok(Some(inflated)),
            true if is_text(body) => Ok(None),
            true => Err(Undecodable::Coding),
        }
    }
}

/// Reads to the end or the first damage; exceeding the cap is an error.
fn inflate(mut from: impl Read, cap: usize) -> Result<Inflated, Undecodable> {
    let mut bytes = Vec::new();
    let mut chunk = [0; CHUNK];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => {
                return Ok(Inflated {
                    bytes,
                    damaged: true,
                });
            }
        };
        if read.is_empty() {
            return Ok(Inflated {
                bytes,
                damaged: false,
            });
        }
        if bytes.len() + read.len() > cap {
            return Err(Undecodable::TooLarge);
        }
        bytes.extend_from_slice(read);
    }
}

/// Whether bytes are plain text: UTF-8 without control characters other than white space.
/// Compressed data almost never is, unless very short.
fn is_text(bytes: &[u8]) -> bool {
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    std::str::from_utf8(bytes).is_ok() && !bytes.iter().any(control)
}

/// Start of a gzip member: magic number and the only compression method (RFC 1952, 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

/// No server applies more; each pass reads the whole body.
const MAX_CODINGS: usize = 2;

const CHUNK: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

    use super::*;

    const ANSWER: &[u8] = br#"{"choices":[{"message":{"content":"Hello, hello, hello."}}]}"#;
    const CAP: usize = 1 << 20;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn headers(codings: &[&'static str]) -> Headers {
        let mut map = HeaderMap::new();
        for coding in codings {
            map.append(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        Headers::new(map)
    }

    fn decoded(
        codings: &[&'static str],
        body: &[u8],
    ) -> Result<(Vec<u8>, BodyCoding), Undecodable> {
        let headers = headers(codings);
        if is_coded(&headers, body) {
            decode(&headers, body.to_vec(), CAP)
        } else {
            Ok((body.to_vec(), BodyCoding::Plain))
        }
    }

    #[test]
    fn what_comes_compressed_is_decoded() {
        let twice = gzip(&gzip(ANSWER));
        let (first, rest) = ANSWER.split_at(9);
        let members = [gzip(first), gzip(rest)].concat();
        for (codings, body) in [
            (&["gzip"][..], gzip(ANSWER)),
            (&["X-GZIP"], gzip(ANSWER)),
            (&["gzip"], members),
            (&["deflate"], zlib(ANSWER)),
            (&["deflate"], deflate(ANSWER)),
            (&["gzip, gzip"], twice.clone()),
            (&["gzip", "gzip"], twice),
            (&["deflate, gzip"], gzip(&zlib(ANSWER))),
            (&["identity, gzip"], gzip(ANSWER)),
            // Wrong or missing headers.
            (&[], gzip(ANSWER)),
            (&["br"], gzip(ANSWER)),
            (&["deflate"], gzip(ANSWER)),
        ] {
            let whole = (ANSWER.to_vec(), BodyCoding::Decoded);
            assert_eq!(decoded(codings, &body), Ok(whole), "{codings:?}");
        }
    }

    #[test]
    fn a_plain_body_is_taken_whatever_its_header_says() {
        for coding in [
            "gzip", "deflate", "br", "zstd", "gzip, br", "identity", "nonsense", "",
        ] {
            let plain = (ANSWER.to_vec(), BodyCoding::Plain);
            assert_eq!(decoded(&[coding], ANSWER), Ok(plain), "{coding}");
        }
        assert_eq!(decoded(&["gzip"], b""), Ok((Vec::new(), BodyCoding::Plain)));
    }

    #[test]
    fn what_could_be_read_of_a_damaged_body_is_kept() {
        let whole = gzip(ANSWER);
        let mut checksum = whole.clone();
        let place = checksum.len() - 6;
        checksum[place] ^= 0xff;
        let trailing = [whole.as_slice(), b"trailing garbage"].concat();
        for body in [&checksum, &trailing, &whole[..whole.len() - 4].to_vec()] {
            let read = (ANSWER.to_vec(), BodyCoding::Damaged);
            assert_eq!(decoded(&["gzip"], body), Ok(read));
        }
        let long = ANSWER.repeat(1000);
        let packed = gzip(&long);
        let (read, coding) = decoded(&["gzip"], &packed[..packed.len() / 2]).unwrap();
        assert_eq!(coding, BodyCoding::Damaged);
        assert!(
            !read.is_empty() && long.starts_with(&read),
            "{}",
            read.len()
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x11, 0x00, 0x00];
        let brotli = [0x1b, 0x3b, 0x00, 0xf8, 0xff, 0x8d, 0x94, 0x6e];
        let three = gzip(&gzip(&gzip(ANSWER)));
        for (coding, body) in [
            ("zstd", &zstd[..]),
            ("br", &brotli),
            ("gzip", &brotli),
            ("gzip", &gzip(ANSWER)[..5]),
            ("gzip, gzip, gzip", &three),
        ] {
            assert_eq!(
                decoded(&[coding], body),
                Err(Undecodable::Coding),
                "{coding}"
            );
        }
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = gzip(&vec![b' '; CAP + 1]);
        assert!(bomb.len() < CAP / 100, "{}", bomb.len());
        assert_eq!(decoded(&["gzip"], &bomb), Err(Undecodable::TooLarge));
        let nested = gzip(&gzip(&vec![0; 20 * CAP]));
        assert_eq!(
            decoded(&["gzip, gzip"], &nested),
            Err(Undecodable::TooLarge)
        );
        let fits = gzip(&vec![b' '; CAP]);
        assert_eq!(decoded(&["gzip"], &fits).unwrap().0.len(), CAP);
    }
}
