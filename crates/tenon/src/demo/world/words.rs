//! What the invented companies are called: places of the map, made-up brands, trades.

/// A place: province, city, how a name begins there, the area code of a registration, of a telephone.
pub(super) struct Place {
    pub(super) region: &'static str,
    pub(super) city: &'static str,
    pub(super) short: &'static str,
    pub(super) division: &'static str,
    pub(super) dialling: &'static str,
}

const fn place(
    region: &'static str,
    city: &'static str,
    short: &'static str,
    division: &'static str,
    dialling: &'static str,
) -> Place {
    Place {
        region,
        city,
        short,
        division,
        dialling,
    }
}

pub(super) const PLACES: [Place; 30] = [
    place("上海", "上海市", "上海", "310115", "021"),
    place("北京", "北京市", "北京", "110105", "010"),
    place("天津", "天津市", "天津", "120104", "022"),
    place("重庆", "重庆市", "重庆", "500112", "023"),
    place("广东", "广州市", "广州", "440106", "020"),
    place("广东", "深圳市", "深圳", "440305", "0755"),
    place("广东", "佛山市", "佛山", "440605", "0757"),
    place("广东", "东莞市", "东莞", "441900", "0769"),
    place("广东", "中山市", "中山", "442000", "0760"),
    place("浙江", "杭州市", "杭州", "330108", "0571"),
    place("浙江", "宁波市", "宁波", "330212", "0574"),
    place("浙江", "温州市", "温州", "330302", "0577"),
    place("浙江", "绍兴市", "绍兴", "330602", "0575"),
    place("江苏", "南京市", "南京", "320114", "025"),
    place("江苏", "苏州市", "苏州", "320505", "0512"),
    place("江苏", "无锡市", "无锡", "320211", "0510"),
    place("四川", "成都市", "成都", "510107", "028"),
    place("湖北", "武汉市", "武汉", "420106", "027"),
    place("湖南", "长沙市", "长沙", "430104", "0731"),
    place("河南", "郑州市", "郑州", "410105", "0371"),
    place("陕西", "西安市", "西安", "610113", "029"),
    place("山东", "济南市", "济南", "370102", "0531"),
    place("山东", "青岛市", "青岛", "370203", "0532"),
    place("安徽", "合肥市", "合肥", "340104", "0551"),
    place("福建", "福州市", "福州", "350102", "0591"),
    place("福建", "厦门市", "厦门", "350203", "0592"),
    place("辽宁", "沈阳市", "沈阳", "210102", "024"),
    place("辽宁", "大连市", "大连", "210202", "0411"),
    place("黑龙江", "哈尔滨市", "哈尔滨", "230103", "0451"),
    place("云南", "昆明市", "昆明", "530102", "0871"),
];

/// First and second characters of brands.
pub(super) const BRAND_FIRST: &[&str] = &[
    "川", "瑞", "恒", "嘉", "博", "宏", "星", "锦", "禾", "沐", "铭", "凯", "诺", "远", "盛", "卓",
    "益", "朗", "启", "森", "汇", "骏", "润", "澜", "拓", "晟", "亿", "泽", "硕", "蓝",
];
pub(super) const BRAND_SECOND: &[&str] = &[
    "可", "丰", "达", "和", "源", "泰", "辰", "通", "悦", "邦", "宜", "捷", "隆", "顺", "康", "诚",
    "美", "佳", "维", "领", "航", "宇", "尚", "格", "迪", "奇", "莱", "欣", "腾", "柏",
];

/// Trades, as a registered name has them.
pub(super) const TRADES: &[&str] = &[
    "贸易",
    "商贸",
    "电器",
    "家用电器",
    "百货",
    "日用品",
    "礼品",
    "家居用品",
    "电子科技",
    "科技",
    "实业",
    "进出口",
    "电子商务",
    "供应链管理",
];

/// Ends of names.
pub(super) const FORM: &str = "有限公司";
pub(super) const LONG_FORM: &str = "有限责任公司";

pub(super) const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林",
];
pub(super) const GIVEN: &[&str] = &[
    "芳", "伟", "敏", "静", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "霞", "平",
];
pub(super) const STREETS: &[&str] = &[
    "人民路",
    "解放路",
    "建设路",
    "中山路",
    "工业路",
    "长江路",
    "黄河路",
    "科技路",
    "学府路",
    "滨河路",
];
pub(super) const BANKS: &[&str] = &[
    "工商银行",
    "农业银行",
    "中国银行",
    "建设银行",
    "交通银行",
    "招商银行",
];
pub(super) const SELLERS: &[&str] = &[
    "周敏", "吴涛", "郑洁", "冯磊", "褚静", "卫强", "沈悦", "韩冬",
];
pub(super) const INDUSTRIES: &[&str] = &["家电零售", "商超", "电商", "批发", "礼品", "酒店用品"];
pub(super) const SOURCES: &[&str] = &["广交会", "家电展", "阿里巴巴", "官网", "老客户介绍", "陌拜"];

