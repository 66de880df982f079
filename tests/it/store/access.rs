//! Who may what, and the trail: what is changed is written down, and what is written down stays.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tenon_core::Timestamp;
use tenon_store::{
    AccessChange, Account, ApiToken, AuditDraft, AuditFilter, Invitation, Role, Session,
    StoreError, first_break,
};

use super::fixtures::{House, system};

fn account(name: &str, role: Role) -> Account {
    let now = Timestamp::from_microsecond(1_790_000_000_000_000).unwrap();
    Account {
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        role,
        systems: None,
        language: None,
        password: Some("a hash".to_owned()),
        subject: None,
        disabled: false,
        created_at: now,
        changed_at: now,
        signed_in_at: None,
    }
}

fn entry(action: &str) -> AuditDraft {
    AuditDraft {
        who: "root".to_owned(),
        via: "command line".to_owned(),
        origin: "here".to_owned(),
        action: action.to_owned(),
        subject: "somebody".to_owned(),
        outcome: "done".to_owned(),
        detail: json!({ "after": { "role": "viewer" } }),
    }
}

fn hence(seconds: i64) -> Timestamp {
    let now = Timestamp::now().as_microsecond();
    Timestamp::from_microsecond(now + seconds * 1_000_000).unwrap()
}

async fn change(house: &House, change: AccessChange) -> Result<(), StoreError> {
    house
        .store
        .change_access(&change, &entry("test.done"))
        .await
}

async fn entries(house: &House) -> Vec<tenon_store::AuditEntry> {
    house.store.audit_after(0, 1_000).await.unwrap()
}

