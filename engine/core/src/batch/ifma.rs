//! Lists of points summed eight at a time, on AVX-512 IFMA.
//!
//! Notation: as in lanes.rs and product.rs. Lane l of group g sums list 8 g + l; its running sum is kept
//! negated, as (x', y') = (-x, -y). Round r adds to every list that has one its entry r, with one inversion for the
//! whole round. With (x2, y2) that entry: dx = x2 + x', dy = y2 + y', l = dy / dx, and the new sum is
//! -x3 = -(l^2 + x' - x2), -y3 = -(l (x3' - x') + y').
//!
//! Memory holds x 2^256, and each product loses a factor 2^260. The products of differences start from the
//! integer 1, so that the inverse of a difference d 2^256 comes out with the factor the one inversion is
//! given. 2^518 makes l come as l 2^258: then l^2 comes as l^2 2^256, and l times 4 d as l d 2^256.
//!
//! Bounds, in units of q: entries below 1 (2^260 is 84.6); sums (0, 1.67) from `negative`; dx, dy in
//! (0, 2.67); products of differences below 1.13 + 1.2 * 2.67 / 84.6 < 1.2, and so are their inverses; l below
//! 1.17; l^2 + x' - x2 in (-1, 2.9); 4 (x3' - x' + 2) in (1.3, 14.7); l times that, plus y', in (0, 3.1).

use core::arch::x86_64::{
    __mmask8, _mm512_loadu_si512, _mm512_mask_sub_epi64, _mm512_setzero_si512, _mm512_slli_epi64,
    _mm_prefetch, _MM_HINT_T0,
};

use ark_bn254::{Fq, Fq2};
use ark_ff::{serial_batch_inversion_and_mul, AdditiveGroup};

use super::product::{canonical, negative, product, product_plus, square_plus, unpack};
use super::{Flag, Job};
use crate::bytes::{put_limbs, Coordinate, WIDTH};
use crate::lanes::{
    add, available, carry, equal_limb, select, splat, store_blocks, sub, transpose, Fe, ModQ,
    Modulus, LANES, LIMBS,
};

/// Groups ahead of the current one whose points are fetched.
const AHEAD: usize = 6;

/// Sums of lists in G1; only where `available`.
pub fn sum_g1(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { sum::<Base>(job, out, flags) }
}

/// Sums of lists in G2; only where `available`.
pub fn sum_g2(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    assert!(available());
    // SAFETY: the processor has the features that the function is compiled for.
    unsafe { sum::<Quadratic>(job, out, flags) }
}

/// A group's running sums, negated.
#[derive(Clone, Copy)]
#[repr(C)]
struct Sum<E> {
    x: E,
    y: E,
}

/// What the way back needs of a group.
#[derive(Clone, Copy)]
#[repr(C)]
struct Work<E> {
    dx: E,
    dy: E,
    /// The product of the differences before this one.
    before: E,
}

