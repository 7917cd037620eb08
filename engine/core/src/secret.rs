//! Secret scalars from the operating system; there is no other source and no way to pass one in.

use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

use crate::bytes::{fr, less, limbs, WIDTH};
use crate::error::{Error, Result};

/// Uniform in [1, r): 254 random bits, drawn again until they are in range (half of the time or so).
///
/// Each call asks the operating system, so a forked child draws its own.
pub fn random_scalar() -> Result<Zeroizing<Fr>> {
    let mut bytes = Zeroizing::new([0u8; WIDTH]);
    loop {
        getrandom::fill(bytes.as_mut())
            .map_err(|_| Error::Argument("the operating system gives no random bytes".into()))?;
        bytes[WIDTH - 1] &= 0x3f;
        let mut raw = limbs(bytes.as_ref());
        let in_range = less(&raw, &Fr::MODULUS.0);
        raw.zeroize();
        if in_range {
            let value = Zeroizing::new(fr(bytes.as_ref()));
            if !value.is_zero() {
                return Ok(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_spread() {
        let draws: Vec<_> = (0..200).map(|_| *random_scalar().unwrap()).collect();
        for (i, a) in draws.iter().enumerate() {
            assert!(draws[..i].iter().all(|b| a != b));
        }
        // r is 0.76 * 2^254: both values of the highest bits must come up.
        let top = draws
            .iter()
            .filter(|d| d.into_bigint().0[3] >> 61 & 1 == 1)
            .count();
        assert!(0 < top && top < draws.len());
    }
}
