//! Pairs of points added eight at a time, on AVX-512 IFMA.
//!
//! Notation: as in lanes.rs. Memory holds x 2^256, and each product loses a factor 2^4. With S_k the product
//! of the first k differences, S_k and the inverses drift by 2^-4 and 2^4 a step, so every inverse comes out
//! with the factor that the one inversion is given. The factor 2^262 makes l = (y2 - y1) / (x2 - x1) come as
//! l 2^258: then mont(l, l) = l^2 2^256, and mont(l, 4 d) = l d 2^256.
//!
//! Bounds, in units of q: loose coordinates are below 2; differences plus 2 below 4; 4 d below 16; products of
//! these below 2 (and of one-limb factors below 1.2). Everything is below 2^260.

use core::arch::x86_64::{__mmask8, _mm512_slli_epi64, _mm_prefetch, _MM_HINT_T0};

use ark_bn254::{Fq, Fq2};
use ark_ff::{serial_batch_inversion_and_mul, AdditiveGroup};

use super::Pair;
use crate::bytes::{put_limbs, Coordinate, WIDTH};
use crate::lanes::{
    add, available, carry, difference, load_blocks, maybe_zero, mont, reduce_once, select, splat,
    store_blocks, sub, Fe, ModQ, Modulus, LANES, LIMBS,
};

/// Groups of eight pairs that share an inversion; their products stay in the second-level cache.
const BATCH: usize = 256;

/// Groups ahead of the current one whose points are fetched.
const AHEAD: usize = 4;

/// See `super::add_pairs_g1`; only where `available`.
pub fn add_pairs_g1(base: &[u8], pairs: &[Pair], out: &mut [u8], flagged: &mut Vec<u32>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { add_pairs::<Base>(base, pairs, out, flagged) }
}

/// See `super::add_pairs_g2`; only where `available`.
pub fn add_pairs_g2(base: &[u8], pairs: &[Pair], out: &mut [u8], flagged: &mut Vec<u32>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { add_pairs::<Quadratic>(base, pairs, out, flagged) }
}

/// What the way back needs of eight pairs.
struct Work<E> {
    x1: E,
    y1: E,
    x2: E,
    dx: E,
    dy: E,
    /// The product of the differences before this one.
    before: E,
}

