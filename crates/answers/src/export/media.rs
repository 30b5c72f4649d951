//! The media type of a file, by its name.

/// What kind of content a path promises, and its PRONOM identifier where there is one.
pub(super) fn of(path: &str) -> (&'static str, Option<&'static str>) {
    let ending = path.rsplit('/').next().unwrap_or("").rsplit_once('.').map_or("", |it| it.1);
    match ending {
        "pdf" => ("application/pdf", Some("fmt/276")),
        "json" => ("application/json", Some("fmt/817")),
        "csv" => ("text/csv", Some("x-fmt/18")),
        "tsv" => ("text/tab-separated-values", Some("x-fmt/13")),
        "yaml" | "yml" | "cff" | "lock" => ("application/yaml", Some("fmt/818")),
        "md" => ("text/markdown", Some("fmt/1149")),
        "png" => ("image/png", Some("fmt/11")),
        "svg" => ("image/svg+xml", Some("fmt/92")),
        "xml" => ("application/xml", Some("fmt/101")),
        "html" => ("text/html", Some("fmt/471")),
        "py" => ("text/x-python", Some("fmt/938")),
        "rs" => ("text/x-rust", None),
        "r" | "R" => ("text/x-r", None),
        "sh" => ("application/x-sh", None),
        "typ" => ("text/x-typst", None),
        "txt" | "b3" => ("text/plain", Some("x-fmt/111")),
        "parquet" => ("application/vnd.apache.parquet", None),
        "zip" => ("application/zip", Some("x-fmt/263")),
        "xlsx" => {
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Some("fmt/214"))
        }
        _ => ("application/octet-stream", None),
    }
}
