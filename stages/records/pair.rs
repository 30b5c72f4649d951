//! A country-app pair with all that is known of it, and what its barrier codes mean.

use engine::function::{Artifact, Failure, Output};
use polars::prelude::df;
use tables::table;

use crate::records::barrier::Barrier;

/// One tested pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The matrix that it stands in: `table1` or `appendix3`.
    pub matrix: String,
    /// The country's name.
    pub country: String,
    /// The country's ISO 3166 alpha-3 code.
    pub iso3: String,
    /// The region under which the report prints the country.
    pub region: String,
    /// The country's place in the order of the report.
    pub place: i64,
    /// The app's key.
    pub app: String,
    /// The app's name without its slogan.
    pub name: String,
    /// The app's name in full.
    pub full_name: String,
    /// Whether users of the app can exchange information.
    pub exchanges: bool,
    /// What the app asks for at registration.
    pub registration: String,
    /// What stands between the two.
    pub barrier: Barrier,
}

impl Pair {
    /// Whether there is any hard barrier.
    pub fn barred(&self) -> bool {
        self.barrier != Barrier::None
    }

    /// Whether the app is missing from the country's store (type 1).
    pub fn store(&self) -> bool {
        self.barrier.store()
    }

    /// Whether the app's registration lacks the country's phone prefix (type 2).
    pub fn phone(&self) -> bool {
        self.barrier.phone()
    }
}

/// How many pairs there are, and how many meet which barrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All pairs.
    pub pairs: usize,
    /// Those with any barrier.
    pub barred: usize,
    /// Those with a store barrier only.
    pub type1: usize,
    /// Those with a phone barrier only.
    pub type2: usize,
    /// Those with both.
    pub both: usize,
}

impl Tally {
    /// Counts pairs.
    pub fn of<'a>(pairs: impl IntoIterator<Item = &'a Pair>) -> Self {
        let mut tally = Tally::default();
        for pair in pairs {
            tally.pairs += 1;
            tally.barred += usize::from(pair.barred());
            tally.type1 += usize::from(pair.barrier == Barrier::StoreOnly);
            tally.type2 += usize::from(pair.barrier == Barrier::PhoneOnly);
            tally.both += usize::from(pair.barrier == Barrier::Both);
        }
        tally
    }

    /// The share of pairs with any barrier.
    pub fn share(&self) -> f64 {
        self.barred as f64 / self.pairs as f64
    }
}

/// The pairs of one matrix; none is a failure.
pub fn of_matrix(pairs: Vec<Pair>, matrix: &str) -> Result<Vec<Pair>, Failure> {
    let pairs: Vec<Pair> = pairs.into_iter().filter(|pair| pair.matrix == matrix).collect();
    if pairs.is_empty() {
        return Err(Failure::from(format!("there are no pairs of the matrix `{matrix}`")));
    }
    Ok(pairs)
}

/// Encodes pairs as a table, ordered by matrix, app and country.
pub fn encode(pairs: &[Pair]) -> Result<Output, Failure> {
    let texts = |of: fn(&Pair) -> &str| pairs.iter().map(of).collect::<Vec<_>>();
    let flags = |of: fn(&Pair) -> bool| pairs.iter().map(of).collect::<Vec<_>>();
    let frame = df!(
        "matrix" => texts(|pair| &pair.matrix),
        "app" => texts(|pair| &pair.app),
        "name" => texts(|pair| &pair.name),
        "full_name" => texts(|pair| &pair.full_name),
        "exchanges_information" => flags(|pair| pair.exchanges),
        "registration" => texts(|pair| &pair.registration),
        "country" => texts(|pair| &pair.country),
        "iso3" => texts(|pair| &pair.iso3),
        "region" => texts(|pair| &pair.region),
        "place" => pairs.iter().map(|pair| pair.place).collect::<Vec<_>>(),
        "code" => pairs.iter().map(|pair| pair.barrier.code()).collect::<Vec<_>>(),
        "barred" => flags(Pair::barred),
        "type1" => flags(Pair::store),
        "type2" => flags(Pair::phone),
    );
    table::encode(&frame.map_err(table::failed)?, &["matrix", "app", "country"])
}

/// Decodes pairs.
pub fn decode(artifact: &Artifact) -> Result<Vec<Pair>, Failure> {
    let frame = table::decode(artifact)?;
    let texts = |name| table::texts(&frame, name);
    let (matrix, country, iso3) = (texts("matrix")?, texts("country")?, texts("iso3")?);
    let (region, app, name) = (texts("region")?, texts("app")?, texts("name")?);
    let (full_name, registration) = (texts("full_name")?, texts("registration")?);
    let exchanges = table::booleans(&frame, "exchanges_information")?;
    let (place, code) = (table::integers(&frame, "place")?, table::integers(&frame, "code")?);
    let barrier = |code: i64| Barrier::of(code).ok_or_else(|| format!("`{code}` is no barrier"));
    let pair = |row: usize| {
        Ok(Pair {
            matrix: matrix[row].clone(),
            country: country[row].clone(),
            iso3: iso3[row].clone(),
            region: region[row].clone(),
            place: place[row],
            app: app[row].clone(),
            name: name[row].clone(),
            full_name: full_name[row].clone(),
            exchanges: exchanges[row],
            registration: registration[row].clone(),
            barrier: barrier(code[row])?,
        })
    };
    (0..frame.height()).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn codes_as_the_legend_says() {
        let kinds = |code| {
            let pair = given::pair("table1", "A", "x", code);
            (pair.barred(), pair.store(), pair.phone())
        };
        assert_eq!(kinds(0), (false, false, false));
        assert_eq!(kinds(1), (true, true, false));
        assert_eq!(kinds(2), (true, false, true));
        assert_eq!(kinds(3), (true, true, true));
    }

    #[test]
    fn round_trip_and_tally() {
        let pairs: Vec<Pair> = [("A", "x", 0), ("A", "y", 1), ("B", "x", 2), ("B", "y", 3)]
            .map(|(country, app, code)| given::pair("table1", country, app, code))
            .into();
        let output = encode(&pairs).unwrap();
        assert_eq!(output.rows, Some(4));
        let mut back = decode(&given::artifact("pairs.parquet", &output.bytes)).unwrap();
        back.sort_by(|a, b| (&a.country, &a.app).cmp(&(&b.country, &b.app)));
        assert_eq!(back, pairs);
        let expected = Tally { pairs: 4, barred: 3, type1: 1, type2: 1, both: 1 };
        assert_eq!(Tally::of(&pairs), expected);
        assert_eq!(expected.share(), 0.75);
        assert!(of_matrix(pairs, "appendix3").is_err());
    }
}
