//! What tests of the layouts begin with: what `ingest` makes of a file, and workbooks.

use std::io::Write;

use engine::function::Failure;
use polars::prelude::AnyValue;
use serde_json::Value;

use crate::csv::Csv;
use crate::forms::XLSX;
use crate::given::{job, passed, raw, resource};
use crate::{ingest, table};

/// The rows that `ingest` makes of a file which is described as another
/// resource of the study is, but for its `dialect`.
pub fn ingested(
    path: &str,
    bytes: &[u8],
    like: &str,
    dialect: Value,
) -> Result<Vec<String>, Failure> {
    let mut descriptor = resource(like).resource.unwrap();
    descriptor["dialect"] = dialect;
    if path.ends_with(".xlsx") {
        descriptor["format"] = "xlsx".into();
        descriptor["mediatype"] = XLSX.into();
    }
    ingested_as(path, bytes, descriptor)
}

/// The same with this descriptor.
pub fn ingested_as(path: &str, bytes: &[u8], descriptor: Value) -> Result<Vec<String>, Failure> {
    let table = raw(path, bytes, descriptor);
    let references = ["apps", "countries", "country_names"].map(resource);
    let job = job(&[("table", &[table]), ("references", &references)]);
    let outputs = ingest::run(&ingest::Params { limit: 9 }, &job)?;
    let frame = table::decode(&passed("t", &outputs["table"])).unwrap();
    let cell = |value: AnyValue| match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => text.into(),
        other => other.to_string(),
    };
    let row = |at: usize| {
        let cells = frame.columns().iter().map(|column| cell(column.get(at).unwrap()));
        cells.collect::<Vec<_>>().join(",")
    };
    Ok((0..frame.height()).map(row).collect())
}

/// What the first fault of a failure says, with all lines and hints of it.
pub fn refusal<T>(result: Result<T, Failure>) -> String {
    let failure = result.err().expect("it is refused");
    let fault = &failure.diagnostics[0];
    let lines = fault.details.iter().map(|line| format!("\n| {line}"));
    let hints = fault.hints.iter().map(|hint| format!("\nhint: {hint}"));
    std::iter::once(fault.to_string()).chain(lines).chain(hints).collect()
}

/// Line and column at which words stand that a text holds once.
pub fn place(text: &str, words: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    assert_eq!(text.matches(words).count(), 1, "{words}");
    let before = text.split(words).next().unwrap();
    let column = before.chars().rev().take_while(|char| *char != '\n').count() + 1;
    format!("{}:{column}", before.matches('\n').count() + 1)
}

/// What is said to do about a cell that breaks a rule of the schema.
pub const MEND: &str = "hint: mend the cell, or the schema where the rule is wrong";

/// Where the formats of a workbook are defined.
const FORMATS: &str = "http://schemas.openxmlformats.org";
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// A workbook of named sheets as office programs write them: texts apart from
/// the cells, numbers in the cells, and no cell where there is nothing.
pub fn workbook(sheets: &[(&str, Vec<Vec<String>>)]) -> Vec<u8> {
    claiming("", sheets)
}

/// The same, whose sheets claim to reach to the cell `end` if that is not empty.
pub fn claiming(end: &str, sheets: &[(&str, Vec<Vec<String>>)]) -> Vec<u8> {
    let size = format!(r#"<dimension ref="A1:{end}"/>"#);
    let size = if end.is_empty() { "" } else { size.as_str() };
    let main = format!("{FORMATS}/spreadsheetml/2006/main");
    let relation = format!("{FORMATS}/officeDocument/2006/relationships");
    let mut texts = Vec::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    let (mut names, mut targets) = (String::new(), Vec::new());
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let id = at + 1;
        names += &format!(r#"<sheet name="{name}" sheetId="{id}" r:id="rId{id}"/>"#);
        targets.push(("worksheet", format!("worksheets/sheet{id}.xml")));
        let data = sheet(rows, &mut texts);
        let xml = format!("{size}<sheetData>{data}</sheetData>");
        let xml = format!(r#"<worksheet xmlns="{main}">{xml}</worksheet>"#);
        parts.push((format!("xl/worksheets/sheet{id}.xml"), xml));
    }
    targets.push(("sharedStrings", "sharedStrings.xml".into()));
    let text = |text: &String| format!(r#"<si><t xml:space="preserve">{}</t></si>"#, xml(text));
    let texts: String = texts.iter().map(text).collect();
    parts.push(("xl/sharedStrings.xml".into(), format!(r#"<sst xmlns="{main}">{texts}</sst>"#)));
    let book = format!(r#"<sheets>{names}</sheets></workbook>"#);
    let book = format!(r#"<workbook xmlns="{main}" xmlns:r="{relation}">{book}"#);
    parts.push(("xl/workbook.xml".into(), book));
    let root = [("officeDocument", "xl/workbook.xml".to_string())];
    for (path, targets) in [("xl/_rels/workbook.xml.rels", &targets[..]), ("_rels/.rels", &root)] {
        let one = |(at, (kind, target)): (usize, &(&str, String))| {
            let id = at + 1;
            let kind = format!("{relation}/{kind}");
            format!(r#"<Relationship Id="rId{id}" Type="{kind}" Target="{target}"/>"#)
        };
        let all: String = targets.iter().enumerate().map(one).collect();
        let kind = format!("{FORMATS}/package/2006/relationships");
        let all = format!(r#"<Relationships xmlns="{kind}">{all}</Relationships>"#);
        parts.push((path.into(), all));
    }
    let bytes = |(path, part)| (path, format!("{HEAD}{part}").into_bytes());
    archive(&parts.into_iter().map(bytes).collect::<Vec<_>>())
}

/// The rows of a sheet; its texts are added to `texts`.
fn sheet(rows: &[Vec<String>], texts: &mut Vec<String>) -> String {
    let mut data = String::new();
    let mut names = Csv::new("", "".into());
    names.sheet = Some(String::new());
    for (row, cells) in (1..).zip(rows) {
        data += &format!(r#"<row r="{row}">"#);
        for (column, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let name = names.name_of(row, column).unwrap();
            let name = name.trim_start_matches('!');
            if text.parse::<f64>().is_ok() {
                data += &format!(r#"<c r="{name}"><v>{text}</v></c>"#);
            } else {
                data += &format!(r#"<c r="{name}" t="s"><v>{}</v></c>"#, texts.len());
                texts.push(text.clone());
            }
        }
        data += "</row>";
    }
    data
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A ZIP archive of parts that are stored as they are.
pub fn archive(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    zipped(parts, 0, <[u8]>::to_vec)
}

/// A ZIP archive of parts that are compressed.
pub fn deflated(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    zipped(parts, 8, |part| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    })
}

fn zipped(parts: &[(String, Vec<u8>)], method: u8, pack: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, part) in parts {
        let mut sum = flate2::Crc::new();
        sum.update(part);
        let packed = pack(part);
        let sizes = [packed.len(), part.len()].map(|size| (size as u32).to_le_bytes());
        // Version 2.0, no flags, the method, no time.
        let mut about = [&[20, 0, 0, 0, method][..], &[0; 5]].concat();
        about.extend([sum.sum().to_le_bytes(), sizes[0], sizes[1]].concat());
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0, 0]);
        let offset = (bytes.len() as u32).to_le_bytes();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &about, &[0; 10], &offset].concat());
        directory.extend(name.as_bytes());
        bytes.extend([&b"PK\x03\x04"[..], &about, name.as_bytes(), &packed].concat());
    }
    let (count, start) = ((parts.len() as u16).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    bytes.extend(directory);
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0, 0]].concat());
    bytes
}
