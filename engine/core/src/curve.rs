//! Points of G1 and G2: reading, checking, and multiples of one fixed point.
//!
//! Notation: a point is affine (x, y), 64 bytes in G1 and 128 in G2; all zeros is infinity, which is
//! no point of either curve.

use ark_bn254::{g1, g2, Fr};
use ark_ec::{
    models::short_weierstrass::{Affine, Projective, SWCurveConfig},
    AffineRepr, CurveGroup,
};
use ark_ff::PrimeField;
use rayon::prelude::*;
use zeroize::Zeroize;

use crate::batch::{sum_g1, sum_g2, Flag, Job};
use crate::bytes::{Coordinate, Scalars};
use crate::error::{ensure, Error, Result};
use crate::msm::{digit_count, recode, sum_lists};
use crate::subgroup;
use crate::threads::Cancel;

/// G1 or G2.
pub trait Group: SWCurveConfig<ScalarField = Fr, BaseField: Coordinate, ZeroFlag = ()> {
    /// Bytes of a point.
    const BYTES: usize = 2 * <Self::BaseField as Coordinate>::BYTES;
    /// Its name in messages.
    const NAME: &'static str;
    /// See `batch::sum_g1`.
    fn sum_lists(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>);
}

impl Group for g1::Config {
    const NAME: &'static str = "G1";

    fn sum_lists(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
        sum_g1(job, out, flags);
    }
}

impl Group for g2::Config {
    const NAME: &'static str = "G2";

    fn sum_lists(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
        sum_g2(job, out, flags);
    }
}

/// n points whose coordinates are known to be below q; whether they lie on the curve is not known.
pub struct Points<'a, G: Group> {
    bytes: &'a [u8],
    group: std::marker::PhantomData<G>,
}

impl<G: Group> Clone for Points<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: Group> Copy for Points<'_, G> {}

/// Points that one task reads.
const CHUNK: usize = 1 << 10;

impl<'a, G: Group> Points<'a, G> {
    /// Checks the length and that every coordinate is canonical.
    ///
    /// The second check matters even for a trusted key: arkworks' inversion does not end on q itself.
    pub fn new(bytes: &'a [u8], what: &str) -> Result<Self> {
        ensure(bytes.len().is_multiple_of(G::BYTES), || {
            format!(
                "{what}: {} bytes is not a whole number of {} points",
                bytes.len(),
                G::NAME
            )
        })?;
        match first(bytes, G::BYTES, |point| !is_canonical::<G>(point)) {
            None => Ok(Points {
                bytes,
                group: std::marker::PhantomData,
            }),
            Some(i) => Err(Error::Argument(format!(
                "{what}: point {i} has a coordinate that is not below q"
            ))),
        }
    }

    /// Points whose coordinates were checked before; only the length is.
    pub(crate) fn checked(bytes: &'a [u8]) -> Result<Self> {
        ensure(bytes.len().is_multiple_of(G::BYTES), || {
            format!("not a whole number of {} points", G::NAME)
        })?;
        Ok(Points {
            bytes,
            group: std::marker::PhantomData,
        })
    }

