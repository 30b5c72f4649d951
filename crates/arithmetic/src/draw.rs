//! Draws from distributions, each part of a model with a stream of its own.

use crate::random::Random;

/// A generator for the part `name` of a model, so that one part may draw more
/// numbers without moving another: the words of the seed, each mixed with the
/// name by FNV-1a and finished by the mix of SplitMix64 (Steele, Lea and
/// Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA).
pub fn stream(seed: [u8; 32], name: &str) -> Random {
    let mut mixed = [0; 32];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (word, place) in seed.chunks_exact(8).zip(mixed.chunks_exact_mut(8)) {
        for byte in word.iter().chain(name.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        place.copy_from_slice(&mix(hash).to_le_bytes());
    }
    Random::new(mixed)
}

/// The finishing mix of SplitMix64, after its step by the golden ratio.
fn mix(word: u64) -> u64 {
    let z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 up to 1, in steps of 2^-53.
pub fn unit(random: &mut Random) -> f64 {
    (random.bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A standard normal number, after Box and Muller (1958), Ann. Math. Stat. 29.
pub fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * libm::log(1.0 - unit(random))).sqrt();
    radius * libm::cos(2.0 * std::f64::consts::PI * unit(random))
}

/// A log-normal number with median 1: `exp(sigma z)`, `z` standard normal.
pub fn factor(random: &mut Random, sigma: f64) -> f64 {
    libm::exp(sigma * normal(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats;

    /// The first outputs of the reference SplitMix64 for the seed 1234567.
    #[test]
    fn the_mix_is_that_of_splitmix() {
        let golden = 0x9e37_79b9_7f4a_7c15_u64;
        let seed = |step: u64| golden.wrapping_mul(step).wrapping_add(1_234_567);
        let outputs = [0, 1, 2].map(|step| mix(seed(step)));
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(outputs, expected);
    }

    #[test]
    fn streams_differ_by_seed_and_name() {
        let first = |seed, name| stream(seed, name).bits();
        assert_eq!(first([7; 32], "apps"), first([7; 32], "apps"));
        assert_ne!(first([7; 32], "apps"), first([7; 32], "months"));
        assert_ne!(first([7; 32], "apps"), first([8; 32], "apps"));
        // A step of FNV-1a maps the bytes that may come next one to one.
        let letters = (0..128_u8).map(|letter| char::from(letter).to_string());
        let named = letters.map(|name| stream([7; 32], &name).bits());
        assert_eq!(named.collect::<std::collections::BTreeSet<_>>().len(), 128);
    }

    #[test]
    fn moments_of_the_draws() {
        let mut random = stream([1; 32], "test");
        let units: Vec<f64> = (0..20_000).map(|_| unit(&mut random)).collect();
        assert!((stats::mean(&units) - 0.5).abs() < 0.01);
        let normals: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        assert!(stats::mean(&normals).abs() < 0.03);
        assert!((stats::variance(&normals) - 1.0).abs() < 0.05);
        let factors: Vec<f64> = (0..20_000).map(|_| factor(&mut random, 1.0)).collect();
        assert!((stats::median(&factors) - 1.0).abs() < 0.05);
        // The mean of a log-normal number is exp(sigma^2 / 2).
        let factors: Vec<f64> = (0..20_000).map(|_| factor(&mut random, 0.5)).collect();
        assert!((stats::mean(&factors) - libm::exp(0.125)).abs() < 0.015);
    }
}
