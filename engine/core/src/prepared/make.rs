//! A prepared key from a `.zkey`'s parts and, when it is known, the system that the key is for.
//!
//! Every point is checked here in full, once: the digest pins what was checked, and a proof trusts it.

use ark_bn254::{g1, g2, Fr};
use ark_ec::CurveGroup;
use ark_ff::BigInt;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::class::{Class, Offsets, CLASSES};
use super::digest;
use super::intervals::Intervals;
use super::layout::{Layout, Section, Sizes, QUERIES};
use super::terms::{check_system, matrix_c, read_records, Csr, Table};
use super::types::Classes;
use crate::bytes::{limbs, put_fr, put_limbs, Scalars, WIDTH};
use crate::curve::{first_bad, good_point, write_point, Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::msm_until;
use crate::ntt::log_of;
use crate::prove::ProvingKey;
use crate::r1cs::R1cs;
use crate::threads::Cancel;

/// What a prepared key is made from.
pub struct Source<'a> {
    /// The parts that proofs need.
    pub key: ProvingKey<'a>,
    /// [gamma]2.
    pub gamma2: &'a [u8],
    /// n_publics + 1 points.
    pub ic: &'a [u8],
}

/// Everything that is decided before the file is written.
pub struct Plan<'a> {
    source: Source<'a>,
    layout: Layout,
    matrices: [Csr; 3],
    table: Table,
    classes: Vec<Class>,
    /// The wires of A, B, L.
    lists: [Vec<u32>; QUERIES],
}

impl<'a> Plan<'a> {
    /// Checks the key and derives the types; `intervals` are what its compiler knows of the system.
    pub fn new(
        source: Source<'a>,
        r1cs: Option<&R1cs<'_>>,
        intervals: Option<&Intervals<'_>>,
        cancel: &Cancel,
    ) -> Result<Self> {
        ensure(r1cs.is_some() || intervals.is_none(), || {
            "intervals: without the system that they are of".into()
        })?;
        check_points(&source, cancel)?;
        let key = &source.key;
        let mut table = Table::new();
        let [a, b] = read_records(key, &mut table)?;
        let mut c = Csr::default();
        let mut rows = a.offsets.len() - 1;
        let mut classes = vec![Class::Value; key.n_wires];
        if let Some(r1cs) = r1cs {
            rows = r1cs.rows() + r1cs.n_publics + 1;
            check_system(key, r1cs, [&a, &b], &table)?;
            c = matrix_c(r1cs, rows, &mut table);
            classes = widened(Classes::new(r1cs, intervals, cancel)?);
        }
        let publics = key.n_publics + 1;
        let lists = [(key.a, 0), (key.b1, 0), (key.c, publics)].map(|(points, first)| {
            let mut wires: Vec<u32> = (0..points.len() / g1::Config::BYTES)
                .filter(|i| points[i * 64..(i + 1) * 64].iter().any(|&byte| byte != 0))
                .map(|i| (i + first) as u32)
                .collect();
            wires.sort_by_key(|&wire| classes[wire as usize] as u8);
            wires
        });
        let sizes = Sizes {
            n_wires: key.n_wires,
            n_publics: key.n_publics,
            domain_size: key.domain_size,
            rows,
            typed: r1cs.is_some(),
            seed: seed(key),
            lists: lists.each_ref().map(|wires| {
                CLASSES.map(|class| {
                    let of_class = |wire: &&u32| classes[**wire as usize] == class;
                    wires.iter().filter(of_class).count()
                })
            }),
        };
        let mut matrices = [a, b, c];
        for matrix in &mut matrices {
            if let Some(&last) = matrix.offsets.last() {
                matrix.offsets.resize(rows + 1, last);
            }
        }
        let terms = matrices.each_ref().map(|matrix| matrix.wires.len());
        Ok(Plan {
            layout: Layout::new(sizes, terms, table.values.len()),
            source,
            matrices,
            table,
            classes,
            lists,
        })
    }

    /// Bytes of the file.
    pub fn length(&self) -> usize {
        self.layout.length
    }

    /// How many wires each class has.
    pub fn histogram(&self) -> [usize; CLASSES.len()] {
        CLASSES.map(|class| self.classes.iter().filter(|&&c| c == class).count())
    }

