//! The transforms beside their limit: `cargo bench -p zkmargin-core --bench ntt -- [log2 size] [threads]`.
//!
//! The limit is what the products of all butterflies take when nothing but their multiply-adds is done: n / 2 log2 n
//! times 100 multiply-adds of 52 bits, eight elements at a time. Each figure is the least processor time of
//! several runs, by thread, so that a busy machine disturbs it little.

use std::time::Instant;

use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use zkmargin_core::bytes::Scalars;
use zkmargin_core::ntt::{coset_product, ntt, Rows, EIGHT};
use zkmargin_core::threads::{install, set_threads};

/// Multiply-adds of one product with its reduction.
const MADDS: usize = 100;

fn main() {
    let arguments: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let log = arguments.first().copied().unwrap_or(16);
    let threads = arguments.get(1).copied().unwrap_or(1);
    set_threads(threads).expect("threads");
    install(|| run(log, threads)).expect("a pool");
}

fn run(log: usize, threads: usize) {
    let n = 1usize << log;
    let limit = madd_stream();
    println!("n = 2^{log}, {threads} threads");
    println!("{MADDS} multiply-adds for one of eight lanes: {limit:.2} ns");
    let all = limit * (n / 2 * log) as f64;
    let mut values: Vec<Fr> = Vec::with_capacity(n);
    let mut x = Fr::from(3u64);
    for _ in 0..n {
        values.push(x);
        x = x.square() + Fr::from(7u64);
    }
    let bytes: Vec<u8> = values.iter().flat_map(canonical).collect();
    let one = canonical(&Fr::from(1u64)).collect::<Vec<u8>>();
    let (bytes, one) = (
        Scalars::new(&bytes, "values").expect("scalars"),
        Scalars::new(&one, "one").expect("one"),
    );
    let mut out = vec![0; n * 32];
    report("ntt", all, || {
        ntt(bytes, false, one, &mut out).expect("ntt")
    });
    report("inverse ntt", all, || {
        ntt(bytes, true, one, &mut out).expect("ntt")
    });
    let rows = Memory(&values);
    report("six, and a b - c", 6.0 * all, || {
        assert!(coset_product(&rows, n, &|| false).expect("rows").is_some());
    });
}

/// Least wall and processor time of some runs, and the ratio of the latter to the limit.
fn report(name: &str, limit: f64, mut work: impl FnMut()) {
    let (mut wall, mut processor) = (f64::MAX, f64::MAX);
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 1.0 {
        let (start, before) = (Instant::now(), processor_time());
        work();
        wall = wall.min(start.elapsed().as_secs_f64());
        processor = processor.min(processor_time() - before);
    }
    println!(
        "{name:<18} {:>8.2} ms, of processors {:>8.2} ms, limit {:>8.2} ms, ratio {:.2}",
        wall * 1e3,
        processor * 1e3,
        limit / 1e6,
        processor * 1e9 / limit
    );
}

/// Seconds that this process's threads have run.
#[cfg(target_os = "linux")]
fn processor_time() -> f64 {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }

    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }

    const PROCESS_CPUTIME: i32 = 2;
    let mut time = Time {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: the function of POSIX, with the type that 64-bit Linux gives it.
    unsafe { clock_gettime(PROCESS_CPUTIME, &mut time) };
    time.seconds as f64 + time.nanoseconds as f64 / 1e9
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> f64 {
    f64::NAN
}

fn canonical(value: &Fr) -> impl Iterator<Item = u8> {
    value.into_bigint().0.into_iter().flat_map(u64::to_le_bytes)
}

/// Rows that cost nothing.
struct Memory<'a>(&'a [Fr]);

impl Rows for Memory<'_> {
    fn eight(&self, first: usize, a: &mut [Fr; EIGHT], b: &mut [Fr; EIGHT]) {
        a.copy_from_slice(&self.0[first..first + EIGHT]);
        b.copy_from_slice(&self.0[first..first + EIGHT]);
    }

    fn scale(&self) -> Fr {
        Fr::from(2u64).pow([256])
    }
}

/// Nanoseconds of MADDS multiply-adds, by lane, when the units that do them are never idle.
#[cfg(target_arch = "x86_64")]
fn madd_stream() -> f64 {
    use core::arch::x86_64::{
        __m512i, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_set1_epi64,
    };

    const CHAINS: usize = 20;

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn stream(rounds: usize) -> [__m512i; CHAINS] {
        let mut chains = [_mm512_set1_epi64(1); CHAINS];
        let factor = std::hint::black_box(_mm512_set1_epi64(12345));
        for _ in 0..rounds {
            for (i, chain) in chains.iter_mut().enumerate() {
                *chain = if i % 2 == 0 {
                    _mm512_madd52lo_epu64(*chain, factor, factor)
                } else {
                    _mm512_madd52hi_epu64(*chain, factor, factor)
                };
                // SAFETY: no instruction at all; it only keeps the products of one round from the next.
                unsafe {
                    core::arch::asm!("/* {0} */", inout(zmm_reg) * chain, options(nomem, nostack))
                };
            }
        }
        chains
    }

    if !is_x86_feature_detected!("avx512f") || !is_x86_feature_detected!("avx512ifma") {
        return f64::NAN;
    }
    let rounds = 100_000;
    let mut least = f64::MAX;
    for _ in 0..50 {
        let start = Instant::now();
        // SAFETY: the processor has the features.
        std::hint::black_box(unsafe { stream(rounds) });
        least = least.min(start.elapsed().as_secs_f64());
    }
    least * 1e9 / (rounds * CHAINS) as f64 * MADDS as f64 / 8.0
}

#[cfg(not(target_arch = "x86_64"))]
fn madd_stream() -> f64 {
    f64::NAN
}
