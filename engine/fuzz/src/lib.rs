//! Fuzz targets: each function of the core that takes bytes, on edited copies of a valid call.
//!
//! A target never panics, hangs or takes memory out of proportion, and what it accepts must be right: a
//! verifier that says yes was given the proof, the key and the signals as they were made. `make fuzz`
//! runs one under libFuzzer, led by coverage; the tests run all of them on drawn inputs.

mod case;
mod edits;

use std::sync::LazyLock;

use case::{buffers, key_parts, proving_key, verifying_key, Case};
use edits::edited;
use zkmargin_core::bytes::Scalars;
use zkmargin_core::keygen::{keygen, sizes};
use zkmargin_core::prove::{prove, PROOF_BYTES};
use zkmargin_core::r1cs::R1cs;
use zkmargin_core::threads::Cancel;
use zkmargin_core::{
    curve, msm, ntt, pairing, poseidon, prepared, verify, witness, Result, G1, G2,
};

static CASE: LazyLock<Case> = LazyLock::new(Case::new);
static PREPARED: LazyLock<Vec<u8>> = LazyLock::new(|| CASE.prepared());

/// A target by its name.
type Target = (&'static str, fn(&[u8]));

const TARGETS: &[Target] = &[
    ("first_bad", first_bad),
    ("keygen", run_keygen),
    ("msm", run_msm),
    ("mul", mul),
    ("ntt", transform),
    ("pairing", run_pairing),
    ("poseidon", hash),
    ("prepare", run_prepare),
    ("prepared", run_prepared),
    ("prove", run_prove),
    ("r1cs", unsatisfied),
    ("verify", run_verify),
    ("verify_many", verify_many),
    ("witness", run_witness),
];

/// All names.
pub fn names() -> Vec<&'static str> {
    TARGETS.iter().map(|(name, _)| *name).collect()
}

/// The target of a name.
pub fn target(name: &str) -> Option<fn(&[u8])> {
    TARGETS
        .iter()
        .find_map(|(known, run)| (*known == name).then_some(*run))
}

fn first_bad(data: &[u8]) {
    let ([g1, g2], same) = edited(data, [&CASE.key[4], &CASE.key[6]]);
    let found = (curve::first_bad::<G1>(&g1), curve::first_bad::<G2>(&g2));
    assert!(!same || found == (Ok(None), Ok(None)));
}

fn run_msm(data: &[u8]) {
    let ([g1, g2, scalars], same) = edited(data, [&CASE.key[4], &CASE.key[6], &CASE.witness]);
    let (mut one, mut two) = ([0; 64], [0; 128]);
    let done = msm::msm_bytes::<G1>(&g1, &scalars, &mut one).is_ok()
        & msm::msm_bytes::<G2>(&g2, &scalars, &mut two).is_ok();
    assert!(!same || done);
}

fn mul(data: &[u8]) {
    let ([g1, g2, scalars], same) = edited(
        data,
        [&CASE.key[4][..64], &CASE.key[6][..128], &CASE.witness],
    );
    let count = scalars.len() / 32;
    let (mut one, mut two) = (vec![0; 64 * count], vec![0; 128 * count]);
    let done = Scalars::new(&scalars, "scalars").and_then(|scalars| {
        curve::mul::<G1>(&g1, scalars, &mut one)?;
        curve::mul::<G2>(&g2, scalars, &mut two)
    });
    assert!(!same || done.is_ok());
}

fn transform(data: &[u8]) {
    let ([values, shift], same) = edited(data, [&CASE.witness[..128], &CASE.witness[..32]]);
    let mut out = vec![0; values.len()];
    let inverse = data.len().is_multiple_of(2);
    let done = Scalars::new(&values, "values")
        .and_then(|values| ntt::ntt(values, inverse, Scalars::new(&shift, "shift")?, &mut out));
    assert!(!same || done.is_ok());
}

fn run_pairing(data: &[u8]) {
    let ([g1, g2], same) = edited(data, [&CASE.proof[..64], &CASE.proof[64..192]]);
    let mut out = [0; pairing::GT_BYTES];
    let one = pairing::pairing(&g1, &g2, &mut out).is_ok();
    let product = pairing::pairing_check(&g1, &g2);
    assert!(!same || one && product == Ok(false));
}

