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

#[cfg(target_arch = "x86_64")]
mod vector;

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

/// The 80-bit LFSR in self-shrinking mode: of its bits, taken in pairs, the second of each pair that
/// starts with a one.
struct Grain {
    /// The last 80 bits, the oldest in bit 79.
    state: u128,
    /// Output that no draw has taken, the last `count` bits, the oldest highest.
    output: u128,
    count: u32,
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
        let mut grain = Grain {
            state,
            output: 0,
            count: 0,
        };
        for _ in 0..160 / STEP {
            grain.step();
        }
        grain
    }

    /// The next 16 bits, the first highest: b(i + 80) = b(i + 62) + b(i + 51) + b(i + 38) + b(i + 23) +
    /// b(i + 13) + b(i). b(i + k) is bit 79 - k, and the highest tap leaves room for 18 bits at once.
    fn step(&mut self) -> u16 {
        let s = self.state;
        let bits = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(0, |sum, k| sum ^ (s >> (80 - STEP - k)) as u16);
        self.state = (s << STEP | u128::from(bits)) & ((1 << 80) - 1);
        bits
    }

    /// The next `n` <= 64 bits of output, the first highest.
    fn take(&mut self, n: u32) -> u64 {
        // Below 64 + 8 bits wait at any time, so none falls out of the word.
        while self.count < n {
            for byte in self.step().to_be_bytes() {
                let (bits, count) = SHRUNK[usize::from(byte)];
                self.output = self.output << count | u128::from(bits);
                self.count += u32::from(count);
            }
        }
        self.count -= n;
        (self.output >> self.count) as u64 & (u64::MAX >> (64 - n))
    }

    /// 254 bits, most significant first.
    fn draw(&mut self) -> [u64; 4] {
        let mut out = [0u64; 4];
        out[3] = self.take(FIELD_BITS as u32 - 192);
        for limb in out[..3].iter_mut().rev() {
            *limb = self.take(64);
        }
        out
    }
}

/// Bits of the LFSR made at once.
const STEP: usize = 16;

/// What four pairs of bits, the first highest, give: the bits, and how many.
const SHRUNK: [(u8, u8); 256] = {
    let mut all = [(0, 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bits, mut count, mut at) = (0, 0, 8);
        while at > 0 {
            at -= 2;
            if byte >> (at + 1) & 1 == 1 {
                bits = bits << 1 | (byte >> at & 1) as u8;
                count += 1;
            }
        }
        all[byte] = (bits, count);
        byte += 1;
    }
    all
};

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

/// Square matrix, row-major, times column.
fn times_column(matrix: &[Fr], column: &[Fr]) -> Vec<Fr> {
    matrix
        .chunks_exact(column.len())
        .map(|row| dot(row, column))
        .collect()
}

fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
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

/// The matrix to the power of `exponent`, by squaring.
fn power(matrix: &[Fr], n: usize, exponent: usize) -> Vec<Fr> {
    let mut out = identity(n);
    for bit in (0..usize::BITS - exponent.leading_zeros()).rev() {
        out = product(&out, &out, n);
        if exponent >> bit & 1 == 1 {
            out = product(&out, matrix, n);
        }
    }
    out
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

    /// Rows at once, in vectors and what is left of them, are the rows one by one.
    #[test]
    fn many_rows_are_each_row() {
        let edges = [Fr::zero(), Fr::from(1u64), -Fr::from(1u64), -Fr::from(2u64)];
        for k in 1..=MAX_INPUTS {
            for n in [1, 7, 8, 9, 19] {
                let mut values = random_scalars(n * k, (n * k) as u64);
                for (i, value) in values.iter_mut().enumerate().filter(|(i, _)| i % 5 < 2) {
                    *value = edges[i % 4];
                }
                let mut states = random_scalars(n, n as u64);
                states[0] = -Fr::from(1u64);
                let (values, states) = (bytes_of(&values), bytes_of(&states));
                let all = Scalars::new(&values, "x").unwrap();
                let states = Scalars::new(&states, "state").unwrap();
                for state in [None, Some(states)] {
                    let mut out = vec![0; n * WIDTH];
                    poseidon(all, k, state, &mut out).unwrap();
                    for i in 0..n {
                        let mut one = [0; WIDTH];
                        let row = all.skip(i * k).first(k);
                        let state = state.map(|state| state.skip(i).first(1));
                        poseidon(row, k, state, &mut one).unwrap();
                        assert_eq!(
                            out[i * WIDTH..(i + 1) * WIDTH],
                            one,
                            "{k} inputs, row {i} of {n}"
                        );
                    }
                }
            }
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
