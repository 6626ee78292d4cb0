//! Walks Arrow arrays: one dispatch per column, then a loop over its buffers.

use arrow::array::types::*;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, GenericByteViewArray, OffsetSizeTrait};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};

use super::algorithm::Algorithm;
use super::scalar::{double_bits, float_bits};
use crate::error::{Result, ShuffleError};

/// Hashes the rows of one array.
pub(super) trait ColumnHasher<A: Algorithm> {
    /// The hash of row `row` on top of `seed`.
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash;

    /// Replaces each of `hashes` by its hash with the value of the same row. `uniform`
    /// tells that all of them are equal to it.
    fn chain(&self, hashes: &mut [A::Hash], uniform: Option<A::Hash>);
}

type I256 = arrow::datatypes::i256;
type F16 = <Float16Type as ArrowPrimitiveType>::Native;
type Hasher<'a, A> = Box<dyn ColumnHasher<A> + 'a>;

/// The hasher of an array.
///
/// # Errors
/// `Invalid` for a type without a hash.
pub(super) fn column_hasher<A: Algorithm>(array: &dyn Array) -> Result<Hasher<'_, A>> {
    let nulls = array.nulls().filter(|n| n.null_count() > 0);
    macro_rules! fixed {
        ($type:ty, $hash:expr) => {
            Box::new(Fixed { values: array.as_primitive::<$type>().values(), nulls, hash: $hash })
        };
    }
    macro_rules! int {
        ($type:ty) => {
            fixed!($type, |v, s| A::int(i32::from(v), s))
        };
    }
    macro_rules! long {
        ($type:ty) => {
            fixed!($type, |v, s| A::long(v as i64, s))
        };
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(AllNull),
        DataType::Boolean => Box::new(Bools { values: array.as_boolean().values(), nulls }),
        DataType::Int8 => int!(Int8Type),
        DataType::Int16 => int!(Int16Type),
        DataType::Int32 => int!(Int32Type),
        DataType::UInt8 => int!(UInt8Type),
        DataType::UInt16 => int!(UInt16Type),
        DataType::UInt32 => long!(UInt32Type),
        DataType::UInt64 => long!(UInt64Type),
        DataType::Int64 => long!(Int64Type),
        DataType::Float16 => fixed!(Float16Type, |v: F16, s| A::int(float_bits(v.to_f32()), s)),
        DataType::Float32 => fixed!(Float32Type, |v, s| A::int(float_bits(v), s)),
        DataType::Float64 => fixed!(Float64Type, |v, s| A::long(double_bits(v), s)),
        DataType::Date32 => int!(Date32Type),
        DataType::Date64 => fixed!(Date64Type, |v: i64, s| { A::int(v.div_euclid(86_400_000) as i32, s) }),
        DataType::Time32(TimeUnit::Second) => fixed!(Time32SecondType, |v, s| { A::long(i64::from(v).wrapping_mul(1_000_000_000), s) }),
        DataType::Time32(_) => fixed!(Time32MillisecondType, |v, s| { A::long(i64::from(v).wrapping_mul(1_000_000), s) }),
        DataType::Time64(TimeUnit::Microsecond) => fixed!(Time64MicrosecondType, |v: i64, s| { A::long(v.wrapping_mul(1000), s) }),
        DataType::Time64(_) => long!(Time64NanosecondType),
        DataType::Timestamp(TimeUnit::Second, _) => fixed!(TimestampSecondType, |v: i64, s| { A::long(v.wrapping_mul(1_000_000), s) }),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            fixed!(TimestampMillisecondType, |v: i64, s| { A::long(v.wrapping_mul(1000), s) })
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => long!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            fixed!(TimestampNanosecondType, |v: i64, s| { A::long(v.div_euclid(1000), s) })
        }
        DataType::Duration(TimeUnit::Second) => fixed!(DurationSecondType, |v: i64, s| { A::long(v.wrapping_mul(1_000_000), s) }),
        DataType::Duration(TimeUnit::Millisecond) => {
            fixed!(DurationMillisecondType, |v: i64, s| { A::long(v.wrapping_mul(1000), s) })
        }
        DataType::Duration(TimeUnit::Microsecond) => long!(DurationMicrosecondType),
        DataType::Duration(TimeUnit::Nanosecond) => fixed!(DurationNanosecondType, |v: i64, s| { A::long(v.div_euclid(1000), s) }),
        DataType::Interval(IntervalUnit::YearMonth) => int!(IntervalYearMonthType),
        DataType::Decimal32(_, _) => long!(Decimal32Type),
        DataType::Decimal64(_, _) => long!(Decimal64Type),
        DataType::Decimal128(p, _) if *p <= 18 => long!(Decimal128Type),
        DataType::Decimal128(_, _) => fixed!(Decimal128Type, |v: i128, s| { A::wide_decimal(&v.to_be_bytes(), s) }),
        DataType::Decimal256(p, _) if *p <= 18 => fixed!(Decimal256Type, |v: I256, s| { A::long(v.to_parts().0 as i64, s) }),
        DataType::Decimal256(_, _) => fixed!(Decimal256Type, |v: I256, s| { A::wide_decimal(&v.to_be_bytes(), s) }),
        DataType::Utf8 => bytes(array.as_string::<i32>(), nulls),
        DataType::LargeUtf8 => bytes(array.as_string::<i64>(), nulls),
        DataType::Binary => bytes(array.as_binary::<i32>(), nulls),
        DataType::LargeBinary => bytes(array.as_binary::<i64>(), nulls),
        DataType::Utf8View => Box::new(Views { array: array.as_string_view(), nulls }),
        DataType::BinaryView => Box::new(Views { array: array.as_binary_view(), nulls }),
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            Box::new(ByRow { nulls, hash: move |row, seed| A::bytes(array.value(row), seed) })
        }
        DataType::Dictionary(_, _) => dictionary(array)?,
        DataType::Struct(_) => {
            let fields = array.as_struct().columns();
            Box::new(Struct::<A> { nulls, fields: fields.iter().map(|f| column_hasher(f.as_ref())).collect::<Result<_>>()? })
        }
        DataType::List(_) => list(array.as_list::<i32>().offsets(), array.as_list::<i32>().values(), nulls)?,
        DataType::LargeList(_) => list(array.as_list::<i64>().offsets(), array.as_list::<i64>().values(), nulls)?,
        DataType::FixedSizeList(_, _) => {
            let array = array.as_fixed_size_list();
            let width = array.value_length() as usize;
            let child = column_hasher::<A>(array.values().as_ref())?;
            Box::new(ByRow { nulls, hash: move |row, seed| elements(child.as_ref(), row * width, (row + 1) * width, seed) })
        }
        other => {
            return Err(ShuffleError::Invalid(format!("values of type {other} have no hash: they cannot be partitioned by")));
        }
    })
}

