//! One valid call of everything: a small system with its program, a witness, a key and a proof.
//!
//! x0 and x1 are public; w3 = x0 x1, w4 is a bit, w5 = w3 + 2 w4 times x1, and a last row says w5 (w4 - 1) = w6.

use sha2::{Digest, Sha256};
use zkmargin_core::bytes::Scalars;
use zkmargin_core::keygen::{keygen, sizes, KeyBuffers};
use zkmargin_core::prepared::{prepare, Source};
use zkmargin_core::prove::{prove, ProvingKey, PROOF_BYTES};
use zkmargin_core::r1cs::R1cs;
use zkmargin_core::threads::Cancel;
use zkmargin_core::verify::VerifyingKey;
use zkmargin_core::witness;

/// Public signals of the case.
pub const PUBLICS: usize = 2;

/// Wires of the case.
const WIRES: usize = 7;

/// Coefficients 1, 2 and -1, by their places in the table.
const ONE: u32 = 0;
const TWO: u32 = 1;
const MINUS: u32 = 2;

/// r - 1, little-endian limbs.
const MINUS_ONE: [u64; 4] = [
    0x43e1_f593_f000_0000,
    0x2833_e848_79b9_7091,
    0xb850_45b6_8181_585d,
    0x3064_4e72_e131_a029,
];

/// The buffers.
pub struct Case {
    pub matrices: [[Vec<u8>; 3]; 3],
    pub table: Vec<u8>,
    /// code, and the pool's offsets, wires and coefficients.
    pub program: [Vec<u8>; 4],
    pub inputs: Vec<u8>,
    pub witness: Vec<u8>,
    pub publics: Vec<u8>,
    /// alpha and beta.
    pub secrets: Vec<u8>,
    /// As `KeyBuffers` orders them.
    pub key: [Vec<u8>; 9],
    /// beta and delta.
    pub proving_g2: Vec<u8>,
    pub proof: Vec<u8>,
}

type Terms<'a> = &'a [(u32, u32)];

