//! The inverse of one residue modulo q, in words of 64 bits.
//!
//! Source: Pornin, "Optimized Binary GCD for Modular Inversion" (ePrint 2020/972), algorithm 2.
//! Notation: a = x u, b = x v modulo q throughout, for the argument x; b is odd, and ends as gcd(x, q) = 1, so
//! that v ends as 1 / x. Each of at most 17 turns halves a or b 31 times on 64-bit stand-ins that hold their
//! lowest 31 and highest 33 bits, and then applies the factors it has found to the true values.
//!
//! The time depends on the argument only through the number of turns.

use crate::words::{Prime, PrimeQ};

/// Halvings in a turn.
const TURN: u32 = 31;

const Q: [u64; 4] = PrimeQ::M;

/// -1 / q mod 2^31.
const NEG_INV: u64 = PrimeQ::MINUS_INVERSE & ((1 << TURN) - 1);

/// 1 / x mod q for x in [0, q); 0 for 0.
pub fn inverse(x: [u64; 4]) -> [u64; 4] {
    let (mut a, mut b) = (x, Q);
    let (mut u, mut v) = ([1, 0, 0, 0], [0; 4]);
    while a != [0; 4] {
        let [f, g] = factors(&a, &b);
        let ([mut f0, mut g0], [mut f1, mut g1]) = (f, g);
        let (next_a, minus) = exact(&a, f0, &b, g0);
        if minus {
            (f0, g0) = (-f0, -g0);
        }
        let (next_b, minus) = exact(&a, f1, &b, g1);
        if minus {
            (f1, g1) = (-f1, -g1);
        }
        (a, b) = (next_a, next_b);
        (u, v) = (modular(&u, f0, &v, g0), modular(&u, f1, &v, g1));
    }
    v
}

/// The factors (f0, g0), (f1, g1), all within [-2^31 + 1, 2^31], for which 31 steps on the stand-ins of
/// a and b give (a f0 + b g0) / 2^31 and (a f1 + b g1) / 2^31.
fn factors(a: &[u64; 4], b: &[u64; 4]) -> [[i64; 2]; 2] {
    let top = (0..4).rev().find(|&i| a[i] | b[i] != 0).unwrap_or(0);
    let (mut x, mut y) = if top == 0 {
        (a[0], b[0])
    } else {
        // The longer of the two fills the window; the shorter one is cut at the same bit.
        let shift = (a[top] | b[top]).leading_zeros();
        let stand_in = |n: &[u64; 4]| {
            let high = (u128::from(n[top]) << 64 | u128::from(n[top - 1])) << shift >> 95;
            (high as u64) << TURN | n[0] & ((1 << TURN) - 1)
        };
        (stand_in(a), stand_in(b))
    };
    // Each pair of factors in one word, f + 2^32 g.
    let (mut p, mut r) = (1u64, 1u64 << 32);
    for _ in 0..TURN {
        let odd = (x & 1).wrapping_neg();
        let swap = odd & u64::from(x < y).wrapping_neg();
        let t = (x ^ y) & swap;
        (x, y) = (x ^ t, y ^ t);
        let t = (p ^ r) & swap;
        (p, r) = (p ^ t, r ^ t);
        x = x.wrapping_sub(y & odd) >> 1;
        p = p.wrapping_sub(r & odd);
        r = r.wrapping_shl(1);
    }
    [p, r].map(|pair| {
        let bias = (1u64 << TURN) - 1;
        let pair = pair.wrapping_add(bias | bias << 32);
        [
            (pair & 0xffff_ffff) as i64 - bias as i64,
            (pair >> 32) as i64 - bias as i64,
        ]
    })
}

/// a f + b g as five words, two's complement: |f| + |g| <= 2^31 and a, b below 2^254.
#[inline]
fn combine(a: &[u64; 4], f: i64, b: &[u64; 4], g: i64) -> [u64; 5] {
    let mut out = [0; 5];
    let mut carry = 0i128;
    for i in 0..4 {
        // Below 2^64 2^31 in magnitude each, and so is the carry.
        let t = i128::from(a[i]) * i128::from(f) + i128::from(b[i]) * i128::from(g) + carry;
        out[i] = t as u64;
        carry = t >> 64;
    }
    out[4] = carry as u64;
    out
}

/// The lowest 31 bits go.
#[inline]
fn shifted(t: &[u64; 5]) -> [u64; 4] {
    let mut out = [0; 4];
    for i in 0..4 {
        out[i] = t[i] >> TURN | t[i + 1] << (64 - TURN);
    }
    out
}

/// |a f + b g| / 2^31, which is exact, and whether the sum was negative.
#[inline]
fn exact(a: &[u64; 4], f: i64, b: &[u64; 4], g: i64) -> ([u64; 4], bool) {
    let t = combine(a, f, b, g);
    let minus = (t[4] as i64) < 0;
    let mut out = shifted(&t);
    if minus {
        let mut carry = true;
        for word in &mut out {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }
    (out, minus)
}

/// (u f + v g) / 2^31 mod q, in [0, q).
#[inline]
fn modular(u: &[u64; 4], f: i64, v: &[u64; 4], g: i64) -> [u64; 4] {
    let mut t = combine(u, f, v, g);
    let k = t[0].wrapping_mul(NEG_INV) & ((1 << TURN) - 1);
    let mut carry = 0u128;
    for i in 0..4 {
        let sum = u128::from(Q[i]) * u128::from(k) + u128::from(t[i]) + carry;
        t[i] = sum as u64;
        carry = sum >> 64;
    }
    t[4] = t[4].wrapping_add(carry as u64);
    // In (-q, 2q): the sum is within 2^31 q of zero, and k below 2^31.
    let negative = (t[4] as i64) < 0;
    let mut out = shifted(&t);
    if negative {
        add(&mut out, &Q, false);
    } else {
        let mut less = out;
        if !add(&mut less, &Q, true) {
            out = less;
        }
    }
    out
}

/// a += b, or a -= b: whether it wrapped.
#[inline]
fn add(a: &mut [u64; 4], b: &[u64; 4], minus: bool) -> bool {
    let mut carry = minus;
    for (a, b) in a.iter_mut().zip(b) {
        let b = if minus { !*b } else { *b };
        let (sum, first) = a.overflowing_add(b);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (*a, carry) = (sum, first | second);
    }
    carry != minus
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;
    use ark_bn254::Fq;
    use ark_ff::{BigInt, Field, PrimeField};

    #[test]
    fn inverts() {
        let mut random = Random::new(1);
        let mut values: Vec<Fq> = (1..200u64).map(Fq::from).collect();
        for i in 0..254 {
            values.push(Fq::from(2u64).pow([i]));
            values.push(-Fq::from(2u64).pow([i]));
            values.push(Fq::from(BigInt::<4>::one() << (i as u32 % 253)) - Fq::from(1u64));
        }
        for _ in 0..20_000 {
            let words = [(); 4].map(|()| random.u64() >> (random.below(8) * 8));
            values.push(Fq::from_le_bytes_mod_order(
                &words.map(u64::to_le_bytes).concat(),
            ));
        }
        for value in values {
            let expected = value.inverse().map_or(BigInt([0; 4]), |v| v.into_bigint());
            assert_eq!(inverse(value.into_bigint().0), expected.0);
        }
    }
}
