//! Exports, read back by somebody else's readers.

#![cfg(test)]

mod parquet_file;
mod rows;
mod text;
