//! Keys, proofs and their verification, on small systems made by hand.

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use super::{prove, ProvingKey, PROOF_BYTES};
use crate::bytes::Scalars;
use crate::error::Error;
use crate::keygen::{keygen, sizes, KeyBuffers, RECORD};
use crate::r1cs::R1cs;
use crate::testing::{bytes_of, Random};
use crate::verify::{verify, VerifyingKey};

/// Terms of one row of A, B and C.
type Row = [Vec<(u32, Fr)>; 3];

struct Case {
    n_wires: usize,
    n_publics: usize,
    matrices: [[Vec<u8>; 3]; 3],
    table: Vec<u8>,
    witness: Vec<u8>,
}

fn words(values: &[usize]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|&v| (v as u32).to_le_bytes())
        .collect()
}

/// A satisfied system of `rows` rows: products of earlier wires, and bit checks.
fn case(rows: usize, n_publics: usize, seed: u64) -> Case {
    let mut random = Random::new(seed);
    let mut w = vec![Fr::one()];
    w.extend((0..n_publics).map(|_| random.scalar()));
    let mut system: Vec<Row> = Vec::new();
    for _ in 0..rows {
        let new = w.len() as u32;
        if random.below(2) == 0 {
            w.push(Fr::from(random.below(2) as u64));
            system.push([
                vec![(new, Fr::one())],
                vec![(0, Fr::one()), (new, -Fr::one())],
                vec![],
            ]);
        } else {
            let (i, j, k) = (
                random.below(w.len()),
                random.below(w.len()),
                random.below(w.len()),
            );
            let factor = random.scalar();
            w.push((w[i] * factor + w[j]) * w[k]);
            system.push([
                vec![(i as u32, factor), (j as u32, Fr::one())],
                vec![(k as u32, Fr::one())],
                vec![(new, Fr::one())],
            ]);
        }
    }
    let mut table: Vec<Fr> = Vec::new();
    let matrices = [0, 1, 2].map(|m| {
        let (mut offsets, mut wires, mut coeffs) = (vec![0], vec![], vec![]);
        for row in &system {
            for &(wire, value) in &row[m] {
                wires.push(wire as usize);
                coeffs.push(table.len());
                table.push(value);
            }
            offsets.push(wires.len());
        }
        [words(&offsets), words(&wires), words(&coeffs)]
    });
    Case {
        n_wires: w.len(),
        n_publics,
        matrices,
        table: bytes_of(&table),
        witness: bytes_of(&w),
    }
}

impl Case {
    fn r1cs(&self) -> R1cs<'_> {
        let matrices = self
            .matrices
            .each_ref()
            .map(|m| m.each_ref().map(|p| &p[..]));
        R1cs::new(self.n_wires, self.n_publics, matrices, &self.table).unwrap()
    }

    fn key(&self) -> Key {
        let r1cs = self.r1cs();
        let mut parts = sizes(&r1cs).map(|size| vec![0u8; size]);
        let secrets = bytes_of(&[Fr::from(3u64), Fr::from(4u64)]);
        let [g1, g2, ic, coefficients, a, b1, b2, c, h] = parts.each_mut().map(|p| &mut p[..]);
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
        let secrets = Scalars::new(&secrets, "s").unwrap();
        keygen(&r1cs, secrets, out).unwrap();
        let g2 = [&parts[1][..128], &parts[1][256..]].concat();
        Key {
            n_wires: self.n_wires,
            n_publics: self.n_publics,
            domain_size: parts[8].len() / 64,
            parts,
            g2,
        }
    }
}

struct Key {
    n_wires: usize,
    n_publics: usize,
    domain_size: usize,
    parts: [Vec<u8>; 9],
    g2: Vec<u8>,
}

impl Key {
    fn prove(&self, witness: &[u8]) -> Result<Vec<u8>, Error> {
        let [g1, _, _, coefficients, a, b1, b2, c, h] = self.parts.each_ref().map(|p| &p[..]);
        let key = ProvingKey {
            g1,
            g2: &self.g2,
            n_wires: self.n_wires,
            n_publics: self.n_publics,
            domain_size: self.domain_size,
            coefficients,
            a,
            b1,
            b2,
            c,
            h,
        };
        let mut out = vec![0; PROOF_BYTES];
        let witness = Scalars::new(witness, "witness")?;
        prove(&key, witness, &mut out)?;
        Ok(out)
    }

    fn verify(&self, publics: &[u8], proof: &[u8]) -> Result<bool, Error> {
        let [g1, g2, ic, ..] = &self.parts;
        let key = VerifyingKey {
            alpha1: &g1[..64],
            g2: [&g2[..128], &g2[128..256], &g2[256..]],
            ic,
        };
        verify(&key, Scalars::new(publics, "publics")?, proof)
    }
}

