//! Coordinates of points as loose residues: Fq, and Fq2 = Fq[i] with i^2 = -1.
//!
//! Source: Karatsuba, Ofman (1962) for products in Fq2. Notation: as in words.rs, m = q; memory holds x 2^256.

use super::inverse::inverse;
use crate::bytes::{limbs, put_limbs, WIDTH};
use crate::words::{
    add, canonical, is_zero, power_of_two, signed, sub, Multiplier, Prime, PrimeQ, Words,
};

/// 1 2^256 mod q.
const ONE: Words = power_of_two::<PrimeQ>(256);

/// 2^768 mod q.
const TO_768: Words = power_of_two::<PrimeQ>(768);

/// A coordinate: loose, but for what `load` gives.
pub trait Coordinate: Copy {
    /// Bytes in memory.
    const BYTES: usize;
    /// 1.
    const ONE: Self;
    /// Reads a canonical one.
    fn load(bytes: &[u8]) -> Self;
    /// Writes the canonical residue.
    fn store(&self, out: &mut [u8]);
    /// -a if `negative`, else a, for canonical a.
    fn signed(&self, negative: bool) -> Self;
    /// a - b.
    fn sub(&self, b: &Self) -> Self;
    /// a b.
    fn mul<X: Multiplier>(&self, b: &Self) -> Self;
    /// a^2.
    fn square<X: Multiplier>(&self) -> Self;
    /// Whether a = 0.
    fn is_zero(&self) -> bool;
    /// 1 / a; 0 for 0.
    fn inverse<X: Multiplier>(&self) -> Self;
}

impl Coordinate for Words {
    const BYTES: usize = WIDTH;
    const ONE: Self = ONE;

    #[inline(always)]
    fn load(bytes: &[u8]) -> Self {
        limbs(bytes)
    }

    #[inline(always)]
    fn store(&self, out: &mut [u8]) {
        put_limbs(canonical::<PrimeQ>(self), out);
    }

    #[inline(always)]
    fn signed(&self, negative: bool) -> Self {
        signed::<PrimeQ>(self, negative)
    }

    #[inline(always)]
    fn sub(&self, b: &Self) -> Self {
        sub::<PrimeQ>(self, b)
    }

    #[inline(always)]
    fn mul<X: Multiplier>(&self, b: &Self) -> Self {
        X::mul::<PrimeQ>(self, b)
    }

    #[inline(always)]
    fn square<X: Multiplier>(&self) -> Self {
        X::mul::<PrimeQ>(self, self)
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        is_zero::<PrimeQ>(self)
    }

    fn inverse<X: Multiplier>(&self) -> Self {
        // 1 / (a 2^256), times 2^768 / 2^256.
        X::mul::<PrimeQ>(&inverse(canonical::<PrimeQ>(self)), &TO_768)
    }
}

impl Coordinate for [Words; 2] {
    const BYTES: usize = 2 * WIDTH;
    const ONE: Self = [ONE, [0; 4]];

    #[inline(always)]
    fn load(bytes: &[u8]) -> Self {
        let (a, b) = bytes.split_at(WIDTH);
        [limbs(a), limbs(b)]
    }

    #[inline(always)]
    fn store(&self, out: &mut [u8]) {
        let (a, b) = out.split_at_mut(WIDTH);
        self[0].store(a);
        self[1].store(b);
    }

    #[inline(always)]
    fn signed(&self, negative: bool) -> Self {
        self.map(|part| signed::<PrimeQ>(&part, negative))
    }

    #[inline(always)]
    fn sub(&self, b: &Self) -> Self {
        [
            sub::<PrimeQ>(&self[0], &b[0]),
            sub::<PrimeQ>(&self[1], &b[1]),
        ]
    }

    #[inline(never)]
    fn mul<X: Multiplier>(&self, b: &Self) -> Self {
        let low = X::mul::<PrimeQ>(&self[0], &b[0]);
        let high = X::mul::<PrimeQ>(&self[1], &b[1]);
        let sums = X::mul::<PrimeQ>(
            &add::<PrimeQ>(&self[0], &self[1]),
            &add::<PrimeQ>(&b[0], &b[1]),
        );
        let mixed = sub::<PrimeQ>(&sub::<PrimeQ>(&sums, &low), &high);
        [sub::<PrimeQ>(&low, &high), mixed]
    }

    #[inline(never)]
    fn square<X: Multiplier>(&self) -> Self {
        // (a0 + a1)(a0 - a1) + 2 a0 a1 i.
        let [a0, a1] = self;
        let mixed = X::mul::<PrimeQ>(a0, a1);
        [
            X::mul::<PrimeQ>(&add::<PrimeQ>(a0, a1), &sub::<PrimeQ>(a0, a1)),
            add::<PrimeQ>(&mixed, &mixed),
        ]
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self[0].is_zero() && self[1].is_zero()
    }

    fn inverse<X: Multiplier>(&self) -> Self {
        // (a0 - a1 i) / (a0^2 + a1^2).
        let [a0, a1] = self;
        let norm = add::<PrimeQ>(&a0.square::<X>(), &a1.square::<X>());
        let inverse = norm.inverse::<X>();
        let minus = sub::<PrimeQ>(&PrimeQ::M, a1);
        [a0.mul::<X>(&inverse), minus.mul::<X>(&inverse)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;
    use crate::words::Portable;
    use ark_bn254::{Fq, Fq2};
    use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};

    fn loose(random: &mut Random) -> Words {
        let drawn = [(); 4].map(|()| random.u64());
        let field = Fq::from_le_bytes_mod_order(&drawn.map(u64::to_le_bytes).concat());
        match random.below(8) {
            0 => [0; 4],
            1 => PrimeQ::M,
            2 => add::<PrimeQ>(&field.0 .0, &PrimeQ::M),
            _ => field.0 .0,
        }
    }

    fn value(a: &[Words; 2]) -> Fq2 {
        let [a, b] = a.map(|part| Fq::new_unchecked(BigInt(canonical::<PrimeQ>(&part))));
        Fq2::new(a, b)
    }

    #[test]
    fn quadratic_is_the_field() {
        let mut random = Random::new(3);
        for _ in 0..3000 {
            let [a, b] = [(); 2].map(|()| [loose(&mut random), loose(&mut random)]);
            let (x, y) = (value(&a), value(&b));
            assert_eq!(value(&a.mul::<Portable>(&b)), x * y);
            assert_eq!(value(&a.square::<Portable>()), x.square());
            assert_eq!(value(&a.sub(&b)), x - y);
            assert_eq!(a.is_zero(), x == Fq2::ZERO);
            let inverse = value(&a.inverse::<Portable>());
            assert_eq!(inverse, x.inverse().unwrap_or(Fq2::ZERO));
            let whole = a.map(|part| canonical::<PrimeQ>(&part));
            assert_eq!(value(&whole.signed(true)), -x);
        }
    }
}
