//! Decodes runs of base64 and hexadecimal so that their content is searched like any other text.

use std::ops::{ControlFlow, Range};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroizing;

/// Yields each run of `bytes` whose decoded form satisfies `holds`, until `found` breaks.
pub(super) fn find(
    bytes: &[u8],
    holds: &mut impl FnMut(&[u8]) -> bool,
    found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| is_base64(**byte)).count();
        if run >= SHORTEST {
            let run = rest.get(..run).unwrap_or_default();
            if may_encode(run) && decodings(run, holds) {
                let padding = rest.get(run.len()..).unwrap_or_default();
                let padding = padding.iter().take_while(|byte| **byte == b'=').count();
                found(at..at + run.len() + padding)?;
            }
        }
        at += run + 1;
    }
    ControlFlow::Continue(())
}

/// Whether the run can be base64 of text, which mixes upper and lower case, or hexadecimal.
fn may_encode(run: &[u8]) -> bool {
    let mixed = run.iter().any(u8::is_ascii_lowercase) && run.iter().any(u8::is_ascii_uppercase);
    mixed || (run.len() >= SHORTEST_HEX && run.iter().all(u8::is_ascii_hexdigit))
}

fn decodings(run: &[u8], holds: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let digits = match run {
        [b'0', b'x' | b'X', digits @ ..] | digits => digits,
    };
    if digits.iter().all(u8::is_ascii_hexdigit) {
        // The run may start in the middle of a byte.
        let halves = [digits, digits.get(1..).unwrap_or_default()];
        if halves.iter().any(|digits| holds(&hexadecimal(digits))) {
            return true;
        }
    }
    // In a longer run, the token may start at any offset within a base64 group of four.
    (0..4).any(|skip| {
        let groups = run.get(skip..).unwrap_or_default();
        let standard: Zeroizing<Vec<u8>> = Zeroizing::new(
            groups
                .iter()
                .map(|byte| match byte {
                    b'-' => b'+',
                    b'_' => b'/',
                    other => *other,
                })
                .collect(),
        );
        // A single trailing character decodes to nothing.
        let whole = standard.len() - usize::from(standard.len() % 4 == 1);
        let decoded = LENIENT.decode(standard.get(..whole).unwrap_or_default());
        decoded.is_ok_and(|decoded| holds(&Zeroizing::new(decoded)))
    })
}

fn hexadecimal(run: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
    Zeroizing::new(
        run.chunks_exact(2)
            .map(|pair| {
                let number = pair
                    .iter()
                    .fold(0, |number, byte| number * 16 + digit(byte));
                u8::try_from(number).unwrap_or_default()
            })
            .collect(),
    )
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Accepts missing padding and leftover bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Fewer characters cannot encode a token.
const SHORTEST: usize = 24;
const SHORTEST_HEX: usize = 36;
