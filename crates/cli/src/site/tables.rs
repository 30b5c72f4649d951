//! The data behind a figure as tables that a page can show, held to limits.

use serde_json::{Map, Value as Json, json};

/// So many rows of a table are shown.
const ROWS: usize = 200;
/// So many tables of one file are shown.
const TABLES: usize = 24;
/// So many bytes a file has at most that is looked into.
pub(super) const LARGEST: u64 = 8 << 20;
/// So many rows of one file are shown.
const ALL: usize = 1000;

/// The tables that a file of JSON or of comma-separated values holds.
pub(super) fn tables(path: &str, bytes: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut found = Found::default();
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => found.json("", &serde_json::from_str(text).ok()?),
        Some("csv") => found.csv(bytes, b','),
        Some("tsv") => found.csv(bytes, b'\t'),
        _ => return None,
    }
    Some(json!({ "tables": found.tables, "more": found.more }))
}

#[derive(Default)]
struct Found {
    tables: Vec<Json>,
    rows: usize,
    /// How many tables there was no room for.
    more: usize,
}

impl Found {
    fn add(&mut self, title: &str, columns: &[String], rows: Vec<Vec<String>>) {
        let room = ROWS.min(ALL.saturating_sub(self.rows));
        if self.tables.len() == TABLES || room == 0 {
            self.more += 1;
            return;
        }
        let all = rows.len();
        let rows: Vec<_> = rows.into_iter().take(room).collect();
        self.rows += rows.len();
        self.tables.push(json!({ "title": title, "columns": columns, "rows": rows, "all": all }));
    }

    /// Lists become tables; what stands beside them, one of names and values.
    fn json(&mut self, title: &str, json: &Json) {
        match json {
            Json::Array(list) if list.iter().any(is_nested) => {
                for (at, it) in list.iter().enumerate() {
                    self.json(&within(title, &called(it, at)), it);
                }
            }
            Json::Array(list) => self.list(title, list),
            Json::Object(entries) => self.object(title, entries),
            other => self.add(title, &["value".into()], vec![vec![cell(other)]]),
        }
    }

    fn list(&mut self, title: &str, list: &[Json]) {
        let mut columns: Vec<String> = Vec::new();
        for key in list.iter().filter_map(Json::as_object).flat_map(Map::keys) {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        if columns.is_empty() {
            let rows = list.iter().map(|it| match it {
                Json::Array(cells) => cells.iter().map(cell).collect(),
                other => vec![cell(other)],
            });
            let rows: Vec<Vec<String>> = rows.collect();
            let wide = rows.iter().map(Vec::len).max().unwrap_or(0);
            let columns: Vec<_> = (1..=wide).map(|it| it.to_string()).collect();
            return self.add(title, &columns, rows);
        }
        let of = |it: &Json, key: &String| it.get(key).map(cell).unwrap_or_default();
        let rows = list.iter().map(|it| columns.iter().map(|key| of(it, key)).collect());
        self.add(title, &columns, rows.collect());
    }

    fn object(&mut self, title: &str, entries: &Map<String, Json>) {
        let (long, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, it)| is_long(it));
        if !long.is_empty() {
            let columns: Vec<String> = long.iter().map(|(key, _)| key.to_string()).collect();
            let lengths = long.iter().filter_map(|(_, it)| it.as_array()).map(Vec::len);
            let of = |it: &Json, at: usize| it.get(at).map(cell).unwrap_or_default();
            let rows = 0..lengths.max().unwrap_or(0);
            let rows = rows.map(|at| long.iter().map(|(_, it)| of(it, at)).collect());
            self.add(title, &columns, rows.collect());
        }
        let (nested, flat): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, it)| {
            it.is_object() || it.as_array().is_some_and(|list| !list.iter().all(is_scalar))
        });
        // What there is most of comes first: points before the names of axes.
        let (lists, objects): (Vec<_>, Vec<_>) = nested.iter().partition(|(_, it)| it.is_array());
        for (key, it) in lists {
            self.json(&within(title, key), it);
        }
        if !flat.is_empty() {
            let rows = flat.iter().map(|(key, it)| vec![key.to_string(), cell(it)]).collect();
            self.add(title, &["name".into(), "value".into()], rows);
        }
        for (key, it) in objects {
            self.json(&within(title, key), it);
        }
    }

    fn csv(&mut self, bytes: &[u8], delimiter: u8) {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
        let Ok(head) = reader.headers() else { return };
        let columns: Vec<String> = head.iter().map(String::from).collect();
        let rows = reader.records().map_while(Result::ok);
        self.add("", &columns, rows.map(|row| row.iter().map(String::from).collect()).collect());
    }
}