/// # Safety
///
/// Only where `available`.
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn sum<T: Vector>(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    let groups = job.lists.len().div_ceil(LANES);
    // SAFETY: the caller has the features.
    unsafe {
        let mut sums: Vec<Sum<T::E>> = Vec::with_capacity(groups);
        let mut work: Vec<Work<T::E>> = Vec::with_capacity(groups);
        for g in 0..groups {
            let at = |lane: usize| (g * LANES + lane).min(job.lists.len() - 1);
            let (x, y) = match job.starts {
                Some(starts) => load::<T>(starts, |lane| 2 * at(lane) as u32),
                None => load::<T>(job.base, |lane| job.entry(at(lane), 0)),
            };
            sums.push(Sum {
                x: T::minus_from(&ModQ::M1, &x),
                y: T::minus_from(&ModQ::M1, &y),
            });
        }
        let mut lists = job.lists.len();
        let mut patches = Vec::new();
        for round in u32::from(job.starts.is_none()).. {
            while lists > 0 && job.lists[lists - 1].length <= round {
                lists -= 1;
            }
            if lists == 0 {
                break;
            }
            let active = lists.div_ceil(LANES);
            // Lanes of the last group that take part.
            let last = 0xffu8 >> (active * LANES - lists);
            let kept = sums[active - 1];
            // Two chains of products, so that neighbouring groups do not wait for each other.
            let mut products = [T::one(); 2];
            work.clear();
            for (g, sum) in sums[..active].iter().enumerate() {
                prefetch::<T>(job, g + AHEAD, active, round);
                let at = |lane: usize| (g * LANES + lane).min(lists - 1);
                let (x2, y2) = load::<T>(job.base, |lane| job.entry(at(lane), round));
                let mut dx = T::carry(&T::add(&x2, &sum.x));
                let dy = T::add(&y2, &sum.y);
                let taking_part = if g + 1 == active { last } else { 0xff };
                let mut equal = T::maybe_zero(&dx) & taking_part;
                if equal != 0 {
                    equal &= T::is_zero(&dx);
                }
                if equal != 0 {
                    flag::<T>(job, g * LANES, equal, round, sum, flags);
                    patches.push((g, equal));
                }
                if equal | !taking_part != 0 {
                    dx = T::select(equal | !taking_part, &dx, &T::one());
                }
                let product = &mut products[g % 2];
                let before = *product;
                *product = T::product(&before, &dx);
                work.push(Work { dx, dy, before });
            }
            let mut rests = T::inverse(&products);
            // Groups g and g + 1 together, each step for both: neither chain waits for itself.
            for (sums, work) in sums[..active].chunks_mut(2).zip(work.chunks(2)).rev() {
                if let ([s0, s1], [w0, w1]) = (&mut *sums, work) {
                    let i0 = T::product(&rests[0], &w0.before);
                    let i1 = T::product(&rests[1], &w1.before);
                    rests[0] = T::product(&rests[0], &w0.dx);
                    rests[1] = T::product(&rests[1], &w1.dx);
                    let l0 = T::product(&T::carry(&w0.dy), &i0);
                    let l1 = T::product(&T::carry(&w1.dy), &i1);
                    let x0 = T::negative(&T::square_plus(&l0, &T::minus_both(&s0.x, &w0.dx)));
                    let x1 = T::negative(&T::square_plus(&l1, &T::minus_both(&s1.x, &w1.dx)));
                    let d0 = T::four_times_difference(&x0, &s0.x);
                    let d1 = T::four_times_difference(&x1, &s1.x);
                    let y0 = T::negative(&T::product_plus(&l0, &d0, &s0.y));
                    let y1 = T::negative(&T::product_plus(&l1, &d1, &s1.y));
                    *s0 = Sum { x: x0, y: y0 };
                    *s1 = Sum { x: x1, y: y1 };
                } else {
                    let (s, w) = (&mut sums[0], &work[0]);
                    let inverse = T::product(&rests[0], &w.before);
                    rests[0] = T::product(&rests[0], &w.dx);
                    let l = T::product(&T::carry(&w.dy), &inverse);
                    let x = T::negative(&T::square_plus(&l, &T::minus_both(&s.x, &w.dx)));
                    let d = T::four_times_difference(&x, &s.x);
                    let y = T::negative(&T::product_plus(&l, &d, &s.y));
                    *s = Sum { x, y };
                }
            }
            if last != 0xff {
                let sum = &mut sums[active - 1];
                sum.x = T::select(last, &kept.x, &sum.x);
                sum.y = T::select(last, &kept.y, &sum.y);
            }
            for (g, lanes) in patches.drain(..) {
                let (x, y) = load::<T>(job.spare, |_| 0);
                let sum = &mut sums[g];
                sum.x = T::select(lanes, &sum.x, &T::minus_from(&ModQ::M1, &x));
                sum.y = T::select(lanes, &sum.y, &T::minus_from(&ModQ::M1, &y));
            }
        }
        for (sum, out) in sums.iter().zip(out.chunks_mut(LANES * T::BLOCKS * 64)) {
            store::<T>(sum, out);
        }
    }
}

