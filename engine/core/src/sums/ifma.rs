//! The products of a sum on AVX-512 IFMA: a vector holds the limbs of one value.

use core::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_maskz_loadu_epi64, _mm512_or_si512, _mm512_permutexvar_epi64, _mm512_set1_epi64,
    _mm512_setr_epi64, _mm512_setzero_si512, _mm512_sllv_epi64, _mm512_srlv_epi64,
    _mm512_storeu_si512,
};

use super::{Term, WIDTH};

const MASK: u64 = (1 << 52) - 1;

/// The sum of (c R) w, as words.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn products(table: &[[u64; 5]], full: &[Term], low: &[Term], values: &[u8]) -> [u64; 9] {
    let zero = _mm512_setzero_si512();
    // Lane j of lo[i] is of weight 2^(52 (i + j)), of hi[i] one limb more. A lane takes less than 2^52
    // a term: no overflow before 4096 terms.
    let (mut lo, mut hi) = ([zero; 5], [zero; 5]);
    for term in full {
        let w = load(values, term);
        let c = &table[term.coeff as usize];
        for i in 0..5 {
            let c = _mm512_set1_epi64(c[i] as i64);
            lo[i] = _mm512_madd52lo_epu64(lo[i], w, c);
            hi[i] = _mm512_madd52hi_epu64(hi[i], w, c);
        }
    }
    for term in low {
        let from = term.at as usize * WIDTH;
        let word = crate::bytes::limbs(&values[from..from + WIDTH])[0];
        let c = &table[term.coeff as usize];
        // SAFETY: the mask lets five words through, and c has five.
        let c = unsafe { _mm512_maskz_loadu_epi64(0b1_1111, c.as_ptr().cast()) };
        let w = _mm512_set1_epi64(word as i64);
        lo[0] = _mm512_madd52lo_epu64(lo[0], c, w);
        hi[0] = _mm512_madd52hi_epu64(hi[0], c, w);
    }
    let mut columns = [0u128; 10];
    for i in 0..5 {
        let [l, h] = [lo[i], hi[i]].map(|v| {
            let mut lanes = [0u64; 8];
            // SAFETY: 64 writable bytes, and the store needs no alignment.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), v) };
            lanes
        });
        for j in 0..5 {
            columns[i + j] += u128::from(l[j]);
            columns[i + j + 1] += u128::from(h[j]);
        }
    }
    words(&columns)
}

/// A value's limbs; the last three lanes are zero.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load(values: &[u8], term: &Term) -> __m512i {
    let from = term.at as usize * WIDTH;
    let bytes = &values[from..from + WIDTH];
    // SAFETY: the mask lets four words through, and there are 32 readable bytes.
    let w = unsafe { _mm512_maskz_loadu_epi64(0b1111, bytes.as_ptr().cast()) };
    // Limb i begins at bit 52 i: bits from two words, and a shift by 64 gives zero.
    let first = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 0, 1, 2, 3, 7, 7, 7), w);
    let second = _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 1, 2, 3, 7, 7, 7, 7), w);
    let limbs = _mm512_or_si512(
        _mm512_srlv_epi64(first, _mm512_setr_epi64(0, 52, 40, 28, 16, 0, 0, 0)),
        _mm512_sllv_epi64(second, _mm512_setr_epi64(0, 12, 24, 36, 0, 0, 0, 0)),
    );
    _mm512_and_si512(limbs, _mm512_set1_epi64(MASK as i64))
}

/// Columns of weight 2^(52 k) as words; the sum is below 2^576.
#[inline]
fn words(columns: &[u128; 10]) -> [u64; 9] {
    let mut out = [0u64; 9];
    let mut carry = 0u128;
    for (k, column) in columns.iter().enumerate() {
        carry += column;
        let (word, shift) = (52 * k / 64, 52 * k % 64);
        let limb = carry as u64 & MASK;
        carry >>= 52;
        out[word] |= limb << shift;
        if shift > 12 {
            out[word + 1] |= limb >> (64 - shift);
        }
    }
    out[8] |= (carry as u64) << 8;
    out
}
