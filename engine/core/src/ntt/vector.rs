//! From evaluations on H to a b - c on the odd coset, eight elements at a time, on AVX-512 IFMA.
//!
//! Source: Cooley, Tukey (1965); Gentleman, Sande (1966). Notation: as in ntt.rs and lanes.rs; n the size, g
//! = w_2n. Row l of an array is its elements l n/8 .. (l + 1) n/8. Between the outer passes, vector j holds
//! element j of every row, lane l that of row l: three layers combine rows, the others work inside all rows
//! at once with the same twiddles.
//!
//! Memory holds x 2^256 and twiddles are kept as w 2^260, so `mont` leaves the factor alone.
//!
//! The transform is forward both times. With c_i the coefficients, the first leaves n c_(-m) at the place of
//! m; times g^(-m mod n) / n and transformed again it gives, at k, the value at g w^-k. So the result is
//! read backwards.

use core::arch::x86_64::{
    _mm512_loadu_si512, _mm512_setzero_si512, _mm512_shuffle_i64x2, _mm512_storeu_si512,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};
use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::{powers, reverse, root_of_unity};
use crate::bytes::WIDTH;
use crate::lanes::{
    add, available, carry, difference, limbs_of, mont, pack, reduce_once, select, splat, sub,
    transpose, unpack, Fe, ModR, Modulus, LANES, LIMBS, V,
};

/// Vectors that one thread transforms alone; 2^9 of 320 bytes lie in the second-level cache.
const SERIAL: usize = 1 << 9;

/// Butterflies, or blocks of eight vectors, that one task does.
const TASK: usize = 1 << 7;

/// Sizes below this are not worth the passes.
const LEAST_LOG: u32 = 9;

/// Element of a block of eight consecutive ones that lies in each lane: what two shuffles give.
const ORDER: [usize; LANES] = [0, 2, 1, 3, 4, 6, 5, 7];

/// A twiddle for all lanes.
type Limbs = [u64; LIMBS];

/// Twiddles of one size.
struct Tables {
    log: u32,
    /// w_n^k, w_(n/2)^k, w_(n/4)^k for the three outer layers, as elements 16 w: w 2^260 in memory.
    outer: [Vec<Fr>; 3],
    /// w_(2h)^k for k < h at index log2 h, for h up to n / 16.
    inner: Vec<Vec<Limbs>>,
    /// g^(-8 m), at the bit-reversed place of m.
    shifts: Vec<Limbs>,
}

/// The last size used.
static TABLES: Mutex<Option<Arc<Tables>>> = Mutex::new(None);

/// Whether `odd_coset_product` can do this size.
pub fn can(log: u32) -> bool {
    #[cfg(test)]
    if !crate::batch::has_vectors() {
        return false;
    }
    log >= LEAST_LOG && available()
}

fn tables(log: u32) -> Arc<Tables> {
    let mut last = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(tables) = last.as_ref().filter(|tables| tables.log == log) {
        return Arc::clone(tables);
    }
    let sixteen = Fr::from(16u64);
    let outer = [0, 1, 2].map(|k| powers(sixteen, root_of_unity(log - k), 1 << (log - k - 1)));
    let limbs = |values: Vec<Fr>| values.iter().map(|v| limbs_of(v.0 .0)).collect();
    let inner = (0..log - 3)
        .map(|h| limbs(powers(sixteen, root_of_unity(h + 1), 1 << h)))
        .collect();
    let g = root_of_unity(log + 1);
    let step = g.inverse().unwrap_or(Fr::one()).pow([8]);
    let natural = powers(sixteen, step, 1 << (log - 3));
    let shifts = (0..natural.len())
        .map(|j| limbs_of(natural[reverse(j, log - 3)].0 .0))
        .collect();
    let tables = Arc::new(Tables {
        log,
        outer,
        inner,
        shifts,
    });
    *last = Some(Arc::clone(&tables));
    tables
}

