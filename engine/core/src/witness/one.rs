//! A plan for one account.
//!
//! Values are canonical integers of 32 bytes, in the working memory and in the witness; nothing here
//! depends on them but divisions, roots and inverses.

use ark_ff::PrimeField;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::plan::{Combination, Plan, Step, Task, NONE};
use crate::bytes::{fr_from_limbs, limbs, put_limbs, Scalars, WIDTH};
use crate::curve::window_of;
use crate::error::{ensure, Result};
use crate::integer;
use crate::sums::{self, from_signed, to_signed, Kernel, Plain, Words};

/// Accounts that one task takes.
const AT_ONCE: usize = 8;

/// From so many accounts on, eight lanes are faster than one account after another.
const LEAST_LANES: usize = 4;

impl Plan {
    /// The whole witnesses of m accounts from the inputs w[1], w[2], ... of each.
    pub fn run_many(&self, m: usize, inputs: Scalars<'_>, out: &mut [u8]) -> Result<()> {
        self.check_sizes(m, inputs, out)?;
        let (witness, given) = (self.n_wires * WIDTH, self.n_inputs * WIDTH);
        out.par_chunks_mut(AT_ONCE * witness)
            .enumerate()
            .for_each(|(i, out)| {
                let from = i * AT_ONCE * given;
                let inputs = &inputs.bytes()[from..from + out.len() / witness * given];
                self.run_some(inputs, out);
            });
        Ok(())
    }

    /// The witnesses of at most AT_ONCE accounts.
    fn run_some(&self, inputs: &[u8], out: &mut [u8]) {
        let (witness, given) = (self.n_wires * WIDTH, self.n_inputs * WIDTH);
        #[cfg(target_arch = "x86_64")]
        if out.len() >= LEAST_LANES * witness && crate::lanes::available() {
            // SAFETY: the processor has the instructions.
            return unsafe { super::eight::run(self, inputs, out) };
        }
        out.par_chunks_mut(witness)
            .enumerate()
            .for_each(|(i, out)| {
                self.run_with(Kernel::new(), &inputs[i * given..(i + 1) * given], out);
            });
    }

    fn check_sizes(&self, m: usize, inputs: Scalars<'_>, out: &[u8]) -> Result<()> {
        ensure(m.checked_mul(self.n_inputs) == Some(inputs.len()), || {
            format!(
                "{} inputs for a program that takes {}",
                inputs.len(),
                self.n_inputs
            )
        })?;
        let size = m
            .checked_mul(self.n_wires)
            .and_then(|n| n.checked_mul(WIDTH));
        ensure(size == Some(out.len()), || {
            format!("{} bytes for {} wires", out.len(), self.n_wires)
        })
    }

    /// As `run`; the sizes have been checked.
    pub(super) fn run_with(&self, kernel: Kernel, inputs: &[u8], out: &mut [u8]) {
        let mut one = One {
            plan: self,
            kernel,
            slots: Zeroizing::new(vec![[0; WIDTH]; self.n_slots]),
            out,
        };
        one.write(0, [1, 0, 0, 0]);
        for (i, input) in inputs.chunks_exact(WIDTH).enumerate() {
            one.write(i + 1, limbs(input));
        }
        for step in &self.steps {
            one.step(step);
        }
    }
}

/// A run: the working memory, erased at its end, and the witness so far.
struct One<'a> {
    plan: &'a Plan,
    kernel: Kernel,
    slots: Zeroizing<Vec<[u8; WIDTH]>>,
    out: &'a mut [u8],
}

impl One<'_> {
    #[inline]
    fn read(&self, slot: u32) -> Words {
        limbs(&self.slots[slot as usize])
    }

    #[inline]
    fn write(&mut self, wire: usize, value: Words) {
        put_limbs(value, &mut self.slots[self.plan.slot_of[wire] as usize]);
        put_limbs(value, &mut self.out[wire * WIDTH..(wire + 1) * WIDTH]);
    }

    #[inline]
    fn step(&mut self, step: &Step) {
        let dst = step.dst as usize;
        let bit = |value: bool| [u64::from(value), 0, 0, 0];
        match step.op {
            Task::Combine => {
                let value = self.combine(&self.plan.combinations[step.a as usize]);
                put_limbs(value, &mut self.slots[dst]);
            }
            Task::Multiply => {
                let value = sums::product(self.read(step.a), self.read(step.b));
                self.write(dst, value);
            }
            Task::MultiplyNarrow => {
                let [x, y] = [step.a, step.b].map(|slot| to_signed(self.read(slot)));
                self.write(dst, from_signed(x.wrapping_mul(y)));
            }
            Task::Copy => {
                let value = self.read(step.a);
                self.write(dst, value);
            }
            Task::Invert => {
                let value = sums::inverse(self.read(step.a));
                self.write(dst, value);
            }
            Task::Bits => {
                let x = Zeroizing::new(self.read(step.a));
                for i in 0..step.n as usize {
                    let value = window_of(&x, step.b as usize + i, 1);
                    self.write(dst + i, [value, 0, 0, 0]);
                }
            }
            Task::Less => {
                let [x, y] = [step.a, step.b].map(|slot| self.rank(slot));
                self.write(dst, bit(crate::bytes::less(&x, &y)));
            }
            Task::Divide => {
                let [x, y] = [step.a, step.b].map(|slot| fr_from_limbs(self.read(slot)));
                let (quotient, remainder) = integer::signed_floor_div(x, y);
                self.write(dst, quotient.into_bigint().0);
                if step.n == 2 {
                    self.write(dst + 1, remainder.into_bigint().0);
                }
            }
            Task::Equal => {
                let value = bit(self.read(step.a) == self.read(step.b));
                self.write(dst, value);
            }
            Task::Root => {
                let value = integer::isqrt(self.read(step.a));
                self.write(dst, value);
            }
            Task::Quotient => {
                let inverse = sums::inverse(self.read(step.b));
                let value = sums::product(self.read(step.a), inverse);
                self.write(dst, value);
            }
        }
    }

    fn rank(&self, slot: u32) -> Words {
        integer::signed_rank(fr_from_limbs(self.read(slot)))
    }

    #[inline]
    fn combine(&self, combination: &Combination) -> Words {
        let parts = self.plan.parts(combination);
        let mut narrow = 0i128;
        for term in parts.narrow_low {
            let word = i128::from(self.read(term.at)[0]);
            narrow = narrow.wrapping_add(word.wrapping_mul(self.plan.signed[term.coeff as usize]));
        }
        for term in parts.narrow {
            let value = to_signed(self.read(term.at));
            narrow = narrow.wrapping_add(value.wrapping_mul(self.plan.signed[term.coeff as usize]));
        }
        if combination.is_narrow() {
            return from_signed(narrow);
        }
        let mut plain = Plain::default();
        plain.add(from_signed(narrow));
        if combination.constant != NONE {
            plain.add(self.plan.table.canonical[combination.constant as usize]);
        }
        for term in parts.plus {
            plain.add(self.read(term.at));
        }
        for term in parts.minus {
            plain.subtract(self.read(term.at));
        }
        let values = self.slots.as_flattened();
        self.kernel
            .sum(&self.plan.table, parts.full, parts.low, values, &plain)
    }
}