    /// The points of a range. Panics when it is out of range.
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> Self {
        Points {
            bytes: &self.bytes[range.start * G::BYTES..range.end * G::BYTES],
            group: self.group,
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.bytes.len() / G::BYTES
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Point `i`. Panics when `i` is out of range.
    #[inline]
    pub fn get(&self, i: usize) -> Affine<G> {
        read_point(&self.bytes[i * G::BYTES..(i + 1) * G::BYTES])
    }

    /// Whether point `i` is infinity. Panics when `i` is out of range.
    #[inline]
    pub fn is_infinity(&self, i: usize) -> bool {
        self.bytes[i * G::BYTES..(i + 1) * G::BYTES]
            .iter()
            .all(|&byte| byte == 0)
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first `n` points. Panics when there are fewer.
    pub fn first(&self, n: usize) -> Self {
        Points {
            bytes: &self.bytes[..n * G::BYTES],
            group: self.group,
        }
    }

    /// The points from `from` on. Panics when there are fewer.
    pub fn skip(&self, from: usize) -> Self {
        Points {
            bytes: &self.bytes[from * G::BYTES..],
            group: self.group,
        }
    }
}

fn is_canonical<G: Group>(point: &[u8]) -> bool {
    let (x, y) = point.split_at(G::BYTES / 2);
    G::BaseField::is_canonical(x) && G::BaseField::is_canonical(y)
}

/// Reads a point whose coordinates are below q.
#[inline]
pub fn read_point<G: Group>(bytes: &[u8]) -> Affine<G> {
    let (x, y) = bytes.split_at(G::BYTES / 2);
    Affine::new_unchecked(G::BaseField::read(x), G::BaseField::read(y))
}

/// Reads a point whose coordinates are loose, below 2q.
#[inline]
pub fn read_loose<G: Group>(bytes: &[u8]) -> Affine<G> {
    let (x, y) = bytes.split_at(G::BYTES / 2);
    Affine::new_unchecked(G::BaseField::read_loose(x), G::BaseField::read_loose(y))
}

/// Writes a point.
#[inline]
pub fn write_point<G: Group>(point: &Affine<G>, out: &mut [u8]) {
    let (x, y) = out.split_at_mut(G::BYTES / 2);
    point.x.write(x);
    point.y.write(y);
}

/// The bytes of one point.
pub fn point_bytes<G: Group>(point: &Affine<G>) -> Vec<u8> {
    let mut out = vec![0; G::BYTES];
    write_point(point, &mut out);
    out
}

/// The lowest index for which `wrong` holds.
fn first(bytes: &[u8], width: usize, wrong: impl Fn(&[u8]) -> bool + Sync) -> Option<usize> {
    bytes
        .par_chunks(width * CHUNK)
        .enumerate()
        .find_map_first(|(chunk, part)| {
            part.chunks_exact(width)
                .position(&wrong)
                .map(|i| chunk * CHUNK + i)
        })
}

/// The first point that is off the curve, out of the subgroup or not canonical; infinity is good.
pub fn first_bad<G: Group>(bytes: &[u8]) -> Result<Option<usize>> {
    ensure(bytes.len().is_multiple_of(G::BYTES), || {
        format!(
            "{} bytes is not a whole number of {} points",
            bytes.len(),
            G::NAME
        )
    })?;
    let off = first(bytes, G::BYTES, |point| !is_on_curve::<G>(point));
    let on = &bytes[..off.unwrap_or(bytes.len() / G::BYTES) * G::BYTES];
    if G::COFACTOR == [1] {
        return Ok(off);
    }
    Ok(subgroup::first_outside::<G>(on)?.or(off))
}

/// Canonical and on the curve, or infinity.
fn is_on_curve<G: Group>(bytes: &[u8]) -> bool {
    is_canonical::<G>(bytes) && {
        let point: Affine<G> = read_point(bytes);
        point.is_zero() || point.is_on_curve()
    }
}

/// Points checked in full, infinity allowed: what the public pairing functions take.
pub fn good_points<G: Group>(bytes: &[u8], what: &str) -> Result<Vec<Affine<G>>> {
    match first_bad::<G>(bytes)? {
        None => Ok(bytes.chunks_exact(G::BYTES).map(read_point).collect()),
        Some(i) => Err(Error::BadPoint(format!(
            "{what}: point {i} is not canonical, not on the curve or not in the subgroup"
        ))),
    }
}

/// One point checked in full, infinity refused: what a verification key and a proof are made of.
pub fn good_point<G: Group>(bytes: &[u8], what: &str) -> Result<Affine<G>> {
    ensure(bytes.len() == G::BYTES, || {
        format!("{what}: one {} point is {} bytes", G::NAME, G::BYTES)
    })?;
    let refused = |why: &str| Err(Error::BadPoint(format!("{what}: {why}")));
    if !is_canonical::<G>(bytes) {
        return refused("a coordinate is not below q");
    }
    let point: Affine<G> = read_point(bytes);
    if point.is_zero() {
        return refused("the point at infinity");
    }
    if !point.is_on_curve() {
        return refused("not on the curve");
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return refused("not in the subgroup of order r");
    }
    Ok(point)
}

/// Multiples d * 2^(c k) P of one point, d = 1 .. 2^(c-1): for signed digits of c bits.
pub struct FixedBase<G: Group> {
    width: usize,
    /// Row k holds the multiples of 2^(c k) P; no multiple is infinity unless P is.
    table: Vec<u8>,
    group: std::marker::PhantomData<G>,
}

/// Widest digit: the table stays in the third-level cache.
const MAX_WIDTH: usize = 12;

impl<G: Group> FixedBase<G> {
    /// A table that pays off for about `n` multiplications.
    pub fn new(point: Affine<G>, n: usize) -> Self {
        let width = (n.max(1).ilog2() as usize * 3 / 4).clamp(3, MAX_WIDTH);
        let mut bases = Vec::new();
        let mut base = Projective::<G>::from(point);
        for _ in 0..digit_count(width) {
            bases.push(base);
            for _ in 0..width {
                base += base;
            }
        }
        let half = 1 << (width - 1);
        let mut table = vec![0; bases.len() * half * G::BYTES];
        table
            .par_chunks_mut(half * G::BYTES)
            .zip(bases)
            .for_each(|(row, base)| {
                let mut multiple = base;
                let mut multiples = Vec::with_capacity(half);
                for _ in 0..half {
                    multiples.push(multiple);
                    multiple += base;
                }
                let multiples = Projective::normalize_batch(&multiples);
                for (point, out) in multiples.iter().zip(row.chunks_exact_mut(G::BYTES)) {
                    write_point(point, out);
                }
            });
        FixedBase {
            width,
            table,
            group: std::marker::PhantomData,
        }
    }

    /// Writes scalars[i] * P for all i: each is the sum of one entry of the table a digit.
    pub fn mul_many(&self, scalars: &[Fr], out: &mut [u8]) -> Result<()> {
        self.mul_until(scalars, out, &Cancel::new())
    }

    /// The same, unless it is asked to stop.
    pub fn mul_until(&self, scalars: &[Fr], out: &mut [u8], cancel: &Cancel) -> Result<()> {
        ensure(out.len() == scalars.len() * G::BYTES, || {
            format!("{} bytes for {} points", out.len(), scalars.len())
        })?;
        if self.table[..G::BYTES].iter().all(|&byte| byte == 0) {
            out.fill(0);
            return Ok(());
        }
        let half = 1 << (self.width - 1);
        out.par_chunks_mut(G::BYTES * CHUNK)
            .zip(scalars.par_chunks(CHUNK))
            .for_each(|(out, scalars)| {
                if cancel.is_set() {
                    return;
                }
                let mut entries = Vec::with_capacity(scalars.len() * digit_count(self.width));
                let mut offsets = vec![0];
                for scalar in scalars {
                    recode(scalar.into_bigint().0, self.width, |k, digit| {
                        entries.push(2 * (k as u32 * half + (digit >> 1) - 1) + (digit & 1));
                    });
                    offsets.push(entries.len() as u32);
                }
                sum_lists::<G>(&self.table, &entries, &offsets, None, out);
                // Which multiples were summed tells the scalars; in a key generation they are secret.
                entries.zeroize();
            });
        cancel.look()
    }
}

/// `width` bits of an integer from bit `from` on; bits past the end are zero.
#[inline]
pub fn window_of(limbs: &[u64; 4], from: usize, width: usize) -> u64 {
    let (word, shift) = (from / 64, from % 64);
    if word >= 4 {
        return 0;
    }
    let mut bits = limbs[word] >> shift;
    if shift + width > 64 && word + 1 < 4 {
        bits |= limbs[word + 1] << (64 - shift);
    }
    bits & ((1 << width) - 1)
}

/// scalars[i] * point for all i.
pub fn mul<G: Group>(point: &[u8], scalars: Scalars<'_>, out: &mut [u8]) -> Result<()> {
    ensure(point.len() == G::BYTES, || {
        format!("one {} point is {} bytes", G::NAME, G::BYTES)
    })?;
    let point = Points::<G>::new(point, "point")?.get(0);
    FixedBase::<G>::new(point, scalars.len()).mul_many(&scalars.to_vec(), out)
}
