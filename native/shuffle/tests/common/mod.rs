//! Random batches of every type that is shuffled, and a store in a temporary directory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use kiln_memory::{MemoryConfig, MemoryManager, TaskKey};
use kiln_shuffle::codec::Codec;
use kiln_shuffle::dirs::LocalDirs;
use kiln_shuffle::store::*;
use kiln_shuffle::writer::{ShuffleWriter, WriterOptions};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn text(&mut self) -> String {
        let len = [0, 3, 12, 13, 40][self.below(5) as usize];
        (0..len).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }
}

fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

/// The types that are tried; the first is without nulls.
pub fn types() -> Vec<DataType> {
    use DataType::*;
    vec![
        Int64,
        Boolean,
        Int8,
        Int32,
        Float64,
        Decimal128(38, 10),
        Decimal256(60, 2),
        Date32,
        Timestamp(TimeUnit::Microsecond, None),
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        BinaryView,
        FixedSizeBinary(5),
        list_of(Int32),
        list_of(Utf8View),
        list_of(list_of(Int64)),
        Struct(vec![Field::new("a", Int64, true), Field::new("b", Utf8View, true)].into()),
        Dictionary(Box::new(Int32), Box::new(Utf8)),
        Dictionary(Box::new(Int8), Box::new(Utf8View)),
        Null,
    ]
}

pub fn schema(types: &[DataType]) -> SchemaRef {
    let fields: Vec<_> =
        types.iter().enumerate().map(|(i, t)| Field::new(format!("c{i}"), t.clone(), *t != DataType::Int64 || i > 0)).collect();
    Arc::new(Schema::new(fields))
}

fn column(data_type: &DataType, rows: usize, nullable: bool, random: &mut Random) -> ArrayRef {
    let mut null = {
        let every = if nullable { 1 + random.below(4) } else { 0 };
        let mut random = Random(random.next());
        move || every > 1 && random.below(every) == 0
    };
    let mut value = |f: &mut dyn FnMut(&mut Random) -> String| -> Vec<Option<String>> {
        (0..rows).map(|_| if null() { None } else { Some(f(random)) }).collect()
    };
    match data_type {
        DataType::Null => Arc::new(NullArray::new(rows)),
        DataType::List(item) => {
            let lengths: Vec<usize> = (0..rows).map(|_| random.below(4) as usize).collect();
            let values = column(item.data_type(), lengths.iter().sum(), true, random);
            let nulls: NullBufferBuilder = {
                let mut builder = NullBufferBuilder::new(rows);
                (0..rows).for_each(|_| builder.append(random.below(5) > 0));
                builder
            };
            let mut nulls = nulls;
            Arc::new(ListArray::new(Arc::clone(item), arrow::buffer::OffsetBuffer::from_lengths(lengths), values, nulls.finish()))
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|f| column(f.data_type(), rows, true, random)).collect();
            let mut nulls = NullBufferBuilder::new(rows);
            (0..rows).for_each(|_| nulls.append(random.below(5) > 0));
            Arc::new(StructArray::new(fields.clone(), columns, nulls.finish()))
        }
        DataType::Dictionary(_, _) => {
            let few = value(&mut |r| format!("value number {}", r.below(7)));
            cast(&StringArray::from(few), data_type).unwrap()
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => cast(&StringArray::from(value(&mut Random::text)), data_type).unwrap(),
        DataType::Binary | DataType::BinaryView => {
            let texts = StringArray::from(value(&mut Random::text));
            cast(&cast(&texts, &DataType::Binary).unwrap(), data_type).unwrap()
        }
        DataType::FixedSizeBinary(width) => {
            let values = value(&mut |r| format!("{:05}", r.below(100_000)));
            let values = values.iter().map(|v| v.as_ref().map(|v| v.as_bytes()));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, *width).unwrap())
        }
        DataType::Boolean => {
            let bits: Vec<_> = value(&mut |r| r.below(2).to_string());
            let bits = bits.iter().map(|v| v.as_ref().map(|v| v == "1"));
            Arc::new(BooleanArray::from_iter(bits))
        }
        DataType::Int8 | DataType::Date32 | DataType::Int32 => {
            let small = value(&mut |r| (r.below(200) as i64 - 100).to_string());
            let ints: Int32Array = small.iter().map(|v| v.as_ref().map(|v| v.parse::<i32>().unwrap())).collect();
            cast(&ints, data_type).unwrap()
        }
        other => {
            let ints = value(&mut |r| (r.next() as i64 >> r.below(60)).to_string());
            let ints: Int64Array = ints.iter().map(|v| v.as_ref().map(|v| v.parse::<i64>().unwrap())).collect();
            cast(&ints, other).unwrap()
        }
    }
}

/// A batch of `rows` rows; sometimes a slice of a larger one.
pub fn batch(schema: &SchemaRef, rows: usize, seed: u64) -> RecordBatch {
    let mut random = Random(seed);
    let (before, after) = match random.below(3) {
        0 => (random.below(9) as usize, random.below(9) as usize),
        _ => (0, 0),
    };
    let columns = schema.fields().iter().map(|f| column(f.data_type(), before + rows + after, f.is_nullable(), &mut random)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(before + rows + after));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).unwrap().slice(before, rows)
}

/// Each row as text.
pub fn rows(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let formatters: Vec<_> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows())
        .map(|row| {
            let cells: Vec<_> = formatters.iter().map(|f| f.value(row).to_string()).collect();
            cells.join("|")
        })
        .collect()
}

/// How often each row occurs.
pub fn multiset(rows: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut set = BTreeMap::new();
    for row in rows {
        *set.entry(row).or_insert(0) += 1;
    }
    set
}

/// A process in miniature.
pub struct Process {
    pub root: tempfile::TempDir,
    pub memory: Arc<MemoryManager>,
    pub dirs: Arc<LocalDirs>,
    pub store: Arc<dyn BlockStore>,
}

pub fn process(budget: usize, uri: &str) -> Process {
    let root = tempfile::tempdir().unwrap();
    let memory = MemoryManager::new(MemoryConfig { budget_bytes: budget, storage_fraction: 0.0 }).unwrap();
    let dirs = LocalDirs::new(&[root.path().join("a"), root.path().join("b")]).unwrap();
    let config = StoreConfig { memory: Arc::clone(&memory), dirs: Arc::clone(&dirs), codec: Codec::Lz4, force_file: false };
    let store = open_store(uri, config).unwrap();
    Process { root, memory, dirs, store }
}

impl Process {
    pub fn writer(&self, schema: &SchemaRef, partitions: u32, id: MapOutputId) -> ShuffleWriter {
        self.writer_with(schema, partitions, id, WriterOptions::default())
    }

    pub fn writer_with(&self, schema: &SchemaRef, partitions: u32, id: MapOutputId, options: WriterOptions) -> ShuffleWriter {
        let key = TaskKey(u64::from(id.map) << 32 | u64::from(id.attempt));
        let memory = self.memory.task(key).consumer("ShuffleWriter", true);
        ShuffleWriter::new(Arc::clone(schema), partitions, id, Determinism::Determinate, Arc::clone(&self.store), memory, options).unwrap()
    }

    /// Files in the directories, locks left out.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for dir in self.dirs.paths() {
            for entry in std::fs::read_dir(dir).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.file_name().unwrap() != "lock" {
                    files.push(path);
                }
            }
        }
        files
    }
}

pub fn id(shuffle: u64, map: u32, attempt: u32) -> MapOutputId {
    MapOutputId { shuffle, map, stage_attempt: 0, attempt }
}