/// Lists of more than this have a column of their own.
const LONG: usize = 12;

fn is_long(it: &Json) -> bool {
    it.as_array().is_some_and(|list| list.len() > LONG && list.iter().all(is_scalar))
}

/// Whether it is an object that holds lists of objects or long ones, and so is no row.
fn is_nested(it: &Json) -> bool {
    let holds = |it: &Json| it.as_array().is_some_and(|list| list.iter().any(Json::is_object));
    it.as_object().is_some_and(|entries| entries.values().any(|it| holds(it) || is_long(it)))
}

/// What an object of a list is called: by its first text, or by its position.
fn called(it: &Json, at: usize) -> String {
    let texts = it.as_object().into_iter().flat_map(Map::values);
    let mut texts = texts.filter_map(Json::as_str);
    texts.next().map_or_else(|| (at + 1).to_string(), String::from)
}

fn within(title: &str, key: &str) -> String {
    if title.is_empty() { key.into() } else { format!("{title}, {key}") }
}

fn is_scalar(it: &Json) -> bool {
    !it.is_array() && !it.is_object()
}

fn cell(it: &Json) -> String {
    match it {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(list) if list.iter().all(is_scalar) => {
            list.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        Json::Object(entries) if entries.values().all(is_scalar) => {
            let parts = entries.iter().map(|(key, it)| format!("{key}: {}", cell(it)));
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &Json) -> Json {
        tables("a.json", json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn lists_and_what_stands_beside_them() {
        let found = of(&json!({ "level": 1, "points": [{ "x": 1 }, { "x": 2, "name": "b" }],
            "panels": [{ "region": "World", "lines": [{ "k": "a", "n": [1, 2] }] }] }));
        let titles = found["tables"].as_array().unwrap().iter();
        let titles: Vec<_> = titles.map(|it| it["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["panels, World, lines", "panels, World", "points", ""]);
        assert_eq!(found["tables"][2]["columns"], json!(["x", "name"]));
        assert_eq!(found["tables"][2]["rows"], json!([["1", ""], ["2", "b"]]));
        assert_eq!(found["tables"][0]["rows"], json!([["a", "1, 2"]]));
    }

    #[test]
    fn long_lists_are_columns() {
        let (ranks, months) = ([1; LONG + 1], [2; LONG + 1]);
        let found = of(&json!({ "lines": [{ "group": "us", "places": ranks, "months": months }] }));
        assert_eq!(found["tables"][0]["title"], "lines, us");
        assert_eq!(found["tables"][0]["columns"], json!(["months", "places"]));
        assert_eq!(found["tables"][0]["rows"][LONG], json!(["2", "1"]));
        assert_eq!(found["tables"][1]["rows"], json!([["group", "us"]]));
    }

    #[test]
    fn long_ones_are_cut() {
        let rows: Vec<Json> = (0..500).map(|n| json!({ "n": n })).collect();
        let found = of(&json!(rows));
        assert_eq!(found["tables"][0]["rows"].as_array().unwrap().len(), ROWS);
        assert_eq!(found["tables"][0]["all"], 500);
        let many: Vec<Json> = (0..40).map(|n| json!({ "n": n, "rows": [{ "a": 1 }] })).collect();
        let found = of(&json!(many));
        assert_eq!(found["more"], 80 - TABLES);
        assert!(tables("a.bin", b"").is_none() && tables("a.json", b"[").is_none());
    }

    #[test]
    fn comma_separated_values() {
        let found = tables("a.csv", b"a,b\n1,2\n").unwrap();
        assert_eq!(found["tables"][0]["rows"], json!([["1", "2"]]));
    }
}
