//! What masters are called, for who looks for them by a part of it. No SQL here.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::customer::Customer;
use tenon_core::text::{fold_latin, to_half_width, to_simplified};
use uuid::Uuid;

use crate::rows::clean;
use crate::{GoldenRow, MasterWrite};

/// The version of names in which every master is kept: other spellings are another one.
pub(crate) const VERSION: i32 = 1;

/// How many masters that hold a part of a name are set in order. Of a part that more of them hold, such as what most
/// names of companies end with, those that begin with it are looked for apart, and of as many those that are it.
pub(crate) const RANKED: i64 = 10_000;

/// A name, a code or a part of one in the spelling in which they are compared: without blanks, in small and
/// plain letters of half width, simplified.
pub(crate) fn spelt(text: &str) -> String {
    let plain = to_simplified(&fold_latin(&to_half_width(&clean(text))));
    let letters = plain.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

impl GoldenRow {
    /// The names and codes that it has or any system gives it, each on a line of its own, line ends before and
    /// after; nothing of one that was merged, whose sources are with the survivor.
    fn names(&self) -> Option<String> {
        if self.merged_into.is_some() {
            return None;
        }
        let statements = self.sources.statements.iter();
        let told = statements.map(|it| &it.record.customer);
        let named = |customer: &Customer| {
            let Customer {
                legal_name,
                short_name,
                former_names,
                code,
                ..
            } = customer;
            let once = [legal_name, short_name, code].into_iter().flatten();
            let names = once.chain(former_names).map(|name| spelt(name));
            names.collect::<Vec<_>>()
        };
        let all = std::iter::once(&self.golden.customer).chain(told);
        let mut lines: BTreeSet<String> = all.flat_map(named).collect();
        lines.remove("");
        let lines: Vec<String> = lines.into_iter().collect();
        (!lines.is_empty()).then(|| format!("\n{}\n", lines.join("\n")))
    }
}

/// What masters are called as they are written, the last of each; `None` of one that is not to be found.
pub(crate) fn written(writes: &[MasterWrite]) -> BTreeMap<Uuid, Option<String>> {
    let rows = writes.iter().map(|write| &write.row);
    of(rows)
}

/// What masters are called.
pub(crate) fn of<'a>(
    rows: impl IntoIterator<Item = &'a GoldenRow>,
) -> BTreeMap<Uuid, Option<String>> {
    let rows = rows.into_iter();
    rows.map(|row| (row.master_id.0, row.names())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        let check = |text: &str, expected: &str| assert_eq!(spelt(text), expected);
        check(
            " 上海川可　电器（集团）有限公司 ",
            "上海川可电器(集团)有限公司",
        );
        check("上海川可電器", "上海川可电器");
        check("ＡＣＭＥ Trading Co., Ltd.", "acmetradingco.,ltd.");
        check("Müller & Söhne", "mueller&soehne");
        check("a\0b\n", "a\u{2400}b");
        check("  ", "");
    }
}
