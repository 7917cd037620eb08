//! Prepared keys: opened at once, proved from many times, with work that does not depend on the witness.
//!
//! Source: Groth (2016), section 3.2; docs/formats/prepared-key.md. Notation as in ../prove.rs: w the
//! witness, A, B, L, H the queries; the lists of a query hold its wires by class (class.rs).
//!
//! **Invariant:** `open` checks the digest, every index and every coordinate; whether a point lies on its
//! curve was checked when the key was prepared, and the digest pins that. So a key from elsewhere is to be
//! compared with a digest that is trusted.

mod class;
mod digest;
mod intervals;
mod layout;
mod lists;
mod make;
mod rows;
mod spans;
mod terms;
#[cfg(test)]
mod tests;
mod types;

use std::sync::OnceLock;

use ark_bn254::{g1, g2, G1Projective, G2Projective};

pub use class::{Class, CLASSES};
pub use digest::DIGEST;
pub use intervals::Intervals;
pub use make::{prepare, Plan, Source};

use crate::bytes::Scalars;
use crate::curve::{good_point, Group, Points};
use crate::error::{ensure, Error, Result};
use crate::msm::msm_until;
use crate::ntt::{coset_product, log_of};
use crate::prove::{blinded, Sums, PROOF_BYTES};
use crate::spare::Spare;
use crate::threads::Cancel;
use class::Offsets;
use layout::{Layout, Section, QUERIES};
pub use lists::Work;
use lists::{Lists, Values};
use rows::{Matrix, System};

/// A key that was opened: where its parts lie in the file. The file's bytes are handed in again to prove.
#[derive(Clone, Debug)]
pub struct Prepared {
    layout: Layout,
    digest: [u8; DIGEST],
    /// What the first proof works out from public points alone, for A, B and L, and for B in G2.
    known1: [OnceLock<G1Projective>; QUERIES],
    known2: OnceLock<G2Projective>,
}

impl Prepared {
    /// Checks a whole file.
    pub fn open(file: &[u8]) -> Result<Self> {
        let layout = Layout::read(file)?;
        let body = layout.body();
        let digest = digest::tree(&file[body.clone()]);
        ensure(digest == file[body.end..], || {
            "prepared key: the digest does not agree: the file is damaged; prepare the key again"
                .into()
        })?;
        let key = Prepared {
            layout,
            digest,
            known1: Default::default(),
            known2: OnceLock::new(),
        };
        key.check(file)?;
        Ok(key)
    }

    fn check(&self, file: &[u8]) -> Result<()> {
        let sizes = &self.layout.sizes;
        let bad = |what: &str| Error::Argument(format!("prepared key: {what}"));
        log_of(sizes.domain_size)?;
        if sizes.n_publics >= sizes.n_wires || sizes.rows > sizes.domain_size {
            return Err(bad("its sizes contradict each other"));
        }
        let part = |section| self.part(file, section);
        for point in part(Section::G1)[..3 * g1::Config::BYTES].chunks_exact(g1::Config::BYTES) {
            let _ = good_point::<g1::Config>(point, "prepared key")?;
        }
        for point in part(Section::G2)[..3 * g2::Config::BYTES].chunks_exact(g2::Config::BYTES) {
            let _ = good_point::<g2::Config>(point, "prepared key")?;
        }
        let table = part(Section::Table);
        // Coefficients are Montgomery limbs below r, which is what is checked of scalars.
        Scalars::new(table, "prepared key: coefficients")?;
        for matrix in self.matrices(file) {
            Matrix::check(matrix, sizes.rows, sizes.n_wires, table)?;
        }
        let classes = part(Section::Classes);
        if classes.iter().any(|&code| code as usize >= CLASSES.len()) {
            return Err(bad("there is no such class"));
        }
        for (q, wires) in [Section::WiresA, Section::WiresB, Section::WiresL]
            .into_iter()
            .enumerate()
        {
            lists::check_wires(part(wires), sizes.lists[q], classes)?;
        }
        for section in [
            Section::G1,
            Section::Ic,
            Section::PointsA,
            Section::PointsB1,
            Section::PointsL,
            Section::H,
        ] {
            Points::<g1::Config>::new(part(section), "prepared key")?;
        }
        for section in [Section::G2, Section::PointsB2] {
            Points::<g2::Config>::new(part(section), "prepared key")?;
        }
        let mut none = true;
        for section in [
            Section::PointsA,
            Section::PointsB1,
            Section::PointsL,
            Section::H,
        ] {
            none &= lists::all_finite::<g1::Config>(part(section));
        }
        none &= lists::all_finite::<g2::Config>(part(Section::PointsB2));
        if !none {
            return Err(bad("a point at infinity in a list"));
        }
        Ok(())
    }

    /// Wires, the constant one included.
    pub fn n_wires(&self) -> usize {
        self.layout.sizes.n_wires
    }

    /// Public signals.
    pub fn n_publics(&self) -> usize {
        self.layout.sizes.n_publics
    }

    /// n.
    pub fn domain_size(&self) -> usize {
        self.layout.sizes.domain_size
    }

    /// Whether wires have types and a witness is checked against the constraints.
    pub fn is_typed(&self) -> bool {
        self.layout.sizes.typed
    }

    /// The digest of the file.
    pub fn digest(&self) -> &[u8; DIGEST] {
        &self.digest
    }

