//! Sixty-four bits that stand for a text, so that records stay small and compare fast.
//!
//! FNV-1a with a final mix. The same text gives the same bits in every release, so cluster numbers
//! and reviews can be repeated. Two of a million texts meet by chance once in forty million runs.

/// Stands for "there is none".
pub(super) const NONE: u64 = 0;

/// The bits of a text; [`NONE`] for the empty one only.
pub(super) fn of(text: &str) -> u64 {
    of_parts(&[text])
}

/// The bits of several texts in their order; `["a", "b"]` differs from `["ab"]`.
pub(super) fn of_parts(parts: &[&str]) -> u64 {
    if parts.iter().all(|part| part.is_empty()) {
        return NONE;
    }
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(state).max(1)
}

/// The bits of two fingerprints together; [`NONE`] if one of them is.
pub(super) fn both(one: u64, other: u64) -> u64 {
    if one == NONE || other == NONE {
        return NONE;
    }
    mix(one.rotate_left(17) ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}

fn mix(mut state: u64) -> u64 {
    state ^= state >> 33;
    state = state.wrapping_mul(0xff51_afd7_ed55_8ccd);
    state ^= state >> 33;
    state = state.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    state ^ (state >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_borders_count() {
        assert_ne!(of_parts(&["a", "b"]), of_parts(&["ab"]));
        assert_ne!(of_parts(&["a", "b"]), of_parts(&["b", "a"]));
        assert_ne!(both(of("a"), of("b")), both(of("b"), of("a")));
        assert_eq!((of(""), of_parts(&["", ""])), (NONE, NONE));
        assert_eq!(both(of("a"), NONE), NONE);
    }
}
