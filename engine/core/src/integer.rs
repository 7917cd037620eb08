//! 256-bit integers for the witness program: signed order, floor division and square root.
//!
//! Notation: an element of Fr stands for the integer of least magnitude, in (-r/2, r/2).

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField, Zero};

use crate::bytes::{fr_from_limbs, less};

type Limbs = [u64; 4];

/// (r - 1) / 2, the largest positive integer.
const HALF: Limbs = Fr::MODULUS_MINUS_ONE_DIV_TWO.0;

fn add(a: Limbs, b: Limbs) -> Limbs {
    let mut sum = BigInt(a);
    sum.add_with_carry(&BigInt(b));
    sum.0
}

fn sub(a: Limbs, b: Limbs) -> Limbs {
    let mut difference = BigInt(a);
    difference.sub_with_borrow(&BigInt(b));
    difference.0
}

/// An integer in [0, r) whose unsigned order is the signed order of x.
pub fn signed_rank(x: Fr) -> Limbs {
    // x + (r - 1) / 2 mod r carries (-r/2, r/2) to [0, r), rising.
    (x + fr_from_limbs(HALF)).into_bigint().0
}

/// (floor(x / y), x - y floor(x / y)) for signed x and y; zeros when y <= 0.
pub fn signed_floor_div(x: Fr, y: Fr) -> (Fr, Fr) {
    let divisor = y.into_bigint().0;
    if y.is_zero() || less(&HALF, &divisor) {
        return (Fr::zero(), Fr::zero());
    }
    let value = x.into_bigint().0;
    if !less(&HALF, &value) {
        let (quotient, remainder) = div_rem(value, divisor);
        return (fr_from_limbs(quotient), fr_from_limbs(remainder));
    }
    // x = -m: floor(-m / y) = -ceil(m / y).
    let (quotient, remainder) = div_rem((-x).into_bigint().0, divisor);
    let (quotient, remainder) = (fr_from_limbs(quotient), fr_from_limbs(remainder));
    if remainder.is_zero() {
        (-quotient, remainder)
    } else {
        (-quotient - Fr::from(1u64), y - remainder)
    }
}

/// Quotient and remainder, bit by bit; the divisor is not zero and both are below 2^255.
fn div_rem(x: Limbs, y: Limbs) -> (Limbs, Limbs) {
    if x[2] == 0 && x[3] == 0 && y[2] == 0 && y[3] == 0 {
        let [x, y] = [x, y].map(|v| u128::from(v[1]) << 64 | u128::from(v[0]));
        let wide = |v: u128| [v as u64, (v >> 64) as u64, 0, 0];
        return (wide(x / y), wide(x % y));
    }
    let (mut quotient, mut remainder) = ([0u64; 4], [0u64; 4]);
    let bits = BigInt(x).num_bits() as usize;
    for i in (0..bits).rev() {
        remainder = add(remainder, remainder);
        remainder[0] |= x[i / 64] >> (i % 64) & 1;
        if !less(&remainder, &y) {
            remainder = sub(remainder, y);
            quotient[i / 64] |= 1 << (i % 64);
        }
    }
    (quotient, remainder)
}

/// floor(sqrt(x)), one bit of the root at a time.
pub fn isqrt(x: Limbs) -> Limbs {
    let (mut root, mut rest) = ([0u64; 4], [0u64; 4]);
    for i in (0..128).rev() {
        // rest = 4 rest + next two bits of x; the root's next bit is one if 4 root + 1 fits into it.
        rest = add(rest, rest);
        rest = add(rest, rest);
        rest[0] |= x[i / 32] >> (2 * (i % 32)) & 3;
        root = add(root, root);
        let mut trial = add(root, root);
        trial[0] |= 1;
        if !less(&rest, &trial) {
            rest = sub(rest, trial);
            root[0] |= 1;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn order_is_signed() {
        let values = [-(1i64 << 40), -3, -1, 0, 1, 2, 1 << 40].map(Fr::from);
        let top = fr_from_limbs(HALF);
        let all: Vec<_> = [top + Fr::from(1u64)]
            .into_iter()
            .chain(values)
            .chain([top])
            .map(signed_rank)
            .collect();
        assert!(all.windows(2).all(|pair| less(&pair[0], &pair[1])));
    }

    #[test]
    fn division_by_definition() {
        let mut random = Random::new(5);
        for _ in 0..2000 {
            let shift = random.below(250) as u32;
            let mut y = random.scalar().into_bigint();
            y >>= shift + 2;
            let x = random.scalar();
            let x = if random.u64() & 1 == 0 {
                x
            } else {
                Fr::from(random.u64()) - Fr::from(random.u64())
            };
            let y = fr_from_limbs(y.0);
            let (quotient, remainder) = signed_floor_div(x, y);
            if y.is_zero() {
                assert!(quotient.is_zero() && remainder.is_zero());
                continue;
            }
            assert_eq!(quotient * y + remainder, x);
            assert!(less(&remainder.into_bigint().0, &y.into_bigint().0));
            // The quotient has the sign of x (or is -1 .. 0), so it did not wrap.
            let negative = |v: Fr| less(&HALF, &v.into_bigint().0);
            assert_eq!(negative(quotient), negative(x));
        }
        for (x, y, q, r) in [
            (-7i64, 2i64, -4i64, 1i64),
            (-8, 2, -4, 0),
            (7, -2, 0, 0),
            (7, 0, 0, 0),
        ] {
            let [x, y, q, r] = [x, y, q, r].map(Fr::from);
            assert_eq!(signed_floor_div(x, y), (q, r));
        }
    }

    #[test]
    fn square_roots() {
        let mut random = Random::new(6);
        for i in 0..500 {
            let mut root = random.scalar().into_bigint();
            root >>= 127 + i % 120;
            let square = (fr_from_limbs(root.0) * fr_from_limbs(root.0))
                .into_bigint()
                .0;
            assert_eq!(isqrt(square), root.0);
            if !root.is_zero() {
                assert_eq!(isqrt(sub(square, [1, 0, 0, 0])), sub(root.0, [1, 0, 0, 0]));
            }
        }
        assert_eq!(isqrt([0; 4]), [0; 4]);
    }
}
