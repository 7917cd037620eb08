//! Sums of many lists of points at once, by affine additions that share their inversions.
//!
//! Source: Montgomery, "Speeding the Pollard and Elliptic Curve Methods of Factorization" (1987).
//! Notation: for points (x1, y1), (x2, y2) with x1 != x2: l = (y2 - y1) / (x2 - x1), x3 = l^2 - x1 - x2,
//! y3 = l (x1 - x3) - y1. Round by round, every list takes its next entry. An addition with x1 = x2 is flagged:
//! the caller adds what is missing, and a spare point D stands in for the sum. No point is infinity.

mod coordinate;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod inverse;
#[cfg(target_arch = "x86_64")]
mod product;
mod scalar;
#[cfg(test)]
mod tests;

/// Entries start .. start + length of a job belong to one list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The first.
    pub start: u32,
    /// How many.
    pub length: u32,
}

/// Lists to be summed together.
pub struct Job<'a> {
    /// The points, canonical.
    pub base: &'a [u8],
    /// 2 * index + [the point is subtracted].
    pub entries: &'a [u32],
    /// Longest first; none is empty, unless there are starts.
    pub lists: &'a [List],
    /// A point for each list that its sum begins with.
    pub starts: Option<&'a [u8]>,
    /// D.
    pub spare: &'a [u8],
}

/// An addition left to the caller: the list's sum is `sum` + the entry, less D, too small.
pub struct Flag {
    /// Which list.
    pub list: usize,
    /// What the list summed to so far.
    pub sum: Vec<u8>,
    /// What was to be added.
    pub entry: u32,
}

impl Job<'_> {
    #[inline]
    fn entry(&self, list: usize, round: u32) -> u32 {
        self.entries[(self.lists[list].start + round) as usize]
    }

    /// How many additions it takes.
    pub fn additions(&self) -> usize {
        let entries: usize = self.lists.iter().map(|list| list.length as usize).sum();
        entries
            - if self.starts.is_some() {
                0
            } else {
                self.lists.len()
            }
    }
}

#[cfg(test)]
pub(crate) static FORCE_SCALAR: std::sync::atomic::AtomicBool =
    std::sync::atomic::AtomicBool::new(false);

/// Whether the vector kernel is to be used.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_vectors() -> bool {
    #[cfg(test)]
    if FORCE_SCALAR.load(std::sync::atomic::Ordering::Relaxed) {
        return false;
    }
    crate::lanes::available()
}

/// Writes the sum of each list, canonical, in their order.
///
/// Panics when an index is out of range.
pub fn sum_g1(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        return ifma::sum_g1(job, out, flags);
    }
    scalar::sum_g1(job, out, flags);
}

/// The same in G2.
pub fn sum_g2(job: &Job<'_>, out: &mut [u8], flags: &mut Vec<Flag>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        return ifma::sum_g2(job, out, flags);
    }
    scalar::sum_g2(job, out, flags);
}
