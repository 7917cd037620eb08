//! The bytes of a prepared key: a header, sections that begin on pages, a digest at the end.
//!
//! Notation: docs/formats/prepared-key.md has the table. Queries: A and B over the wires that have a point
//! there, L over the private wires; a query's points stand in lists by class, in the order of the classes.

use std::ops::Range;

use super::class::CLASSES;
use super::digest::DIGEST;
use crate::error::{ensure, Error, Result};

/// The first eight bytes.
pub const MAGIC: [u8; 8] = *b"zkmprep\0";

/// The version that this engine writes and reads.
pub const VERSION: u32 = 1;

/// Sections begin at multiples of this.
pub const PAGE: usize = 4096;

/// Bytes of the header.
pub const HEADER: usize = TABLE + 16 * SECTIONS;

/// Number of sections.
pub const SECTIONS: usize = 22;

/// Queries with lists of wires.
pub const QUERIES: usize = 3;

/// Where the number of lists stands.
const COUNTS: usize = 44;

/// Where the table of sections stands.
const TABLE: usize = 192;

/// Sections in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Section {
    /// alpha, beta, delta, and by class the sums of the points of A, B and L, in G1.
    G1 = 0,
    /// beta, gamma, delta, and by class the sums of the points of B, in G2.
    G2,
    /// n_publics + 1 points.
    Ic,
    /// A byte a wire.
    Classes,
    /// Distinct coefficients in Montgomery form; the first two are 1 and -1.
    Table,
    /// rows + 1 offsets, then wires, then indices into the table.
    AOffsets,
    AWires,
    ACoeffs,
    BOffsets,
    BWires,
    BCoeffs,
    COffsets,
    CWires,
    CCoeffs,
    /// Wires that have a point in A, by class, and the points.
    WiresA,
    PointsA,
    /// The same for B: one list, points in both groups.
    WiresB,
    PointsB1,
    PointsB2,
    /// The same for the private wires.
    WiresL,
    PointsL,
    /// The quotient's points, in its order.
    H,
}

/// The numbers of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Wires, the constant one included.
    pub n_wires: usize,
    /// Public signals.
    pub n_publics: usize,
    /// n.
    pub domain_size: usize,
    /// Rows of the matrices, the public ones included.
    pub rows: usize,
    /// Whether C is there, so that a witness is checked, and wires have types.
    pub typed: bool,
    /// Of the offsets of full wires.
    pub seed: u64,
    /// Wires by query and class.
    pub lists: [[usize; CLASSES.len()]; QUERIES],
}

/// Where everything lies.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The numbers.
    pub sizes: Sizes,
    /// Bytes of the whole file, the digest included.
    pub length: usize,
    ranges: [Range<usize>; SECTIONS],
}

impl Layout {
    /// The layout of a file with these sizes and terms of A, B, C, coefficients in the table.
    pub fn new(sizes: Sizes, terms: [usize; 3], table: usize) -> Self {
        let lengths = lengths(&sizes, terms, table);
        let mut at = HEADER.next_multiple_of(PAGE);
        let ranges = lengths.map(|length| {
            let start = at;
            at = (start + length).next_multiple_of(PAGE);
            start..start + length
        });
        Layout {
            sizes,
            length: at + DIGEST,
            ranges,
        }
    }

