//! Both paths on programs by hand: the same witness, the same refusals.

use ark_ff::{Field, One, PrimeField, Zero};

use super::*;
use crate::bytes::WIDTH;
use crate::r1cs::R1cs;
use crate::sums::Kernel;
use crate::testing::{bytes_of, Random};

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Rows of (wire, index into the table) as the three arrays.
fn matrix(rows: &[&[(u32, u32)]]) -> [Vec<u8>; 3] {
    let mut offsets = vec![0u32];
    for row in rows {
        offsets.push(offsets.last().unwrap() + row.len() as u32);
    }
    let flat: Vec<_> = rows.concat();
    [
        u32s(&offsets),
        u32s(&flat.iter().map(|t| t.0).collect::<Vec<_>>()),
        u32s(&flat.iter().map(|t| t.1).collect::<Vec<_>>()),
    ]
}

fn views(parts: &[Vec<u8>; 3]) -> [&[u8]; 3] {
    [&parts[0], &parts[1], &parts[2]]
}

/// A system of rows A * B = one wire, and a program, over one table.
struct Case {
    n_wires: usize,
    n_inputs: usize,
    table: Vec<Fr>,
    rows: [Vec<Vec<(u32, u32)>>; 3],
    pool: Vec<Vec<(u32, u32)>>,
    code: Vec<[u32; 5]>,
}