/// a b - c at g w^i for all i, canonical integers, from evaluations on H; only where `can`.
pub fn odd_coset_product(values: [&mut [Fr]; 3], out: &mut [u8]) {
    let n = values[0].len();
    let log = n.ilog2();
    assert!(can(log) && n.is_power_of_two() && out.len() == n * WIDTH);
    assert!(values.iter().all(|array| array.len() == n));
    let tables = tables(log);
    let values = values.map(|array| {
        to_coset(array, &tables);
        &*array
    });
    let [a, b, c] = values.map(bytes_of);
    // Values are at g w^-k: element k of the result goes to place -k.
    let (first, rest) = out.split_at_mut(WIDTH);
    let blocks = n / LANES;
    let block = |m: usize| {
        let at = m * LANES * WIDTH..(m + 1) * LANES * WIDTH;
        // SAFETY: `can` has found the features.
        unsafe { combine([&a[at.clone()], &b[at.clone()], &c[at]]) }
    };
    first.copy_from_slice(&block(0)[..WIDTH]);
    // Places 1 .. n - 1 backwards: from the end, chunk m lacks k = 0 and starts with k = 8 m + 1.
    rest.par_rchunks_mut(LANES * WIDTH)
        .enumerate()
        .with_min_len(TASK)
        .for_each(|(m, chunk)| {
            let (this, next) = (block(m), block((m + 1) % blocks));
            for (i, place) in chunk.rchunks_exact_mut(WIDTH).enumerate() {
                let source = if i + 1 < LANES {
                    &this[(i + 1) * WIDTH..(i + 2) * WIDTH]
                } else {
                    &next[..WIDTH]
                };
                place.copy_from_slice(source);
            }
        });
}

/// Evaluations on H to evaluations on gH, backwards, in place; loose.
fn to_coset(values: &mut [Fr], tables: &Tables) {
    // SAFETY: vectors of integers may have any bits, zeros among them.
    let zero: Fe = unsafe { std::mem::zeroed() };
    let mut work = vec![zero; values.len() / LANES];
    let rows = Rows::new(values);
    work.par_chunks_mut(LANES)
        .enumerate()
        .with_min_len(TASK / LANES)
        .for_each(|(m, vectors)| {
            // SAFETY: `can` has found the features; this task alone touches block m of the rows.
            unsafe { rows_to_lanes(&rows, m, tables, vectors) }
        });
    inner_dif(&mut work, &tables.inner);
    let lane_shifts = lane_shifts(tables.log);
    work.par_iter_mut()
        .zip(&tables.shifts)
        .enumerate()
        .with_min_len(TASK)
        .for_each(|(j, (vector, shift))| {
            // SAFETY: `can` has found the features.
            unsafe { scale(vector, shift, &lane_shifts, j == 0) }
        });
    inner_dit(&mut work, &tables.inner);
    work.par_chunks_mut(LANES)
        .enumerate()
        .with_min_len(TASK / LANES)
        .for_each(|(m, vectors)| {
            // SAFETY: `can` has found the features; this task alone touches block m of the rows.
            unsafe { lanes_to_rows(vectors, m, tables, &rows) }
            // What was here tells the witness.
            vectors.fill(zero);
        });
    std::hint::black_box(&work);
}

/// -g^(-m) / n for m = 0 .. 7, in the lanes where m lies.
fn lane_shifts(log: u32) -> [Fr; LANES] {
    let n = Fr::from(1u64 << log);
    let factor = -n.inverse().unwrap_or(Fr::one()) * Fr::from(16u64);
    let back = root_of_unity(log + 1).inverse().unwrap_or(Fr::one());
    std::array::from_fn(|lane| factor * back.pow([reverse(lane, 3) as u64]))
}

