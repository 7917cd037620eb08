//! Many proofs of one key at once, by a random combination of their equations.
//!
//! Source: Bellare, Garay, Rabin, "Fast batch verification" (EUROCRYPT 1998), the small exponents test.
//! Notation: rho_i uniform in [1, 2^128), drawn after the proofs are known. If all proofs hold,
//! prod e(rho_i A_i, B_i) = e(sum rho_i alpha, beta) e(sum rho_i vk_x_i, gamma) e(sum rho_i C_i, delta),
//! and if one does not, the two sides are equal with probability at most 2^-127: the groups have prime
//! order r, and each B_i is checked to lie in its.

use std::ops::Range;

use ark_bn254::{g1, g2, Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{
    pairing::{MillerLoopOutput, Pairing},
    short_weierstrass::Affine,
    AffineRepr, CurveGroup,
};
use ark_ff::{One, PrimeField, Zero};
use rayon::prelude::*;

use super::key::{checked, Checked, Lines};
use super::{holds, VerifyingKey};
use crate::bytes::{put_fr, Scalars, WIDTH};
use crate::curve::{first_bad, read_point, Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::msm;
use crate::prove::PROOF_BYTES;

/// Proofs that one Miller loop takes: enough to share its squarings, few enough for all threads to work.
const LOOP: usize = 16;

/// Fewer proofs than this are verified one by one.
const FEW: usize = 4;

struct Proofs<'a> {
    key: &'a Checked,
    /// n_public signals a proof.
    publics: Scalars<'a>,
    a: Vec<G1Affine>,
    b: Vec<G2Affine>,
    c: Vec<u8>,
}

/// The first proof that does not hold; an error when the key, a proof or a signal is malformed.
///
/// `proofs` lie one after another, and so do their public signals.
pub fn first_false(
    key: &VerifyingKey<'_>,
    publics: Scalars<'_>,
    proofs: &[u8],
) -> Result<Option<usize>> {
    ensure(proofs.len().is_multiple_of(PROOF_BYTES), || {
        format!("proofs: not a whole number of {PROOF_BYTES} bytes")
    })?;
    let count = proofs.len() / PROOF_BYTES;
    let key = checked(key)?;
    ensure(publics.len() == count * key.n_public(), || {
        format!(
            "{} public signals for {count} proofs of a key that takes {}",
            publics.len(),
            key.n_public()
        )
    })?;
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for proof in proofs.chunks_exact(PROOF_BYTES) {
        let (first, rest) = proof.split_at(g1::Config::BYTES);
        let (second, third) = rest.split_at(g2::Config::BYTES);
        a.extend_from_slice(first);
        b.extend_from_slice(second);
        c.extend_from_slice(third);
    }
    let batch = Proofs {
        key: &key,
        publics,
        a: good::<g1::Config>(&a, "a")?,
        b: good::<g2::Config>(&b, "b")?,
        c: {
            good::<g1::Config>(&c, "c")?;
            c
        },
    };
    batch.first_false(0..count)
}

/// Points checked in full, infinity refused.
fn good<G: Group>(bytes: &[u8], part: &str) -> Result<Vec<Affine<G>>> {
    let infinite = |point: &[u8]| point.iter().all(|&byte| byte == 0);
    let bad = first_bad::<G>(bytes)?;
    let zero = bytes.chunks_exact(G::BYTES).position(infinite);
    match [bad, zero].into_iter().flatten().min() {
        Some(i) => Err(Error::BadPoint(format!(
            "proof {i}: {part} is not a point of the curve's group of order r"
        ))),
        None => Ok(bytes.chunks_exact(G::BYTES).map(read_point).collect()),
    }
}

impl Proofs<'_> {
    /// Halves a range that does not hold; each half gets factors of its own.
    fn first_false(&self, range: Range<usize>) -> Result<Option<usize>> {
        if range.len() < FEW {
            let mut range = range;
            return Ok(range.find(|&i| !self.one_holds(i)));
        }
        if self.all_hold(range.clone())? {
            return Ok(None);
        }
        let middle = range.start + range.len() / 2;
        match self.first_false(range.start..middle)? {
            None => self.first_false(middle..range.end),
            found => Ok(found),
        }
    }

    fn signals(&self, i: usize) -> Scalars<'_> {
        let n = self.key.n_public();
        self.publics.skip(i * n).first(n)
    }

    fn one_holds(&self, i: usize) -> bool {
        let c = read_point(&self.c[i * g1::Config::BYTES..(i + 1) * g1::Config::BYTES]);
        holds(self.key, self.signals(i), self.a[i], self.b[i], c)
    }

    fn all_hold(&self, range: Range<usize>) -> Result<bool> {
        let factors = random_factors(range.len())?;
        let mut scalars = vec![0u8; range.len() * WIDTH];
        for (factor, out) in factors.iter().zip(scalars.chunks_exact_mut(WIDTH)) {
            put_fr(factor, out);
        }
        let size = g1::Config::BYTES;
        let c = Points::<g1::Config>::new(&self.c[range.start * size..range.end * size], "c")?;
        let c = msm(c, Scalars::new(&scalars, "factors")?)?;

        // sum over i of rho_i (1, x_i1, .., x_in): the factors of IC_0 .. IC_n.
        let n = self.key.n_public();
        let sums = range
            .clone()
            .into_par_iter()
            .zip(&factors)
            .with_min_len(LOOP)
            .fold(
                || vec![Fr::zero(); n + 1],
                |mut sums, (i, factor)| {
                    let signals = self.signals(i);
                    sums[0] += factor;
                    for (j, sum) in sums[1..].iter_mut().enumerate() {
                        *sum += *factor * signals.get(j);
                    }
                    sums
                },
            )
            .reduce(
                || vec![Fr::zero(); n + 1],
                |a, b| a.iter().zip(b).map(|(a, b)| *a + b).collect(),
            );
        let alpha = self.key.alpha * sums[0];
        let mut weights = vec![0u8; sums.len() * WIDTH];
        for (sum, out) in sums.iter().zip(weights.chunks_exact_mut(WIDTH)) {
            put_fr(sum, out);
        }
        let x = msm(
            Points::<g1::Config>::new(&self.key.ic, "key.ic")?,
            Scalars::new(&weights, "weights")?,
        )?;

        let product = self.a[range.clone()]
            .par_chunks(LOOP)
            .zip(self.b[range].par_chunks(LOOP))
            .zip(factors.par_chunks(LOOP))
            .map(|((a, b), factors)| {
                let a: Vec<G1Projective> = a
                    .iter()
                    .zip(factors)
                    .map(|(a, factor)| -a.mul_bigint(factor.into_bigint()))
                    .collect();
                let lines = b.iter().map(|b| Lines::from(*b));
                Bn254::multi_miller_loop(G1Projective::normalize_batch(&a), lines).0
            })
            .reduce(ark_bn254::Fq12::one, |a, b| a * b);
        let [alpha, x, c] = [alpha, x, c].map(CurveGroup::into_affine);
        let lines = [&self.key.beta, &self.key.gamma, &self.key.delta].map(Clone::clone);
        let product = product * Bn254::multi_miller_loop([alpha, x, c], lines).0;
        let value = Bn254::final_exponentiation(MillerLoopOutput(product));
        Ok(value.is_some_and(|value| value.0.is_one()))
    }
}

/// Uniform in [1, 2^128), from the operating system.
fn random_factors(n: usize) -> Result<Vec<Fr>> {
    let mut bytes = vec![0u8; 16 * n];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::Argument("the operating system gives no random bytes".into()))?;
    let factor = |bytes: &[u8]| {
        let bytes = bytes.try_into().expect("chunks of 16 bytes");
        Fr::from(u128::from_le_bytes(bytes).max(1))
    };
    Ok(bytes.chunks_exact(16).map(factor).collect())
}

#[cfg(test)]
mod tests {
    use ark_ff::BigInteger;

    use super::*;

    #[test]
    fn factors_are_short_and_never_zero() {
        let factors = random_factors(1000).unwrap();
        let bits: Vec<u32> = factors.iter().map(|f| f.into_bigint().num_bits()).collect();
        assert!(bits.iter().all(|&bits| (1..=128).contains(&bits)));
        assert!(bits.iter().any(|&bits| bits > 120));
    }
}
