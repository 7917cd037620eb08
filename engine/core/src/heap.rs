//! A heap for large blocks: one for all threads, so that what one stage of a proof lets go is the next one's.
//!
//! Source: Knuth, The Art of Computer Programming 1, section 2.5: first fit by address, neighbours merged.
//! The system's allocator keeps an arena for each thread, and what is free in one is of no use to another; after
//! some proofs two threads hold a third more than any stage needs. A virtual machine takes 2 microseconds or so
//! for a fresh page of 4 KB, so giving everything back would cost as much as to transform. Here large blocks are
//! cut from mappings that grow when nothing fits; `KEPT` bytes of what is free stay.
//!
//! Nobody waits for the lock for long, and a child that was forked while it was held, which would wait forever, not at
//! all: the lock was last had by another process. Every block is whole pages of a mapping, so one that comes while
//! the lock is taken is mapped, or unmapped, by itself.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// Layouts of this size and more are the heap's.
const LARGE: usize = 1 << 17;

/// Blocks are multiples of this, which is one of any page's size.
const GRAIN: usize = 1 << 16;

/// Mappings are multiples of this, the size of a large page, so that the system sets one beside the other.
const STEP: usize = 1 << 21;

/// Bytes that stay though nobody has them: what a proof of 2^20 rows uses at a time.
const KEPT: usize = 128 << 20;

/// Attempts to get the lock, each of which lets another thread go on.
const PATIENCE: usize = 1000;

/// Alignment that every block has.
const ALIGN: usize = 4096;

/// The process's heap.
pub static HEAP: Heap = Heap::new();

/// Free ranges by address, none of which touch, and their bytes in all.
struct Free {
    ranges: BTreeMap<usize, usize>,
    bytes: usize,
}

/// See the head of this file.
pub struct Heap {
    free: Mutex<Free>,
    /// The process that last had the lock.
    holder: AtomicU32,
}

impl Heap {
    /// An empty one.
    pub const fn new() -> Self {
        Heap {
            free: Mutex::new(Free {
                ranges: BTreeMap::new(),
                bytes: 0,
            }),
            holder: AtomicU32::new(0),
        }
    }

    /// A block of at least so many bytes, and whether all are zero; null if there is no memory. Its bytes are
    /// initialised, to what whoever had them before left there.
    pub fn take(&self, length: usize) -> (*mut u8, bool) {
        let Some(length) = rounded(length, GRAIN) else {
            return (std::ptr::null_mut(), false);
        };
        let mut free = match self.lock() {
            Some(free) if cfg!(unix) => free,
            _ => return (map(length), true),
        };
        let found = free.ranges.iter().find(|(_, &size)| size >= length);
        if let Some((&start, &size)) = found {
            free.remove(start);
            free.insert(start + length, size - length);
            return (start as *mut u8, false);
        }
        // What does not fit goes, so that no more is held than is used.
        free.shrink(0);
        let Some(size) = rounded(length, STEP) else {
            return (std::ptr::null_mut(), false);
        };
        let start = map(size);
        if !start.is_null() {
            free.insert(start as usize + length, size - length);
        }
        (start, true)
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// It came from `take` of this length, and nobody uses it any more.
    pub unsafe fn give(&self, start: *mut u8, length: usize) {
        let Some(length) = rounded(length, GRAIN) else {
            return;
        };
        match self.lock() {
            Some(mut free) if cfg!(unix) => {
                free.insert(start as usize, length);
                free.shrink(KEPT);
            }
            // SAFETY: whole pages of a mapping, the caller's alone.
            _ => unsafe { unmap(start as usize, length) },
        }
    }

    /// Bytes that nobody has.
    pub fn kept(&self) -> usize {
        self.lock().map_or(0, |free| free.bytes)
    }

    fn lock(&self) -> Option<MutexGuard<'_, Free>> {
        for _ in 0..PATIENCE {
            let free = match self.free.try_lock() {
                Ok(free) => free,
                Err(TryLockError::Poisoned(free)) => free.into_inner(),
                Err(TryLockError::WouldBlock) if self.is_held_elsewhere() => return None,
                Err(TryLockError::WouldBlock) => {
                    std::thread::yield_now();
                    continue;
                }
            };
            self.holder.store(std::process::id(), Ordering::Relaxed);
            return Some(free);
        }
        None
    }