fn inner_dif(work: &mut [Fe], levels: &[Vec<Limbs>]) {
    let Some((level, below)) = levels.split_last() else {
        return;
    };
    let half = work.len() / 2;
    let (low, high) = work.split_at_mut(half);
    if 2 * half <= SERIAL {
        // SAFETY: `can` has found the features.
        unsafe { layer_dif(low, high, level) };
        inner_dif(low, below);
        inner_dif(high, below);
    } else {
        low.par_chunks_mut(TASK)
            .zip(high.par_chunks_mut(TASK))
            .zip(level.par_chunks(TASK))
            // SAFETY: `can` has found the features.
            .for_each(|((low, high), level)| unsafe { layer_dif(low, high, level) });
        rayon::join(|| inner_dif(low, below), || inner_dif(high, below));
    }
}

fn inner_dit(work: &mut [Fe], levels: &[Vec<Limbs>]) {
    let Some((level, below)) = levels.split_last() else {
        return;
    };
    let half = work.len() / 2;
    let (low, high) = work.split_at_mut(half);
    if 2 * half <= SERIAL {
        inner_dit(low, below);
        inner_dit(high, below);
        // SAFETY: `can` has found the features.
        unsafe { layer_dit(low, high, level) };
    } else {
        rayon::join(|| inner_dit(low, below), || inner_dit(high, below));
        low.par_chunks_mut(TASK)
            .zip(high.par_chunks_mut(TASK))
            .zip(level.par_chunks(TASK))
            // SAFETY: `can` has found the features.
            .for_each(|((low, high), level)| unsafe { layer_dit(low, high, level) });
    }
}

// --- eight at a time

/// (u, v) -> (u + v, (u - v) w), loose in and out.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn butterfly_dif(u: &mut Fe, v: &mut Fe, w: &Fe) {
    let sum = reduce_once::<ModR>(&carry(add(u, v)));
    let difference = difference::<ModR>(u, v);
    *u = sum;
    // 4 * 1 / 84 + 1 < 2: loose.
    *v = mont::<ModR, 1>([&difference], [w]);
}

/// (u, v) -> (u + w v, u - w v), loose in and out.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn butterfly_dit(u: &mut Fe, v: &mut Fe, w: &Fe) {
    let t = mont::<ModR, 1>([v], [w]);
    let sum = reduce_once::<ModR>(&carry(add(u, &t)));
    *v = reduce_once::<ModR>(&difference::<ModR>(u, &t));
    *u = sum;
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn layer_dif(low: &mut [Fe], high: &mut [Fe], level: &[Limbs]) {
    for ((u, v), w) in low.iter_mut().zip(high).zip(level) {
        butterfly_dif(u, v, &splat(w));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn layer_dit(low: &mut [Fe], high: &mut [Fe], level: &[Limbs]) {
    for ((u, v), w) in low.iter_mut().zip(high).zip(level) {
        butterfly_dit(u, v, &splat(w));
    }
}

/// Times g^(-m) / n with the sign that makes it g^(-m mod n) / n: minus, but for m = 0.
#[target_feature(enable = "avx512f,avx512ifma")]
fn scale(vector: &mut Fe, shift: &Limbs, lanes: &[Fr; LANES], first: bool) {
    let lanes = load(bytes_of(lanes));
    // `load` puts element ORDER[p] into lane p; here lane p needs element p, and ORDER is its own inverse.
    let mut factor = mont::<ModR, 1>([&permute(&lanes)], [&splat(shift)]);
    if first {
        let minus = carry(sub(&splat(&ModR::M2), &factor));
        factor = select(1, &factor, &minus);
    }
    *vector = mont::<ModR, 1>([vector], [&factor]);
}

/// Lanes by ORDER.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn permute(a: &Fe) -> Fe {
    use core::arch::x86_64::{_mm512_permutexvar_epi64, _mm512_setr_epi64};
    let order = _mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7);
    let mut out = *a;
    for limb in &mut out {
        *limb = _mm512_permutexvar_epi64(order, *limb);
    }
    out
}

