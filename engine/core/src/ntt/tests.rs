//! Transforms against the definition, on both paths.

use ark_ff::PrimeField;

use super::*;
use crate::testing::{bytes_of, random_scalars};

fn naive(values: &[Fr], at: Fr) -> Fr {
    values.iter().rev().fold(Fr::zero(), |sum, v| sum * at + v)
}

fn run(values: &[Fr], inverse: bool, shift: Fr) -> Vec<Fr> {
    let bytes = bytes_of(values);
    let shift = bytes_of(&[shift]);
    let mut out = vec![0; bytes.len()];
    ntt(
        Scalars::new(&bytes, "values").unwrap(),
        inverse,
        Scalars::new(&shift, "shift").unwrap(),
        &mut out,
    )
    .unwrap();
    Scalars::new(&out, "out").unwrap().to_vec()
}

#[test]
fn equals_evaluation_and_inverts() {
    for log in 0..9 {
        let values = random_scalars(1 << log, log as u64);
        for shift in [Fr::one(), root_of_unity(log + 1), Fr::from(7u64)] {
            let there = run(&values, false, shift);
            let mut at = shift;
            for value in &there {
                assert_eq!(*value, naive(&values, at));
                at *= root_of_unity(log);
            }
            assert_eq!(run(&there, true, shift), values);
        }
    }
}

#[test]
fn large_sizes_agree_with_evaluation_at_some_points() {
    for log in [12u32, 15, 17] {
        let values = random_scalars(1 << log, 3);
        let there = run(&values, false, Fr::one());
        for i in [0usize, 1, 77, (1 << log) - 1] {
            assert_eq!(there[i], naive(&values, root_of_unity(log).pow([i as u64])));
        }
        assert_eq!(run(&there, true, Fr::one()), values);
        let domain = Domain::new(1 << log).unwrap();
        let mut back = there.clone();
        domain.dif_inverse(&mut back);
        domain.dit(&mut back);
        let n = Fr::from(1u64 << log);
        assert!(back.iter().zip(&there).all(|(b, t)| *b == *t * n));
    }
}

/// Rows that lie in memory, as arkworks' elements or as canonical integers.
struct Given {
    a: Vec<Fr>,
    b: Vec<Fr>,
    canonical: bool,
}

impl Rows for Given {
    fn eight(&self, first: usize, a: &mut [Fr; EIGHT], b: &mut [Fr; EIGHT]) {
        let put = |values: &[Fr], out: &mut [Fr; EIGHT]| {
            *out = [Fr::zero(); EIGHT];
            for (value, slot) in values.iter().skip(first).zip(out) {
                *slot = if self.canonical {
                    Fr::new_unchecked(value.into_bigint())
                } else {
                    *value
                };
            }
        };
        put(&self.a, a);
        put(&self.b, b);
    }

    fn scale(&self) -> Fr {
        if self.canonical {
            Fr::one()
        } else {
            Fr::from(2u64).pow([256])
        }
    }
}

fn product(rows: &Given) -> Vec<u8> {
    let out = coset_product(rows, rows.a.len(), &|| false).unwrap();
    out.unwrap().bytes().to_vec()
}

/// Values that are most likely to overflow something: ends of the range, all equal, random ones.
fn hard_values(n: usize, seed: u64) -> Vec<Fr> {
    match seed % 4 {
        0 => vec![-Fr::one(); n],
        1 => (0..n)
            .map(|i| [Fr::zero(), Fr::one(), -Fr::one()][i % 3])
            .collect(),
        2 => vec![random_scalars(1, seed)[0]; n],
        _ => {
            let mut values = random_scalars(n, seed);
            values[n / 3] = Fr::zero();
            values[n - 1] = -Fr::one();
            values
        }
    }
}

