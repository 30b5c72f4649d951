//! Files as providers compress them: gzip, Zstandard and ZIP, known by their first bytes.

use std::borrow::Cow;
use std::fmt;
use std::io::{Cursor, Error, ErrorKind, Read};

use engine::diagnostic::{Checked, Diagnostic, Kind, Place, listed};
use engine::function::Artifact;

/// No table of a provider is larger unpacked.
const MOST: u64 = 4 << 30;
/// No table packs better than this; what does is made to fill the memory.
const RATIO: u64 = 100;
/// What is smaller than this unpacked does no harm, however well it packs.
const SMALL: u64 = 64 << 20;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";
const ZIP: &[u8] = b"PK\x03\x04";

/// The bytes of a raw file, unpacked where it is compressed.
pub fn bytes(artifact: &Artifact) -> Checked<Cow<'_, [u8]>> {
    let bytes = unpacked(artifact)?;
    packed_as_said(artifact)?;
    Ok(bytes)
}

fn unpacked(artifact: &Artifact) -> Checked<Cow<'_, [u8]>> {
    let packed = &artifact.bytes[..];
    let most = Most::of(packed.len());
    let unpacked = match Packing::of(packed) {
        None => return Ok(Cow::Borrowed(packed)),
        Some(Packing::Zip) => return archived(artifact).map(Cow::Owned),
        Some(Packing::Gzip) => whole(flate2::bufread::MultiGzDecoder::new(packed), most),
        Some(Packing::Zstandard) => {
            zstd::Decoder::new(packed).and_then(|packed| whole(packed, most))
        }
    };
    let name = Packing::of(packed).map_or("", Packing::name);
    unpacked.map(Cow::Owned).map_err(|error| vec![broken(artifact, name, &error)])
}

/// Holds a file to what its description says of how it is packed.
fn packed_as_said(artifact: &Artifact) -> Checked<()> {
    let said = artifact.resource.as_ref().and_then(|it| it["compression"].as_str());
    let Some(said) = said else { return Ok(()) };
    let expected = match said {
        "gz" => Packing::Gzip,
        "zst" => Packing::Zstandard,
        _ => Packing::Zip,
    };
    let found = Packing::of(&artifact.bytes);
    if found == Some(expected) {
        return Ok(());
    }
    let found = found.map_or("not packed", Packing::name);
    let message = format!("the file is {found}, and its `compression` is `{said}`");
    let fault = Diagnostic::contract(message).at(place(artifact));
    Err(vec![fault.hint("mend `compression`, or leave it out: the file itself tells")])
}

/// Holds a ZIP archive of which every part will be unpacked to the same limits;
/// one that is no archive is left to whoever reads it.
pub fn bounded(artifact: &Artifact) -> Checked<()> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&artifact.bytes[..])) else {
        return Ok(());
    };
    let mut most = Most::of(artifact.bytes.len());
    for at in 0..archive.len() {
        let Ok(part) = archive.by_index(at) else { return Ok(()) };
        let Ok(size) = size(part.take(most.bytes + 1)) else { return Ok(()) };
        match most.bytes.checked_sub(size) {
            Some(left) => most.bytes = left,
            None => return Err(vec![broken(artifact, "ZIP", &Error::other(most))]),
        }
    }
    Ok(())
}

/// How many bytes can be read; none of them is kept.
fn size(mut packed: impl Read) -> Result<u64, Error> {
    let (mut piece, mut size) = (vec![0; 1 << 16], 0);
    loop {
        match packed.read(&mut piece)? {
            0 => return Ok(size),
            more => size += more as u64,
        }
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstandard,
    /// A ZIP archive.
    Zip,
}

impl Packing {
    /// How bytes are packed, by the first of them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let packings =
            [(GZIP, Packing::Gzip), (ZSTANDARD, Packing::Zstandard), (ZIP, Packing::Zip)];
        packings.into_iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, it)| it)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstandard => "Zstandard",
            Packing::Zip => "ZIP",
        }
    }
}

