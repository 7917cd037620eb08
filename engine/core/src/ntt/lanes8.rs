//! Between memory and lanes: eight rows of eight elements, their transform of size eight, and their factors.
//!
//! Notation: as in lanes.rs, field.rs and vector.rs; x[l] holds eight consecutive elements of row l, element
//! ORDER[p] in lane p.

#![allow(clippy::needless_range_loop)]

use core::arch::x86_64::{
    _mm512_loadu_si512, _mm512_permutexvar_epi64, _mm512_setr_epi64, _mm512_setzero_si512,
    _mm512_shuffle_i64x2, _mm512_storeu_si512, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use ark_bn254::Fr;

use super::field::{butterfly, plain_butterfly, reduce, Twiddle};
use super::tables::Outer;
use crate::bytes::WIDTH;
use crate::lanes::{carry, mont, pack, splat, transpose, unpack, Fe, ModR, LANES, LIMBS, V};

/// Bytes of eight elements.
pub const BLOCK: usize = LANES * WIDTH;

/// Element of a block of eight consecutive ones that lies in each lane: what two shuffles give. Its own inverse.
pub const ORDER: [usize; LANES] = [0, 2, 1, 3, 4, 6, 5, 7];

/// Bits of 0 .. 7 reversed.
pub const REVERSED: [usize; LANES] = [0, 4, 2, 6, 1, 5, 3, 7];

/// Factors of rows 1 .. 7 of block m, 2^260 times, carried, below 1.02 m; row 0 has none.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn factors(outer: &Outer, m: usize) -> [Fe; LANES] {
    let mut out = [splat(&[0; LIMBS]); LANES];
    for s in 1..LANES {
        let lanes = load(bytes_of(&outer.lanes[s]));
        // Two canonical ones: 1 / 84 + 1.
        out[s] = mont::<ModR, 1>([&lanes], [&splat(&outer.steps[m * LANES + s])]);
    }
    out
}

/// Row s times its factor, carried, below 2.1 m; for rows in any order `at(s)`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn scale_row(x: &Fe, s: usize, factors: &[Fe; LANES]) -> Fe {
    let x = carry(*x);
    if s == 0 {
        // Below 1.7 m.
        carry(reduce(&x))
    } else {
        // Below B 1.02 m / B + m.
        mont::<ModR, 1>([&x], [&factors[s]])
    }
}

/// Place v gets sum over l of x[l] root^(l rev(v)), lazy; from values below 2.1 m to values below 36 m.
///
/// 2.1 m doubles at most twice before it is subtracted from 11 m without a product: below 8.4 m.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn transform_eight(x: &mut [Fe; LANES], roots: &[Twiddle; 4]) {
    for half in [4, 2, 1] {
        for (block, part) in x.chunks_exact_mut(2 * half).enumerate() {
            let (low, high) = part.split_at_mut(half);
            for (u, v) in low.iter_mut().zip(high) {
                if block == 0 {
                    plain_butterfly(u, v);
                } else {
                    butterfly::<false>(u, v, &roots[block]);
                }
            }
        }
    }
}

/// Rows to lanes, limb by limb, and back.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn transpose_limbs(x: &[Fe; LANES]) -> [Fe; LANES] {
    let mut out = *x;
    for limb in 0..LIMBS {
        let mut rows = [x[0][0]; LANES];
        for l in 0..LANES {
            rows[l] = x[l][limb];
        }
        let columns = transpose(rows);
        for l in 0..LANES {
            out[l][limb] = columns[l];
        }
    }
    out
}

/// Lanes by ORDER.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn reorder(a: &Fe) -> Fe {
    let order = _mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7);
    let mut out = *a;
    for limb in &mut out {
        *limb = _mm512_permutexvar_epi64(order, *limb);
    }
    out
}

/// Eight consecutive elements of 32 bytes, element ORDER[p] in lane p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn load(bytes: &[u8]) -> Fe {
    let mut pairs = [_mm512_setzero_si512(); 4];
    for (pair, block) in pairs.iter_mut().zip(bytes.chunks_exact(64)) {
        // SAFETY: a block is 64 readable bytes, and the load needs no alignment.
        *pair = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    }
    let [a, b, c, d] = pairs;
    let even = [_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d)];
    let odd = [_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d)];
    unpack(&[
        _mm512_shuffle_i64x2::<0x88>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0x88>(odd[0], odd[1]),
        _mm512_shuffle_i64x2::<0xdd>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0xdd>(odd[0], odd[1]),
    ])
}

/// The inverse of `load`, of carried limbs.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn store(x: &Fe, bytes: &mut [u8]) {
    let [w0, w1, w2, w3] = pack(x);
    let (ab0, cd0) = interleave(w0, w2);
    let (ab1, cd1) = interleave(w1, w3);
    let pairs = [
        _mm512_unpacklo_epi64(ab0, ab1),
        _mm512_unpackhi_epi64(ab0, ab1),
        _mm512_unpacklo_epi64(cd0, cd1),
        _mm512_unpackhi_epi64(cd0, cd1),
    ];
    for (pair, block) in pairs.iter().zip(bytes.chunks_exact_mut(64)) {
        // SAFETY: a block is 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), *pair) };
    }
}

/// 128-bit quarters of a and b in turn: those of the lower halves, those of the upper.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn interleave(a: V, b: V) -> (V, V) {
    let low = _mm512_shuffle_i64x2::<0x44>(a, b);
    let high = _mm512_shuffle_i64x2::<0xee>(a, b);
    (
        _mm512_shuffle_i64x2::<0xd8>(low, low),
        _mm512_shuffle_i64x2::<0xd8>(high, high),
    )
}

const _: () = assert!(size_of::<Fr>() == WIDTH);

/// Raw limbs as they lie in memory.
pub fn bytes_of(values: &[Fr]) -> &[u8] {
    // SAFETY: an element is 32 bytes (asserted above), all of them its four limbs, so none is padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}
