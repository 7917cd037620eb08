//! Poseidon over Fr with circomlib's parameters, constants drawn from the Grain LFSR.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021),
//! appendix E (round constants) and F (Grain). Notation: t the width, R_F = 8 full rounds (half before,
//! half after), R_P partial rounds, x^5 the S-box, M the Cauchy matrix 1 / (x_i + y_j); the capacity is
//! lane 0 and the hash is lane 0 of the output.
//!
//! Partial rounds with 2t - 1 products instead of t^2 (appendix B of the paper): with M = [[m, v], [w, N]] by
//! blocks 1 + (t - 1), the state's other lanes are kept as N^-i times themselves in partial round i. As only
//! lane 0 passes the S-box, round i is then lane 0 <- m x + (v N^i) . rest, rest <- rest + (N^-(i+1) w) x; after
//! the last round the rest is multiplied by N^R_P once. What the rounds' constants add to the other lanes does
//! not depend on the state: with d_i = N d_(i-1) + c_i it is v . d_i in lane 0 of the next round, and N d_i in
//! the others after the last.

mod grain;
mod matrix;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vector;

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField, Zero};
use rayon::prelude::*;

use grain::Grain;
use matrix::{dot, invert, power, row_times, times_column};

use crate::bytes::{less, put_fr, Scalars, WIDTH};
use crate::error::{ensure, Result};

/// The widest input.
pub const MAX_INPUTS: usize = 16;

const FULL_ROUNDS: usize = 8;

/// R_P for t = 2 .. 17.
const PARTIAL_ROUNDS: [usize; MAX_INPUTS] = [
    56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68,
];

/// Constants of one width.
pub struct Parameters {
    width: usize,
    partial: usize,
    /// (R_F + R_P) * t round constants.
    constants: Vec<Fr>,
    /// M, row-major.
    matrix: Vec<Fr>,
    /// v N^i and N^-(i+1) w for each partial round i.
    sparse: Vec<(Vec<Fr>, Vec<Fr>)>,
    /// N^R_P, row-major.
    after: Vec<Fr>,
}

impl Parameters {
    fn derive(width: usize) -> Self {
        let mut parameters = Self::plain(width);
        parameters.thin();
        parameters
    }

