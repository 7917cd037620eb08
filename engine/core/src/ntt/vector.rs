//! The passes of a transform, eight elements at a time, on AVX-512 IFMA.
//!
//! Source: Cooley, Tukey (1965); Bailey, "FFTs in external or hierarchical memory" (1990). Notation: as in
//! lanes.rs and field.rs; n the size, N = n / 8. Row l of an array is its elements l N .. (l + 1) N; vector j holds
//! element j of every row, until the rows are transformed (lanes8.rs): then lane s belongs to the indices s mod 8.
//! What is left is a transform of size N in each lane, with the same factors in all.
//!
//! Three passes over memory: the rows and the first K layers, on columns of 2^K blocks of eight vectors; the other
//! layers on contiguous blocks of 2^BLOCK_LOG vectors, down to the coefficients and up again; the last K layers and
//! the rows, on columns (last.rs). The layers (layers.rs) down take natural order to reversed order with one factor
//! a block; those up take it back, with odd powers of w_2n for factors, which makes the result one on the coset
//! w_2n H.

use core::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};

use ark_bn254::Fr;
use ark_ff::Field;
use rayon::prelude::*;

use super::field::{canonical, reduce, times_known, Twiddle};
use super::lanes8::{
    bytes_of, factors, load, reorder, scale_row, store, transform_eight, transpose_limbs, BLOCK,
    ORDER, REVERSED,
};
use super::last::{last_pass, natural_order, Constants};
use super::layers::{down, up};
use super::tables::{tables, Kind, Tables};
use super::work::{Halt, Places, Stop, Work};
use super::{reverse, Rows};
use crate::bytes::WIDTH;
use crate::lanes::{available, carry, mont, splat, Fe, ModR, LANES, LIMBS};
use crate::spare::Spare;

/// Sizes below this are not worth the passes.
const LEAST_LOG: u32 = 9;

/// log2 of the vectors of a block: 320 KB, and 160 KB of factors, lie in the second-level cache.
const BLOCK_LOG: u32 = 10;

/// Whether this size can be done.
pub fn can(log: u32) -> bool {
    #[cfg(test)]
    if !crate::batch::has_vectors() {
        return false;
    }
    log >= LEAST_LOG && available()
}

/// A size cut into columns and blocks.
#[derive(Clone, Copy)]
pub struct Shape {
    /// log2 N.
    pub inner: u32,
    /// log2 of the vectors of a block.
    pub block: u32,
}

impl Shape {
    fn new(log: u32) -> Self {
        let inner = log - 3;
        Shape {
            inner,
            block: inner.min(BLOCK_LOG),
        }
    }

    /// Blocks, and layers done on columns.
    pub fn blocks(self) -> usize {
        1 << (self.inner - self.block)
    }

    /// Columns of eight vectors in a block.
    pub fn columns(self) -> usize {
        1 << (self.block - 3)
    }

    /// Block of eight vectors: that of column c in block r.
    pub fn eight(self, r: usize, c: usize) -> usize {
        r * self.columns() + c
    }
}

/// a b - c on w_2n H as canonical integers in natural order; only where `can`. `None` when stopped.
pub fn coset_product(rows: &impl Rows, log: u32, stop: Stop<'_>) -> Option<Spare> {
    assert!(available() && log >= LEAST_LOG);
    let tables = tables(log, Kind::Coset);
    let shape = Shape::new(log);
    let work = [(); 3].map(|()| Work::new(1 << shape.inner));
    let source = Products { rows };
    let halt = Halt::new(stop);
    first_pass(&source, &work, &tables, shape, &halt);
    if halt.reached() || !rows.hold() {
        return None;
    }
    (0..3 * shape.blocks()).into_par_iter().for_each(|task| {
        let (array, block) = (task % 3, task / 3);
        if !halt.now() {
            // SAFETY: the first pass has written all; this task alone has this block. The features are there.
            unsafe {
                let vectors = work[array].part(block << shape.block, 1 << shape.block);
                let depth = shape.inner - shape.block;
                down(vectors, block, depth, 1, &tables.down);
                up(vectors, shape.inner, &tables.up);
            }
        }
    });
    if halt.reached() {
        return None;
    }
    let constants = Constants::new(log, rows.scale());
    last_pass(&work, &tables, shape, &constants, &halt);
    if halt.reached() {
        return None;
    }
    let [result, other, third] = work;
    // SAFETY: the last pass has written zeros over all of it.
    unsafe { third.give_back() };
    // SAFETY: the last pass has written zeros over all but the result.
    Some(unsafe { natural_order(result, other, shape) })
}

/// The transform of canonical integers, natural order in and out; only where `can`.
pub fn transform(values: &[u8], log: u32, inverse: bool, out: &mut [u8]) {
    assert!(
        available()
            && log >= LEAST_LOG
            && values.len() == WIDTH << log
            && out.len() == values.len()
    );
    let kind = if inverse {
        Kind::Inverse
    } else {
        Kind::Forward
    };
    let tables = tables(log, kind);
    let shape = Shape::new(log);
    let work = [Work::new(1 << shape.inner)];
    let halt = Halt::new(&|| false);
    first_pass(&Bytes(values), &work, &tables, shape, &halt);
    let factor = if inverse {
        Fr::from(1u64 << log).inverse()
    } else {
        None
    };
    let factor = factor.map(Twiddle::new);
    let out = Places::new(out);
    (0..shape.blocks()).into_par_iter().for_each(|block| {
        // SAFETY: the first pass has written all; this task alone has this block, and the places in `out` that
        // its numbers reversed give. The features are there.
        unsafe {
            let first = block << shape.block;
            let vectors = work[0].part(first, 1 << shape.block);
            let depth = shape.inner - shape.block;
            down(vectors, block, depth, 1, &tables.down);
            for i in 0..vectors.len() {
                // A few ahead: their places are far apart.
                let soon = (i + 4).min(vectors.len() - 1);
                out.soon(reverse(first + soon, shape.inner));
                let place = out.block(reverse(first + i, shape.inner));
                finish(&mut vectors[i], factor.as_ref(), place);
            }
        }
    });
    // SAFETY: `finish` has written zeros over all.
    work.into_iter()
        .for_each(|work| unsafe { work.give_back() });
}

