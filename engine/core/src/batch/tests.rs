//! Both kernels against arkworks' complete addition.

use ark_bn254::{g1, g2};
use ark_ec::{AffineRepr, CurveGroup};

use super::{add_pairs_g1, add_pairs_g2, scalar, Pair};
use crate::curve::{read_loose, write_point, Group};
use crate::testing::Random;

type Kernel = fn(&[u8], &[Pair], &mut [u8], &mut Vec<u32>);

fn check<G: Group>(kernel: Kernel, seed: u64) {
    let mut random = Random::new(seed);
    // A pool with repeats and opposites, so that some pairs are equal or opposite.
    let mut pool = Vec::new();
    for _ in 0..40 {
        pool.push((G::GENERATOR * random.scalar()).into_affine());
    }
    let mut bytes = vec![0; pool.len() * G::BYTES];
    for (point, out) in pool.iter().zip(bytes.chunks_exact_mut(G::BYTES)) {
        write_point(point, out);
    }
    for n in [0, 1, 2, 7, 8, 9, 16, 100, 2047, 2048, 2049, 5000] {
        let pairs: Vec<Pair> = (0..n)
            .map(|_| (random.below(80) as u32, random.below(80) as u32))
            .collect();
        let mut out = vec![0; n * G::BYTES];
        let mut flagged = Vec::new();
        kernel(&bytes, &pairs, &mut out, &mut flagged);
        flagged.sort_unstable();
        let signed = |entry: u32| {
            let point = pool[(entry >> 1) as usize];
            if entry & 1 == 1 {
                -point
            } else {
                point
            }
        };
        let mut expected = Vec::new();
        for (i, (&(a, b), sum)) in pairs.iter().zip(out.chunks_exact(G::BYTES)).enumerate() {
            let (a, b) = (signed(a), signed(b));
            if a.x == b.x {
                expected.push(i as u32);
            } else {
                assert_eq!(read_loose::<G>(sum), (a.into_group() + b).into_affine());
            }
        }
        assert_eq!(flagged, expected);
    }
}

/// Sums of sums of sums: loose results go in again.
fn check_chain<G: Group>(kernel: Kernel) {
    let mut random = Random::new(9);
    let n = 64;
    let points: Vec<_> = (0..n)
        .map(|_| (G::GENERATOR * random.scalar()).into_affine())
        .collect();
    let mut bytes = vec![0; n * G::BYTES];
    for (point, out) in points.iter().zip(bytes.chunks_exact_mut(G::BYTES)) {
        write_point(point, out);
    }
    for _ in 0..300 {
        // Each point plus or minus its neighbour's neighbour, again and again.
        let signs: Vec<u32> = (0..n).map(|_| random.below(2) as u32).collect();
        let pairs: Vec<Pair> = (0..n)
            .map(|i| (2 * i as u32, 2 * ((i + 5) % n) as u32 + signs[i]))
            .collect();
        let mut out = vec![0; n * G::BYTES];
        let mut flagged = Vec::new();
        kernel(&bytes, &pairs, &mut out, &mut flagged);
        assert!(flagged.is_empty());
        for (i, sum) in out.chunks_exact(G::BYTES).enumerate() {
            let [a, b] =
                [i, (i + 5) % n].map(|j| read_loose::<G>(&bytes[j * G::BYTES..][..G::BYTES]));
            let b = if signs[i] == 1 { -b } else { b };
            assert_eq!(read_loose::<G>(sum), (a.into_group() + b).into_affine());
        }
        bytes = out;
    }
}

#[test]
fn scalar_kernel_is_addition() {
    check::<g1::Config>(scalar::add_pairs::<g1::Config>, 1);
    check::<g2::Config>(scalar::add_pairs::<g2::Config>, 2);
    check_chain::<g1::Config>(scalar::add_pairs::<g1::Config>);
    check_chain::<g2::Config>(scalar::add_pairs::<g2::Config>);
}

#[test]
fn this_machine_s_kernel_is_addition() {
    check::<g1::Config>(add_pairs_g1, 3);
    check::<g2::Config>(add_pairs_g2, 4);
    check_chain::<g1::Config>(add_pairs_g1);
    check_chain::<g2::Config>(add_pairs_g2);
}

/// Not a test: `cargo test --release -p zkmargin-core nanoseconds -- --ignored --nocapture`.
#[test]
#[ignore = "prints nanoseconds an addition"]
fn nanoseconds() {
    fn least<G: Group>(name: &str, kernel: Kernel) {
        let n = 1 << 12;
        let mut random = Random::new(1);
        let mut points = vec![0; 2 * n * G::BYTES];
        let base = (G::GENERATOR * random.scalar()).into_affine();
        let mut point = base.into_group();
        for out in points.chunks_exact_mut(G::BYTES) {
            point += base;
            write_point(&point.into_affine(), out);
        }
        let pairs: Vec<Pair> = (0..n as u32).map(|i| (4 * i, 4 * i + 2)).collect();
        let mut out = vec![0; n * G::BYTES];
        let mut best = f64::MAX;
        for _ in 0..2000 {
            let start = std::time::Instant::now();
            kernel(&points, &pairs, &mut out, &mut Vec::new());
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.1} ns", best * 1e9 / n as f64);
    }
    least::<g1::Config>("G1, this machine's", add_pairs_g1);
    least::<g2::Config>("G2, this machine's", add_pairs_g2);
    least::<g1::Config>("G1, scalar", scalar::add_pairs::<g1::Config>);
    least::<g2::Config>("G2, scalar", scalar::add_pairs::<g2::Config>);
}
