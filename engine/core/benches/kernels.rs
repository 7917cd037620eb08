//! Times of the kernels and of a whole proof: `cargo bench -p zkmargin-core --bench kernels --
//! [log2 size] [threads] [proof]`.
//!
//! The circuit is synthetic: 45 % of its rows check a bit, the others multiply. Each figure is the best of
//! several runs, in milliseconds.

use std::time::Instant;

use zkmargin_core::bytes::Scalars;
use zkmargin_core::curve::{mul, Points};
use zkmargin_core::keygen::{keygen, sizes, KeyBuffers};
use zkmargin_core::msm::{additions, msm, signed_sum, NEVER};
use zkmargin_core::ntt::ntt;
use zkmargin_core::prove::{prove, ProvingKey, PROOF_BYTES};
use zkmargin_core::r1cs::R1cs;
use zkmargin_core::threads::{install, set_threads};
use zkmargin_core::{G1, G2};

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 bytes, below 2^253.
    fn scalar(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        for part in out.chunks_exact_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes());
        }
        out[31] &= 0x1f;
        out
    }
}

/// Prints the least wall time and the least processor time; the latter means something on a busy machine.
fn best<T>(name: &str, runs: usize, mut work: impl FnMut() -> T) -> T {
    let (mut wall, mut processor) = (f64::MAX, f64::MAX);
    let mut last = None;
    for _ in 0..runs {
        let (start, before) = (Instant::now(), processor_time());
        last = Some(work());
        wall = wall.min(start.elapsed().as_secs_f64());
        processor = processor.min(processor_time() - before);
    }
    println!(
        "{name:<16} {:>9.1} ms, of a processor {:>9.1} ms",
        wall * 1e3,
        processor * 1e3
    );
    last.expect("at least one run")
}

/// Seconds that this process's threads have run, where Linux tells.
fn processor_time() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return f64::NAN;
    };
    let nanoseconds: u64 = threads
        .flatten()
        .filter_map(|t| std::fs::read_to_string(t.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum();
    nanoseconds as f64 / 1e9
}

/// One scalar.
fn one() -> [u8; 32] {
    let mut out = [0; 32];
    out[0] = 1;
    out
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Row i is about wire i + 1: a bit check, or a product of two earlier wires (which the random witness
/// does not satisfy: the prover's time does not depend on that).
fn system(rows: usize, bits: &[bool], random: &mut Random) -> [[Vec<u8>; 3]; 3] {
    let mut parts = [(); 3].map(|()| (vec![0u32], Vec::new(), Vec::new()));
    for (row, &bit) in bits.iter().enumerate().take(rows) {
        let new = row as u32 + 1;
        let mut earlier = || (random.next() % u64::from(new)) as u32;
        let terms: [Vec<(u32, u32)>; 3] = if bit {
            [vec![(new, 0)], vec![(0, 0), (new, 1)], vec![]]
        } else {
            [
                vec![(earlier(), 0), (earlier(), 2), (earlier(), 1)],
                vec![(earlier(), 0)],
                vec![(new, 0)],
            ]
        };
        for ((offsets, wires, coeffs), terms) in parts.iter_mut().zip(terms) {
            for (wire, coeff) in terms {
                wires.push(wire);
                coeffs.push(coeff);
            }
            offsets.push(wires.len() as u32);
        }
    }
    parts.map(|(o, w, c)| [u32s(&o), u32s(&w), u32s(&c)])
}

fn main() {
    let arguments: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let log = arguments.first().copied().unwrap_or(14);
    set_threads(arguments.get(1).copied().unwrap_or(0)).expect("threads");
    let only_proof = std::env::args().any(|a| a == "proof");
    install(|| {
        println!("n = 2^{log}, {} threads", rayon::current_num_threads());
        if !only_proof {
            kernels(1 << log);
        }
        proof(1 << log);
    })
    .expect("a pool");
}

fn kernels(n: usize) {
    let random = &mut Random(7);
    let full: Vec<u8> = (0..n).flat_map(|_| random.scalar()).collect();
    let full = Scalars::new(&full, "full").expect("scalars");
    let (mut p1, mut p2) = (vec![0; n * 64], vec![0; n * 128]);
    let (g1, g2) = generators();
    best("multiples, G1", 1, || mul::<G1>(&g1, full, &mut p1)).expect("mul");
    best("multiples, G2", 1, || mul::<G2>(&g2, full, &mut p2)).expect("mul");
    let p1 = Points::<G1>::new(&p1, "p1").expect("points");
    let p2 = Points::<G2>::new(&p2, "p2").expect("points");
    let other: Vec<u8> = (0..n).flat_map(|_| random.scalar()).collect();
    let other = Scalars::new(&other, "other").expect("scalars");
    let limit = limit();
    println!("{:<16} {limit:>9.3} ns", "100 madds, 8th");
    let _ = best("msm, G1", 5, || msm(p1, other)).expect("msm");
    let _ = best("msm, G2", 3, || msm(p2, other)).expect("msm");
    // Sums of points that lie in the cache, and sums by scalars; an addition is five products and a square.
    let few = n.min(1 << 12);
    let bit = |i: usize| full.limbs(i)[0] & 1 == 1;
    let (f1, f2) = (p1.first(few), p2.first(few));
    let (limit_1, limit_2) = (5.8 * limit, 14.5 * limit);
    additions_of("sum, G1", 5, limit_1, || {
        again(|| signed_sum(f1, bit, NEVER))
    });
    additions_of("sum, G2", 5, limit_2, || {
        again(|| signed_sum(f2, bit, NEVER))
    });
    additions_of("msm, G1", 5, limit_1, || msm(p1, other));
    additions_of("msm, G2", 3, limit_2, || msm(p2, other));
    let mut out = vec![0; n * 32];
    let shift = one();
    let shift = Scalars::new(&shift, "shift").expect("one");
    best("ntt", 5, || ntt(other, false, shift, &mut out)).expect("ntt");
}

/// Prints nanoseconds of a processor for an affine addition, and how often the limit's time that is.
fn additions_of<T>(name: &str, runs: usize, limit: f64, mut work: impl FnMut() -> T) {
    let mut least = f64::MAX;
    let mut many = 0;
    for _ in 0..runs {
        let (before, counted) = (processor_time(), additions());
        std::hint::black_box(work());
        least = least.min(processor_time() - before);
        many = additions() - counted;
    }
    let each = least * 1e9 / many as f64;
    let ratio = each / limit;
    println!("{name:<16} {each:>9.2} ns an addition, {many} of them: {ratio:.2} of the limit");
}

/// Often enough for a clock that Linux moves every few milliseconds.
fn again<T>(mut work: impl FnMut() -> T) {
    for _ in 0..500 {
        std::hint::black_box(work());
    }
}

/// Nanoseconds for an eighth of 100 multiply-adds of eight lanes, when nothing else is done: the limit of a
/// product. NaN where the processor has none.
fn limit() -> f64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma") {
        const TURNS: usize = 10_000;
        let mut least = f64::MAX;
        for _ in 0..200 {
            let start = Instant::now();
            // SAFETY: the processor has the features.
            unsafe { madds(TURNS) };
            least = least.min(start.elapsed().as_secs_f64());
        }
        return least * 1e9 / (TURNS * CHAINS) as f64 * 100.0 / 8.0;
    }
    f64::NAN
}

/// Chains of multiply-adds that do not wait for one another: more than its latency in two a cycle.
#[cfg(target_arch = "x86_64")]
const CHAINS: usize = 16;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512ifma")]
fn madds(turns: usize) {
    use core::arch::x86_64::{_mm512_madd52lo_epu64, _mm512_set1_epi64};
    use std::hint::black_box;
    let (a, b) = (
        _mm512_set1_epi64(black_box(0x5_dead_beef)),
        _mm512_set1_epi64(black_box(0x7_1234_5678)),
    );
    let mut sums = [a; CHAINS];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = _mm512_set1_epi64(black_box(i as i64));
    }
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = _mm512_madd52lo_epu64(*sum, a, b);
        }
    }
    black_box(sums);
}

