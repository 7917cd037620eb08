//! MSM whose additions do not depend on the scalars: odd digits, and no bucket starts empty.
//!
//! Source: the digits are those of Joye, Tunstall, "Exponent Recoding and Regular Exponentiation
//! Algorithms" (AFRICACRYPT 2009), taken with base 2^c.
//! Notation: s < 2^(c K) has the base-2^c digits s_k; e_k = 2 s_k + 1 - 2^c is odd, in [-(2^c - 1), 2^c - 1]
//! and never zero, and sum e_k 2^(c k) = 2 s + 1 - 2^(c K). Bucket j of a window holds the points with
//! |e| = 2 j + 1, with signs.

use ark_bn254::Fr;
use ark_ec::models::short_weierstrass::Projective;
use ark_ff::{Field, One, PrimeField};

use super::{msm_sorted, Digits, Stop};
use crate::bytes::Scalars;
use crate::curve::{Group, Points};
use crate::error::{ensure, Result};

/// Scalars below 2^bits, and the window that suits their number. Nothing of them is copied.
#[derive(Clone, Copy)]
pub struct OddDigits<'a> {
    scalars: Scalars<'a>,
    bits: usize,
    width: usize,
}

impl<'a> OddDigits<'a> {
    /// Checks that every scalar is below 2^bits; `bits` is 1 to 254.
    pub fn new(scalars: Scalars<'a>, bits: usize) -> Result<Self> {
        ensure((1..=254).contains(&bits), || {
            format!("{bits} bits is no size of a scalar")
        })?;
        ensure(scalars.len() < 1 << 31, || "too many points".into())?;
        let large = (0..scalars.len()).any(|i| BigIntBits(scalars.limbs(i)).exceed(bits));
        ensure(!large, || {
            format!("a scalar is not below 2^{bits}, as its type says")
        })?;
        // The width depends on public sizes only.
        let cost = |c: usize| bits.div_ceil(c) * (2 * scalars.len() + (5 << (c - 1)));
        let width = (2..=super::MAX_WIDTH).min_by_key(|&c| cost(c)).unwrap_or(2);
        Ok(OddDigits {
            scalars,
            bits,
            width,
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
        let windows = self.bits.div_ceil(self.width);
        Fr::from(2u64).pow([(self.width * windows) as u64]) - Fr::one()
    }
}

struct BigIntBits([u64; 4]);

impl BigIntBits {
    fn exceed(&self, bits: usize) -> bool {
        (0..4).any(|w| {
            let kept = bits.saturating_sub(64 * w);
            kept < 64 && self.0[w] >> kept != 0
        })
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
    let offset = digits.offset();
    let shifted: Vec<u8> = (0..digits.len())
        .flat_map(|i| {
            let e = digits.scalars.get(i) + digits.scalars.get(i) - offset;
            e.into_bigint().0.into_iter().flat_map(u64::to_le_bytes)
        })
        .collect();
    if stop() {
        return None;
    }
    let shifted = Scalars::new(&shifted, "digits").ok()?;
    Some(msm_sorted(points, &Digits::new(shifted, |_| true).ok()?))
}
