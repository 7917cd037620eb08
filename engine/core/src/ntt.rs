//! The number-theoretic transform over Fr, in place, on subgroups and their cosets.
//!
//! Source: Cooley, Tukey (1965); Gentleman, Sande (1966). Notation: H = <w> with w the n-th root of
//! unity 5^((r-1)/n), n a power of two; natural order is w^0, w^1, ...; `dif` goes from natural to
//! bit-reversed order, `dit` back, so a transform followed by its inverse never permutes.

#[cfg(target_arch = "x86_64")]
mod vector;

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::{FftField, Field, One, Zero};
use rayon::prelude::*;

use crate::bytes::{write_all, Scalars, WIDTH};
use crate::error::{ensure, Error, Result};

/// The largest k with 2^k | r - 1.
pub const TWO_ADICITY: u32 = Fr::TWO_ADICITY;

/// Blocks up to this size are transformed by one thread; 2^11 elements lie in the first-level caches.
const SERIAL: usize = 1 << 11;

/// Butterflies that one task does when a layer is wider than a serial block.
const TASK: usize = 1 << 10;

/// w_(2h)^k for k < h, at index log2 h.
type Levels = Vec<Arc<Vec<Fr>>>;

static LEVELS: Mutex<Levels> = Mutex::new(Vec::new());

/// The primitive n-th root of unity, n = 2^log.
pub fn root_of_unity(log: u32) -> Fr {
    let mut root = Fr::TWO_ADIC_ROOT_OF_UNITY;
    for _ in log..TWO_ADICITY {
        root.square_in_place();
    }
    root
}

/// first * ratio^i for i < n.
pub fn powers(first: Fr, ratio: Fr, n: usize) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); n];
    out.par_chunks_mut(TASK).enumerate().for_each(|(i, chunk)| {
        let mut value = first * ratio.pow([(i * TASK) as u64]);
        for slot in chunk {
            *slot = value;
            value *= ratio;
        }
    });
    out
}

/// log2 of a domain's size.
pub fn log_of(n: usize) -> Result<u32> {
    ensure(n.is_power_of_two() && n.ilog2() <= TWO_ADICITY, || {
        format!("{n} elements: a power of two up to 2^{TWO_ADICITY} is needed")
    })?;
    Ok(n.ilog2())
}

/// Tables for all sizes up to 2^log; kept for the next call.
fn levels(log: u32) -> Levels {
    let mut cache = LEVELS.lock().unwrap_or_else(PoisonError::into_inner);
    while cache.len() < log as usize {
        let level = cache.len() as u32;
        cache.push(Arc::new(powers(
            Fr::one(),
            root_of_unity(level + 1),
            1 << level,
        )));
    }
    cache[..log as usize].to_vec()
}

/// A domain with its tables.
pub struct Domain {
    log: u32,
    levels: Levels,
}

impl Domain {
    /// The subgroup of size n.
    pub fn new(n: usize) -> Result<Self> {
        let log = log_of(n)?;
        Ok(Domain {
            log,
            levels: levels(log),
        })
    }

    /// Its size.
    pub fn size(&self) -> usize {
        1 << self.log
    }

    /// Evaluations on H, bit-reversed, from coefficients in natural order.
    pub fn dif(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        recurse_dif(values, &self.levels, false);
    }

    /// n times the coefficients, bit-reversed, from evaluations in natural order.
    pub fn dif_inverse(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        recurse_dif(values, &self.levels, true);
    }

    /// Evaluations in natural order from bit-reversed coefficients.
    pub fn dit(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        recurse_dit(values, &self.levels);
    }

    /// Bit-reversed order to natural order, or back.
    pub fn permute(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        for i in 0..values.len() {
            let j = reverse(i, self.log);
            if i < j {
                values.swap(i, j);
            }
        }
    }
}

