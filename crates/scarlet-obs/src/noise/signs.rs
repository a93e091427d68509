//! Signs that look random, from a seed.

/// 1 or -1 for the `k`th pixel.
pub(crate) const fn sign(seed: u64, k: usize) -> f64 {
    let bits = mixed(seed ^ (k / 64) as u64);
    if bits >> (k % 64) & 1 == 0 { 1.0 } else { -1.0 }
}

/// The finaliser of SplitMix64: bits that look random, from any number.
pub(crate) const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
