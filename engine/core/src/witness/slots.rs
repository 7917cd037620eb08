//! Registers to slots of the working memory: a slot is free again after its register's last use.
//!
//! So the working memory of a run stays small, whatever the number of wires.

use super::plan::{Combination, Step, Task, NONE};
use crate::sums::Term;

/// Rewrites steps and terms from registers to slots; returns each register's slot and how many there are.
///
/// Registers 0 .. n_inputs are there from the start; every other is written by one step before it is read.
pub fn assign(
    steps: &mut [Step],
    combinations: &[Combination],
    terms: &mut [Term],
    n_registers: usize,
    n_inputs: usize,
) -> (Vec<u32>, usize) {
    let mut last = vec![0u32; n_registers];
    for (i, step) in steps.iter().enumerate() {
        if step.op == Task::Combine {
            for term in &terms[combinations[step.a as usize].range()] {
                last[term.at as usize] = i as u32;
            }
        } else {
            for register in step.operands().into_iter().flatten() {
                last[register as usize] = i as u32;
            }
        }
    }
    let mut slot_of = vec![NONE; n_registers];
    let mut slots = Slots::default();
    for slot in &mut slot_of[..=n_inputs] {
        *slot = slots.take();
    }
    for (i, step) in steps.iter_mut().enumerate() {
        let now = i as u32;
        // Results first, so that none takes the place of an operand.
        let written = if step.op == Task::Combine {
            step.dst as usize..step.dst as usize + 1
        } else {
            step.dst as usize..(step.dst + step.n) as usize
        };
        for slot in &mut slot_of[written.clone()] {
            *slot = slots.take();
        }
        let mut free = |register: u32, slot_of: &[u32]| {
            if last[register as usize] == now {
                last[register as usize] = NONE; // once, though it be named twice
                slots.give(slot_of[register as usize]);
            }
        };
        if step.op == Task::Combine {
            for term in &mut terms[combinations[step.a as usize].range()] {
                free(term.at, &slot_of);
                term.at = slot_of[term.at as usize];
            }
            step.dst = slot_of[step.dst as usize];
        } else {
            for register in step.operands().into_iter().flatten() {
                free(register, &slot_of);
            }
            step.a = slot_of[step.a as usize];
            if step.two_operands() {
                step.b = slot_of[step.b as usize];
            }
        }
        // What nothing reads later is free at once; `last` is of an earlier step or of none.
        for register in written {
            if last[register] <= now {
                slots.give(slot_of[register]);
            }
        }
    }
    (slot_of, slots.count as usize)
}

/// Slots in use and free.
#[derive(Default)]
struct Slots {
    free: Vec<u32>,
    count: u32,
}

impl Slots {
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }

    fn give(&mut self, slot: u32) {
        self.free.push(slot);
    }
}
