//! Memory that the tasks of a pass share, each its own part, and the request to stop.

use core::arch::x86_64::{_mm_prefetch, _MM_HINT_ET0};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lanes8::BLOCK;
use crate::lanes::Fe;
use crate::spare::Spare;

/// Asks whether to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Vectors, erased when dropped; nobody reads one before it is written.
pub struct Work {
    length: usize,
    memory: UnsafeCell<Spare>,
    start: *mut Fe,
}

// SAFETY: vectors of integers go freely between threads; who touches what is the callers' promise below.
unsafe impl Sync for Work {}
// SAFETY: as above; the pointer is to memory that goes along.
unsafe impl Send for Work {}

impl Work {
    pub fn new(length: usize) -> Self {
        let mut memory = Spare::new(length * size_of::<Fe>());
        let start = memory.bytes_mut().as_mut_ptr().cast();
        Work {
            length,
            memory: UnsafeCell::new(memory),
            start,
        }
    }

    fn at(&self, i: usize, count: usize) -> *mut Fe {
        assert!(i <= self.length && count <= self.length - i);
        // SAFETY: in range. The memory is not moved and, but through such pointers, not used before it is dropped.
        unsafe { self.start.add(i) }
    }

    /// # Safety
    ///
    /// Nobody else may use this vector meanwhile.
    #[inline]
    pub unsafe fn put(&self, i: usize, vector: Fe) {
        // SAFETY: in range (`at`), aligned to 64 bytes, and nobody else is there.
        unsafe { self.at(i, 1).write(vector) }
    }

    /// # Safety
    ///
    /// Nobody else may use them meanwhile.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, from: usize, count: usize) -> &mut [Fe] {
        // SAFETY: in range (`at`), aligned to 64 bytes, initialised (any bits are a vector), and nobody else is
        // there.
        unsafe { std::slice::from_raw_parts_mut(self.at(from, count), count) }
    }

    /// As `part`, as bytes.
    ///
    /// # Safety
    ///
    /// Nobody else may use them meanwhile.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn bytes(&self, from: usize, count: usize) -> &mut [u8] {
        let start = self.at(from, count).cast();
        // SAFETY: in range (`at`), initialised, and nobody else is there; any bytes are vectors.
        unsafe { std::slice::from_raw_parts_mut(start, count * size_of::<Fe>()) }
    }

    /// The memory, for the first `length` bytes to be used otherwise.
    ///
    /// # Safety
    ///
    /// All vectors are zero.
    pub unsafe fn into_spare(self, length: usize) -> Spare {
        let mut memory = self.memory.into_inner();
        // SAFETY: the caller's promise.
        unsafe { memory.shorten(length) };
        memory
    }

    /// Lets go of vectors that are erased already.
    ///
    /// # Safety
    ///
    /// All are zero.
    pub unsafe fn give_back(self) {
        // SAFETY: the caller's promise.
        unsafe { self.memory.into_inner().give_back() }
    }
}

/// Bytes in blocks of eight elements that tasks share, each its own.
pub struct Places<'a> {
    start: *mut u8,
    length: usize,
    bytes: std::marker::PhantomData<&'a mut [u8]>,
}

// SAFETY: the bytes are borrowed mutably for as long as this lives, and tasks keep to their own blocks.
unsafe impl Sync for Places<'_> {}

impl<'a> Places<'a> {
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Places {
            start: bytes.as_mut_ptr(),
            length: bytes.len(),
            bytes: std::marker::PhantomData,
        }
    }

    /// Says that a block will be written soon.
    #[inline]
    pub fn soon(&self, m: usize) {
        for line in 0..BLOCK / 64 {
            let at = self.start.wrapping_add(m * BLOCK + 64 * line);
            // SAFETY: a hint, at any address.
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(at.cast()) };
        }
    }

    /// # Safety
    ///
    /// Nobody else may use this block meanwhile.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn block(&self, m: usize) -> &mut [u8] {
        assert!((m + 1) * BLOCK <= self.length);
        // SAFETY: in range, initialised, and nobody else is there.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(m * BLOCK), BLOCK) }
    }
}

/// A request to stop that some task has heeded.
pub struct Halt<'a> {
    stop: Stop<'a>,
    heeded: AtomicBool,
}

impl<'a> Halt<'a> {
    pub fn new(stop: Stop<'a>) -> Self {
        Halt {
            stop,
            heeded: AtomicBool::new(false),
        }
    }

    /// Asked by each task before it starts.
    pub fn now(&self) -> bool {
        let now = self.reached() || (self.stop)();
        if now {
            self.heeded.store(true, Ordering::Relaxed);
        }
        now
    }

    /// Whether some task has not done its part.
    pub fn reached(&self) -> bool {
        self.heeded.load(Ordering::Relaxed)
    }
}
