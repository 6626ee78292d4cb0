//! `hex`, `unhex`, `base64`, `unbase64`, `crc32`.
use super::rows::{Rows, write_rows};
use crate::functions::arithmetic::operands::finish_ref;
use crate::functions::error::SparkError;
use arrow::array::{Array, AsArray, BinaryArray, Int64Array, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
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
    let values: BinaryArray = (0..rows.count()).map(|row| decode(text.get(row)?)).collect();
    finish_ref(args, Arc::new(values))
}

pub fn base64(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    write_rows(args, rows.count(), |row, out| {
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
            SparkError::new(
                "CONVERSION_INVALID_INPUT",
                format!(
                    "The value '{text}' (BASE64) cannot be converted to \"BINARY\" because it is malformed. Correct the value as per the syntax, or change its format. Use `try_to_binary` to tolerate malformed input and return NULL instead."
                ),
            )
        };
        Ok(ENGINE.decode(compact).map_err(failed)?)
    };
    let values = (0..rows.count()).map(|row| text.get(row).map(decode).transpose());
    finish_ref(args, Arc::new(values.collect::<Result<BinaryArray>>()?))
}

pub fn crc32(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(array) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    let values: Int64Array = array.iter().map(|v| v.map(|v| i64::from(crc(v)))).collect();
    finish_ref(args, Arc::new(values))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// With a byte order mark, which decides; without one, big endian.
    Utf16,
    Utf16Be,
    Utf16Le,
}

impl Charset {
    fn of(name: &str, function: &str) -> std::result::Result<Self, SparkError> {
        Ok(match name.to_ascii_uppercase().as_str() {
            "US-ASCII" => Self::Ascii,
            "ISO-8859-1" => Self::Latin1,
            "UTF-8" => Self::Utf8,
            "UTF-16" => Self::Utf16,
            "UTF-16BE" => Self::Utf16Be,
            "UTF-16LE" => Self::Utf16Le,
            _ => {
                let detail = format!("expects one of the iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-8, but got {name}.");
                return Err(SparkError::invalid_parameter("`charset`", &format!("`{function}`"), detail, "CHARSET"));
            }
        })
    }

    fn decode(self, bytes: &[u8]) -> Option<String> {
        let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
            if bytes.len().is_multiple_of(2) { String::from_utf16(&units).ok() } else { None }
        };
        match (self, bytes) {
            (Self::Ascii, _) => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned()),
            (Self::Latin1, _) => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            (Self::Utf8, _) => String::from_utf8(bytes.to_vec()).ok(),
            (Self::Utf16, [0xff, 0xfe, rest @ ..]) | (Self::Utf16Le, rest) => wide(rest, u16::from_le_bytes),
            (Self::Utf16, [0xfe, 0xff, rest @ ..]) | (Self::Utf16 | Self::Utf16Be, rest) => wide(rest, u16::from_be_bytes),
        }
    }

    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16 => Some([0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()),
            Self::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        }
    }
}

fn malformed(function: &str, charset: &str) -> SparkError {
    SparkError::new("MALFORMED_CHARACTER_CODING", format!("Invalid value found when performing `{function}` with {charset}"))
}

pub fn decode(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let Some(bytes) = rows.arrays().first().and_then(|a| a.as_binary_opt::<i32>()) else { return exec_err!("expected binary") };
    let charsets = rows.text(1)?;
    let constant = bytes.len() == 1;
    write_rows(args, rows.count(), |row, out| {
        let at = if constant { 0 } else { row };
        let (true, Some(name)) = (bytes.is_valid(at), charsets.get(row)) else { return Ok(None) };
        let text = Charset::of(name, "decode")?.decode(bytes.value(at)).ok_or_else(|| malformed("decode", name))?;
        out.push_str(&text);
        Ok(Some(()))
    })
}

pub fn encode(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let rows = Rows::new(args)?;
    let (texts, charsets) = (rows.text(0)?, rows.text(1)?);
    let encoded = |row| match (texts.get(row), charsets.get(row)) {
        (Some(text), Some(name)) => Charset::of(name, "encode")?.encode(text).map(Some).ok_or_else(|| malformed("encode", name)),
        _ => Ok(None),
    };
    let values = (0..rows.count()).map(encoded).collect::<std::result::Result<BinaryArray, SparkError>>()?;
    finish_ref(args, Arc::new(values))
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 });
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks() {
        assert_eq!(crc(b"Spark"), 1_557_323_817);
    }

    #[test]
    fn charsets() {
        for charset in [Charset::Latin1, Charset::Utf8, Charset::Utf16, Charset::Utf16Be, Charset::Utf16Le] {
            assert_eq!(charset.decode(&charset.encode("a\u{e9}").unwrap()).unwrap(), "a\u{e9}");
        }
        assert_eq!(Charset::Utf16.encode("a").unwrap(), [0xfe, 0xff, 0, b'a']);
        assert_eq!(Charset::Utf16.decode(&[0xff, 0xfe, b'a', 0]).unwrap(), "a");
        assert_eq!(Charset::Ascii.encode("\u{e9}"), None);
        assert_eq!(Charset::Utf8.decode(&[0xff]), None);
    }
}
