//! Residues modulo q and r as four words of 64 bits: the arithmetic of processors without AVX-512 IFMA.
//!
//! Source: Montgomery, "Modular Multiplication Without Trial Division" (1985), row by row; that a row needs
//! no fifth word: Botrel, "Faster big-integer modular multiplication for most moduli" (2020). Notation: m the
//! modulus, B = 2^256 = 5.29 m. Loose: below 2m. Only `canonical` gives a value below m.
//!
//! **Bounds.** After each row of `Multiplier::mul` the running value is below a + m: it is (t + a x + k m) / 2^64
//! with t below a + m and the words x, k at most 2^64 - 1. So four words hold it while a is below 4m, and the
//! result is below a b / B + m, which is less than 1.76 m for loose factors.

#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

use ark_bn254::{Fq, FqConfig, Fr, FrConfig};
use ark_ff::{MontConfig, PrimeField};

/// A residue, little-endian.
pub type Words = [u64; 4];

/// A modulus, as the multipliers read it.
#[repr(C)]
pub struct Constants {
    m: Words,
    /// -1 / m mod 2^64.
    neg_inv: u64,
}

/// A modulus, with what the arithmetic needs of it.
pub trait Prime: 'static {
    /// m.
    const M: Words;
    /// -1 / m mod 2^64.
    const MINUS_INVERSE: u64;
    /// 2m.
    const TWICE: Words = double(Self::M);
    /// Both for the multipliers.
    const CONSTANTS: &'static Constants = &Constants {
        m: Self::M,
        neg_inv: Self::MINUS_INVERSE,
    };
}

/// q, of coordinates.
pub struct PrimeQ;

/// r, of scalars.
pub struct PrimeR;

impl Prime for PrimeQ {
    const M: Words = Fq::MODULUS.0;
    const MINUS_INVERSE: u64 = FqConfig::INV;
}

impl Prime for PrimeR {
    const M: Words = Fr::MODULUS.0;
    const MINUS_INVERSE: u64 = FrConfig::INV;
}

const fn double(m: Words) -> Words {
    [
        m[0] << 1,
        m[1] << 1 | m[0] >> 63,
        m[2] << 1 | m[1] >> 63,
        m[3] << 1 | m[2] >> 63,
    ]
}

/// 2^n mod m.
pub const fn power_of_two<P: Prime>(n: u32) -> Words {
    let mut words = [1u64, 0, 0, 0];
    let mut i = 0;
    while i < n {
        words = double(words);
        let (mut less, mut borrow, mut j) = (words, 0i128, 0);
        while j < 4 {
            let t = words[j] as i128 - P::M[j] as i128 + borrow;
            less[j] = t as u64;
            borrow = t >> 64;
            j += 1;
        }
        if borrow == 0 {
            words = less;
        }
        i += 1;
    }
    words
}

/// Both sums, and whether the last word overflowed.
#[inline(always)]
fn plus(a: &Words, b: &Words) -> (Words, bool) {
    let (mut out, mut carry) = ([0; 4], false);
    for i in 0..4 {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (out[i], carry) = (sum, first | second);
    }
    (out, carry)
}

/// a - b mod 2^256, and whether that wrapped.
#[inline(always)]
fn minus(a: &Words, b: &Words) -> (Words, bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        let (rest, first) = a[i].overflowing_sub(b[i]);
        let (rest, second) = rest.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (rest, first | second);
    }
    (out, borrow)
}

/// b if `choose`, else a, without a branch.
#[inline(always)]
fn choice(choose: bool, a: &Words, b: &Words) -> Words {
    std::array::from_fn(|i| if choose { b[i] } else { a[i] })
}

/// a - m if that is not negative, else a.
#[inline(always)]
fn less_once(a: &Words, m: &Words) -> Words {
    let (less, wrapped) = minus(a, m);
    choice(wrapped, &less, a)
}

/// a + b, loose, for loose a and b.
#[inline(always)]
pub fn add<P: Prime>(a: &Words, b: &Words) -> Words {
    // Below 4m: no overflow.
    less_once(&plus(a, b).0, &P::TWICE)
}

/// a - b, loose, for loose a and b.
#[inline(always)]
pub fn sub<P: Prime>(a: &Words, b: &Words) -> Words {
    let (rest, wrapped) = minus(a, b);
    let mask = u64::from(wrapped).wrapping_neg();
    plus(&rest, &P::TWICE.map(|word| word & mask)).0
}

/// The residue below m of a loose one.
#[inline(always)]
pub fn canonical<P: Prime>(a: &Words) -> Words {
    less_once(a, &P::M)
}

/// -a if `negative`, else a, for canonical a; at most m.
#[inline(always)]
pub fn signed<P: Prime>(a: &Words, negative: bool) -> Words {
    choice(negative, a, &minus(&P::M, a).0)
}