/// By definition: interpolate, move, evaluate, combine, all by the plain transform.
fn check_coset_product(log: u32, seed: u64) {
    let n = 1 << log;
    let g = root_of_unity(log + 1);
    let (a, b) = (hard_values(n, seed), hard_values(n, seed / 4 + 3));
    let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
    let moved = [&a, &b, &c].map(|values| {
        // On a coset the transform is not the vector one.
        let values = plain(values, true, Fr::one());
        plain(&values, false, g)
    });
    let expected: Vec<Fr> = (0..n)
        .map(|i| moved[0][i] * moved[1][i] - moved[2][i])
        .collect();
    let expected = bytes_of(&expected);
    let canonical = seed.is_multiple_of(2);
    assert!(
        product(&Given { a, b, canonical }) == expected,
        "2^{log}, {seed}"
    );
}

/// The transform by the scalar path.
fn plain(values: &[Fr], inverse: bool, shift: Fr) -> Vec<Fr> {
    let n = values.len();
    let domain = Domain::new(n).unwrap();
    let mut values = values.to_vec();
    if inverse {
        domain.dif_inverse(&mut values);
        domain.permute(&mut values);
        let shift = shift.inverse().unwrap();
        let powers = powers(Fr::from(n as u64).inverse().unwrap(), shift, n);
        values.iter_mut().zip(powers).for_each(|(v, p)| *v *= p);
    } else {
        let powers = powers(Fr::one(), shift, n);
        values.iter_mut().zip(powers).for_each(|(v, p)| *v *= p);
        domain.dif(&mut values);
        domain.permute(&mut values);
    }
    values
}

#[test]
fn coset_products() {
    for log in 0..=15 {
        for seed in 0..4 {
            check_coset_product(log, 5 * seed + u64::from(log));
        }
    }
    check_coset_product(17, 3);
}

/// A bound that is wrong by a little shows only after many layers.
#[test]
fn large_coset_products_of_hard_values() {
    for seed in [0, 3] {
        check_coset_product(18, seed);
    }
}

/// `cargo test --release -p zkmargin-core ntt -- --ignored`: a minute and 1 GB.
#[test]
#[ignore = "slow: sizes to 2^21"]
fn huge_transforms() {
    for (log, seed) in [(19, 0), (20, 3), (20, 0), (20, 2), (20, 1), (21, 3)] {
        check_coset_product(log, seed);
        check_plain(log, seed);
    }
}

fn check_plain(log: u32, seed: u64) {
    let values = hard_values(1 << log, seed);
    let there = run(&values, false, Fr::one());
    assert!(there == plain(&values, false, Fr::one()), "2^{log}, {seed}");
    assert!(run(&there, true, Fr::one()) == values, "2^{log}, {seed}");
}

#[test]
fn both_paths_agree() {
    for log in 0..=16 {
        check_plain(log, u64::from(log) % 4);
        check_plain(log, 3);
    }
}

#[test]
fn without_vector_instructions() {
    use crate::batch::FORCE_SCALAR;
    use std::sync::atomic::Ordering;
    FORCE_SCALAR.store(true, Ordering::Relaxed);
    for (log, seed) in [(9, 0), (10, 1), (11, 2), (13, 3)] {
        check_coset_product(log, seed);
        check_plain(log, seed);
    }
    FORCE_SCALAR.store(false, Ordering::Relaxed);
}

#[test]
fn stops_when_asked() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    for log in [3, 9, 14] {
        let rows = Given {
            a: random_scalars(1 << log, 1),
            b: random_scalars(1 << log, 2),
            canonical: true,
        };
        for patience in [0, 1, 7, 100] {
            let asked = AtomicUsize::new(0);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) >= patience;
            let done = coset_product(&rows, 1 << log, &stop).unwrap().is_some();
            // Every task asks once and stops at yes.
            assert!(done != (asked.load(Ordering::Relaxed) > patience));
        }
    }
}

#[test]
fn refuses_other_sizes_and_a_zero_shift() {
    assert!(Domain::new(0).is_err());
    assert!(Domain::new(3).is_err());
    assert!(Domain::new((1 << 28) + 1).is_err());
    let zero = [0u8; 32];
    let zero = Scalars::new(&zero, "x").unwrap();
    assert!(ntt(zero, false, zero, &mut [0; 32]).is_err());
    assert!(ntt(zero, true, zero, &mut [0; 32]).is_err());
}
