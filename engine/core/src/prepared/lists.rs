//! Sums over lists of wires by class: sum of w_i P_i up to the correction that the key holds.
//!
//! Notation: see class.rs. Bits are summed as +-P, small values by odd digits, full values with their
//! offsets, the wires of untyped keys as they are.

use ark_bn254::{g1, g2, Fr, G1Projective, G2Projective};
use ark_ec::models::short_weierstrass::Projective;
use ark_ff::{AdditiveGroup, Field, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::class::{add_mod, Class, Offsets, CLASSES};
use crate::bytes::{put_limbs, Scalars, WIDTH};
use crate::curve::{Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::{msm_sorted, Digits};
use crate::r1cs::U32s;
use crate::threads::Cancel;

/// Wires that one task reads.
const CHUNK: usize = 1 << 12;

/// The witness, every value in its class, full values offset.
pub struct Values(Zeroizing<Vec<u8>>);

impl Values {
    /// Refuses a value that is outside of its wire's class: no satisfying witness has one.
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
                    let mut value = witness.limbs(wire);
                    if !class.holds(value) {
                        bad = bad.or(Some(wire));
                    }
                    if class == Class::Full {
                        value = add_mod(value, offsets.limbs(wire));
                    }
                    put_limbs(value, out);
                }
                bad
            })
            .min();
        match bad {
            None => Ok(Values(values)),
            Some(wire) => Err(Error::Argument(format!(
                "the value of wire {wire} is not one that the constraints allow"
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

/// What one list adds: to be halved, or as it is.
struct Part<P> {
    half: P,
    whole: P,
}

impl<'a> Lists<'a> {
    /// A view of wires that `check_wires` has checked.
    pub fn new(wires: &'a [u8], counts: [usize; CLASSES.len()]) -> Result<Self> {
        Ok(Lists {
            wires: U32s::new(wires, "prepared key")?,
            counts,
        })
    }

    /// sum of w_i P_i less the correction.
    pub fn sum<G: Group>(
        &self,
        values: &Values,
        points: Points<'_, G>,
        cancel: &Cancel,
    ) -> Result<Projective<G>> {
        let mut sums = Part {
            half: Projective::<G>::zero(),
            whole: Projective::<G>::zero(),
        };
        self.each(|class, range| {
            cancel.look()?;
            let scalars = self.scalars(values, class, range.clone());
            let digits = Digits::new(Scalars::new(&scalars, "values")?, |_| true)?;
            let part = msm_sorted(points.range(range), &digits);
            *if is_halved(class) {
                &mut sums.half
            } else {
                &mut sums.whole
            } += part;
            Ok(())
        })?;
        Ok(joined(sums))
    }

    /// The same in both groups, from one sort of the digits.
    pub fn sum_twice(
        &self,
        values: &Values,
        points1: Points<'_, g1::Config>,
        points2: Points<'_, g2::Config>,
        cancel: &Cancel,
    ) -> Result<(G1Projective, G2Projective)> {
        let mut sums1 = Part {
            half: G1Projective::zero(),
            whole: G1Projective::zero(),
        };
        let mut sums2 = Part {
            half: G2Projective::zero(),
            whole: G2Projective::zero(),
        };
        self.each(|class, range| {
            cancel.look()?;
            let scalars = self.scalars(values, class, range.clone());
            let digits = Digits::new(Scalars::new(&scalars, "values")?, |_| true)?;
            let part1 = msm_sorted(points1.range(range.clone()), &digits);
            cancel.look()?;
            let part2 = msm_sorted(points2.range(range), &digits);
            *if is_halved(class) {
                &mut sums1.half
            } else {
                &mut sums1.whole
            } += part1;
            *if is_halved(class) {
                &mut sums2.half
            } else {
                &mut sums2.whole
            } += part2;
            Ok(())
        })?;
        Ok((joined(sums1), joined(sums2)))
    }

    fn each(
        &self,
        mut work: impl FnMut(Class, std::ops::Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let mut start = 0;
        for (class, count) in CLASSES.into_iter().zip(self.counts) {
            if count > 0 {
                work(class, start..start + count)?;
            }
            start += count;
        }
        Ok(())
    }

    /// What the points of a list are multiplied by.
    fn scalars(
        &self,
        values: &Values,
        class: Class,
        range: std::ops::Range<usize>,
    ) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0u8; range.len() * WIDTH]);
        let first = range.start;
        let shift = shift_of(class);
        out.par_chunks_mut(WIDTH * CHUNK)
            .enumerate()
            .for_each(|(chunk, out)| {
                for (k, out) in out.chunks_exact_mut(WIDTH).enumerate() {
                    let wire = self.wires.get(first + chunk * CHUNK + k);
                    out.copy_from_slice(values.scalar(wire));
                    if let Some(shift) = shift {
                        let w = crate::bytes::fr(out);
                        crate::bytes::put_fr(&(w.double() + shift), out);
                    }
                }
            });
        out
    }
}

/// t = 2 w + shift for the classes whose sums are halved.
fn shift_of(class: Class) -> Option<Fr> {
    match (class, class.bits()) {
        (Class::Bit, _) => Some(-Fr::from(1u64)),
        (_, Some(bits)) => Some(
            Fr::from(1u64) - Fr::from(2u64).pow([bits as u64]) + Fr::from(class.offset()).double(),
        ),
        _ => None,
    }
}

fn is_halved(class: Class) -> bool {
    class == Class::Bit || class.bits().is_some()
}

fn joined<G: Group>(sums: Part<Projective<G>>) -> Projective<G> {
    if sums.half.is_zero() {
        return sums.whole;
    }
    sums.whole + sums.half * Fr::from(2u64).inverse().unwrap_or_default()
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