/// Values of fixed width in one buffer.
struct Fixed<'a, T, F> {
    values: &'a [T],
    nulls: Option<&'a NullBuffer>,
    hash: F,
}

impl<A: Algorithm, T: Copy, F: Fn(T, A::Hash) -> A::Hash> ColumnHasher<A> for Fixed<'_, T, F> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => (self.hash)(self.values[row], seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        let rows = hashes.iter_mut().zip(self.values);
        match self.nulls {
            None => rows.for_each(|(h, v)| *h = (self.hash)(*v, *h)),
            // Both are computed and one is chosen: no branch to mispredict.
            Some(nulls) => rows.zip(nulls.inner().iter()).for_each(|((h, v), valid)| {
                let hashed = (self.hash)(*v, *h);
                *h = if valid { hashed } else { A::null(*h) };
            }),
        }
    }
}

struct Bools<'a> {
    values: &'a BooleanBuffer,
    nulls: Option<&'a NullBuffer>,
}

impl<A: Algorithm> ColumnHasher<A> for Bools<'_> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => A::int(i32::from(self.values.value(row)), seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        chain_rows::<A>(hashes, self.nulls, |row, seed| A::int(i32::from(self.values.value(row)), seed));
    }
}

struct Bytes<'a, O> {
    offsets: &'a [O],
    values: &'a [u8],
    nulls: Option<&'a NullBuffer>,
}

fn bytes<'a, A: Algorithm, T: ByteArrayType>(array: &'a arrow::array::GenericByteArray<T>, nulls: Option<&'a NullBuffer>) -> Hasher<'a, A> {
    Box::new(Bytes { offsets: array.value_offsets(), values: array.value_data(), nulls })
}

impl<O: OffsetSizeTrait> Bytes<'_, O> {
    #[inline(always)]
    fn value(&self, row: usize) -> &[u8] {
        &self.values[self.offsets[row].as_usize()..self.offsets[row + 1].as_usize()]
    }
}

impl<A: Algorithm, O: OffsetSizeTrait> ColumnHasher<A> for Bytes<'_, O> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => A::bytes(self.value(row), seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        chain_rows::<A>(hashes, self.nulls, |row, seed| A::bytes(self.value(row), seed));
    }
}

struct Views<'a, T: ByteViewType> {
    array: &'a GenericByteViewArray<T>,
    nulls: Option<&'a NullBuffer>,
}