    /// Writes the file into as many bytes, all zero.
    pub fn write(&self, out: &mut [u8], cancel: &Cancel) -> Result<()> {
        ensure(out.len() == self.length(), || {
            format!("{} bytes for a file of {}", out.len(), self.length())
        })?;
        let key = &self.source.key;
        self.layout.write(out);
        let mut put = |section: Section, parts: &[&[u8]]| {
            let mut rest = &mut out[self.layout.range(section)];
            for part in parts {
                let (head, tail) = rest.split_at_mut(part.len());
                head.copy_from_slice(part);
                rest = tail;
            }
        };
        let [a, b, l] = &self.lists;
        let publics = key.n_publics + 1;
        put(Section::Ic, &[self.source.ic]);
        let codes: Vec<u8> = self.classes.iter().map(|&class| class as u8).collect();
        put(Section::Classes, &[&codes]);
        let mut raw = vec![0; self.table.values.len() * WIDTH];
        for (value, out) in self.table.values.iter().zip(raw.chunks_exact_mut(WIDTH)) {
            put_limbs(*value, out);
        }
        put(Section::Table, &[&raw]);
        let sections = [
            [Section::AOffsets, Section::AWires, Section::ACoeffs],
            [Section::BOffsets, Section::BWires, Section::BCoeffs],
            [Section::COffsets, Section::CWires, Section::CCoeffs],
        ];
        for (matrix, sections) in self.matrices.iter().zip(sections) {
            put(sections[0], &[&bytes_of(&matrix.offsets)]);
            put(sections[1], &[&bytes_of(&matrix.wires)]);
            put(sections[2], &[&bytes_of(&matrix.coeffs)]);
        }
        put(Section::WiresA, &[&bytes_of(a)]);
        put(Section::WiresB, &[&bytes_of(b)]);
        put(Section::WiresL, &[&bytes_of(l)]);
        put(Section::H, &[key.h]);
        for (section, wires, points, first, width) in [
            (Section::PointsA, a, key.a, 0, 64),
            (Section::PointsB1, b, key.b1, 0, 64),
            (Section::PointsB2, b, key.b2, 0, 128),
            (Section::PointsL, l, key.c, publics, 64),
        ] {
            let slots = out[self.layout.range(section)].par_chunks_exact_mut(width);
            slots.zip(wires).for_each(|(slot, &wire)| {
                let at = (wire as usize - first) * width;
                slot.copy_from_slice(&points[at..at + width]);
            });
        }
        let of_a = self.sums::<g1::Config>(out, Section::PointsA, 0, cancel)?;
        let of_b = self.sums::<g1::Config>(out, Section::PointsB1, 1, cancel)?;
        let of_l = self.sums::<g1::Config>(out, Section::PointsL, 2, cancel)?;
        let of_b2 = self.sums::<g2::Config>(out, Section::PointsB2, 1, cancel)?;
        let (beta, delta) = key.g2.split_at(g2::Config::BYTES);
        let in_g1 = [key.g1, &of_a, &of_b, &of_l].concat();
        let in_g2 = [beta, self.source.gamma2, delta, &of_b2].concat();
        out[self.layout.range(Section::G1)].copy_from_slice(&in_g1);
        out[self.layout.range(Section::G2)].copy_from_slice(&in_g2);
        cancel.look()?;
        let body = self.layout.body();
        let digest = digest::tree(&out[body.clone()]);
        out[body.end..].copy_from_slice(&digest);
        Ok(())
    }

    /// For each class the sum of its points, of k_i P_i for full wires: see `Class::weight`.
    fn sums<G: Group>(
        &self,
        file: &[u8],
        section: Section,
        query: usize,
        cancel: &Cancel,
    ) -> Result<Vec<u8>> {
        let points = Points::<G>::checked(&file[self.layout.range(section)])?;
        let sizes = &self.layout.sizes;
        let offsets = Offsets(sizes.seed);
        let mut out = vec![0; CLASSES.len() * G::BYTES];
        let mut start = 0;
        for (class, out) in CLASSES.into_iter().zip(out.chunks_exact_mut(G::BYTES)) {
            let wires = &self.lists[query][start..start + sizes.lists[query][class as usize]];
            let listed = points.range(start..start + wires.len());
            start += wires.len();
            let mut scalars = vec![0; wires.len() * WIDTH];
            scalars
                .par_chunks_exact_mut(WIDTH)
                .zip(wires)
                .for_each(|(out, &wire)| {
                    let k = || Fr::new(BigInt(offsets.limbs(wire as usize)));
                    put_fr(&class.weight(k), out);
                });
            let scalars = Scalars::new(&scalars, "weights")?;
            let sum = msm_until(listed, scalars, &|| cancel.is_set())?.ok_or(Error::Cancelled)?;
            write_point(&sum.into_affine(), out);
        }
        Ok(out)
    }
}