/// a b - c at g w^i for all i < n, g = w_2n, as canonical scalars, from evaluations on H.
///
/// The arrays are overwritten.
pub fn odd_coset_product(a: &mut [Fr], b: &mut [Fr], c: &mut [Fr], out: &mut [u8]) -> Result<()> {
    let n = a.len();
    let log = log_of(n)?;
    ensure(
        b.len() == n && c.len() == n && out.len() == n * WIDTH,
        || "three arrays of one size are needed".into(),
    )?;
    #[cfg(target_arch = "x86_64")]
    if vector::can(log) {
        vector::odd_coset_product([a, b, c], out);
        return Ok(());
    }
    let domain = Domain::new(n)?;
    // The inverse leaves n times the coefficients in bit-reversed order; they are divided by n and
    // moved to the coset by one factor each, g^i / n, and transformed back from that order.
    let count = Fr::from(n as u64)
        .inverse()
        .ok_or_else(|| Error::Argument("an empty domain".into()))?;
    let mut shifts = powers(count, root_of_unity(log + 1), n);
    domain.permute(&mut shifts);
    [&mut *a, &mut *b, &mut *c]
        .into_par_iter()
        .for_each(|values| {
            domain.dif_inverse(values);
            values
                .par_iter_mut()
                .zip(&shifts)
                .with_min_len(TASK)
                .for_each(|(value, shift)| *value *= shift);
            domain.dit(values);
        });
    a.par_iter_mut()
        .zip(b.par_iter())
        .zip(c.par_iter())
        .with_min_len(TASK)
        .for_each(|((a, b), c)| *a = *a * b - c);
    write_all(a, out)
}

/// The lowest `log` bits of i in reverse order.
#[inline]
pub fn reverse(i: usize, log: u32) -> usize {
    if log == 0 {
        0
    } else {
        i.reverse_bits() >> (usize::BITS - log)
    }
}

fn recurse_dif(values: &mut [Fr], levels: &[Arc<Vec<Fr>>], inverse: bool) {
    let Some((level, below)) = levels.split_last() else {
        return;
    };
    let half = values.len() / 2;
    let (low, high) = values.split_at_mut(half);
    if half * 2 <= SERIAL {
        layer_dif(low, high, level, 0, inverse);
        recurse_dif(low, below, inverse);
        recurse_dif(high, below, inverse);
    } else {
        low.par_chunks_mut(TASK)
            .zip(high.par_chunks_mut(TASK))
            .enumerate()
            .for_each(|(i, (low, high))| layer_dif(low, high, level, i * TASK, inverse));
        rayon::join(
            || recurse_dif(low, below, inverse),
            || recurse_dif(high, below, inverse),
        );
    }
}

/// (u, v) -> (u + v, (u - v) w^(+-k)), k = from, from + 1, ...
#[inline]
fn layer_dif(low: &mut [Fr], high: &mut [Fr], level: &[Fr], from: usize, inverse: bool) {
    let half = level.len();
    if !inverse {
        for ((u, v), w) in low.iter_mut().zip(high).zip(&level[from..]) {
            let (sum, difference) = (*u + *v, *u - *v);
            *u = sum;
            *v = difference * w;
        }
        return;
    }
    // w has order 2 half, so w^-k = -w^(half - k): the same table read backwards, and v - u for u - v.
    for (i, (u, v)) in low.iter_mut().zip(high).enumerate() {
        let k = from + i;
        let (sum, difference) = (*u + *v, *v - *u);
        *u = sum;
        *v = if k == 0 {
            -difference
        } else {
            difference * level[half - k]
        };
    }
}

fn recurse_dit(values: &mut [Fr], levels: &[Arc<Vec<Fr>>]) {
    let Some((level, below)) = levels.split_last() else {
        return;
    };
    let half = values.len() / 2;
    let (low, high) = values.split_at_mut(half);
    if half * 2 <= SERIAL {
        recurse_dit(low, below);
        recurse_dit(high, below);
        layer_dit(low, high, level);
    } else {
        rayon::join(|| recurse_dit(low, below), || recurse_dit(high, below));
        low.par_chunks_mut(TASK)
            .zip(high.par_chunks_mut(TASK))
            .zip(level.par_chunks(TASK))
            .for_each(|((low, high), level)| layer_dit(low, high, level));
    }
}

/// (u, v) -> (u + w^k v, u - w^k v).
#[inline]
fn layer_dit(low: &mut [Fr], high: &mut [Fr], level: &[Fr]) {
    for ((u, v), w) in low.iter_mut().zip(high).zip(level) {
        let t = *v * w;
        *v = *u - t;
        *u += t;
    }
}

