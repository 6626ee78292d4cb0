//! One map output as a file.

/// A complete file under its temporary name; removed on drop.
#[derive(Debug)]
pub struct StagedFile {
    _private: (),
}
