//! Poseidon over Fr with circomlib's parameters, constants drawn from the Grain LFSR.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021),
//! appendix E (round constants) and F (Grain). Notation: t the width, R_F = 8 full rounds (half before,
//! half after), R_P partial rounds, x^5 the S-box, M the Cauchy matrix 1 / (x_i + y_j); the capacity is
//! lane 0 and the hash is lane 0 of the output.
//!
//! Partial rounds with 2t - 1 products instead of t^2 (appendix B of the paper): with M = [[m, v], [w, N]] by
//! blocks 1 + (t - 1), the state's other lanes are kept as N^-i times themselves in partial round i. As only
//! lane 0 passes the S-box, round i is then lane 0 <- m x + (v N^i) . rest, rest <- rest + (N^-(i+1) w) x, and
//! its constants are N^-i times theirs; after the last round the rest is multiplied by N^R_P once.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField, Zero};
use rayon::prelude::*;

use crate::bytes::{less, put_fr, Scalars, WIDTH};
use crate::error::{ensure, Result};

/// The widest input.
pub const MAX_INPUTS: usize = 16;

const FULL_ROUNDS: usize = 8;

/// R_P for t = 2 .. 17.
const PARTIAL_ROUNDS: [usize; MAX_INPUTS] = [
    56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68,
];

/// Bits of r, and of every draw.
const FIELD_BITS: usize = 254;

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

/// The 80-bit LFSR in self-shrinking mode.
struct Grain {
    state: u128,
}

