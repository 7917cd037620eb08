//! Grain, the generator that Poseidon's constants are drawn from.
//!
//! Source: Grassi and others (2021), appendix F.

use super::FULL_ROUNDS;

/// Bits of r, and of every draw.
const FIELD_BITS: usize = 254;

/// The 80-bit LFSR in self-shrinking mode: of its bits, taken in pairs, the second of each pair that
/// starts with a one.
pub struct Grain {
    /// The last 80 bits, the oldest in bit 79.
    state: u128,
    /// Output that no draw has taken, the last `count` bits, the oldest highest.
    output: u128,
    count: u32,
}

impl Grain {
    /// For a width and its R_P, past the 160 bits that are thrown away.
    pub fn new(width: usize, partial: usize) -> Self {
        // Bits in the order of the specification, first bit highest: prime field, x^alpha S-box, n, t,
        // R_F, R_P, thirty ones.
        let mut state = 0u128;
        for (value, bits) in [
            (1, 2),
            (0, 4),
            (FIELD_BITS, 12),
            (width, 12),
            (FULL_ROUNDS, 10),
            (partial, 10),
            ((1 << 30) - 1, 30),
        ] {
            state = state << bits | value as u128;
        }
        let mut grain = Grain {
            state,
            output: 0,
            count: 0,
        };
        for _ in 0..160 / STEP {
            grain.step();
        }
        grain
    }

    /// The next 16 bits, the first highest: b(i + 80) = b(i + 62) + b(i + 51) + b(i + 38) + b(i + 23) +
    /// b(i + 13) + b(i). b(i + k) is bit 79 - k, and the highest tap leaves room for 18 bits at once.
    fn step(&mut self) -> u16 {
        let s = self.state;
        let bits = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(0, |sum, k| sum ^ (s >> (80 - STEP - k)) as u16);
        self.state = (s << STEP | u128::from(bits)) & ((1 << 80) - 1);
        bits
    }

    /// The next `n` <= 64 bits of output, the first highest.
    fn take(&mut self, n: u32) -> u64 {
        // Below 64 + 8 bits wait at any time, so none falls out of the word.
        while self.count < n {
            for byte in self.step().to_be_bytes() {
                let (bits, count) = SHRUNK[usize::from(byte)];
                self.output = self.output << count | u128::from(bits);
                self.count += u32::from(count);
            }
        }
        self.count -= n;
        (self.output >> self.count) as u64 & (u64::MAX >> (64 - n))
    }

    /// 254 bits, most significant first.
    pub fn draw(&mut self) -> [u64; 4] {
        let mut out = [0u64; 4];
        out[3] = self.take(FIELD_BITS as u32 - 192);
        for limb in out[..3].iter_mut().rev() {
            *limb = self.take(64);
        }
        out
    }
}

/// Bits of the LFSR made at once.
const STEP: usize = 16;

/// What four pairs of bits, the first highest, give: the bits, and how many.
const SHRUNK: [(u8, u8); 256] = {
    let mut all = [(0, 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bits, mut count, mut at) = (0, 0, 8);
        while at > 0 {
            at -= 2;
            if byte >> (at + 1) & 1 == 1 {
                bits = bits << 1 | (byte >> at & 1) as u8;
                count += 1;
            }
        }
        all[byte] = (bits, count);
        byte += 1;
    }
    all
};