/// How many bytes may come out, and whether that is a matter of the ratio.
#[derive(Clone, Copy, Debug)]
struct Most {
    bytes: u64,
    by_ratio: bool,
}

impl Most {
    fn of(packed: usize) -> Self {
        let by_ratio = (packed as u64).saturating_mul(RATIO).max(SMALL);
        Most { bytes: by_ratio.min(MOST), by_ratio: by_ratio < MOST }
    }
}

impl fmt::Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.by_ratio {
            true => write!(f, "{RATIO} times their size"),
            false => write!(f, "{} GiB", MOST >> 30),
        }
    }
}

impl std::error::Error for Most {}

/// The one table of an archive. The World Bank adds two tables about its
/// table, `Metadata_Country_….csv` and `Metadata_Indicator_….csv`.
fn archived(artifact: &Artifact) -> Checked<Vec<u8>> {
    let fault = |message: String, hint: &str| {
        vec![Diagnostic::contract(message).at(place(artifact)).hint(hint)]
    };
    let damaged = || fault("the ZIP archive is damaged".into(), "fetch the file again");
    let mut archive =
        zip::ZipArchive::new(Cursor::new(&artifact.bytes[..])).map_err(|_| damaged())?;
    let names = archive.file_names().map(|name| name.map(Cow::into_owned));
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(|_| damaged())?;
    let is_table = |name: &&String| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file.to_lowercase().ends_with(".csv") && !file.starts_with("Metadata_")
    };
    let tables: Vec<&String> = names.iter().filter(is_table).collect();
    let [table] = tables[..] else {
        let found = listed(tables.iter().map(|name| name.as_str()));
        let found = if found.is_empty() { "no table".into() } else { found };
        let message = format!("the ZIP archive holds {found}, not one table");
        return Err(fault(message, "unpack it and put the table that is meant here"));
    };
    let file = archive.by_name(table).map_err(|_| damaged())?;
    whole(file, Most::of(artifact.bytes.len())).map_err(|error| match limit(&error) {
        None => damaged(),
        Some(_) => vec![broken(artifact, Packing::Zip.name(), &error)],
    })
}

/// All that can be unpacked, up to the largest size.
fn whole(packed: impl Read, most: Most) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::new();
    packed.take(most.bytes + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > most.bytes {
        return Err(Error::other(most));
    }
    Ok(unpacked)
}

/// The limit that was met, if that is what an error says.
fn limit(error: &Error) -> Option<&Most> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn place(artifact: &Artifact) -> Place {
    Place::file(&artifact.path)
}