fn words(values: impl IntoIterator<Item = u32>) -> Vec<u8> {
    values.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Offsets, wires, coefficients.
fn matrix(rows: &[Terms<'_>]) -> [Vec<u8>; 3] {
    let mut offsets = vec![0u32];
    for row in rows {
        offsets.push(offsets[offsets.len() - 1] + row.len() as u32);
    }
    let terms = || rows.iter().flat_map(|row| row.iter());
    [
        words(offsets),
        words(terms().map(|t| t.0)),
        words(terms().map(|t| t.1)),
    ]
}

fn scalar(value: u64) -> Vec<u8> {
    let mut out = vec![0; 32];
    out[..8].copy_from_slice(&value.to_le_bytes());
    out
}

impl Case {
    pub fn new() -> Self {
        let a: &[Terms<'_>] = &[&[(1, ONE)], &[(4, ONE)], &[(3, ONE), (4, TWO)], &[(5, ONE)]];
        let b: &[Terms<'_>] = &[
            &[(2, ONE)],
            &[(0, ONE), (4, MINUS)],
            &[(2, ONE)],
            &[(4, ONE), (0, MINUS)],
        ];
        let c: &[Terms<'_>] = &[&[(3, ONE)], &[], &[(5, ONE)], &[(6, ONE)]];
        let minus_one: Vec<u8> = MINUS_ONE
            .iter()
            .flat_map(|limb| limb.to_le_bytes())
            .collect();
        // w3 by its row, w4 the lowest bit of x0, w5 by its row, w6 = pool[1] pool[2].
        let code = [
            [0, 3, 1, 0, 0],
            [4, 4, 1, 0, 0],
            [0, 5, 1, 2, 0],
            [1, 6, 1, 1, 2],
        ];
        let pool: &[Terms<'_>] = &[&[(1, ONE)], &[(5, ONE)], &[(4, ONE), (0, MINUS)]];
        let [offsets, wires, coeffs] = matrix(pool);
        let mut case = Case {
            matrices: [a, b, c].map(matrix),
            table: [scalar(1), scalar(2), minus_one].concat(),
            program: [words(code.concat()), offsets, wires, coeffs],
            inputs: [scalar(0x1_2346), scalar(77)].concat(),
            witness: vec![0; WIRES * 32],
            publics: Vec::new(),
            secrets: [scalar(3), scalar(5)].concat(),
            key: Default::default(),
            proving_g2: Vec::new(),
            proof: vec![0; PROOF_BYTES],
        };
        case.publics = case.inputs.clone();
        let mut w = vec![0; WIRES * 32];
        let p = &case.program;
        let program = witness::Program::new(&p[0], [&p[1], &p[2], &p[3]], &case.table, WIRES);
        let inputs = Scalars::new(&case.inputs, "inputs").expect("canonical");
        witness::run(&case.r1cs(), &program.expect("a program"), inputs, &mut w).expect("a run");
        case.witness = w;
        case.make_key();
        case.prove();
        case
    }

    pub fn r1cs(&self) -> R1cs<'_> {
        let matrices = self
            .matrices
            .each_ref()
            .map(|m| m.each_ref().map(|p| &p[..]));
        R1cs::new(WIRES, PUBLICS, matrices, &self.table).expect("a system")
    }

    /// Wires and public signals as bytes, so that they can be edited.
    pub fn sizes(&self) -> ([u8; 8], [u8; 8]) {
        ((WIRES as u64).to_le_bytes(), (PUBLICS as u64).to_le_bytes())
    }

    /// A bit and an integer of 65 bits as intervals, and places of them for the wires.
    pub fn intervals(&self) -> [Vec<u8>; 2] {
        let mut ends = vec![0; 4 * 32];
        (ends[32], ends[3 * 32 + 8]) = (1, 1);
        let of: Vec<u32> = (0..WIRES as u32).map(|wire| wire % 3).collect();
        [
            ends,
            of.iter().flat_map(|place| place.to_le_bytes()).collect(),
        ]
    }

    /// The key with types, prepared.
    pub fn prepared(&self) -> Vec<u8> {
        let source = Source {
            key: proving_key(self.proving_parts()),
            gamma2: &self.key[1][128..256],
            ic: &self.key[2],
        };
        prepare(source, Some(&self.r1cs()), None, &Cancel::new()).expect("a prepared key")
    }

    fn make_key(&mut self) {
        let mut parts = sizes(&self.r1cs()).map(|size| vec![0; size]);
        let secrets = Scalars::new(&self.secrets, "secrets").expect("canonical");
        keygen(&self.r1cs(), secrets, buffers(&mut parts)).expect("a key");
        self.proving_g2 = [&parts[1][..128], &parts[1][256..]].concat();
        self.key = parts;
    }

    /// The key as `proving_key` takes it.
    pub fn proving_parts(&self) -> [&[u8]; 8] {
        let [g1, _, _, coefficients, a, b1, b2, c, h] = self.key.each_ref().map(|p| &p[..]);
        [g1, &self.proving_g2, coefficients, a, b1, b2, c, h]
    }

    fn prove(&mut self) {
        let mut proof = vec![0; PROOF_BYTES];
        let w = Scalars::new(&self.witness, "witness").expect("canonical");
        prove(&proving_key(self.proving_parts()), w, &mut proof).expect("a proof");
        self.proof = proof;
    }
}

/// A key of g1, g2, coefficients, a, b1, b2, c and h, of the size that these have.
pub fn proving_key(parts: [&[u8]; 8]) -> ProvingKey<'_> {
    let [g1, g2, coefficients, a, b1, b2, c, h] = parts;
    ProvingKey {
        g1,
        g2,
        n_wires: a.len() / 64,
        n_publics: PUBLICS,
        domain_size: h.len() / 64,
        coefficients,
        a,
        b1,
        b2,
        c,
        h,
    }
}

/// Where a key is made.
pub fn buffers(parts: &mut [Vec<u8>; 9]) -> KeyBuffers<'_> {
    let [g1, g2, ic, coefficients, a, b1, b2, c, h] = parts.each_mut().map(|p| &mut p[..]);
    KeyBuffers {
        g1,
        g2,
        ic,
        coefficients,
        a,
        b1,
        b2,
        c,
        h,
    }
}

/// Gives a prepared key that was changed the digest of what it is now: docs/formats/prepared-key.md.
pub fn seal(file: &mut [u8]) {
    let Some(body) = file.len().checked_sub(32) else {
        return;
    };
    let (body, digest) = file.split_at_mut(body);
    let mut root = Sha256::new();
    root.update(b"zkmargin prepared key 1");
    root.update((body.len() as u64).to_le_bytes());
    for chunk in body.chunks(1 << 20) {
        root.update(Sha256::digest(chunk));
    }
    digest.copy_from_slice(&root.finalize());
}

/// alpha1, beta2, gamma2, delta2, ic.
pub fn key_parts(key: &[Vec<u8>; 9]) -> [&[u8]; 5] {
    let g2 = &key[1];
    [
        &key[0][..64],
        &g2[..128],
        &g2[128..256],
        &g2[256..],
        &key[2],
    ]
}

pub fn verifying_key<'a>(parts: &[&'a [u8]; 5]) -> VerifyingKey<'a> {
    VerifyingKey {
        alpha1: parts[0],
        g2: [parts[1], parts[2], parts[3]],
        ic: parts[4],
    }
}
