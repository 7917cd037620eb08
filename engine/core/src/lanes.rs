//! Eight field elements at a time, as five limbs of 52 bits, on AVX-512 IFMA.
//!
//! Source: Gueron, Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions" (ARITH 2016).
//! Notation: a vector V holds one limb of eight elements; an element is five V, value sum l_i 2^(52 i), m
//! the modulus (q or r, both a little above 2^253.5, so 2^260 > 84 m). `mont(a, b)` = a b / 2^260 mod m.
//! Carried: every limb below 2^52, as a product needs it. Loose: below 2m.
//!
//! No closures over vectors here: they would be compiled without the features.

// Limbs of several elements are walked in step, by index.
#![allow(clippy::needless_range_loop)]

use core::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask,
    _mm512_cmplt_epi64_mask, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_mov_epi64,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
    _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64, _mm512_storeu_si512, _mm512_sub_epi64,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use std::sync::OnceLock;

use crate::words::Prime;
pub use crate::words::{PrimeQ as ModQ, PrimeR as ModR};

/// One limb of eight elements.
pub type V = __m512i;

/// Eight elements.
pub type Fe = [V; LIMBS];

/// Elements of a vector.
pub const LANES: usize = 8;

/// Limbs of an element.
pub const LIMBS: usize = 5;

const LIMB_BITS: u32 = 52;
const MASK: u64 = (1 << LIMB_BITS) - 1;

/// A modulus as limbs.
pub trait Modulus: Prime {
    /// m, in words of 64 bits.
    const WORDS: [u64; 4] = Self::M;
    /// m, 2m and 3m as limbs.
    const M1: [u64; LIMBS] = multiple(Self::WORDS, 1);
    /// 2m.
    const M2: [u64; LIMBS] = multiple(Self::WORDS, 2);
    /// 3m.
    const M3: [u64; LIMBS] = multiple(Self::WORDS, 3);
    /// -1 / m mod 2^52.
    const NEG_INV: u64 = Self::MINUS_INVERSE & MASK;
}

impl<P: Prime> Modulus for P {}

/// k m as limbs.
pub const fn multiple(m: [u64; 4], k: u64) -> [u64; LIMBS] {
    let mut wide = [0u64; 4];
    let mut carry = 0u128;
    let mut i = 0;
    while i < 4 {
        let t = m[i] as u128 * k as u128 + carry;
        wide[i] = t as u64;
        carry = t >> 64;
        i += 1;
    }
    let mut limbs = limbs_of(wide);
    limbs[4] |= (carry as u64) << 48;
    limbs
}

/// Words of 64 bits as limbs of 52.
pub const fn limbs_of(w: [u64; 4]) -> [u64; LIMBS] {
    [
        w[0] & MASK,
        (w[0] >> 52 | w[1] << 12) & MASK,
        (w[1] >> 40 | w[2] << 24) & MASK,
        (w[2] >> 28 | w[3] << 36) & MASK,
        w[3] >> 16,
    ]
}

/// In the environment, with any value: the scalar code runs although the processor has the instructions.
/// For measuring and checking that path; read once, when a process first asks.
pub const SWITCH_OFF: &str = "ZKMARGIN_NO_IFMA";

/// Whether this processor has the instructions, and nobody switched them off.
pub fn available() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        std::env::var_os(SWITCH_OFF).is_none()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi2")
    })
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn splat(limbs: &[u64; LIMBS]) -> Fe {
    let mut out = [_mm512_setzero_si512(); LIMBS];
    for i in 0..LIMBS {
        out[i] = _mm512_set1_epi64(limbs[i] as i64);
    }
    out
}

/// Carries to limbs below 2^52; limbs may be negative as long as the value is not.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn carry(mut t: Fe) -> Fe {
    let mask = _mm512_set1_epi64(MASK as i64);
    for i in 0..LIMBS - 1 {
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<LIMB_BITS>(t[i]));
        t[i] = _mm512_and_si512(t[i], mask);
    }
    t
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn add(a: &Fe, b: &Fe) -> Fe {
    let mut t = *a;
    for i in 0..LIMBS {
        t[i] = _mm512_add_epi64(a[i], b[i]);
    }
    t
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn sub(a: &Fe, b: &Fe) -> Fe {
    let mut t = *a;
    for i in 0..LIMBS {
        t[i] = _mm512_sub_epi64(a[i], b[i]);
    }
    t
}

/// t or t - m, whichever is in [0, m), for t in [0, 2m) and m as limbs.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn reduce_by(t: &Fe, m: &[u64; LIMBS]) -> Fe {
    let less = carry(sub(t, &splat(m)));
    let negative = _mm512_cmplt_epi64_mask(less[LIMBS - 1], _mm512_setzero_si512());
    select(negative, &less, t)
}

/// Lane by lane, b where the mask is set, else a.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn select(mask: __mmask8, a: &Fe, b: &Fe) -> Fe {
    let mut out = *a;
    for i in 0..LIMBS {
        out[i] = _mm512_mask_mov_epi64(a[i], mask, b[i]);
    }
    out
}