/// Notes the additions that the batch cannot do.
///
/// # Safety
///
/// Only where `available`.
#[cold]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn flag<T: Vector>(
    job: &Job<'_>,
    first: usize,
    lanes: __mmask8,
    round: u32,
    sum: &Sum<T::E>,
    flags: &mut Vec<Flag>,
) {
    let width = T::BLOCKS * 64;
    let mut points = [0u8; LANES * 128];
    // SAFETY: the caller has the features.
    unsafe { store::<T>(sum, &mut points[..LANES * width]) };
    for lane in (0..LANES).filter(|lane| lanes >> lane & 1 == 1) {
        flags.push(Flag {
            list: first + lane,
            sum: points[lane * width..][..width].to_vec(),
            entry: job.entry(first + lane, round),
        });
    }
}

/// Writes the sums of a group, as far as there is room, canonical.
///
/// # Safety
///
/// Only where `available`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn store<T: Vector>(sum: &Sum<T::E>, out: &mut [u8]) {
    // SAFETY: the caller has the features.
    unsafe {
        let (x, y) = (
            T::minus_from(&ModQ::M2, &sum.x),
            T::minus_from(&ModQ::M2, &sum.y),
        );
        T::store(&T::canonical(&x), &T::canonical(&y), out);
    }
}

/// Eight entries, with their signs; the limbs of y are not carried, and y is in (0, 1].
///
/// # Safety
///
/// Only where `available`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn load<T: Vector>(base: &[u8], entry: impl Fn(usize) -> u32) -> (T::E, T::E) {
    let width = T::BLOCKS * 64;
    let mut points: [&[u8]; LANES] = [&[]; LANES];
    let mut signs = 0;
    for (lane, point) in points.iter_mut().enumerate() {
        let entry = entry(lane);
        let at = (entry >> 1) as usize * width;
        *point = &base[at..at + width];
        signs |= ((entry & 1) as u8) << lane;
    }
    // SAFETY: the caller has the features.
    unsafe {
        let (x, y) = T::load(points);
        (x, T::negate(&y, signs))
    }
}

