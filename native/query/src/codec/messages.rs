//! Our nodes as protobuf messages.

use datafusion_proto::protobuf;

/// One of our operators; its children are kept by datafusion-proto.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KilnNode {
    #[prost(oneof = "Node", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub node: Option<Node>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Node {
    #[prost(message, tag = "1")]
    SplitScan(Box<SplitScan>),
    #[prost(message, tag = "2")]
    ShuffleRead(ShuffleRead),
    #[prost(message, tag = "3")]
    ShuffleWrite(ShuffleWrite),
    #[prost(message, tag = "4")]
    ExternalScan(ExternalScan),
    /// `WriteOptions` as JSON.
    #[prost(string, tag = "5")]
    FileWrite(String),
    /// One of the lowering's operators, in its own encoding.
    #[prost(bytes, tag = "6")]
    Lowered(Vec<u8>),
    #[prost(message, tag = "7")]
    CsvScan(CsvScan),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SplitScan {
    #[prost(uint32, tag = "1")]
    pub scan: u32,
    #[prost(uint32, tag = "2")]
    pub num_partitions: u32,
    /// A `DataSourceExec` without files.
    #[prost(message, optional, boxed, tag = "3")]
    pub template: Option<Box<protobuf::PhysicalPlanNode>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Mode {
    Partitions = 0,
    Broadcast = 1,
    Range = 2,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ShuffleRead {
    #[prost(uint32, tag = "1")]
    pub reader: u32,
    #[prost(uint64, tag = "2")]
    pub shuffle_id: u64,
    #[prost(enumeration = "Mode", tag = "3")]
    pub mode: i32,
    #[prost(message, optional, tag = "4")]
    pub schema: Option<protobuf::Schema>,
    /// Of a hash-partitioned input; none: unknown.
    #[prost(message, repeated, tag = "5")]
    pub hash: Vec<protobuf::PhysicalExprNode>,
    #[prost(uint32, tag = "6")]
    pub num_partitions: u32,
    #[prost(message, repeated, tag = "7")]
    pub merge: Vec<protobuf::PhysicalSortExprNode>,
    #[prost(uint64, optional, tag = "8")]
    pub fetch: Option<u64>,
    /// Set in a program only.
    #[prost(message, optional, tag = "9")]
    pub reads: Option<Reads>,
    #[prost(bytes = "vec", repeated, tag = "10")]
    pub bounds: Vec<Vec<u8>>,
}

/// Four numbers a partition: start, end, first map, map end (0: all).
#[derive(Clone, PartialEq, prost::Message)]
pub struct Reads {
    #[prost(uint32, repeated, tag = "1")]
    pub ranges: Vec<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ShuffleWrite {
    #[prost(uint64, tag = "1")]
    pub shuffle_id: u64,
    #[prost(oneof = "WritePartitioning", tags = "2, 3, 4, 5, 6")]
    pub partitioning: Option<WritePartitioning>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum WritePartitioning {
    #[prost(message, tag = "2")]
    Hash(HashPartitioning),
    #[prost(uint32, tag = "3")]
    RoundRobin(u32),
    #[prost(message, tag = "4")]
    Range(SortedPartitioning),
    /// Without an order: rows in any order.
    #[prost(message, tag = "5")]
    Single(SortedPartitioning),
    #[prost(bool, tag = "6")]
    Broadcast(bool),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HashPartitioning {
    #[prost(message, repeated, tag = "1")]
    pub expressions: Vec<protobuf::PhysicalExprNode>,
    #[prost(uint32, tag = "2")]
    pub num_partitions: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SortedPartitioning {
    #[prost(message, repeated, tag = "1")]
    pub ordering: Vec<protobuf::PhysicalSortExprNode>,
    #[prost(uint32, tag = "2")]
    pub num_partitions: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ExternalScan {
    #[prost(uint32, tag = "1")]
    pub scan: u32,
    #[prost(string, tag = "2")]
    pub source: String,
    #[prost(string, tag = "3")]
    pub payload: String,
    #[prost(message, optional, tag = "4")]
    pub schema: Option<protobuf::Schema>,
    #[prost(uint32, tag = "5")]
    pub num_partitions: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct CsvScan {
    #[prost(uint32, tag = "1")]
    pub scan: u32,
    #[prost(string, tag = "2")]
    pub table: String,
    /// `CsvFormat` as JSON.
    #[prost(string, tag = "3")]
    pub format: String,
    #[prost(message, optional, tag = "4")]
    pub file_schema: Option<protobuf::Schema>,
    #[prost(uint32, repeated, tag = "5")]
    pub projection: Vec<u32>,
    #[prost(uint64, optional, tag = "6")]
    pub fetch: Option<u64>,
    #[prost(uint32, tag = "7")]
    pub num_partitions: u32,
}
