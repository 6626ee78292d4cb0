//! Bodies of frames, as protobuf.

use prost::Message;

/// Who calls.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Hello {
    /// [`crate::VERSION`].
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(string, tag = "2")]
    pub application: String,
    #[prost(bytes = "vec", tag = "3")]
    pub nonce: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Challenge {
    #[prost(bytes = "vec", tag = "1")]
    pub nonce: Vec<u8>,
}

/// HMAC of the conversation: the caller's in `Proof`, the server's in `Accept`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Proof {
    #[prost(bytes = "vec", tag = "1")]
    pub mac: Vec<u8>,
    /// The longest frame that its sender takes.
    #[prost(uint64, tag = "2")]
    pub max_frame: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Refuse {
    #[prost(string, tag = "1")]
    pub reason: String,
}

/// Blocks of one shuffle. Each lane is sent in its order, lanes side by side.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Fetch {
    #[prost(uint64, tag = "1")]
    pub shuffle: u64,
    #[prost(message, repeated, tag = "2")]
    pub lanes: Vec<Lane>,
    /// Credit of each lane at the start, in bytes.
    #[prost(uint64, tag = "3")]
    pub window: u64,
    /// Executors that `Block::executor` counts.
    #[prost(string, repeated, tag = "4")]
    pub executors: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Lane {
    #[prost(message, repeated, tag = "1")]
    pub blocks: Vec<Block>,
}

/// Some reduce partitions of a map output.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Block {
    #[prost(uint32, tag = "1")]
    pub map: u32,
    #[prost(uint32, tag = "2")]
    pub start: u32,
    #[prost(uint32, tag = "3")]
    pub end: u32,
    #[prost(uint32, tag = "4")]
    pub executor: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct BlobRequest {
    #[prost(string, tag = "1")]
    pub id: String,
    /// The first byte that is wanted.
    #[prost(uint64, tag = "2")]
    pub offset: u64,
    #[prost(uint64, tag = "3")]
    pub window: u64,
}

/// Asks a server whether its own bytes are whole.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Verify {
    #[prost(uint64, tag = "1")]
    pub shuffle: u64,
    #[prost(message, optional, tag = "2")]
    pub block: Option<Block>,
    #[prost(string, tag = "3")]
    pub executor: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Verified {
    #[prost(bool, tag = "1")]
    pub whole: bool,
    #[prost(string, tag = "2")]
    pub what: String,
}

/// Asks for a whole map output as a file.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Copy {
    #[prost(uint64, tag = "1")]
    pub shuffle: u64,
    #[prost(uint32, tag = "2")]
    pub map: u32,
    #[prost(uint64, tag = "3")]
    pub window: u64,
}

/// An executor tells a shuffle service of its directories.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Register {
    #[prost(string, tag = "1")]
    pub application: String,
    #[prost(string, tag = "2")]
    pub executor: String,
    #[prost(string, repeated, tag = "3")]
    pub directories: Vec<String>,
    /// The application's secret, sealed with a key of the two nonces and the service's secret.
    #[prost(bytes = "vec", tag = "4")]
    pub sealed_secret: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RemoveShuffle {
    #[prost(uint64, tag = "1")]
    pub shuffle: u64,
}

/// Bytes that a lane may send more.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Credit {
    #[prost(uint64, tag = "1")]
    pub bytes: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Failure {
    /// [`crate::FetchCause`].
    #[prost(uint32, tag = "1")]
    pub cause: u32,
    #[prost(string, tag = "2")]
    pub message: String,
    /// Which block of the lane.
    #[prost(uint32, tag = "3")]
    pub block: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Hello::decode(&bytes[..]);
            let _ = Challenge::decode(&bytes[..]);
            let _ = Proof::decode(&bytes[..]);
            let _ = Fetch::decode(&bytes[..]);
            let _ = BlobRequest::decode(&bytes[..]);
            let _ = Verify::decode(&bytes[..]);
            let _ = Copy::decode(&bytes[..]);
            let _ = Register::decode(&bytes[..]);
            let _ = Failure::decode(&bytes[..]);
            let _ = Credit::decode(&bytes[..]);
        }

        #[test]
        fn a_request_survives(shuffle: u64, window: u64, blocks in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<u32>()), 0..40)) {
            let blocks = blocks.into_iter().map(|(map, start, end)| Block { map, start, end, executor: 0 }).collect();
            let fetch = Fetch { shuffle, lanes: vec![Lane { blocks }], window, executors: vec!["e1".to_owned()] };
            prop_assert_eq!(Fetch::decode(&fetch.encode_to_vec()[..]).unwrap(), fetch);
        }
    }
}
