//! Products by known factors and butterflies, eight elements of Fr at a time, on AVX-512 IFMA.
//!
//! Source: Barrett (1986) in Shoup's form for a factor known in advance; Harvey, "Faster arithmetic for
//! number-theoretic transforms" (2014). Notation: as in lanes.rs, m = r, B = 2^260 = 84.6 m. A factor w comes
//! with w' = floor(w B / m).
//!
//! Lazy: an element that any butterfly gives, or takes, has a value in [0, B) and five signed limbs below
//! 2^61 in absolute value, which `carry` turns into carried ones. Values grow by 11 m a layer, see `REACH`.

#![allow(clippy::needless_range_loop)]

use core::arch::x86_64::{
    _mm512_cmplt_epi64_mask, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srai_epi64,
};

use ark_bn254::Fr;
use ark_ff::PrimeField;

use crate::lanes::{add, carry, limbs_of, select, splat, sub, Fe, ModR, Modulus, LIMBS, V};

/// Layers after which the element that is not multiplied is reduced: a butterfly adds less than 11 m, so
/// from 2.1 m (or, one layer after a reduction, 1.7 m + 11 m) seven (six) more layers stay below 79.1 m < B.
pub const REACH: u32 = 7;

const MASK: u64 = (1 << 52) - 1;

/// B - m.
const MINUS_M: [u64; LIMBS] = minus(ModR::M1);

/// 11 m: more than any product by a known factor.
const M11: [u64; LIMBS] = times(ModR::M1, 11);

/// B - l for l > 0 with carried limbs.
const fn minus(l: [u64; LIMBS]) -> [u64; LIMBS] {
    let mut out = [0; LIMBS];
    let mut add = 1;
    let mut i = 0;
    while i < LIMBS {
        let t = (MASK ^ l[i]) + add;
        out[i] = t & MASK;
        add = t >> 52;
        i += 1;
    }
    out
}

const fn times(l: [u64; LIMBS], k: u64) -> [u64; LIMBS] {
    let mut out = [0; LIMBS];
    let mut add = 0;
    let mut i = 0;
    while i < LIMBS {
        let t = l[i] * k + add;
        out[i] = t & MASK;
        add = t >> 52;
        i += 1;
    }
    out
}

/// -1 / m mod 2^320, in words of 64 bits.
const NEGATIVE_INVERSE: [u64; 5] = negative_inverse();

const fn negative_inverse() -> [u64; 5] {
    // Word by word: x_i is chosen so that x m + 1 vanishes mod 2^(64 (i + 1)).
    let m = ModR::WORDS;
    let mut word = 1u64;
    let mut i = 0;
    while i < 6 {
        word = word.wrapping_mul(2u64.wrapping_sub(m[0].wrapping_mul(word)));
        i += 1;
    }
    let word = word.wrapping_neg();
    let mut rest = [1u64, 0, 0, 0, 0];
    let mut out = [0; 5];
    let mut i = 0;
    while i < 5 {
        let x = rest[i].wrapping_mul(word);
        out[i] = x;
        let mut add = 0u128;
        let mut j = 0;
        while i + j < 5 {
            let term = if j < 4 { x as u128 * m[j] as u128 } else { 0 };
            let t = rest[i + j] as u128 + term + add;
            rest[i + j] = t as u64;
            add = t >> 64;
            j += 1;
        }
        i += 1;
    }
    out
}

/// A factor for all lanes, with its quotient.
#[derive(Clone, Copy)]
pub struct Twiddle {
    w: [u64; LIMBS],
    quotient: [u64; LIMBS],
}

impl Twiddle {
    /// From w in Montgomery form, that is from w as an element.
    pub fn new(w: Fr) -> Self {
        // w B = w' m + rest, so w' = -rest / m mod 2^320; it is below B.
        let rest = (w * Fr::from(16u64)).0 .0;
        let mut quotient = [0u64; 5];
        for i in 0..4 {
            let mut add = 0u128;
            for j in 0..5 - i {
                let t = u128::from(quotient[i + j])
                    + u128::from(rest[i]) * u128::from(NEGATIVE_INVERSE[j])
                    + add;
                quotient[i + j] = t as u64;
                add = t >> 64;
            }
        }
        let [a, b, c, d, e] = quotient;
        let mut limbs = limbs_of([a, b, c, d]);
        limbs[4] = (d >> 16 | e << 48) & MASK;
        Twiddle {
            w: limbs_of(w.into_bigint().0),
            quotient: limbs,
        }
    }
}

