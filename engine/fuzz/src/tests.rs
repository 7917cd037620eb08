//! Every target on drawn edits, few and many: what runs wherever the tests run.

use super::TARGETS;

/// Draws of each target.
const DRAWS: usize = 400;

#[test]
fn drawn_edits() {
    for (name, run) in TARGETS {
        let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        run(&[]);
        for draw in 0..DRAWS {
            let data: Vec<u8> = (0..6 * (1 + draw % 4)).map(|_| next()).collect();
            run(&data);
        }
    }
}

/// Inputs that once failed.
const FOUND: &[(&str, &[u8])] = &[
    // A count of wires that no buffer is as long as: memory for all of them was taken.
    ("keygen", &[0x00, 0x00, 0x23, 0x64, 0x88, 0x88]),
];

#[test]
fn what_once_failed() {
    for (name, data) in FOUND {
        super::target(name).expect("a target")(data);
    }
}

#[test]
fn targets_are_sorted_and_found() {
    let names = super::names();
    assert!(names.is_sorted());
    assert!(names.iter().all(|name| super::target(name).is_some()));
    assert!(super::target("nothing").is_none());
}
