//! Field elements and points as the bytes of iden3's files, read where they lie.
//!
//! A scalar is 32 bytes, canonical, little-endian (`.wtns`). A coordinate is 32 bytes, little-endian,
//! in Montgomery form with factor 2^256 (`.zkey`), which is also how arkworks keeps an element in
//! memory, so reading one is a load. Sections of a mapped file start anywhere: no alignment is assumed.

use ark_bn254::{Fq, Fq2, Fr};
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;

use crate::error::{ensure, Error, Result};

/// Bytes of a scalar or of one coordinate in Fq.
pub const WIDTH: usize = 32;

/// Elements that one task reads; far more work than handing the task out.
const CHUNK: usize = 1 << 12;

/// Four little-endian limbs from exactly 32 bytes.
#[inline]
pub fn limbs(bytes: &[u8]) -> [u64; 4] {
    let mut out = [0u64; 4];
    for (limb, eight) in out.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut buffer = [0u8; 8];
        buffer.copy_from_slice(eight);
        *limb = u64::from_le_bytes(buffer);
    }
    out
}

/// Writes four limbs to exactly 32 bytes.
#[inline]
pub fn put_limbs(limbs: [u64; 4], out: &mut [u8]) {
    for (limb, eight) in limbs.iter().zip(out.chunks_exact_mut(8)) {
        eight.copy_from_slice(&limb.to_le_bytes());
    }
}

/// a < b on four limbs.
#[inline]
pub fn less(a: &[u64; 4], b: &[u64; 4]) -> bool {
    for i in (0..4).rev() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// An element of Fr from its canonical integer; the caller has checked that it is below r.
#[inline]
pub fn fr(bytes: &[u8]) -> Fr {
    fr_from_limbs(limbs(bytes))
}

/// As `fr`, from limbs: one Montgomery multiplication by 2^512, without a branch on the value.
#[inline]
pub fn fr_from_limbs(limbs: [u64; 4]) -> Fr {
    Fr::new_unchecked(BigInt(limbs)) * R2
}

/// 2^512 mod r as raw limbs: times a raw integer x it gives x in Montgomery form.
const R2: Fr = Fr::new_unchecked(Fr::R2);

/// Writes the canonical integer of an element.
#[inline]
pub fn put_fr(value: &Fr, out: &mut [u8]) {
    put_limbs(value.into_bigint().0, out);
}

/// n scalars, each known to be below r.
#[derive(Clone, Copy)]
pub struct Scalars<'a>(&'a [u8]);

