//! The files that travel inside a PDF.
//!
//! A report carries its ledger, its manifest and what its figures are drawn from, so
//! that a reader who has nothing else can ask them. What is read is held to limits:
//! a PDF may come from anybody.

use std::collections::BTreeMap;
use std::io::Read;

use engine::diagnostic::{Diagnostic, Kind};
use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::Pdf;
use hayro_syntax::object::{Dict, Object, Stream};

/// More than this is attached to no report of ours.
const LIMIT: u64 = 1 << 30;

/// What an attachment is called that holds the file at this path of a project: the path
/// below `outputs/`, without folders.
pub fn name_of(path: &str) -> String {
    path.strip_prefix("outputs/").unwrap_or(path).replace('/', "-")
}

/// The attached files of a PDF by name; `path` is what messages call it.
pub fn attached(path: &str, pdf: Vec<u8>) -> Result<BTreeMap<String, Vec<u8>>, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(Kind::Usage, message);
    let pdf = Pdf::new(pdf).map_err(|_| {
        wrong(format!("`{path}` is no PDF that can be read"))
            .hint("it may be cut off: compare its size with that of where it comes from")
    })?;
    let (mut files, mut left) = (BTreeMap::new(), LIMIT);
    for object in pdf.objects() {
        let Object::Dict(spec) = object else { continue };
        let Some(streams) = spec.get::<Dict>("EF") else { continue };
        let stream = streams.get::<Stream>("UF").or_else(|| streams.get::<Stream>("F"));
        let (Some(name), Some(stream)) = (name(&spec), stream) else { continue };
        let bytes = content(&stream, left).ok_or_else(|| {
            wrong(format!("the attachment `{name}` of `{path}` can't be read"))
                .hint("it is damaged, or together with the others larger than a gigabyte")
        })?;
        left -= bytes.len() as u64;
        if files.insert(name.clone(), bytes).is_some() {
            return Err(wrong(format!("`{path}` has two attachments of the name `{name}`")));
        }
    }
    Ok(files)
}

/// The name of an attachment, in UTF-16 behind a mark or in plain letters.
fn name(spec: &Dict) -> Option<String> {
    let text = spec
        .get::<hayro_syntax::object::String>("UF")
        .or_else(|| spec.get::<hayro_syntax::object::String>("F"))?;
    let bytes = text.as_bytes();
    match bytes.strip_prefix(&[0xfe, 0xff]) {
        Some(wide) => {
            let units = wide.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).ok()
        }
        None => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// What a stream holds, if it can be read and is not larger than `left`.
fn content(stream: &Stream, left: u64) -> Option<Vec<u8>> {
    let raw = stream.raw_data();
    let mut bytes = Vec::new();
    match stream.filters()[..] {
        [] => bytes = raw.into_owned(),
        [Filter::FlateDecode] => {
            ZlibDecoder::new(&raw[..]).take(left + 1).read_to_end(&mut bytes).ok()?;
        }
        _ => return None,
    }
    (bytes.len() as u64 <= left).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PDF of nothing but one attachment.
    fn pdf(name: &str, content: &str) -> Vec<u8> {
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 3 0 R] >> >> >>"
                .to_string(),
            "<< /Type /Pages /Kids [] /Count 0 >>".to_string(),
            format!("<< /Type /Filespec /F ({name}) /EF << /F 4 0 R >> >>"),
            format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        ];
        let (mut text, mut table) = ("%PDF-1.7\n".to_string(), String::new());
        for (index, object) in objects.iter().enumerate() {
            table.push_str(&format!("{:010} 00000 n \n", text.len()));
            text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
        }
        let at = text.len();
        text.push_str(&format!(
            "xref\n0 5\n0000000000 65535 f \n{table}trailer\n<< /Size 5 /Root 1 0 R >>\n\
             startxref\n{at}\n%%EOF\n"
        ));
        text.into_bytes()
    }

    #[test]
    fn an_attachment() {
        let files = attached("a.pdf", pdf("ledger.json", "{}")).unwrap();
        assert_eq!(files, BTreeMap::from([("ledger.json".to_string(), b"{}".to_vec())]));
    }

    #[test]
    fn what_is_no_pdf() {
        let error = attached("a.pdf", b"no".to_vec()).unwrap_err();
        assert_eq!(error.message, "`a.pdf` is no PDF that can be read");
    }
}
