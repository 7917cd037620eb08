//! Known hashes, the sparse rounds against the plain ones, many rows against one.

use super::matrix::times_column;
use super::*;
use crate::testing::{bytes_of, random_scalars};
use ark_ff::MontFp;

#[test]
fn known_hashes() {
    let one = bytes_of(&[Fr::from(1u64)]);
    let two = bytes_of(&[Fr::from(1u64), Fr::from(2u64)]);
    for (inputs, expected) in [
        (
            one,
            MontFp!(
                "18586133768512220936620570745912940619677854269274689475585506675881198879027"
            ),
        ),
        (
            two,
            MontFp!("7853200120776062878684798364095072458815029376092732009249414926327459813530"),
        ),
    ] {
        let inputs = Scalars::new(&inputs, "x").unwrap();
        let mut out = [0; 32];
        poseidon(inputs, inputs.len(), None, &mut out).unwrap();
        let expected: Fr = expected;
        assert_eq!(Scalars::new(&out, "out").unwrap().get(0), expected);
    }
}

#[test]
fn sparse_rounds_are_the_plain_ones() {
    for width in 2..=MAX_INPUTS + 1 {
        let plain = Parameters::plain(width);
        let mut state = random_scalars(width, width as u64);
        let mut expected = state.clone();
        for round in 0..FULL_ROUNDS + plain.partial {
            let inner = round - round.min(FULL_ROUNDS / 2);
            plain.add_constants(round, &mut expected);
            let partial = round >= FULL_ROUNDS / 2 && inner < plain.partial;
            let lanes = if partial { 1 } else { width };
            for lane in &mut expected[..lanes] {
                *lane = fifth_power(*lane);
            }
            expected = times_column(&plain.matrix, &expected);
        }
        Parameters::of_width(width).permute(&mut state);
        assert_eq!(state, expected, "width {width}");
    }
}

/// Rows at once, in vectors and what is left of them, are the rows one by one.
#[test]
fn many_rows_are_each_row() {
    let edges = [Fr::zero(), Fr::from(1u64), -Fr::from(1u64), -Fr::from(2u64)];
    for k in 1..=MAX_INPUTS {
        for n in [1, 7, 8, 9, 19] {
            let mut values = random_scalars(n * k, (n * k) as u64);
            for (i, value) in values.iter_mut().enumerate().filter(|(i, _)| i % 5 < 2) {
                *value = edges[i % 4];
            }
            let mut states = random_scalars(n, n as u64);
            states[0] = -Fr::from(1u64);
            let (values, states) = (bytes_of(&values), bytes_of(&states));
            let all = Scalars::new(&values, "x").unwrap();
            let states = Scalars::new(&states, "state").unwrap();
            for state in [None, Some(states)] {
                let mut out = vec![0; n * WIDTH];
                poseidon(all, k, state, &mut out).unwrap();
                for i in 0..n {
                    let mut one = [0; WIDTH];
                    let row = all.skip(i * k).first(k);
                    let state = state.map(|state| state.skip(i).first(1));
                    poseidon(row, k, state, &mut one).unwrap();
                    assert_eq!(
                        out[i * WIDTH..(i + 1) * WIDTH],
                        one,
                        "{k} inputs, row {i} of {n}"
                    );
                }
            }
        }
    }
}

#[test]
fn matrices_need_no_retry() {
    for width in 2..=MAX_INPUTS + 1 {
        assert!(Parameters::of_width(width)
            .matrix
            .iter()
            .all(|m| !m.is_zero()));
    }
}

#[test]
fn refuses_other_shapes() {
    let inputs = bytes_of(&[Fr::from(1u64); 34]);
    let inputs = Scalars::new(&inputs, "x").unwrap();
    assert!(poseidon(inputs, 0, None, &mut [0; 32]).is_err());
    assert!(poseidon(inputs, 17, None, &mut [0; 64]).is_err());
    assert!(poseidon(inputs, 4, None, &mut [0; 256]).is_err());
    assert!(poseidon(inputs, 2, None, &mut [0; 32]).is_err());
    assert!(poseidon(inputs, 2, Some(inputs), &mut [0; 17 * 32]).is_err());
}
