//! The only codec of tables: frames to Parquet with a total row order, and back.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use engine::function::{Artifact, Failure, Output};
use polars::io::parquet::write::BatchedWriter;
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
pub fn encode_sorted<K: Ord + Clone>(frame: DataFrame, keys: &[K]) -> Result<Output, Failure> {
    let mut pieces = Pieces::default();
    pieces.push(frame, keys)?;
    pieces.finish()
}

fn write(frame: DataFrame) -> Result<Output, Failure> {
    let mut groups = Groups::new(GROUP_ROWS);
    groups.push(frame)?;
    groups.finish()
}

/// A long table that is written piece by piece and never held as a whole. Its
/// bytes depend on its rows alone, not on the pieces that they came in.
pub struct Pieces<K> {
    groups: Groups,
    last: Option<K>,
}

impl<K> Default for Pieces<K> {
    fn default() -> Self {
        Pieces { groups: Groups::new(GROUP_ROWS), last: None }
    }
}

impl<K: Ord + Clone> Pieces<K> {
    /// Adds rows in the order of `keys`, one key a row; keys that do not rise,
    /// also from one piece to the next, are refused.
    pub fn push(&mut self, frame: DataFrame, keys: &[K]) -> Result<(), Failure> {
        let after = self.last.as_ref().zip(keys.first()).is_none_or(|(last, key)| last < key);
        if !after || keys.len() != frame.height() || !keys.is_sorted_by(|one, next| one < next) {
            return Err(Failure::from("the rows of a table do not stand in a total order"));
        }
        self.last = keys.last().cloned().or(self.last.take());
        self.groups.push(frame)
    }

    /// Writes what is left, and the end of the table.
    pub fn finish(self) -> Result<Output, Failure> {
        self.groups.finish()
    }
}

/// Writes row groups of the same size, but for the last.
struct Groups {
    size: usize,
    bytes: Shared,
    writer: Option<BatchedWriter<Shared>>,
    waiting: Option<DataFrame>,
    rows: u64,
}

impl Groups {
    fn new(size: usize) -> Self {
        Groups { size, bytes: Shared::default(), writer: None, waiting: None, rows: 0 }
    }

    fn push(&mut self, frame: DataFrame) -> Result<(), Failure> {
        self.rows += frame.height() as u64;
        let mut all = match self.waiting.take() {
            Some(waiting) => waiting.vstack(&frame).map_err(failed)?,
            None => frame,
        };
        while all.height() >= self.size {
            self.write(all.slice(0, self.size))?;
            all = all.slice(self.size as i64, all.height() - self.size);
        }
        self.waiting = Some(all);
        Ok(())
    }

    fn write(&mut self, mut group: DataFrame) -> Result<(), Failure> {
        group.rechunk_mut();
        if self.writer.is_none() {
            let options = ParquetWriter::new(self.bytes.clone())
                .with_compression(ParquetCompression::Zstd(None))
                .with_statistics(StatisticsOptions::empty())
                .with_data_page_size(Some(PAGE_BYTES))
                .set_parallel(false);
            self.writer = Some(options.batched(group.schema()).map_err(failed)?);
        }
        let writer = self.writer.as_mut().expect("it was just made");
        writer.write_batch(&group).map_err(failed)
    }

    fn finish(mut self) -> Result<Output, Failure> {
        // A table without rows has a schema all the same.
        if let Some(rest) = self.waiting.take()
            && (rest.height() > 0 || self.writer.is_none())
        {
            self.write(rest)?;
        }
        let writer = self.writer.ok_or_else(|| Failure::from("a table has no columns"))?;
        writer.finish().map_err(failed)?;
        drop(writer);
        Ok(Output { rows: Some(self.rows), ..Output::from(self.bytes.taken()) })
    }
}

/// Bytes that a writer fills while another hand keeps hold of them.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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

