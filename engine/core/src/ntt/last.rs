//! The last pass of a b - c: the layers on columns, the rows, and the three arrays made one, on AVX-512 IFMA.
//!
//! Notation: as in vector.rs. The result goes where the first array was, so that no fourth one is needed: eight
//! vectors leave eight blocks of eight elements there, one for each row, which are put in order afterwards.

use ark_bn254::Fr;
use ark_ff::Field;
use rayon::prelude::*;

use super::field::{canonical, reduce, Twiddle};
use super::lanes8::{
    factors, scale_row, store, transform_eight, transpose_limbs, BLOCK, ORDER, REVERSED,
};
use super::layers::up_layer;
use super::tables::Tables;
use super::vector::Shape;
use super::work::{Halt, Places, Work};
use crate::lanes::{carry, limbs_of, mont, splat, Fe, ModR, LANES, LIMBS};
use crate::spare::Spare;

/// Eights of vectors that one task puts in order, at least.
const TASK: usize = 64;

/// What the last pass multiplies by.
pub struct Constants {
    /// -n 2^260.
    c: [u64; LIMBS],
    /// 2^520 / (n s)^2, s the scale of the rows.
    all: [u64; LIMBS],
}

impl Constants {
    /// For a size and the scale of the rows.
    pub fn new(log: u32, scale: Fr) -> Self {
        let n = Fr::from(1u64 << log);
        let sixteen = Fr::from(16u64);
        // An element's limbs are 2^256 times its value.
        let b = Fr::from(2u64).pow([260]);
        Constants {
            c: limbs_of((-n * sixteen).0 .0),
            all: limbs_of(
                ((n * scale).square().inverse().unwrap_or_default() * b * sixteen)
                    .0
                     .0,
            ),
        }
    }
}

/// From `work`, through the layers on columns and the rows, to a b - c, which is left for `natural_order`.
pub fn last_pass(
    work: &[Work; 3],
    tables: &Tables,
    shape: Shape,
    constants: &Constants,
    halt: &Halt<'_>,
) {
    let task = |scratch: &mut Work, c: usize| {
        if !halt.now() {
            // SAFETY: this task alone has column c of the arrays, and the scratch. The features are there.
            unsafe { last_column(work, tables, shape, constants, c, scratch) }
        }
    };
    (0..shape.columns())
        .into_par_iter()
        .for_each_init(|| Work::new(3 * shape.blocks() * LANES), task);
}

/// # Safety
///
/// Only where `available`, and while nobody else uses column c or the scratch.
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn last_column(
    work: &[Work; 3],
    tables: &Tables,
    shape: Shape,
    constants: &Constants,
    c: usize,
    scratch: &Work,
) {
    let Some(outer) = &tables.last else { return };
    let blocks = shape.blocks();
    let zero = splat(&[0; LIMBS]);
    for (array, work) in work.iter().enumerate() {
        for r in 0..blocks {
            // SAFETY: earlier passes have written it; the caller keeps others out.
            let eight = unsafe { work.part(shape.eight(r, c) * LANES, LANES) };
            for (e, vector) in eight.iter_mut().enumerate() {
                // SAFETY: in range, and the caller keeps others out.
                unsafe { scratch.put((array * blocks + r) * LANES + e, *vector) };
                // What was here tells the witness.
                *vector = zero;
            }
        }
        // SAFETY: written above; the caller keeps others out.
        let vectors = unsafe { scratch.part(array * blocks * LANES, blocks * LANES) };
        up_columns(vectors, shape, c, &tables.up);
    }
    for r in 0..blocks {
        let m = shape.eight(r, c);
        let factors = factors(outer, m);
        let mut x = [[zero; LANES]; 3];
        for (array, x) in x.iter_mut().enumerate() {
            // SAFETY: written above; the caller keeps others out.
            let vectors = unsafe { scratch.part((array * blocks + r) * LANES, LANES) };
            for p in 0..LANES {
                x[p] = vectors[ORDER[p]];
            }
            *x = transpose_limbs(x);
            for (s, row) in x.iter_mut().enumerate() {
                *row = scale_row(row, s, &factors);
            }
            transform_eight(x, &outer.eight);
        }
        // SAFETY: read above; the caller keeps others out.
        let places = unsafe { work[0].bytes(m * LANES, LANES) };
        for (place, v) in places.chunks_exact_mut(BLOCK).zip(REVERSED) {
            combine([&x[0][v], &x[1][v], &x[2][v]], constants, place);
        }
    }
}

/// The result of the last pass in natural order, in the memory of another array.
///
/// # Safety
///
/// All of `other` is zero, and what the last pass has not written of `result`.
pub unsafe fn natural_order(result: Work, other: Work, shape: Shape) -> Spare {
    let eights = 1usize << (shape.inner - 3);
    // SAFETY: the caller's promise. An array has 40 bytes for an element.
    let mut out = unsafe { other.into_spare(eights * LANES * BLOCK) };
    let places = Places::new(out.bytes_mut());
    (0..eights)
        .into_par_iter()
        .with_min_len(TASK)
        .for_each(|m| {
            // SAFETY: in range; this task alone has these vectors, and block m of every row.
            let blocks = unsafe { result.bytes(m * LANES, LANES) };
            for (l, block) in blocks.chunks_exact_mut(BLOCK).take(LANES).enumerate() {
                // SAFETY: as above.
                unsafe { places.block(l * eights + m) }.copy_from_slice(block);
                block.fill(0);
            }
        });
    // SAFETY: erased above, and the rest is zero by the caller's promise.
    unsafe { result.give_back() };
    out
}

/// a b - c for eight elements each, canonical.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn combine(x: [&Fe; 3], constants: &Constants, place: &mut [u8]) {
    let a = carry(reduce(&carry(*x[0])));
    let b = carry(reduce(&carry(*x[1])));
    let c = carry(*x[2]);
    // (1.7 * 1.7 + 36 * 1) / 84.6 + 1 < 1.5, and 1.5 / 84.6 + 1 < 2.
    let t = mont::<ModR, 2>([&a, &c], [&b, &splat(&constants.c)]);
    let t = mont::<ModR, 1>([&t], [&splat(&constants.all)]);
    store(&canonical(&t), place);
}

/// The last layers, on column c: eight vectors of every block.
#[target_feature(enable = "avx512f,avx512ifma")]
fn up_columns(vectors: &mut [Fe], shape: Shape, c: usize, levels: &[Vec<Twiddle>]) {
    let mut half = 1;
    for level in shape.block..shape.inner {
        for part in vectors.chunks_exact_mut(2 * half * LANES) {
            let (low, high) = part.split_at_mut(half * LANES);
            let eights = low
                .chunks_exact_mut(LANES)
                .zip(high.chunks_exact_mut(LANES));
            for (r, (low, high)) in eights.enumerate() {
                let from = shape.eight(r, c) * LANES;
                let factors = &levels[level as usize][from..from + LANES];
                up_layer(low, high, factors, shape.inner + level);
            }
        }
        half *= 2;
    }
}