impl Case {
    /// The witness by every path, which must agree, errors included.
    fn run(&self, inputs: &[Fr]) -> Result<Vec<Fr>> {
        let slices =
            |rows: &[Vec<(u32, u32)>]| matrix(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let [a, b, c] = self.rows.each_ref().map(|rows| slices(rows));
        let table = bytes_of(&self.table);
        let r1cs = R1cs::new(self.n_wires, 1, [views(&a), views(&b), views(&c)], &table)?;
        let pool = slices(&self.pool);
        let code = u32s(&self.code.concat());
        let program = Program::new(&code, views(&pool), &table, self.n_wires)?;
        let inputs = bytes_of(inputs);
        let inputs = Scalars::new(&inputs, "inputs")?;
        let mut out = vec![0; self.n_wires * WIDTH];
        let by_field = run(&r1cs, &program, inputs, &mut out);
        let plan = match Plan::new(&r1cs, &program, self.n_inputs) {
            Ok(plan) => plan,
            Err(error) => {
                assert_eq!(by_field, Err(error.clone()));
                return Err(error);
            }
        };
        by_field.unwrap();
        for kernel in [Kernel::new(), Kernel::scalar()] {
            let mut prepared = vec![0xee; out.len()];
            plan.run_with(kernel, inputs.bytes(), &mut prepared);
            assert_eq!(prepared, out);
        }
        // Beside others, at every place among them.
        for m in [5, 10] {
            let mut many = vec![0xee; m * out.len()];
            let mut random = Random::new(m as u64);
            let mut others: Vec<u8> = vec![];
            for i in 0..m {
                if i % 3 == 1 {
                    others.extend_from_slice(inputs.bytes());
                } else {
                    let drawn: Vec<Fr> = (0..self.n_inputs).map(|_| edge(&mut random)).collect();
                    others.extend(bytes_of(&drawn));
                }
            }
            plan.run_many(m, Scalars::new(&others, "inputs")?, &mut many)?;
            for (inputs, found) in others
                .chunks_exact(self.n_inputs * WIDTH)
                .zip(many.chunks_exact(out.len()))
            {
                let mut wanted = vec![0; out.len()];
                run(
                    &r1cs,
                    &program,
                    Scalars::new(inputs, "inputs")?,
                    &mut wanted,
                )?;
                assert_eq!(found, wanted);
            }
        }
        Ok(Scalars::new(&out, "witness")?.to_vec())
    }
}

/// Six wires, w[1] and w[2] inputs, one row w1 * w2 = w3; pool rows: w1, w2, w5.
fn execute(code: &[[u32; 5]], inputs: [i64; 2]) -> Result<Vec<Fr>> {
    let case = Case {
        n_wires: 6,
        n_inputs: 2,
        table: vec![Fr::one()],
        rows: [1, 2, 3].map(|wire| vec![vec![(wire, 0)]]),
        pool: [1, 2, 5].map(|wire| vec![(wire, 0)]).to_vec(),
        code: code.to_vec(),
    };
    case.run(&inputs.map(Fr::from))
}

#[test]
fn every_operation() {
    let w = execute(&[[0, 3, 1, 0, 0], [6, 4, 2, 0, 1]], [-7, 2]).unwrap();
    assert_eq!(w[3..], [-14i64, -4, 1].map(Fr::from));
    let w = execute(&[[4, 3, 3, 0, 1]], [0b1010, 2]).unwrap();
    assert_eq!(w[3..], [1i64, 0, 1].map(Fr::from));
    let w = execute(
        &[[5, 3, 1, 0, 1], [7, 4, 1, 0, 1], [8, 5, 1, 1, 0]],
        [-1, 24],
    )
    .unwrap();
    assert_eq!(w[3..], [1i64, 0, 4].map(Fr::from));
    let w = execute(
        &[[1, 3, 1, 0, 1], [2, 4, 1, 1, 0], [3, 5, 1, 0, 0]],
        [0, 24],
    )
    .unwrap();
    assert_eq!(w[3..], [0i64, 24, 0].map(Fr::from));
    let w = execute(
        &[[9, 3, 1, 1, 0], [2, 4, 1, 0, 0], [2, 5, 1, 0, 0]],
        [-3, 24],
    )
    .unwrap();
    assert_eq!(w[3], Fr::from(-8i64));
    let w = execute(
        &[[9, 3, 1, 1, 0], [2, 4, 1, 0, 0], [2, 5, 1, 0, 0]],
        [0, 24],
    )
    .unwrap();
    assert_eq!(w[3], Fr::zero());
}

#[test]
fn malformed_programs_are_refused() {
    let good = [[0, 3, 1, 0, 0], [6, 4, 2, 0, 1]];
    assert!(execute(&good, [1, 2]).is_ok());
    for (code, why) in [
        (vec![good[0]], "wire 4 is never written"),
        (vec![good[0], good[0]], "written twice"),
        (vec![[2, 3, 1, 2, 0]], "read before"),
        (vec![[2, 3, 1, 3, 0]], "row 3 is out of range"),
        (vec![[2, 6, 1, 0, 0]], "wire 6 is out of range"),
        (vec![[2, 0, 1, 0, 0]], "wire 0 is written twice"),
        (vec![[10, 3, 1, 0, 0]], "no operation 10"),
        (vec![[0, 4, 1, 0, 0]], "does not define"),
        (vec![[0, 3, 1, 1, 0]], "row 1 is out of range"),
        (vec![[4, 3, 4, 0, 0]], "wire 6 is out of range"),
        (vec![[4, 3, 4, 0, u32::MAX]], "bits"),
        (vec![[4, u32::MAX, 3, 0, 0]], "out of range"),
        (vec![[6, 5, 2, 0, 1]], "wire 6 is out of range"),
        (vec![[u32::MAX; 5]], "no operation"),
    ] {
        let error = execute(&code, [1, 2]).unwrap_err().to_string();
        assert!(error.contains(why), "{error}: {why}");
    }
}

/// Values on both sides of every line that the narrow path draws.
fn edge(random: &mut Random) -> Fr {
    let power = |n: u64| Fr::from(2u64).pow([n]);
    let near = match random.below(10) {
        0 => Fr::zero(),
        1 => power(52),
        2 => power(63),
        3 => power(64),
        4 => power(126),
        5 => power(127),
        6 => power(128),
        7 => -(Fr::one() / Fr::from(2u64)),
        8 => power(random.below(254) as u64),
        _ => random.scalar(),
    };
    let signed = if random.below(2) == 0 { near } else { -near };
    signed + Fr::from(random.below(3) as u64) - Fr::one()
}

/// A program of all operations over earlier wires, mostly bits and what follows from them.
fn random_case(random: &mut Random, length: usize) -> Case {
    let n_inputs = 1 + random.below(4);
    let small = [1, -1, 2, -3, 1 << 20, 1 << 51, i64::MAX, i64::MIN + 1].map(Fr::from);
    let mut table = small.to_vec();
    table.extend((0..8).map(|_| edge(random)));
    let mut case = Case {
        n_wires: 1 + n_inputs,
        n_inputs,
        table,
        rows: Default::default(),
        pool: vec![],
        code: vec![],
    };
    for _ in 0..length {
        let now = case.n_wires as u32;
        let n_table = case.table.len();
        // Long ones are split; repeated ones are computed once.
        let combination = |random: &mut Random| -> Vec<(u32, u32)> {
            let n = match random.below(12) {
                0 => 0,
                1 => 60 + random.below(80),
                2..6 => 1,
                _ => random.below(9),
            };
            let coeffs = if random.below(3) == 0 { n_table } else { 5 };
            (0..n)
                .map(|_| {
                    let wire = if random.below(2) == 0 {
                        now - 1 - random.below(now.min(20) as usize) as u32
                    } else {
                        random.below(now as usize) as u32
                    };
                    (wire, random.below(coeffs) as u32)
                })
                .collect()
        };
        let pooled = |random: &mut Random, case: &mut Case| {
            if !case.pool.is_empty() && random.below(4) == 0 {
                return random.below(case.pool.len()) as u32;
            }
            case.pool.push(combination(random));
            case.pool.len() as u32 - 1
        };
        let op = random.below(10) as u32;
        if op == 0 {
            let (a, b) = (pooled(random, &mut case), pooled(random, &mut case));
            let b = if random.below(3) == 0 { a } else { b };
            let [a, b] = [a, b].map(|row| case.pool[row as usize].clone());
            let row = case.rows[0].len() as u32;
            for (rows, terms) in case.rows.iter_mut().zip([a, b, vec![(now, 0)]]) {
                rows.push(terms);
            }
            case.code.push([0, now, 1, row, 0]);
            case.n_wires += 1;
            continue;
        }
        let (a, b) = (pooled(random, &mut case), pooled(random, &mut case));
        let (n, b) = match op {
            4 => (random.below(70) as u32, random.below(187) as u32),
            6 => (1 + random.below(2) as u32, b),
            _ => (1, b),
        };
        case.code.push([op, now, n, a, b]);
        case.n_wires += n as usize;
    }
    case
}

#[test]
fn paths_agree_on_random_programs_and_any_inputs() {
    let mut random = Random::new(31);
    for _ in 0..60 {
        let length = 1 + random.below(60);
        let case = random_case(&mut random, length);
        for _ in 0..4 {
            let inputs: Vec<Fr> = (0..case.n_inputs).map(|_| edge(&mut random)).collect();
            case.run(&inputs).unwrap();
        }
    }
}

#[test]
fn damaged_programs_are_refused_alike() {
    let mut random = Random::new(32);
    let mut refused = 0;
    for _ in 0..300 {
        let mut case = random_case(&mut random, 12);
        let at = random.below(case.code.len());
        let field = random.below(5);
        case.code[at][field] = match random.below(4) {
            0 => u32::MAX,
            1 => case.code[at][field].wrapping_add(1),
            2 => case.code[at][field].wrapping_sub(1),
            _ => random.below(40) as u32,
        };
        let inputs: Vec<Fr> = (0..case.n_inputs).map(|_| edge(&mut random)).collect();
        refused += usize::from(case.run(&inputs).is_err());
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn bits_and_what_follows_are_narrow() {
    // A number put together from 40 bits, times itself, in 128 bits; with an input in it, in the field.
    let bits: Vec<(u32, u32)> = (0..40).map(|i| (2 + i, i)).collect();
    let mut table: Vec<Fr> = (0..40).map(|i| Fr::from(1u64 << i)).collect();
    table.push(-Fr::one());
    let with_input = [bits.clone(), vec![(1, 40)]].concat();
    let case = Case {
        n_wires: 44,
        n_inputs: 1,
        table,
        rows: Default::default(),
        pool: vec![vec![(1, 0)], bits, with_input],
        code: vec![[4, 2, 40, 0, 0], [1, 42, 1, 1, 1], [1, 43, 1, 1, 2]],
    };
    for x in [5i64, -1, 1 << 40, (1 << 41) - 1] {
        let low = Fr::from(x.rem_euclid(1 << 40));
        let low = if x < 0 {
            // r - 1 is the value whose bits are taken.
            Fr::from((-Fr::one()).into_bigint().0[0] & ((1 << 40) - 1))
        } else {
            low
        };
        let w = case.run(&[Fr::from(x)]).unwrap();
        assert_eq!(w[42..], [low * low, low * (low - Fr::from(x))]);
    }
}
