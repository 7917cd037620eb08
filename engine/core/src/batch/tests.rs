//! All kernels against arkworks' complete addition, and against the formula on coordinates at the edges.

use ark_bn254::{g1, g2, Fq};
use ark_ec::{
    models::short_weierstrass::{Affine, Projective},
    AffineRepr, CurveGroup,
};
use ark_ff::{AdditiveGroup, Field, PrimeField};

use super::{scalar, sum_g1, sum_g2, Flag, Job, List};
use crate::bytes::Coordinate;
use crate::curve::{point_bytes, read_point, write_point, Group};
use crate::testing::Random;
use crate::words::{Portable, Words};

type Kernel = fn(&Job<'_>, &mut [u8], &mut Vec<Flag>);

fn bytes_of<G: Group>(points: &[Affine<G>]) -> Vec<u8> {
    let mut bytes = vec![0; points.len() * G::BYTES];
    for (point, out) in points.iter().zip(bytes.chunks_exact_mut(G::BYTES)) {
        write_point(point, out);
    }
    bytes
}

fn signed<G: Group>(pool: &[Affine<G>], entry: u32) -> Affine<G> {
    let point = pool[(entry >> 1) as usize];
    if entry & 1 == 1 {
        -point
    } else {
        point
    }
}

/// Lists of random lengths over the pool, with and without starts; flags make up what is missing.
fn check<G: Group>(kernel: Kernel, pool: &[Affine<G>], random: &mut Random) {
    let base = bytes_of(pool);
    let spare = point_bytes::<G>(&G::GENERATOR);
    for (many, longest) in [
        (1, 1),
        (1, 40),
        (7, 3),
        (8, 9),
        (9, 1),
        (17, 30),
        (100, 5),
        (333, 12),
    ] {
        for with_starts in [false, true] {
            let mut lengths: Vec<u32> = (0..many)
                .map(|_| random.below(longest + 1) as u32)
                .map(|length| if with_starts { length } else { length.max(1) })
                .collect();
            lengths.sort_unstable_by(|a, b| b.cmp(a));
            let mut entries = Vec::new();
            let mut lists = Vec::new();
            for length in lengths {
                let start = entries.len() as u32;
                entries.extend((0..length).map(|_| random.below(2 * pool.len()) as u32));
                lists.push(List { start, length });
            }
            let starts: Vec<_> = (0..many).map(|_| pool[random.below(pool.len())]).collect();
            let start_bytes = bytes_of(&starts);
            let job = Job {
                base: &base,
                entries: &entries,
                lists: &lists,
                starts: with_starts.then_some(&start_bytes[..]),
                spare: &spare,
            };
            let mut out = vec![0; many * G::BYTES];
            let mut flags = Vec::new();
            kernel(&job, &mut out, &mut flags);
            let mut extra = vec![Projective::<G>::ZERO; many];
            for flag in &flags {
                extra[flag.list] += read_point::<G>(&flag.sum).into_group()
                    + signed(pool, flag.entry)
                    - G::GENERATOR;
            }
            for (i, (list, sum)) in lists.iter().zip(out.chunks_exact(G::BYTES)).enumerate() {
                let mut expected = Projective::<G>::ZERO;
                for j in list.start..list.start + list.length {
                    expected += signed(pool, entries[j as usize]);
                }
                if with_starts {
                    expected += starts[i];
                }
                let halves = sum.split_at(G::BYTES / 2);
                assert!(
                    G::BaseField::is_canonical(halves.0) && G::BaseField::is_canonical(halves.1)
                );
                let sum = extra[i] + read_point::<G>(sum);
                assert_eq!(sum.into_affine(), expected.into_affine());
            }
        }
    }
}

fn pools<G: Group>(kernel: Kernel, seed: u64) {
    let mut random = Random::new(seed);
    // Few points: repeats and opposites meet often. An arithmetic progression: sums meet entries.
    let some: Vec<_> = (0..6)
        .map(|_| (G::GENERATOR * random.scalar()).into_affine())
        .collect();
    check::<G>(kernel, &some, &mut random);
    let mut multiple = G::GENERATOR.into_group();
    let counting: Vec<_> = (0..40)
        .map(|_| {
            multiple += G::GENERATOR;
            multiple.into_affine()
        })
        .collect();
    check::<G>(kernel, &counting, &mut random);
    let many: Vec<_> = (0..2000)
        .map(|_| (G::GENERATOR * random.scalar()).into_affine())
        .collect();
    check::<G>(kernel, &many, &mut random);
}

/// Coordinates whose limbs in memory are extreme; the formula needs no point of the curve.
fn edges<G: Group>(kernel: Kernel, coordinate: impl Fn(&[Fq], &mut Random) -> G::BaseField) {
    let mut random = Random::new(5);
    let raw = |limbs: [u64; 4]| Fq::new_unchecked(ark_ff::BigInt(limbs));
    let q = Fq::MODULUS.0;
    let mut values = vec![
        Fq::ZERO,
        raw([1, 0, 0, 0]),
        raw([q[0] - 1, q[1], q[2], q[3]]),
        raw([q[0] - 2, q[1], q[2], q[3]]),
        raw(Fq::MODULUS_MINUS_ONE_DIV_TWO.0),
        raw([u64::MAX, u64::MAX, u64::MAX, q[3] - 1]),
        raw([0, 0, 0, q[3]]),
        raw([(1 << 52) - 1, 0, 0, 0]),
        raw([1 << 52, 0, u64::MAX, 0]),
        raw([0, u64::MAX, 0, 1 << 61]),
    ];
    values.push(-values[3]);
    let n = 3000;
    let points: Vec<Affine<G>> = (0..n)
        .map(|_| {
            let [x, y] = [(); 2].map(|()| coordinate(&values, &mut random));
            Affine::new_unchecked(x, y)
        })
        .collect();
    let base = bytes_of(&points);
    let entries: Vec<u32> = (0..n)
        .map(|i| 2 * i as u32 + random.below(2) as u32)
        .collect();
    let length = 6;
    let lists: Vec<List> = (0..n as u32 / length)
        .map(|i| List {
            start: i * length,
            length,
        })
        .collect();
    let spare = point_bytes::<G>(&G::GENERATOR);
    let job = Job {
        base: &base,
        entries: &entries,
        lists: &lists,
        starts: None,
        spare: &spare,
    };
    let mut out = vec![0; lists.len() * G::BYTES];
    let mut flags = Vec::new();
    kernel(&job, &mut out, &mut flags);
    let (mut compared, mut flagged) = (0, 0);
    for (i, (list, sum)) in lists.iter().zip(out.chunks_exact(G::BYTES)).enumerate() {
        let mut expected = signed(&points, entries[list.start as usize]);
        let mut many = 0;
        for j in list.start + 1..list.start + length {
            let point = signed(&points, entries[j as usize]);
            if point.x == expected.x {
                many += 1;
                expected = G::GENERATOR;
                continue;
            }
            let l = (point.y - expected.y) / (point.x - expected.x);
            let x = l.square() - expected.x - point.x;
            expected = Affine::new_unchecked(x, l * (expected.x - x) - expected.y);
        }
        assert_eq!(flags.iter().filter(|flag| flag.list == i).count(), many);
        assert_eq!(read_point::<G>(sum), expected);
        compared += 1;
        flagged += many;
    }
    assert!(compared == n as usize / length as usize && flagged > 20);
}

fn edges_g1(kernel: Kernel) {
    edges::<g1::Config>(kernel, |values, random| values[random.below(values.len())]);
}

fn edges_g2(kernel: Kernel) {
    edges::<g2::Config>(kernel, |values, random| {
        // Few values, so that equal coordinates come up.
        let [a, b] = [(); 2].map(|()| values[random.below(4)]);
        ark_bn254::Fq2::new(a, b)
    });
}

#[test]
fn scalar_kernel_is_addition() {
    pools::<g1::Config>(scalar::sum_g1, 1);
    pools::<g2::Config>(scalar::sum_g2, 2);
    edges_g1(scalar::sum_g1);
    edges_g2(scalar::sum_g2);
}

#[test]
fn kernel_of_any_processor_is_addition() {
    pools::<g1::Config>(scalar::sum::<Words, Portable>, 5);
    pools::<g2::Config>(scalar::sum::<[Words; 2], Portable>, 6);
    edges_g1(scalar::sum::<Words, Portable>);
    edges_g2(scalar::sum::<[Words; 2], Portable>);
}

#[test]
fn this_machine_s_kernel_is_addition() {
    pools::<g1::Config>(sum_g1, 3);
    pools::<g2::Config>(sum_g2, 4);
    edges_g1(sum_g1);
    edges_g2(sum_g2);
}

/// Not a test: `cargo test --release -p zkmargin-core nanoseconds -- --ignored --nocapture`.
#[test]
#[ignore = "prints nanoseconds an addition"]
fn nanoseconds() {
    fn least<G: Group>(name: &str, kernel: Kernel) {
        let mut random = Random::new(1);
        for log in [12, 16] {
            let n = 1usize << log;
            let step = (G::GENERATOR * random.scalar()).into_affine();
            let mut point = step.into_group();
            let multiples: Vec<_> = (0..n)
                .map(|_| {
                    point += step;
                    point
                })
                .collect();
            let base = bytes_of(&Projective::<G>::normalize_batch(&multiples));
            let entries: Vec<u32> = (0..1 << 16).map(|_| random.below(2 * n) as u32).collect();
            let lists: Vec<List> = (0..1 << 12)
                .map(|i| List {
                    start: 16 * i,
                    length: 16,
                })
                .collect();
            let spare = point_bytes::<G>(&G::GENERATOR);
            let job = Job {
                base: &base,
                entries: &entries,
                lists: &lists,
                starts: None,
                spare: &spare,
            };
            let mut out = vec![0; lists.len() * G::BYTES];
            let mut best = f64::MAX;
            for _ in 0..200 {
                let start = std::time::Instant::now();
                kernel(&job, &mut out, &mut Vec::new());
                best = best.min(start.elapsed().as_secs_f64());
            }
            println!(
                "{name} of 2^{log}: {:.2} ns",
                best * 1e9 / job.additions() as f64
            );
        }
    }
    least::<g1::Config>("G1, this machine's", sum_g1);
    least::<g2::Config>("G2, this machine's", sum_g2);
    least::<g1::Config>("G1, scalar", scalar::sum_g1);
    least::<g2::Config>("G2, scalar", scalar::sum_g2);
}