    /// Reads the header and checks that it describes a file of exactly these bytes.
    pub fn read(file: &[u8]) -> Result<Self> {
        ensure(file.len() >= HEADER && file[..8] == MAGIC, || {
            "this is not a prepared key".into()
        })?;
        let version = word(file, 8);
        ensure(version == VERSION as usize, || {
            format!("prepared key of version {version}: this engine reads version {VERSION}; prepare the key again")
        })?;
        let bad = |what: &str| Error::Argument(format!("prepared key: {what}"));
        if long(file, 16) != file.len() as u64 || word(file, 12) != SECTIONS {
            return Err(bad("the file is cut off, or something was added to it"));
        }
        let counts: Vec<usize> = (0..QUERIES * CLASSES.len())
            .map(|i| word(file, COUNTS + 4 * i + 8))
            .collect();
        let mut lists = [[0; CLASSES.len()]; QUERIES];
        for (list, counts) in lists.iter_mut().zip(counts.chunks(CLASSES.len())) {
            list.copy_from_slice(counts);
        }
        let sizes = Sizes {
            n_wires: word(file, 24),
            n_publics: word(file, 28),
            domain_size: word(file, 32),
            rows: word(file, 36),
            typed: word(file, 40) == 1,
            seed: long(file, COUNTS),
            lists,
        };
        let length = |section: Section| long(file, TABLE + 16 * section as usize + 8) as usize / 4;
        let terms = [Section::AWires, Section::BWires, Section::CWires].map(length);
        let table = length(Section::Table) / 8;
        // Sizes are below 2^32 and terms below 2^62, so nothing below overflows 64 bits once the terms
        // are known to fit the file.
        let fits = |n: usize| n <= file.len();
        if !(terms.into_iter().all(fits)
            && fits(table)
            && sizes.lists.iter().flatten().all(|&n| fits(n)))
        {
            return Err(bad("its sections do not fit the file"));
        }
        let layout = Layout::new(sizes, terms, table);
        let same = layout.ranges.iter().enumerate().all(|(i, range)| {
            let entry = TABLE + 16 * i;
            long(file, entry) == range.start as u64 && long(file, entry + 8) == range.len() as u64
        });
        if !same || layout.length != file.len() {
            return Err(bad("its sections do not fit the file"));
        }
        Ok(layout)
    }

    /// Writes the header.
    pub fn write(&self, file: &mut [u8]) {
        let sizes = &self.sizes;
        file[..8].copy_from_slice(&MAGIC);
        let words = [
            sizes.n_wires,
            sizes.n_publics,
            sizes.domain_size,
            sizes.rows,
        ];
        put(file, 8, VERSION);
        put(file, 12, SECTIONS as u32);
        file[16..24].copy_from_slice(&(self.length as u64).to_le_bytes());
        for (i, value) in words.into_iter().enumerate() {
            put(file, 24 + 4 * i, value as u32);
        }
        put(file, 40, u32::from(sizes.typed));
        file[COUNTS..COUNTS + 8].copy_from_slice(&sizes.seed.to_le_bytes());
        for (i, &count) in sizes.lists.iter().flatten().enumerate() {
            put(file, COUNTS + 8 + 4 * i, count as u32);
        }
        for (i, range) in self.ranges.iter().enumerate() {
            let entry = TABLE + 16 * i;
            file[entry..entry + 8].copy_from_slice(&(range.start as u64).to_le_bytes());
            file[entry + 8..entry + 16].copy_from_slice(&(range.len() as u64).to_le_bytes());
        }
    }

    /// The bytes of a section.
    pub fn range(&self, section: Section) -> Range<usize> {
        self.ranges[section as usize].clone()
    }

    /// What the digest is of.
    pub fn body(&self) -> Range<usize> {
        0..self.length - DIGEST
    }
}

fn lengths(sizes: &Sizes, terms: [usize; 3], table: usize) -> [usize; SECTIONS] {
    let [a, b, l] = sizes
        .lists
        .each_ref()
        .map(|list| list.iter().sum::<usize>());
    let offsets = 4 * (sizes.rows + 1);
    let [ta, tb, tc] = terms.map(|n| 4 * n);
    [
        64 * (3 + QUERIES * CLASSES.len()),
        128 * (3 + CLASSES.len()),
        64 * (sizes.n_publics + 1),
        sizes.n_wires,
        32 * table,
        offsets,
        ta,
        ta,
        offsets,
        tb,
        tb,
        if sizes.typed { offsets } else { 0 },
        tc,
        tc,
        4 * a,
        64 * a,
        4 * b,
        64 * b,
        128 * b,
        4 * l,
        64 * l,
        64 * sizes.domain_size,
    ]
}

fn word(bytes: &[u8], at: usize) -> usize {
    let b = &bytes[at..at + 4];
    u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize
}

fn long(bytes: &[u8], at: usize) -> u64 {
    word(bytes, at) as u64 | (word(bytes, at + 4) as u64) << 32
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}
