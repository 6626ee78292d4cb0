//! Frames: what goes over a connection.
//!
//! ```text
//!  0  4  length of what follows this number
//!  4  1  kind
//!  5  1  flags: 1 first frame of a block, 2 last one
//!  6  2  0
//!  8  4  request
//! 12  4  lane
//! 16  4  CRC32C of bytes 0 to 15 and of the body; of a data frame's body only what
//!        describes the block (24 bytes of a first frame): blocks have their own
//! 20     body
//! ```
//!
//! Numbers are little endian.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::Decoder;

/// Bytes before the body.
pub(crate) const HEADER_LEN: usize = 20;

/// Bytes of [`BlockInfo`] at the start of a first data frame.
pub(crate) const INFO_LEN: usize = 24;

/// The first frame of a block.
pub(crate) const FIRST: u8 = 1;

/// The last frame of a block.
pub(crate) const LAST: u8 = 2;

/// Smaller bodies are copied out of the buffer that they were read into, which they would
/// hold otherwise.
const SMALL_BODY: usize = 16 << 10;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Hello = 1,
    Challenge = 2,
    Proof = 3,
    Accept = 4,
    Refuse = 5,
    Fetch = 10,
    Blob = 11,
    Verify = 12,
    Copy = 13,
    Register = 14,
    EndApplication = 15,
    RemoveShuffle = 16,
    Cancel = 20,
    Credit = 21,
    Ping = 22,
    Pong = 23,
    Data = 30,
    /// A message that answers a request.
    Answer = 31,
    /// A request, or one lane of it, has failed.
    Failure = 32,
    /// Nothing more comes for a request.
    Done = 33,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        use Kind::*;
        const ALL: [Kind; 20] = [
            Hello,
            Challenge,
            Proof,
            Accept,
            Refuse,
            Fetch,
            Blob,
            Verify,
            Copy,
            Register,
            EndApplication,
            RemoveShuffle,
            Cancel,
            Credit,
            Ping,
            Pong,
            Data,
            Answer,
            Failure,
            Done,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub kind: Kind,
    pub flags: u8,
    pub request: u32,
    pub lane: u32,
    pub body: Bytes,
}

/// What the first data frame of a block says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockInfo {
    /// Rows in it; of a blob its CRC32C.
    pub rows: u64,
    /// Bytes, when they are known before the last one is sent.
    pub length: Option<u64>,
    /// The attempt whose output it is: another one may have the rows in another order.
    pub stage_attempt: u32,
    pub attempt: u32,
}

impl BlockInfo {
    fn to_bytes(self) -> [u8; INFO_LEN] {
        let mut bytes = [0; INFO_LEN];
        let mut out = &mut bytes[..];
        out.put_u64_le(self.rows);
        out.put_u64_le(self.length.unwrap_or(u64::MAX));
        out.put_u32_le(self.stage_attempt);
        out.put_u32_le(self.attempt);
        bytes
    }

    /// Takes it from the start of a first frame's body.
    pub fn take(body: &mut Bytes) -> Option<Self> {
        if body.len() < INFO_LEN {
            return None;
        }
        let rows = body.get_u64_le();
        let length = Some(body.get_u64_le()).filter(|length| *length != u64::MAX);
        Some(Self { rows, length, stage_attempt: body.get_u32_le(), attempt: body.get_u32_le() })
    }
}

impl Frame {
    pub fn new(kind: Kind, request: u32, body: impl Into<Bytes>) -> Self {
        Self { kind, flags: 0, request, lane: 0, body: body.into() }
    }

    pub fn message(kind: Kind, request: u32, message: &impl prost::Message) -> Self {
        Self::new(kind, request, message.encode_to_vec())
    }

    /// Header, and the description of the block that starts; the body follows.
    pub fn head(&self, info: Option<BlockInfo>) -> Bytes {
        let info = info.map(BlockInfo::to_bytes);
        let info = info.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        let length = HEADER_LEN - 4 + info.len() + self.body.len();
        let mut head = BytesMut::with_capacity(HEADER_LEN + info.len());
        head.put_u32_le(length as u32);
        head.put_u8(self.kind as u8);
        head.put_u8(self.flags);
        head.put_u16_le(0);
        head.put_u32_le(self.request);
        head.put_u32_le(self.lane);
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head), info);
        let crc = if self.kind == Kind::Data { crc } else { crc32c::crc32c_append(crc, &self.body) };
        head.put_u32_le(crc);
        head.put_slice(info);
        head.freeze()
    }
}