/// Block m of every row, through the three outer layers, to vectors 8 m .. 8 m + 7.
///
/// # Safety
///
/// Only where `can`, and while nobody writes block m of the rows.
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn rows_to_lanes(rows: &Rows<'_>, m: usize, tables: &Tables, vectors: &mut [Fe]) {
    let mut x = [splat(&[0; LIMBS]); LANES];
    for (l, x) in x.iter_mut().enumerate() {
        // SAFETY: the caller keeps writers out.
        *x = load(unsafe { rows.block(l, m) });
    }
    let eighth = tables.outer[2].len();
    let twiddle = |level: usize, row: usize| {
        let from = row * eighth + m * LANES;
        bytes_of(&tables.outer[level][from..from + LANES])
    };
    for (level, half) in [(0, 4), (1, 2), (2, 1)] {
        for r in 0..half {
            let w = load(twiddle(level, r));
            for start in (r..LANES).step_by(2 * half) {
                let (low, high) = x.split_at_mut(start + half);
                butterfly_dif(&mut low[start], &mut high[0], &w);
            }
        }
    }
    let x = transpose_limbs(&x);
    for p in 0..LANES {
        vectors[ORDER[p]] = x[p];
    }
}

/// The way back: vectors 8 m .. 8 m + 7 through the three outer layers to block m of every row.
///
/// # Safety
///
/// Only where `can`, and while nobody else uses block m of the rows.
#[target_feature(enable = "avx512f,avx512ifma")]
unsafe fn lanes_to_rows(vectors: &[Fe], m: usize, tables: &Tables, rows: &Rows<'_>) {
    let mut x = [splat(&[0; LIMBS]); LANES];
    for p in 0..LANES {
        x[p] = vectors[ORDER[p]];
    }
    let mut x = transpose_limbs(&x);
    let eighth = tables.outer[2].len();
    let twiddle = |level: usize, row: usize| {
        let from = row * eighth + m * LANES;
        bytes_of(&tables.outer[level][from..from + LANES])
    };
    for (level, half) in [(2, 1), (1, 2), (0, 4)] {
        for r in 0..half {
            let w = load(twiddle(level, r));
            for start in (r..LANES).step_by(2 * half) {
                let (low, high) = x.split_at_mut(start + half);
                butterfly_dit(&mut low[start], &mut high[0], &w);
            }
        }
    }
    for (l, x) in x.iter().enumerate() {
        // SAFETY: the caller keeps others out.
        store(x, unsafe { rows.block_mut(l, m) });
    }
}

/// a b - c for eight elements each, canonical integers in natural order.
#[target_feature(enable = "avx512f,avx512ifma")]
fn combine(blocks: [&[u8]; 3]) -> [u8; LANES * WIDTH] {
    let [a, b, c] = [load(blocks[0]), load(blocks[1]), load(blocks[2])];
    // a b 2^252, then (a b 2^252 2^8 - c 2^256 2^4) / 2^260 = a b - c, at most r.
    let product = mont::<ModR, 1>([&a], [&b]);
    let minus = carry(sub(&splat(&ModR::M2), &c));
    let (up8, up4) = (splat(&[1 << 8, 0, 0, 0, 0]), splat(&[1 << 4, 0, 0, 0, 0]));
    let t = mont::<ModR, 2>([&product, &minus], [&up8, &up4]);
    let less = carry(sub(&t, &splat(&ModR::M1)));
    let negative = core::arch::x86_64::_mm512_cmplt_epi64_mask(less[4], _mm512_setzero_si512());
    let mut out = [0; LANES * WIDTH];
    store(&select(negative, &less, &t), &mut out);
    out
}

/// Rows to lanes, limb by limb.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn transpose_limbs(x: &[Fe; LANES]) -> [Fe; LANES] {
    let mut out = *x;
    for limb in 0..LIMBS {
        let mut rows = [x[0][0]; LANES];
        for l in 0..LANES {
            rows[l] = x[l][limb];
        }
        let columns = transpose(rows);
        for l in 0..LANES {
            out[l][limb] = columns[l];
        }
    }
    out
}

