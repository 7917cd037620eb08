//! Layers of butterflies on vectors that lie side by side, on AVX-512 IFMA.
//!
//! Notation: as in vector.rs. Halves that do not fit the first-level cache are done one after the other.

use super::field::{butterfly, Twiddle, REACH};
use crate::lanes::Fe;

/// Vectors that lie in the first-level cache.
const NEAR: usize = 64;

/// Layers on parts of `vectors`, from all of them to `stop` of them; they are block `block` of layer `depth`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn down(vectors: &mut [Fe], block: usize, depth: u32, stop: usize, factors: &[Twiddle]) {
    let mut length = vectors.len();
    let (mut block, mut depth) = (block, depth);
    while length > stop {
        for (i, part) in vectors.chunks_exact_mut(length).enumerate() {
            let (low, high) = part.split_at_mut(length / 2);
            let w = &factors[block + i];
            if depth > 0 && depth.is_multiple_of(REACH) {
                down_layer::<true>(low, high, w);
            } else {
                down_layer::<false>(low, high, w);
            }
        }
        (block, depth) = (2 * block, depth + 1);
        if length > NEAR && length / 2 > stop {
            let (low, high) = vectors.split_at_mut(length / 2);
            down(low, block, depth, stop, factors);
            down(high, block + 1, depth, stop, factors);
            return;
        }
        length /= 2;
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn down_layer<const REDUCE: bool>(low: &mut [Fe], high: &mut [Fe], w: &Twiddle) {
    for i in 0..low.len().min(high.len()) {
        butterfly::<REDUCE>(&mut low[i], &mut high[i], w);
    }
}

/// Layers on parts of `vectors`, from two of them to all; `done` layers have come before.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn up(vectors: &mut [Fe], done: u32, levels: &[Vec<Twiddle>]) {
    let length = vectors.len();
    let mut half = 1;
    if length > NEAR {
        let (low, high) = vectors.split_at_mut(length / 2);
        up(low, done, levels);
        up(high, done, levels);
        half = length / 2;
    }
    while half < length {
        let level = half.ilog2();
        for part in vectors.chunks_exact_mut(2 * half) {
            let (low, high) = part.split_at_mut(half);
            up_layer(low, high, &levels[level as usize], done + level);
        }
        half *= 2;
    }
}

/// One layer: `low` and `high` with a factor for each pair.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn up_layer(low: &mut [Fe], high: &mut [Fe], factors: &[Twiddle], depth: u32) {
    // No iterators: those are not compiled for these instructions, and not always inlined.
    let length = low.len().min(high.len()).min(factors.len());
    if depth.is_multiple_of(REACH) {
        for i in 0..length {
            butterfly::<true>(&mut low[i], &mut high[i], &factors[i]);
        }
    } else {
        for i in 0..length {
            butterfly::<false>(&mut low[i], &mut high[i], &factors[i]);
        }
    }
}
