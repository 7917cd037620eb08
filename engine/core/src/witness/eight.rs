//! A plan for eight accounts at once, on AVX-512 IFMA: each instruction is decoded once for all of them.
//!
//! Notation as in lanes.rs: a value is eight canonical elements, five limbs of 52 bits each, and R here is
//! 2^260. A low register has one limb that is not zero, so a product with it takes a fifth of the work.
//!
//! Inverses share one inversion; divisions, roots and orders are taken lane by lane.

// Limbs of several elements are walked in step, by index.
#![allow(clippy::needless_range_loop)]

use core::arch::x86_64::{
    _mm512_add_epi64, _mm512_and_si512, _mm512_cmplt_epi64_mask, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_storeu_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_srli_epi64, _mm512_srlv_epi64, _mm512_storeu_si512,
    _mm512_sub_epi64,
};

use ark_bn254::Fr;
use ark_ff::{Field, One, PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

use super::plan::{Combination, Plan, Step, Task, NONE};
use crate::bytes::{fr_from_limbs, less, limbs, WIDTH};
use crate::integer;
use crate::lanes::{
    add, carry, mont, pack, select, splat, sub, transpose, unpack, Fe, ModR, Modulus, LANES, LIMBS,
    V,
};
use crate::sums::{limbs52, Term, Words};

/// One register of eight accounts.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Cell([u64; LANES * LIMBS]);

impl Zeroize for Cell {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// The wires of one lane each, canonical.
type Lanes = Zeroizing<[Words; LANES]>;

/// A run: the working memory, erased at its end, and the witnesses so far.
struct Eight<'a> {
    plan: &'a Plan,
    slots: Zeroizing<Vec<Cell>>,
    /// 2^520 mod r.
    r2: [u64; LIMBS],
    out: &'a mut [u8],
}

/// The witnesses of 1 to 8 accounts, sizes checked by the caller, and that the processor can.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn run(plan: &Plan, inputs: &[u8], out: &mut [u8]) {
    let m = out.len() / (plan.n_wires * WIDTH);
    let mut eight = Eight {
        plan,
        slots: Zeroizing::new(vec![Cell([0; LANES * LIMBS]); plan.n_slots]),
        r2: limbs52(Fr::from(2u64).pow([520]).into_bigint().0),
        out,
    };
    eight.write(0, &splat(&[1, 0, 0, 0, 0]));
    let mut lanes: Lanes = Zeroizing::new([[0; 4]; LANES]);
    for i in 0..plan.n_inputs {
        for (lane, words) in lanes.iter_mut().enumerate() {
            // Lanes that nobody asked for repeat the first.
            let account = if lane < m { lane } else { 0 };
            let from = (account * plan.n_inputs + i) * WIDTH;
            *words = limbs(&inputs[from..from + WIDTH]);
        }
        let value = join(&lanes);
        eight.write(i + 1, &value);
    }
    for step in &plan.steps {
        eight.step(step);
    }
}

