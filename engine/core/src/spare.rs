//! Memory that is used again: the system's price for fresh pages is above that of the work done in them.
//!
//! A virtual machine takes 2 microseconds or so for a page of 4 KB, so a transform's vectors cost as much to
//! get as to transform. Buffers come back erased and are handed out again, to any user.
//!
//! **Invariant:** a buffer that is handed out holds zeros only.

use std::sync::{Mutex, PoisonError};

/// Bytes that are kept; what a proof of 2^18 rows uses at a time.
const KEPT: usize = 48 << 20;

/// Buffers below this are not worth it.
const SMALL: usize = 1 << 16;

/// Buffers begin at multiples of this.
const ALIGN: usize = 64;

static KEEP: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

/// Some bytes, aligned for vectors, zeros at first; erased when dropped.
pub struct Spare {
    words: Vec<u64>,
    /// Of the first byte in `words`.
    start: usize,
    length: usize,
}

impl Spare {
    /// `length` zeros.
    pub fn new(length: usize) -> Self {
        let words = length.div_ceil(8) + ALIGN / 8;
        let mut keep = KEEP.lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that will do, if it is not far too large.
        let found = (0..keep.len())
            .filter(|&i| (words..=4 * words).contains(&keep[i].len()))
            .min_by_key(|&i| keep[i].len());
        let found = found.map(|i| keep.swap_remove(i));
        drop(keep);
        let words = found.unwrap_or_else(|| vec![0; words]);
        let start = words.as_ptr().cast::<u8>().align_offset(ALIGN);
        assert!(start < ALIGN && start + length <= 8 * words.len());
        Spare {
            words,
            start,
            length,
        }
    }

    /// The first byte. Nobody keeps it longer than `self`.
    pub fn as_ptr(&self) -> *const u8 {
        // SAFETY: in range, as asserted by `new`.
        unsafe { self.words.as_ptr().cast::<u8>().add(self.start) }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: in range, as asserted by `new`, and initialised: any word is eight bytes.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.length) }
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let start = self.words.as_mut_ptr().cast::<u8>();
        // SAFETY: in range, as asserted by `new`, and initialised; any bytes are words.
        unsafe { std::slice::from_raw_parts_mut(start.add(self.start), self.length) }
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
        std::hint::black_box(self.words.as_ptr());
        if self.words.len() < SMALL / 8 {
            return;
        }
        let mut keep = KEEP.lock().unwrap_or_else(PoisonError::into_inner);
        keep.push(std::mem::take(&mut self.words));
        // The oldest go first.
        while 8 * keep.iter().map(Vec::len).sum::<usize>() > KEPT {
            keep.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_zeros_each_time() {
        for length in [0, 1, 63, SMALL, 3 * SMALL + 5, 5 * SMALL] {
            for _ in 0..3 {
                let mut one = Spare::new(length);
                let mut other = Spare::new(length);
                assert_ne!(one.as_ptr(), other.as_ptr());
                assert_eq!(one.as_ptr() as usize % ALIGN, 0);
                assert!(one.bytes().len() == length && one.bytes().iter().all(|&b| b == 0));
                assert!(other.bytes().iter().all(|&b| b == 0));
                one.bytes_mut().fill(0xa5);
                other.bytes_mut().fill(0x5a);
            }
        }
    }

    #[test]
    fn not_everything_is_kept() {
        for _ in 0..3 {
            drop(Spare::new(KEPT));
            drop([(); 4].map(|()| Spare::new(KEPT / 3)));
            let keep = KEEP.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(8 * keep.iter().map(Vec::len).sum::<usize>() <= KEPT);
        }
    }
}