impl<'a> Scalars<'a> {
    /// Checks the length and that every scalar is canonical.
    pub fn new(bytes: &'a [u8], what: &str) -> Result<Self> {
        ensure(bytes.len().is_multiple_of(WIDTH), || {
            format!(
                "{what}: {} bytes is not a whole number of scalars",
                bytes.len()
            )
        })?;
        let bad = bytes
            .par_chunks(WIDTH * CHUNK)
            .enumerate()
            .find_map_first(|(chunk, part)| {
                part.chunks_exact(WIDTH)
                    .position(|one| !less(&limbs(one), &Fr::MODULUS.0))
                    .map(|i| chunk * CHUNK + i)
            });
        match bad {
            None => Ok(Scalars(bytes)),
            Some(i) => Err(Error::Argument(format!(
                "{what}: element {i} is not below r"
            ))),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len() / WIDTH
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The canonical limbs of scalar `i`. Panics when `i` is out of range.
    #[inline]
    pub fn limbs(&self, i: usize) -> [u64; 4] {
        limbs(&self.0[i * WIDTH..(i + 1) * WIDTH])
    }

    /// Scalar `i` as a field element.
    #[inline]
    pub fn get(&self, i: usize) -> Fr {
        fr_from_limbs(self.limbs(i))
    }

    /// All of them as field elements.
    pub fn to_vec(&self) -> Vec<Fr> {
        self.0
            .par_chunks(WIDTH)
            .with_min_len(CHUNK)
            .map(fr)
            .collect()
    }

    /// The first `n` scalars. Panics when there are fewer.
    pub fn first(&self, n: usize) -> Scalars<'a> {
        Scalars(&self.0[..n * WIDTH])
    }

    /// The scalars from `from` on. Panics when there are fewer.
    pub fn skip(&self, from: usize) -> Scalars<'a> {
        Scalars(&self.0[from * WIDTH..])
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// All elements as canonical bytes.
pub fn write_all(values: &[Fr], out: &mut [u8]) -> Result<()> {
    ensure(out.len() == values.len() * WIDTH, || {
        format!("{} bytes for {} scalars", out.len(), values.len())
    })?;
    out.par_chunks_mut(WIDTH)
        .zip(values)
        .with_min_len(CHUNK)
        .for_each(|(out, value)| put_fr(value, out));
    Ok(())
}

/// A coordinate of a point: Fq for G1, Fq2 for G2.
pub trait Coordinate: ark_ff::Field {
    /// Bytes of one coordinate.
    const BYTES: usize;
    /// Reads Montgomery limbs as they stand.
    fn read(bytes: &[u8]) -> Self;
    /// Reads Montgomery limbs below 2q.
    fn read_loose(bytes: &[u8]) -> Self;
    /// Writes Montgomery limbs.
    fn write(&self, out: &mut [u8]);
    /// Whether the limbs are below q.
    fn is_canonical(bytes: &[u8]) -> bool;
}

impl Coordinate for Fq {
    const BYTES: usize = WIDTH;

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        Fq::new_unchecked(BigInt(limbs(bytes)))
    }

    #[inline]
    fn read_loose(bytes: &[u8]) -> Self {
        let mut value = BigInt(limbs(bytes));
        if !less(&value.0, &Fq::MODULUS.0) {
            value.sub_with_borrow(&Fq::MODULUS);
        }
        Fq::new_unchecked(value)
    }

    #[inline]
    fn write(&self, out: &mut [u8]) {
        put_limbs(self.0 .0, out);
    }

    #[inline]
    fn is_canonical(bytes: &[u8]) -> bool {
        less(&limbs(bytes), &Fq::MODULUS.0)
    }
}

impl Coordinate for Fq2 {
    const BYTES: usize = 2 * WIDTH;

    #[inline]
    fn read(bytes: &[u8]) -> Self {
        Fq2::new(
            Fq::read(&bytes[..WIDTH]),
            Fq::read(&bytes[WIDTH..2 * WIDTH]),
        )
    }

    #[inline]
    fn read_loose(bytes: &[u8]) -> Self {
        Fq2::new(
            Fq::read_loose(&bytes[..WIDTH]),
            Fq::read_loose(&bytes[WIDTH..2 * WIDTH]),
        )
    }

    #[inline]
    fn write(&self, out: &mut [u8]) {
        self.c0.write(&mut out[..WIDTH]);
        self.c1.write(&mut out[WIDTH..2 * WIDTH]);
    }

    #[inline]
    fn is_canonical(bytes: &[u8]) -> bool {
        Fq::is_canonical(&bytes[..WIDTH]) && Fq::is_canonical(&bytes[WIDTH..2 * WIDTH])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{BigInteger, One, Zero};

    #[test]
    fn scalars_round_trip_and_refuse_r() {
        let mut minus_one = Fr::MODULUS;
        minus_one.sub_with_borrow(&BigInt::one());
        for value in [BigInt::zero(), BigInt::one(), minus_one] {
            let mut bytes = [0u8; 32];
            put_limbs(value.0, &mut bytes);
            let scalars = Scalars::new(&bytes, "x").unwrap();
            assert_eq!(scalars.get(0).into_bigint(), value);
        }
        let mut bytes = [0u8; 64];
        put_limbs(Fr::MODULUS.0, &mut bytes[32..]);
        let error = Scalars::new(&bytes, "x").err().unwrap();
        assert_eq!(error, Error::Argument("x: element 1 is not below r".into()));
        assert!(Scalars::new(&bytes[1..], "x").is_err());
    }

    #[test]
    fn montgomery_limbs_are_arkworks_own() {
        let mut bytes = [0u8; 32];
        Fq::one().write(&mut bytes);
        assert_eq!(limbs(&bytes), Fq::R.0);
        assert!(Fq::is_canonical(&bytes));
        put_limbs(Fq::MODULUS.0, &mut bytes);
        assert!(!Fq::is_canonical(&bytes));
        assert!(!Fq::zero().is_one());
    }
}