/// # Safety
///
/// Only where `available`.
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn add_pairs<T: Vector>(
    base: &[u8],
    pairs: &[Pair],
    out: &mut [u8],
    flagged: &mut Vec<u32>,
) {
    let width = T::BLOCKS * 64;
    let batch = BATCH / T::BLOCKS * LANES;
    let mut work: Vec<Work<T::E>> = Vec::with_capacity(batch.min(pairs.len()) / LANES + 1);
    for (start, (pairs, out)) in (0..)
        .step_by(batch)
        .zip(pairs.chunks(batch).zip(out.chunks_mut(batch * width)))
    {
        work.clear();
        // SAFETY: the caller has the features.
        unsafe {
            // Two chains of products, so that neighbouring groups do not wait for each other.
            let mut products = [T::one(); 2];
            for (g, group) in pairs.chunks(LANES).enumerate() {
                prefetch(base, pairs, (g + AHEAD) * LANES, width);
                let (x1, y1) = load::<T>(base, group, false, width);
                let (x2, y2) = load::<T>(base, group, true, width);
                let mut dx = T::difference(&x2, &x1);
                let equal = T::maybe_zero(&dx);
                if equal != 0 {
                    for lane in (0..group.len()).filter(|lane| equal >> lane & 1 == 1) {
                        flagged.push((start + g * LANES + lane) as u32);
                    }
                    dx = T::select(equal, &dx, &T::one());
                }
                let product = &mut products[g % 2];
                let before = *product;
                *product = T::product(&before, &dx);
                let dy = T::difference(&y2, &y1);
                work.push(Work {
                    x1,
                    y1,
                    x2,
                    dx,
                    dy,
                    before,
                });
            }
            let mut rests = T::inverse(&products);
            // Groups 2k and 2k + 1 together, each step for both: neither chain waits for itself.
            let slots = out.chunks_mut(2 * LANES * width);
            for (w, slots) in work.chunks(2).zip(slots).rev() {
                let last = w.len() - 1;
                let w = [&w[0], &w[last]];
                let [mut r0, r1] = rests;
                let (i0, i1) = (T::product(&r0, &w[0].before), T::product(&r1, &w[1].before));
                r0 = T::product(&r0, &w[0].dx);
                if last == 1 {
                    rests = [r0, T::product(&r1, &w[1].dx)];
                } else {
                    rests = [r0, r1];
                }
                let (l0, l1) = (T::product(&w[0].dy, &i0), T::product(&w[1].dy, &i1));
                let (s0, s1) = (T::square(&l0), T::square(&l1));
                let x0 = T::minus_both(&s0, &w[0].x1, &w[0].x2);
                let x1 = T::minus_both(&s1, &w[1].x1, &w[1].x2);
                let d0 = T::four_times_difference(&w[0].x1, &x0);
                let d1 = T::four_times_difference(&w[1].x1, &x1);
                let (p0, p1) = (T::product(&l0, &d0), T::product(&l1, &d1));
                let (y0, y1) = (T::minus(&p0, &w[0].y1), T::minus(&p1, &w[1].y1));
                let (slot0, slot1) = slots.split_at_mut(slots.len().min(LANES * width));
                T::store(&x0, &y0, slot0);
                if last == 1 {
                    T::store(&x1, &y1, slot1);
                }
            }
        }
    }
}

/// Eight first (or second) operands, y with its sign; a short group repeats its last.
///
/// # Safety
///
/// Only where `available`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn load<T: Vector>(base: &[u8], group: &[Pair], second: bool, width: usize) -> (T::E, T::E) {
    let mut points: [&[u8]; LANES] = [&[]; LANES];
    let mut signs = 0;
    for (lane, point) in points.iter_mut().enumerate() {
        let (a, b) = group[lane.min(group.len() - 1)];
        let entry = if second { b } else { a };
        let at = (entry >> 1) as usize * width;
        *point = &base[at..at + width];
        signs |= ((entry & 1) as u8) << lane;
    }
    // SAFETY: the caller has the features.
    unsafe {
        let (x, y) = T::load(points);
        let y = if signs == 0 { y } else { T::negate(&y, signs) };
        (x, y)
    }
}

/// Asks for the points of the group that starts at pair `from`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn prefetch(base: &[u8], pairs: &[Pair], from: usize, width: usize) {
    for &(a, b) in pairs.iter().skip(from).take(LANES) {
        for entry in [a, b] {
            if let Some(point) = base.get((entry >> 1) as usize * width..) {
                // Points of a mapped file straddle two lines.
                _mm_prefetch::<_MM_HINT_T0>(point.as_ptr().cast());
                _mm_prefetch::<_MM_HINT_T0>(point.as_ptr().wrapping_add(width - 1).cast());
            }
        }
    }
}

// --- the coordinate fields

