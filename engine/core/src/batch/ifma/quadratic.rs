//! Fq2, eight elements at a time, on AVX-512 IFMA.
//!
//! Notation and bounds: as in ifma.rs.

use core::arch::x86_64::__mmask8;

use super::base::Base;
use super::vector::{load_blocks, Vector};
use crate::batch::product::{product, product_plus};
use crate::lanes::{add, carry, select, splat, store_blocks, sub, Fe, ModQ, Modulus, LANES, LIMBS};

/// Fq2 = Fq[i], i^2 = -1.
pub struct Quadratic;

/// (a0 b0 - a1 b1 + c0) + (a0 b1 + a1 b0 + c1) i, with 3q - b1 for -b1, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn quadratic_product(a: &[Fe; 2], b: &[Fe; 2], c: [Option<&Fe>; 2]) -> [Fe; 2] {
    let minus = carry(sub(&splat(&ModQ::M3), &b[1]));
    let a = [&a[0], &a[1]];
    [
        product_plus(a, [&b[0], &minus], c[0]),
        product_plus(a, [&b[1], &b[0]], c[1]),
    ]
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
    unsafe fn load(points: [*const u8; LANES]) -> ([Fe; 2], [Fe; 2]) {
        // SAFETY: the caller has the features, and the points are readable.
        unsafe {
            let y = points.map(|point| point.wrapping_add(64));
            (load_blocks(points), load_blocks(y))
        }
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
        let t = quadratic_product(a, b, [None, None]);
        [carry(t[0]), carry(t[1])]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products(a: [&[Fe; 2]; 2], b: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        // SAFETY: the caller has the features.
        unsafe { [Self::product(a[0], b[0]), Self::product(a[1], b[1])] }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn products_plus(a: [&[Fe; 2]; 2], b: [&[Fe; 2]; 2], c: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        let mut out = [*c[0], *c[1]];
        for p in 0..2 {
            // The factor below 1.2 is the one that `quadratic_product` subtracts from 3q.
            out[p] = quadratic_product(b[p], a[p], [Some(&c[p][0]), Some(&c[p][1])]);
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    unsafe fn squares_plus(a: [&[Fe; 2]; 2], c: [&[Fe; 2]; 2]) -> [[Fe; 2]; 2] {
        let mut out = [*c[0], *c[1]];
        for p in 0..2 {
            // (a0 + a1)(a0 - a1) + 2 a0 a1 i, with 2q added to the difference.
            let [a0, a1] = a[p];
            let sum = carry(add(a0, a1));
            let minus = carry(add(&sub(a0, a1), &splat(&ModQ::M2)));
            let twice = carry(add(a0, a0));
            out[p] = [
                product_plus([&sum], [&minus], Some(&c[p][0])),
                product_plus([&twice], [a1], Some(&c[p][1])),
            ];
        }
        out
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
    unsafe fn inverse(a: &[Fe; 2]) -> [Fe; 2] {
        // (a0 - a1 i) / (a0^2 + a1^2): the norm comes as N 2^-260 and its inverse as 2^778 / N.
        let norm = carry(product_plus([&a[0], &a[1]], [&a[0], &a[1]], None));
        let minus = carry(sub(&splat(&ModQ::M3), &a[1]));
        // SAFETY: the caller has the features.
        let inverse = unsafe { Base::inverse(&norm) };
        [product(&a[0], &inverse), product(&minus, &inverse)]
    }
}
