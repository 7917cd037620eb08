//! The work of signed sums and of odd digits does not depend on the scalars.
//!
//! One test, so that nothing else in the process adds points meanwhile.

use zkmargin_core::bytes::Scalars;
use zkmargin_core::curve::{mul, point_bytes, Group, Points};
use zkmargin_core::msm::{additions, msm_odd, signed_sum, OddDigits, NEVER};
use zkmargin_core::{G1, G2};

fn counted(work: impl FnOnce()) -> u64 {
    let before = additions();
    work();
    additions() - before
}

/// Multiples of the generator that look random: in a progression, sums of a few would meet infinity, which
/// is skipped.
fn points<G: Group>(n: usize) -> Vec<u8> {
    let scalars: Vec<u8> = (1..=n as u64)
        .flat_map(|i| {
            let mut scalar = [0; 32];
            for (j, part) in (0u64..).zip(scalar[..24].chunks_exact_mut(8)) {
                // splitmix64.
                let z = (4 * i + j).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                part.copy_from_slice(&(z ^ z >> 31).to_le_bytes());
            }
            scalar
        })
        .collect();
    let scalars = Scalars::new(&scalars, "scalars").expect("small");
    let mut out = vec![0; n * G::BYTES];
    mul::<G>(&point_bytes::<G>(&G::GENERATOR), scalars, &mut out).expect("multiples");
    out
}

fn check<G: Group>(n: usize) {
    let bytes = points::<G>(n);
    let points = Points::<G>::new(&bytes, "points").expect("canonical");
    for bits in [16, 64, 254] {
        let counts = [0u8, 1, 2, 3].map(|kind| {
            let mut scalars = vec![0u8; 32 * n];
            for (i, scalar) in scalars.chunks_exact_mut(32).enumerate() {
                let used = bits / 8;
                match kind {
                    0 => {}
                    // Mostly zeros, all the same, no two the same.
                    1 if i % 10 > 0 => {}
                    2 => scalar[..used].fill(0x2a),
                    _ => {
                        for (j, byte) in scalar[..used].iter_mut().enumerate() {
                            *byte = (((i * 131 + j * 17) * (i + 7 * j + 3)) >> 3) as u8;
                        }
                        scalar[31] &= 0x1f;
                    }
                }
            }
            let scalars = Scalars::new(&scalars, "scalars").expect("below r");
            counted(|| {
                let digits = OddDigits::new(scalars, bits).expect("as small as they say");
                assert!(msm_odd(points, &digits, NEVER).is_some());
            })
        });
        assert!(counts[0] > n as u64);
        assert_eq!(counts, [counts[0]; 4]);
    }
    let counts = [1, 2, 3, usize::MAX]
        .map(|every| counted(|| assert!(signed_sum(points, |i| i % every == 0, NEVER).is_some())));
    assert_eq!(counts, [n as u64 - 1; 4]);
    assert!(signed_sum(points, |_| true, &|| true).is_none());
}

#[test]
fn additions_do_not_depend_on_scalars() {
    check::<G1>(3000);
    check::<G1>(20_000);
    check::<G2>(1500);
    // More than the type allows is refused.
    let large = [vec![0, 0, 1], vec![0; 29]].concat();
    let large = Scalars::new(&large, "large").expect("one");
    assert!(OddDigits::new(large, 16).is_err() && OddDigits::new(large, 17).is_ok());
}
