//! `hex`, `unhex`, `base64`, `unbase64`, `crc32`.
use super::rows::{Rows, write_rows};
use crate::functions::arithmetic::operands::finish_ref;
use crate::functions::error::SparkError;
use arrow::array::{Array, AsArray, BinaryArray, Int64Array, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::DecodePaddingMode;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::fmt::Write;
use std::sync::Arc;

const ENGINE: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

pub fn hex(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first() else { return exec_err!("an argument is missing") };
    let bytes = |bytes: &[u8]| hex::encode_upper(bytes);
    let values: StringViewArray = match array.data_type() {
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().map(|v| v.map(|v| format!("{v:X}"))).collect(),
        DataType::Binary => array.as_binary::<i32>().iter().map(|v| v.map(bytes)).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(|v| v.map(|v| bytes(v.as_bytes()))).collect(),
        other => return exec_err!("hex of {other}"),
    };
    finish_ref(args, Arc::new(values))
}

/// An odd digit comes first; what is not hexadecimal gives NULL.
pub fn unhex(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let text = rows.text(0)?;
    let decode = |text: &str| {
        let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
        hex::decode(even).ok()
    };
    let values: BinaryArray = (0..rows.len()).map(|row| decode(text.get(row)?)).collect();
    finish_ref(args, Arc::new(values))
}

pub fn base64(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    write_rows(args, rows.len(), |row, out| {
        if array.is_null(row) {
            return Ok(None);
        }
        // Spark breaks lines of 76 characters.
        let text = ENGINE.encode(array.value(row));
        for (i, line) in text.as_bytes().chunks(76).enumerate() {
            let _ = write!(out, "{}{}", if i == 0 { "" } else { "\r\n" }, String::from_utf8_lossy(line));
        }
        Ok(Some(()))
    })
}

pub fn unbase64(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let text = rows.text(0)?;
    let decode = |text: &str| -> Result<Vec<u8>> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let failed = |_| {
            SparkError::new("CONVERSION_INVALID_INPUT", format!("The value '{text}' (BASE64) cannot be converted to \"BINARY\" because it is malformed. Correct the value as per the syntax, or change its format. Use `try_to_binary` to tolerate malformed input and return NULL instead."))
        };
        Ok(ENGINE.decode(compact).map_err(failed)?)
    };
    let values = (0..rows.len()).map(|row| text.get(row).map(decode).transpose());
    finish_ref(args, Arc::new(values.collect::<Result<BinaryArray>>()?))
}

pub fn crc32(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    let values: Int64Array = array.iter().map(|v| v.map(|v| i64::from(crc(v)))).collect();
    finish_ref(args, Arc::new(values))
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks() {
        assert_eq!(crc(b"Spark"), 1_557_323_817);
    }
}
