//! Pseudo-random numbers from the seed of a stage, the same on every machine.
//!
//! The generator is xoshiro256++ 1.0 (Blackman and Vigna 2021, "Scrambled
//! linear pseudorandom number generators", ACM TOMS 47(4), 36). It is for
//! simulation, not for secrets.

/// The state of the generator.
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator that begins with the 32 bytes of `seed`, read as four
    /// little-endian words; a seed of zeros, which would stay zero, begins
    /// with ones.
    pub fn new(seed: [u8; 32]) -> Self {
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(seed.chunks_exact(8)) {
            *word = bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        }
        Random { state: if state == [0; 4] { [1; 4] } else { state } }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A whole number below `bound`, each equally likely: the multiplication
    /// with rejection of Lemire (2019), "Fast random integer generation in an
    /// interval", ACM TOMACS 29(1), 3. A bound of 0 gives 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            // What is rejected lies below the bound, so the division is rare.
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// Brings a random choice of `count` of the items to the front, each
    /// choice equally likely: the first steps of the shuffle of Fisher and
    /// Yates as given by Durstenfeld (1964), CACM 7(7), 420.
    pub fn choose<T>(&mut self, items: &mut [T], count: usize) {
        for at in 0..count.min(items.len()) {
            let rest = (items.len() - at) as u64;
            items.swap(at, at + self.below(rest) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words 1, 2, 3, 4 as a seed.
    fn counting() -> Random {
        let mut seed = [0; 32];
        for (at, word) in (1..=4_u8).enumerate() {
            seed[8 * at] = word;
        }
        Random::new(seed)
    }

    /// The vector of the reference implementation in C for the state 1, 2, 3,
    /// 4, as the crate `rand_xoshiro` tests it.
    #[test]
    fn as_the_reference_implementation() {
        let mut random = counting();
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        assert_eq!(expected.map(|_| random.bits()), expected);
        assert_ne!(Random::new([0; 32]).bits(), 0);
    }

    #[test]
    fn numbers_below_a_bound_are_equally_likely() {
        let mut random = counting();
        let mut counts = [0; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        assert_eq!((random.below(1), random.below(0)), (0, 0));
    }

    #[test]
    fn a_choice_keeps_all_items() {
        let mut items = [0, 1, 2, 3, 4, 5];
        Random::new([7; 32]).choose(&mut items, 3);
        let mut sorted = items;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
        assert_ne!(items, sorted);
    }
    /// The bound is three quarters of all words: of four words that follow each other three
    /// give a number, each another, and the fourth, which 4 divides, must be drawn anew.
    #[test]
    fn a_word_that_would_favour_a_number_is_drawn_anew() {
        let mut words = Random::new([7; 32]);
        let words = std::iter::repeat_with(|| words.bits());
        let expected = words.filter(|word| word % 4 != 0).map(|word| word / 4 * 3 + word % 4 - 1);
        let mut random = Random::new([7; 32]);
        for number in expected.take(100) {
            assert_eq!(random.below(3 << 62), number);
        }
    }

    #[test]
    fn choices_are_equally_likely() {
        let mut random = counting();
        let mut counts = [[0; 4]; 4];
        for _ in 0..12_000 {
            let mut items = [0, 1, 2, 3];
            random.choose(&mut items, 2);
            counts[items[0]][items[1]] += 1;
        }
        for (first, row) in counts.iter().enumerate() {
            for (second, count) in row.iter().enumerate() {
                let expected = if first == second { 0..1 } else { 850..1_150 };
                assert!(expected.contains(count), "{first} {second}: {count}");
            }
        }
    }
}
