//! Intervals of the integers that registers hold, of 128 bits: lower.rs says where they come from.

/// What is below this is read by its lowest limb of 52 bits alone.
const LOW: i128 = 1 << 52;

/// What a register's integer, the one of least magnitude, is known to lie between.
#[derive(Clone, Copy)]
pub struct Interval {
    pub lo: i128,
    pub hi: i128,
}

/// Of a bit.
pub const BIT: Interval = Interval { lo: 0, hi: 1 };

impl Interval {
    /// None where 128 bits do not hold it.
    pub fn add(self, other: Interval) -> Option<Interval> {
        Some(Interval {
            lo: self.lo.checked_add(other.lo)?,
            hi: self.hi.checked_add(other.hi)?,
        })
    }

    /// See `add`.
    pub fn scale(self, factor: i128) -> Option<Interval> {
        self.multiply(Interval {
            lo: factor,
            hi: factor,
        })
    }

    /// See `add`.
    pub fn multiply(self, other: Interval) -> Option<Interval> {
        let mut found: Option<Interval> = None;
        for x in [self.lo, self.hi] {
            for y in [other.lo, other.hi] {
                let v = x.checked_mul(y)?;
                let now = found.unwrap_or(Interval { lo: v, hi: v });
                found = Some(Interval {
                    lo: now.lo.min(v),
                    hi: now.hi.max(v),
                });
            }
        }
        found
    }

    /// Whether a value needs only its lowest limb.
    pub fn is_low(self) -> bool {
        self.lo >= 0 && self.hi < LOW
    }
}
