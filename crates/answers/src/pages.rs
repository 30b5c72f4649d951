//! Where two PDFs part: the first page whose content differs.

use hayro_syntax::Pdf;

/// The first page whose content differs, from 1; nothing where no page differs or where
/// one of the two can't be read.
pub fn first(before: &[u8], after: &[u8]) -> Option<usize> {
    let (before, after) = (Pdf::new(before.to_vec()).ok()?, Pdf::new(after.to_vec()).ok()?);
    let (before, after) = (before.pages(), after.pages());
    let differs = |n: &usize| match (before.get(*n), after.get(*n)) {
        (Some(old), Some(new)) => old.page_stream() != new.page_stream(),
        _ => true,
    };
    (0..before.len().max(after.len())).find(differs).map(|page| page + 1)
}

#[cfg(test)]
mod tests {
    use super::first;

    /// A PDF of pages with these contents.
    fn pdf(contents: &[&str]) -> Vec<u8> {
        let kids: Vec<_> = (0..contents.len()).map(|n| format!("{} 0 R", 3 + 2 * n)).collect();
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_string(),
            format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), contents.len()),
        ];
        for (n, content) in contents.iter().enumerate() {
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents {} 0 R >>",
                4 + 2 * n
            ));
            let length = content.len();
            objects.push(format!("<< /Length {length} >>\nstream\n{content}\nendstream"));
        }
        let (mut text, mut table) = ("%PDF-1.7\n".to_string(), String::new());
        for (index, object) in objects.iter().enumerate() {
            table.push_str(&format!("{:010} 00000 n \n", text.len()));
            text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
        }
        let (at, size) = (text.len(), objects.len() + 1);
        text.push_str(&format!(
            "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n\
             startxref\n{at}\n%%EOF\n"
        ));
        text.into_bytes()
    }

    #[test]
    fn the_first_page_that_differs() {
        let three = pdf(&["q", "Q", "n"]);
        assert_eq!(first(&three, &three), None);
        assert_eq!(first(&three, &pdf(&["q", "W", "n"])), Some(2));
        assert_eq!(first(&three, &pdf(&["q", "Q"])), Some(3));
        assert_eq!(first(&three, b"no"), None);
    }
}
