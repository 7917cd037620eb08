//! Reproducible random elements for the tests; never for secrets.

use std::process::Command;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;

use crate::bytes::{put_fr, WIDTH};

/// xorshift64*, seeded.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.u64() % n as u64) as usize
    }

    pub fn scalar(&mut self) -> Fr {
        let bytes: Vec<u8> = (0..5).flat_map(|_| self.u64().to_le_bytes()).collect();
        Fr::from_le_bytes_mod_order(&bytes)
    }
}

pub fn random_scalars(n: usize, seed: u64) -> Vec<Fr> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.scalar()).collect()
}

pub fn random_g1(random: &mut Random) -> G1Affine {
    (G1Affine::generator() * random.scalar()).into_affine()
}

pub fn random_g2(random: &mut Random) -> G2Affine {
    (G2Affine::generator() * random.scalar()).into_affine()
}

pub fn bytes_of(values: &[Fr]) -> Vec<u8> {
    let mut out = vec![0; values.len() * WIDTH];
    for (value, out) in values.iter().zip(out.chunks_exact_mut(WIDTH)) {
        put_fr(value, out);
    }
    out
}

/// Whether a test that prints `available: ...` prints `has` in a process of its own, and false with the switch in
/// its environment: such answers are made once in a process.
pub fn switches_off(test: &str, switch: &str, has: bool) -> bool {
    [(false, has), (true, false)]
        .into_iter()
        .all(|(set, answer)| {
            let mut command = Command::new(std::env::current_exe().expect("this test's program"));
            command.args(["--exact", test, "--nocapture"]);
            command.env_remove(switch);
            if set {
                command.env(switch, "1");
            }
            let out = String::from_utf8(command.output().expect("a run").stdout).expect("text");
            out.contains(&format!("available: {answer}\n"))
        })
}