/// Eight consecutive elements of 32 bytes, element ORDER[p] in lane p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load(bytes: &[u8]) -> Fe {
    let mut pairs = [_mm512_setzero_si512(); 4];
    for (pair, block) in pairs.iter_mut().zip(bytes.chunks_exact(64)) {
        // SAFETY: a block is 64 readable bytes, and the load needs no alignment.
        *pair = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    }
    let [a, b, c, d] = pairs;
    let even = [_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d)];
    let odd = [_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d)];
    unpack(&[
        _mm512_shuffle_i64x2::<0x88>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0x88>(odd[0], odd[1]),
        _mm512_shuffle_i64x2::<0xdd>(even[0], even[1]),
        _mm512_shuffle_i64x2::<0xdd>(odd[0], odd[1]),
    ])
}

/// The inverse of `load`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store(x: &Fe, bytes: &mut [u8]) {
    let [w0, w1, w2, w3] = pack(x);
    let (ab0, cd0) = interleave(w0, w2);
    let (ab1, cd1) = interleave(w1, w3);
    let pairs = [
        _mm512_unpacklo_epi64(ab0, ab1),
        _mm512_unpackhi_epi64(ab0, ab1),
        _mm512_unpacklo_epi64(cd0, cd1),
        _mm512_unpackhi_epi64(cd0, cd1),
    ];
    for (pair, block) in pairs.iter().zip(bytes.chunks_exact_mut(64)) {
        // SAFETY: a block is 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), *pair) };
    }
}

/// 128-bit quarters of a and b in turn: those of the lower halves, those of the upper.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn interleave(a: V, b: V) -> (V, V) {
    let low = _mm512_shuffle_i64x2::<0x44>(a, b);
    let high = _mm512_shuffle_i64x2::<0xee>(a, b);
    (
        _mm512_shuffle_i64x2::<0xd8>(low, low),
        _mm512_shuffle_i64x2::<0xd8>(high, high),
    )
}

// --- memory

const _: () = assert!(size_of::<Fr>() == WIDTH);

fn bytes_of(values: &[Fr]) -> &[u8] {
    // SAFETY: an element is 32 bytes (asserted above), all of them its four limbs, so none is padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// An array as eight rows whose blocks of eight elements are handed to different tasks.
struct Rows<'a> {
    start: *mut u8,
    row: usize,
    array: std::marker::PhantomData<&'a mut [Fr]>,
}

// SAFETY: the array is borrowed mutably for as long as this lives, and its users keep to their own blocks.
unsafe impl Sync for Rows<'_> {}

impl<'a> Rows<'a> {
    fn new(values: &'a mut [Fr]) -> Self {
        Rows {
            start: values.as_mut_ptr().cast(),
            row: values.len() / LANES,
            array: std::marker::PhantomData,
        }
    }

    fn at(&self, l: usize, m: usize) -> *mut u8 {
        assert!(l < LANES && (m + 1) * LANES <= self.row);
        // SAFETY: element l * row + 8 m, and seven more, lie in the array.
        unsafe { self.start.add((l * self.row + m * LANES) * WIDTH) }
    }

    /// # Safety
    ///
    /// Nobody may write this block meanwhile.
    unsafe fn block(&self, l: usize, m: usize) -> &[u8] {
        // SAFETY: eight elements in the array, initialised, not written meanwhile.
        unsafe { std::slice::from_raw_parts(self.at(l, m), LANES * WIDTH) }
    }

    /// # Safety
    ///
    /// Nobody else may use this block meanwhile.
    #[allow(clippy::mut_from_ref)]
    unsafe fn block_mut(&self, l: usize, m: usize) -> &mut [u8] {
        // SAFETY: eight elements in the array, not used by others meanwhile; any bits are an element's.
        unsafe { std::slice::from_raw_parts_mut(self.at(l, m), LANES * WIDTH) }
    }
}