    /// Constants and matrix as the specification has them.
    fn plain(width: usize) -> Self {
        let partial = PARTIAL_ROUNDS[width - 2];
        let mut grain = Grain::new(width, partial);
        let constants = (0..(FULL_ROUNDS + partial) * width)
            .map(|_| loop {
                let draw = grain.draw();
                if less(&draw, &Fr::MODULUS.0) {
                    break crate::bytes::fr_from_limbs(draw);
                }
            })
            .collect();
        // Draws for the matrix are reduced mod r, not rejected. The first 2t are distinct and no
        // x_i + y_j is zero for any of our widths, so the specification's retries never happen.
        let xy: Vec<Fr> = (0..2 * width)
            .map(|_| Fr::from(BigInt(reduce(grain.draw()))))
            .collect();
        let mut matrix = Vec::with_capacity(width * width);
        for i in 0..width {
            for j in 0..width {
                matrix.push(xy[i] + xy[width + j]);
            }
        }
        ark_ff::batch_inversion(&mut matrix);
        Parameters {
            width,
            partial,
            constants,
            matrix,
            sparse: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Finds the sparse form of the partial rounds, and changes their constants to it.
    fn thin(&mut self) {
        let (t, n) = (self.width, self.width - 1);
        let inner: Vec<Fr> = (0..n * n)
            .map(|k| self.matrix[(k / n + 1) * t + k % n + 1])
            .collect();
        let inverse = invert(&inner, n);
        let v = self.matrix[1..t].to_vec();
        let mut row = v.clone();
        let mut column: Vec<Fr> = (1..t).map(|i| self.matrix[i * t]).collect();
        // d, before the round's own constants.
        let mut offset = vec![Fr::zero(); n];
        for i in 0..self.partial {
            let (constants, after) = self.constants[(FULL_ROUNDS / 2 + i) * t..].split_at_mut(t);
            for (d, c) in offset.iter_mut().zip(&mut constants[1..]) {
                *d += std::mem::take(c);
            }
            after[0] += dot(&v, &offset);
            offset = times_column(&inner, &offset);
            column = times_column(&inverse, &column);
            self.sparse.push((row.clone(), column.clone()));
            row = row_times(&row, &inner);
        }
        let last = (FULL_ROUNDS / 2 + self.partial) * t;
        for (c, d) in self.constants[last + 1..last + t].iter_mut().zip(&offset) {
            *c += d;
        }
        self.after = power(&inner, n, self.partial);
    }

    /// The parameters of width t = 2 .. 17; derived once.
    pub fn of_width(width: usize) -> &'static Parameters {
        static ALL: [OnceLock<Parameters>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
        ALL[width - 2].get_or_init(|| Parameters::derive(width))
    }

    /// The permutation.
    pub fn permute(&self, state: &mut [Fr]) {
        assert_eq!(state.len(), self.width);
        let (first, last) = (FULL_ROUNDS / 2, FULL_ROUNDS / 2 + self.partial);
        for round in 0..first {
            self.full_round(round, state);
        }
        for (i, (row, column)) in self.sparse.iter().enumerate() {
            let x = fifth_power(state[0] + self.constants[(first + i) * self.width]);
            let mut sum = self.matrix[0] * x;
            for ((lane, v), w) in state[1..].iter_mut().zip(row).zip(column) {
                sum += *v * *lane;
                *lane += *w * x;
            }
            state[0] = sum;
        }
        let rest = times_column(&self.after, &state[1..]);
        state[1..].copy_from_slice(&rest);
        for round in last..last + FULL_ROUNDS / 2 {
            self.full_round(round, state);
        }
    }

    fn full_round(&self, round: usize, state: &mut [Fr]) {
        self.add_constants(round, state);
        for lane in state.iter_mut() {
            *lane = fifth_power(*lane);
        }
        let next = times_column(&self.matrix, state);
        state.copy_from_slice(&next);
    }

    fn add_constants(&self, round: usize, state: &mut [Fr]) {
        let constants = &self.constants[round * self.width..];
        for (lane, constant) in state.iter_mut().zip(constants) {
            *lane += constant;
        }
    }
}

fn fifth_power(x: Fr) -> Fr {
    x * x.square().square()
}

/// x mod r for x < 2^254 < 2r.
fn reduce(x: [u64; 4]) -> [u64; 4] {
    use ark_ff::BigInteger;
    let mut out = BigInt(x);
    if !less(&x, &Fr::MODULUS.0) {
        out.sub_with_borrow(&Fr::MODULUS);
    }
    out.0
}

/// n hashes of k inputs each; `state`, if given, holds the n capacity lanes to start from.
pub fn poseidon(
    inputs: Scalars<'_>,
    k: usize,
    state: Option<Scalars<'_>>,
    out: &mut [u8],
) -> Result<()> {
    ensure((1..=MAX_INPUTS).contains(&k), || {
        format!("Poseidon takes 1 to {MAX_INPUTS} inputs, not {k}")
    })?;
    let n = inputs.len() / k;
    ensure(n * k == inputs.len() && out.len() == n * WIDTH, || {
        format!("{} inputs are not rows of {k}", inputs.len())
    })?;
    if let Some(state) = state {
        ensure(state.len() == n, || {
            format!("{} initial states for {n} hashes", state.len())
        })?;
    }
    let parameters = Parameters::of_width(k + 1);
    let done = eights(parameters, inputs, state, out);
    let rest = out[done * WIDTH..].par_chunks_mut(WIDTH);
    rest.enumerate().for_each(|(i, out)| {
        let i = done + i;
        let mut lanes = [Fr::zero(); MAX_INPUTS + 1];
        if let Some(state) = state {
            lanes[0] = state.get(i);
        }
        for (j, lane) in lanes[1..=k].iter_mut().enumerate() {
            *lane = inputs.get(i * k + j);
        }
        parameters.permute(&mut lanes[..=k]);
        put_fr(&lanes[0], out);
    });
    Ok(())
}

/// Hashes the rows that fill whole vectors, where there are vectors; how many.
#[cfg(target_arch = "x86_64")]
fn eights(
    parameters: &Parameters,
    inputs: Scalars<'_>,
    state: Option<Scalars<'_>>,
    out: &mut [u8],
) -> usize {
    use crate::lanes::{available, LANES};

    static ALL: [OnceLock<vector::Tables>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
    if out.len() < LANES * WIDTH || !available() {
        return 0;
    }
    let tables = ALL[parameters.width - 2].get_or_init(|| vector::Tables::new(parameters));
    let blocks = out.par_chunks_exact_mut(LANES * WIDTH);
    let done = blocks.len() * LANES;
    blocks.enumerate().for_each(|(i, out)| {
        // SAFETY: the features are there.
        unsafe { tables.eight(inputs, state, i * LANES, out) }
    });
    done
}

#[cfg(not(target_arch = "x86_64"))]
fn eights(_: &Parameters, _: Scalars<'_>, _: Option<Scalars<'_>>, _: &mut [u8]) -> usize {
    0
}
