//! The transform on any processor, in place: layers from natural to bit-reversed order and back.
//!
//! Source: Cooley, Tukey (1965); Gentleman, Sande (1966). Notation: as in ntt.rs.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::{log_of, powers, reverse, root_of_unity, TASK};
use crate::error::{Error, Result};
use crate::words::{add, canonical, sub, with_multiplier, Multiplier, PrimeR};

/// Blocks up to this size are transformed by one thread; 2^11 elements lie in the first-level caches.
const SERIAL: usize = 1 << 11;

/// w_(2h)^k for k < h, at index log2 h.
type Levels = Vec<Arc<Vec<Fr>>>;

static LEVELS: Mutex<Levels> = Mutex::new(Vec::new());

/// Tables for all sizes up to 2^log; kept for the next call.
fn levels(log: u32) -> Levels {
    let log = log as usize;
    let mut levels = LEVELS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    if levels.len() < log {
        // Two threads may make the same tables at once; holding the lock here could wait for a task of this
        // very thread.
        levels.extend((levels.len() as u32..log as u32).map(|level| {
            let root = root_of_unity(level + 1);
            Arc::new(powers(Fr::one(), root, 1 << level))
        }));
        let mut kept = LEVELS.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < levels.len() {
            kept.clone_from(&levels);
        }
    }
    levels.truncate(log);
    levels
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
        with_multiplier!(X => Layers::<X>::dif(values, &self.levels, false));
        finish(values);
    }

    /// n times the coefficients, bit-reversed, from evaluations in natural order.
    pub fn dif_inverse(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        with_multiplier!(X => Layers::<X>::dif(values, &self.levels, true));
        finish(values);
    }

    /// Evaluations in natural order from bit-reversed coefficients.
    pub fn dit(&self, values: &mut [Fr]) {
        assert_eq!(values.len(), self.size());
        with_multiplier!(X => Layers::<X>::dit(values, &self.levels));
        finish(values);
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

/// The transforms in place, with one of the multipliers; values are loose on the way, see words.rs.
struct Layers<X>(PhantomData<X>);

impl<X: Multiplier> Layers<X> {
    fn dif(values: &mut [Fr], levels: &[Arc<Vec<Fr>>], inverse: bool) {
        let Some((level, below)) = levels.split_last() else {
            return;
        };
        let half = values.len() / 2;
        let (low, high) = values.split_at_mut(half);
        if half * 2 <= SERIAL {
            Self::layer_dif(low, high, level, 0, inverse);
            Self::dif(low, below, inverse);
            Self::dif(high, below, inverse);
        } else {
            low.par_chunks_mut(TASK)
                .zip(high.par_chunks_mut(TASK))
                .enumerate()
                .for_each(|(i, (low, high))| {
                    Self::layer_dif(low, high, level, i * TASK, inverse);
                });
            rayon::join(
                || Self::dif(low, below, inverse),
                || Self::dif(high, below, inverse),
            );
        }
    }

    /// (u, v) -> (u + v, (u - v) w^(+-k)), k = from, from + 1, ...
    #[inline]
    fn layer_dif(low: &mut [Fr], high: &mut [Fr], level: &[Fr], from: usize, inverse: bool) {
        let half = level.len();
        let pairs = low.iter_mut().zip(high);
        if !inverse {
            for ((u, v), w) in pairs.zip(&level[from..]) {
                let (u, v) = (&mut u.0 .0, &mut v.0 .0);
                let difference = sub::<PrimeR>(u, v);
                *u = add::<PrimeR>(u, v);
                *v = X::mul::<PrimeR>(&difference, &w.0 .0);
            }
            return;
        }
        // w has order 2 half, so w^-k = -w^(half - k): the same table read backwards, and v - u for u - v.
        for (i, (u, v)) in pairs.enumerate() {
            let k = from + i;
            let (u, v) = (&mut u.0 .0, &mut v.0 .0);
            let sum = add::<PrimeR>(u, v);
            *v = if k == 0 {
                sub::<PrimeR>(u, v)
            } else {
                X::mul::<PrimeR>(&sub::<PrimeR>(v, u), &level[half - k].0 .0)
            };
            *u = sum;
        }
    }

    fn dit(values: &mut [Fr], levels: &[Arc<Vec<Fr>>]) {
        let Some((level, below)) = levels.split_last() else {
            return;
        };
        let half = values.len() / 2;
        let (low, high) = values.split_at_mut(half);
        if half * 2 <= SERIAL {
            Self::dit(low, below);
            Self::dit(high, below);
            Self::layer_dit(low, high, level);
        } else {
            rayon::join(|| Self::dit(low, below), || Self::dit(high, below));
            low.par_chunks_mut(TASK)
                .zip(high.par_chunks_mut(TASK))
                .zip(level.par_chunks(TASK))
                .for_each(|((low, high), level)| Self::layer_dit(low, high, level));
        }
    }

    /// (u, v) -> (u + w^k v, u - w^k v).
    #[inline]
    fn layer_dit(low: &mut [Fr], high: &mut [Fr], level: &[Fr]) {
        for ((u, v), w) in low.iter_mut().zip(high).zip(level) {
            let (u, v) = (&mut u.0 .0, &mut v.0 .0);
            let t = X::mul::<PrimeR>(v, &w.0 .0);
            *v = sub::<PrimeR>(u, &t);
            *u = add::<PrimeR>(u, &t);
        }
    }
}

/// From loose values to field elements.
fn finish(values: &mut [Fr]) {
    values.par_chunks_mut(TASK).for_each(|values| {
        for value in values {
            value.0 .0 = canonical::<PrimeR>(&value.0 .0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;
    use crate::words::Portable;

    /// What the other tests of transforms see is this processor's multiplier.
    #[test]
    fn the_multiplier_of_any_processor_agrees() {
        let mut random = Random::new(11);
        for log in [0, 1, 2, 5, 11, 13] {
            let domain = Domain::new(1 << log).expect("a size");
            let values: Vec<Fr> = (0..1 << log).map(|_| random.scalar()).collect();
            for inverse in [false, true] {
                let (mut a, mut b) = (values.clone(), values.clone());
                Layers::<Portable>::dif(&mut a, &domain.levels, inverse);
                finish(&mut a);
                if inverse {
                    domain.dif_inverse(&mut b);
                } else {
                    domain.dif(&mut b);
                }
                assert!(a == b);
            }
            let (mut a, mut b) = (values.clone(), values);
            Layers::<Portable>::dit(&mut a, &domain.levels);
            finish(&mut a);
            domain.dit(&mut b);
            assert!(a == b);
        }
    }
}
