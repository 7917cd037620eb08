//! The digest of a prepared key: SHA-256 of the SHA-256 of each mebibyte, so that all threads take part.
//!
//! Source: FIPS 180-4. Notation: a file is a body and a trailer of 32 bytes, the digest of the body.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Bytes of a digest.
pub const DIGEST: usize = 32;

/// Bytes that are hashed by one task.
const CHUNK: usize = 1 << 20;

/// Begins what the digests of the chunks are hashed with, so that no other hash is taken for this one.
const DOMAIN: &[u8] = b"zkmargin prepared key 1";

/// SHA-256(domain, length of the body as u64, SHA-256 of each chunk in order).
pub fn tree(body: &[u8]) -> [u8; DIGEST] {
    let leaves: Vec<[u8; DIGEST]> = body
        .par_chunks(CHUNK)
        .map(|chunk| Sha256::digest(chunk).into())
        .collect();
    let mut root = Sha256::new();
    root.update(DOMAIN);
    root.update((body.len() as u64).to_le_bytes());
    for leaf in leaves {
        root.update(leaf);
    }
    root.finalize().into()
}