/// Transform of canonical scalars, natural order in and out; on shift * H.
///
/// Forward: coefficients to evaluations; inverse: evaluations on shift * H to coefficients.
pub fn ntt(values: Scalars<'_>, inverse: bool, shift: Scalars<'_>, out: &mut [u8]) -> Result<()> {
    ensure(shift.len() == 1, || "shift: one scalar".into())?;
    let domain = Domain::new(values.len())?;
    let shift = shift.get(0);
    let mut values = values.to_vec();
    let n = values.len();
    let scale = |values: &mut [Fr], first: Fr, ratio: Fr| {
        values
            .par_iter_mut()
            .zip(powers(first, ratio, n))
            .with_min_len(TASK)
            .for_each(|(value, power)| *value *= power);
    };
    let zero = || Error::Argument("shift: zero has no coset".into());
    if inverse {
        domain.dif_inverse(&mut values);
        domain.permute(&mut values);
        let count = Fr::from(n as u64).inverse().ok_or_else(zero)?;
        scale(&mut values, count, shift.inverse().ok_or_else(zero)?);
    } else {
        ensure(!shift.is_zero(), || "shift: zero has no coset".into())?;
        if !shift.is_one() {
            scale(&mut values, Fr::one(), shift);
        }
        domain.dif(&mut values);
        domain.permute(&mut values);
    }
    write_all(&values, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes_of, random_scalars};

    fn naive(values: &[Fr], at: Fr) -> Fr {
        values.iter().rev().fold(Fr::zero(), |sum, v| sum * at + v)
    }

    fn run(values: &[Fr], inverse: bool, shift: Fr) -> Vec<Fr> {
        let bytes = bytes_of(values);
        let shift = bytes_of(&[shift]);
        let mut out = vec![0; bytes.len()];
        ntt(
            Scalars::new(&bytes, "values").unwrap(),
            inverse,
            Scalars::new(&shift, "shift").unwrap(),
            &mut out,
        )
        .unwrap();
        Scalars::new(&out, "out").unwrap().to_vec()
    }

    #[test]
    fn equals_evaluation_and_inverts() {
        for log in 0..9 {
            let values = random_scalars(1 << log, log as u64);
            for shift in [Fr::one(), root_of_unity(log + 1), Fr::from(7u64)] {
                let there = run(&values, false, shift);
                let mut at = shift;
                for value in &there {
                    assert_eq!(*value, naive(&values, at));
                    at *= root_of_unity(log);
                }
                assert_eq!(run(&there, true, shift), values);
            }
        }
    }

    #[test]
    fn large_sizes_agree_with_evaluation_at_some_points() {
        for log in [12u32, 15, 17] {
            let values = random_scalars(1 << log, 3);
            let there = run(&values, false, Fr::one());
            for i in [0usize, 1, 77, (1 << log) - 1] {
                assert_eq!(there[i], naive(&values, root_of_unity(log).pow([i as u64])));
            }
            assert_eq!(run(&there, true, Fr::one()), values);
            let domain = Domain::new(1 << log).unwrap();
            let mut back = there.clone();
            domain.dif_inverse(&mut back);
            domain.dit(&mut back);
            let n = Fr::from(1u64 << log);
            assert!(back.iter().zip(&there).all(|(b, t)| *b == *t * n));
        }
    }

    /// By definition: interpolate, move, evaluate, combine, all by the plain transform.
    fn check_odd_coset_product(log: u32) {
        let n = 1 << log;
        let g = root_of_unity(log + 1);
        let arrays = [1, 2, 3].map(|seed| {
            let mut values = random_scalars(n, seed);
            values[n / 3] = Fr::zero();
            values[n - 1] = -Fr::one();
            values
        });
        let [a, b, c] = arrays
            .each_ref()
            .map(|values| run(&run(values, true, Fr::one()), false, g));
        let expected: Vec<Fr> = (0..n).map(|i| a[i] * b[i] - c[i]).collect();
        let [mut a, mut b, mut c] = arrays;
        let mut out = vec![0; n * WIDTH];
        odd_coset_product(&mut a, &mut b, &mut c, &mut out).unwrap();
        assert!(out == bytes_of(&expected), "2^{log}");
    }

    #[test]
    fn odd_coset_products() {
        for log in 0..=15 {
            check_odd_coset_product(log);
        }
        check_odd_coset_product(18);
    }

    #[test]
    fn odd_coset_products_without_vector_instructions() {
        use crate::batch::FORCE_SCALAR;
        use std::sync::atomic::Ordering;
        FORCE_SCALAR.store(true, Ordering::Relaxed);
        for log in [9, 13] {
            check_odd_coset_product(log);
        }
        FORCE_SCALAR.store(false, Ordering::Relaxed);
    }

    #[test]
    fn refuses_other_sizes_and_a_zero_shift() {
        assert!(Domain::new(0).is_err());
        assert!(Domain::new(3).is_err());
        assert!(Domain::new((1 << 28) + 1).is_err());
        let zero = [0u8; 32];
        let zero = Scalars::new(&zero, "x").unwrap();
        assert!(ntt(zero, false, zero, &mut [0; 32]).is_err());
        assert!(ntt(zero, true, zero, &mut [0; 32]).is_err());
    }
}