fn hash(data: &[u8]) {
    let ([inputs, state], same) = edited(data, [&CASE.witness[..192], &CASE.witness[..64]]);
    let width = usize::from(data.first().copied().unwrap_or(3));
    let mut out = vec![0; 64];
    let done = Scalars::new(&inputs, "inputs").and_then(|inputs| {
        poseidon::poseidon(
            inputs,
            width,
            Some(Scalars::new(&state, "state")?),
            &mut out,
        )
    });
    assert!(!same || width != 3 || done.is_ok());
}

/// The edited buffers of the case's system, with sizes that may be edited too.
fn system<T>(
    data: &[u8],
    rest: &[u8],
    work: impl Fn(&R1cs<'_>, &[u8]) -> Result<T>,
) -> (Result<T>, bool) {
    let (wires, publics) = CASE.sizes();
    let m = &CASE.matrices;
    let ([wires, publics, table, a0, a1, a2, b0, b1, b2, c0, c1, c2, rest], same) = edited(
        data,
        [
            &wires,
            &publics,
            &CASE.table,
            &m[0][0],
            &m[0][1],
            &m[0][2],
            &m[1][0],
            &m[1][1],
            &m[1][2],
            &m[2][0],
            &m[2][1],
            &m[2][2],
            rest,
        ],
    );
    let number = |bytes: &[u8]| {
        let mut eight = [0; 8];
        let count = bytes.len().min(8);
        eight[..count].copy_from_slice(&bytes[..count]);
        u64::from_le_bytes(eight) as usize
    };
    let matrices = [[&a0[..], &a1, &a2], [&b0, &b1, &b2], [&c0, &c1, &c2]];
    let made = R1cs::new(number(&wires), number(&publics), matrices, &table);
    (made.and_then(|r1cs| work(&r1cs, &rest)), same)
}

fn unsatisfied(data: &[u8]) {
    let (found, same) = system(data, &CASE.witness, |r1cs, witness| {
        r1cs.first_unsatisfied(Scalars::new(witness, "witness")?)
    });
    assert!(!same || found == Ok(None));
}

fn run_keygen(data: &[u8]) {
    let (made, same) = system(data, &CASE.secrets, |r1cs, secrets| {
        let mut parts = sizes(r1cs).map(|size| vec![0; size.min(1 << 24)]);
        let secrets = Scalars::new(secrets, "secrets")?;
        keygen(r1cs, secrets, buffers(&mut parts))
    });
    assert!(!same || made.is_ok());
}

fn run_witness(data: &[u8]) {
    let p = &CASE.program;
    let ([code, offsets, wires, coeffs, inputs], same) =
        edited(data, [&p[0], &p[1], &p[2], &p[3], &CASE.inputs]);
    let r1cs = CASE.r1cs();
    let mut out = vec![0; CASE.witness.len()];
    let done = Scalars::new(&inputs, "inputs").and_then(|inputs| {
        let pool = [&offsets[..], &wires, &coeffs];
        let program = witness::Program::new(&code, pool, &CASE.table, r1cs.n_wires)?;
        let done = witness::run(&r1cs, &program, inputs, &mut out);
        let n_inputs = inputs.len();
        let prepared = witness::Plan::new(&r1cs, &program, n_inputs).and_then(|plan| {
            let mut again = vec![0; out.len()];
            plan.run_many(1, inputs, &mut again).map(|()| again)
        });
        // Both ways refuse the same programs and give the same witness of the others.
        assert_eq!(prepared, done.clone().map(|()| out.clone()));
        done
    });
    assert!(!same || done.is_ok() && out == CASE.witness);
}

fn run_prove(data: &[u8]) {
    let [g1, g2, coefficients, a, b1, b2, c, h] = CASE.proving_parts();
    let parts = [g1, g2, coefficients, a, b1, b2, c, h, &CASE.witness];
    let ([g1, g2, coefficients, a, b1, b2, c, h, w], same) = edited(data, parts);
    let key = proving_key([&g1, &g2, &coefficients, &a, &b1, &b2, &c, &h]);
    let mut out = vec![0; PROOF_BYTES];
    let done = Scalars::new(&w, "witness").and_then(|w| prove(&key, w, &mut out));
    if same {
        done.expect("a good key proves");
        let parts = key_parts(&CASE.key);
        let publics = Scalars::new(&CASE.publics, "publics").expect("canonical");
        assert_eq!(
            verify::verify(&verifying_key(&parts), publics, &out),
            Ok(true)
        );
    }
}

/// The buffers of a `.zkey` into a prepared key, with the system, its intervals too, and without.
fn run_prepare(data: &[u8]) {
    let [g1, g2, coefficients, a, b1, b2, c, h] = CASE.proving_parts();
    let [_, _, gamma2, _, ic] = key_parts(&CASE.key);
    let [ends, of] = &CASE.intervals();
    let parts = [g1, g2, gamma2, ic, coefficients, a, b1, b2, c, h, ends, of];
    let ([g1, g2, gamma2, ic, coefficients, a, b1, b2, c, h, ends, of], same) = edited(data, parts);
    let made = |r1cs: Option<&R1cs<'_>>, intervals: Option<&prepared::Intervals<'_>>| {
        let source = prepared::Source {
            key: proving_key([&g1, &g2, &coefficients, &a, &b1, &b2, &c, &h]),
            gamma2: &gamma2,
            ic: &ic,
        };
        prepared::prepare(source, r1cs, intervals, &Cancel::new())
    };
    let r1cs = CASE.r1cs();
    let narrowed = prepared::Intervals::new(&ends, &of)
        .and_then(|intervals| made(Some(&r1cs), Some(&intervals)));
    for made in [made(None, None), made(Some(&r1cs), None), narrowed] {
        // What is made can be opened.
        let opened = made.map(|file| prepared::Prepared::open(&file).expect("just made"));
        assert!(!same || opened.is_ok());
    }
}

/// A prepared key that was edited and has a digest that agrees, as from a maker of bad keys.
fn run_prepared(data: &[u8]) {
    let ([mut file, witness], same) = edited(data, [&PREPARED, &CASE.witness]);
    assert!(same || file == *PREPARED || prepared::Prepared::open(&file).is_err());
    case::seal(&mut file);
    let proved = prepared::Prepared::open(&file).and_then(|key| {
        let mut out = vec![0; PROOF_BYTES];
        let witness = Scalars::new(&witness, "witness")?;
        key.prove(&file, witness, &mut out, &Cancel::new())?;
        Ok(out)
    });
    if same {
        let proof = proved.expect("a good key proves");
        let parts = key_parts(&CASE.key);
        let publics = Scalars::new(&CASE.publics, "publics").expect("canonical");
        let verdict = verify::verify(&verifying_key(&parts), publics, &proof);
        assert_eq!(verdict, Ok(true));
    }
}

fn run_verify(data: &[u8]) {
    let parts = key_parts(&CASE.key);
    let ([alpha, beta, gamma, delta, ic, publics, proof], same) = edited(
        data,
        [
            parts[0],
            parts[1],
            parts[2],
            parts[3],
            parts[4],
            &CASE.publics,
            &CASE.proof,
        ],
    );
    let key = verifying_key(&[&alpha, &beta, &gamma, &delta, &ic]);
    let verdict =
        Scalars::new(&publics, "publics").and_then(|publics| verify::verify(&key, publics, &proof));
    // Yes for what was proved, and for nothing else.
    assert_eq!(verdict == Ok(true), same);
}

fn verify_many(data: &[u8]) {
    let parts = key_parts(&CASE.key);
    let (publics, proofs) = (CASE.publics.repeat(6), CASE.proof.repeat(6));
    let ([ic, publics, proofs], same) = edited(data, [parts[4], &publics, &proofs]);
    let key = verifying_key(&[parts[0], parts[1], parts[2], parts[3], &ic]);
    let found = Scalars::new(&publics, "publics")
        .and_then(|publics| verify::first_false(&key, publics, &proofs));
    // None at all hold, too.
    let none_given = publics.is_empty() && proofs.is_empty();
    assert_eq!(found == Ok(None), same || none_given);
}

#[cfg(test)]
mod tests;
