//! The only codec of tables: frames to Parquet with a total row order, and back.

use engine::function::{Artifact, Failure, Output};
use polars::prelude::*;

/// Rows in a row group; fixed, because it decides the bytes.
const GROUP_ROWS: usize = 1 << 18;
/// Bytes in a data page; fixed, because it decides the bytes.
const PAGE_BYTES: usize = 1 << 20;

/// Encodes a frame with its rows ordered by the columns `order`.
///
/// Equal frames give equal bytes. Two rows that `order` does not tell apart
/// are refused: their order would be an accident.
pub fn encode(frame: &DataFrame, order: &[&str]) -> Result<Output, Failure> {
    write(sorted(frame, order)?)
}

/// Encodes a long frame whose rows stand in the order of `keys` already, one
/// key a row; this spares the sort. Keys that do not rise are refused.
pub fn encode_sorted<K: Ord>(frame: DataFrame, keys: &[K]) -> Result<Output, Failure> {
    if keys.len() != frame.height() || !keys.is_sorted_by(|one, next| one < next) {
        return Err(Failure::from("the rows of a table do not stand in a total order"));
    }
    write(frame)
}

fn write(mut frame: DataFrame) -> Result<Output, Failure> {
    frame.rechunk_mut();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::empty())
        .with_row_group_size(Some(GROUP_ROWS))
        .with_data_page_size(Some(PAGE_BYTES))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(failed)?;
    Ok(Output { rows: Some(frame.height() as u64), ..Output::from(bytes) })
}

/// The rows ordered by the columns `order`, missing values first.
fn sorted(frame: &DataFrame, order: &[&str]) -> Result<DataFrame, Failure> {
    let options =
        SortMultipleOptions::default().with_multithreaded(false).with_maintain_order(true);
    let sorted = frame.sort(order.iter().copied(), options).map_err(failed)?;
    let keys: Vec<_> =
        order.iter().map(|name| sorted.column(name)).collect::<Result<_, _>>().map_err(failed)?;
    for row in 1..sorted.height() {
        let same = |column: &&Column| -> PolarsResult<bool> {
            Ok(column.get(row - 1)? == column.get(row)?)
        };
        let ties: Vec<bool> = keys.iter().map(same).collect::<Result<_, _>>().map_err(failed)?;
        if ties.iter().all(|tie| *tie) {
            let key: Vec<_> =
                keys.iter().filter_map(|c| c.get(row).ok()).map(|v| format!("`{v}`")).collect();
            return Err(Failure::from(format!(
                "two rows have the same {}: {}",
                order.join(", "),
                key.join(", ")
            )));
        }
    }
    Ok(sorted)
}

/// Decodes a table.
pub fn decode(artifact: &Artifact) -> Result<DataFrame, Failure> {
    ParquetReader::new(std::io::Cursor::new(&artifact.bytes[..]))
        .finish()
        .map_err(|error| Failure::from(format!("`{}` is no table: {error}", artifact.path)))
}

/// A column of texts without missing values.
pub fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, Failure> {
    present(name, optional_texts(frame, name)?)
}

/// A column of texts.
pub fn optional_texts(frame: &DataFrame, name: &str) -> Result<Vec<Option<String>>, Failure> {
    let column = frame.column(name).and_then(|column| column.str()).map_err(failed)?;
    Ok(column.iter().map(|value| value.map(String::from)).collect())
}

/// A column of integers without missing values.
pub fn integers(frame: &DataFrame, name: &str) -> Result<Vec<i64>, Failure> {
    present(name, optional_integers(frame, name)?)
}

/// A column of integers.
pub fn optional_integers(frame: &DataFrame, name: &str) -> Result<Vec<Option<i64>>, Failure> {
    let column = frame.column(name).and_then(|column| column.i64()).map_err(failed)?;
    Ok(column.iter().collect())
}

/// A column of numbers.
pub fn optional_numbers(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, Failure> {
    let column = frame.column(name).and_then(|column| column.f64()).map_err(failed)?;
    Ok(column.iter().collect())
}

/// A column of truth values without missing values.
pub fn booleans(frame: &DataFrame, name: &str) -> Result<Vec<bool>, Failure> {
    let column = frame.column(name).and_then(|column| column.bool()).map_err(failed)?;
    present(name, column.iter().collect())
}

fn present<T>(name: &str, values: Vec<Option<T>>) -> Result<Vec<T>, Failure> {
    let values: Option<Vec<T>> = values.into_iter().collect();
    values.ok_or_else(|| Failure::from(format!("column `{name}` has missing values")))
}

/// A failure of polars as a failure of the function.
pub fn failed(error: PolarsError) -> Failure {
    Failure::from(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(output: Output) -> Artifact {
        let path = "t.parquet".to_string();
        Artifact { path, bytes: output.bytes.into(), labels: Default::default(), resource: None }
    }

    #[test]
    fn round_trip_in_total_order() {
        let frame = df!(
            "name" => ["b", "a", "b"], "n" => [2i64, 3, 1], "x" => [Some(0.5), None, Some(-1.0)]
        )
        .unwrap();
        let output = encode(&frame, &["name", "n"]).unwrap();
        assert_eq!(output.rows, Some(3));
        let back = decode(&artifact(output)).unwrap();
        assert_eq!(texts(&back, "name").unwrap(), ["a", "b", "b"]);
        assert_eq!(integers(&back, "n").unwrap(), [3, 1, 2]);
        assert_eq!(optional_numbers(&back, "x").unwrap(), [None, Some(-1.0), Some(0.5)]);
    }

    #[test]
    fn equal_rows_give_equal_bytes_whatever_their_order() {
        let one = df!("k" => [1i64, 2, 3], "t" => ["a name longer than twelve", "b", "c"]).unwrap();
        let two = df!("k" => [3i64, 1, 2], "t" => ["c", "a name longer than twelve", "b"]).unwrap();
        assert_eq!(encode(&one, &["k"]).unwrap(), encode(&two, &["k"]).unwrap());
    }

    #[test]
    fn rows_in_order_need_no_sort() {
        let frame = df!("k" => [1i64, 2, 3]).unwrap();
        let sorted = encode_sorted(frame.clone(), &[1, 2, 3]).unwrap();
        assert_eq!(sorted, encode(&frame, &["k"]).unwrap());
        for keys in [&[1, 3, 2][..], &[1, 2, 2], &[1, 2]] {
            assert!(encode_sorted(frame.clone(), keys).is_err());
        }
    }

    #[test]
    fn refuses_ties_missing_values_and_damage() {
        let frame = df!("name" => ["a", "a"], "n" => [Some(1i64), None]).unwrap();
        let failure = encode(&frame, &["name"]).unwrap_err();
        assert_eq!(failure.diagnostics[0].message, "two rows have the same name: `\"a\"`");
        let failure = integers(&frame, "n").unwrap_err();
        assert_eq!(failure.diagnostics[0].message, "column `n` has missing values");
        let output = Output::from(b"no parquet".to_vec());
        assert!(decode(&artifact(output)).is_err());
    }
}
