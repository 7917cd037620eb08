//! MSM against discrete logarithms: the points are known multiples of the generator.

use ark_bn254::{g1, g2, Fr};
use ark_ec::{
    models::short_weierstrass::{Projective, SWCurveConfig},
    CurveGroup,
};
use ark_ff::{Field, One, Zero};

use super::{msm, msm_odd, signed_sum, OddDigits, NEVER};
use crate::bytes::Scalars;
use crate::curve::{FixedBase, Group, Points};
use crate::testing::{bytes_of, random_scalars, Random};

fn check<G: Group>(logs: &[Fr], scalars: &[Fr]) {
    let mut points = vec![0; logs.len() * G::BYTES];
    FixedBase::<G>::new(G::GENERATOR, logs.len())
        .mul_many(logs, &mut points)
        .unwrap();
    let bytes = bytes_of(scalars);
    let sum = msm::<G>(
        Points::new(&points, "points").unwrap(),
        Scalars::new(&bytes, "scalars").unwrap(),
    )
    .unwrap();
    let log: Fr = logs.iter().zip(scalars).map(|(k, s)| *k * s).sum();
    let expected: Projective<G> = G::GENERATOR * log;
    assert_eq!(sum.into_affine(), expected.into_affine());
}

fn mixed(n: usize, random: &mut Random) -> Vec<Fr> {
    (0..n)
        .map(|_| match random.below(10) {
            0 | 1 => Fr::zero(),
            2 | 3 => Fr::one(),
            4 => -Fr::one(),
            5 => Fr::from(random.u64() >> random.below(64)),
            6 => -Fr::from(random.u64() >> random.below(64)),
            _ => random.scalar(),
        })
        .collect()
}

#[test]
fn multiples_of_one_point() {
    for n in [1, 2, 3, 10, 300, 3000] {
        let mut random = Random::new(n as u64);
        let scalars = mixed(n, &mut random);
        let mut out = vec![0; n * g1::Config::BYTES];
        FixedBase::<g1::Config>::new(g1::Config::GENERATOR, n)
            .mul_many(&scalars, &mut out)
            .unwrap();
        let points = Points::<g1::Config>::new(&out, "out").unwrap();
        for (i, scalar) in scalars.iter().enumerate() {
            assert_eq!(
                points.get(i),
                (g1::Config::GENERATOR * scalar).into_affine()
            );
        }
    }
}

#[test]
fn sizes_and_mixtures() {
    for n in [0, 1, 2, 3, 7, 8, 50, 257, 1000, 5000] {
        let mut random = Random::new(n as u64);
        check::<g1::Config>(&mixed(n, &mut random), &mixed(n, &mut random));
        check::<g1::Config>(&random_scalars(n, 1), &random_scalars(n, 2));
    }
    for n in [1, 5, 300, 1500] {
        let mut random = Random::new(n as u64);
        check::<g2::Config>(&mixed(n, &mut random), &mixed(n, &mut random));
    }
}

#[test]
fn large() {
    let n = 1 << 16;
    let mut random = Random::new(1);
    check::<g1::Config>(&random_scalars(n, 3), &random_scalars(n, 4));
    check::<g1::Config>(&random_scalars(n, 5), &mixed(n, &mut random));
    let n = 1 << 14;
    check::<g2::Config>(&random_scalars(n, 6), &mixed(n, &mut random));
}

/// A bound that is wrong by little shows only in long sums. Half a minute:
/// `cargo test --release -p zkmargin-core largest -- --ignored`.
#[test]
#[ignore = "slow"]
fn largest() {
    let n = 1 << 20;
    let mut random = Random::new(2);
    let logs = random_scalars(n, 8);
    check::<g1::Config>(&logs, &random_scalars(n, 9));
    check_odd::<g1::Config>(&logs, &mixed(n, &mut random), 254);
    check_signs::<g1::Config>(&logs, &mut random);
    let n = 1 << 18;
    check::<g2::Config>(&logs[..n], &mixed(n, &mut random));
    check_odd::<g2::Config>(&logs[..n], &random_scalars(n, 10), 254);
    check_signs::<g2::Config>(&logs[..n], &mut random);
}

