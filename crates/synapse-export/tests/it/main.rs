//! Exports, read back with independent readers.

#![cfg(test)]

mod parquet_file;
mod rows;
mod text;
