//! Files as providers compress them: gzip, Zstandard and ZIP, known by their first bytes.

use std::borrow::Cow;
use std::io::{Cursor, Error, ErrorKind, Read};

use engine::diagnostic::{Checked, Diagnostic, Place, listed};
use engine::function::Artifact;

/// No table of a provider is larger unpacked; a file that is grows without end.
const MOST: u64 = 16 << 30;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";
const ZIP: &[u8] = b"PK\x03\x04";

/// The bytes of a raw file, unpacked where it is compressed.
pub fn bytes(artifact: &Artifact) -> Checked<Cow<'_, [u8]>> {
    let packed = &artifact.bytes[..];
    let (name, unpacked) = if packed.starts_with(GZIP) {
        ("gzip", whole(flate2::bufread::MultiGzDecoder::new(packed)))
    } else if packed.starts_with(ZSTANDARD) {
        ("Zstandard", zstd::Decoder::new(packed).and_then(whole))
    } else if packed.starts_with(ZIP) {
        return archived(artifact).map(Cow::Owned);
    } else {
        return Ok(Cow::Borrowed(packed));
    };
    unpacked.map(Cow::Owned).map_err(|error| vec![broken(artifact, name, &error)])
}

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
    whole(file).map_err(|_| damaged())
}

/// All that can be unpacked, up to the largest size.
fn whole(packed: impl Read) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::new();
    packed.take(MOST + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > MOST {
        return Err(Error::from(ErrorKind::FileTooLarge));
    }
    Ok(unpacked)
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
    if error.kind() == ErrorKind::FileTooLarge {
        let message = format!("the {name} data unpack to more than {} GiB", MOST >> 30);
        let fault = Diagnostic::contract(message).at(place(artifact));
        return fault.hint("no table is that large: fetch the file again");
    }
    let fault = Diagnostic::contract(format!("the {name} data are damaged")).at(place(artifact));
    fault.hint("fetch the file again")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::kit::given;
    use crate::kit::layout::given::archive;

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
