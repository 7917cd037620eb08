//! The factors of a size, made once and kept for the next call.
//!
//! Notation: n the size, N = n / 8, w = w_n; v a place, rev its bits reversed.

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::field::Twiddle;
use super::{powers, reverse, root_of_unity};
use crate::lanes::{limbs_of, LANES, LIMBS};

/// Bytes of tables that are kept, the last used first; those of 2^20 rows take 26 MB.
const KEPT: usize = 40 << 20;

/// Which transforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Coefficients to evaluations on H.
    Forward,
    /// n times the other way.
    Inverse,
    /// Both: evaluations on H to n times those on w_2n H.
    Coset,
}

/// Factors for lanes: row s, block m of eight vectors.
pub struct Outer {
    /// w^(+-8 s m) 2^260 at m LANES + s.
    pub steps: Vec<[u64; LIMBS]>,
    /// w^(+-s e) for lane e, or w_2n^(s (2 e + 1)), 2^260 times; by s.
    pub lanes: [[Fr; LANES]; LANES],
    /// Of the transform of eight rows: w_8^(+- rev(b)).
    pub eight: [Twiddle; 4],
}

/// Factors of one size and kind.
pub struct Tables {
    log: u32,
    kind: Kind,
    /// On the way from natural order: rows first.
    pub first: Outer,
    /// w_N^(+-rev(b)) for b < N / 2: that of block b in every layer.
    pub down: Vec<Twiddle>,
    /// w_4h^(2 k + 1) for k < h at index log2 h; only for `Coset`.
    pub up: Vec<Vec<Twiddle>>,
    /// On the way back to natural order: rows last; only for `Coset`.
    pub last: Option<Outer>,
}

static KEEP: Mutex<Vec<Arc<Tables>>> = Mutex::new(Vec::new());

/// The tables of a size from 2^5 on.
pub fn tables(log: u32, kind: Kind) -> Arc<Tables> {
    let mut keep = KEEP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(i) = keep.iter().position(|t| t.log == log && t.kind == kind) {
        let found = keep.remove(i);
        keep.insert(0, Arc::clone(&found));
        return found;
    }
    drop(keep);
    // Two threads may make the same tables at once; holding the lock here could wait for a task of this
    // very thread.
    let made = Arc::new(Tables::new(log, kind));
    keep = KEEP.lock().unwrap_or_else(PoisonError::into_inner);
    keep.retain(|t| t.log != log || t.kind != kind);
    keep.insert(0, Arc::clone(&made));
    let mut room = KEPT;
    keep.retain(|t| {
        let fits = t.bytes() <= room;
        room = if fits { room - t.bytes() } else { 0 };
        fits
    });
    made
}

impl Tables {
    fn new(log: u32, kind: Kind) -> Self {
        let inner = log - 3;
        let back = kind != Kind::Forward;
        let direction = |root: Fr| {
            if back {
                root.inverse().unwrap_or(Fr::one())
            } else {
                root
            }
        };
        let half = powers(Fr::one(), direction(root_of_unity(inner)), 1 << (inner - 1));
        let down = (0..half.len())
            .into_par_iter()
            .map(|b| Twiddle::new(half[reverse(b, inner - 1)]))
            .collect();
        let root = direction(root_of_unity(log));
        let first = Outer::new(log, root, Fr::one(), root, direction(root_of_unity(3)));
        let (mut up, mut last) = (Vec::new(), None);
        if kind == Kind::Coset {
            for h in 0..inner {
                let odd = root_of_unity(h + 2);
                let level = powers(odd, odd.square(), 1 << h);
                up.push(level.into_par_iter().map(Twiddle::new).collect());
            }
            let (root, shift) = (root_of_unity(log), root_of_unity(log + 1));
            last = Some(Outer::new(log, root, shift, root, root_of_unity(3)));
        }
        Tables {
            log,
            kind,
            first,
            down,
            up,
            last,
        }
    }

    fn bytes(&self) -> usize {
        let twiddles = self.down.len() + self.up.iter().map(Vec::len).sum::<usize>();
        let outer = self.first.steps.len() + self.last.as_ref().map_or(0, |o| o.steps.len());
        twiddles * size_of::<Twiddle>() + outer * size_of::<[u64; LIMBS]>()
    }
}

impl Outer {
    /// Lane e of row s of block m gets (first ratio^e step^(8 m))^s.
    fn new(log: u32, step: Fr, first: Fr, ratio: Fr, eighth: Fr) -> Self {
        // An element's limbs are 2^256 times its value.
        let sixteen = Fr::from(16u64);
        let bases = powers(Fr::one(), step.pow([LANES as u64]), 1 << (log - 6));
        let steps = bases
            .into_par_iter()
            .flat_map_iter(|base| {
                let mut power = sixteen;
                (0..LANES).map(move |_| {
                    let limbs = limbs_of(power.0 .0);
                    power *= base;
                    limbs
                })
            })
            .collect();
        let lanes = std::array::from_fn(|s| {
            std::array::from_fn(|e| (first * ratio.pow([e as u64])).pow([s as u64]) * sixteen)
        });
        let eight = std::array::from_fn(|b| Twiddle::new(eighth.pow([reverse(b, 2) as u64])));
        Outer {
            steps,
            lanes,
            eight,
        }
    }
}
