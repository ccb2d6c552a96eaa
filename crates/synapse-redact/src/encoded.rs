//! Runs of base64 and of hexadecimal, decoded: what is in them is searched as any text is.

use std::ops::{ControlFlow, Range};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroizing;

/// Hands out the runs of `bytes` that hold, decoded in some way, what `holds` finds, until `found`
/// breaks.
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

/// Whether the run can be text in base64, which mixes small letters and capitals, or in hexadecimal.
fn may_encode(run: &[u8]) -> bool {
    let mixed = run.iter().any(u8::is_ascii_lowercase) && run.iter().any(u8::is_ascii_uppercase);
    mixed || (run.len() >= SHORTEST_HEX && run.iter().all(u8::is_ascii_hexdigit))
}

fn decodings(run: &[u8], holds: &mut impl FnMut(&[u8]) -> bool) -> bool {
    let digits = match run {
        [b'0', b'x' | b'X', digits @ ..] | digits => digits,
    };
    if digits.iter().all(u8::is_ascii_hexdigit) {
        // The run may begin with the second half of a byte.
        let halves = [digits, digits.get(1..).unwrap_or_default()];
        if halves.iter().any(|digits| holds(&hexadecimal(digits))) {
            return true;
        }
    }
    // The group of four that a token begins in is not known when the run is a part of a longer one.
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
        // One character alone decodes to nothing and is left out.
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

/// Takes what others wrote: with or without padding, and with bits left over.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// No token is shorter than what this many characters encode.
const SHORTEST: usize = 24;
const SHORTEST_HEX: usize = 36;
