//! Poseidon on eight rows at a time, one in each lane, on AVX-512 IFMA.
//!
//! Notation: as in ../poseidon.rs and ../lanes.rs; m is r. A lane's element is x 2^260, in five limbs of 52 bits,
//! carried, and below 2m between steps. A sum of products takes one reduction: with at most 17 terms a b,
//! a < m and b < 3m, its value is below 17 * 3 m^2 / 2^260 + m < 1.61 m, as 2^260 > 84 m.

use core::arch::x86_64::{
    _mm512_add_epi64, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_srli_epi64,
};

use ark_bn254::Fr;
use ark_ff::Field;

use super::{Parameters, FULL_ROUNDS, MAX_INPUTS};
use crate::bytes::{Scalars, WIDTH};
use crate::lanes::{add, carry, limbs_of, mont, reduce_by, splat, Fe, ModR, Modulus, LANES, LIMBS};
use crate::ntt::lanes8::{load, store};

/// An element of the parameters, below m.
type Constant = [u64; LIMBS];

/// The parameters of a width in limbs.
pub struct Tables {
    width: usize,
    /// (R_F + R_P) * t.
    constants: Vec<Constant>,
    /// M, row-major.
    matrix: Vec<Constant>,
    /// For each partial round m, v N^i, and then N^-(i+1) w.
    sparse: Vec<(Vec<Constant>, Vec<Constant>)>,
    /// N^R_P by rows, each after a zero, so that it takes the whole state.
    after: Vec<Vec<Constant>>,
    /// 2^520 mod m: what an integer is multiplied with to get its form here.
    enter: Constant,
}

impl Tables {
    pub fn new(parameters: &Parameters) -> Self {
        let all = |values: &[Fr]| values.iter().copied().map(constant).collect();
        let first = parameters.matrix[0];
        let sparse = parameters.sparse.iter().map(|(row, column)| {
            let mut whole = vec![first];
            whole.extend(row);
            (all(&whole), all(column))
        });
        let after = parameters.after.chunks_exact(parameters.width - 1);
        Tables {
            width: parameters.width,
            constants: all(&parameters.constants),
            matrix: all(&parameters.matrix),
            sparse: sparse.collect(),
            after: after
                .map(|row| {
                    let mut whole = vec![Fr::from(0u64)];
                    whole.extend(row);
                    all(&whole)
                })
                .collect(),
            enter: constant(Fr::from(2u64).pow([260])),
        }
    }

    /// Hashes of the rows `first` .. `first + 8` of k = t - 1 inputs; `out` has room for eight.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn eight(
        &self,
        inputs: Scalars<'_>,
        state: Option<Scalars<'_>>,
        first: usize,
        out: &mut [u8],
    ) {
        let k = self.width - 1;
        let mut lanes = [[_mm512_setzero_si512(); LIMBS]; MAX_INPUTS + 1];
        if let Some(state) = state {
            lanes[0] = self.enter(state, first, 1);
        }
        for (j, lane) in lanes[1..=k].iter_mut().enumerate() {
            *lane = self.enter(inputs, first * k + j, k);
        }
        self.permute(&mut lanes[..=k]);
        // y 2^260 times 1 is y: at most m, as y 2^260 < 2m.
        let mut one = [0; LIMBS];
        one[0] = 1;
        let plain = mont::<ModR, 1>([&lanes[0]], [&splat(&one)]);
        store(&reduce_by(&plain, &ModR::M1), out);
    }

    /// Eight integers, `stride` apart.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn enter(&self, values: Scalars<'_>, first: usize, stride: usize) -> Fe {
        let mut bytes = [0; LANES * WIDTH];
        for (i, out) in bytes.chunks_exact_mut(WIDTH).enumerate() {
            let at = (first + i * stride) * WIDTH;
            out.copy_from_slice(&values.bytes()[at..at + WIDTH]);
        }
        mont::<ModR, 1>([&load(&bytes)], [&splat(&self.enter)])
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn permute(&self, state: &mut [Fe]) {
        let t = self.width;
        let (first, last) = (FULL_ROUNDS / 2, FULL_ROUNDS / 2 + self.sparse.len());
        for round in 0..first {
            self.full_round(round, state);
        }
        for (i, (row, column)) in self.sparse.iter().enumerate() {
            let x = fifth_power(&plus(&state[0], &self.constants[(first + i) * t]));
            state[0] = x;
            let next = dot(row, state);
            for (lane, w) in state[1..].iter_mut().zip(column) {
                // Below 2m + 1.1 m, so below 4m.
                let sum = carry(add(lane, &mont::<ModR, 1>([&x], [&splat(w)])));
                *lane = reduce_by(&sum, &ModR::M2);
            }
            state[0] = next;
        }
        let mut rest = [state[0]; MAX_INPUTS];
        for (lane, row) in rest.iter_mut().zip(&self.after) {
            *lane = dot(row, state);
        }
        state[1..].copy_from_slice(&rest[..t - 1]);
        for round in last..last + FULL_ROUNDS / 2 {
            self.full_round(round, state);
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn full_round(&self, round: usize, state: &mut [Fe]) {
        let t = self.width;
        for (lane, c) in state.iter_mut().zip(&self.constants[round * t..]) {
            *lane = fifth_power(&plus(lane, c));
        }
        let mut next = [state[0]; MAX_INPUTS + 1];
        for (lane, row) in next.iter_mut().zip(self.matrix.chunks_exact(t)) {
            *lane = dot(row, state);
        }
        state.copy_from_slice(&next[..t]);
    }
}

/// x 2^260 in limbs; arkworks keeps x 2^256.
fn constant(x: Fr) -> Constant {
    limbs_of((x * Fr::from(16u64)).0 .0)
}

/// Below 3m, carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn plus(lane: &Fe, c: &Constant) -> Fe {
    carry(add(lane, &splat(c)))
}

/// x^5 for x below 3m: each product is below 9 m^2 / 2^260 + m < 1.11 m.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn fifth_power(x: &Fe) -> Fe {
    let square = mont::<ModR, 1>([x], [x]);
    let fourth = mont::<ModR, 1>([&square], [&square]);
    mont::<ModR, 1>([&fourth], [x])
}

/// The sum of row[i] * state[i], with one reduction at the end.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn dot(row: &[Constant], state: &[Fe]) -> Fe {
    let zero = _mm512_setzero_si512();
    // A column takes at most 10 halves below 2^52 a term and 10 of the reduction: with 17 terms below 2^60.
    let mut t = [zero; 2 * LIMBS];
    for (c, x) in row.iter().zip(state) {
        for i in 0..LIMBS {
            let limb = _mm512_set1_epi64(c[i] as i64);
            for j in 0..LIMBS {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], x[j], limb);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], x[j], limb);
            }
        }
    }
    let neg_inv = _mm512_set1_epi64(ModR::NEG_INV as i64);
    let modulus = splat(&ModR::M1);
    for i in 0..LIMBS {
        let k = _mm512_madd52lo_epu64(zero, t[i], neg_inv);
        for j in 0..LIMBS {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], k, modulus[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k, modulus[j]);
        }
        // t[i] is a multiple of 2^52: the column goes, with its carry.
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(t[i]));
    }
    carry([t[5], t[6], t[7], t[8], t[9]])
}