/// Whether a loose residue is zero.
#[inline(always)]
pub fn is_zero<P: Prime>(a: &Words) -> bool {
    // Hardly any other has one of these words.
    (a[0] == 0 || a[0] == P::M[0]) && (*a == [0; 4] || *a == P::M)
}

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
const SWITCH_OFF: &str = "ZKMARGIN_NO_ADX";

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

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    use crate::testing::printed;
    use crate::testing::Random;
    use ark_ff::BigInt;

    /// Loose residues: the edges of each word and of both multiples, and drawn ones.
    fn residues<P: Prime>(random: &mut Random) -> Vec<Words> {
        let below = |words: &Words| minus(words, &P::TWICE).1;
        let mut out = vec![
            [0; 4],
            [1, 0, 0, 0],
            P::M,
            minus(&P::TWICE, &[1, 0, 0, 0]).0,
        ];
        out.push(minus(&P::M, &[1, 0, 0, 0]).0);
        out.push(plus(&P::M, &[1, 0, 0, 0]).0);
        for i in 0..256 {
            let words = std::array::from_fn(|j| if i < 4 && j == i { u64::MAX } else { 0 });
            out.push(words);
            out.push(std::array::from_fn(|j| {
                if i / 64 == j {
                    1 << (i % 64)
                } else {
                    0
                }
            }));
        }
        for _ in 0..200 {
            out.push([(); 4].map(|()| match random.below(3) {
                0 => 0,
                1 => u64::MAX,
                _ => random.u64(),
            }));
            out.push([(); 4].map(|()| random.u64()));
        }
        for words in &mut out {
            words[3] &= (1 << 62) - 1;
        }
        out.retain(below);
        out
    }

    fn laws<P: Prime, F: PrimeField<BigInt = BigInt<4>>, X: Multiplier>() {
        let mut random = Random::new(7);
        let values = residues::<P>(&mut random);
        assert!(values.len() > 500);
        let field =
            |words: &Words| F::from_le_bytes_mod_order(&words.map(u64::to_le_bytes).concat());
        let shift = F::from(2u64).pow([256]).inverse().expect("not zero");
        let loose = |words: Words| {
            assert!(minus(&words, &P::TWICE).1, "not loose");
            field(&words)
        };
        for a in &values {
            assert_eq!(BigInt(canonical::<P>(a)), field(a).into_bigint());
            assert_eq!(is_zero::<P>(a), field(a) == F::ZERO);
            let whole = canonical::<P>(a);
            assert_eq!(signed::<P>(&whole, false), whole);
            assert_eq!(field(&signed::<P>(&whole, true)), -field(a));
            for _ in 0..60 {
                let b = &values[random.below(values.len())];
                assert_eq!(loose(add::<P>(a, b)), field(a) + field(b));
                assert_eq!(loose(sub::<P>(a, b)), field(a) - field(b));
                assert_eq!(loose(X::mul::<P>(a, b)), field(a) * field(b) * shift);
                assert_eq!(X::mul::<P>(a, b), Portable::mul::<P>(a, b));
            }
        }
        assert_eq!(field(&power_of_two::<P>(700)), F::from(2u64).pow([700]));
    }

    /// Factors below 4m and at most m: to their edges, and sums of loose ones.
    fn wide<P: Prime, F: PrimeField<BigInt = BigInt<4>>, X: Multiplier>() {
        let mut random = Random::new(8);
        let values = residues::<P>(&mut random);
        let field =
            |words: &Words| F::from_le_bytes_mod_order(&words.map(u64::to_le_bytes).concat());
        let shift = F::from(2u64).pow([256]).inverse().expect("not zero");
        let mut wide: Vec<Words> = (1..8)
            .map(|i| minus(&double(P::TWICE), &[i, 0, 0, 0]).0)
            .collect();
        wide.extend((0..2000).map(|_| {
            let [a, b] = [(); 2].map(|()| &values[random.below(values.len())]);
            plus(a, b).0
        }));
        for a in &wide {
            for b in [P::M, minus(&P::M, &[1, 0, 0, 0]).0, [0; 4], [1, 0, 0, 0]]
                .into_iter()
                .chain([(); 20].map(|()| canonical::<P>(&values[random.below(values.len())])))
            {
                let product = X::mul::<P>(a, &b);
                assert!(minus(&product, &P::TWICE).1, "not loose");
                assert_eq!(field(&product), field(a) * field(&b) * shift);
            }
        }
    }

    #[test]
    fn portable_is_the_field() {
        laws::<PrimeQ, Fq, Portable>();
        laws::<PrimeR, Fr, Portable>();
        wide::<PrimeQ, Fq, Portable>();
        wide::<PrimeR, Fr, Portable>();
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn adx_is_the_field() {
        if Adx::available() {
            laws::<PrimeQ, Fq, Adx>();
            laws::<PrimeR, Fr, Adx>();
            wide::<PrimeQ, Fq, Adx>();
            wide::<PrimeR, Fr, Adx>();
        }
    }

    /// What the test below reads of a run of this test alone.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn says_whether_available() {
        println!("available: {}", Adx::available());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_environment_switches_adx_off() {
        let has = is_x86_feature_detected!("adx") && is_x86_feature_detected!("bmi2");
        for (set, answer) in [(false, has), (true, false)] {
            let out = printed("words::tests::says_whether_available", SWITCH_OFF, set);
            assert!(out.contains(&format!("available: {answer}\n")), "{out}");
        }
    }
}
