//! Both multipliers and the rest of the arithmetic against arkworks, at the edges of words and of both multiples.

use super::*;
#[cfg(target_arch = "x86_64")]
use crate::testing::switches_off;
use crate::testing::Random;
use ark_ff::{BigInt, PrimeField};

/// Loose residues: the edges of each word and of both multiples, and drawn ones.
fn residues<P: Prime>(random: &mut Random) -> Vec<Words> {
    let below = |words: &Words| minus(words, &P::TWICE).1;
    let mut out = vec![
        [0; 4],
        [1, 0, 0, 0],
        P::M,
        minus(&P::TWICE, &[1, 0, 0, 0]).0,
    ];
    out.push(minus(&P::M, &[1, 0, 0, 0]).0);
    out.push(plus(&P::M, &[1, 0, 0, 0]).0);
    for i in 0..256 {
        let words = std::array::from_fn(|j| if i < 4 && j == i { u64::MAX } else { 0 });
        out.push(words);
        out.push(std::array::from_fn(|j| {
            if i / 64 == j {
                1 << (i % 64)
            } else {
                0
            }
        }));
    }
    for _ in 0..200 {
        out.push([(); 4].map(|()| match random.below(3) {
            0 => 0,
            1 => u64::MAX,
            _ => random.u64(),
        }));
        out.push([(); 4].map(|()| random.u64()));
    }
    for words in &mut out {
        words[3] &= (1 << 62) - 1;
    }
    out.retain(below);
    out
}

fn laws<P: Prime, F: PrimeField<BigInt = BigInt<4>>, X: Multiplier>() {
    let mut random = Random::new(7);
    let values = residues::<P>(&mut random);
    assert!(values.len() > 500);
    let field = |words: &Words| F::from_le_bytes_mod_order(&words.map(u64::to_le_bytes).concat());
    let shift = F::from(2u64).pow([256]).inverse().expect("not zero");
    let loose = |words: Words| {
        assert!(minus(&words, &P::TWICE).1, "not loose");
        field(&words)
    };
    for a in &values {
        assert_eq!(BigInt(canonical::<P>(a)), field(a).into_bigint());
        assert_eq!(is_zero::<P>(a), field(a) == F::ZERO);
        let whole = canonical::<P>(a);
        assert_eq!(signed::<P>(&whole, false), whole);
        assert_eq!(field(&signed::<P>(&whole, true)), -field(a));
        for _ in 0..60 {
            let b = &values[random.below(values.len())];
            assert_eq!(loose(add::<P>(a, b)), field(a) + field(b));
            assert_eq!(loose(sub::<P>(a, b)), field(a) - field(b));
            assert_eq!(loose(X::mul::<P>(a, b)), field(a) * field(b) * shift);
            assert_eq!(X::mul::<P>(a, b), Portable::mul::<P>(a, b));
        }
    }
    assert_eq!(field(&power_of_two::<P>(700)), F::from(2u64).pow([700]));
}

/// Factors below 4m and at most m: to their edges, and sums of loose ones.
fn wide<P: Prime, F: PrimeField<BigInt = BigInt<4>>, X: Multiplier>() {
    let mut random = Random::new(8);
    let values = residues::<P>(&mut random);
    let field = |words: &Words| F::from_le_bytes_mod_order(&words.map(u64::to_le_bytes).concat());
    let shift = F::from(2u64).pow([256]).inverse().expect("not zero");
    let mut wide: Vec<Words> = (1..8)
        .map(|i| minus(&double(P::TWICE), &[i, 0, 0, 0]).0)
        .collect();
    wide.extend((0..2000).map(|_| {
        let [a, b] = [(); 2].map(|()| &values[random.below(values.len())]);
        plus(a, b).0
    }));
    for a in &wide {
        for b in [P::M, minus(&P::M, &[1, 0, 0, 0]).0, [0; 4], [1, 0, 0, 0]]
            .into_iter()
            .chain([(); 20].map(|()| canonical::<P>(&values[random.below(values.len())])))
        {
            let product = X::mul::<P>(a, &b);
            assert!(minus(&product, &P::TWICE).1, "not loose");
            assert_eq!(field(&product), field(a) * field(&b) * shift);
        }
    }
}

#[test]
fn portable_is_the_field() {
    laws::<PrimeQ, Fq, Portable>();
    laws::<PrimeR, Fr, Portable>();
    wide::<PrimeQ, Fq, Portable>();
    wide::<PrimeR, Fr, Portable>();
}

#[cfg(target_arch = "x86_64")]
#[test]
fn adx_is_the_field() {
    if Adx::available() {
        laws::<PrimeQ, Fq, Adx>();
        laws::<PrimeR, Fr, Adx>();
        wide::<PrimeQ, Fq, Adx>();
        wide::<PrimeR, Fr, Adx>();
    }
}

/// What the test below reads of a run of this test alone.
#[cfg(target_arch = "x86_64")]
#[test]
fn says_whether_available() {
    println!("available: {}", Adx::available());
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_environment_switches_adx_off() {
    let has = is_x86_feature_detected!("adx") && is_x86_feature_detected!("bmi2");
    let test = "words::tests::says_whether_available";
    assert!(switches_off(test, multiplier::SWITCH_OFF, has));
}