#[test]
fn round_trip() {
    for (rows, publics) in [(0, 0), (1, 0), (1, 1), (6, 2), (100, 3), (3000, 5)] {
        let case = case(rows, publics, rows as u64 + 1);
        let r1cs = case.r1cs();
        let witness = Scalars::new(&case.witness, "w").unwrap();
        assert_eq!(r1cs.first_unsatisfied(witness).unwrap(), None);
        let key = case.key();
        let proof = key.prove(&case.witness).unwrap();
        let publics = &case.witness[32..32 * (publics + 1)];
        assert!(key.verify(publics, &proof).unwrap());
        // Another proof of the same statement is another proof.
        assert_ne!(proof, key.prove(&case.witness).unwrap());
        if !publics.is_empty() {
            let mut other = publics.to_vec();
            other[0] ^= 1;
            assert!(!key.verify(&other, &proof).unwrap());
            assert!(key.verify(&publics[32..], &proof).is_err());
        }
        if rows > 0 {
            let mut broken = case.witness.clone();
            let last = broken.len() - 32;
            broken[last] ^= 2;
            assert!(!key.verify(publics, &key.prove(&broken).unwrap()).unwrap());
        }
        assert!(!key.verify(publics, &key_swap(&proof)).unwrap());
    }
}

/// The proof with A and C exchanged.
fn key_swap(proof: &[u8]) -> Vec<u8> {
    [&proof[192..], &proof[64..192], &proof[..64]].concat()
}

#[test]
fn another_key_refuses() {
    let case = case(20, 2, 5);
    let (key, other) = (case.key(), case.key());
    let proof = key.prove(&case.witness).unwrap();
    assert!(!other.verify(&case.witness[32..96], &proof).unwrap());
}

#[test]
fn malformed_keys_are_refused() {
    let case = case(30, 2, 6);
    let good = case.key();
    assert!(good.prove(&case.witness).is_ok());
    let refused = |change: &dyn Fn(&mut Key)| {
        let mut key = case.key();
        change(&mut key);
        assert!(key.prove(&case.witness).is_err());
    };
    for part in [0, 3, 4, 5, 6, 7, 8] {
        refused(&|key| key.parts[part].truncate(key.parts[part].len() - 1));
        refused(&|key| key.parts[part].truncate(key.parts[part].len() - RECORD.max(64)));
        // A key without records is one whose A and B are zero: odd, but a key.
        if part != 3 {
            refused(&|key| key.parts[part].clear());
        }
    }
    refused(&|key| key.g2.truncate(128));
    for (at, value) in [(0, 2), (7, 0xff), (11, 0xff), (43, 0xff)] {
        refused(&|key| key.parts[3][RECORD * 4 + at] = value);
    }
    refused(&|key| key.parts[4][31] = 0xff);
    refused(&|key| key.parts[6][127] = 0xff);
    refused(&|key| key.parts[0][0] ^= 1);
    refused(&|key| key.n_wires += 1);
    refused(&|key| key.n_publics = usize::MAX);
    refused(&|key| key.domain_size = 0);
    refused(&|key| key.domain_size += 1);
    assert!(good.prove(&case.witness[32..]).is_err());
    let mut two = case.witness.clone();
    two[0] = 2;
    assert!(good.prove(&two).is_err());
}

#[test]
fn records_in_any_order() {
    let case = case(300, 2, 7);
    let mut key = case.key();
    let records: Vec<_> = key.parts[3].chunks(RECORD).map(<[u8]>::to_vec).collect();
    key.parts[3] = records.into_iter().rev().flatten().collect();
    let proof = key.prove(&case.witness).unwrap();
    assert!(key.verify(&case.witness[32..96], &proof).unwrap());
}

#[test]
fn a_key_with_b_at_infinity_in_one_group_only() {
    let case = case(30, 2, 8);
    let mut key = case.key();
    let used = key.parts[5]
        .chunks(64)
        .position(|p| p.iter().any(|b| *b != 0))
        .unwrap();
    key.parts[5][64 * used..64 * (used + 1)].fill(0);
    // The sum is that of another key: the proof is well-formed and false.
    let w = &case.witness[32 * used..32 * (used + 1)];
    let zero = Scalars::new(w, "w").unwrap().get(0).is_zero();
    let proof = key.prove(&case.witness).unwrap();
    assert_eq!(key.verify(&case.witness[32..96], &proof).unwrap(), zero);
}

#[test]
fn malformed_proofs_are_refused() {
    let case = case(10, 1, 9);
    let key = case.key();
    let publics = &case.witness[32..64];
    let proof = key.prove(&case.witness).unwrap();
    for at in [0, 40, 70, 100, 150, 190, 200, 250] {
        let mut bad = proof.clone();
        bad[at] ^= 1;
        assert!(matches!(key.verify(publics, &bad), Err(Error::BadPoint(_))));
    }
    for range in [0..64, 64..192, 192..256] {
        let mut bad = proof.clone();
        bad[range].fill(0);
        assert!(matches!(key.verify(publics, &bad), Err(Error::BadPoint(_))));
    }
    assert!(key.verify(publics, &proof[1..]).is_err());
    assert!(key.verify(&[0xff; 32], &proof).is_err());
}
