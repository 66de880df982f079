//! Who looks after a customer is reminded, in the CRM and in the OA.

use jiff::{Timestamp, ToSpan};
use rstest::rstest;

use super::flows::{Engine, export, factory};

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_birthday_becomes_a_task_once(#[case] engine: Engine) {
    let site = factory(engine);
    site.write(
        "config/insight.toml",
        "[care]\ndays_before = 3\nlanguage = 'zh'\n",
    );
    let hub = site.run(&[]);
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let born = |day: jiff::civil::Date| format!("1980-{}", &day.to_string()[5..]);
    // A day that every year has.
    let soon = match today.saturating_add(2.days()) {
        day if (day.month(), day.day()) == (2, 29) => day.saturating_add(1.days()),
        day => day,
    };
    let head = "\u{feff}客户编号,客户名称,负责人,联系人,联系人生日\n";
    let row = |number: &str, name: &str, who: &str, day| {
        format!("{number},{name},王敏,{who},{}\n", born(day))
    };
    let first = row("C000042", "上海川可贸易有限公司", "李雷", soon);
    let later = row(
        "C000043",
        "广州铭源实业有限公司",
        "韩梅",
        today.saturating_add(60.days()),
    );
    export(
        &site,
        "crm",
        "customers-1.csv",
        &format!("{head}{first}{later}"),
    );
    let task = site.all_given_to("crm", "task-", 1).remove(0);
    assert_eq!(task["客户编号"], "C000042", "{task}");
    assert_eq!(task["联系人"], "李雷", "{task}");
    assert_eq!(task["负责人"], "王敏", "{task}");
    assert_eq!(task["到期日"], soon.to_string(), "{task}");
    let task = site.all_given_to("oa", "TASK-", 1).remove(0);
    assert_eq!(task["CONTACT"], "李雷", "{task}");
    assert_eq!(task["TYPE"], "birthday", "{task}");
    // The same customer again, and another whose birthday comes: one more task, not two.
    let other = row("C000044", "深圳远景电器有限公司", "林涛", soon);
    export(
        &site,
        "crm",
        "customers-2.csv",
        &format!("{head}{}{other}", first.replace("王敏", "张华")),
    );
    let tasks = site.all_given_to("crm", "task-", 2);
    let whom: Vec<_> = tasks.iter().map(|task| &task["联系人"]).collect();
    assert!(
        whom.contains(&&"李雷".into()) && whom.contains(&&"林涛".into()),
        "{whom:?}"
    );
    hub.stop();
}
