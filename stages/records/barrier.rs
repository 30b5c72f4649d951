//! What stands between an app and the users in a country: the four codes of a matrix.

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    /// Nothing.
    None,
    /// The app is missing from the country's store (type 1), and nothing else.
    StoreOnly,
    /// Its registration lacks the country's phone prefix (type 2), and nothing else.
    PhoneOnly,
    /// Both.
    Both,
}

impl Barrier {
    /// All of them, in the order of their codes.
    pub const ALL: [Barrier; 4] =
        [Barrier::None, Barrier::StoreOnly, Barrier::PhoneOnly, Barrier::Both];

    /// What a code means, if it is one.
    pub fn of(code: i64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code)).copied()
    }

    /// Its code: 0 to 3.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Its place among all.
    pub fn place(self) -> usize {
        self as usize
    }

    /// Its name in tables of downloads and in keys of values.
    pub fn key(self) -> &'static str {
        match self {
            Barrier::None => "none",
            Barrier::StoreOnly => "store",
            Barrier::PhoneOnly => "phone",
            Barrier::Both => "both",
        }
    }

    /// What a legend says.
    pub fn legend(self) -> &'static str {
        match self {
            Barrier::None => "no barrier",
            Barrier::StoreOnly => "not in the app store (type 1)",
            Barrier::PhoneOnly => "no country phone prefix (type 2)",
            Barrier::Both => "both",
        }
    }

    /// Which pairs have it, in the words of values.
    pub fn pairs(self) -> &'static str {
        match self {
            Barrier::None => "pairs without a barrier",
            Barrier::StoreOnly => "pairs with a store barrier only",
            Barrier::PhoneOnly => "pairs with a phone barrier only",
            Barrier::Both => "pairs with both barriers",
        }
    }

    /// Whether the app is missing from the store, whatever else.
    pub fn store(self) -> bool {
        matches!(self, Barrier::StoreOnly | Barrier::Both)
    }

    /// Whether its registration lacks the prefix, whatever else.
    pub fn phone(self) -> bool {
        matches!(self, Barrier::PhoneOnly | Barrier::Both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_back() {
        for (code, barrier) in (0..).zip(Barrier::ALL) {
            assert_eq!((Barrier::of(code), barrier.code()), (Some(barrier), code));
        }
        assert_eq!((Barrier::of(4), Barrier::of(-1)), (None, None));
        let both = Barrier::ALL.map(|it| (it.store(), it.phone()));
        assert_eq!(both, [(false, false), (true, false), (false, true), (true, true)]);
    }
}