/// The file, in memory of its own.
pub fn prepare(
    source: Source<'_>,
    r1cs: Option<&R1cs<'_>>,
    intervals: Option<&Intervals<'_>>,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let plan = Plan::new(source, r1cs, intervals, cancel)?;
    let mut out = vec![0; plan.length()];
    plan.write(&mut out, cancel)?;
    Ok(out)
}

/// Fewer wires than this are not worth a list of their own.
const FEW: usize = 256;

/// Puts the wires of a class into the next wider one when they are few; unless rows alone give the class
/// a list, so that what a compiler knows makes no wire wider.
fn widened(found: Classes) -> Vec<Class> {
    let Classes {
        mut by_rows,
        mut narrowed,
    } = found;
    let count = |classes: &[Class], of: Class| classes.iter().filter(|&&c| c == of).count();
    for (from, to) in [(Class::Word, Class::Double), (Class::Double, Class::Full)] {
        let join = |classes: &mut [Class]| {
            for class in classes.iter_mut().filter(|class| **class == from) {
                *class = to;
            }
        };
        if count(&by_rows, from) < FEW {
            join(&mut by_rows);
            if count(&narrowed, from) < FEW {
                join(&mut narrowed);
            }
        }
    }
    narrowed
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Two keys of one circuit have other offsets; the same key always the same.
fn seed(key: &ProvingKey<'_>) -> u64 {
    let hash = Sha256::digest(key.g1);
    limbs(&hash[..])[0]
}

/// Numbers of points, and every one on its curve and in its group.
fn check_points(source: &Source<'_>, cancel: &Cancel) -> Result<()> {
    let key = &source.key;
    log_of(key.domain_size)?;
    ensure(
        key.n_publics < key.n_wires && key.n_wires <= u32::MAX as usize,
        || format!("{} publics among {} wires", key.n_publics, key.n_wires),
    )?;
    let (p1, p2) = (g1::Config::BYTES, g2::Config::BYTES);
    ensure(key.g1.len() == 3 * p1 && key.g2.len() == 2 * p2, || {
        "key: a wrong number of points".into()
    })?;
    for point in key.g1.chunks_exact(p1) {
        let _ = good_point::<g1::Config>(point, "key")?;
    }
    for point in key.g2.chunks_exact(p2).chain([source.gamma2]) {
        let _ = good_point::<g2::Config>(point, "key")?;
    }
    let publics = key.n_publics + 1;
    for (points, count, what) in [
        (source.ic, publics, "key.ic"),
        (key.a, key.n_wires, "key.a"),
        (key.b1, key.n_wires, "key.b1"),
        (key.c, key.n_wires - publics, "key.c"),
        (key.h, key.domain_size, "key.h"),
    ] {
        ensure(points.len() == count * p1, || {
            format!("{what}: {} points, not {count}", points.len() / p1)
        })?;
        all_good::<g1::Config>(points, what, cancel)?;
    }
    ensure(key.b2.len() == key.n_wires * p2, || {
        format!("key.b2: {} points, not {}", key.b2.len() / p2, key.n_wires)
    })?;
    all_good::<g2::Config>(key.b2, "key.b2", cancel)?;
    let b1 = Points::<g1::Config>::new(key.b1, "key.b1")?;
    let b2 = Points::<g2::Config>::new(key.b2, "key.b2")?;
    let same = (0..key.n_wires).all(|i| b1.is_infinity(i) == b2.is_infinity(i));
    ensure(same, || {
        "key: a wire has a point of B in one group only".into()
    })?;
    let h = Points::<g1::Config>::new(key.h, "key.h")?;
    ensure((0..h.len()).all(|i| !h.is_infinity(i)), || {
        "key.h: a point at infinity".into()
    })
}

/// Points between two looks at the request to stop.
const LOOK: usize = 1 << 14;

fn all_good<G: Group>(points: &[u8], what: &str, cancel: &Cancel) -> Result<()> {
    for (part, points) in points.chunks(LOOK * G::BYTES).enumerate() {
        cancel.look()?;
        if let Some(i) = first_bad::<G>(points)? {
            let i = part * LOOK + i;
            return Err(Error::BadPoint(format!(
                "{what}: point {i} is not canonical, not on the curve or not in the subgroup"
            )));
        }
    }
    Ok(())
}
