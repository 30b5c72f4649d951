//! A table as text cells, for a reader who wants to look at it.

use polars::prelude::*;

/// The names of a table's columns and its rows; a cell that holds nothing is `None`.
pub type Cells = (Vec<String>, Vec<Vec<Option<String>>>);

/// Reads a table of the one codec; nothing where the bytes are of another form.
pub fn read(bytes: &[u8]) -> Result<Option<Cells>, String> {
    if !bytes.starts_with(b"PAR1") {
        return Ok(None);
    }
    let frame = ParquetReader::new(std::io::Cursor::new(bytes)).finish();
    let frame = frame.map_err(|error| error.to_string())?;
    let columns: Vec<&Column> = frame.columns().iter().collect();
    let names = columns.iter().map(|it| it.name().to_string()).collect();
    let cell = |column: &&Column, row: usize| {
        let value = column.get(row).map_err(|error| error.to_string())?;
        Ok(match value {
            AnyValue::Null => None,
            AnyValue::String(text) => Some(text.to_string()),
            AnyValue::StringOwned(text) => Some(text.to_string()),
            // Shown for people, polars would round them.
            AnyValue::Float64(number) => Some(number.to_string()),
            AnyValue::Float32(number) => Some(number.to_string()),
            other => Some(other.to_string()),
        })
    };
    let row = |row: usize| columns.iter().map(|column| cell(column, row)).collect();
    let rows = (0..frame.height()).map(row).collect::<Result<_, String>>()?;
    Ok(Some((names, rows)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    #[test]
    fn a_table_as_text() {
        let x = [0.1, 0.346_917_450_360_123_4];
        let frame = df!("name" => [Some("wren"), None], "n" => [8_i64, 60], "x" => x);
        let bytes = table::encode(&frame.unwrap(), &["n"]).unwrap().bytes;
        let (columns, rows) = read(&bytes).unwrap().unwrap();
        assert_eq!(columns, ["name", "n", "x"]);
        let text = |it: &str| Some(it.to_string());
        assert_eq!(
            rows,
            [
                [text("wren"), text("8"), text("0.1")],
                [None, text("60"), text("0.3469174503601234")]
            ]
        );
        assert_eq!(read(b"a,b\n").unwrap(), None);
        assert!(read(b"PAR1 and no more").is_err());
    }
}
