//! Fq, eight elements at a time, on AVX-512 IFMA.
//!
//! Notation and bounds: as in ifma.rs.

use core::arch::x86_64::{__mmask8, _mm512_alignr_epi64, _mm512_mask_sub_epi64, _mm512_slli_epi64};

use super::vector::{load_blocks, Vector};
use crate::batch::inverse::inverse;
use crate::batch::product::{canonical, negative, product, products_plus, squares_plus};
use crate::lanes::{
    add, carry, equal_limb, limbs_of, pack, select, splat, store_blocks, sub, Fe, ModQ, Modulus,
    LANES, LIMBS,
};
use crate::words::power_of_two;

/// Fq.
pub struct Base;

/// 2^778 mod q.
const TO_778: [u64; LIMBS] = limbs_of(power_of_two::<ModQ>(778));

impl Vector for Base {
    type E = Fe;
    const BLOCKS: usize = 1;

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn load(points: [*const u8; LANES]) -> (Fe, Fe) {
        // SAFETY: the caller has the features, and the points are readable.
        let [x, y] = unsafe { load_blocks(points) };
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
    unsafe fn products(a: [&Fe; 2], b: [&Fe; 2]) -> [Fe; 2] {
        let t = products_plus([[a[0]], [a[1]]], [[b[0]], [b[1]]], [None, None]);
        [carry(t[0]), carry(t[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products_plus(a: [&Fe; 2], b: [&Fe; 2], c: [&Fe; 2]) -> [Fe; 2] {
        products_plus([[a[0]], [a[1]]], [[b[0]], [b[1]]], [Some(c[0]), Some(c[1])])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn squares_plus(a: [&Fe; 2], c: [&Fe; 2]) -> [Fe; 2] {
        squares_plus(a, c)
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
    unsafe fn inverse(a: &Fe) -> Fe {
        // Products of two, four and eight lanes; the one inversion; and back.
        let a1 = rotate::<4>(a);
        let b0 = product(a, &a1);
        let b1 = rotate::<2>(&b0);
        let c0 = product(&b0, &b1);
        let c1 = rotate::<1>(&c0);
        let words = pack(&canonical(&product(&c0, &c1)));
        let all = words.map(|word| {
            // SAFETY: V is eight words.
            let lanes: [u64; LANES] = unsafe { core::mem::transmute(word) };
            lanes[0]
        });
        // 2^778 / 2^260 = 2^518.
        let inverse = product(&splat(&limbs_of(inverse(all))), &splat(&TO_778));
        product(&product(&product(&inverse, &c1), &b1), &a1)
    }
}

/// Lane l gets lane l + BY, cyclically.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn rotate<const BY: i32>(a: &Fe) -> Fe {
    let mut out = *a;
    for i in 0..LIMBS {
        out[i] = _mm512_alignr_epi64::<BY>(a[i], a[i]);
    }
    out
}
