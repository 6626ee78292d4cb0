//! Spark's own answers (tests/golden/spark_hash.json), in every Arrow representation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::*;
use kiln_shuffle::hash::{SPARK_SEED, hash_columns, partition_ids, partition_of, scalar};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/spark_hash.json")).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn precision(name: &str) -> Option<(u8, i8)> {
    let inner = name.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (p, s) = inner.split_once(',')?;
    Some((p.parse().unwrap(), s.parse().unwrap()))
}

type Texts<'a> = Vec<Option<&'a str>>;

fn texts(values: &Value) -> Texts<'_> {
    values.as_array().unwrap().iter().map(Value::as_str).collect()
}

fn numbers(values: &Value) -> Vec<i64> {
    values.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

fn ints<T: ArrowPrimitiveType>(texts: &Texts) -> ArrayRef
where
    T::Native: std::str::FromStr,
{
    let parse = |t: &&str| t.parse::<T::Native>().ok().unwrap();
    Arc::new(PrimitiveArray::<T>::from_iter(texts.iter().map(|t| t.as_ref().map(parse))))
}

/// The array of a golden column in its plainest representation.
fn array(name: &str, texts: &Texts) -> ArrayRef {
    let map = |f: &dyn Fn(&str) -> u64| -> Vec<Option<u64>> { texts.iter().map(|t| t.map(f)).collect() };
    match name {
        "boolean" => Arc::new(BooleanArray::from(texts.iter().map(|t| t.map(|t| t == "true")).collect::<Vec<_>>())),
        "byte" => ints::<Int8Type>(texts),
        "short" => ints::<Int16Type>(texts),
        "int" => ints::<Int32Type>(texts),
        "long" => ints::<Int64Type>(texts),
        "date" => ints::<Date32Type>(texts),
        "timestamp" | "timestamp_ntz" => ints::<TimestampMicrosecondType>(texts),
        "float" => Arc::new(Float32Array::from_iter(
            map(&|t| u64::from_str_radix(t, 16).unwrap()).into_iter().map(|b| b.map(|b| f32::from_bits(b as u32))),
        )),
        "double" => {
            Arc::new(Float64Array::from_iter(map(&|t| u64::from_str_radix(t, 16).unwrap()).into_iter().map(|b| b.map(f64::from_bits))))
        }
        "string" => Arc::new(StringArray::from(texts.clone())),
        "binary" => Arc::new(BinaryArray::from_iter(texts.iter().map(|t| t.map(hex)))),
        other => {
            let (p, s) = precision(other).unwrap();
            let values = texts.iter().map(|t| t.map(|t| t.parse::<i128>().unwrap()));
            let array = Decimal128Array::from_iter(values);
            Arc::new(array.with_precision_and_scale(p, s).unwrap())
        }
    }
}

/// Other arrays of the same values.
fn representations(name: &str, plain: &ArrayRef) -> Vec<ArrayRef> {
    let mut types = Vec::new();
    match name {
        "string" => types.extend([DataType::LargeUtf8, DataType::Utf8View]),
        "binary" => types.extend([DataType::LargeBinary, DataType::BinaryView]),
        "timestamp" => types.push(DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))),
        _ => {}
    }
    if let Some((p, s)) = precision(name) {
        types.push(DataType::Decimal256(p, s));
        if p <= 18 {
            types.push(DataType::Decimal64(p, s));
        }
        if p <= 9 {
            types.push(DataType::Decimal32(p, s));
        }
    }
    let mut arrays: Vec<_> = types.iter().map(|t| cast(plain, t).unwrap()).collect();
    arrays.push(Arc::clone(plain));
    if matches!(name, "string" | "long" | "binary") {
        let t = DataType::Dictionary(Box::new(DataType::Int16), Box::new(plain.data_type().clone()));
        arrays.push(cast(plain, &t).unwrap());
    }
    let sliced: Vec<_> = arrays
        .iter()
        .map(|a| {
            let padded = arrow::compute::concat(&[&a.slice(0, 3), a.as_ref(), &a.slice(0, 1)]);
            padded.unwrap().slice(3, a.len())
        })
        .collect();
    arrays.extend(sliced);
    arrays
}

