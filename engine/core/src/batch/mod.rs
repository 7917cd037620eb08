//! Batches of affine additions with one shared inversion.
//!
//! Source: Montgomery, "Speeding the Pollard and Elliptic Curve Methods of Factorization" (1987).
//! Notation: for a pair (x1, y1), (x2, y2) with x1 != x2: l = (y2 - y1) / (x2 - x1), x3 = l^2 - x1 - x2,
//! y3 = l (x1 - x3) - y1. A pair with x1 = x2 is flagged and left to the caller. Points are never infinity.
//!
//! Coordinates in memory may be loose: below 2q. Both kernels take them so, and the vector kernel leaves
//! them so.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod scalar;
#[cfg(test)]
mod tests;

use ark_bn254::{g1, g2};

/// Two operands: 2 * index + [subtract the point].
pub type Pair = (u32, u32);

#[cfg(test)]
pub(crate) static FORCE_SCALAR: std::sync::atomic::AtomicBool =
    std::sync::atomic::AtomicBool::new(false);

/// Whether the vector kernel is to be used.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_vectors() -> bool {
    #[cfg(test)]
    if FORCE_SCALAR.load(std::sync::atomic::Ordering::Relaxed) {
        return false;
    }
    crate::lanes::available()
}

/// out[i] = the sum of pairs[i], points taken from `base`; pairs with equal x go to `flagged`.
///
/// Panics when an index is out of range or `out` is too short.
pub fn add_pairs_g1(base: &[u8], pairs: &[Pair], out: &mut [u8], flagged: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        return ifma::add_pairs_g1(base, pairs, out, flagged);
    }
    scalar::add_pairs::<g1::Config>(base, pairs, out, flagged);
}

/// The same in G2.
pub fn add_pairs_g2(base: &[u8], pairs: &[Pair], out: &mut [u8], flagged: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        return ifma::add_pairs_g2(base, pairs, out, flagged);
    }
    scalar::add_pairs::<g2::Config>(base, pairs, out, flagged);
}
