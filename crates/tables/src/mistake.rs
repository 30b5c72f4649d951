//! A mistake in the description of a table.

/// The path of the key within the resource, and what is wrong; a hint follows in a
/// line of its own.
pub type Mistake = (Vec<String>, String);
