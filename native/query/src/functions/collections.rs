//! Arrays, maps and structs. Their types come with the call, so that fields have the names and nullability of the plan.
use super::error::SparkError;
use super::udf::{Definition, Nulls, over_arrays, over_first, type_at};
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, Int32Array, ListArray, MapArray, StructArray, UInt32Array, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, interleave, take};
use arrow::datatypes::{DataType, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

macro_rules! define {
    ($name:literal, $nulls:ident, $returns:expr, $invoke:expr) => {
        Definition { name: $name, nulls: Nulls::$nulls, returns: $returns, invoke: $invoke }
    };
}

pub const FUNCTIONS: &[Definition] = &[
    // (a value of the result type, elements...)
    define!("kiln_array", Never, |a| type_at(a, 0).cloned(), |a| built(a, array)),
    // (a value of the result type, keys and values by turns)
    define!("kiln_map", Never, |a| type_at(a, 0).cloned(), |a| built(a, map)),
    // (a value of the result type, fields...)
    define!("kiln_named_struct", Never, |a| type_at(a, 0).cloned(), |a| built(a, structure)),
    define!("kiln_sort_array", Strict, |a| type_at(a, 0).cloned(), sort_array),
    define!("kiln_size", Strict, |_| Ok(DataType::Int32), size),
    define!("kiln_array_contains", Maybe, |_| Ok(DataType::Boolean), array_contains),
];

type Build = fn(&DataType, &[ArrayRef], usize) -> Result<ArrayRef>;

fn built(args: &ScalarFunctionArgs, build: Build) -> Result<ColumnarValue> {
    let parts = args.args.get(1..).unwrap_or_default();
    let constant = parts.iter().all(|part| matches!(part, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { args.number_rows };
    let parts = parts.iter().map(|part| part.to_array(rows)).collect::<Result<Vec<_>>>()?;
    let result = build(args.return_type(), &parts, rows)?;
    if constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
    }
    Ok(ColumnarValue::Array(result))
}

/// `parts[..][row]` of every row, one row after the other.
fn by_rows(parts: &[ArrayRef], rows: usize, item: &FieldRef) -> Result<ArrayRef> {
    if parts.is_empty() {
        return Ok(new_empty_array(item.data_type()));
    }
    let arrays: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let places: Vec<(usize, usize)> = (0..rows).flat_map(|row| (0..parts.len()).map(move |part| (part, row))).collect();
    let values = interleave(&arrays, &places)?;
    if values.data_type() == item.data_type() { Ok(values) } else { Ok(cast(&values, item.data_type())?) }
}

fn array(data_type: &DataType, parts: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let DataType::List(item) = data_type else { return exec_err!("an array of the type {data_type}") };
    let values = by_rows(parts, rows, item)?;
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(parts.len(), rows));
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, None)?))
}

fn map(data_type: &DataType, parts: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let (DataType::Map(entries, sorted), count) = (data_type, parts.len() / 2) else {
        return exec_err!("a map of the type {data_type}");
    };
    let DataType::Struct(fields) = entries.data_type() else { return exec_err!("a map without entries") };
    let of = |first: usize| parts.iter().skip(first).step_by(2).cloned().collect::<Vec<_>>();
    let (keys, values) = (by_rows(&of(0), rows, &fields[0])?, by_rows(&of(1), rows, &fields[1])?);
    if keys.null_count() > 0 && keys.data_type() != &DataType::Null {
        return Err(SparkError::new("NULL_MAP_KEY", "Cannot use null as map key.").into());
    }
    if count > 1 {
        let found = rows_of(&keys)?;
        for row in 0..rows {
            let mut seen = HashSet::new();
            if let Some(twice) = (row * count..(row + 1) * count).find(|at| !seen.insert(found.row(*at))) {
                return Err(duplicate_key(&keys, twice)?.into());
            }
        }
    }
    let entries_array = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(count, rows));
    Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, entries_array, None, *sorted)?))
}

fn duplicate_key(keys: &ArrayRef, at: usize) -> Result<SparkError> {
    let key = ScalarValue::try_from_array(keys, at)?;
    let message = format!(
        "Duplicate map key {key} was found, please check the input data. If you want to remove the duplicated keys, you can set \
         \"spark.sql.mapKeyDedupPolicy\" to \"LAST_WIN\" so that the key inserted at last takes precedence."
    );
    Ok(SparkError::new("DUPLICATED_MAP_KEY", message))
}

fn structure(data_type: &DataType, parts: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let DataType::Struct(fields) = data_type else { return exec_err!("a struct of the type {data_type}") };
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(rows, None)));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), parts.to_vec(), None)?))
}

fn rows_of(array: &ArrayRef) -> Result<arrow::row::Rows> {
    let converter = RowConverter::new(vec![SortField::new(array.data_type().clone())])?;
    Ok(converter.convert_columns(std::slice::from_ref(array))?)
}