#[test]
fn every_type_and_representation() {
    let golden = golden();
    assert_eq!(golden["seed"].as_i64(), Some(i64::from(SPARK_SEED)));
    let mut hashes = Vec::new();
    let mut checked = 0;
    for column in golden["columns"].as_array().unwrap() {
        let name = column["type"].as_str().unwrap();
        let texts = texts(&column["values"]);
        let expected: Vec<i32> = numbers(&column["hashes"]).iter().map(|h| *h as i32).collect();
        let plain = array(name, &texts);
        for array in representations(name, &plain) {
            hash_columns(std::slice::from_ref(&array), array.len(), &mut hashes).unwrap();
            assert_eq!(hashes, expected, "{name} as {}", array.data_type());
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn chained_columns_and_where_spark_puts_the_rows() {
    let golden = golden();
    let rows = &golden["rows"];
    let names: Vec<_> = rows["types"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    let values: Vec<Texts> = rows["values"].as_array().unwrap().iter().map(texts).collect();
    let expected = numbers(&rows["hashes"]);
    let columns: Vec<ArrayRef> =
        names.iter().enumerate().map(|(c, name)| array(name, &values.iter().map(|row| row[c]).collect())).collect();
    let mut hashes = Vec::new();
    hash_columns(&columns, values.len(), &mut hashes).unwrap();
    assert_eq!(hashes.iter().map(|h| i64::from(*h)).collect::<Vec<_>>(), expected);

    // The same through dictionaries, whose seeds differ from row to row.
    let hydrated: Vec<ArrayRef> = columns
        .iter()
        .map(|c| match c.data_type() {
            DataType::Utf8 => {
                let t = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View));
                cast(c, &t).unwrap()
            }
            _ => Arc::clone(c),
        })
        .collect();
    let mut again = Vec::new();
    hash_columns(&hydrated, values.len(), &mut again).unwrap();
    assert_eq!(hashes, again);

    // Columns of a struct are chained as if they were columns of the table.
    let fields: Vec<_> = columns.iter().enumerate().map(|(i, c)| Field::new(format!("f{i}"), c.data_type().clone(), true)).collect();
    let row = StructArray::new(fields.into(), columns.clone(), None);
    hash_columns(&[Arc::new(row)], values.len(), &mut again).unwrap();
    assert_eq!(hashes, again);

    let mut ids = Vec::new();
    for (n, placed) in rows["partitions"].as_object().unwrap() {
        let n: u32 = n.parse().unwrap();
        partition_ids(&hashes, n, &mut ids).unwrap();
        let placed: Vec<u32> = numbers(placed).iter().map(|p| *p as u32).collect();
        assert_eq!(ids, placed, "{n} partitions");
        assert_eq!(ids[0], partition_of(hashes[0], n));
    }
}

#[test]
fn nested_values() {
    let golden = golden();
    let expected: Vec<i32> = golden["nested"].as_array().unwrap().iter().map(|v| v["hash"].as_i64().unwrap() as i32).collect();
    let int_list = |values: Option<Vec<Option<i32>>>| -> ArrayRef { Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([values])) };
    let text_list = {
        let mut builder = ListBuilder::new(StringBuilder::new());
        builder.append_value([Some("a"), Some(""), None, Some("bcd")]);
        builder.finish()
    };
    let pair = |a: ArrayRef, b: ArrayRef| -> StructArray {
        StructArray::from(vec![
            (Arc::new(Field::new("a", a.data_type().clone(), true)), a),
            (Arc::new(Field::new("b", b.data_type().clone(), true)), b),
        ])
    };
    let text = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let structs = pair(Arc::new(Int64Array::from(vec![1, 2])), text(vec![Some("x"), None]));
    let struct_list = ListArray::new(
        Arc::new(Field::new("item", structs.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([2]),
        Arc::new(structs),
        None,
    );
    let doubles = ListArray::from_iter_primitive::<Float64Type, _, _>([Some(vec![Some(1.5), Some(-0.0)])]);
    let days = 20454 + 1; // 2026-01-02
    let cases: Vec<ArrayRef> = vec![
        int_list(Some(vec![Some(1), Some(2), Some(3)])),
        int_list(Some(vec![Some(1), None, Some(3)])),
        int_list(Some(vec![])),
        Arc::new(text_list),
        Arc::new(pair(Arc::new(Int32Array::from(vec![1])), text(vec![Some("x")]))),
        Arc::new(pair(Arc::new(Int32Array::from(vec![None])), text(vec![Some("x")]))),
        Arc::new(struct_list),
        Arc::new(pair(Arc::new(doubles), Arc::new(Date32Array::from(vec![days])))),
        int_list(None),
    ];
    assert_eq!(cases.len(), expected.len());
    let mut hashes = Vec::new();
    for (array, expected) in cases.iter().zip(expected) {
        hash_columns(std::slice::from_ref(array), 1, &mut hashes).unwrap();
        assert_eq!(hashes, [expected], "{array:?}");
    }
}

#[test]
fn null_structs_leave_the_seed() {
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let fields = Fields::from(vec![Field::new("a", DataType::Int32, true)]);
    let array = StructArray::new(fields, vec![inner], Some(NullBuffer::from(vec![true, false])));
    let mut hashes = Vec::new();
    hash_columns(&[Arc::new(array)], 2, &mut hashes).unwrap();
    assert_eq!(hashes, [scalar::hash_int(1, 42), 42]);
}

#[test]
fn scalars_are_the_same() {
    let golden = golden();
    for column in golden["columns"].as_array().unwrap() {
        let name = column["type"].as_str().unwrap();
        for (text, hash) in texts(&column["values"]).iter().zip(numbers(&column["hashes"])) {
            let Some(text) = text else { continue };
            let bits = || u64::from_str_radix(text, 16).unwrap();
            let scalar = match name {
                "boolean" => scalar::hash_bool(*text == "true", 42),
                "byte" | "short" | "int" | "date" => scalar::hash_int(text.parse().unwrap(), 42),
                "long" | "timestamp" | "timestamp_ntz" => scalar::hash_long(text.parse().unwrap(), 42),
                "float" => scalar::hash_float(f32::from_bits(bits() as u32), 42),
                "double" => scalar::hash_double(f64::from_bits(bits()), 42),
                "string" => scalar::hash_bytes(text.as_bytes(), 42),
                "binary" => scalar::hash_bytes(&hex(text), 42),
                decimal => {
                    let (p, _) = precision(decimal).unwrap();
                    scalar::hash_decimal(text.parse().unwrap(), p, 42)
                }
            };
            assert_eq!(i64::from(scalar), hash, "{name} {text}");
        }
    }
}

#[test]
fn other_types_as_spark_would_hold_them() {
    let one = |array: ArrayRef| {
        let mut hashes = Vec::new();
        hash_columns(&[array], 1, &mut hashes).unwrap();
        hashes[0]
    };
    let micros = scalar::hash_long(1_500_000, 42);
    assert_eq!(one(Arc::new(TimestampMillisecondArray::from(vec![1500]))), micros);
    assert_eq!(one(Arc::new(TimestampNanosecondArray::from(vec![1_500_000_999]))), micros);
    let before = scalar::hash_long(-1, 42);
    assert_eq!(one(Arc::new(TimestampNanosecondArray::from(vec![-1]))), before);
    assert_eq!(one(Arc::new(Date64Array::from(vec![-1]))), scalar::hash_int(-1, 42));
    assert_eq!(one(Arc::new(UInt32Array::from(vec![u32::MAX]))), scalar::hash_long(4294967295, 42));
    assert_eq!(one(Arc::new(NullArray::new(1))), 42);
    let fixed = FixedSizeBinaryArray::try_from_iter([[1u8, 2, 3]].into_iter()).unwrap();
    assert_eq!(one(Arc::new(fixed)), scalar::hash_bytes(&[1, 2, 3], 42));
    assert!(hash_columns(&[], 3, &mut Vec::new()).is_ok());
}

#[test]
fn refuses_what_spark_refuses() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.append(true).unwrap();
    let map: ArrayRef = Arc::new(map.finish());
    assert!(hash_columns(&[map], 1, &mut Vec::new()).is_err());
    let short: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let error = hash_columns(&[short], 2, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "key column 0 has 1 rows, but the batch has 2");
}