impl Grain {
    fn new(width: usize, partial: usize) -> Self {
        // Bits in the order of the specification, first bit highest: prime field, x^alpha S-box, n, t,
        // R_F, R_P, thirty ones.
        let mut state = 0u128;
        for (value, bits) in [
            (1, 2),
            (0, 4),
            (FIELD_BITS, 12),
            (width, 12),
            (FULL_ROUNDS, 10),
            (partial, 10),
            ((1 << 30) - 1, 30),
        ] {
            state = state << bits | value as u128;
        }
        let mut grain = Grain { state };
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    /// b(i + 80) = b(i + 62) + b(i + 51) + b(i + 38) + b(i + 23) + b(i + 13) + b(i); b(i) is bit 79.
    fn step(&mut self) -> bool {
        let s = self.state;
        let bit = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(0, |sum, i| sum ^ (s >> (79 - i) & 1));
        self.state = (s << 1 | bit) & ((1 << 80) - 1);
        bit == 1
    }

    /// The second bit of the next pair that starts with a one.
    fn bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    /// 254 bits, most significant first.
    fn draw(&mut self) -> [u64; 4] {
        let mut out = [0u64; 4];
        for i in (0..FIELD_BITS).rev() {
            out[i / 64] |= u64::from(self.bit()) << (i % 64);
        }
        out
    }
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
        let mut row = self.matrix[1..t].to_vec();
        let mut column: Vec<Fr> = (1..t).map(|i| self.matrix[i * t]).collect();
        let mut back = identity(n);
        self.after = identity(n);
        for i in 0..self.partial {
            let from = (FULL_ROUNDS / 2 + i) * t;
            let constants = &mut self.constants[from + 1..from + t];
            constants.copy_from_slice(&times_column(&back, constants));
            column = times_column(&inverse, &column);
            self.sparse.push((row.clone(), column.clone()));
            row = row_times(&row, &inner);
            back = product(&inverse, &back, n);
            self.after = product(&inner, &self.after, n);
        }
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
            self.add_constants(first + i, state);
            let x = fifth_power(state[0]);
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

/// Square matrix, row-major, times column.
fn times_column(matrix: &[Fr], column: &[Fr]) -> Vec<Fr> {
    matrix
        .chunks_exact(column.len())
        .map(|row| row.iter().zip(column).map(|(m, x)| *m * x).sum())
        .collect()
}

fn row_times(row: &[Fr], matrix: &[Fr]) -> Vec<Fr> {
    let n = row.len();
    (0..n)
        .map(|j| (0..n).map(|i| row[i] * matrix[i * n + j]).sum())
        .collect()
}

fn product(a: &[Fr], b: &[Fr], n: usize) -> Vec<Fr> {
    a.chunks_exact(n)
        .flat_map(|row| row_times(row, b))
        .collect()
}

fn identity(n: usize) -> Vec<Fr> {
    (0..n * n)
        .map(|k| Fr::from(u64::from(k / n == k % n)))
        .collect()
}

/// The inverse by Gauss and Jordan; a block of a Cauchy matrix has one, and needs no pivoting.
fn invert(matrix: &[Fr], n: usize) -> Vec<Fr> {
    let (mut left, mut right) = (matrix.to_vec(), identity(n));
    for pivot in 0..n {
        let scale = left[pivot * n + pivot]
            .inverse()
            .expect("leading minors of a Cauchy matrix are not zero");
        for side in [&mut left, &mut right] {
            for value in &mut side[pivot * n..(pivot + 1) * n] {
                *value *= scale;
            }
        }
        for row in (0..n).filter(|row| *row != pivot) {
            let factor = left[row * n + pivot];
            for side in [&mut left, &mut right] {
                for k in 0..n {
                    let term = factor * side[pivot * n + k];
                    side[row * n + k] -= term;
                }
            }
        }
    }
    right
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
    out.par_chunks_mut(WIDTH).enumerate().for_each(|(i, out)| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes_of, random_scalars};
    use ark_ff::MontFp;

    #[test]
    fn known_hashes() {
        let one = bytes_of(&[Fr::from(1u64)]);
        let two = bytes_of(&[Fr::from(1u64), Fr::from(2u64)]);
        for (inputs, expected) in [
            (
                one,
                MontFp!(
                    "18586133768512220936620570745912940619677854269274689475585506675881198879027"
                ),
            ),
            (
                two,
                MontFp!(
                    "7853200120776062878684798364095072458815029376092732009249414926327459813530"
                ),
            ),
        ] {
            let inputs = Scalars::new(&inputs, "x").unwrap();
            let mut out = [0; 32];
            poseidon(inputs, inputs.len(), None, &mut out).unwrap();
            let expected: Fr = expected;
            assert_eq!(Scalars::new(&out, "out").unwrap().get(0), expected);
        }
    }

    #[test]
    fn sparse_rounds_are_the_plain_ones() {
        for width in 2..=MAX_INPUTS + 1 {
            let plain = Parameters::plain(width);
            let mut state = random_scalars(width, width as u64);
            let mut expected = state.clone();
            for round in 0..FULL_ROUNDS + plain.partial {
                let inner = round - round.min(FULL_ROUNDS / 2);
                plain.add_constants(round, &mut expected);
                let partial = round >= FULL_ROUNDS / 2 && inner < plain.partial;
                let lanes = if partial { 1 } else { width };
                for lane in &mut expected[..lanes] {
                    *lane = fifth_power(*lane);
                }
                expected = times_column(&plain.matrix, &expected);
            }
            Parameters::of_width(width).permute(&mut state);
            assert_eq!(state, expected, "width {width}");
        }
    }

    #[test]
    fn matrices_need_no_retry() {
        for width in 2..=MAX_INPUTS + 1 {
            assert!(Parameters::of_width(width)
                .matrix
                .iter()
                .all(|m| !m.is_zero()));
        }
    }

    #[test]
    fn refuses_other_shapes() {
        let inputs = bytes_of(&[Fr::from(1u64); 34]);
        let inputs = Scalars::new(&inputs, "x").unwrap();
        assert!(poseidon(inputs, 0, None, &mut [0; 32]).is_err());
        assert!(poseidon(inputs, 17, None, &mut [0; 64]).is_err());
        assert!(poseidon(inputs, 4, None, &mut [0; 256]).is_err());
        assert!(poseidon(inputs, 2, None, &mut [0; 32]).is_err());
        assert!(poseidon(inputs, 2, Some(inputs), &mut [0; 17 * 32]).is_err());
    }
}