/// sum of a_k b_k / 2^260 mod m, carried: below (sum of a_k b_k) / 2^260 + m.
///
/// The columns of the products come first, then the multiples of m: twice as fast as row by row, because
/// no column waits for another's multiple.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn mont<M: Modulus, const N: usize>(a: [&Fe; N], b: [&Fe; N]) -> Fe {
    let zero = _mm512_setzero_si512();
    let neg_inv = _mm512_set1_epi64(M::NEG_INV as i64);
    let modulus = splat(&M::M1);
    // At most 10 (N + 1) terms below 2^52 are added to a column: no overflow of 64 bits.
    let mut t = [zero; 2 * LIMBS];
    for k in 0..N {
        for i in 0..LIMBS {
            for j in 0..LIMBS {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], a[k][j], b[k][i]);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a[k][j], b[k][i]);
            }
        }
    }
    for i in 0..LIMBS {
        let k = _mm512_madd52lo_epu64(zero, t[i], neg_inv);
        for j in 0..LIMBS {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], k, modulus[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k, modulus[j]);
        }
        // Now t[i] is a multiple of 2^52: only its carry stays.
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<LIMB_BITS>(t[i]));
    }
    carry([t[5], t[6], t[7], t[8], t[9]])
}

/// The lanes in which limb i of t is that of m.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn equal_limb(t: &Fe, i: usize, m: &[u64; LIMBS]) -> __mmask8 {
    _mm512_cmpeq_epi64_mask(t[i], _mm512_set1_epi64(m[i] as i64))
}

// --- eight 64-byte blocks in memory to two elements, and back

/// Rows to columns of an 8 x 8 matrix of words; its own inverse.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn transpose(r: [V; 8]) -> [V; 8] {
    let mut out = r;
    for odd in 0..2 {
        // t[i]: words of rows 2i and 2i + 1 from the even (odd) columns, interleaved.
        let mut t = [r[0]; 4];
        for i in 0..4 {
            t[i] = if odd == 0 {
                _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1])
            } else {
                _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1])
            };
        }
        let low = [
            _mm512_shuffle_i64x2::<0x44>(t[0], t[1]),
            _mm512_shuffle_i64x2::<0x44>(t[2], t[3]),
        ];
        let high = [
            _mm512_shuffle_i64x2::<0xee>(t[0], t[1]),
            _mm512_shuffle_i64x2::<0xee>(t[2], t[3]),
        ];
        out[odd] = _mm512_shuffle_i64x2::<0x88>(low[0], low[1]);
        out[2 + odd] = _mm512_shuffle_i64x2::<0xdd>(low[0], low[1]);
        out[4 + odd] = _mm512_shuffle_i64x2::<0x88>(high[0], high[1]);
        out[6 + odd] = _mm512_shuffle_i64x2::<0xdd>(high[0], high[1]);
    }
    out
}

/// Four words of 64 bits to five limbs of 52.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn unpack(w: &[V]) -> Fe {
    let mask = _mm512_set1_epi64(MASK as i64);
    [
        _mm512_and_si512(w[0], mask),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])),
            mask,
        ),
        _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])),
            mask,
        ),
        _mm512_srli_epi64::<16>(w[3]),
    ]
}

/// Five carried limbs, below 2^256 together, to four words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn pack(t: &Fe) -> [V; 4] {
    [
        _mm512_or_si512(t[0], _mm512_slli_epi64::<52>(t[1])),
        _mm512_or_si512(_mm512_srli_epi64::<12>(t[1]), _mm512_slli_epi64::<40>(t[2])),
        _mm512_or_si512(_mm512_srli_epi64::<24>(t[2]), _mm512_slli_epi64::<28>(t[3])),
        _mm512_or_si512(_mm512_srli_epi64::<36>(t[3]), _mm512_slli_epi64::<16>(t[4])),
    ]
}

/// Two elements of Fq to each of eight 64-byte blocks: lane i goes to the block at i * stride, as far as there are blocks.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn store_blocks(elements: [&Fe; 2], out: &mut [u8], stride: usize) {
    let (low, high) = (pack(elements[0]), pack(elements[1]));
    let rows = transpose([
        low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3],
    ]);
    for (block, row) in out.chunks_mut(stride).zip(rows) {
        if let Some(block) = block.first_chunk_mut::<64>() {
            // SAFETY: a block is 64 writable bytes, and the store needs no alignment.
            unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), row) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{available, SWITCH_OFF};
    use crate::testing::switches_off;

    /// What the test below reads of a run of this test alone.
    #[test]
    fn says_whether_available() {
        println!("available: {}", available());
    }

    #[test]
    fn the_environment_switches_the_vector_code_off() {
        let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma");
        let test = "lanes::tests::says_whether_available";
        assert!(switches_off(test, SWITCH_OFF, has));
    }
}