    /// [alpha]1, [beta]2, [gamma]2, [delta]2, IC: the parts of the verification key.
    pub fn verifying_key<'a>(&self, file: &'a [u8]) -> Result<[&'a [u8]; 5]> {
        self.same_file(file)?;
        let (g1, g2) = (self.part(file, Section::G1), self.part(file, Section::G2));
        let mut points = g2.chunks_exact(g2::Config::BYTES);
        let mut next = || points.next().unwrap_or_default();
        Ok([
            &g1[..g1::Config::BYTES],
            next(),
            next(),
            next(),
            self.part(file, Section::Ic),
        ])
    }

    /// A proof for the witness. `file` is what was opened; it may not have changed since.
    ///
    /// `Unsatisfied` for a witness that breaks a constraint, if the key knows its system.
    pub fn prove(
        &self,
        file: &[u8],
        witness: Scalars<'_>,
        out: &mut [u8],
        cancel: &Cancel,
    ) -> Result<()> {
        ensure(out.len() == PROOF_BYTES, || "out: one proof".into())?;
        let sums = self.sums(file, witness, &mut Work::default(), cancel)?;
        let g1 = self.points::<g1::Config>(file, Section::G1)?;
        let g2 = self.points::<g2::Config>(file, Section::G2)?;
        blinded(
            &sums,
            [g1.get(0), g1.get(1), g1.get(2)],
            [g2.get(0), g2.get(2)],
            out,
        )
    }

    /// Additions by class that the sums of a proof over the wires take, for tests of what the work
    /// depends on. Nothing else may use the engine meanwhile.
    pub fn additions(&self, file: &[u8], witness: Scalars<'_>) -> Result<Work> {
        let mut work = Work::default();
        self.sums(file, witness, &mut work, &Cancel::new())?;
        Ok(work)
    }

    /// The sums of a proof, after the witness was checked.
    fn sums(
        &self,
        file: &[u8],
        witness: Scalars<'_>,
        work: &mut Work,
        cancel: &Cancel,
    ) -> Result<Sums> {
        self.same_file(file)?;
        let sizes = &self.layout.sizes;
        ensure(witness.len() == sizes.n_wires, || {
            format!("{} values for {} wires", witness.len(), sizes.n_wires)
        })?;
        ensure(witness.limbs(0) == [1, 0, 0, 0], || {
            "the witness does not start with 1".into()
        })?;
        let stop = || cancel.is_set();
        let sum_h = {
            let quotient = self.quotient(file, witness, cancel)?;
            let points = self.points::<g1::Config>(file, Section::H)?;
            let quotient = Scalars::new(quotient.bytes(), "quotient")?;
            msm_until(points, quotient, &stop)?.ok_or(Error::Cancelled)?
        };
        let values = Values::new(
            witness,
            self.part(file, Section::Classes),
            Offsets(sizes.seed),
        )?;
        let g1 = self.points::<g1::Config>(file, Section::G1)?;
        let g2 = self.points::<g2::Config>(file, Section::G2)?;
        let lists = |q: usize, wires: Section| Lists::new(self.part(file, wires), sizes.lists[q]);
        let mut in_g1 = |q: usize, wires: Section, points: Section| {
            let sums = g1.skip(3 + q * CLASSES.len());
            let points = self.points(file, points)?;
            lists(q, wires)?.sum(&values, points, sums, &self.known1[q], (&mut *work, cancel))
        };
        let a = in_g1(0, Section::WiresA, Section::PointsA)?;
        let b1 = in_g1(1, Section::WiresB, Section::PointsB1)?;
        let sum_l = in_g1(2, Section::WiresL, Section::PointsL)?;
        let points = self.points(file, Section::PointsB2)?;
        let b2 = lists(1, Section::WiresB)?.sum(
            &values,
            points,
            g2.skip(3),
            &self.known2,
            (work, cancel),
        )?;
        Ok(Sums {
            a,
            b1,
            b2,
            c: sum_l + sum_h,
        })
    }

    /// The quotient's scalars, after the witness was checked against the rows.
    fn quotient(&self, file: &[u8], witness: Scalars<'_>, cancel: &Cancel) -> Result<Spare> {
        let sizes = &self.layout.sizes;
        let table = self.part(file, Section::Table);
        let mut matrices = self
            .matrices(file)
            .into_iter()
            .map(|parts| Matrix::view(parts, table));
        let mut next = || matrices.next().transpose();
        let (Some(a), Some(b), c) = (next()?, next()?, next()?) else {
            return Err(Error::Argument("prepared key: no matrices".into()));
        };
        let system = System::new(a, b, c, sizes.rows, witness);
        let out = coset_product(&system, sizes.domain_size, &|| cancel.is_set())?;
        cancel.look()?;
        system.satisfied()?;
        out.ok_or(Error::Cancelled)
    }

    /// A, B and, in a typed key, C.
    fn matrices<'a>(&self, file: &'a [u8]) -> Vec<[&'a [u8]; 3]> {
        let mut all = vec![
            [Section::AOffsets, Section::AWires, Section::ACoeffs],
            [Section::BOffsets, Section::BWires, Section::BCoeffs],
        ];
        if self.layout.sizes.typed {
            all.push([Section::COffsets, Section::CWires, Section::CCoeffs]);
        }
        all.into_iter()
            .map(|parts| parts.map(|section| self.part(file, section)))
            .collect()
    }

    fn same_file(&self, file: &[u8]) -> Result<()> {
        ensure(file.len() == self.layout.length, || {
            "prepared key: these are not the bytes that were opened".into()
        })
    }

    fn part<'a>(&self, file: &'a [u8], section: Section) -> &'a [u8] {
        &file[self.layout.range(section)]
    }

    /// Points whose coordinates were checked by `open`.
    fn points<'a, G: Group>(&self, file: &'a [u8], section: Section) -> Result<Points<'a, G>> {
        Points::checked(self.part(file, section))
    }
}
