//! What a company's name says: its place, brand, trade, legal form and branch, and the key under
//! which equal registered names meet.
//!
//! By dictionaries alone, so the same text always parses the same way. Likeness of names is not
//! judged here.

mod chinese;
mod latin;
pub(crate) mod legal_form;
pub(crate) mod place;
pub(crate) mod sound;
mod trade;
pub(crate) mod trade_likeness;
mod words;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use tenon_core::text::is_cjk;

/// As [`tenon_core::text::normalise_company_name`].
pub use tenon_core::text::normalise_company_name as normalise;

/// The parts of a company's name, all normalised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedName {
    /// The whole name, normalised.
    pub normalised: String,
    /// Equal for all spellings of one registered name. `None` if the text is not the full name of
    /// an organisation: a short name, a test entry, nothing.
    pub full_key: Option<String>,
    /// Where it says that it is, without 市 or 省: `上海`, `浙江宁波`.
    pub place: Option<String>,
    /// What makes it distinct: `川可`, `philips`. Empty if nothing does.
    pub brand: String,
    /// What it deals in: `国际贸易`, `electronics`.
    pub trade: Option<String>,
    /// The one spelling of its legal form: `有限公司`, `gmbh`.
    pub legal_form: Option<String>,
    /// The branch that the name means, if it is one: `杭州分公司`. A branch is not its head office.
    pub branch: Option<String>,
    /// Whether the place stands in brackets at the end: 瑞慧机电（海口）, which as a short name may
    /// mean the branch there.
    pub place_ends_it: bool,
    /// Whether it is no name but what people type to get past a field: `测试`, `aaa`, `无`.
    pub is_placeholder: bool,
}

/// Takes a company's name apart. Any text parses; what cannot be told is absent.
pub fn parse(name: &str) -> ParsedName {
    let normalised = normalise(name);
    let mut parsed = if normalised.chars().any(is_cjk) {
        chinese::parse(&normalised)
    } else {
        latin::parse(&normalised)
    };
    parsed.is_placeholder = is_placeholder(&normalised, &parsed.brand);
    if parsed.is_placeholder {
        parsed.full_key = None;
    }
    parsed.place_ends_it = parsed.place.as_ref().is_some_and(|place| {
        normalised
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once('('))
            .is_some_and(|(before, last)| {
                !before.is_empty() && place_name(last).as_ref() == Some(place)
            })
    });
    parsed.normalised = normalised;
    parsed
}

/// The place that a text is, without 市 and 省, as [`ParsedName::place`] has it: an address's city.
pub(crate) fn place_name(text: &str) -> Option<String> {
    place::whole(text)
}

/// Splits a Chinese text into brand and trade, as [`ParsedName`] has them.
pub(crate) fn brand_and_trade(text: &str) -> (&str, &str) {
    trade::split_chinese(text)
}

/// What stands in a name field and names nobody.
const PLACEHOLDERS: &str = "
    测试 试用 无 空 没有 未知 不详 不明 待定 待补 待填 未填 暂无 其他 其它 某某 某 散客 零售 零售客户 零散客户
    现金客户 临时客户 个人 个人客户 客户 公司 供应商 新客户 默认 默认客户 虚拟客户 样品 演示 示例
    test tests testing tester demo dummy sample example  asdf asdfgh qwer qwerty
    xxx none null nil na n unknown customer company client cash walkin tbd todo temp tmp
";

/// What may surround a placeholder and leaves it one.
const FILLERS: [&str; 18] = [
    "客户",
    "有限公司",
    "公司",
    "数据",
    "用户",
    "账号",
    "账户",
    "企业",
    "专用",
    "名称",
    "customer",
    "company",
    "client",
    "account",
    "user",
    "co",
    "ltd",
    "name",
];

fn is_placeholder(normalised: &str, brand: &str) -> bool {
    let is_repeated = |text: &str| {
        let mut letters = text.chars().filter(|character| !character.is_whitespace());
        let first = letters.next();
        first.is_none_or(|first| letters.all(|letter| letter == first))
    };
    let figures_only = !normalised.chars().any(char::is_alphabetic);
    if figures_only || is_repeated(normalised) {
        return true;
    }
    // 测试技术有限公司 tests for a living; 测试客户3 is a test.
    let core = |text: &str| {
        let mut core = text
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ')
            .to_owned();
        while let Some(shorter) = FILLERS.iter().find_map(|filler| core.strip_suffix(filler)) {
            if shorter.trim().is_empty() {
                break;
            }
            core = shorter.trim_end().to_owned();
        }
        core
    };
    static LISTED: LazyLock<words::Words> =
        LazyLock::new(|| PLACEHOLDERS.split_whitespace().collect());
    let is_listed = |text: &str| LISTED.contains(text);
    let whole = core(normalised);
    if is_listed(&whole) || is_repeated(&whole) {
        return true;
    }
    // `AAA Ltd`, `XX贸易有限公司`: the form is right and the brand is one key held down.
    let held_down = brand.is_ascii() && brand.len() > 2 && is_repeated(brand);
    held_down || matches!(brand, "xx" | "某" | "某某")
}

#[cfg(test)]
mod tests;