/// NULLs first when ascending, last when descending.
fn sort_array(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let ascending = !matches!(args.args.get(1), Some(ColumnarValue::Scalar(ScalarValue::Boolean(Some(false)))));
    over_first(args, |array| {
        let Some(list) = array.as_list_opt::<i32>() else { return exec_err!("sort_array of {}", array.data_type()) };
        let keys = rows_of(list.values())?;
        let mut places: Vec<u32> = Vec::with_capacity(list.values().len());
        let mut lengths = Vec::with_capacity(list.len());
        for (row, range) in list.offsets().windows(2).enumerate() {
            let range = if list.is_valid(row) { range[0] as u32..range[1] as u32 } else { 0..0 };
            let start = places.len();
            lengths.push(range.len());
            places.extend(range);
            match ascending {
                true => places[start..].sort_by_key(|at| keys.row(*at as usize)),
                false => places[start..].sort_by_key(|at| Reverse(keys.row(*at as usize))),
            }
        }
        let DataType::List(item) = array.data_type() else { return exec_err!("sort_array of {}", array.data_type()) };
        let values = take(list.values(), &UInt32Array::from(places), None)?;
        let sorted = ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), values, list.nulls().cloned())?;
        Ok(Arc::new(sorted))
    })
}

fn size(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_first(args, |array| {
        let (offsets, nulls): (&OffsetBuffer<i32>, Option<&NullBuffer>) = match array.data_type() {
            DataType::List(_) => (array.as_list::<i32>().offsets(), array.nulls()),
            DataType::Map(..) => (array.as_map().offsets(), array.nulls()),
            other => return exec_err!("the size of {other}"),
        };
        let sizes: Vec<i32> = offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
        Ok(Arc::new(Int32Array::new(sizes.into(), nulls.cloned())))
    })
}

/// NULL where no element is equal and one is NULL.
fn array_contains(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    over_arrays(args, |arrays| {
        let [array, wanted] = arrays else { return exec_err!("array_contains takes two arguments") };
        let Some(list) = array.as_list_opt::<i32>() else { return exec_err!("array_contains of {}", array.data_type()) };
        let converter = RowConverter::new(vec![SortField::new(wanted.data_type().clone())])?;
        let items = converter.convert_columns(&[cast(list.values(), wanted.data_type())?])?;
        let wanted_rows = converter.convert_columns(std::slice::from_ref(wanted))?;
        let mut builder = BooleanBuilder::with_capacity(list.len());
        for (row, range) in list.offsets().windows(2).enumerate() {
            if list.is_null(row) || wanted.is_null(row) {
                builder.append_null();
                continue;
            }
            let mut range = range[0] as usize..range[1] as usize;
            let has_null = range.clone().any(|at| list.values().is_null(at));
            let found = range.any(|at| items.row(at) == wanted_rows.row(row));
            builder.append_option(if found || !has_null { Some(found) } else { None });
        }
        Ok(Arc::new(builder.finish()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int32Builder;
    use arrow::array::ListBuilder;
    use arrow::datatypes::Field;
    use datafusion::config::ConfigOptions;

    fn call(name: &str, args: Vec<ArrayRef>, returns: DataType) -> Result<ArrayRef> {
        let definition = FUNCTIONS.iter().find(|d| d.name == name).unwrap();
        let rows = args[0].len();
        let arg_fields = args.iter().map(|a| Arc::new(Field::new("a", a.data_type().clone(), true))).collect();
        let args = ScalarFunctionArgs {
            args: args.into_iter().map(ColumnarValue::Array).collect(),
            arg_fields,
            number_rows: rows,
            return_field: Arc::new(Field::new("r", returns, true)),
            config_options: Arc::new(ConfigOptions::default()),
        };
        (definition.invoke)(&args)?.into_array(rows)
    }

    #[test]
    fn sorts_each_list_by_itself() {
        let mut builder = ListBuilder::new(Int32Builder::new());
        builder.append_value([Some(3), None, Some(1)]);
        builder.append_null();
        builder.append_value([]);
        builder.append_value([Some(2), Some(1)]);
        let lists: ArrayRef = Arc::new(builder.finish());
        let sorted = call("kiln_sort_array", vec![Arc::clone(&lists)], lists.data_type().clone()).unwrap();
        let sorted = sorted.as_list::<i32>();
        let list = |row| sorted.value(row).as_primitive::<arrow::datatypes::Int32Type>().iter().collect::<Vec<_>>();
        assert_eq!(list(0), [None, Some(1), Some(3)]);
        assert!(sorted.is_null(1));
        assert_eq!(list(2), []);
        assert_eq!(list(3), [Some(1), Some(2)]);
    }

    #[test]
    fn a_key_may_stand_once_in_a_map() {
        let keys = |values: [i32; 2]| -> ArrayRef { Arc::new(Int32Array::from(values.to_vec())) };
        let fields = vec![Field::new("key", DataType::Int32, false), Field::new("value", DataType::Int32, true)];
        let entries = Field::new("entries", DataType::Struct(fields.into()), false);
        let data_type = DataType::Map(Arc::new(entries), false);
        let empty = arrow::array::new_null_array(&data_type, 2);
        let of = |first, second| call("kiln_map", vec![Arc::clone(&empty), first, keys([0, 0]), second, keys([1, 1])], data_type.clone());
        assert_eq!(of(keys([1, 2]), keys([2, 1])).unwrap().as_map().value_length(1), 2);
        let error = of(keys([1, 2]), keys([2, 2])).unwrap_err();
        assert_eq!(SparkError::find(&error).unwrap().class, "DUPLICATED_MAP_KEY");
    }
}