/// Characters as a clerk with a traditional keyboard writes them.
pub(super) const TRADITIONAL: &[(char, char)] = &[
    ('贸', '貿'),
    ('电', '電'),
    ('应', '應'),
    ('链', '鏈'),
    ('业', '業'),
    ('实', '實'),
    ('进', '進'),
    ('礼', '禮'),
    ('广', '廣'),
    ('东', '東'),
    ('庆', '慶'),
    ('宁', '寧'),
    ('苏', '蘇'),
    ('锡', '錫'),
    ('汉', '漢'),
    ('长', '長'),
    ('岛', '島'),
    ('连', '連'),
    ('锦', '錦'),
    ('铭', '銘'),
    ('凯', '凱'),
    ('诺', '諾'),
    ('远', '遠'),
    ('启', '啟'),
    ('骏', '駿'),
    ('润', '潤'),
    ('澜', '瀾'),
    ('亿', '億'),
    ('泽', '澤'),
    ('硕', '碩'),
    ('蓝', '藍'),
    ('丰', '豐'),
    ('达', '達'),
    ('顺', '順'),
    ('诚', '誠'),
    ('维', '維'),
    ('领', '領'),
    ('莱', '萊'),
    ('腾', '騰'),
    ('务', '務'),
    ('责', '責'),
];

/// What clerks write behind a name.
pub(super) const NOTES: &[&str] = &["（停用）", "*", "（VIP）", "-月结", "(新)", " 勿删"];

/// A customer abroad: registered name, what the sellers call it, country, city, VAT id, currency.
pub(super) struct Foreigner {
    pub(super) legal_name: &'static str,
    pub(super) short_name: &'static str,
    pub(super) country: &'static str,
    pub(super) city: &'static str,
    pub(super) tax_id: &'static str,
    pub(super) currency: &'static str,
}

const fn foreigner(
    legal_name: &'static str,
    short_name: &'static str,
    country: &'static str,
    city: &'static str,
    tax_id: &'static str,
    currency: &'static str,
) -> Foreigner {
    Foreigner {
        legal_name,
        short_name,
        country,
        city,
        tax_id,
        currency,
    }
}

pub(super) const FOREIGNERS: [Foreigner; 15] = [
    foreigner(
        "Klarbach Elektrogeräte GmbH",
        "Klarbach",
        "DE",
        "Köln",
        "DE811907321",
        "EUR",
    ),
    foreigner(
        "Brüder Windhoff Handels GmbH & Co. KG",
        "Windhoff",
        "DE",
        "Bremen",
        "DE814558172",
        "EUR",
    ),
    foreigner(
        "Morrowfield Grooming Ltd",
        "Morrowfield",
        "GB",
        "Leeds",
        "GB712934415",
        "GBP",
    ),
    foreigner(
        "Ashcombe & Pryde Limited",
        "Ashcombe",
        "GB",
        "Bristol",
        "GB806114279",
        "GBP",
    ),
    foreigner(
        "Rasage Beaulieu S.A.R.L.",
        "Beaulieu",
        "FR",
        "Lyon",
        "FR40512873946",
        "EUR",
    ),
    foreigner(
        "Distribution Valmont S.A.",
        "Valmont",
        "FR",
        "Lille",
        "FR83409127755",
        "EUR",
    ),
    foreigner(
        "Fratelli Ombroni S.r.l.",
        "Ombroni",
        "IT",
        "Bologna",
        "IT03791840271",
        "EUR",
    ),
    foreigner(
        "Casaverde Elettrodomestici S.p.A.",
        "Casaverde",
        "IT",
        "Torino",
        "IT05518270148",
        "EUR",
    ),
    foreigner(
        "Van Oostveen Import B.V.",
        "Oostveen",
        "NL",
        "Utrecht",
        "NL819203347B01",
        "EUR",
    ),
    foreigner(
        "Hogares Montaluz S.L.",
        "Montaluz",
        "ES",
        "Valencia",
        "ESB97412038",
        "EUR",
    ),
    foreigner(
        "Nordhavn Personlig Pleje ApS",
        "Nordhavn",
        "DK",
        "Odense",
        "DK31745092",
        "EUR",
    ),
    foreigner(
        "Sjölunda Handel AB",
        "Sjölunda",
        "SE",
        "Malmö",
        "SE556784120301",
        "EUR",
    ),
    foreigner(
        "Zieliński Dystrybucja Sp. z o.o.",
        "Zieliński",
        "PL",
        "Poznań",
        "PL7792418306",
        "EUR",
    ),
    foreigner(
        "Donauwerk Handelsgesellschaft m.b.H.",
        "Donauwerk",
        "AT",
        "Linz",
        "ATU67120845",
        "EUR",
    ),
    foreigner(
        "Keltermans NV",
        "Keltermans",
        "BE",
        "Gent",
        "BE0476215893",
        "EUR",
    ),
];

/// The factory's articles: first part of the number, name, specification, unit.
pub(super) const ARTICLES: &[(&str, &str, &str, &str)] = &[
    ("FS", "旋转式电动剃须刀", "三头浮动 充电式", "台"),
    ("FR", "往复式电动剃须刀", "双网 全身水洗", "台"),
    ("FT", "理发器", "陶瓷刀头 六档", "台"),
    ("FN", "鼻毛修剪器", "干电池式", "支"),
    ("FB", "剃须刀刀头组件", "三只装", "盒"),
    ("FC", "充电座", "220V 50Hz", "只"),
];
