//! The keys that the description of a table may have, and what stands under each.
//!
//! The keys are those of the Data Package standard that are honoured, and ours.

/// What may stand under a key.
pub enum Form {
    /// Whatever it is: nothing is read of it.
    Any,
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// This alone, since nothing else is read.
    Only(bool),
    /// One of these texts.
    One(&'static [&'static str]),
    /// A character that may stand between cells.
    Letter,
    /// A character that may stand between digits.
    Sign,
    /// A whole number of things.
    Count,
    /// A text or a number.
    Bound,
    /// A list of what a cell may hold.
    Bounds,
    /// A list of texts.
    Texts,
    /// A text or a list of texts.
    Names,
    /// Lists of texts.
    Lists,
    /// A list of texts, each perhaps with a label.
    Missing,
    /// Texts by name.
    Map,
    /// The first and the last of some years.
    Years,
    /// These keys and no others.
    Keys(Keys),
    /// A list of such.
    List(Keys),
    /// A layout: its `kind` says which keys there are.
    Layout,
}

use self::Form::{
    Any, Bound, Bounds, Count, Flag, Letter, Lists, Missing, Names, One, Only, Text, Texts,
};

/// Names of keys, those that must be there with a `!`, and their forms.
pub type Keys = &'static [(&'static str, Form)];

/// The names alone.
pub fn names(keys: Keys) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|(name, _)| name.trim_end_matches('!'))
}

/// The media type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A resource, as far as it says how its file is read.
pub const RESOURCE: Keys = &[
    ("name", Text),
    ("type", One(&["table"])),
    ("encoding", One(&["utf-8", "utf8"])),
    ("format", One(&["csv", "xlsx"])),
    ("mediatype", One(&["text/csv", XLSX])),
    ("compression", One(&["gz", "zst", "zip"])),
    ("missingValues", Missing),
    ("dialect", Form::Keys(DIALECT)),
    ("schema", Form::Keys(SCHEMA)),
];

const DIALECT: Keys = &[
    ("$schema", Any),
    ("title", Any),
    ("description", Any),
    ("delimiter", Letter),
    ("header", Only(true)),
    ("quoteChar", One(&["\""])),
    ("doubleQuote", Only(true)),
    ("skipInitialSpace", Only(false)),
    ("lineTerminator", One(&["\n", "\r\n"])),
    ("layout", Form::Layout),
];

const SCHEMA: Keys = &[
    ("$schema", Any),
    ("name", Any),
    ("title", Any),
    ("description", Any),
    ("fields!", Form::List(FIELD)),
    ("fieldsMatch", One(&["exact"])),
    ("missingValues", Missing),
    ("primaryKey", Names),
    ("uniqueKeys", Lists),
    ("foreignKeys", Form::List(&[("fields!", Names), ("reference!", Form::Keys(REFERENCE))])),
    ("together", Lists),
];

const REFERENCE: Keys = &[("resource", Text), ("fields!", Names)];

const FIELD: Keys = &[
    ("name!", Text),
    ("type", One(&["string", "integer", "number", "boolean", "date", "yearmonth"])),
    ("format", One(&["default"])),
    ("title", Any),
    ("description", Any),
    ("example", Any),
    ("rdfType", Any),
    ("missingValues", Missing),
    ("trueValues", Texts),
    ("falseValues", Texts),
    ("decimalChar", Form::Sign),
    ("groupChar", Form::Sign),
    ("bareNumber", Only(true)),
    ("constraints", Form::Keys(CONSTRAINTS)),
];

const CONSTRAINTS: Keys = &[
    ("required", Flag),
    ("unique", Flag),
    ("enum", Bounds),
    ("minimum", Bound),
    ("maximum", Bound),
    ("minLength", Count),
    ("maxLength", Count),
    ("pattern", Text),
];

/// The layouts by their kinds.
pub const LAYOUTS: &[(&str, Keys)] = &[
    (
        "world_bank",
        &[
            ("kind", Any),
            ("indicator!", Text),
            ("years!", Form::Years),
            ("release", Text),
            ("economies", Text),
        ],
    ),
    (
        "un_migrant_stock",
        &[
            ("kind", Any),
            ("origin!", Text),
            ("years!", Form::Years),
            ("sheet", Text),
            ("economies", Text),
        ],
    ),
    ("sdmx", &[("kind", Any), ("of", Form::Map), ("years!", Form::Years), ("economies", Text)]),
    ("app_store", &[("kind", Any), ("columns", Form::Map), ("economies", Text)]),
];
