//! Sums over lists of wires by class: sum of w_i P_i, with work that depends on the lists alone.
//!
//! Notation: see class.rs. Bits are summed as +-P, small values by odd digits, full values with their
//! offsets, the wires of untyped keys as they are.

use std::ops::Range;
use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ec::models::short_weierstrass::Projective;
use ark_ff::{BigInt, Field, One, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::class::{Class, Offsets, CLASSES};
use crate::bytes::{put_limbs, Scalars, WIDTH};
use crate::curve::{Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::{additions, msm_odd, msm_until, signed_sum, OddDigits};
use crate::r1cs::U32s;
use crate::threads::Cancel;

/// Wires that one task reads.
const CHUNK: usize = 1 << 12;

/// Additions by class, those of other proofs at the same time included.
pub type Work = [u64; CLASSES.len()];

/// The witness, every value in its class and offset as its class asks for.
pub struct Values(Zeroizing<Vec<u8>>);

impl Values {
    /// Refuses a value that is outside of its wire's class: no satisfying witness has one, if what the
    /// key was made with is true.
    pub fn new(witness: Scalars<'_>, classes: &[u8], offsets: Offsets) -> Result<Self> {
        let mut values = Zeroizing::new(vec![0u8; witness.len() * WIDTH]);
        let bad = values
            .par_chunks_mut(WIDTH * CHUNK)
            .zip(classes.par_chunks(CHUNK))
            .enumerate()
            .filter_map(|(chunk, (out, classes))| {
                let mut bad = None;
                for (k, (out, &code)) in out.chunks_exact_mut(WIDTH).zip(classes).enumerate() {
                    let wire = chunk * CHUNK + k;
                    let class = CLASSES[code as usize];
                    match class.offset_value(witness.limbs(wire), || offsets.limbs(wire)) {
                        Some(value) => put_limbs(value, out),
                        None => bad = bad.or(Some(wire)),
                    }
                }
                bad
            })
            .min();
        match bad {
            None => Ok(Values(values)),
            Some(wire) => Err(Error::Argument(format!(
                "the value of wire {wire} is not one that the circuit's types allow"
            ))),
        }
    }

    fn scalar(&self, wire: usize) -> &[u8] {
        &self.0[wire * WIDTH..(wire + 1) * WIDTH]
    }
}

/// The lists of a query: wires, by class.
pub struct Lists<'a> {
    wires: U32s<'a>,
    counts: [usize; CLASSES.len()],
}

impl<'a> Lists<'a> {
    /// A view of wires that `check_wires` has checked.
    pub fn new(wires: &'a [u8], counts: [usize; CLASSES.len()]) -> Result<Self> {
        Ok(Lists {
            wires: U32s::new(wires, "prepared key")?,
            counts,
        })
    }

    /// sum of w_i P_i; `sums` has by class the sum of the points, of k_i P_i for full wires.
    ///
    /// With S such a sum: bits give (sum of +-P + S) / 2, small values, offset by o and summed as odd
    /// digits, (sum + m S) / 2 - o S, full values (sum of (w + k) P) - S. What is known without the
    /// witness is worked out once and kept in `known`.
    pub fn sum<G: Group>(
        &self,
        values: &Values,
        points: Points<'_, G>,
        sums: Points<'_, G>,
        known: &OnceLock<Projective<G>>,
        (work, cancel): (&mut Work, &Cancel),
    ) -> Result<Projective<G>> {
        let stop = || cancel.is_set();
        let (mut halved, mut whole) = (Projective::<G>::zero(), Projective::<G>::zero());
        let mut factors = Vec::new();
        let mut start = 0;
        for (class, count) in CLASSES.into_iter().zip(self.counts) {
            let range = start..start + count;
            start += count;
            if count == 0 {
                continue;
            }
            let listed = points.range(range.clone());
            let half = Fr::from(2u64).inverse().unwrap_or_default();
            let before = additions();
            match class {
                Class::Bit => {
                    let minus = |i: usize| values.scalar(self.wires.get(range.start + i))[0] == 0;
                    halved += signed_sum(listed, minus, &stop).ok_or(Error::Cancelled)?;
                    factors.push((class, half));
                }
                Class::Value | Class::Full => {
                    let scalars = self.gather(values, range);
                    let scalars = Scalars::new(&scalars, "values")?;
                    whole += msm_until(listed, scalars, &stop)?.ok_or(Error::Cancelled)?;
                    if class == Class::Full {
                        factors.push((class, -Fr::one()));
                    }
                }
                Class::Word | Class::Double => {
                    let scalars = self.gather(values, range);
                    let scalars = Scalars::new(&scalars, "values")?;
                    let digits = OddDigits::new(scalars, class.bits())?;
                    halved += msm_odd(listed, &digits, &stop).ok_or(Error::Cancelled)?;
                    factors.push((
                        class,
                        digits.offset() * half - Fr::new(BigInt(class.offset())),
                    ));
                }
            }
            work[class as usize] += additions() - before;
        }
        let known = known.get_or_init(|| {
            factors
                .into_iter()
                .map(|(class, factor)| sums.get(class as usize) * factor)
                .sum()
        });
        let half = Fr::from(2u64).inverse().unwrap_or_default();
        Ok(halved * half + whole + known)
    }

    /// The values of a range of the list, offset as their class asks for.
    fn gather(&self, values: &Values, range: Range<usize>) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0u8; range.len() * WIDTH]);
        out.par_chunks_mut(WIDTH * CHUNK)
            .enumerate()
            .for_each(|(chunk, out)| {
                for (k, out) in out.chunks_exact_mut(WIDTH).enumerate() {
                    let wire = self.wires.get(range.start + chunk * CHUNK + k);
                    out.copy_from_slice(values.scalar(wire));
                }
            });
        out
    }
}

/// Wires are in range, and every one is of the class of its list.
pub fn check_wires(wires: &[u8], counts: [usize; CLASSES.len()], classes: &[u8]) -> Result<()> {
    let wires = U32s::new(wires, "prepared key")?;
    let mut start = 0;
    for (code, count) in counts.into_iter().enumerate() {
        let good = (start..start + count)
            .into_par_iter()
            .with_min_len(CHUNK)
            .all(|i| {
                classes
                    .get(wires.get(i))
                    .is_some_and(|&c| c as usize == code)
            });
        ensure(good, || {
            "prepared key: a wire is out of range or in a list of another class".into()
        })?;
        start += count;
    }
    Ok(())
}

/// No point is infinity, which the batched additions cannot take.
pub fn all_finite<G: Group>(points: &[u8]) -> bool {
    points.par_chunks(G::BYTES * CHUNK).all(|part| {
        part.chunks_exact(G::BYTES)
            .all(|p| p.iter().any(|&b| b != 0))
    })
}
