//! One byte in each of 300 places, and the level that finds it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::reports::whole;
use super::verify;

/// Where a kind of file lies that a reviewer may try.
const PLACES: [&str; 6] = [
    "birds.csv",
    "pipeline.lock",
    "outputs",
    ".colophon/store/v1/objects",
    ".colophon/store/v1/results",
    "made.pdf",
];

#[test]
fn one_byte_in_each_of_300_places() {
    let space = whole();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut levels: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..300 {
        let place = PLACES[n % PLACES.len()];
        let files = match space.path(place).is_dir() {
            true => space.files(place),
            false => vec![place.to_string()],
        };
        let path = &files[random(files.len())];
        let file = space.path(path);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let before = fs::read(&file).unwrap();
        let mut after = before.clone();
        let at = random(after.len());
        after[at] ^= 1 << random(8);
        fs::write(&file, &after).unwrap();
        let said = verify(&space, &["--level", "1"]);
        assert_eq!(said.code, 4, "byte {at} of {path}: {said:?}");
        let last = said.out.lines().last().unwrap();
        let level = last.strip_prefix("not verified: ").unwrap().split(':').next().unwrap();
        *levels.entry(level.to_string()).or_default() += 1;
        fs::write(&file, &before).unwrap();
    }
    assert_eq!(levels.values().sum::<usize>(), 300);
    // The lock can be wrong in ways that its own files don't tell.
    assert!(levels["level 0"] > 250 && levels.contains_key("level 1"), "{levels:?}");
    assert_eq!(verify(&space, &["--level", "1"]).code, 0);
}
