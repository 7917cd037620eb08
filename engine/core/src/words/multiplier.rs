//! Montgomery products of residues in four words: on any processor, and with the two carry flags of ADX.
//!
//! Source: Montgomery, "Modular Multiplication Without Trial Division" (1985), row by row; that a row needs
//! no fifth word: Botrel, "Faster big-integer modular multiplication for most moduli" (2020). Notation: as in
//! words.rs.
//!
//! **Bounds.** After each row of `Multiplier::mul` the running value is below a + m: it is (t + a x + k m) / 2^64
//! with t below a + m and the words x, k at most 2^64 - 1. So four words hold it while a is below 4m, and the
//! result is below a b / B + m, which is less than 1.76 m for loose factors.

#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

use super::{Prime, Words};

/// How two residues are multiplied.
pub trait Multiplier: 'static {
    /// a b / 2^256, loose, for loose a and b, or for a below 4m and b at most m.
    fn mul<P: Prime>(a: &Words, b: &Words) -> Words;
}

/// On any processor.
pub struct Portable;

impl Multiplier for Portable {
    #[inline(always)]
    fn mul<P: Prime>(a: &Words, b: &Words) -> Words {
        let mut t = [0; 4];
        for x in b {
            let (mut high, mut low) = (0, 0);
            let mut k = 0;
            for j in 0..4 {
                // Below 2^128 both: 2^64 - 1 squared and two words.
                let product = u128::from(*x) * u128::from(a[j]) + u128::from(t[j]) + high;
                high = product >> 64;
                if j == 0 {
                    k = (product as u64).wrapping_mul(P::MINUS_INVERSE);
                }
                low += u128::from(k) * u128::from(P::M[j]) + u128::from(product as u64);
                if j > 0 {
                    t[j - 1] = low as u64;
                }
                low >>= 64;
            }
            t[3] = (high + low) as u64;
        }
        t
    }
}

/// With the two carry flags of the ADX instructions.
#[cfg(target_arch = "x86_64")]
pub struct Adx;

/// In the environment, with any value: `Portable` is used although the processor has the instructions.
/// For measuring and checking it; read once, when a process first asks.
#[cfg(target_arch = "x86_64")]
pub(super) const SWITCH_OFF: &str = "ZKMARGIN_NO_ADX";

#[cfg(target_arch = "x86_64")]
impl Adx {
    /// Whether this processor has the instructions, and nobody switched them off.
    pub fn available() -> bool {
        static ANSWER: OnceLock<bool> = OnceLock::new();
        *ANSWER.get_or_init(|| {
            std::env::var_os(SWITCH_OFF).is_none()
                && is_x86_feature_detected!("adx")
                && is_x86_feature_detected!("bmi2")
        })
    }
}

/// An expression in which a name stands for the fastest multiplier of this processor.
macro_rules! with_multiplier {
    ($name:ident => $body:expr) => {{
        #[cfg(target_arch = "x86_64")]
        if $crate::words::Adx::available() {
            type $name = $crate::words::Adx;
            $body
        } else {
            type $name = $crate::words::Portable;
            $body
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            type $name = $crate::words::Portable;
            $body
        }
    }};
}
pub(crate) use with_multiplier;

/// t += a b_i, with what overflows in `high`.
#[cfg(target_arch = "x86_64")]
macro_rules! row {
    ($i:literal) => {
        concat!(
            "mov rdx, [{b} + 8*",
            $i,
            "]
            xor {low:e}, {low:e}
            mulx {high}, {low}, [{a}]
            adox {t0}, {low}
            adcx {t1}, {high}
            mulx {high}, {low}, [{a} + 8]
            adox {t1}, {low}
            adcx {t2}, {high}
            mulx {high}, {low}, [{a} + 16]
            adox {t2}, {low}
            adcx {t3}, {high}
            mulx {high}, {low}, [{a} + 24]
            adox {t3}, {low}
            mov {low:e}, 0
            adcx {high}, {low}
            adox {high}, {low}"
        )
    };
}

/// t = (t + 2^256 high + k m) / 2^64 with the k that clears the lowest word.
#[cfg(target_arch = "x86_64")]
macro_rules! reduction {
    () => {
        "mov rdx, {t0}
        imul rdx, [{m} + 32]
        xor {low:e}, {low:e}
        mulx {next}, {low}, [{m}]
        adcx {low}, {t0}
        mov {t0}, {next}
        adcx {t0}, {t1}
        mulx {t1}, {low}, [{m} + 8]
        adox {t0}, {low}
        adcx {t1}, {t2}
        mulx {t2}, {low}, [{m} + 16]
        adox {t1}, {low}
        adcx {t2}, {t3}
        mulx {t3}, {low}, [{m} + 24]
        adox {t2}, {low}
        mov {low:e}, 0
        adcx {t3}, {low}
        adox {t3}, {high}"
    };
}

#[cfg(target_arch = "x86_64")]
impl Multiplier for Adx {
    #[inline(always)]
    fn mul<P: Prime>(a: &Words, b: &Words) -> Words {
        let (t0, t1, t2, t3);
        // SAFETY: reads the words of a, b and the constants, writes registers, and keeps the stack; who
        // uses this type has asked `available`.
        unsafe {
            std::arch::asm!(
                "mov rdx, [{b}]",
                "mulx {t1}, {t0}, [{a}]",
                "mulx {t2}, {low}, [{a} + 8]",
                "add {t1}, {low}",
                "mulx {t3}, {low}, [{a} + 16]",
                "adc {t2}, {low}",
                "mulx {high}, {low}, [{a} + 24]",
                "adc {t3}, {low}",
                "adc {high}, 0",
                reduction!(),
                row!(1),
                reduction!(),
                row!(2),
                reduction!(),
                row!(3),
                reduction!(),
                a = in(reg) a.as_ptr(),
                b = in(reg) b.as_ptr(),
                m = in(reg) core::ptr::from_ref(P::CONSTANTS),
                t0 = out(reg) t0,
                t1 = out(reg) t1,
                t2 = out(reg) t2,
                t3 = out(reg) t3,
                low = out(reg) _,
                high = out(reg) _,
                next = out(reg) _,
                out("rdx") _,
                options(pure, readonly, nostack),
            );
        }
        [t0, t1, t2, t3]
    }
}
