//! What a compiler's intervals add to the rows, and which are refused.

use ark_bn254::Fr;
use ark_ff::{Field, One};

use super::super::class::Class;
use super::super::intervals::Intervals;
use super::super::types::Classes;
use super::{two, with_system, words, Terms, BIT1, BIT2};
use crate::testing::{bytes_of, Random};
use crate::threads::Cancel;

/// By rows alone and with intervals, from (wire, least, greatest).
fn narrowed(n_wires: usize, rows: &[[Terms<'_>; 3]], known: &[(usize, Fr, Fr)]) -> [Vec<Class>; 2] {
    let mut of = vec![0; n_wires];
    let mut ends = vec![];
    for (place, &(wire, low, high)) in known.iter().enumerate() {
        of[wire] = place + 1;
        ends.extend([low, high]);
    }
    with_system(n_wires, rows, |r1cs| {
        let (ends, of) = (bytes_of(&ends), words(&of));
        let intervals = Intervals::new(&ends, &of).unwrap();
        let found = Classes::new(r1cs, Some(&intervals), &Cancel::new()).unwrap();
        for (wide, narrow) in found.by_rows.iter().zip(&found.narrowed) {
            assert!(*narrow as u8 <= *wide as u8);
        }
        [found.by_rows, found.narrowed]
    })
}

#[test]
fn the_narrower_of_rows_and_intervals_counts() {
    let (zero, one) = (Fr::from(0u64), Fr::one());
    for (low, high, class) in [
        (zero, one, Class::Bit),
        (one, one, Class::Bit),
        (-one, one, Class::Word),
        (-two(64), two(64) - one, Class::Word),
        (-two(64) - one, zero, Class::Double),
        (-two(64), two(64), Class::Double),
        (one - two(128), two(128) - one, Class::Double),
        // Wider than what spans hold; and the widest of all, from -(r - 1)/2 to (r - 1)/2.
        (zero, two(128), Class::Full),
        (-two(200), two(200), Class::Full),
        (half(), half() - one, Class::Full),
    ] {
        let [rows, both] = narrowed(3, &[BIT1], &[(2, low, high), (1, low, high)]);
        assert_eq!(rows, [Class::Bit, Class::Bit, Class::Full]);
        assert_eq!(both, [Class::Bit, Class::Bit, class], "{low} {high}");
    }
}

/// (r + 1) / 2: of all elements the least, read in (-r/2, r/2).
fn half() -> Fr {
    Fr::from(2u64).inverse().unwrap()
}

#[test]
fn rows_are_read_again_in_the_light_of_intervals() {
    // 3 = 1 * 2, 4 = 3 * 3, and the constraints say nothing of 1 and 2.
    let rows: &[[Terms<'_>; 3]] = &[
        [&[(1, 1)], &[(2, 1)], &[(3, 1)]],
        [&[(3, 1)], &[(3, 1)], &[(4, 1)]],
    ];
    let of = |bits: u64| (Fr::from(0u64), two(bits) - Fr::one());
    let known = [(1, of(30)), (2, of(31))].map(|(wire, (low, high))| (wire, low, high));
    let [rows_alone, both] = narrowed(5, rows, &known);
    assert_eq!(rows_alone[1..], [Class::Full; 4]);
    assert_eq!(
        both[1..],
        [Class::Word, Class::Word, Class::Word, Class::Double]
    );
}

#[test]
fn a_wide_interval_hides_nothing_that_rows_tell() {
    // (3 - 1) (3 - 2) = 0: 3 is one of two bits, as long as nothing else is known of it.
    let rows: &[[Terms<'_>; 3]] = &[BIT1, BIT2, [&[(3, 1), (1, -1)], &[(3, 1), (2, -1)], &[]]];
    let wide = (3, -two(60), two(60));
    let [rows_alone, both] = narrowed(4, rows, &[wide]);
    assert_eq!(rows_alone[3], Class::Bit);
    assert_eq!(both[3], Class::Bit);
}

#[test]
fn intervals_that_contradict_the_rows_change_nothing() {
    let seven = Fr::from(7u64);
    let known = [(0, seven, seven), (1, seven, seven), (2, -seven, -seven)];
    let [rows, both] = narrowed(3, &[BIT1, BIT2], &known);
    assert_eq!(rows, both);
}

#[test]
fn malformed_intervals_are_refused() {
    let (zero, one) = (Fr::from(0u64), Fr::one());
    let good = bytes_of(&[zero, one, -one, zero]);
    let of = words(&[0, 1, 2]);
    let made = |ends: &[u8], of: &[u8]| Intervals::new(ends, of).is_ok();
    assert!(made(&good, &of) && made(&[], &[]) && made(&[], &words(&[0, 0])));
    assert!(!made(&good[..96], &of), "a single end");
    assert!(!made(&good[..95], &of), "no whole number of elements");
    assert!(!made(&good, &of[..11]), "no whole number of words");
    assert!(!made(&good, &words(&[0, 3])), "a place out of range");
    assert!(!made(&good, &words(&[u32::MAX as usize])));
    assert!(!made(&[0xff; 64], &of), "not below r");
    for [low, high] in [[one, zero], [zero, -one], [half() - one, half()]] {
        assert!(!made(&bytes_of(&[low, high]), &words(&[1])), "ends before");
    }
    with_system(2, &[BIT1], |r1cs| {
        for n in [0, 1, 3] {
            let of = words(&vec![1; n]);
            let intervals = Intervals::new(&good, &of).unwrap();
            assert!(Classes::new(r1cs, Some(&intervals), &Cancel::new()).is_err());
        }
    });
}

#[test]
fn random_intervals_make_nothing_wider() {
    let mut random = Random::new(5);
    for _ in 0..300 {
        let mut wire = || 1 + random.below(7);
        let terms: Vec<Vec<(usize, i64)>> = (0..24)
            .map(|i| (0..i % 3).map(|_| (wire(), 1)).collect())
            .collect();
        let rows: Vec<[Terms<'_>; 3]> = terms
            .chunks_exact(3)
            .map(|row| [&row[0][..], &row[1], &row[2]])
            .chain([BIT1, BIT2])
            .collect();
        let known: Vec<_> = (0..4)
            .map(|_| {
                let (below, above) = (random.below(140) as u64, random.below(140) as u64);
                (1 + random.below(7), -two(below), two(above))
            })
            .collect();
        // `narrowed` asserts it.
        narrowed(8, &rows, &known);
    }
}
