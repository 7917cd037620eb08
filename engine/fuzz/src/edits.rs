//! Buffers edited as a fuzzer's bytes say.
//!
//! Each edit is six bytes: which buffer, what to do, where (16 bits), and a value (16 bits).

/// Edits that are read; a longer input has no more of them.
const MOST: usize = 64;

/// What an edit can make a buffer grow to: calls stay quick.
const LONGEST: usize = 1 << 16;

/// The buffers after the edits, and whether they are what they were.
pub fn edited<const N: usize>(data: &[u8], buffers: [&[u8]; N]) -> ([Vec<u8>; N], bool) {
    let mut out = buffers.map(<[u8]>::to_vec);
    for edit in data.chunks_exact(6).take(MOST) {
        let buffer = &mut out[usize::from(edit[0]) % N];
        let word = u16::from_le_bytes([edit[4], edit[5]]);
        // An odd step in a buffer that 16 bits do not span.
        let step = 1 + 2 * (buffer.len() >> 16);
        let at = usize::from(u16::from_le_bytes([edit[2], edit[3]])) * step % (buffer.len() + 1);
        let tail = &mut buffer[at..];
        match edit[1] % 7 {
            0 => tail.iter_mut().take(1).for_each(|byte| *byte ^= edit[4]),
            1 => tail.iter_mut().take(1).for_each(|byte| *byte = edit[4]),
            2 => buffer.truncate(at),
            3 => {
                let room = LONGEST
                    .saturating_sub(buffer.len())
                    .min(usize::from(word) % 512);
                buffer.extend(std::iter::repeat_n(edit[3], room));
            }
            4 => tail.iter_mut().take(32).for_each(|byte| *byte = edit[4]),
            5 => tail
                .iter_mut()
                .take(4)
                .zip(u32::from(word).to_le_bytes())
                .for_each(|(byte, new)| *byte = new),
            // A stretch again elsewhere: points and scalars that repeat.
            _ => {
                let from = usize::from(word) % (buffer.len() + 1);
                let count = 128.min(buffer.len() - from.max(at));
                buffer.copy_within(from..from + count, at);
            }
        }
    }
    let same = out.iter().zip(buffers).all(|(new, old)| new == old);
    (out, same)
}