/// v w mod m in [0, 10.1 m), for carried v in [0, B); limbs below 2^57 in absolute value.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn times_known(v: &Fe, w: &Twiddle) -> Fe {
    let zero = _mm512_setzero_si512();
    let mut high = [zero; LIMBS];
    // The columns of v w' from 2^260 up. What is left out, nine terms of column 4 and sixteen below, is
    // less than 9.01 B, and w' is short of w B / m by less than 1, so the quotient of v w by m is met or
    // missed from below by less than 10.02.
    for i in 0..LIMBS {
        let factor = _mm512_set1_epi64(w.quotient[i] as i64);
        for j in 0..LIMBS {
            if i + j >= 4 {
                high[i + j - 4] = _mm512_madd52hi_epu64(high[i + j - 4], v[j], factor);
            }
            if i + j >= 5 {
                high[i + j - 5] = _mm512_madd52lo_epu64(high[i + j - 5], v[j], factor);
            }
        }
    }
    // It is below v < B: its top limb is carried too.
    let quotient = carry(high);
    // v w + quotient (B - m) = v w - quotient m mod B: columns below 2^260 are enough.
    let mut t = [zero; LIMBS];
    for i in 0..LIMBS {
        let factor = _mm512_set1_epi64(w.w[i] as i64);
        for j in 0..LIMBS - i {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], v[j], factor);
            if i + j + 1 < LIMBS {
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], v[j], factor);
            }
        }
    }
    minus_multiple(t, &quotient)
}

/// t - k m mod B where that is in [0, 42 m), for carried k.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn minus_multiple(mut t: Fe, k: &Fe) -> Fe {
    for i in 0..LIMBS {
        let factor = _mm512_set1_epi64(MINUS_M[i] as i64);
        for j in 0..LIMBS - i {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], k[j], factor);
            if i + j + 1 < LIMBS {
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k[j], factor);
            }
        }
    }
    t[4] = signed(t[4]);
    t
}

/// The lowest 52 bits as a signed number.
///
/// The upper limb of a sum modulo B: less than 2^57 2^156 comes from below, so it is above -2^6, and
/// below 2^51 when the sum is below B / 2.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn signed(limb: V) -> V {
    _mm512_srai_epi64::<12>(_mm512_slli_epi64::<12>(limb))
}

/// t mod m in [0, 1.7 m), for carried t in [0, B).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn reduce(t: &Fe) -> Fe {
    let zero = _mm512_setzero_si512();
    // k = floor(84 t_4 / 2^52) <= 84 t / B < t / m; and 84 t / B - k < 1 + 2^-45. As 84.65 m > B, what stays is
    // below t (1 - 84 / 84.65) + 1.01 m < 0.66 m + 1.01 m.
    let k = _mm512_madd52hi_epu64(zero, t[4], _mm512_set1_epi64(84));
    let mut out = *t;
    for i in 0..LIMBS {
        let factor = _mm512_set1_epi64(MINUS_M[i] as i64);
        out[i] = _mm512_madd52lo_epu64(out[i], k, factor);
        if i + 1 < LIMBS {
            out[i + 1] = _mm512_madd52hi_epu64(out[i + 1], k, factor);
        }
    }
    out[4] = signed(out[4]);
    out
}

/// The canonical integer, for carried t below 2 m.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn canonical(t: &Fe) -> Fe {
    let less = carry(sub(t, &splat(&ModR::M1)));
    let negative = _mm512_cmplt_epi64_mask(less[LIMBS - 1], _mm512_setzero_si512());
    select(negative, &less, t)
}

/// (u, v) -> (u + w v, u - w v), lazy; with `REDUCE`, u is reduced first.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn butterfly<const REDUCE: bool>(u: &mut Fe, v: &mut Fe, w: &Twiddle) {
    let t = times_known(&carry(*v), w);
    let base = if REDUCE { reduce(&carry(*u)) } else { *u };
    *u = add(&base, &t);
    *v = sub(&add(&base, &splat(&M11)), &t);
}

/// (u, v) -> (u + v, u - v), lazy, for v below 11 m.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn plain_butterfly(u: &mut Fe, v: &mut Fe) {
    let sum = add(u, v);
    *v = sub(&add(u, &splat(&M11)), v);
    *u = sum;
}
