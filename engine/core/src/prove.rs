//! Groth16 proofs from a key in iden3's layout.
//!
//! Source: Groth (2016), section 3.2. Notation:
//! A = alpha + sum w_i A_i + r delta, B likewise with s, C = sum w_i C_i + sum h_j H_j + s A + r B - r s delta.

use ark_bn254::{g1, g2, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{models::short_weierstrass::Projective, CurveGroup};
use rayon::prelude::*;

use crate::bytes::Scalars;
use crate::curve::{good_point, write_point, Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::{msm_sorted_until, Digits};
use crate::quotient::quotient;
use crate::secret::random_scalar;
use crate::threads::Cancel;

/// Bytes of A, B, C together.
pub const PROOF_BYTES: usize = 2 * g1::Config::BYTES + g2::Config::BYTES;

/// Rows that one task computes.
const CHUNK: usize = 1 << 12;

/// The parts of a key as they lie in memory.
pub struct ProvingKey<'a> {
    /// [alpha]1, [beta]1, [delta]1.
    pub g1: &'a [u8],
    /// [beta]2, [delta]2.
    pub g2: &'a [u8],
    /// Wires, the constant one included.
    pub n_wires: usize,
    /// Public signals.
    pub n_publics: usize,
    /// n.
    pub domain_size: usize,
    /// Records of 44 bytes.
    pub coefficients: &'a [u8],
    /// n_wires points.
    pub a: &'a [u8],
    /// n_wires points.
    pub b1: &'a [u8],
    /// n_wires points of G2.
    pub b2: &'a [u8],
    /// n_wires - n_publics - 1 points.
    pub c: &'a [u8],
    /// n points.
    pub h: &'a [u8],
}

/// A proof that w satisfies the key's system; it does not verify if w does not.
///
/// Sums go by value (see ../msm): the time tells roughly how many values are small. A prepared key that
/// knows its system does not show that.
pub fn prove(key: &ProvingKey<'_>, witness: Scalars<'_>, out: &mut [u8]) -> Result<()> {
    prove_until(key, witness, out, &Cancel::new())
}

/// The same, unless it is asked to stop.
pub fn prove_until(
    key: &ProvingKey<'_>,
    witness: Scalars<'_>,
    out: &mut [u8],
    cancel: &Cancel,
) -> Result<()> {
    ensure(out.len() == PROOF_BYTES, || "out: one proof".into())?;
    let n = key.domain_size;
    let (wires, publics) = (key.n_wires, key.n_publics.saturating_add(1));
    ensure(witness.len() == wires && publics <= wires, || {
        format!("{} values for {wires} wires", witness.len())
    })?;
    ensure(witness.limbs(0) == [1, 0, 0, 0], || {
        "the witness does not start with 1".into()
    })?;
    let a = points::<g1::Config>(key.a, wires, "key.a")?;
    let b1 = points::<g1::Config>(key.b1, wires, "key.b1")?;
    let b2 = points::<g2::Config>(key.b2, wires, "key.b2")?;
    let c = points::<g1::Config>(key.c, wires - publics, "key.c")?;
    let h = points::<g1::Config>(key.h, n, "key.h")?;
    let g1 = key.g1.chunks_exact(g1::Config::BYTES);
    let g2 = key.g2.chunks_exact(g2::Config::BYTES);
    let [alpha1, beta1, delta1] = exactly(g1.map(|p| good_point::<g1::Config>(p, "key")))?;
    let [beta2, delta2] = exactly(g2.map(|p| good_point::<g2::Config>(p, "key")))?;

    cancel.look()?;
    let quotient = quotient(key, witness, cancel)?;
    cancel.look()?;
    let quotient = Scalars::new(quotient.bytes(), "quotient")?;
    let sum_h = sum(h, quotient, cancel)?;
    let sum_a = sum(a, witness, cancel)?;
    let (sum_b1, sum_b2) = sum_twice(b1, b2, witness, cancel)?;
    let sum_c = sum(c, witness.skip(publics), cancel)?;

    let sums = Sums {
        a: sum_a,
        b1: sum_b1,
        b2: sum_b2,
        c: sum_c + sum_h,
    };
    blinded(&sums, [alpha1, beta1, delta1], [beta2, delta2], out)
}

/// What the witness gives: sum w_i A_i, sum w_i B_i in both groups, sum w_i C_i + sum h_j H_j.
pub(crate) struct Sums {
    pub a: G1Projective,
    pub b1: G1Projective,
    pub b2: G2Projective,
    pub c: G1Projective,
}

/// The proof from the sums, with r and s drawn here.
pub(crate) fn blinded(
    sums: &Sums,
    [alpha1, beta1, delta1]: [G1Affine; 3],
    [beta2, delta2]: [G2Affine; 2],
    out: &mut [u8],
) -> Result<()> {
    let r = random_scalar()?;
    let s = random_scalar()?;
    let proof_a = sums.a + alpha1 + delta1 * *r;
    let proof_b = sums.b2 + beta2 + delta2 * *s;
    let b1 = sums.b1 + beta1 + delta1 * *s;
    let proof_c = sums.c + proof_a * *s + b1 * *r - delta1 * (*r * *s);
    let (out_a, rest) = out.split_at_mut(g1::Config::BYTES);
    let (out_b, out_c) = rest.split_at_mut(g2::Config::BYTES);
    write_point(&proof_a.into_affine(), out_a);
    write_point(&proof_b.into_affine(), out_b);
    write_point(&proof_c.into_affine(), out_c);
    Ok(())
}

/// A wire that a query does not use is at infinity there.
fn sum<G: Group>(
    points: Points<'_, G>,
    scalars: Scalars<'_>,
    cancel: &Cancel,
) -> Result<Projective<G>> {
    let digits = Digits::new(scalars, |i| !points.is_infinity(i))?;
    sorted(points, &digits, cancel)
}

fn sorted<G: Group>(
    points: Points<'_, G>,
    digits: &Digits,
    cancel: &Cancel,
) -> Result<Projective<G>> {
    msm_sorted_until(points, digits, &|| cancel.is_set()).ok_or(Error::Cancelled)
}

/// B in both groups from one list of digits: what is at infinity in one is in the other.
fn sum_twice(
    b1: Points<'_, g1::Config>,
    b2: Points<'_, g2::Config>,
    witness: Scalars<'_>,
    cancel: &Cancel,
) -> Result<(G1Projective, G2Projective)> {
    let same = (0..b1.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .all(|i| b1.is_infinity(i) == b2.is_infinity(i));
    if !same {
        // No honest key, but the answer is still the sum.
        return Ok((sum(b1, witness, cancel)?, sum(b2, witness, cancel)?));
    }
    let digits = Digits::new(witness, |i| !b1.is_infinity(i))?;
    Ok((sorted(b1, &digits, cancel)?, sorted(b2, &digits, cancel)?))
}

fn points<'a, G: Group>(bytes: &'a [u8], n: usize, what: &str) -> Result<Points<'a, G>> {
    let points = Points::new(bytes, what)?;
    ensure(points.len() == n, || {
        format!("{what}: {} points, not {n}", points.len())
    })?;
    Ok(points)
}

/// Exactly N results, all good.
fn exactly<T, const N: usize>(items: impl Iterator<Item = Result<T>>) -> Result<[T; N]> {
    let items: Vec<T> = items.collect::<Result<_>>()?;
    items
        .try_into()
        .map_err(|_| Error::Argument("key: a wrong number of points".into()))
}

#[cfg(test)]
mod tests;