/// Asks for the points of the group `g` of this round, or of the next one.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
unsafe fn prefetch<T: Vector>(job: &Job<'_>, g: usize, active: usize, round: u32) {
    let width = T::BLOCKS * 64;
    let (g, round) = if g < active {
        (g, round)
    } else {
        (g - active, round + 1)
    };
    for list in job.lists.iter().skip(g * LANES).take(LANES) {
        if round < list.length {
            let entry = job.entries[(list.start + round) as usize];
            // Points of a mapped file straddle two lines.
            let point = job
                .base
                .as_ptr()
                .wrapping_add((entry >> 1) as usize * width);
            _mm_prefetch::<_MM_HINT_T0>(point.cast());
            _mm_prefetch::<_MM_HINT_T0>(point.wrapping_add(width - 1).cast());
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
    /// Eight points: x and y.
    unsafe fn load(points: [&[u8]; LANES]) -> (Self::E, Self::E);
    /// Writes the first points of eight.
    unsafe fn store(x: &Self::E, y: &Self::E, out: &mut [u8]);
    unsafe fn one() -> Self::E;
    unsafe fn carry(a: &Self::E) -> Self::E;
    /// a + b, not carried.
    unsafe fn add(a: &Self::E, b: &Self::E) -> Self::E;
    /// q - a in the lanes of the mask, not carried.
    unsafe fn negate(a: &Self::E, mask: __mmask8) -> Self::E;
    /// m - a, carried; a is at most m.
    unsafe fn minus_from(m: &[u64; LIMBS], a: &Self::E) -> Self::E;
    /// a b, carried.
    unsafe fn product(a: &Self::E, b: &Self::E) -> Self::E;
    /// a b + c, not carried.
    unsafe fn product_plus(a: &Self::E, b: &Self::E, c: &Self::E) -> Self::E;
    /// a^2 + c, not carried.
    unsafe fn square_plus(a: &Self::E, c: &Self::E) -> Self::E;
    /// 2 x - dx, which is x' - x2, not carried.
    unsafe fn minus_both(x: &Self::E, dx: &Self::E) -> Self::E;
    /// 4 (a - b + 2q), carried.
    unsafe fn four_times_difference(a: &Self::E, b: &Self::E) -> Self::E;
    /// See `product::negative`.
    unsafe fn negative(a: &Self::E) -> Self::E;
    /// Below q, for carried a below 2q.
    unsafe fn canonical(a: &Self::E) -> Self::E;
    /// The lanes in which a, in (0, 3q) and carried, may be a multiple of q: hardly any other.
    unsafe fn maybe_zero(a: &Self::E) -> __mmask8;
    /// The lanes in which it is one.
    unsafe fn is_zero(a: &Self::E) -> __mmask8;
    /// Lane by lane, b where the mask is set, else a.
    unsafe fn select(mask: __mmask8, a: &Self::E, b: &Self::E) -> Self::E;
    /// 2^518 / a for each lane of both, as integers; one inversion.
    unsafe fn inverse(a: &[Self::E; 2]) -> [Self::E; 2];
}

/// Fq.
struct Base;

/// Fq2 = Fq[i], i^2 = -1.
struct Quadratic;

/// The eight elements as arkworks', which are the same integers.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn to_lanes(a: &Fe) -> [Fq; LANES] {
    let mut blocks = [[0u8; 64]; LANES];
    store_blocks([a, a], blocks.as_flattened_mut(), 64);
    blocks.map(|block| Fq::read_loose(&block[..WIDTH]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn from_lanes(values: [Fq; LANES]) -> Fe {
    let mut blocks = [[0u8; 64]; LANES];
    for (block, value) in blocks.iter_mut().zip(values) {
        put_limbs(value.0 .0, &mut block[..WIDTH]);
    }
    load_blocks(blocks.each_ref().map(|b| &b[..]))[0]
}

/// Two elements of Fq from each of eight 64-byte blocks.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn load_blocks(blocks: [&[u8]; LANES]) -> [Fe; 2] {
    let mut rows = [_mm512_setzero_si512(); LANES];
    for (row, block) in rows.iter_mut().zip(blocks) {
        let block: &[u8; 64] = block.first_chunk().expect("a point has at least 64 bytes");
        // SAFETY: a block is 64 readable bytes, and the load needs no alignment.
        *row = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    }
    let words = transpose(rows);
    [unpack(&words[..4]), unpack(&words[4..])]
}

impl Vector for Base {
    type E = Fe;
    const BLOCKS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn load(points: [&[u8]; LANES]) -> (Fe, Fe) {
        let [x, y] = load_blocks(points);
        (x, y)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn store(x: &Fe, y: &Fe, out: &mut [u8]) {
        store_blocks([x, y], out, 64);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn one() -> Fe {
        splat(&[1, 0, 0, 0, 0])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn carry(a: &Fe) -> Fe {
        carry(*a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn add(a: &Fe, b: &Fe) -> Fe {
        add(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negate(a: &Fe, mask: __mmask8) -> Fe {
        let (mut out, q) = (*a, splat(&ModQ::M1));
        for i in 0..LIMBS {
            out[i] = _mm512_mask_sub_epi64(a[i], mask, q[i], a[i]);
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_from(m: &[u64; LIMBS], a: &Fe) -> Fe {
        carry(sub(&splat(m), a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product(a: &Fe, b: &Fe) -> Fe {
        product(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product_plus(a: &Fe, b: &Fe, c: &Fe) -> Fe {
        product_plus([a], [b], Some(c))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn square_plus(a: &Fe, c: &Fe) -> Fe {
        square_plus(a, c)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_both(x: &Fe, dx: &Fe) -> Fe {
        sub(&add(x, x), dx)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn four_times_difference(a: &Fe, b: &Fe) -> Fe {
        let mut t = add(&sub(a, b), &splat(&ModQ::M2));
        for limb in &mut t {
            *limb = _mm512_slli_epi64::<2>(*limb);
        }
        carry(t)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negative(a: &Fe) -> Fe {
        negative(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn canonical(a: &Fe) -> Fe {
        canonical(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn maybe_zero(a: &Fe) -> __mmask8 {
        // Multiples of q differ in their lowest limb already.
        equal_limb(a, 0, &ModQ::M1) | equal_limb(a, 0, &ModQ::M2)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn is_zero(a: &Fe) -> __mmask8 {
        let (mut once, mut twice) = (0xff, 0xff);
        for i in 0..LIMBS {
            once &= equal_limb(a, i, &ModQ::M1);
            twice &= equal_limb(a, i, &ModQ::M2);
        }
        once | twice
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn select(mask: __mmask8, a: &Fe, b: &Fe) -> Fe {
        select(mask, a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn inverse(a: &[Fe; 2]) -> [Fe; 2] {
        let mut lanes = [to_lanes(&a[0]), to_lanes(&a[1])];
        serial_batch_inversion_and_mul(lanes.as_flattened_mut(), &Fq::from(64u64));
        [from_lanes(lanes[0]), from_lanes(lanes[1])]
    }
}

/// The same function of both parts.
macro_rules! both {
    ($function:ident($($argument:expr),*)) => {
        // SAFETY: the caller has the features.
        unsafe { [Base::$function($(&$argument[0]),*), Base::$function($(&$argument[1]),*)] }
    };
}

impl Vector for Quadratic {
    type E = [Fe; 2];
    const BLOCKS: usize = 2;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn load(points: [&[u8]; LANES]) -> ([Fe; 2], [Fe; 2]) {
        (
            load_blocks(points),
            load_blocks(points.map(|point| &point[64..])),
        )
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn store(x: &[Fe; 2], y: &[Fe; 2], out: &mut [u8]) {
        store_blocks([&x[0], &x[1]], out, 128);
        if let Some(out) = out.get_mut(64..) {
            store_blocks([&y[0], &y[1]], out, 128);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn one() -> [Fe; 2] {
        [splat(&[1, 0, 0, 0, 0]), splat(&[0; LIMBS])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn carry(a: &[Fe; 2]) -> [Fe; 2] {
        both!(carry(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn add(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        both!(add(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negate(a: &[Fe; 2], mask: __mmask8) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::negate(&a[0], mask), Base::negate(&a[1], mask)] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_from(m: &[u64; LIMBS], a: &[Fe; 2]) -> [Fe; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Base::minus_from(m, &a[0]), Base::minus_from(m, &a[1])] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        // (a0 b0 - a1 b1) + (a0 b1 + a1 b0) i, with 3q - b1 for -b1.
        let minus = carry(sub(&splat(&ModQ::M3), &b[1]));
        [
            carry(product_plus([&a[0], &a[1]], [&b[0], &minus], None)),
            carry(product_plus([&a[0], &a[1]], [&b[1], &b[0]], None)),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn product_plus(a: &[Fe; 2], b: &[Fe; 2], c: &[Fe; 2]) -> [Fe; 2] {
        let minus = carry(sub(&splat(&ModQ::M3), &a[1]));
        [
            product_plus([&b[0], &b[1]], [&a[0], &minus], Some(&c[0])),
            product_plus([&b[0], &b[1]], [&a[1], &a[0]], Some(&c[1])),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn square_plus(a: &[Fe; 2], c: &[Fe; 2]) -> [Fe; 2] {
        // (a0 + a1)(a0 - a1) + 2 a0 a1 i, with 2q added to the difference.
        let sum = carry(add(&a[0], &a[1]));
        let minus = carry(add(&sub(&a[0], &a[1]), &splat(&ModQ::M2)));
        let twice = carry(add(&a[0], &a[0]));
        [
            product_plus([&sum], [&minus], Some(&c[0])),
            product_plus([&twice], [&a[1]], Some(&c[1])),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn minus_both(x: &[Fe; 2], dx: &[Fe; 2]) -> [Fe; 2] {
        both!(minus_both(x, dx))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn four_times_difference(a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        both!(four_times_difference(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn negative(a: &[Fe; 2]) -> [Fe; 2] {
        both!(negative(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn canonical(a: &[Fe; 2]) -> [Fe; 2] {
        both!(canonical(a))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn maybe_zero(a: &[Fe; 2]) -> __mmask8 {
        // SAFETY: the caller has the features.
        unsafe { Base::maybe_zero(&a[0]) & Base::maybe_zero(&a[1]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn is_zero(a: &[Fe; 2]) -> __mmask8 {
        // SAFETY: the caller has the features.
        unsafe { Base::is_zero(&a[0]) & Base::is_zero(&a[1]) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn select(mask: __mmask8, a: &[Fe; 2], b: &[Fe; 2]) -> [Fe; 2] {
        [select(mask, &a[0], &b[0]), select(mask, &a[1], &b[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
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
