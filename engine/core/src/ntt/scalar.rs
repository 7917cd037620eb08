//! The transform on any processor, in place: layers from natural to bit-reversed order and back.
//!
//! Source: Cooley, Tukey (1965); Gentleman, Sande (1966). Notation: as in ntt.rs.

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::{log_of, powers, reverse, root_of_unity, TASK};
use crate::error::{Error, Result};

/// Blocks up to this size are transformed by one thread; 2^11 elements lie in the first-level caches.
const SERIAL: usize = 1 << 11;

/// w_(2h)^k for k < h, at index log2 h.
type Levels = Vec<Arc<Vec<Fr>>>;

static LEVELS: Mutex<Levels> = Mutex::new(Vec::new());

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

/// Evaluations on H to those on w_2n H, in place, for each array. False when stopped.
pub fn to_coset(arrays: [&mut [Fr]; 3], stop: &(dyn Fn() -> bool + Sync)) -> Result<bool> {
    let domain = Domain::new(arrays[0].len())?;
    let n = domain.size();
    // The inverse leaves n times the coefficients in bit-reversed order; they are divided by n and
    // moved to the coset by one factor each, g^i / n, and transformed back from that order.
    let count = Fr::from(n as u64)
        .inverse()
        .ok_or_else(|| Error::Argument("an empty domain".into()))?;
    let mut shifts = powers(count, root_of_unity(domain.log + 1), n);
    domain.permute(&mut shifts);
    let done = arrays
        .into_par_iter()
        .map(|values| {
            if stop() {
                return false;
            }
            domain.dif_inverse(values);
            values
                .par_iter_mut()
                .zip(&shifts)
                .with_min_len(TASK)
                .for_each(|(value, shift)| *value *= shift);
            if stop() {
                return false;
            }
            domain.dit(values);
            true
        })
        .reduce(|| true, |a, b| a && b);
    Ok(done)
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
