//! Products in Fq, eight at a time, arranged for the multiplier: 101 multiply-adds, or 81 for a square.
//!
//! Notation: as in lanes.rs; u is a wide value of ten limbs. Four of the five steps of the reduction use, in
//! place of q, the multiple m' = x q with x = -1 / q mod 2^52, so m' = -1 mod 2^52: adding u_0 m' to u clears
//! its lowest limb, and with N = (m' + 1) / 2^52 leaves u / 2^52 rounded down plus u_0 N. The factor of a step
//! is the limb itself, which saves a product and its latency. N < 0.127 q, but a step adds up to 2^52 N, so
//! the last one uses q itself.
//!
//! Bounds, in units of q = 2^260 / 84.6: for a product ab the result is below ab / 84.6 + 1 + 0.1269.

use core::arch::x86_64::{
    _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_permutexvar_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srai_epi64,
    _mm512_srli_epi64, _mm512_sub_epi64,
};

use crate::lanes::{carry, limbs_of, Fe, ModQ, Modulus, LANES, LIMBS, V};

/// N.
const STEP: [u64; LIMBS] = step();

/// (x q + 1) / 2^52.
const fn step() -> [u64; LIMBS] {
    let mut wide = [0u64; 5];
    let mut carry = 1u128;
    let mut i = 0;
    while i < 4 {
        let t = ModQ::WORDS[i] as u128 * ModQ::NEG_INV as u128 + carry;
        wide[i] = t as u64;
        carry = t >> 64;
        i += 1;
    }
    wide[4] = carry as u64;
    let mut words = [0u64; 4];
    let mut i = 0;
    while i < 4 {
        words[i] = wide[i] >> 52 | wide[i + 1] << 12;
        i += 1;
    }
    limbs_of(words)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn constant(limb: u64) -> V {
    _mm512_set1_epi64(limb as i64)
}

/// Step i < 4 of the reduction.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn early_step(u: &mut [V; 2 * LIMBS], i: usize) {
    u[i + 1] = _mm512_add_epi64(u[i + 1], _mm512_srli_epi64::<52>(u[i]));
    for j in 0..LIMBS {
        // The multiplier takes the low 52 bits of u[i].
        u[i + j + 1] = _mm512_madd52lo_epu64(u[i + j + 1], u[i], constant(STEP[j]));
        u[i + j + 2] = _mm512_madd52hi_epu64(u[i + j + 2], u[i], constant(STEP[j]));
    }
}

/// The last step.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn last_step(u: &mut [V; 2 * LIMBS]) {
    let zero = _mm512_setzero_si512();
    let k = _mm512_madd52lo_epu64(zero, u[4], constant(ModQ::NEG_INV));
    for j in 0..LIMBS {
        u[j + 4] = _mm512_madd52lo_epu64(u[j + 4], k, constant(ModQ::M1[j]));
        u[j + 5] = _mm512_madd52hi_epu64(u[j + 5], k, constant(ModQ::M1[j]));
    }
    u[5] = _mm512_add_epi64(u[5], _mm512_srli_epi64::<52>(u[4]));
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn upper(u: &[V; 2 * LIMBS]) -> Fe {
    [u[5], u[6], u[7], u[8], u[9]]
}

/// A wide zero, or c 2^260.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn wide(c: Option<&Fe>) -> [V; 2 * LIMBS] {
    let mut u = [_mm512_setzero_si512(); 2 * LIMBS];
    if let Some(c) = c {
        u[LIMBS..].copy_from_slice(c);
    }
    u
}

/// u += a b_i 2^(52 i).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn row(u: &mut [V; 2 * LIMBS], a: &Fe, b: &Fe, i: usize) {
    for j in 0..LIMBS {
        u[i + j] = _mm512_madd52lo_epu64(u[i + j], a[j], b[i]);
        u[i + j + 1] = _mm512_madd52hi_epu64(u[i + j + 1], a[j], b[i]);
    }
}

/// c + sum of a_k b_k / 2^260 mod q, limbs not carried; c may have any small limbs, also negative ones.
///
/// A limb takes at most 10 (N + 1) terms below 2^52: no overflow.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn product_plus<const N: usize>(a: [&Fe; N], b: [&Fe; N], c: Option<&Fe>) -> Fe {
    let mut u = wide(c);
    for i in 0..LIMBS {
        for k in 0..N {
            row(&mut u, a[k], b[k], i);
        }
        if i < LIMBS - 1 {
            early_step(&mut u, i);
        }
    }
    last_step(&mut u);
    upper(&u)
}

