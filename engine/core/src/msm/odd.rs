//! MSM whose additions do not depend on the scalars: odd digits, and no bucket starts empty.
//!
//! Source: the digits are those of Joye, Tunstall, "Exponent Recoding and Regular Exponentiation
//! Algorithms" (AFRICACRYPT 2009), taken with base 2^c.
//! Notation: s < 2^(c K) has the base-2^c digits s_k; e_k = 2 s_k + 1 - 2^c is odd, in [-(2^c - 1), 2^c - 1]
//! and never zero, and sum e_k 2^(c k) = 2 s + 1 - 2^(c K). Bucket j of a window begins with
//! D_j = d (j + 1) G and takes the points with |e| = 2 j + 1, with signs; G is the generator and d a constant
//! that looks random. What the D_j add in all is a known multiple of G.

use ark_bn254::Fr;
use ark_ec::{models::short_weierstrass::Projective, CurveGroup};
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::digits::bits_at;
use super::windows::{sum_windows, Source};
use super::{Stop, MAX_WIDTH, WINDOW_COST};
use crate::bytes::{Scalars, WIDTH};
use crate::curve::{write_point, Group, Points};
use crate::error::{ensure, Result};

/// d: the first bits of the fractional part of the golden ratio.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834;

/// Scalars that one task checks.
const CHUNK: usize = 1 << 12;

/// Scalars below 2^bits, and the window that suits their number. Nothing of them is copied.
#[derive(Clone, Copy)]
pub struct OddDigits<'a> {
    scalars: Scalars<'a>,
    width: usize,
    count: usize,
}

impl<'a> OddDigits<'a> {
    /// Checks that every scalar is below 2^bits; `bits` is 1 to 254.
    pub fn new(scalars: Scalars<'a>, bits: usize) -> Result<Self> {
        ensure((1..=254).contains(&bits), || {
            format!("{bits} bits is no size of a scalar")
        })?;
        ensure(scalars.len() < 1 << 31, || "too many points".into())?;
        let small = (0..scalars.len())
            .into_par_iter()
            .with_min_len(CHUNK)
            .all(|i| {
                let limbs = scalars.limbs(i);
                (0..4).all(|w| {
                    let kept = bits.saturating_sub(64 * w);
                    kept >= 64 || limbs[w] >> kept == 0
                })
            });
        ensure(small, || {
            format!("a scalar is not below 2^{bits}, as its type says")
        })?;
        // The width depends on public sizes only.
        let cost = |c: usize| bits.div_ceil(c) * (scalars.len() + (7 << (c - 1)) / 2 + WINDOW_COST);
        let width = (2..=MAX_WIDTH).min_by_key(|&c| cost(c)).unwrap_or(2);
        Ok(OddDigits {
            scalars,
            width,
            count: bits.div_ceil(width),
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.scalars.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scalars.is_empty()
    }

    /// 2^(c K) - 1: sum s_i P_i = (the result of `msm_odd` + this * sum P_i) / 2.
    pub fn offset(&self) -> Fr {
        Fr::from(2u64).pow([(self.width * self.count) as u64]) - Fr::one()
    }

    /// What the D_j add to the result, as a multiple of G: d sum (2 j + 1)(j + 1) sum 2^(c k).
    fn surplus(&self) -> Fr {
        let weights: u64 = (0..1u64 << self.log_buckets())
            .map(|j| (2 * j + 1) * (j + 1))
            .sum();
        let places: Fr = (0..self.count)
            .map(|k| Fr::from(2u64).pow([(self.width * k) as u64]))
            .sum();
        Fr::from(SPREAD) * Fr::from(weights) * places
    }
}

impl Source for OddDigits<'_> {
    fn len(&self) -> usize {
        self.scalars.len()
    }

    fn width(&self) -> usize {
        self.width
    }

    fn count(&self) -> usize {
        self.count
    }

    #[inline]
    fn digit(&self, i: usize, window: usize) -> u32 {
        let s = &self.scalars.bytes()[i * WIDTH..(i + 1) * WIDTH];
        let s = bits_at(s, window * self.width, self.width) as u32;
        // e = 2 s + 1 - 2^c: bucket (|e| - 1) / 2 is s - 2^(c-1), or 2^(c-1) - 1 - s when e is negative.
        let half = 1u32 << (self.width - 1);
        let minus = u32::from(s < half);
        let bucket = (s ^ minus.wrapping_neg()) & (half - 1);
        2 * bucket + minus
    }

    fn step(&self) -> usize {
        2
    }
}

/// sum over i and k of e_k 2^(c k) P_i = 2 sum s_i P_i - offset * sum P_i; `None` when stopped.
///
/// No point may be infinity.
pub fn msm_odd<G: Group>(
    points: Points<'_, G>,
    digits: &OddDigits<'_>,
    stop: Stop<'_>,
) -> Option<Projective<G>> {
    assert_eq!(points.len(), digits.len());
    let starts = starts::<G>(1 << digits.log_buckets());
    let sum = sum_windows(points, digits, Some(&starts), stop)?;
    let surplus: Projective<G> = Projective::<G>::from(G::GENERATOR) * digits.surplus();
    Some(sum - surplus)
}

/// D_0 .. D_(m-1).
fn starts<G: Group>(m: usize) -> Vec<u8> {
    let step = Projective::<G>::from(G::GENERATOR) * Fr::from(SPREAD);
    let step = step.into_affine();
    let mut multiple = Projective::<G>::from(step);
    let mut multiples = Vec::with_capacity(m);
    for _ in 0..m {
        multiples.push(multiple);
        multiple += step;
    }
    let mut out = vec![0; m * G::BYTES];
    let multiples = Projective::normalize_batch(&multiples);
    for (point, out) in multiples.iter().zip(out.chunks_exact_mut(G::BYTES)) {
        write_point(point, out);
    }
    out
}