/// A coordinate field, eight elements at a time. All functions need the features of this file.
///
/// # Safety
///
/// Each function may only be called where `available`.
trait Vector {
    /// Eight elements.
    type E: Copy;
    /// Blocks of 64 bytes in a point.
    const BLOCKS: usize;
    /// Eight points, from 64-byte blocks: x and y.
    unsafe fn load(points: [&[u8]; LANES]) -> (Self::E, Self::E);
    /// Writes the first points of eight.
    unsafe fn store(x: &Self::E, y: &Self::E, out: &mut [u8]);
    unsafe fn one() -> Self::E;
    unsafe fn product(a: &Self::E, b: &Self::E) -> Self::E;
    unsafe fn square(a: &Self::E) -> Self::E;
    /// a - b + 2q in (0, 4q).
    unsafe fn difference(a: &Self::E, b: &Self::E) -> Self::E;
    /// a - b - c in [0, 2q), for a below 2q.
    unsafe fn minus_both(a: &Self::E, b: &Self::E, c: &Self::E) -> Self::E;
    /// a - b in [0, 2q).
    unsafe fn minus(a: &Self::E, b: &Self::E) -> Self::E;
    /// 4 (a - b), positive, below 16q.
    unsafe fn four_times_difference(a: &Self::E, b: &Self::E) -> Self::E;
    /// -a in the lanes of the mask.
    unsafe fn negate(a: &Self::E, mask: __mmask8) -> Self::E;
    unsafe fn maybe_zero(a: &Self::E) -> __mmask8;
    unsafe fn select(mask: __mmask8, a: &Self::E, b: &Self::E) -> Self::E;
    /// 64 / a for each lane of both, as integers in memory's form; one inversion.
    unsafe fn inverse(a: &[Self::E; 2]) -> [Self::E; 2];
}

/// Fq.
struct Base;

/// Fq2 = Fq[i], i^2 = -1.
struct Quadratic;

