//! The engine: BN254 and Groth16 kernels over byte buffers, multi-threaded, without Python.
//!
//! Everything that comes in is checked: lengths, indices, scalars below r, coordinates below q. Nothing
//! here panics on bytes from outside.

mod batch;
pub mod bytes;
pub mod curve;
pub mod error;
pub mod heap;
mod integer;
pub mod keygen;
#[cfg(target_arch = "x86_64")]
mod lanes;
pub mod msm;
pub mod ntt;
pub mod pairing;
pub mod poseidon;
pub mod prepared;
pub mod prove;
mod quotient;
pub mod r1cs;
mod satisfied;
mod secret;
mod spare;
mod subgroup;
mod sums;
#[cfg(test)]
mod testing;
pub mod threads;
pub mod verify;
mod wide;
pub mod witness;
mod words;

pub use ark_bn254::{g1::Config as G1, g2::Config as G2};
pub use error::{Error, Result};