/// Why bytes are no frames.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {length} bytes, where {most} are the most")]
    TooLarge { length: usize, most: usize },
    #[error("{0}")]
    Garbage(&'static str),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Cuts what is received into frames.
#[derive(Debug)]
pub(crate) struct FrameDecoder {
    /// The longest frame, header included.
    pub max_frame: usize,
}

impl Decoder for FrameDecoder {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some(length) = src.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        // Before anything is allocated for it.
        if length > self.max_frame.saturating_sub(4) {
            return Err(FrameError::TooLarge { length, most: self.max_frame });
        }
        let whole = length + 4;
        if whole < HEADER_LEN {
            return Err(FrameError::Garbage("a frame without a header"));
        }
        if src.len() < whole {
            src.reserve(whole - src.len());
            return Ok(None);
        }
        let mut frame = src.split_to(whole);
        let (head, mut body) = (frame.split_to(HEADER_LEN), frame);
        let kind = Kind::from_byte(head[4]).ok_or(FrameError::Garbage("a frame of an unknown kind"))?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let flags = head[5];
        let guarded = match kind {
            Kind::Data if flags & FIRST == 0 => 0,
            Kind::Data => INFO_LEN.min(body.len()),
            _ => body.len(),
        };
        if crc32c::crc32c_append(crc32c::crc32c(&head[..16]), &body[..guarded]) != word(16) {
            return Err(FrameError::Garbage("a frame whose CRC32C is wrong"));
        }
        let body = if body.len() < SMALL_BODY { Bytes::copy_from_slice(&body) } else { body.split().freeze() };
        Ok(Some(Frame { kind, flags, request: word(8), lane: word(12), body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(frame: &Frame, info: Option<BlockInfo>) -> Vec<u8> {
        [frame.head(info), frame.body.clone()].concat()
    }

    fn decode_all(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        let mut decoder = FrameDecoder { max_frame: 1 << 20 };
        let mut src = BytesMut::from(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = decoder.decode(&mut src)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn a_long_frame_is_refused_before_it_is_there() {
        let mut src = BytesMut::from(&b"GET / HTTP/1.1\r\n"[..]);
        let error = FrameDecoder { max_frame: 1 << 20 }.decode(&mut src).unwrap_err();
        assert!(matches!(error, FrameError::TooLarge { .. }), "{error}");
        assert!(src.capacity() < 1 << 16);
    }

    #[test]
    fn a_block_is_described() {
        let info = BlockInfo { rows: 7, length: None, stage_attempt: 2, attempt: 1 };
        let frame = Frame { kind: Kind::Data, flags: FIRST, request: 1, lane: 2, body: Bytes::from_static(b"rows") };
        let mut decoded = decode_all(&bytes_of(&frame, Some(info))).unwrap().remove(0);
        assert_eq!(BlockInfo::take(&mut decoded.body), Some(info));
        assert_eq!(decoded.body, "rows");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn frames_survive(kind in 1..40_u8, request: u32, lane: u32, body in proptest::collection::vec(any::<u8>(), 0..300), at in 0..4000_usize) {
            if let Some(kind) = Kind::from_byte(kind) {
                let frame = Frame { kind, flags: 0, request, lane, body: body.into() };
                let bytes = bytes_of(&frame, None);
                prop_assert_eq!(decode_all(&bytes).unwrap(), vec![frame.clone()]);
                // Cut short it is not there yet.
                prop_assert_eq!(decode_all(&bytes[..at % bytes.len()]).unwrap(), vec![]);
            }
        }

        #[test]
        fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            // Never a panic; a frame only by a CRC that fits.
            if let Ok(frames) = decode_all(&bytes) {
                prop_assert!(frames.is_empty());
            }
        }

        #[test]
        fn a_flipped_bit_is_found(body in proptest::collection::vec(any::<u8>(), 0..60), at: proptest::sample::Index, bit in 0..8_u8) {
            let frame = Frame { kind: Kind::Fetch, flags: 0, request: 1, lane: 0, body: body.into() };
            let mut bytes = bytes_of(&frame, None);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            if let Ok(frames) = decode_all(&bytes) {
                prop_assert!(frames.is_empty());
            }
        }
    }
}