/// The eight elements as arkworks', which are the same integers.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn to_lanes(a: &Fe) -> [Fq; LANES] {
    let mut blocks = [[0u8; 64]; LANES];
    store_blocks([a, a], blocks.as_flattened_mut(), 64);
    blocks.map(|block| Fq::read_loose(&block[..WIDTH]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn from_lanes(values: [Fq; LANES]) -> Fe {
    let mut blocks = [[0u8; 64]; LANES];
    for (block, value) in blocks.iter_mut().zip(values) {
        put_limbs(value.0 .0, &mut block[..WIDTH]);
    }
    load_blocks(blocks.each_ref())[0]
}

impl Vector for Base {
    type E = Fe;
    const BLOCKS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn load(points: [&[u8]; LANES]) -> (Fe, Fe) {
        let [x, y] = load_blocks(points.map(block_of));
        (x, y)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn store(x: &Fe, y: &Fe, out: &mut [u8]) {
        store_blocks([x, y], out, 64);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn one() -> Fe {
        splat(&[1, 0, 0, 0, 0])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn product(a: &Fe, b: &Fe) -> Fe {
        mont::<ModQ, _>([a], [b])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn square(a: &Fe) -> Fe {
        mont::<ModQ, _>([a], [a])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn difference(a: &Fe, b: &Fe) -> Fe {
        difference::<ModQ>(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn minus_both(a: &Fe, b: &Fe, c: &Fe) -> Fe {
        // a - b - c + 4q lies in (0, 6q): 2q are taken off at most twice.
        let t = carry(add(&sub(&sub(a, b), c), &splat(&ModQ::M4)));
        reduce_once::<ModQ>(&reduce_once::<ModQ>(&t))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn minus(a: &Fe, b: &Fe) -> Fe {
        reduce_once::<ModQ>(&difference::<ModQ>(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn four_times_difference(a: &Fe, b: &Fe) -> Fe {
        let mut t = add(&sub(a, b), &splat(&ModQ::M2));
        for limb in &mut t {
            *limb = _mm512_slli_epi64::<2>(*limb);
        }
        carry(t)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn negate(a: &Fe, mask: __mmask8) -> Fe {
        // 2q when a is 0, which the one use of the result, a difference, can bear.
        select(mask, a, &carry(sub(&splat(&ModQ::M2), a)))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn maybe_zero(a: &Fe) -> __mmask8 {
        maybe_zero::<ModQ>(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn select(mask: __mmask8, a: &Fe, b: &Fe) -> Fe {
        select(mask, a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn inverse(a: &[Fe; 2]) -> [Fe; 2] {
        let mut lanes = [to_lanes(&a[0]), to_lanes(&a[1])];
        serial_batch_inversion_and_mul(lanes.as_flattened_mut(), &Fq::from(64u64));
        [from_lanes(lanes[0]), from_lanes(lanes[1])]
    }
}

impl Vector for Quadratic {
    type E = [Fe; 2];
    const BLOCKS: usize = 2;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn load(points: [&[u8]; LANES]) -> ([Fe; 2], [Fe; 2]) {
        let x = load_blocks(points.map(block_of));
        let y = load_blocks(points.map(|point| block_of(&point[64..])));
        (x, y)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn store(x: &[Fe; 2], y: &[Fe; 2], out: &mut [u8]) {
        store_blocks([&x[0], &x[1]], out, 128);
        if let Some(out) = out.get_mut(64..) {
            store_blocks([&y[0], &y[1]], out, 128);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn one() -> [Fe; 2] {
        [splat(&[1, 0, 0, 0, 0]), splat(&[0; LIMBS])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn product(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        // (a0 b0 - a1 b1) + (a0 b1 + a1 b0) i. Bound: a below 16, b below 2 (or both below 4), so each
        // part is below (16 * 2 + 16 * 16) / 84 + 1 at most, and in the ladder far below 2.
        let minus = carry(sub(&splat(&ModQ::M16), &b[1]));
        [
            mont::<ModQ, _>([&a[0], &a[1]], [&b[0], &minus]),
            mont::<ModQ, _>([&a[0], &a[1]], [&b[1], &b[0]]),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn square(a: &[Fe; 2]) -> [Fe; 2] {
        // (a0 + a1)(a0 - a1) + 2 a0 a1 i.
        let sum = carry(add(&a[0], &a[1]));
        let minus = difference::<ModQ>(&a[0], &a[1]);
        let twice = carry(add(&a[0], &a[0]));
        [
            mont::<ModQ, _>([&sum], [&minus]),
            mont::<ModQ, _>([&twice], [&a[1]]),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn difference(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        [
            difference::<ModQ>(&a[0], &b[0]),
            difference::<ModQ>(&a[1], &b[1]),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn minus_both(a: &[Fe; 2], b: &[Fe; 2], c: &[Fe; 2]) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe {
            [
                Base::minus_both(&a[0], &b[0], &c[0]),
                Base::minus_both(&a[1], &b[1], &c[1]),
            ]
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn minus(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::minus(&a[0], &b[0]), Base::minus(&a[1], &b[1])] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn four_times_difference(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe {
            [
                Base::four_times_difference(&a[0], &b[0]),
                Base::four_times_difference(&a[1], &b[1]),
            ]
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn negate(a: &[Fe; 2], mask: __mmask8) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::negate(&a[0], mask), Base::negate(&a[1], mask)] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn maybe_zero(a: &[Fe; 2]) -> __mmask8 {
        maybe_zero::<ModQ>(&a[0]) & maybe_zero::<ModQ>(&a[1])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn select(mask: __mmask8, a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        [select(mask, &a[0], &b[0]), select(mask, &a[1], &b[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn inverse(a: &[[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        let mut lanes = [[Fq2::ZERO; LANES]; 2];
        for (lanes, a) in lanes.iter_mut().zip(a) {
            let (c0, c1) = (to_lanes(&a[0]), to_lanes(&a[1]));
            *lanes = std::array::from_fn(|i| Fq2::new(c0[i], c1[i]));
        }
        serial_batch_inversion_and_mul(lanes.as_flattened_mut(), &Fq2::from(64u64));
        let mut out = *a;
        for (out, lanes) in out.iter_mut().zip(lanes) {
            *out = [
                from_lanes(lanes.map(|v| v.c0)),
                from_lanes(lanes.map(|v| v.c1)),
            ];
        }
        out
    }
}

#[inline]
fn block_of(bytes: &[u8]) -> &[u8; 64] {
    bytes.first_chunk().expect("a point has at least 64 bytes")
}
