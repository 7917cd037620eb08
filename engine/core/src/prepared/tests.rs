//! What rows imply of wires, and what a class does with a value at its edges.

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, One, PrimeField};

use super::class::{add_mod, Class, Offsets, CLASSES};
use super::types::Classes;
use crate::r1cs::R1cs;
use crate::testing::{bytes_of, random_scalars};
use crate::threads::Cancel;

mod intervals;

/// Terms of one combination: wire and coefficient.
type Terms<'a> = &'a [(usize, i64)];

fn words(values: &[usize]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|&v| (v as u32).to_le_bytes())
        .collect()
}

/// The classes of the wires of a few rows.
fn classes_of(n_wires: usize, rows: &[[Terms<'_>; 3]]) -> Vec<Class> {
    with_system(n_wires, rows, |r1cs| {
        let found = Classes::new(r1cs, None, &Cancel::new()).unwrap();
        assert_eq!(found.by_rows, found.narrowed);
        found.by_rows
    })
}

/// Takes the system of a few rows.
fn with_system<T>(n_wires: usize, rows: &[[Terms<'_>; 3]], take: impl FnOnce(&R1cs<'_>) -> T) -> T {
    let mut table: Vec<Fr> = Vec::new();
    let matrices = [0, 1, 2].map(|m| {
        let (mut offsets, mut wires, mut coeffs) = (vec![0], vec![], vec![]);
        for row in rows {
            for &(wire, value) in row[m] {
                wires.push(wire);
                coeffs.push(table.len());
                table.push(Fr::from(value));
            }
            offsets.push(wires.len());
        }
        [words(&offsets), words(&wires), words(&coeffs)]
    });
    let views = matrices.each_ref().map(|m| m.each_ref().map(|p| &p[..]));
    let table = bytes_of(&table);
    take(&R1cs::new(n_wires, 0, views, &table).unwrap())
}

const BIT1: [Terms<'_>; 3] = [&[(1, 1)], &[(1, 1), (0, -1)], &[]];
const BIT2: [Terms<'_>; 3] = [&[(0, 7), (2, -7)], &[(2, 3)], &[]];

#[test]
fn bits_are_found_and_what_only_looks_like_one_is_not() {
    let found = classes_of(3, &[BIT1, BIT2]);
    assert_eq!(found, [Class::Bit; 3]);
    for row in [
        // w (w - 2) = 0, w (w + 1) = 0, w (v - 1) = 0, w w = 1, w (w - 1) = 1: none makes a bit.
        [&[(1, 1)][..], &[(1, 1), (0, -2)], &[]],
        [&[(1, 1)], &[(1, 1), (0, 1)], &[]],
    ] {
        assert_eq!(classes_of(3, &[row])[1], Class::Word);
    }
    for row in [
        [&[(1, 1)][..], &[(2, 1), (0, -1)], &[]],
        [&[(1, 1)], &[(1, 1)], &[(0, 1)]],
        [&[(1, 1)], &[(1, 1), (0, -1)], &[(0, 1)]],
        [&[(1, 1), (2, 1)], &[(1, 1), (2, 1), (0, -1)], &[]],
    ] {
        assert_eq!(classes_of(3, &[row])[1..], [Class::Full; 2]);
    }
    // w w = w is a bit in another form that is not looked for: it stays full, which is sound.
    assert_eq!(
        classes_of(2, &[[&[(1, 1)], &[(1, 1)], &[(1, 1)]]])[1],
        Class::Full
    );
}

#[test]
fn logic_of_bits_gives_bits() {
    for (row, class) in [
        ([&[(1, 1)][..], &[(2, 1)], &[(3, 1)]], Class::Bit),
        (
            [&[(1, 2)], &[(2, 1)], &[(1, 1), (2, 1), (3, -1)]],
            Class::Bit,
        ),
        (
            [&[(1, 1)], &[(2, 1)], &[(1, 1), (2, 1), (3, -1)]],
            Class::Bit,
        ),
        ([&[(1, 1)], &[(2, 1)], &[(3, 1), (1, -1)]], Class::Word),
        // The negative and the double of a bit are none.
        ([&[(1, 1)], &[(2, 1)], &[(3, -1)]], Class::Word),
        ([&[(1, 2)], &[(2, 1)], &[(3, 1)]], Class::Word),
        // 2 c = a b leaves c = a b / 2, which has no small bound.
        ([&[(1, 1)], &[(2, 1)], &[(3, 2)]], Class::Full),
        // The pivot in a factor too: nothing is concluded.
        ([&[(1, 1), (3, 1)], &[(2, 1)], &[(3, 1)]], Class::Full),
    ] {
        assert_eq!(classes_of(4, &[BIT1, BIT2, row])[3], class);
    }
}

#[test]
fn sums_grow_out_of_their_class() {
    // x = a + 2^62 b.
    let sum: Terms<'_> = &[(1, 1), (2, 1 << 62), (3, -1)];
    let found = classes_of(4, &[BIT1, BIT2, [&[], &[], sum]]);
    assert_eq!(found[3], Class::Word);
    // 2^62 (a + b) squared, and its square.
    let mut rows = vec![
        BIT1,
        BIT2,
        [&[], &[], &[(1, 1 << 62), (2, 1 << 62), (3, -1)]],
    ];
    rows.push([&[(3, 1)], &[(3, 1)], &[(4, 1)]]);
    rows.push([&[(4, 1)], &[(4, 1)], &[(5, 1)]]);
    let found = classes_of(6, &rows);
    assert_eq!(found[3..], [Class::Word, Class::Double, Class::Full]);
}

fn two(k: u64) -> Fr {
    Fr::from(2u64).pow([k])
}

#[test]
fn values_at_the_edges_of_their_class() {
    let limbs = |x: Fr| x.into_bigint().0;
    for (class, inside, outside) in [
        (
            Class::Bit,
            vec![Fr::from(0u64), Fr::one()],
            vec![Fr::from(2u64), -Fr::one(), two(64), two(128), two(192)],
        ),
        (
            Class::Word,
            vec![-two(64), two(64) - Fr::one(), Fr::from(0u64)],
            vec![-two(64) - Fr::one(), two(64), two(128), two(192), two(253)],
        ),
        (
            Class::Double,
            vec![-two(128), two(128) - Fr::one(), two(64)],
            vec![-two(128) - Fr::one(), two(128), two(192), two(253)],
        ),
    ] {
        for (values, good) in [(inside, true), (outside, false)] {
            for value in values {
                let found = class.offset_value(limbs(value), || [0; 4]);
                assert_eq!(found.is_some(), good, "{class:?} {value}");
                if let Some(found) = found {
                    let offset = Fr::new(BigInt(class.offset()));
                    assert_eq!(Fr::new(BigInt(found)), value + offset);
                }
            }
        }
    }
}

#[test]
fn sums_modulo_r_and_offsets_below_it() {
    let mut values = random_scalars(50, 5);
    values.extend([Fr::from(0u64), Fr::one(), -Fr::one()]);
    for x in &values {
        for y in &values {
            let sum = add_mod(x.into_bigint().0, y.into_bigint().0);
            assert_eq!(sum, (*x + y).into_bigint().0);
        }
    }
    let offsets: Vec<_> = (0..1000).map(|wire| Offsets(7).limbs(wire)).collect();
    assert!(offsets.iter().all(|k| BigInt(*k) < Fr::MODULUS));
    let top = offsets.iter().filter(|k| k[3] >> 61 == 1).count();
    assert!(top > 250 && top < 430, "a third are above 2^253: {top}");
    for (code, class) in CLASSES.into_iter().enumerate() {
        assert_eq!(class as usize, code);
    }
}
