//! The quotient's numerator: <A, w> and <B, w> row by row, their product, all three on the odd coset.
//!
//! Source: Groth (2016), section 3.2; the coset form of snarkjs. Notation: H = <w_n>, g = w_2n, so gH is the
//! set of odd powers of w_2n; a, b, c the evaluations of <A, w>, <B, w> and their product.

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::{less, limbs, Scalars, WIDTH};
use crate::error::{ensure, Error, Result};
use crate::keygen::RECORD;
use crate::ntt::odd_coset_product;
use crate::prove::ProvingKey;

/// Rows that one task computes.
const CHUNK: usize = 1 << 12;

/// a b - c on the odd coset, as canonical scalars in natural order.
pub(crate) fn quotient(key: &ProvingKey<'_>, witness: Scalars<'_>) -> Result<Zeroizing<Vec<u8>>> {
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
