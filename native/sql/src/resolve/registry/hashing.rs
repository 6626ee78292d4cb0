//! Hashes and encodings.
use super::{ANY_NUMBER, Function, Nulls, Out, Rule, scalar};
use crate::resolve::coercion::Slot;

pub(super) const ROWS: &[Function] = &[
    scalar(&["hash"], 1, Rule::Slots(&[Slot::Any], Out::Integer)).up_to(ANY_NUMBER).nulls(Nulls::Never),
    scalar(&["xxhash64"], 1, Rule::Slots(&[Slot::Any], Out::Long)).up_to(ANY_NUMBER).nulls(Nulls::Never),
    scalar(&["md5"], 1, Rule::Slots(&[Slot::Binary], Out::String)),
    scalar(&["sha1", "sha"], 1, Rule::Slots(&[Slot::Binary], Out::String)),
    scalar(&["sha2"], 2, Rule::Slots(&[Slot::Binary, Slot::Integer], Out::String)).nulls(Nulls::Always),
    scalar(&["crc32"], 1, Rule::Slots(&[Slot::Binary], Out::Long)),
    scalar(&["base64"], 1, Rule::Slots(&[Slot::Binary], Out::String)),
    scalar(&["unbase64"], 1, Rule::Slots(&[Slot::String], Out::Binary)),
    scalar(&["unhex"], 1, Rule::Slots(&[Slot::String], Out::Binary)).nulls(Nulls::Always),
];
