//! What the kernel needs of a coordinate field, eight elements at a time.
//!
//! Notation and bounds: as in ifma.rs.

use core::arch::x86_64::{__mmask8, _mm512_loadu_si512, _mm512_setzero_si512};

use crate::batch::product::unpack;
use crate::lanes::{transpose, Fe, LANES, LIMBS};

/// A coordinate field, eight elements at a time. All functions need the features of this file.
///
/// # Safety
///
/// Each function may only be called where `available`.
pub trait Vector {
    /// Eight elements.
    type E: Copy;
    /// Blocks of 64 bytes in a point.
    const BLOCKS: usize;
    /// Eight points, each readable: x and y.
    unsafe fn load(points: [*const u8; LANES]) -> (Self::E, Self::E);
    /// Writes the first points of eight.
    unsafe fn store(x: &Self::E, y: &Self::E, out: &mut [u8]);
    unsafe fn one() -> Self::E;
    unsafe fn carry(a: &Self::E) -> Self::E;
    /// a + b, not carried.
    unsafe fn add(a: &Self::E, b: &Self::E) -> Self::E;
    /// q - a in the lanes of the mask, not carried.
    unsafe fn negate(a: &Self::E, mask: __mmask8) -> Self::E;
    /// m - a, carried; a is at most m.
    unsafe fn minus_from(m: &[u64; LIMBS], a: &Self::E) -> Self::E;
    /// a b, carried.
    unsafe fn product(a: &Self::E, b: &Self::E) -> Self::E;
    /// Two of them.
    unsafe fn products(a: [&Self::E; 2], b: [&Self::E; 2]) -> [Self::E; 2];
    /// a b + c twice, not carried.
    unsafe fn products_plus(a: [&Self::E; 2], b: [&Self::E; 2], c: [&Self::E; 2]) -> [Self::E; 2];
    /// a^2 + c twice, not carried.
    unsafe fn squares_plus(a: [&Self::E; 2], c: [&Self::E; 2]) -> [Self::E; 2];
    /// 2 x - dx, which is x' - x2, not carried.
    unsafe fn minus_both(x: &Self::E, dx: &Self::E) -> Self::E;
    /// 4 (a - b + 2q), carried.
    unsafe fn four_times_difference(a: &Self::E, b: &Self::E) -> Self::E;
    /// See `product::negative`.
    unsafe fn negative(a: &Self::E) -> Self::E;
    /// Below q, for carried a below 2q.
    unsafe fn canonical(a: &Self::E) -> Self::E;
    /// The lanes in which a, in (0, 3q) and carried, may be a multiple of q: hardly any other.
    unsafe fn maybe_zero(a: &Self::E) -> __mmask8;
    /// The lanes in which it is one.
    unsafe fn is_zero(a: &Self::E) -> __mmask8;
    /// Lane by lane, b where the mask is set, else a.
    unsafe fn select(mask: __mmask8, a: &Self::E, b: &Self::E) -> Self::E;
    /// 2^518 / a lane by lane, as integers.
    unsafe fn inverse(a: &Self::E) -> Self::E;
}

/// Two elements of Fq from each of eight 64-byte blocks.
///
/// # Safety
///
/// Only where `available`, and with 64 readable bytes at each block.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub unsafe fn load_blocks(blocks: [*const u8; LANES]) -> [Fe; 2] {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, block) in rows.iter_mut().zip(blocks) {
        // SAFETY: the block is readable, and the load needs no alignment.
        *row = unsafe { _mm512_loadu_si512(block.cast()) };
    }
    let words = transpose(rows);
    [unpack(&words[..4]), unpack(&words[4..])]
}