#[track_caller]
fn is_conflict(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

pub(super) async fn a_change_and_its_entry_are_written_together(house: &House) {
    let chief = account("chief", Role::Administrator);
    let scoped = Account {
        systems: Some(vec![system("erp"), system("crm")]),
        language: Some("zh".to_owned()),
        subject: Some("https://id#7".to_owned()),
        password: None,
        ..account("li.wei", Role::Operator)
    };
    for account in [&chief, &scoped] {
        change(house, AccessChange::AddAccount(account.clone()))
            .await
            .unwrap();
    }
    assert_eq!(
        house.store.accounts().await.unwrap(),
        [chief.clone(), scoped.clone()]
    );
    assert_eq!(
        house.store.account("li.wei").await.unwrap(),
        Some(scoped.clone())
    );
    assert_eq!(
        house.store.account_of("https://id#7").await.unwrap(),
        Some(scoped.clone())
    );
    assert_eq!(house.store.account("nobody").await.unwrap(), None);
    // What does not happen is not written down as done.
    is_conflict(change(house, AccessChange::AddAccount(chief.clone())).await);
    let demoted = AccessChange::AlterAccount {
        account: Account {
            role: Role::Viewer,
            ..chief.clone()
        },
        read: chief.changed_at,
        end_sessions: false,
    };
    is_conflict(change(house, demoted).await);
    assert_eq!(entries(house).await.len(), 2);
    let read = scoped.changed_at;
    let altered = Account {
        role: Role::Steward,
        disabled: true,
        changed_at: read + SignedDuration::from_secs(1),
        ..scoped.clone()
    };
    let write = AccessChange::AlterAccount {
        account: altered.clone(),
        read,
        end_sessions: true,
    };
    change(house, write).await.unwrap();
    // Who read it before that does not undo it.
    let late = AccessChange::AlterAccount {
        account: scoped,
        read,
        end_sessions: false,
    };
    is_conflict(change(house, late).await);
    assert_eq!(house.store.account("li.wei").await.unwrap(), Some(altered));
    assert_eq!(entries(house).await.len(), 3);
}

pub(super) async fn the_trail_is_a_chain_whose_tampering_shows(house: &House) {
    for action in [
        "user.added",
        "user.altered",
        "token.created",
        "user.password",
        "session.begun",
    ] {
        let nothing = AccessChange::Nothing;
        house
            .store
            .change_access(&nothing, &entry(action))
            .await
            .unwrap();
    }
    let written = entries(house).await;
    let start = || (0, String::new());
    let head = first_break(start(), &written).unwrap();
    assert_eq!(head, (5, written[4].hash.clone()));
    // In portions it is the same.
    let middle = first_break(start(), &written[..2]).unwrap();
    assert_eq!(first_break(middle, &written[2..]).unwrap(), head);
    assert_eq!(written[0].detail, json!({ "after": { "role": "viewer" } }));

    let found = async |filter: AuditFilter, before, limit| -> Vec<i64> {
        let found = house.store.audit(&filter, before, limit).await.unwrap();
        found.iter().map(|entry| entry.position).collect()
    };
    let action = |action: &str| AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(found(AuditFilter::default(), None, 2).await, [5, 4]);
    assert_eq!(found(AuditFilter::default(), Some(3), 9).await, [2, 1]);
    assert_eq!(found(action("user."), None, 9).await, [4, 2, 1]);
    assert_eq!(found(action("user.altered"), None, 9).await, [2]);
    let nobody = AuditFilter {
        who: Some("nobody".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(found(nobody, None, 9).await, [] as [i64; 0]);
    let since = AuditFilter {
        since: Some(written[2].at),
        until: Some(hence(9)),
        ..AuditFilter::default()
    };
    assert!(found(since, None, 9).await.len() >= 3);

    let broken = async |statement: &'static str| {
        house.sql(statement).await;
        first_break((0, String::new()), &entries(house).await).unwrap_err()
    };
    let altered = broken("update audit set who = 'another' where position = 2").await;
    assert_eq!(
        (altered.position, altered.reason.contains("altered")),
        (2, true)
    );
    house
        .sql("update audit set who = 'root' where position = 2")
        .await;
    let taken = broken("delete from audit where position = 3").await;
    assert_eq!(
        (taken.position, taken.reason.contains("3 is missing")),
        (4, true)
    );
    let moved = broken("update audit set position = 3 where position = 4").await;
    assert_eq!((moved.position, moved.reason.contains("follow")), (3, true));
}

pub(super) async fn the_trail_is_found_by_who_what_of_what_and_when(house: &House) {
    let long = "x".repeat(3_000);
    let subjects = ["a", "b", long.as_str()];
    for number in 0..60_usize {
        let entry = AuditDraft {
            who: ["li", "wang"][number % 2].to_owned(),
            action: ["user.added", "user.altered", "token.created", "plain"][number / 2 % 4]
                .to_owned(),
            subject: subjects[number / 8 % 3].to_owned(),
            ..entry("")
        };
        let nothing = AccessChange::Nothing;
        house.store.change_access(&nothing, &entry).await.unwrap();
    }
    // The clock was set back: the times are what counts, and some are the same.
    house
        .sql("update audit set at = 1000000 * (1000 - 10 * (position % 7))")
        .await;
    let mut written = entries(house).await;
    written.sort_by_key(|entry| (entry.at, entry.position));
    let actions = house.store.audit_actions().await.unwrap();
    assert_eq!(
        actions,
        ["plain", "token.created", "user.added", "user.altered"]
    );
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let times = |second: i64| Timestamp::from_second(second).unwrap();
    let mut asked = 0;
    for who in ["", "li", "nobody"] {
        for action in ["", "user.", "user.altered", "plain", "u"] {
            for subject in ["", "b", long.as_str(), &long[1..]] {
                for span in [None, Some((times(960), times(990)))] {
                    let mut filter = AuditFilter {
                        who: some(who),
                        action: some(action),
                        subject: some(subject),
                        since: span.map(|(since, _)| since),
                        until: span.map(|(_, until)| until),
                        oldest_first: false,
                    };
                    let fits = |entry: &&tenon_store::AuditEntry| {
                        let kind = entry.action.split_once('.').map(|(kind, _)| kind);
                        let what = match action.strip_suffix('.') {
                            Some(of) => kind == Some(of),
                            None => action.is_empty() || entry.action == action,
                        };
                        (who.is_empty() || entry.who == who)
                            && what
                            && (subject.is_empty() || entry.subject == subject)
                            && span.is_none_or(|(since, until)| (since..until).contains(&entry.at))
                    };
                    let mut expected: Vec<i64> = written
                        .iter()
                        .filter(fits)
                        .map(|entry| entry.position)
                        .collect();
                    for oldest_first in [true, false] {
                        filter.oldest_first = oldest_first;
                        let mut found = Vec::new();
                        loop {
                            let after = found.last().copied();
                            let page = house.store.audit(&filter, after, 7).await.unwrap();
                            found.extend(page.iter().map(|entry| entry.position));
                            if page.len() < 7 {
                                break;
                            }
                        }
                        assert_eq!(found, expected, "{filter:?}");
                        expected.reverse();
                        asked += found.len();
                    }
                }
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

pub(super) async fn many_writers_make_one_chain(house: &House) {
    let another = house.another_node().await;
    let mut writers = Vec::new();
    for number in 0..20 {
        let store = if number % 2 == 0 {
            house.store.clone()
        } else {
            another.clone()
        };
        writers.push(tokio::spawn(async move {
            let entry = entry(&format!("test.{number}"));
            store.change_access(&AccessChange::Nothing, &entry).await
        }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let written = entries(house).await;
    assert_eq!(first_break((0, String::new()), &written).unwrap().0, 20);
}

pub(super) async fn links_are_good_once(house: &House) {
    let link = |digest: u8, account: Option<&str>, seconds| Invitation {
        digest: [digest; 32],
        account: account.map(str::to_owned),
        expires_at: hence(seconds),
    };
    for invitation in [link(1, None, 60), link(2, None, 60), link(3, None, -60)] {
        change(house, AccessChange::Invite(invitation))
            .await
            .unwrap();
    }
    assert_eq!(house.store.invitation(&[3; 32]).await.unwrap(), None);
    let found = house.store.invitation(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(found.account, None);
    let first = |digest: u8, name: &str| AccessChange::AddFirstAccount {
        account: account(name, Role::Administrator),
        invitation: [digest; 32],
    };
    is_conflict(change(house, first(3, "late")).await);
    is_conflict(change(house, first(9, "guess")).await);
    // Of two who are first at once, one is.
    let (one, other) = tokio::join!(
        change(house, first(1, "one")),
        change(house, first(2, "other"))
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let accounts = house.store.accounts().await.unwrap();
    assert_eq!(accounts.len(), 1);
    let chief = accounts[0].clone();

    change(house, AccessChange::Invite(link(4, Some(&chief.name), 60)))
        .await
        .unwrap();
    let redeem = || AccessChange::Redeem {
        account: Account {
            password: Some("another hash".to_owned()),
            ..chief.clone()
        },
        read: chief.changed_at,
        invitation: [4; 32],
    };
    change(house, redeem()).await.unwrap();
    is_conflict(change(house, redeem()).await);
    let kept = house.store.account(&chief.name).await.unwrap().unwrap();
    assert_eq!(kept.password.as_deref(), Some("another hash"));
}

pub(super) async fn sessions_end_with_what_they_stand_on(house: &House) {
    let chief = account("chief", Role::Administrator);
    change(house, AccessChange::AddAccount(chief.clone()))
        .await
        .unwrap();
    let session = |digest: u8, seconds| Session {
        digest: [digest; 32],
        account: "chief".to_owned(),
        origin: "10.0.0.9".to_owned(),
        created_at: hence(0),
        seen_at: hence(-120),
        expires_at: hence(seconds),
    };
    let sign_in = |session: Session, before: Option<u8>| AccessChange::SignIn {
        session,
        before: before.map(|digest| [digest; 32]),
    };
    let fail = || AccessChange::FailSignIn {
        name: "chief".to_owned(),
        forget_before: hence(-900),
    };
    change(house, fail()).await.unwrap();
    change(house, fail()).await.unwrap();
    let failures = house.store.sign_in_failures("chief").await.unwrap();
    assert_eq!(failures.map(|failures| failures.failures), Some(2));
    change(house, sign_in(session(1, 60), None)).await.unwrap();
    assert_eq!(house.store.sign_in_failures("chief").await.unwrap(), None);
    let (found, of) = house.store.session(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(
        (found.origin.as_str(), of.name.as_str()),
        ("10.0.0.9", "chief")
    );
    assert!(of.signed_in_at.is_some());
    house.store.touch_session(&[1; 32]).await.unwrap();
    let (touched, _) = house.store.session(&[1; 32]).await.unwrap().unwrap();
    assert!(touched.seen_at > found.seen_at);
    // A sign-in replaces what the browser showed before.
    change(house, sign_in(session(2, 60), Some(1)))
        .await
        .unwrap();
    assert!(house.store.session(&[1; 32]).await.unwrap().is_none());
    change(house, AccessChange::SignOut([2; 32])).await.unwrap();
    assert!(house.store.session(&[2; 32]).await.unwrap().is_none());
    for digest in [3, 4, 5] {
        change(house, sign_in(session(digest, 60), None))
            .await
            .unwrap();
    }
    let others = AccessChange::EndSessions {
        account: "chief".to_owned(),
        but: Some([4; 32]),
    };
    change(house, others).await.unwrap();
    let left = house.store.sessions("chief").await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].digest, [4; 32]);
    assert_eq!(house.store.sessions("somebody").await.unwrap(), []);
    let all = AccessChange::EndSessions {
        account: "chief".to_owned(),
        but: None,
    };
    change(house, all).await.unwrap();
    assert_eq!(house.store.sessions("chief").await.unwrap(), []);
    change(house, sign_in(session(3, 60), None)).await.unwrap();
    let write = AccessChange::AlterAccount {
        read: chief.changed_at,
        account: chief,
        end_sessions: true,
    };
    change(house, write).await.unwrap();
    assert!(house.store.session(&[3; 32]).await.unwrap().is_none());
}

pub(super) async fn tokens_are_found_by_their_digest(house: &House) {
    let token = |digest: u8, name: &str| ApiToken {
        id: 0,
        digest: [digest; 32],
        name: name.to_owned(),
        role: Role::Viewer,
        systems: Some(vec![system("erp")]),
        scopes: None,
        created_by: "chief".to_owned(),
        created_at: Timestamp::from_microsecond(1_790_000_000_000_000).unwrap(),
        expires_at: None,
        used_at: None,
        revoked_at: None,
    };
    change(house, AccessChange::AddToken(token(1, "report")))
        .await
        .unwrap();
    is_conflict(change(house, AccessChange::AddToken(token(2, "report"))).await);
    let narrowed = ApiToken {
        systems: None,
        scopes: Some(vec!["audit:read".to_owned(), "messages:write".to_owned()]),
        ..token(2, "backup")
    };
    change(house, AccessChange::AddToken(narrowed.clone()))
        .await
        .unwrap();
    let found = house.store.api_token(&[2; 32]).await.unwrap().unwrap();
    assert_eq!((found.systems, found.scopes), (None, narrowed.scopes));
    let found = house.store.api_token(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(
        found,
        ApiToken {
            id: found.id,
            ..token(1, "report")
        }
    );
    assert_eq!(house.store.api_token(&[3; 32]).await.unwrap(), None);
    house.store.touch_api_token(found.id).await.unwrap();
    change(house, AccessChange::RevokeToken(found.id))
        .await
        .unwrap();
    let tokens = house.store.api_tokens().await.unwrap();
    let names: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["backup", "report"]);
    assert!(tokens[1].revoked_at.is_some() && tokens[1].used_at.is_some());
    assert_eq!(
        entries(house).await.last().unwrap().detail["after"]["role"],
        Value::from("viewer")
    );
}