/// Hands the row groups of a table to `take`, one after the other, each with
/// the number of rows before it; a long table is never held as a whole.
pub fn each_group(
    artifact: &Artifact,
    mut take: impl FnMut(usize, DataFrame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let broken = |error| Failure::from(format!("`{}` is no table: {error}", artifact.path));
    let reader = || ParquetReader::new(std::io::Cursor::new(&artifact.bytes[..]));
    let metadata = reader().get_metadata().map_err(broken)?.clone();
    let mut before = 0;
    for group in &metadata.row_groups {
        let mut reader = reader().with_slice(Some((before, group.num_rows())));
        reader.set_metadata(metadata.clone());
        take(before, reader.finish().map_err(broken)?)?;
        before += group.num_rows();
    }
    Ok(())
}

/// A column of texts without missing values.
pub fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, Failure> {
    present(name, optional_texts(frame, name)?)
}

/// A column of texts.
pub fn optional_texts(frame: &DataFrame, name: &str) -> Result<Vec<Option<String>>, Failure> {
    Ok(column_of_texts(frame, name)?.iter().map(|value| value.map(String::from)).collect())
}

/// A column of texts as it stands, whose values are borrowed.
pub fn column_of_texts<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a StringChunked, Failure> {
    frame.column(name).and_then(|column| column.str()).map_err(failed)
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
        let frame = df!("k" => [1i64, 2, 3], "is" => [true, false, true]).unwrap();
        let back = decode(&artifact(encode(&frame, &["k"]).unwrap())).unwrap();
        assert_eq!(booleans(&back, "is").unwrap(), [true, false, true]);
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

    /// Ten rows in groups of four, whichever way they come.
    #[test]
    fn pieces_have_the_bytes_of_the_whole() {
        let names: Vec<String> = (0..10).map(|k| format!("a name of row {}", k % 3)).collect();
        let frame = df!("k" => (0..10i64).collect::<Vec<_>>(), "t" => names).unwrap();
        let written = |ends: &[usize]| {
            let mut groups = Groups::new(4);
            let mut from = 0;
            for &end in ends {
                groups.push(frame.slice(from as i64, end - from)).unwrap();
                from = end;
            }
            groups.finish().unwrap()
        };
        let whole = written(&[10]);
        assert_eq!(whole.rows, Some(10));
        for ends in [&[4, 8, 10][..], &[1, 2, 3, 10], &[9, 10], &[0, 7, 7, 10]] {
            assert_eq!(written(ends), whole, "{ends:?}");
        }
        assert!(decode(&artifact(written(&[10]))).unwrap().equals(&frame));
        let mut found = Vec::new();
        each_group(&artifact(whole), |before, group| {
            found.push((before, integers(&group, "k")?));
            Ok(())
        })
        .unwrap();
        let group = |from, to| (from as usize, (from..to).collect::<Vec<i64>>());
        assert_eq!(found, [group(0, 4), group(4, 8), group(8, 10)]);
        // Where the last group is full, no empty one follows.
        let mut heights = Vec::new();
        each_group(&artifact(written(&[8])), |_, group| {
            heights.push(group.height());
            Ok(())
        })
        .unwrap();
        assert_eq!(heights, [4, 4]);
    }

    #[test]
    fn keys_rise_from_piece_to_piece() {
        let piece = |from: i64| df!("k" => [from, from + 1]).unwrap();
        let mut pieces = Pieces::default();
        pieces.push(piece(0), &[0, 1]).unwrap();
        pieces.push(piece(2), &[2, 3]).unwrap();
        assert!(pieces.push(piece(3), &[3, 4]).is_err());
        assert_eq!(pieces.finish().unwrap().rows, Some(4));
        let none = encode(&piece(0).slice(0, 0), &["k"]).unwrap();
        assert_eq!(none.rows, Some(0));
        assert_eq!(decode(&artifact(none)).unwrap().height(), 0);
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
    /// Pages are so large that their heads weigh little beside what they hold.
    #[test]
    fn pages_hold_many_numbers() {
        let numbers: Vec<i64> = (0..20_000).map(|k| k * 1_000_003).collect();
        let frame = df!("k" => &numbers).unwrap();
        let written = encode_sorted(frame, &numbers).unwrap().bytes.len();
        assert!(written < 20_000 * 8 + 2_000, "{written}");
    }
}
