//! One column of one row group: values are gathered, then written as pages.

use std::collections::HashMap;
use std::io;

use synapse_core::ledger::ColumnValue;

use super::Physical;
use super::levels::{pack, width};
use super::thrift::Struct;

/// The values of a column that are not written yet.
#[derive(Debug)]
pub(crate) struct ColumnBuffer {
    physical: Physical,
    /// For each row 1 when its value is known, else 0.
    known: Vec<u32>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    /// Values as PLAIN has them, behind one another; where each ends; and what is known of them.
    Bytes {
        plain: Vec<u8>,
        ends: Vec<usize>,
        range: Option<(i64, i64)>,
    },
}

/// Where a column of a row group stands in the file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) begin: u64,
    pub(crate) size: u64,
    data_page: u64,
    has_dictionary: bool,
    rows: u64,
    nulls: u64,
    range: Option<(i64, i64)>,
}

impl ColumnBuffer {
    pub(crate) fn new(physical: Physical) -> Self {
        Self {
            physical,
            known: Vec::new(),
            values: Values::new(physical),
        }
    }

    pub(crate) const fn physical(&self) -> Physical {
        self.physical
    }

    pub(crate) fn push(&mut self, value: Option<ColumnValue>) {
        self.known.push(u32::from(value.is_some()));
        let Some(value) = value else { return };
        match (&mut self.values, &value) {
            (Values::Flags(flags), value) => flags.push(value.number() == Some(1)),
            (Values::Bytes { plain, ends, .. }, ColumnValue::Text(text)) => {
                // Texts of the ledger are far below 4 GiB.
                let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                plain.extend(length.to_le_bytes());
                plain.extend(text.as_bytes());
                ends.push(plain.len());
            }
            (Values::Bytes { plain, ends, range }, value) => {
                let number = value.number().unwrap_or_default();
                plain.extend(number.to_le_bytes());
                ends.push(plain.len());
                let (least, most) = range.unwrap_or((number, number));
                *range = Some((least.min(number), most.max(number)));
            }
        }
    }

    /// The pages of everything gathered, for the place `begin` of the file, and where they stand.
    pub(crate) fn take(&mut self, begin: u64) -> io::Result<(Vec<u8>, Chunk)> {
        let known = std::mem::take(&mut self.known);
        let values = std::mem::replace(&mut self.values, Values::new(self.physical));
        let rows = known.len();
        let nulls = known.iter().filter(|known| **known == 0).count();
        let range = values.range();

        let mut bytes = Vec::new();
        let mut data = prefixed(pack(&known, 1))?;
        let mut encoding = PLAIN;
        let mut data_page = begin;
        let dictionary = values.dictionary();
        let has_dictionary = dictionary.is_some();
        if let Some(Dictionary {
            plain,
            entries,
            indices,
        }) = dictionary
        {
            put_page(
                &mut bytes,
                &dictionary_header(entries, plain.len())?,
                &plain,
            );
            data_page += bytes.len() as u64;
            encoding = RLE_DICTIONARY;
            let width = width(entries.saturating_sub(1));
            data.extend(u8::try_from(width));
            data.extend(pack(&indices, width));
        } else {
            data.extend(values.into_plain());
        }
        put_page(&mut bytes, &data_header(rows, encoding, data.len())?, &data);
        let chunk = Chunk {
            begin,
            size: bytes.len() as u64,
            data_page,
            has_dictionary,
            rows: rows as u64,
            nulls: nulls as u64,
            range,
        };
        Ok((bytes, chunk))
    }
}

impl Values {
    const fn new(physical: Physical) -> Self {
        match physical {
            Physical::Boolean => Self::Flags(Vec::new()),
            Physical::Int64 | Physical::ByteArray => Self::Bytes {
                plain: Vec::new(),
                ends: Vec::new(),
                range: None,
            },
        }
    }

    const fn range(&self) -> Option<(i64, i64)> {
        match self {
            Self::Flags(_) => None,
            Self::Bytes { range, .. } => *range,
        }
    }