impl Eight<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn read(&self, slot: u32) -> Fe {
        let cell = &self.slots[slot as usize];
        let mut out = [_mm512_setzero_si512(); LIMBS];
        for (limb, words) in out.iter_mut().zip(cell.0.chunks_exact(LANES)) {
            // SAFETY: a chunk is 64 readable bytes, and the load needs no alignment.
            *limb = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
        }
        out
    }

    /// The lowest limb of a register.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn read_low(&self, slot: u32) -> V {
        let words = &self.slots[slot as usize].0[..LANES];
        // SAFETY: these are 64 readable bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn store(&mut self, slot: u32, value: &Fe) {
        let cell = &mut self.slots[slot as usize];
        for (limb, words) in value.iter().zip(cell.0.chunks_exact_mut(LANES)) {
            // SAFETY: a chunk is 64 writable bytes, and the store needs no alignment.
            unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), *limb) };
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn write(&mut self, wire: usize, value: &Fe) {
        self.store(self.plan.slot_of[wire], value);
        let zero = _mm512_setzero_si512();
        let w = pack(value);
        let rows = transpose([w[0], w[1], w[2], w[3], zero, zero, zero, zero]);
        let size = self.plan.n_wires * WIDTH;
        let from = wire * WIDTH;
        for (witness, row) in self.out.chunks_exact_mut(size).zip(rows) {
            let place = &mut witness[from..from + WIDTH];
            // SAFETY: the mask lets four words through, and `place` is 32 writable bytes.
            unsafe { _mm512_mask_storeu_epi64(place.as_mut_ptr().cast(), 0b1111, row) };
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn step(&mut self, step: &Step) {
        let dst = step.dst as usize;
        match step.op {
            Task::Combine => {
                let value = self.combine(&self.plan.combinations[step.a as usize]);
                self.store(step.dst, &value);
            }
            Task::Multiply | Task::MultiplyNarrow => {
                let value = self.product(&self.read(step.a), &self.read(step.b));
                self.write(dst, &value);
            }
            Task::Copy => {
                let value = self.read(step.a);
                self.write(dst, &value);
            }
            Task::Invert => {
                let value = inverse(&self.read(step.a));
                self.write(dst, &value);
            }
            Task::Quotient => {
                let value = self.product(&self.read(step.a), &inverse(&self.read(step.b)));
                self.write(dst, &value);
            }
            Task::Bits => {
                let words = pack(&self.read(step.a));
                let one = _mm512_set1_epi64(1);
                for i in 0..step.n {
                    let at = step.b + i;
                    let shift = _mm512_set1_epi64(i64::from(at % 64));
                    let mut value = [_mm512_setzero_si512(); LIMBS];
                    value[0] =
                        _mm512_and_si512(_mm512_srlv_epi64(words[at as usize / 64], shift), one);
                    self.write(dst + i as usize, &value);
                }
            }
            Task::Less | Task::Equal | Task::Divide | Task::Root => {
                let x = split(&self.read(step.a));
                // A root has one operand.
                let of = if step.op == Task::Root {
                    step.a
                } else {
                    step.b
                };
                let y = split(&self.read(of));
                let mut first: Lanes = Zeroizing::new([[0; 4]; LANES]);
                let mut second: Lanes = Zeroizing::new([[0; 4]; LANES]);
                for lane in 0..LANES {
                    [first[lane], second[lane]] = apart(step.op, x[lane], y[lane]);
                }
                self.write(dst, &join(&first));
                if step.n == 2 {
                    self.write(dst + 1, &join(&second));
                }
            }
        }
    }

    /// x y mod r.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn product(&self, x: &Fe, y: &Fe) -> Fe {
        // x y / R, below r^2 / 2^260 + r < 1.02 r; then times R^2 / R, below 1.02 r^2 / 2^260 + r < 2 r.
        let low = mont::<ModR, 1>([x], [y]);
        subtract_once(&mont::<ModR, 1>([&low], [&splat(&self.r2)]))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn combine(&self, combination: &Combination) -> Fe {
        let parts = self.plan.parts(combination);
        let mut plain = [_mm512_setzero_si512(); LIMBS];
        if combination.constant != NONE {
            let canonical = self.plan.table.canonical[combination.constant as usize];
            plain = splat(&limbs52(canonical));
        }
        for term in parts.plus {
            plain = add(&plain, &self.read(term.at));
        }
        let modulus = splat(&ModR::M1);
        for term in parts.minus {
            plain = add(&plain, &sub(&modulus, &self.read(term.at)));
        }
        // A term adds less than 10 * 2^52 to a column, 64 of them less than 2^62: no overflow.
        let mut columns = [_mm512_setzero_si512(); 2 * LIMBS];
        self.add_low(&mut columns, parts.narrow_low);
        self.add_low(&mut columns, parts.low);
        self.add_full(&mut columns, parts.narrow);
        self.add_full(&mut columns, parts.full);
        let products = combination.has_products();
        let sum = if products {
            add(&reduce(columns), &plain)
        } else {
            plain
        };
        canonical(&carry(sum))
    }

    /// columns += c R w for every term.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_full(&self, columns: &mut [V; 2 * LIMBS], terms: &[Term]) {
        for term in terms {
            let w = self.read(term.at);
            let c = self.plan.table.lanes[term.coeff as usize];
            for i in 0..LIMBS {
                let c = _mm512_set1_epi64(c[i] as i64);
                for j in 0..LIMBS {
                    columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], w[j], c);
                    columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], w[j], c);
                }
            }
        }
    }

    /// The same of low registers.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_low(&self, columns: &mut [V; 2 * LIMBS], terms: &[Term]) {
        for term in terms {
            let w = self.read_low(term.at);
            let c = self.plan.table.lanes[term.coeff as usize];
            for i in 0..LIMBS {
                let c = _mm512_set1_epi64(c[i] as i64);
                columns[i] = _mm512_madd52lo_epu64(columns[i], w, c);
                columns[i + 1] = _mm512_madd52hi_epu64(columns[i + 1], w, c);
            }
        }
    }
}

/// The columns over R mod r, not carried: below (64 r^2) / 2^260 + r < 2 r.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(mut t: [V; 2 * LIMBS]) -> Fe {
    let zero = _mm512_setzero_si512();
    let neg_inv = _mm512_set1_epi64(ModR::NEG_INV as i64);
    let modulus = splat(&ModR::M1);
    for i in 0..LIMBS {
        let k = _mm512_madd52lo_epu64(zero, t[i], neg_inv);
        for j in 0..LIMBS {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], k, modulus[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], k, modulus[j]);
        }
        // Now t[i] is a multiple of 2^52.
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(t[i]));
    }
    [t[5], t[6], t[7], t[8], t[9]]
}

