//! A witness program prepared: checked once and lowered, so that a run only computes.
//!
//! Notation: a register holds one wire or one linear combination (a temporary). While lowering, register
//! i < n_wires is wire i and the others are temporaries; in the finished plan each lives in a slot of the
//! working memory from its definition to its last use.
//!
//! lower.rs makes it, slots.rs gives registers their slots, one.rs and eight.rs run it.

use crate::sums::{Table, Term};

/// No register, no coefficient.
pub const NONE: u32 = u32::MAX;

/// One operation. a and b are slots; dst is a wire, for Combine a slot.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What to do.
    pub op: Task,
    /// How many wires it writes, from dst on.
    pub n: u32,
    /// Where the result goes.
    pub dst: u32,
    /// The first operand; for Combine the combination.
    pub a: u32,
    /// The second operand; for Bits the first bit.
    pub b: u32,
}

/// Operations of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// slot[dst] = a linear combination.
    Combine,
    /// dst = a b.
    Multiply,
    /// dst = a b, integers of 128 bits.
    MultiplyNarrow,
    /// dst = a.
    Copy,
    /// dst = 1 / a, or 0.
    Invert,
    /// dst .. = bits of a from b on.
    Bits,
    /// dst = [a < b], signed.
    Less,
    /// dst, dst + 1 = floor and remainder of a / b, signed.
    Divide,
    /// dst = [a = b].
    Equal,
    /// dst = floor(sqrt(a)).
    Root,
    /// dst = a / b, or 0.
    Quotient,
}

/// A linear combination: its terms by what they cost, end to end in `Plan::terms`.
///
/// The value is the sum of all. `low_*` terms are of registers in [0, 2^52).
#[derive(Clone, Copy, Debug)]
pub struct Combination {
    /// Its first term.
    pub start: u32,
    /// Where each class ends: narrow_low, narrow, low, full, plus, minus.
    pub ends: [u8; 6],
    /// A coefficient added as it is, or NONE.
    pub constant: u32,
}

impl Combination {
    /// Where its terms are.
    pub fn range(&self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.ends[5])
    }

    /// Whether 128 bits hold all of it.
    #[inline]
    pub fn is_narrow(&self) -> bool {
        self.constant == NONE && self.ends[1] == self.ends[5]
    }

    /// Whether there are terms other than plus and minus.
    #[inline]
    pub fn has_products(&self) -> bool {
        self.ends[3] > 0
    }
}

/// The terms of a combination.
pub struct Parts<'a> {
    /// Registers in [0, 2^52) whose sum with `narrow` stays below 2^127.
    pub narrow_low: &'a [Term],
    /// Registers below 2^127 in absolute value, in that same sum.
    pub narrow: &'a [Term],
    /// Registers in [0, 2^52), any coefficient.
    pub low: &'a [Term],
    /// Any register, any coefficient.
    pub full: &'a [Term],
    /// Coefficient one.
    pub plus: &'a [Term],
    /// Coefficient minus one.
    pub minus: &'a [Term],
}

/// A program that is known to be well formed, ready to run any number of times, from any thread.
pub struct Plan {
    /// Wires, the constant one included.
    pub n_wires: usize,
    /// Wires 1 .. n_inputs are given.
    pub n_inputs: usize,
    /// The coefficients of the system, of the pool, and one.
    pub table: Table,
    /// The coefficients as signed integers where they fit; zero elsewhere, never read.
    pub signed: Vec<i128>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// The combinations that steps name.
    pub combinations: Vec<Combination>,
    /// Slots of the working memory.
    pub n_slots: usize,
    /// Each wire's slot.
    pub slot_of: Vec<u32>,
    /// The terms of all combinations.
    pub terms: Vec<Term>,
}

impl Plan {
    /// The terms of a combination.
    #[inline]
    pub fn parts(&self, c: &Combination) -> Parts<'_> {
        let e = c.ends.map(usize::from);
        let terms = &self.terms[c.range()];
        Parts {
            narrow_low: &terms[..e[0]],
            narrow: &terms[e[0]..e[1]],
            low: &terms[e[1]..e[2]],
            full: &terms[e[2]..e[3]],
            plus: &terms[e[3]..e[4]],
            minus: &terms[e[4]..e[5]],
        }
    }

    /// How many terms of combinations take 128-bit integers, and how many there are.
    pub fn narrow_terms(&self) -> (usize, usize) {
        let narrow = |c: &Combination| usize::from(c.ends[1]);
        (self.combinations.iter().map(narrow).sum(), self.terms.len())
    }
}

impl Step {
    /// Whether b is a register.
    pub fn two_operands(&self) -> bool {
        use Task::{Divide, Equal, Less, Multiply, MultiplyNarrow, Quotient};
        matches!(
            self.op,
            Divide | Equal | Less | Multiply | MultiplyNarrow | Quotient
        )
    }

    /// The registers that a step reads, if it is no combination.
    pub fn operands(&self) -> [Option<u32>; 2] {
        [Some(self.a), self.two_operands().then_some(self.b)]
    }
}
