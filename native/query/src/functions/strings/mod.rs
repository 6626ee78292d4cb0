//! Text, counted in characters.
mod change;
mod digest;
mod encode;
mod find;
mod regex;
pub mod rows;
mod slice;

use super::udf::{Arguments, Definition, Nulls, type_at};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use std::sync::Arc;

fn text(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Utf8View)
}

fn int(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int32)
}

fn long(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Int64)
}

fn binary(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Binary)
}

fn boolean(_: &Arguments) -> Result<DataType> {
    Ok(DataType::Boolean)
}

fn texts(_: &Arguments) -> Result<DataType> {
    Ok(DataType::List(Arc::new(Field::new("element", DataType::Utf8View, false))))
}

fn same(args: &Arguments) -> Result<DataType> {
    type_at(args, 0).cloned()
}

macro_rules! define {
    ($name:literal, $nulls:ident, $returns:expr, $invoke:expr) => {
        Definition { name: $name, nulls: Nulls::$nulls, returns: $returns, invoke: $invoke }
    };
}

pub const FUNCTIONS: &[Definition] = &[
    define!("kiln_substring", Strict, same, slice::substring),
    define!("kiln_left", Strict, text, slice::left),
    define!("kiln_right", Strict, text, slice::right),
    define!("kiln_trim", Strict, text, |a| slice::trim(slice::Side::Both, a)),
    define!("kiln_ltrim", Strict, text, |a| slice::trim(slice::Side::Left, a)),
    define!("kiln_rtrim", Strict, text, |a| slice::trim(slice::Side::Right, a)),
    define!("kiln_substring_index", Strict, text, slice::substring_index),
    define!("kiln_lpad", Strict, text, |a| change::pad(true, a)),
    define!("kiln_rpad", Strict, text, |a| change::pad(false, a)),
    define!("kiln_concat", Strict, same, change::concat),
    define!("kiln_concat_ws", Maybe, text, change::concat_ws),
    define!("kiln_replace", Strict, text, change::replace),
    define!("kiln_translate", Strict, text, change::translate),
    define!("kiln_split_part", Strict, text, change::split_part),
    define!("kiln_repeat", Strict, text, change::repeat),
    define!("kiln_space", Strict, text, change::space),
    define!("kiln_overlay", Strict, text, change::overlay),
    define!("kiln_initcap", Strict, text, change::initcap),
    define!("kiln_soundex", Strict, text, change::soundex),
    define!("kiln_chr", Strict, text, change::chr),
    define!("kiln_length", Strict, int, |a| find::byte_length(1, a)),
    define!("kiln_octet_length", Strict, int, |a| find::byte_length(1, a)),
    define!("kiln_bit_length", Strict, int, |a| find::byte_length(8, a)),
    define!("kiln_ascii", Strict, int, find::ascii),
    define!("kiln_instr", Strict, int, find::instr),
    define!("kiln_locate", Maybe, int, find::locate),
    define!("kiln_levenshtein", Strict, int, find::levenshtein),
    define!("kiln_find_in_set", Strict, int, find::find_in_set),
    define!("kiln_rlike", Strict, boolean, regex::matches),
    define!("kiln_regexp_extract", Strict, text, regex::extract),
    define!("kiln_regexp_replace", Strict, text, regex::replace),
    define!("kiln_split", Strict, texts, regex::split),
    define!("kiln_hex", Strict, text, encode::hex),
    define!("kiln_unhex", Maybe, binary, encode::unhex),
    define!("kiln_decode", Strict, text, encode::decode),
    define!("kiln_encode", Strict, binary, encode::encode),
    define!("kiln_elt", Maybe, |a| type_at(a, 1).cloned(), change::elt),
    define!("kiln_base64", Strict, text, encode::base64),
    define!("kiln_unbase64", Strict, binary, encode::unbase64),
    define!("kiln_crc32", Strict, long, encode::crc32),
    define!("kiln_md5", Strict, text, digest::md5),
    define!("kiln_sha1", Strict, text, digest::sha1),
    define!("kiln_sha2", Maybe, text, digest::sha2),
];