fn proof(n: usize) {
    let random = &mut Random(8);
    let rows = n - 8;
    let bits: Vec<bool> = (0..rows).map(|_| random.next() % 100 < 45).collect();
    let parts = system(rows, &bits, random);
    let minus = r_minus_one();
    let table = [one().to_vec(), minus, random.scalar().to_vec()].concat();
    let matrices = [0, 1, 2].map(|i| [0, 1, 2].map(|j| &parts[i][j][..]));
    let r1cs = R1cs::new(rows + 1, 3, matrices, &table).expect("a system");
    let mut buffers = sizes(&r1cs).map(|size| vec![0u8; size]);
    let secrets = [one(), one()].concat();
    let secrets = Scalars::new(&secrets, "secrets").expect("two");
    best("keygen", 1, || {
        let [g1, g2, ic, coefficients, a, b1, b2, c, h] = buffers.each_mut().map(|b| &mut b[..]);
        let out = KeyBuffers {
            g1,
            g2,
            ic,
            coefficients,
            a,
            b1,
            b2,
            c,
            h,
        };
        keygen(&r1cs, secrets, out)
    })
    .expect("a key");
    let mut witness = one().to_vec();
    for &bit in &bits {
        let mut value = random.scalar();
        if bit {
            value[1..].fill(0);
            value[0] &= 1;
        }
        witness.extend_from_slice(&value);
    }
    let witness = Scalars::new(&witness, "witness").expect("scalars");
    let [g1, g2, _, coefficients, a, b1, b2, c, h] = buffers.each_ref().map(|b| &b[..]);
    let g2 = [&g2[..128], &g2[256..]].concat();
    let key = ProvingKey {
        g1,
        g2: &g2,
        n_wires: rows + 1,
        n_publics: 3,
        domain_size: n,
        coefficients,
        a,
        b1,
        b2,
        c,
        h,
    };
    let mut proof = vec![0; PROOF_BYTES];
    best("prove", 5, || prove(&key, witness, &mut proof)).expect("a proof");
}

/// r - 1, little-endian.
fn r_minus_one() -> Vec<u8> {
    [
        0x43e1_f593_f000_0000u64,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ]
    .iter()
    .flat_map(|limb| limb.to_le_bytes())
    .collect()
}

/// The generators in Montgomery limbs.
fn generators() -> (Vec<u8>, Vec<u8>) {
    use ark_ec::AffineRepr;
    use zkmargin_core::curve::point_bytes;
    (
        point_bytes::<G1>(&ark_bn254::G1Affine::generator()),
        point_bytes::<G2>(&ark_bn254::G2Affine::generator()),
    )
}
