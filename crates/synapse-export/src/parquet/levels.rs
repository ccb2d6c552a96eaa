//! Small numbers as Parquet packs them: runs of one number, and groups of eight side by side.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, RLE / bit-packing hybrid.

use super::thrift::varint;

/// Packs `values`, each of which fits into `width` bits.
pub(crate) fn pack(values: &[u32], width: u32) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut single: Vec<u32> = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|value| *value == first).count();
        // Singles go in groups of eight, so a run may have to lend them some.
        let missing = single.len().next_multiple_of(GROUP) - single.len();
        if run >= GROUP + missing {
            single.extend(std::iter::repeat_n(*first, missing));
            put_singles(&mut packed, &mut single, width);
            put_run(&mut packed, *first, run - missing, width);
        } else {
            single.extend(std::iter::repeat_n(*first, run));
        }
        rest = rest.get(run..).unwrap_or_default();
    }
    put_singles(&mut packed, &mut single, width);
    packed
}

/// How many bits every number up to `largest` fits into; never 0, which not every reader takes.
pub(crate) fn width(largest: u32) -> u32 {
    (u32::BITS - largest.leading_zeros()).max(1)
}

fn put_run(to: &mut Vec<u8>, value: u32, length: usize, width: u32) {
    varint(to, (length as u64) << 1);
    let bytes = width.div_ceil(8) as usize;
    to.extend(value.to_le_bytes().into_iter().take(bytes));
}

/// The last group is filled up with zeros, which the number of values says to leave out.
fn put_singles(to: &mut Vec<u8>, single: &mut Vec<u32>, width: u32) {
    if single.is_empty() {
        return;
    }
    single.resize(single.len().next_multiple_of(GROUP), 0);
    varint(to, ((single.len() / GROUP) as u64) << 1 | 1);
    let (mut held, mut bits) = (0_u64, 0);
    for value in single.drain(..) {
        held |= u64::from(value) << bits;
        bits += width;
        while bits >= 8 {
            to.extend(held.to_le_bytes().first());
            held >>= 8;
            bits -= 8;
        }
    }
}

const GROUP: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification: 0 to 7 in three bits each.
    #[test]
    fn groups_are_packed_from_the_lowest_bit() {
        let packed = pack(&[0, 1, 2, 3, 4, 5, 6, 7], 3);
        assert_eq!(packed, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn a_run_is_its_length_and_its_value() {
        assert_eq!(pack(&[1; 100], 1), [200, 1, 1]);
        assert_eq!(pack(&[258; 8], 9), [16, 2, 1]);
        assert_eq!(pack(&[], 1), [0_u8; 0]);
    }

    #[test]
    fn a_run_behind_singles_fills_their_group() {
        let values: Vec<u32> = [vec![0, 1], vec![1; 20]].concat();
        assert_eq!(pack(&values, 1), [3, 0b1111_1110, 28, 1]);
    }

    #[test]
    fn widths_hold_the_largest() {
        let widths = [0, 1, 2, 255, 256, u32::MAX].map(width);
        assert_eq!(widths, [1, 1, 2, 8, 9, 32]);
    }
}