    /// The distinct values and each value's place among them, when that is likely to be shorter.
    fn dictionary(&self) -> Option<Dictionary> {
        let Self::Bytes { plain, ends, .. } = self else {
            return None;
        };
        let mut places: HashMap<&[u8], u32> = HashMap::new();
        let mut dictionary = Dictionary::default();
        let mut begin = 0;
        for end in ends {
            let value = plain.get(begin..*end)?;
            begin = *end;
            let place = *places.entry(value).or_insert_with(|| {
                dictionary.plain.extend(value);
                dictionary.entries += 1;
                dictionary.entries - 1
            });
            dictionary.indices.push(place);
            if places.len() > MOST_ENTRIES || places.len() > ends.len() / 2 {
                return None;
            }
        }
        (dictionary.entries > 0).then_some(dictionary)
    }

    fn into_plain(self) -> Vec<u8> {
        match self {
            Self::Bytes { plain, .. } => plain,
            Self::Flags(flags) => flags
                .chunks(8)
                .map(|flags| {
                    let bits = flags.iter().enumerate();
                    bits.fold(0, |byte, (bit, flag)| byte | u8::from(*flag) << bit)
                })
                .collect(),
        }
    }
}

#[derive(Debug, Default)]
struct Dictionary {
    plain: Vec<u8>,
    entries: u32,
    indices: Vec<u32>,
}

impl Chunk {
    /// `ColumnMetaData` of parquet.thrift.
    pub(crate) fn metadata(&self, name: &str, physical: Physical) -> Struct {
        let mut to = Struct::default();
        to.i32(1, physical as i32);
        match self.has_dictionary {
            true => to.i32s(2, &[PLAIN, RLE, RLE_DICTIONARY]),
            false => to.i32s(2, &[PLAIN, RLE]),
        }
        to.texts(3, &[name]);
        to.i32(4, UNCOMPRESSED);
        to.i64(5, self.rows);
        to.i64(6, self.size);
        to.i64(7, self.size);
        to.i64(9, self.data_page);
        if self.has_dictionary {
            to.i64(11, self.begin);
        }
        let mut statistics = Struct::default();
        statistics.i64(3, self.nulls);
        if let Some((least, most)) = self.range {
            statistics.binary(5, &most.to_le_bytes());
            statistics.binary(6, &least.to_le_bytes());
        }
        to.nested(12, statistics);
        to
    }
}

fn put_page(to: &mut Vec<u8>, header: &[u8], content: &[u8]) {
    to.extend(header);
    to.extend(content);
}

/// `PageHeader` of a dictionary page.
fn dictionary_header(entries: u32, length: usize) -> io::Result<Vec<u8>> {
    let mut dictionary = Struct::default();
    dictionary.i32(1, whole(entries as usize)?);
    dictionary.i32(2, PLAIN);
    let mut header = page_header(DICTIONARY_PAGE, length)?;
    header.nested(7, dictionary);
    Ok(header.end())
}

/// `PageHeader` of a data page.
fn data_header(rows: usize, encoding: i32, length: usize) -> io::Result<Vec<u8>> {
    let mut data = Struct::default();
    data.i32(1, whole(rows)?);
    data.i32(2, encoding);
    data.i32(3, RLE);
    data.i32(4, RLE);
    let mut header = page_header(DATA_PAGE, length)?;
    header.nested(5, data);
    Ok(header.end())
}

fn page_header(kind: i32, length: usize) -> io::Result<Struct> {
    let mut header = Struct::default();
    header.i32(1, kind);
    header.i32(2, whole(length)?);
    header.i32(3, whole(length)?);
    Ok(header)
}

fn prefixed(levels: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut bytes = whole(levels.len())?.to_le_bytes().to_vec();
    bytes.extend(levels);
    Ok(bytes)
}

/// Pages hold less than 2 GiB; rows of the ledger are some hundred bytes.
fn whole(length: usize) -> io::Result<i32> {
    i32::try_from(length).map_err(io::Error::other)
}

const MOST_ENTRIES: usize = 8_192;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;
const UNCOMPRESSED: i32 = 0;
const DATA_PAGE: i32 = 0;
const DICTIONARY_PAGE: i32 = 2;
