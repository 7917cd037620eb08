//! The quotient: <A, w> and <B, w> row by row, their product, all three on the odd coset.
//!
//! Source: Groth (2016), section 3.2; the coset form of snarkjs. Notation: H = <w_n>, g = w_2n, so gH is the
//! set of odd powers of w_2n; a, b, c the evaluations of <A, w>, <B, w> and their product.

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField, Zero};
use rayon::prelude::*;

use crate::bytes::{less, limbs, Scalars};
use crate::error::{ensure, Error, Result};
use crate::keygen::RECORD;
use crate::ntt::{coset_product, Rows, EIGHT};
use crate::prove::ProvingKey;
use crate::spare::Spare;
use crate::threads::Cancel;

/// Records that one task checks.
const CHUNK: usize = 1 << 12;

/// a b - c on the odd coset, as canonical scalars in natural order.
pub(crate) fn quotient(
    key: &ProvingKey<'_>,
    witness: Scalars<'_>,
    cancel: &Cancel,
) -> Result<Spare> {
    let rows = Records::new(key, witness)?;
    let out = coset_product(&rows, key.domain_size, &|| cancel.is_set())?;
    out.ok_or(Error::Cancelled)
}

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

/// The records of a key, in range, with the places where each eight rows begin.
struct Records<'a> {
    bytes: &'a [u8],
    witness: Scalars<'a>,
    /// Records in the order of their rows, when they do not stand in it.
    order: Option<Vec<u32>>,
    /// Of records, for each eight rows, and their number.
    starts: Vec<u32>,
}

impl<'a> Records<'a> {
    fn new(key: &ProvingKey<'a>, witness: Scalars<'a>) -> Result<Self> {
        let (bytes, n) = (key.coefficients, key.domain_size);
        let count = bytes.len() / RECORD;
        ensure(
            bytes.len().is_multiple_of(RECORD) && u32::try_from(count).is_ok(),
            || "key.coefficients: not whole records".into(),
        )?;
        let record = |i: usize| Record(&bytes[i * RECORD..(i + 1) * RECORD]);
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
        let rising = (1..count)
            .into_par_iter()
            .with_min_len(CHUNK)
            .all(|i| record(i - 1).row() <= record(i).row());
        // Every known writer goes row by row.
        let order = (!rising).then(|| {
            let mut order: Vec<u32> = (0..count as u32).collect();
            order.sort_by_key(|&i| record(i as usize).row());
            order
        });
        let row_of = |i: usize| {
            let i = order.as_ref().map_or(i, |order| order[i] as usize);
            record(i).row()
        };
        let mut starts = vec![0u32; n.div_ceil(EIGHT) + 1];
        starts.par_iter_mut().enumerate().for_each(|(m, start)| {
            // The first record of row 8 m or later.
            let (mut low, mut high) = (0, count);
            while low < high {
                let middle = low + (high - low) / 2;
                if row_of(middle) < m * EIGHT {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            *start = low as u32;
        });
        Ok(Records {
            bytes,
            witness,
            order,
            starts,
        })
    }
}

impl Rows for Records<'_> {
    fn eight(&self, first: usize, a: &mut [Fr; EIGHT], b: &mut [Fr; EIGHT]) {
        *a = [Fr::zero(); EIGHT];
        *b = [Fr::zero(); EIGHT];
        let m = first / EIGHT;
        for i in self.starts[m]..self.starts[m + 1] {
            let i = self.order.as_ref().map_or(i, |order| order[i as usize]) as usize;
            let record = Record(&self.bytes[i * RECORD..(i + 1) * RECORD]);
            // (v 2^512) * w / 2^256: both raw, so the product is v w in Montgomery form.
            let term = Fr::new_unchecked(BigInt(record.value()))
                * Fr::new_unchecked(BigInt(self.witness.limbs(record.wire())));
            let sums = if record.matrix() == 0 {
                &mut *a
            } else {
                &mut *b
            };
            sums[record.row() % EIGHT] += term;
        }
    }

    fn scale(&self) -> Fr {
        Fr::from(2u64).pow([256])
    }
}