    /// Whether a lock that is taken stays so: who took it is in the process that this one was forked from. Once
    /// in a while that is said of a thread that has just taken it, which costs a mapping.
    fn is_held_elsewhere(&self) -> bool {
        self.holder.load(Ordering::Relaxed) != std::process::id()
    }
}

impl Default for Heap {
    fn default() -> Self {
        Heap::new()
    }
}

impl Free {
    /// Adds a range, one with its neighbours.
    fn insert(&mut self, mut start: usize, mut size: usize) {
        if size == 0 {
            return;
        }
        self.bytes += size;
        if let Some(after) = self.ranges.remove(&(start + size)) {
            size += after;
        }
        if let Some((&before, &its)) = self.ranges.range(..start).next_back() {
            if before + its == start {
                (start, size) = (before, its + size);
            }
        }
        self.ranges.insert(start, size);
    }

    fn remove(&mut self, start: usize) {
        if let Some(size) = self.ranges.remove(&start) {
            self.bytes -= size;
        }
    }

    /// Gives the system what is more than `kept` bytes, from the highest addresses down.
    fn shrink(&mut self, kept: usize) {
        while self.bytes > kept {
            let Some((&start, &size)) = self.ranges.last_key_value() else {
                return;
            };
            // Whole grains: all are.
            let less = size.min((self.bytes - kept).next_multiple_of(GRAIN));
            self.remove(start);
            self.insert(start, size - less);
            // SAFETY: whole pages of mappings, and nobody has them.
            unsafe { unmap(start + size - less, less) };
        }
    }
}

/// `HEAP` as a global allocator, which leaves small blocks to the system.
pub struct Allocator;

fn is_large(layout: Layout) -> bool {
    cfg!(unix) && layout.size() >= LARGE && layout.align() <= ALIGN
}

/// The next multiple, or one grain for nothing.
fn rounded(length: usize, grain: usize) -> Option<usize> {
    length.max(1).checked_next_multiple_of(grain)
}

// SAFETY: a block is cut from what is free under the lock, or mapped for it alone, so no two overlap; it is as
// long as asked for and begins on a page. Small layouts are the system's, told apart by the layout both times.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return HEAP.take(layout.size()).0;
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            let (start, zero) = HEAP.take(layout.size());
            if !zero && !start.is_null() {
                // SAFETY: the block is as long.
                unsafe { start.write_bytes(0, layout.size()) };
            }
            return start;
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if is_large(layout) {
            // SAFETY: the caller's promise: it came from `alloc` or `alloc_zeroed` with this layout.
            return unsafe { HEAP.give(start, layout.size()) };
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

/// Zeros from the system, or null.
#[cfg(unix)]
fn map(length: usize) -> *mut u8 {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, wherever there is room; nothing that is mapped changes.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, kind, -1, 0) };
    if start == libc::MAP_FAILED {
        return std::ptr::null_mut();
    }
    #[cfg(target_os = "linux")]
    if length >= STEP {
        // Large pages where the system has them: fewer to ask for, and fewer to find. A refusal changes nothing.
        // SAFETY: the mapping just made.
        let _ = unsafe { libc::madvise(start, length, libc::MADV_HUGEPAGE) };
    }
    start.cast()
}

/// # Safety
///
/// Whole pages from `map`, which nobody uses.
#[cfg(unix)]
unsafe fn unmap(start: usize, length: usize) {
    // SAFETY: the caller's promise. If the system refuses, the pages stay mapped and unused.
    let _ = unsafe { libc::munmap(start as *mut libc::c_void, length) };
}

/// Elsewhere blocks are the system's, one by one.
#[cfg(not(unix))]
fn map(length: usize) -> *mut u8 {
    // SAFETY: the length is not zero.
    Layout::from_size_align(length, ALIGN).map_or(std::ptr::null_mut(), |layout| unsafe {
        System.alloc_zeroed(layout)
    })
}

/// # Safety
///
/// A whole block from `map`, which nobody uses.
#[cfg(not(unix))]
unsafe fn unmap(start: usize, length: usize) {
    if let Ok(layout) = Layout::from_size_align(length, ALIGN) {
        // SAFETY: the caller's promise, and the layout of `map`.
        unsafe { System.dealloc(start as *mut u8, layout) };
    }
}

#[cfg(test)]
mod tests;
