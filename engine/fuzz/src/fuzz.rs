//! libFuzzer's entry: runs the target that ZKMARGIN_FUZZ names; see `make fuzz`.

#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("ZKMARGIN_FUZZ").unwrap_or_default();
    zkmargin_fuzz::target(&name).unwrap_or_else(|| {
        eprintln!(
            "set ZKMARGIN_FUZZ to one of: {}",
            zkmargin_fuzz::names().join(" ")
        );
        std::process::exit(2)
    })
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
