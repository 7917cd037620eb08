//! Verification keys, checked and unfolded once: lines of gamma and delta, the loop of alpha and beta,
//! tables for the public signals. Keys that were seen lately are kept, and found by all of their bytes.
//!
//! Notation: x_i the public signals in digits of four bits, x_i = sum 16^j d_ij; the sum over i of x_i IC_i is
//! the Horner sum over j of sum over i of d_ij IC_i, with the multiples of each IC_i in a table.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::{g1, g2, Bn254, Fq12, G1Affine, G1Projective};
use ark_ec::{pairing::Pairing, AffineRepr, CurveGroup};
use rayon::prelude::*;

use super::VerifyingKey;
use crate::bytes::Scalars;
use crate::curve::{good_point, read_point, window_of, Group, Points};
use crate::error::{ensure, Result};
use crate::msm::msm;

/// Keys that are kept, the latest first.
const KEPT: usize = 8;

/// A key with more points than this is neither kept nor given tables: it would take too much memory.
const MANY: usize = 64;

/// Bits of a digit.
const DIGIT: usize = 4;

/// The lines of a point's Miller loop.
pub(super) type Lines = <Bn254 as Pairing>::G2Prepared;

/// A key whose points are good.
pub(super) struct Checked {
    bytes: Vec<u8>,
    pub alpha: G1Affine,
    pub beta: Lines,
    pub gamma: Lines,
    pub delta: Lines,
    /// The Miller loop of alpha and beta.
    pub alpha_beta: Fq12,
    pub ic: Vec<u8>,
    /// d IC_i for d = 1 .. 15, i from 1; none where there are many.
    tables: Vec<[G1Affine; (1 << DIGIT) - 1]>,
}

static LATELY: Mutex<VecDeque<Arc<Checked>>> = Mutex::new(VecDeque::new());

/// The key, checked now or lately.
pub(super) fn checked(key: &VerifyingKey<'_>) -> Result<Arc<Checked>> {
    let [one, two] = [g1::Config::BYTES, g2::Config::BYTES];
    let whole = key.alpha1.len() == one
        && key.g2.iter().all(|point| point.len() == two)
        && key.ic.len().is_multiple_of(one)
        && !key.ic.is_empty();
    ensure(whole, || "key: not whole points".into())?;
    let bytes = [&[key.alpha1], &key.g2[..], &[key.ic]].concat().concat();
    // A thread that panicked left whole entries behind.
    let lately = || LATELY.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lately().iter().find(|known| known.bytes == bytes).cloned();
    if let Some(known) = found {
        return Ok(known);
    }
    let made = Arc::new(Checked::new(key, bytes)?);
    if made.n_public() <= MANY {
        let mut kept = lately();
        kept.truncate(KEPT - 1);
        kept.push_front(made.clone());
    }
    Ok(made)
}

impl Checked {
    fn new(key: &VerifyingKey<'_>, bytes: Vec<u8>) -> Result<Self> {
        let alpha = good_point::<g1::Config>(key.alpha1, "key.alpha1")?;
        let [beta, gamma, delta] = key.g2;
        let beta = good_point::<g2::Config>(beta, "key.beta2")?;
        let gamma = good_point::<g2::Config>(gamma, "key.gamma2")?;
        let delta = good_point::<g2::Config>(delta, "key.delta2")?;
        let ic = key
            .ic
            .par_chunks_exact(g1::Config::BYTES)
            .with_min_len(MANY)
            .map(|point| good_point::<g1::Config>(point, "key.ic"))
            .collect::<Result<Vec<_>>>()?;
        let tables = if ic.len() > MANY + 1 {
            Vec::new()
        } else {
            ic[1..].iter().map(multiples).collect()
        };
        let [beta, gamma, delta] = [beta, gamma, delta].map(Lines::from);
        Ok(Checked {
            bytes,
            alpha,
            alpha_beta: Bn254::multi_miller_loop([alpha], [beta.clone()]).0,
            beta,
            gamma,
            delta,
            ic: key.ic.to_vec(),
            tables,
        })
    }

    pub fn n_public(&self) -> usize {
        self.ic.len() / g1::Config::BYTES - 1
    }

    /// IC_0 + sum x_i IC_i.
    pub fn sum(&self, publics: Scalars<'_>) -> G1Projective {
        let first: G1Affine = read_point(&self.ic[..g1::Config::BYTES]);
        if self.tables.is_empty() {
            let points = Points::new(&self.ic[g1::Config::BYTES..], "key.ic");
            let sum = points.and_then(|points| msm::<g1::Config>(points, publics));
            return sum.expect("as many good points as scalars") + first;
        }
        let mut sum = G1Projective::default();
        for j in (0..256 / DIGIT).rev() {
            for _ in 0..DIGIT {
                sum += sum;
            }
            for (i, table) in self.tables.iter().enumerate() {
                let digit = window_of(&publics.limbs(i), j * DIGIT, DIGIT) as usize;
                if digit > 0 {
                    sum += table[digit - 1];
                }
            }
        }
        sum + first
    }
}

fn multiples(point: &G1Affine) -> [G1Affine; (1 << DIGIT) - 1] {
    let mut multiple = G1Projective::default();
    let multiples = [(); (1 << DIGIT) - 1].map(|()| {
        multiple += point;
        multiple
    });
    let affine = G1Projective::normalize_batch(&multiples);
    let mut out = [G1Affine::zero(); (1 << DIGIT) - 1];
    out.copy_from_slice(&affine);
    out
}