#[test]
fn degenerate() {
    let n = 2000;
    let some = random_scalars(n, 7);
    let one = vec![Fr::one(); n];
    let (p, minus) = (vec![some[0]; n], -some[0]);
    // The same point throughout, the same scalar throughout, both, opposite points, two values.
    check::<g1::Config>(&p, &some);
    check::<g1::Config>(&some, &p);
    check::<g1::Config>(&p, &p);
    check::<g2::Config>(&p, &one);
    let alternating: Vec<_> = (0..n)
        .map(|i| if i % 2 == 0 { some[0] } else { minus })
        .collect();
    check::<g1::Config>(&alternating, &one);
    check::<g1::Config>(&alternating, &some);
    check::<g1::Config>(&alternating, &alternating);
    check::<g2::Config>(&alternating, &p);
    check::<g1::Config>(&vec![Fr::zero(); n], &some);
    check::<g1::Config>(&some, &vec![Fr::zero(); n]);
    // Consecutive multiples: running sums meet themselves.
    let counting: Vec<_> = (0..n as u64).map(Fr::from).collect();
    let powers: Vec<_> = (0..n as u64).map(|i| Fr::from(2u64).pow([i])).collect();
    check::<g1::Config>(&counting, &counting);
    check::<g1::Config>(&one, &counting);
    check::<g1::Config>(&powers, &powers);
    check::<g1::Config>(&one, &powers);
}

/// All of it on the kernel for other machines. Other tests may run meanwhile: the kernels can be mixed.
#[test]
fn without_vector_instructions() {
    use crate::batch::FORCE_SCALAR;
    use std::sync::atomic::Ordering;
    FORCE_SCALAR.store(true, Ordering::Relaxed);
    multiples_of_one_point();
    sizes_and_mixtures();
    degenerate();
    FORCE_SCALAR.store(false, Ordering::Relaxed);
}

fn points_of<G: Group>(logs: &[Fr]) -> Vec<u8> {
    let mut points = vec![0; logs.len() * G::BYTES];
    FixedBase::<G>::new(G::GENERATOR, logs.len())
        .mul_many(logs, &mut points)
        .unwrap();
    points
}

fn check_odd<G: Group>(logs: &[Fr], scalars: &[Fr], bits: usize) {
    let (points, bytes) = (points_of::<G>(logs), bytes_of(scalars));
    let digits = OddDigits::new(Scalars::new(&bytes, "scalars").unwrap(), bits).unwrap();
    let sum = msm_odd(Points::<G>::new(&points, "p").unwrap(), &digits, NEVER).unwrap();
    let log: Fr = logs.iter().zip(scalars).map(|(k, s)| *k * s).sum();
    let all: Fr = logs.iter().sum();
    let expected: Projective<G> = G::GENERATOR * (log + log - digits.offset() * all);
    assert_eq!(sum.into_affine(), expected.into_affine());
}

fn check_signs<G: Group>(logs: &[Fr], random: &mut Random) {
    let points = points_of::<G>(logs);
    let minus: Vec<bool> = logs.iter().map(|_| random.below(2) == 1).collect();
    let points = Points::<G>::new(&points, "p").unwrap();
    let sum = signed_sum(points, |i| minus[i], NEVER).unwrap();
    let log: Fr = logs
        .iter()
        .zip(&minus)
        .map(|(k, minus)| if *minus { -*k } else { *k })
        .sum();
    let expected: Projective<G> = G::GENERATOR * log;
    assert_eq!(sum.into_affine(), expected.into_affine());
}

#[test]
fn odd_digits_and_signs() {
    let mut random = Random::new(11);
    for n in [0, 1, 2, 7, 100, 1000, 5000] {
        let logs = random_scalars(n, 12);
        for bits in [1, 16, 64, 128] {
            let scalars: Vec<Fr> = (0..n)
                .map(|i| {
                    let top = Fr::from(2u64).pow([bits as u64]) - Fr::one();
                    let low = Fr::from(random.u64() >> (64 - bits.min(64)));
                    [Fr::zero(), top, low, low][i % 4]
                })
                .collect();
            check_odd::<g1::Config>(&logs, &scalars, bits);
        }
        check_odd::<g1::Config>(&logs, &mixed(n, &mut random), 254);
        check_signs::<g1::Config>(&logs, &mut random);
        check_signs::<g1::Config>(&vec![Fr::one(); n], &mut random);
        if n < 1000 {
            check_odd::<g2::Config>(&logs, &mixed(n, &mut random), 254);
            check_signs::<g2::Config>(&logs, &mut random);
        }
    }
}
