//! Suggestions for misspelled names.

/// The name most similar to `name`; `None` if at least a third of it would differ.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison is quadratic, and no name is that long.
    if name.len() > 100 {
        return None;
    }
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .min()
        .map(|(_, known)| known)
}
