//! Sums of products in Fr that are reduced once for several, for rows of any length.
//!
//! There is sums.rs beside it, which the witness program and its check use: its table has every coefficient in
//! several forms, in memory of its own, and it takes lists of at most 64 terms, sorted by kind. The rows of a
//! prepared key are read where they lie in the key's bytes, one term after another and as many as there are,
//! with no table to be made when the key is opened.
//!
//! Source: Montgomery (1985). Notation: r the modulus, r < 0.19 * 2^256.

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// -1 / r mod 2^64.
const NEGATIVE_INVERSE: u64 = negative_inverse(Fr::MODULUS.0[0]);

const fn negative_inverse(r: u64) -> u64 {
    let mut inverse = 1u64;
    let mut i = 0;
    // Newton: each step doubles the bits that are right.
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(r.wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg()
}

/// Products that a sum may hold: 5 r^2 < 2^510.
const MOST: u32 = 5;

/// A sum of products of limbs below r.
#[derive(Default)]
pub struct Wide {
    words: [u64; 8],
    held: u32,
}

impl Wide {
    /// Adds a b; what comes out when the sum is full is its share of the total.
    #[inline]
    pub fn add_product(&mut self, a: &[u64; 4], b: &[u64; 4]) -> Option<Fr> {
        let mut product = [0u64; 8];
        for i in 0..4 {
            let mut carry = 0;
            for j in 0..4 {
                let t = u128::from(product[i + j])
                    + u128::from(a[i]) * u128::from(b[j])
                    + u128::from(carry);
                product[i + j] = t as u64;
                carry = (t >> 64) as u64;
            }
            product[i + 4] = carry;
        }
        let mut carry = false;
        for (word, part) in self.words.iter_mut().zip(product) {
            let (sum, over) = word.overflowing_add(part);
            let (sum, more) = sum.overflowing_add(u64::from(carry));
            *word = sum;
            carry = over | more;
        }
        self.held += 1;
        (self.held == MOST).then(|| self.take())
    }

    /// What is left, if there is something.
    #[inline]
    pub fn rest(&mut self) -> Option<Fr> {
        (self.held > 0).then(|| self.take())
    }

    /// The sum / 2^256, as limbs below r; the sum is zero afterwards.
    #[inline]
    fn take(&mut self) -> Fr {
        let r = Fr::MODULUS.0;
        let mut t = std::mem::take(self).words;
        // t + k r 2^(64 i) < 2^510 + 2^256 r < 2^511: nothing is carried out of the eighth word.
        for i in 0..4 {
            let k = t[i].wrapping_mul(NEGATIVE_INVERSE);
            let mut carry = 0;
            for j in 0..4 {
                let sum =
                    u128::from(t[i + j]) + u128::from(k) * u128::from(r[j]) + u128::from(carry);
                t[i + j] = sum as u64;
                carry = (sum >> 64) as u64;
            }
            for word in &mut t[i + 4..] {
                let (sum, over) = word.overflowing_add(carry);
                *word = sum;
                carry = u64::from(over);
            }
        }
        // Below 5 r^2 / 2^256 + r < 2 r. No branch on the value.
        let mut less = [0u64; 4];
        let mut borrow = false;
        for i in 0..4 {
            let (d, under) = t[4 + i].overflowing_sub(r[i]);
            let (d, more) = d.overflowing_sub(u64::from(borrow));
            less[i] = d;
            borrow = under | more;
        }
        let keep = u64::from(borrow).wrapping_neg();
        let limbs = std::array::from_fn(|i| (t[4 + i] & keep) | (less[i] & !keep));
        Fr::new_unchecked(BigInt(limbs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_scalars;
    use ark_ff::{One, Zero};

    #[test]
    fn equals_products_one_by_one() {
        for n in 0..24 {
            let mut left = random_scalars(n, 1 + n as u64);
            let mut right = random_scalars(n, 99 + n as u64);
            for seed in 0..3 {
                if seed > 0 {
                    // As limbs: r - 1, or 0.
                    let mut top = Fr::MODULUS;
                    top.0[0] -= 1;
                    let value = [Fr::zero(), Fr::new_unchecked(top)][seed - 1];
                    left.fill(value);
                    right.fill(value);
                }
                let mut expected = Fr::zero();
                let (mut sum, mut wide) = (Fr::zero(), Wide::default());
                for (a, b) in left.iter().zip(&right) {
                    expected += *a * b;
                    sum += wide.add_product(&a.0 .0, &b.0 .0).unwrap_or_default();
                }
                sum += wide.rest().unwrap_or_default();
                assert_eq!(sum, expected, "{n}, {seed}");
                assert_eq!(sum * Fr::one(), expected);
            }
        }
    }
}
