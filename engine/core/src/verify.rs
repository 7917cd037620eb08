//! The Groth16 verifier; every point and scalar is checked on every call.
//!
//! Source: Groth (2016), section 3.2. e(A, B) = e(alpha, beta) e(sum x_i IC_i, gamma) e(C, delta).

use ark_bn254::{g1, g2, Bn254};
use ark_ec::{pairing::Pairing, CurveGroup};
use ark_ff::One;

use crate::bytes::Scalars;
use crate::curve::{good_point, Group};
use crate::error::{ensure, Result};
use crate::prove::PROOF_BYTES;

/// A verification key as bytes.
pub struct VerifyingKey<'a> {
    /// [alpha]1.
    pub alpha1: &'a [u8],
    /// [beta]2, [gamma]2, [delta]2.
    pub g2: [&'a [u8]; 3],
    /// One point more than there are public signals.
    pub ic: &'a [u8],
}

/// Whether the proof holds; an error when the key, the proof or a signal is malformed.
pub fn verify(key: &VerifyingKey<'_>, publics: Scalars<'_>, proof: &[u8]) -> Result<bool> {
    ensure(proof.len() == PROOF_BYTES, || {
        format!("a proof is {PROOF_BYTES} bytes")
    })?;
    let (a, rest) = proof.split_at(g1::Config::BYTES);
    let (b, c) = rest.split_at(g2::Config::BYTES);
    let alpha = good_point::<g1::Config>(key.alpha1, "key.alpha1")?;
    let [beta, gamma, delta] = key.g2;
    let beta = good_point::<g2::Config>(beta, "key.beta2")?;
    let gamma = good_point::<g2::Config>(gamma, "key.gamma2")?;
    let delta = good_point::<g2::Config>(delta, "key.delta2")?;
    ensure(
        key.ic.len() == (publics.len() + 1) * g1::Config::BYTES,
        || format!("{} public signals for another key", publics.len()),
    )?;
    let ic = key
        .ic
        .chunks_exact(g1::Config::BYTES)
        .map(|point| good_point::<g1::Config>(point, "key.ic"))
        .collect::<Result<Vec<_>>>()?;
    let a = good_point::<g1::Config>(a, "proof.a")?;
    let b = good_point::<g2::Config>(b, "proof.b")?;
    let c = good_point::<g1::Config>(c, "proof.c")?;

    let mut x = ark_bn254::G1Projective::from(ic[0]);
    for (i, point) in ic[1..].iter().enumerate() {
        x += *point * publics.get(i);
    }
    let product = Bn254::multi_pairing([-a, alpha, x.into_affine(), c], [b, beta, gamma, delta]);
    Ok(product.0.is_one())
}
