//! A study in the forms of others: what is exported, and one file a form.
//!
//! A form takes what is known of a study and gives names of files with what they hold.
//! Nothing here reads a project or writes a file.

pub mod bundle;
pub mod harmless;
mod media;
pub mod sha256;

pub mod aea;
pub mod codecheck;
pub mod ro_crate;
pub mod slsa;
pub mod tro;
pub mod values;