/// Two independent `product_plus`, step by step in turn: a limb's multiply-adds wait for one another, so one
/// product alone does not keep the multiplier busy.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn products_plus<const N: usize>(
    a: [[&Fe; N]; 2],
    b: [[&Fe; N]; 2],
    c: [Option<&Fe>; 2],
) -> [Fe; 2] {
    let (mut u, mut v) = (wide(c[0]), wide(c[1]));
    for i in 0..LIMBS {
        for k in 0..N {
            row(&mut u, a[0][k], b[0][k], i);
            row(&mut v, a[1][k], b[1][k], i);
        }
        if i < LIMBS - 1 {
            early_step(&mut u, i);
            early_step(&mut v, i);
        }
    }
    last_step(&mut u);
    last_step(&mut v);
    [upper(&u), upper(&v)]
}

/// a b / 2^260 mod q, carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn product(a: &Fe, b: &Fe) -> Fe {
    carry(product_plus([a], [b], None))
}

/// c + a^2 / 2^260 mod q for two values in turn, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn squares_plus(a: [&Fe; 2], c: [&Fe; 2]) -> [Fe; 2] {
    let (mut u, mut v) = (mixed_terms(a[0], c[0]), mixed_terms(a[1], c[1]));
    for i in 0..LIMBS {
        square_term(&mut u, a[0], i);
        square_term(&mut v, a[1], i);
        if i > 0 {
            early_step(&mut u, i - 1);
            early_step(&mut v, i - 1);
        }
    }
    last_step(&mut u);
    last_step(&mut v);
    [upper(&u), upper(&v)]
}

/// c 2^260 + 2 sum over i < j of a_i a_j 2^(52 (i + j)).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn mixed_terms(a: &Fe, c: &Fe) -> [V; 2 * LIMBS] {
    let mut u = wide(None);
    for i in 0..LIMBS {
        for j in i + 1..LIMBS {
            u[i + j] = _mm512_madd52lo_epu64(u[i + j], a[i], a[j]);
            u[i + j + 1] = _mm512_madd52hi_epu64(u[i + j + 1], a[i], a[j]);
        }
    }
    for limb in &mut u[1..9] {
        *limb = _mm512_add_epi64(*limb, *limb);
    }
    for i in 0..LIMBS {
        u[LIMBS + i] = _mm512_add_epi64(u[LIMBS + i], c[i]);
    }
    u
}

/// u += a_i^2 2^(104 i).
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn square_term(u: &mut [V; 2 * LIMBS], a: &Fe, i: usize) {
    u[2 * i] = _mm512_madd52lo_epu64(u[2 * i], a[i], a[i]);
    u[2 * i + 1] = _mm512_madd52hi_epu64(u[2 * i + 1], a[i], a[i]);
}

/// Multiples of q by the bits 253 .. 255 of a value t, read as i in -2 .. 5: each is at least 2^253 (i + 1)
/// + 2^220 and less than that plus q.
const MULTIPLES: [[u64; LANES]; LIMBS] = multiples();

const fn multiples() -> [[u64; LANES]; LIMBS] {
    // The entry for i is k q with k = ceil(((i + 1) 2^253 + 2^220) / q), and 2^253 / q = 0.6612..
    let factors: [u64; LANES] = [1, 2, 2, 3, 4, 4, 0, 1];
    let mut out = [[0; LANES]; LIMBS];
    let mut i = 0;
    while i < LANES {
        let limbs = crate::lanes::multiple(ModQ::WORDS, factors[i]);
        let mut j = 0;
        while j < LIMBS {
            out[j][i] = limbs[j];
            j += 1;
        }
        i += 1;
    }
    out
}

/// -t mod q, carried and in (0, 1.67): for t in (-1, 3.9) whose limbs are below 2^58 in magnitude.
///
/// The highest limb alone, less than 2^6 units of 2^208 off, tells the bits 253 and up.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn negative(t: &Fe) -> Fe {
    let index = _mm512_srai_epi64::<45>(t[LIMBS - 1]);
    let mut out = *t;
    for i in 0..LIMBS {
        // SAFETY: V is eight words.
        let row: V = unsafe { core::mem::transmute(MULTIPLES[i]) };
        out[i] = _mm512_sub_epi64(_mm512_permutexvar_epi64(index, row), t[i]);
    }
    carry(out)
}

/// Below q, for carried t below 2q.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn canonical(t: &Fe) -> Fe {
    crate::lanes::reduce_by(t, &ModQ::M1)
}

/// The limbs of words, with the concatenating shift.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
pub fn unpack(w: &[V]) -> Fe {
    use core::arch::x86_64::_mm512_shrdi_epi64;
    let mask = constant((1 << 52) - 1);
    [
        _mm512_and_si512(w[0], mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<52>(w[0], w[1]), mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<40>(w[1], w[2]), mask),
        _mm512_and_si512(_mm512_shrdi_epi64::<28>(w[2], w[3]), mask),
        _mm512_srli_epi64::<16>(w[3]),
    ]
}