// --- passes

/// Where the elements come from: A of them at a time.
///
/// # Safety
///
/// `eight` may only be called where `available`.
trait Source<const A: usize>: Sync {
    /// Elements first .. first + 8 by ORDER, carried, below 2.1 m.
    unsafe fn eight(&self, first: usize) -> [Fe; A];

    /// Says that they will be asked for soon.
    fn soon(&self, _first: usize) {}
}

/// Canonical integers.
struct Bytes<'a>(&'a [u8]);

impl Source<1> for Bytes<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn eight(&self, first: usize) -> [Fe; 1] {
        [load(&self.0[first * WIDTH..first * WIDTH + BLOCK])]
    }

    #[inline]
    fn soon(&self, first: usize) {
        for line in 0..BLOCK / 64 {
            let at = self.0.as_ptr().wrapping_add(first * WIDTH + 64 * line);
            // SAFETY: a hint, at any address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
        }
    }
}

/// a, b and a b / 2^260.
struct Products<'a, R> {
    rows: &'a R,
}

impl<R: Rows> Source<3> for Products<'_, R> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn eight(&self, first: usize) -> [Fe; 3] {
        let (mut a, mut b) = ([Fr::default(); LANES], [Fr::default(); LANES]);
        self.rows.eight(first, &mut a, &mut b);
        let (a, b) = (load(bytes_of(&a)), load(bytes_of(&b)));
        // Two canonical ones: below 1.02 m.
        [a, b, mont::<ModR, 1>([&a], [&b])]
    }
}

/// From the source, through the rows and the layers on columns, to `work`.
fn first_pass<const A: usize>(
    source: &impl Source<A>,
    work: &[Work; A],
    tables: &Tables,
    shape: Shape,
    halt: &Halt<'_>,
) {
    let task = |scratch: &mut Work, c: usize| {
        if !halt.now() {
            // SAFETY: this task alone has column c of the arrays, and the scratch. The features are there.
            unsafe { first_column(source, work, tables, shape, c, scratch) }
        }
    };
    (0..shape.columns())
        .into_par_iter()
        .for_each_init(|| Work::new(A * shape.blocks() * LANES), task);
}

/// # Safety
///
/// Only where `available`, and while nobody else uses column c or the scratch.
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn first_column<const A: usize>(
    source: &impl Source<A>,
    work: &[Work; A],
    tables: &Tables,
    shape: Shape,
    c: usize,
    scratch: &Work,
) {
    let blocks = shape.blocks();
    for r in 0..blocks {
        let m = shape.eight(r, c);
        // Rows lie powers of two apart, in which no prefetcher sees a pattern.
        let next = shape.eight((r + 1) % blocks, c + (r + 1) / blocks);
        for l in 0..LANES {
            source.soon((l << shape.inner) + next * LANES);
        }
        let factors = factors(&tables.first, m);
        let mut x = [[splat(&[0; LIMBS]); LANES]; A];
        for l in 0..LANES {
            // SAFETY: the caller has the features.
            let elements = unsafe { source.eight((l << shape.inner) + m * LANES) };
            for (x, element) in x.iter_mut().zip(elements) {
                x[l] = element;
            }
        }
        for (array, x) in x.iter_mut().enumerate() {
            transform_eight(x, &tables.first.eight);
            let mut rows = *x;
            for (s, row) in rows.iter_mut().enumerate() {
                *row = scale_row(&x[REVERSED[s]], s, &factors);
            }
            for (p, vector) in transpose_limbs(&rows).into_iter().enumerate() {
                // SAFETY: in range, and the caller keeps others out.
                unsafe { scratch.put((array * blocks + r) * LANES + ORDER[p], vector) };
            }
        }
    }
    for (array, work) in work.iter().enumerate() {
        // SAFETY: written above; the caller keeps others out.
        let vectors = unsafe { scratch.part(array * blocks * LANES, blocks * LANES) };
        down(vectors, 0, 0, LANES, &tables.down);
        for (r, eight) in vectors.chunks_exact(LANES).enumerate() {
            for (e, vector) in eight.iter().enumerate() {
                // SAFETY: in range, and the caller keeps others out.
                unsafe { work.put(shape.eight(r, c) * LANES + e, *vector) };
            }
        }
    }
}

/// An element times a factor, canonical, and nothing left behind.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn finish(vector: &mut Fe, factor: Option<&Twiddle>, place: &mut [u8]) {
    let mut x = carry(*vector);
    if let Some(factor) = factor {
        x = carry(times_known(&x, factor));
    }
    store(&reorder(&canonical(&carry(reduce(&x)))), place);
    *vector = splat(&[0; LIMBS]);
}
