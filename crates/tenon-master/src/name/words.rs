//! Word lists that ship with the crate: sections of words, apart by blanks.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

/// Words to look up. Names are looked up piece by piece, so hashing has to be quick.
pub(crate) type Words = HashSet<&'static str, FixedState>;

/// What words stand for.
pub(crate) type ByWord<V> = HashMap<&'static str, V, FixedState>;

/// The words of section `[name]` in the text of a list; `#` begins a comment line.
pub(crate) fn section<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let mut inside = false;
    text.lines()
        .filter(move |line| {
            if let Some(heading) = line.strip_prefix('[') {
                inside = heading.strip_suffix(']') == Some(name);
                return false;
            }
            inside && !line.starts_with('#')
        })
        .flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let text = "# a list\n[one]\na b\n# not c\nd\n\n[two]\ne\n";
        assert_eq!(section(text, "one").collect::<Vec<_>>(), ["a", "b", "d"]);
        assert_eq!(section(text, "two").collect::<Vec<_>>(), ["e"]);
        assert_eq!(section(text, "three").count(), 0);
    }
}
