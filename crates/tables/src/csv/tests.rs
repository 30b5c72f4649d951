//! CSV as it is, and as it is not to be.

use super::*;

fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let csv = Csv::read("t.csv", text.as_bytes(), ',').map_err(|d| d[0].to_string())?;
    let texts = |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect();
    Ok(csv.rows.iter().map(texts).collect())
}

#[test]
fn reads_quotes_line_ends_and_a_byte_order_mark() {
    let text = "\u{feff}a,b\r\n\"x, \"\"y\"\"\",\n\"two\nlines\",抖音";
    let expected = vec![vec!["a", "b"], vec!["x, \"y\"", ""], vec!["two\nlines", "抖音"]];
    assert_eq!(rows(text).unwrap(), expected);
    assert_eq!(rows("").unwrap(), Vec::<Vec<String>>::new());
    assert_eq!(rows("a\n\nb\n").unwrap(), vec![vec!["a"], vec![""], vec!["b"]]);
}

#[test]
fn knows_where_a_cell_stands() {
    let csv = Csv::read("t.csv", "a,b\n\"抖音\",12\n".as_bytes(), ',').unwrap();
    let cell = &csv.rows[1].cells[1];
    assert_eq!((cell.line, cell.column, cell.width), (2, 6, 2));
    assert_eq!(csv.cell(cell).text, "\"抖音\",12");
    assert!(csv.cut_off().is_none());
    assert_eq!((csv.cell(cell).line, csv.cell(cell).column, csv.cell(cell).width), (2, 6, 2));
}

#[test]
fn refuses_what_is_no_table() {
    let commas = ",".repeat(COLUMNS - 1);
    assert_eq!(rows(&format!("{commas}\n")).unwrap()[0].len(), COLUMNS);
    let wide = rows(&",".repeat(3_000_000)).unwrap_err();
    assert_eq!(wide, "t.csv:1: row 1 has more than 16,384 columns");
    let within = |text: &'static str| Csv::read_within(2000, "t.csv", text.as_bytes().into(), ',');
    assert!(within("a,b\n1,2\n").is_ok());
    assert!(within("a,b\n".repeat(1000).leak()).is_ok());
    let many: &str = "a,b\n".repeat(1001).leak();
    let many = within(many).err().unwrap();
    assert_eq!(many[0].to_string(), "t.csv: the file has more than 2,000 cells");
}

#[test]
fn refuses_what_is_broken() {
    for (text, message) in [
        ("a,b\n1,\"2\n3,4\n", "t.csv:2:3: the quote that opens here is never closed"),
        ("a\nx\"y\n", "t.csv:2:2: a quote inside a cell that does not begin with one"),
        ("a\n\"x\"y\n", "t.csv:2:4: a closing quote must be followed by a delimiter"),
        ("a\nx\ry\n", "t.csv:2:3: a carriage return without a line feed"),
        ("a\nx\0\n", "t.csv:2:2: a zero byte"),
    ] {
        let error = rows(text).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}
/// Of a cell over several lines only the first is marked.
#[test]
fn a_cell_of_two_lines() {
    let csv = Csv::read("t.csv", "\"two\nlines\",b\n".as_bytes(), ',').unwrap();
    let cells = &csv.rows[0].cells;
    assert_eq!((cells[0].line, cells[0].column, cells[0].width), (1, 1, 4));
    assert_eq!((cells[1].line, cells[1].column, cells[1].width), (2, 8, 1));
}

/// As spreadsheets name their columns: after Z comes AA, after ZZ comes AAA.
#[test]
fn names_of_cells() {
    let mut csv = Csv::new("t.xlsx", "".into());
    assert_eq!(csv.name_of(1, 0), None);
    csv.sheet = Some("Table 1".into());
    for (column, letters) in [
        (0, "A"),
        (3, "D"),
        (25, "Z"),
        (26, "AA"),
        (51, "AZ"),
        (52, "BA"),
        (701, "ZZ"),
        (702, "AAA"),
        (16_383, "XFD"),
    ] {
        assert_eq!(csv.name_of(14, column), Some(format!("Table 1!{letters}14")));
    }
}
