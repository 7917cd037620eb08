//! Buffers of the heap (heap.rs) that hold what tells the witness: erased when they go.

use std::alloc::{handle_alloc_error, Layout};

use crate::heap::{Heap, HEAP};

/// Some bytes, aligned for vectors; erased when dropped.
///
/// At first they are what somebody else left: nobody reads a byte before it is written.
pub struct Spare {
    start: *mut u8,
    length: usize,
    /// Of the block.
    whole: usize,
    heap: &'static Heap,
}

// SAFETY: bytes that this value alone owns.
unsafe impl Send for Spare {}
// SAFETY: as above; through a shared reference they are only read.
unsafe impl Sync for Spare {}

impl Spare {
    /// `length` bytes.
    pub fn new(length: usize) -> Self {
        Spare::of(&HEAP, length)
    }

    fn of(heap: &'static Heap, length: usize) -> Self {
        let (start, _) = heap.take(length);
        if start.is_null() {
            handle_alloc_error(Layout::from_size_align(length, 1).unwrap_or(Layout::new::<u8>()));
        }
        Spare {
            start,
            length,
            whole: length,
            heap,
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block is as long, initialised, and this value's alone.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the block is as long, initialised, and this value's alone.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }

    /// Keeps the first bytes only.
    ///
    /// # Safety
    ///
    /// The others are zero, as this no longer erases them.
    pub unsafe fn shorten(&mut self, length: usize) {
        assert!(length <= self.length);
        self.length = length;
    }

    /// Gives back what its user has erased.
    ///
    /// # Safety
    ///
    /// All bytes are zero.
    pub unsafe fn give_back(mut self) {
        self.length = 0;
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.bytes_mut().fill(0);
        // Nobody reads the zeros in this function; they are to be written all the same.
        std::hint::black_box(self.start);
        // SAFETY: the block of `new`, of this length.
        unsafe { self.heap.give(self.start, self.whole) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_apart() {
        for length in [0, 1, 63, 1 << 16, 200_005] {
            let (mut one, mut other) = (Spare::new(length), Spare::new(length));
            assert!([&one, &other]
                .iter()
                .all(|spare| (spare.start as usize).is_multiple_of(4096)));
            one.bytes_mut().fill(0xa5);
            other.bytes_mut().fill(0x5a);
            assert!(one.bytes().len() == length && one.bytes().iter().all(|&b| b == 0xa5));
        }
    }

    #[test]
    fn buffers_are_erased() {
        static OWN: Heap = Heap::new();
        let mut one = Spare::of(&OWN, 1 << 20);
        let start = one.start;
        one.bytes_mut()[..1 << 19].fill(0xa5);
        // SAFETY: the others are as the system gave them.
        unsafe { one.shorten(1 << 19) };
        drop(one);
        let next = Spare::of(&OWN, 1 << 20);
        assert!(next.start == start && next.bytes().iter().all(|&b| b == 0));
    }
}