/// v mod r, for carried v below 80 r, which is below 2^260.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn canonical(v: &Fe) -> Fe {
    /// floor(2^97 / (r / 2^208 + 1)), below 2^52.
    const RECIPROCAL: u64 = ((1u128 << 97) / (ModR::M1[4] as u128 + 1)) as u64;
    let zero = _mm512_setzero_si512();
    // floor(v / r) or one less: the roundings change v / r < 2^7 by less than 2^-30.
    let high = _mm512_madd52hi_epu64(zero, v[4], _mm512_set1_epi64(RECIPROCAL as i64));
    let quotient = _mm512_srli_epi64::<45>(high);
    let modulus = splat(&ModR::M1);
    let mut t = *v;
    for j in 0..LIMBS {
        let low = _mm512_madd52lo_epu64(zero, quotient, modulus[j]);
        t[j] = _mm512_sub_epi64(t[j], low);
        if j + 1 < LIMBS {
            // The top limb's product is below 2^52, as quotient * r is at most v.
            let high = _mm512_madd52hi_epu64(zero, quotient, modulus[j]);
            t[j + 1] = _mm512_sub_epi64(t[j + 1], high);
        }
    }
    subtract_once(&carry(t))
}

/// x or x - r, whichever is canonical, for carried x below 2 r.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn subtract_once(x: &Fe) -> Fe {
    let less = carry(sub(x, &splat(&ModR::M1)));
    let negative = _mm512_cmplt_epi64_mask(less[LIMBS - 1], _mm512_setzero_si512());
    select(negative, &less, x)
}

/// The words of each lane.
#[target_feature(enable = "avx512f,avx512ifma")]
fn split(value: &Fe) -> Lanes {
    let mut out: Lanes = Zeroizing::new([[0; 4]; LANES]);
    for (i, word) in pack(value).into_iter().enumerate() {
        let mut lanes = Zeroizing::new([0u64; LANES]);
        // SAFETY: 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), word) };
        for (words, lane) in out.iter_mut().zip(lanes.iter()) {
            words[i] = *lane;
        }
    }
    out
}

/// The inverse of `split`.
#[target_feature(enable = "avx512f,avx512ifma")]
fn join(lanes: &Lanes) -> Fe {
    let mut words = [_mm512_setzero_si512(); 4];
    for (i, word) in words.iter_mut().enumerate() {
        let column: Zeroizing<[u64; LANES]> =
            Zeroizing::new(std::array::from_fn(|lane| lanes[lane][i]));
        // SAFETY: 64 readable bytes, and the load needs no alignment.
        *word = unsafe { _mm512_loadu_si512(column.as_ptr().cast()) };
    }
    unpack(&words)
}

/// 1 / x in each lane, or 0 where x is 0: one inversion for all.
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse(x: &Fe) -> Fe {
    let mut lanes = split(x);
    let values = Zeroizing::new(lanes.map(fr_from_limbs));
    // before[i]: the product of what is not zero among the lanes before i.
    let mut before = Zeroizing::new([Fr::one(); LANES]);
    let mut product = Zeroizing::new(Fr::one());
    for (value, before) in values.iter().zip(before.iter_mut()) {
        *before = *product;
        if !value.is_zero() {
            *product *= value;
        }
    }
    // A product of what is not zero has an inverse.
    let mut rest = Zeroizing::new(product.inverse().unwrap_or_else(Fr::zero));
    for lane in (0..LANES).rev() {
        lanes[lane] = [0; 4];
        if !values[lane].is_zero() {
            lanes[lane] = (*rest * before[lane]).into_bigint().0;
            *rest *= values[lane];
        }
    }
    join(&lanes)
}

/// The results of an operation that has no form in vectors.
fn apart(op: Task, x: Words, y: Words) -> [Words; 2] {
    let bit = |value: bool| [[u64::from(value), 0, 0, 0], [0; 4]];
    let rank = |w: Words| integer::signed_rank(fr_from_limbs(w));
    match op {
        Task::Less => bit(less(&rank(x), &rank(y))),
        Task::Equal => bit(x == y),
        Task::Root => [integer::isqrt(x), [0; 4]],
        _ => {
            let (quotient, remainder) =
                integer::signed_floor_div(fr_from_limbs(x), fr_from_limbs(y));
            [quotient, remainder].map(|v| v.into_bigint().0)
        }
    }
}