fn broken(artifact: &Artifact, name: &str, error: &Error) -> Diagnostic {
    if error.kind() == ErrorKind::UnexpectedEof {
        let message = format!("the {name} data end too early");
        let fault = Diagnostic::contract(message).at(place(artifact));
        return fault.hint("the file was cut off: fetch it again");
    }
    if let Some(most) = limit(error) {
        let message = format!("the {name} data unpack to more than {most}");
        let fault = Diagnostic::contract(message).at(place(artifact));
        return fault.hint("fetch the file again, or unpack it by hand if it is what it should be");
    }
    if error.kind() == ErrorKind::OutOfMemory {
        let message = format!("the {name} data need more memory than there is");
        let fault = Diagnostic::new(Kind::Infrastructure, message).at(place(artifact));
        return fault.hint("split the table, or run where there is more memory");
    }
    let fault = Diagnostic::contract(format!("the {name} data are damaged")).at(place(artifact));
    fault.hint("fetch the file again")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::given;
    use crate::layout::given::{archive, deflated};

    const TEXT: &[u8] = b"app,month,downloads\nwechat,2015-01,12\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
        let artifact = given::artifact("raw/x.csv", packed);
        bytes(&artifact).map(Cow::into_owned).map_err(|found| found[0].to_string())
    }

    #[test]
    fn plain_gzip_and_zstandard() {
        let (one, two) = TEXT.split_at(9);
        for packed in [
            TEXT.to_vec(),
            gzip(TEXT),
            [gzip(one), gzip(two)].concat(),
            zstd::encode_all(TEXT, 3).unwrap(),
        ] {
            assert_eq!(unpacked(&packed).unwrap(), TEXT);
        }
    }

    #[test]
    fn what_is_cut_or_damaged() {
        for (name, packed) in
            [("gzip", gzip(TEXT)), ("Zstandard", zstd::encode_all(TEXT, 3).unwrap())]
        {
            let cut = unpacked(&packed[..packed.len() - 9]).unwrap_err();
            assert_eq!(cut, format!("raw/x.csv: the {name} data end too early"));
        }
        let mut damaged = gzip(TEXT);
        let middle = damaged.len() - 6;
        damaged[middle] ^= 1;
        assert_eq!(unpacked(&damaged).unwrap_err(), "raw/x.csv: the gzip data are damaged");
    }

    /// A few bytes that unpack to more than any table: they are refused at the
    /// limit, as what they are, however they are packed.
    #[test]
    fn what_unpacks_without_end() {
        let zeros = vec![0; SMALL as usize + 1];
        let table = [("a.csv".to_string(), zeros.clone())];
        for (name, packed) in [
            ("gzip", gzip(&zeros)),
            ("Zstandard", zstd::encode_all(&zeros[..], 3).unwrap()),
            ("ZIP", deflated(&table)),
        ] {
            assert!(packed.len() < 1 << 20, "{name}");
            let refused = unpacked(&packed).unwrap_err();
            let words =
                format!("raw/x.csv: the {name} data unpack to more than 100 times their size");
            assert_eq!(refused, words);
        }
        assert_eq!(unpacked(&gzip(&zeros[1..])).unwrap().len() as u64, SMALL);
        let large = Most::of(1 << 30);
        assert_eq!((large.to_string(), large.bytes), ("4 GiB".into(), MOST));
        let none = Error::from(ErrorKind::OutOfMemory);
        let said = broken(&given::artifact("raw/x.csv", b""), "gzip", &none);
        assert_eq!(said.to_string(), "raw/x.csv: the gzip data need more memory than there is");
        assert_eq!(said.kind, Kind::Infrastructure);
    }

    #[test]
    fn an_archive_of_which_every_part_is_unpacked() {
        let half = vec![0; SMALL as usize / 2 + 1];
        let part = |name: &str| (name.to_string(), half.clone());
        let within = |packed: &[u8]| bounded(&given::artifact("raw/x.xlsx", packed));
        assert!(within(&deflated(&[part("a.xml")])).is_ok());
        let found = within(&deflated(&[part("a.xml"), part("b.xml")])).unwrap_err();
        let words = "raw/x.xlsx: the ZIP data unpack to more than 100 times their size";
        assert_eq!(found[0].to_string(), words);
        assert!(within(b"PK\x03\x04, no archive").is_ok());
    }

    #[test]
    fn the_table_of_an_archive() {
        let part = |name: &str| (name.to_string(), TEXT.to_vec());
        let about = part("Metadata_Country_API_SP.POP.TOTL_DS2_en_csv_v2.csv");
        let table = part("API_SP.POP.TOTL_DS2_en_csv_v2.csv");
        let whole = archive(&[about.clone(), table.clone()]);
        assert_eq!(unpacked(&whole).unwrap(), TEXT);
        let cut = unpacked(&whole[..whole.len() - 30]).unwrap_err();
        assert_eq!(cut, "raw/x.csv: the ZIP archive is damaged");
        assert_eq!(
            unpacked(&archive(&[about])).unwrap_err(),
            "raw/x.csv: the ZIP archive holds no table, not one table"
        );
        assert_eq!(
            unpacked(&archive(&[table, part("b.csv")])).unwrap_err(),
            "raw/x.csv: the ZIP archive holds `API_SP.POP.TOTL_DS2_en_csv_v2.csv`, `b.csv`, \
             not one table"
        );
    }
}
