//! Storage memory: cached and shuffle blocks.

use std::fmt;
use std::sync::Arc;

use crate::error::StorageRefused;
use crate::manager::MemoryManager;

/// A name under which blocks are held. Cheap to clone.
#[derive(Clone)]
pub struct StorageMemory {
    manager: Arc<MemoryManager>,
    name: Arc<str>,
}

impl fmt::Debug for StorageMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageMemory").field("name", &self.name).finish()
    }
}

impl StorageMemory {
    pub(crate) fn new(manager: Arc<MemoryManager>, name: &str) -> Self {
        Self { manager, name: Arc::from(name) }
    }

    /// Acquires storage memory that neither execution nor other blocks hold.
    ///
    /// # Errors
    /// [`StorageRefused`] when it does not fit: nothing is evicted for it.
    pub fn try_acquire(&self, bytes: usize) -> Result<StorageHold, StorageRefused> {
        self.manager.acquire_storage(&self.name, bytes)?;
        Ok(StorageHold::new(Arc::clone(&self.manager), bytes))
    }

    /// The name that errors show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The accounting behind it.
    pub fn manager(&self) -> &Arc<MemoryManager> {
        &self.manager
    }
}

/// Storage memory that is held until it is dropped.
pub struct StorageHold {
    manager: Arc<MemoryManager>,
    bytes: usize,
}

impl fmt::Debug for StorageHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageHold").field("bytes", &self.bytes).finish()
    }
}

impl StorageHold {
    pub(crate) fn new(manager: Arc<MemoryManager>, bytes: usize) -> Self {
        Self { manager, bytes }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back `bytes`, or all that it holds when that is less.
    pub fn shrink(&mut self, bytes: usize) {
        let taken = bytes.min(self.bytes);
        self.bytes -= taken;
        self.manager.state.lock().storage -= taken;
    }
}

impl Drop for StorageHold {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