impl<A: Algorithm, T: ByteViewType> ColumnHasher<A> for Views<'_, T> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => A::bytes(self.array.value(row).as_ref(), seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        chain_rows::<A>(hashes, self.nulls, |row, seed| A::bytes(self.array.value(row).as_ref(), seed));
    }
}

/// Anything else whose rows are hashed one by one.
struct ByRow<'a, F> {
    nulls: Option<&'a NullBuffer>,
    hash: F,
}

impl<A: Algorithm, F: Fn(usize, A::Hash) -> A::Hash> ColumnHasher<A> for ByRow<'_, F> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => (self.hash)(row, seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        chain_rows::<A>(hashes, self.nulls, &self.hash);
    }
}

/// The fields of a struct are chained like columns; a null struct is one null.
struct Struct<'a, A: Algorithm> {
    nulls: Option<&'a NullBuffer>,
    fields: Vec<Hasher<'a, A>>,
}

impl<A: Algorithm> ColumnHasher<A> for Struct<'_, A> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => self.fields.iter().fold(seed, |h, f| f.hash(row, h)),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], uniform: Option<A::Hash>) {
        if self.nulls.is_some() {
            for (row, hash) in hashes.iter_mut().enumerate() {
                *hash = self.hash(row, *hash);
            }
        } else {
            for (index, field) in self.fields.iter().enumerate() {
                field.chain(hashes, uniform.filter(|_| index == 0));
            }
        }
    }
}

struct AllNull;

impl<A: Algorithm> ColumnHasher<A> for AllNull {
    fn hash(&self, _row: usize, seed: A::Hash) -> A::Hash {
        A::null(seed)
    }

    fn chain(&self, hashes: &mut [A::Hash], _uniform: Option<A::Hash>) {
        hashes.iter_mut().for_each(|h| *h = A::null(*h));
    }
}

/// Each distinct value is hashed once when all rows have the same seed.
struct Dictionary<'a, A: Algorithm> {
    keys: Vec<usize>,
    nulls: Option<&'a NullBuffer>,
    distinct: usize,
    values: Hasher<'a, A>,
}

fn dictionary<A: Algorithm>(array: &dyn Array) -> Result<Hasher<'_, A>> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        return Ok(Box::new(AllNull));
    }
    Ok(Box::new(Dictionary {
        keys: dictionary.normalized_keys(),
        nulls: dictionary.keys().nulls().filter(|n| n.null_count() > 0),
        distinct: dictionary.values().len(),
        values: column_hasher::<A>(dictionary.values().as_ref())?,
    }))
}

impl<A: Algorithm> ColumnHasher<A> for Dictionary<'_, A> {
    fn hash(&self, row: usize, seed: A::Hash) -> A::Hash {
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => A::null(seed),
            _ => self.values.hash(self.keys[row], seed),
        }
    }

    fn chain(&self, hashes: &mut [A::Hash], uniform: Option<A::Hash>) {
        match uniform.filter(|_| self.distinct <= self.keys.len()) {
            Some(seed) => {
                let mut distinct = vec![seed; self.distinct];
                self.values.chain(&mut distinct, uniform);
                chain_rows::<A>(hashes, self.nulls, |row, _| distinct[self.keys[row]]);
            }
            None => chain_rows::<A>(hashes, self.nulls, |row, seed| self.values.hash(self.keys[row], seed)),
        }
    }
}

fn list<'a, A: Algorithm, O: OffsetSizeTrait>(
    offsets: &'a [O],
    values: &'a ArrayRef,
    nulls: Option<&'a NullBuffer>,
) -> Result<Hasher<'a, A>> {
    let child = column_hasher::<A>(values.as_ref())?;
    Ok(Box::new(ByRow {
        nulls,
        hash: move |row: usize, seed| {
            let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
            elements(child.as_ref(), start, end, seed)
        },
    }))
}

fn elements<A: Algorithm>(child: &(dyn ColumnHasher<A> + '_), start: usize, end: usize, seed: A::Hash) -> A::Hash {
    let seed = A::list(end - start, seed);
    (start..end).fold(seed, |h, element| child.hash(element, h))
}

fn chain_rows<A: Algorithm>(hashes: &mut [A::Hash], nulls: Option<&NullBuffer>, hash: impl Fn(usize, A::Hash) -> A::Hash) {
    match nulls {
        None => {
            for (row, h) in hashes.iter_mut().enumerate() {
                *h = hash(row, *h);
            }
        }
        Some(nulls) => {
            for (row, h) in hashes.iter_mut().enumerate() {
                *h = if nulls.is_null(row) { A::null(*h) } else { hash(row, *h) };
            }
        }
    }
}
