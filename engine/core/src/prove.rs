//! Groth16 proofs from a key in iden3's layout.
//!
//! Source: Groth (2016), section 3.2; the coset form of snarkjs. Notation: H = <w_n>, g = w_2n, so gH is the
//! set of odd powers of w_2n; a, b, c the evaluations of <A, w>, <B, w> and their product.
//! A = alpha + sum w_i A_i + r delta, B likewise with s, C = sum w_i C_i + sum h_j H_j + s A + r B - r s delta.

use ark_bn254::{g1, g2, Fr, G1Projective, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{BigInt, PrimeField, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{less, limbs, Scalars, WIDTH};
use crate::curve::{good_point, write_point, Group, Points};
use crate::error::{ensure, Error, Result};
use crate::keygen::RECORD;
use crate::msm::{msm, msm_sorted, Digits};
use crate::ntt::odd_coset_product;
use crate::secret::random_scalar;

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
pub fn prove(key: &ProvingKey<'_>, witness: Scalars<'_>, out: &mut [u8]) -> Result<()> {
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

    let quotient = quotient(key, witness)?;
    let quotient = Scalars::new(&quotient, "quotient")?;
    let sum_a = msm(a, witness)?;
    let (sum_b1, sum_b2) = msm_twice(b1, b2, witness)?;
    let sum_c = msm(c, witness.skip(publics))?;
    let sum_h = msm(h, quotient)?;

    let r = random_scalar()?;
    let s = random_scalar()?;
    let proof_a = sum_a + alpha1 + delta1 * *r;
    let proof_b = sum_b2 + beta2 + delta2 * *s;
    let b1 = sum_b1 + beta1 + delta1 * *s;
    let proof_c = sum_c + sum_h + proof_a * *s + b1 * *r - delta1 * (*r * *s);
    let (out_a, rest) = out.split_at_mut(g1::Config::BYTES);
    let (out_b, out_c) = rest.split_at_mut(g2::Config::BYTES);
    write_point(&proof_a.into_affine(), out_a);
    write_point(&proof_b.into_affine(), out_b);
    write_point(&proof_c.into_affine(), out_c);
    Ok(())
}

/// B in both groups from one sort: a wire that B does not use is at infinity in both.
fn msm_twice(
    b1: Points<'_, g1::Config>,
    b2: Points<'_, g2::Config>,
    witness: Scalars<'_>,
) -> Result<(G1Projective, G2Projective)> {
    let same = (0..b1.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .all(|i| b1.is_infinity(i) == b2.is_infinity(i));
    if !same {
        // No honest key, but the answer is still the sum.
        return Ok((msm(b1, witness)?, msm(b2, witness)?));
    }
    let digits = Digits::new(witness, |i| !b1.is_infinity(i))?;
    Ok((msm_sorted(b1, &digits), msm_sorted(b2, &digits)))
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

/// a b - c on the odd coset, as canonical scalars in natural order.
fn quotient(key: &ProvingKey<'_>, witness: Scalars<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let (mut a, mut b) = rows(key, witness)?;
    let mut c: Zeroizing<Vec<Fr>> = Zeroizing::new(
        a.par_iter()
            .zip(b.par_iter())
            .map(|(a, b)| *a * b)
            .collect(),
    );
    let mut out = Zeroizing::new(vec![0; key.domain_size * WIDTH]);
    odd_coset_product(&mut a, &mut b, &mut c, &mut out)?;
    Ok(out)
}

/// Two vectors that are erased when they go.
type Pair = (Zeroizing<Vec<Fr>>, Zeroizing<Vec<Fr>>);

/// One record of section 4 of a `.zkey`.
#[derive(Clone, Copy)]
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn word(&self, at: usize) -> u32 {
        let b = &self.0[at..at + 4];
        u32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    fn matrix(&self) -> u32 {
        self.word(0)
    }

    fn row(&self) -> usize {
        self.word(4) as usize
    }

    fn wire(&self) -> usize {
        self.word(8) as usize
    }

    fn value(&self) -> [u64; 4] {
        limbs(&self.0[12..])
    }
}

/// <A, w> and <B, w> on every row of the domain.
fn rows(key: &ProvingKey<'_>, witness: Scalars<'_>) -> Result<Pair> {
    let (bytes, n) = (key.coefficients, key.domain_size);
    ensure(bytes.len().is_multiple_of(RECORD), || {
        "key.coefficients: not whole records".into()
    })?;
    let record = |i: usize| Record(&bytes[i * RECORD..(i + 1) * RECORD]);
    let count = bytes.len() / RECORD;
    let bad = (0..count)
        .into_par_iter()
        .with_min_len(CHUNK)
        .find_first(|&i| {
            let record = record(i);
            record.matrix() > 1
                || record.row() >= n
                || record.wire() >= key.n_wires
                || !less(&record.value(), &Fr::MODULUS.0)
        });
    if let Some(i) = bad {
        return Err(Error::Argument(format!(
            "key.coefficients: record {i} is out of range"
        )));
    }
    let mut a = Zeroizing::new(vec![Fr::zero(); n]);
    let mut b = Zeroizing::new(vec![Fr::zero(); n]);
    let rising = (1..count)
        .into_par_iter()
        .with_min_len(CHUNK)
        .all(|i| record(i - 1).row() <= record(i).row());
    // Every known writer goes row by row, so tasks can own the rows between two cuts.
    let tasks = if rising { count.div_ceil(CHUNK) } else { 1 };
    let mut cuts: Vec<usize> = vec![0];
    for k in 1..tasks {
        let mut cut = (k * count / tasks).max(cuts[k - 1]);
        while cut > 0 && cut < count && record(cut).row() == record(cut - 1).row() {
            cut += 1;
        }
        cuts.push(cut);
    }
    cuts.push(count);
    let mut parts = Vec::with_capacity(tasks);
    let (mut rest_a, mut rest_b, mut first) = (&mut a[..], &mut b[..], 0);
    for cut in cuts.windows(2) {
        let end = if cut[1] == count {
            n
        } else {
            record(cut[1]).row()
        };
        let (part_a, tail_a) = rest_a.split_at_mut(end - first);
        let (part_b, tail_b) = rest_b.split_at_mut(end - first);
        parts.push((cut[0]..cut[1], first, part_a, part_b));
        (rest_a, rest_b, first) = (tail_a, tail_b, end);
    }
    parts.into_par_iter().for_each(|(range, first, a, b)| {
        for record in range.map(record) {
            // (v 2^512) * w / 2^256: both raw, so the product is v w in Montgomery form.
            let term = Fr::new_unchecked(BigInt(record.value()))
                * Fr::new_unchecked(BigInt(witness.limbs(record.wire())));
            let sums = if record.matrix() == 0 {
                &mut *a
            } else {
                &mut *b
            };
            sums[record.row() - first] += term;
        }
    });
    Ok((a, b))
}

#[cfg(test)]
mod tests;
