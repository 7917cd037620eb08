//! The ways the engine refuses its arguments or stops; no message holds a value.

use std::fmt;

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A length, an index, a scalar or a program is not what it must be.
    Argument(String),
    /// A curve point is off the curve, out of the subgroup, not canonical, or at infinity.
    BadPoint(String),
    /// The witness breaks this row of the system.
    Unsatisfied(usize),
    /// The caller asked to stop.
    Cancelled,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Argument(message) | Error::BadPoint(message) => f.write_str(message),
            Error::Unsatisfied(row) => write!(f, "the witness does not satisfy constraint {row}"),
            Error::Cancelled => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Error {}

/// The engine's result.
pub type Result<T> = std::result::Result<T, Error>;

/// `Err(Argument)` with a message, unless the condition holds.
pub(crate) fn ensure(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition {
        Ok(())
    } else {
        Err(Error::Argument(message()))
    }
}
