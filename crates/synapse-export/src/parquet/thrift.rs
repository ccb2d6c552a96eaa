//! Thrift's compact protocol, as far as Parquet's metadata needs it.
//!
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

/// A struct under construction. Fields are put in ascending order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    pub(crate) fn i32(&mut self, id: u8, value: i32) {
        self.field(id, I32);
        varint(&mut self.bytes, zigzag(i64::from(value)));
    }

    /// Counts and offsets, which are never negative.
    pub(crate) fn i64(&mut self, id: u8, value: u64) {
        self.field(id, I64);
        varint(
            &mut self.bytes,
            zigzag(i64::try_from(value).unwrap_or(i64::MAX)),
        );
    }

    pub(crate) fn truth(&mut self, id: u8, value: bool) {
        self.field(id, if value { TRUE } else { FALSE });
    }

    pub(crate) fn text(&mut self, id: u8, value: &str) {
        self.binary(id, value.as_bytes());
    }

    pub(crate) fn binary(&mut self, id: u8, value: &[u8]) {
        self.field(id, BINARY);
        put_binary(&mut self.bytes, value);
    }

    pub(crate) fn nested(&mut self, id: u8, value: Self) {
        self.field(id, STRUCT);
        self.bytes.extend(value.end());
    }

    pub(crate) fn structs(&mut self, id: u8, values: impl ExactSizeIterator<Item = Self>) {
        self.list(id, values.len(), STRUCT);
        for value in values {
            self.bytes.extend(value.end());
        }
    }

    pub(crate) fn i32s(&mut self, id: u8, values: &[i32]) {
        self.list(id, values.len(), I32);
        for value in values {
            varint(&mut self.bytes, zigzag(i64::from(*value)));
        }
    }

    pub(crate) fn texts(&mut self, id: u8, values: &[&str]) {
        self.list(id, values.len(), BINARY);
        for value in values {
            put_binary(&mut self.bytes, value.as_bytes());
        }
    }

    /// The bytes of the whole struct.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.bytes.push(STOP);
        self.bytes
    }

    /// Ids here are less than 16 apart, so the short form always does.
    fn field(&mut self, id: u8, kind: u8) {
        let step = id.saturating_sub(self.last);
        self.bytes.push(step << 4 | kind);
        self.last = id;
    }

    fn list(&mut self, id: u8, length: usize, kind: u8) {
        self.field(id, LIST);
        match u8::try_from(length) {
            Ok(short @ 0..15) => self.bytes.push(short << 4 | kind),
            _ => {
                self.bytes.push(0xf0 | kind);
                varint(&mut self.bytes, length as u64);
            }
        }
    }
}

fn put_binary(to: &mut Vec<u8>, value: &[u8]) {
    varint(to, value.len() as u64);
    to.extend(value);
}

/// Seven bits to the byte, the lowest first (LEB128).
pub(crate) fn varint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = (value & 0x7f) as u8; // seven bits fit
        value >>= 7;
        if value == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let bytes = |value: u64| {
            let mut bytes = Vec::new();
            varint(&mut bytes, value);
            bytes
        };
        assert_eq!(bytes(0), [0]);
        assert_eq!(bytes(127), [0x7f]);
        assert_eq!(bytes(300), [0xac, 0x02]);
        assert_eq!((zigzag(0), zigzag(-1), zigzag(1)), (0, 1, 2));
        assert_eq!(zigzag(i64::MIN), u64::MAX);
    }

    #[test]
    fn a_struct_is_its_fields_and_a_stop() {
        let mut inner = Struct::default();
        inner.truth(1, true);
        let mut outer = Struct::default();
        outer.i32(1, -1);
        outer.text(4, "ab");
        outer.nested(5, inner);
        assert_eq!(
            outer.end(),
            [0x15, 1, 0x38, 2, b'a', b'b', 0x1c, 0x11, 0, 0]
        );
    }
}
