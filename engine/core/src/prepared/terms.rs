//! The matrices of a prepared key while it is made: from a `.zkey`'s records, and held against the system.

use std::collections::HashMap;

use ark_bn254::Fr;
use ark_ff::{BigInt, One, PrimeField};
use rayon::prelude::*;

use crate::bytes::{less, limbs};
use crate::error::{ensure, Error, Result};
use crate::keygen::RECORD;
use crate::prove::ProvingKey;
use crate::r1cs::{Matrix, R1cs};

/// A matrix while it is put together.
#[derive(Default)]
pub struct Csr {
    pub offsets: Vec<u32>,
    pub wires: Vec<u32>,
    pub coeffs: Vec<u32>,
}

/// Coefficients in Montgomery form, each once.
pub struct Table {
    pub values: Vec<[u64; 4]>,
    places: HashMap<[u64; 4], u32>,
}

impl Table {
    /// 1 and -1 come first: see rows.rs.
    pub fn new() -> Self {
        let mut table = Table {
            values: Vec::new(),
            places: HashMap::new(),
        };
        table.place(Fr::one());
        table.place(-Fr::one());
        table
    }

    fn place(&mut self, value: Fr) -> u32 {
        let raw = value.0 .0;
        let next = self.values.len() as u32;
        let place = *self.places.entry(raw).or_insert(next);
        if place == next {
            self.values.push(raw);
        }
        place
    }
}

/// A and B from the records of section 4, rows in order.
pub fn read_records(key: &ProvingKey<'_>, table: &mut Table) -> Result<[Csr; 2]> {
    let bytes = key.coefficients;
    ensure(bytes.len().is_multiple_of(RECORD), || {
        "key.coefficients: not whole records".into()
    })?;
    let word = |record: &[u8], at: usize| {
        u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
    };
    let mut terms: [Vec<(u32, u32, u32)>; 2] = Default::default();
    for (i, record) in bytes.chunks_exact(RECORD).enumerate() {
        let (matrix, row, wire) = (word(record, 0), word(record, 4), word(record, 8));
        let raw = limbs(&record[12..]);
        let good = matrix <= 1
            && (row as usize) < key.domain_size
            && (wire as usize) < key.n_wires
            && less(&raw, &Fr::MODULUS.0);
        ensure(good, || {
            format!("key.coefficients: record {i} is out of range")
        })?;
        // The record has v 2^512; times a raw 1 it is v 2^256, the form of v.
        let value = Fr::new_unchecked(BigInt(raw)) * Fr::new_unchecked(BigInt::one());
        terms[matrix as usize].push((row, wire, table.place(value)));
    }
    let rows = terms
        .iter()
        .flatten()
        .map(|term| term.0 as usize + 1)
        .max()
        .unwrap_or(0);
    Ok(terms.map(|mut terms| {
        terms.sort_by_key(|term| term.0);
        let mut csr = Csr::default();
        csr.offsets.push(0);
        for (row, wire, coeff) in terms {
            let done = csr.wires.len() as u32;
            csr.offsets.resize(row as usize + 1, done);
            csr.wires.push(wire);
            csr.coeffs.push(coeff);
        }
        csr.offsets.resize(rows + 1, csr.wires.len() as u32);
        csr
    }))
}

/// The key's A and B are exactly the system's, public rows included.
pub fn check_system(
    key: &ProvingKey<'_>,
    r1cs: &R1cs<'_>,
    ours: [&Csr; 2],
    table: &Table,
) -> Result<()> {
    let refused = || {
        Error::Argument(
            "the proving key is of another circuit: its terms are not this one's".into(),
        )
    };
    let rows = r1cs.rows() + r1cs.n_publics + 1;
    if key.n_wires != r1cs.n_wires
        || key.n_publics != r1cs.n_publics
        || key.domain_size != rows.next_power_of_two()
    {
        return Err(refused());
    }
    let found = |csr: &Csr, row: usize| -> Vec<(usize, [u64; 4])> {
        if row + 1 >= csr.offsets.len() {
            return Vec::new();
        }
        let range = csr.offsets[row] as usize..csr.offsets[row + 1] as usize;
        range
            .map(|k| (csr.wires[k] as usize, table.values[csr.coeffs[k] as usize]))
            .collect()
    };
    let expected = |matrix: &Matrix<'_>, row: usize| -> Vec<(usize, [u64; 4])> {
        matrix
            .row(row)
            .map(|(wire, coeff)| (wire, r1cs.table[coeff].0 .0))
            .collect()
    };
    let same = (0..rows.max(ours[0].offsets.len() - 1))
        .into_par_iter()
        .all(|row| {
            ours.iter()
                .zip([&r1cs.a, &r1cs.b])
                .enumerate()
                .all(|(m, (csr, matrix))| {
                    let mut found = found(csr, row);
                    let mut expected = match row.checked_sub(r1cs.rows()) {
                        None => expected(matrix, row),
                        Some(wire) if m == 0 && wire <= r1cs.n_publics => {
                            vec![(wire, Fr::one().0 .0)]
                        }
                        Some(_) => Vec::new(),
                    };
                    found.sort_unstable();
                    expected.sort_unstable();
                    found == expected
                })
        });
    if same {
        Ok(())
    } else {
        Err(refused())
    }
}

/// C of the system; the public rows have none.
pub fn matrix_c(r1cs: &R1cs<'_>, rows: usize, table: &mut Table) -> Csr {
    let places: Vec<u32> = r1cs.table.iter().map(|&value| table.place(value)).collect();
    let mut csr = Csr::default();
    csr.offsets.push(0);
    for row in 0..r1cs.rows() {
        for (wire, coeff) in r1cs.c.row(row) {
            csr.wires.push(wire as u32);
            csr.coeffs.push(places[coeff]);
        }
        csr.offsets.push(csr.wires.len() as u32);
    }
    csr.offsets.resize(rows + 1, csr.wires.len() as u32);
    csr
}
