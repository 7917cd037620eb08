//! Sums and products beside arkworks', at the bounds.

use super::*;
use crate::bytes::{less, put_limbs};
use crate::testing::Random;
use ark_ff::Zero;

fn edge(random: &mut Random) -> Fr {
    match random.below(6) {
        0 => Fr::zero(),
        1 => -Fr::from(1u64),
        2 => Fr::from(random.u64() >> 12),
        3 => -Fr::from(random.u64()),
        4 => Fr::from(1u64),
        _ => random.scalar(),
    }
}

#[test]
fn sums_by_definition() {
    let mut random = Random::new(21);
    for round in 0..400 {
        let n = if round < 4 {
            MAX_TERMS
        } else {
            random.below(MAX_TERMS + 1)
        };
        // The largest of everything first.
        let top = round < 4;
        let mut draw = || {
            if top {
                -Fr::from(1u64)
            } else {
                edge(&mut random)
            }
        };
        let coeffs: Vec<Fr> = (0..n).map(|_| draw()).collect();
        let values: Vec<Fr> = (0..n).map(|_| draw()).collect();
        let table = Table::new(&coeffs);
        let mut bytes = vec![0; n * WIDTH];
        for (value, out) in values.iter().zip(bytes.chunks_exact_mut(WIDTH)) {
            put_limbs(value.into_bigint().0, out);
        }
        let (mut full, mut low, mut plain) = (vec![], vec![], Plain::default());
        for (i, value) in values.iter().enumerate() {
            let term = Term {
                at: i as u32,
                coeff: i as u32,
            };
            let words = value.into_bigint().0;
            match (table.kind[i], random.below(3)) {
                (Kind::One, 0) => plain.add(words),
                (Kind::MinusOne, 0 | 1) => plain.subtract(words),
                _ if words[0] >> 52 == 0 && words[1..] == [0; 3] => low.push(term),
                _ => full.push(term),
            }
        }
        let sum: Fr = coeffs.iter().zip(&values).map(|(c, v)| *c * v).sum();
        for kernel in [Kernel::new(), Kernel::scalar()] {
            let found = kernel.sum(&table, &full, &low, &bytes, &plain);
            assert_eq!(found, sum.into_bigint().0);
        }
    }
}

#[test]
fn plain_sums_to_the_bound() {
    let mut plain = Plain::default();
    let mut sum = Fr::zero();
    for _ in 0..MAX_TERMS + 1 {
        plain.subtract([1, 0, 0, 0]);
        sum -= Fr::from(1u64);
        assert_eq!(plain.finish(), sum.into_bigint().0);
    }
    let mut zeros = Plain::default();
    for _ in 0..MAX_TERMS + 1 {
        zeros.subtract([0; 4]); // r itself
        assert_eq!(zeros.finish(), [0; 4]);
    }
}

#[test]
fn products_inverses_and_signs() {
    let mut random = Random::new(22);
    for _ in 0..300 {
        let (x, y) = (edge(&mut random), edge(&mut random));
        let [a, b] = [x, y].map(|v| v.into_bigint().0);
        assert_eq!(product(a, b), (x * y).into_bigint().0);
        assert_eq!(fr_from_limbs(negative(a)), -x);
        let one = if x.is_zero() { [0; 4] } else { [1, 0, 0, 0] };
        assert_eq!(product(a, inverse(a)), one);
    }
    for v in [
        0,
        1,
        -1,
        i128::MAX,
        -i128::MAX,
        i128::MIN,
        1 << 64,
        -(1 << 64),
    ] {
        let words = from_signed(v);
        assert!(less(&words, &MODULUS));
        assert_eq!(to_signed(words), v);
    }
}

#[test]
fn small_coefficients_are_signed() {
    let big = fr_from_limbs([0, 1 << 63, 0, 0]);
    let table = Table::new(&[Fr::from(5u64), -Fr::from(5u64), big, -big]);
    let signed: Vec<_> = (0..4).map(|i| table.signed(i)).collect();
    assert_eq!(signed, [Some(5), Some(-5), None, None]);
}
