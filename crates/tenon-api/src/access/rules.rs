//! What every route needs: the one table. A route that is not in it stops the start.

use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use super::Permission;
use super::Permission::{Administer, Decide, Open, Operate, Reveal, See, SignedIn};

/// Which systems a request is about, for callers that may touch only some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// No single one: master records and sums are the whole company's.
    Company,
    /// The one that this parameter of the path or the query names; who may touch only some must name one
    /// of them.
    Named(&'static str),
    /// The one that this parameter of the query names; where none is named, the handler shows only those of
    /// [`super::Principal::systems`].
    Among(&'static str),
    /// That of the record that the path names; the handler asks [`super::Principal::check_system`].
    OfRecord,
    /// All: only for those who may touch all.
    Whole,
}

/// What a route needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The method, in capitals.
    pub(crate) method: &'static str,
    /// The path, as the OpenAPI document has it.
    pub(crate) path: &'static str,
    /// What the caller needs.
    pub(crate) needs: Permission,
    /// Which systems it is about.
    pub(crate) scope: Scope,
    /// As what the audit trail notes it; every method that changes something has one.
    pub(crate) records: Option<&'static str>,
}

const fn rule(
    method: &'static str,
    path: &'static str,
    needs: Permission,
    scope: Scope,
    records: Option<&'static str>,
) -> Rule {
    Rule {
        method,
        path,
        needs,
        scope,
        records,
    }
}

/// A route that only shows.
const fn see(path: &'static str, scope: Scope) -> Rule {
    rule("GET", path, See, scope, None)
}

/// A route that gives a whole list as a file: it shows, and carries data out of the house.
const fn export(path: &'static str, scope: Scope) -> Rule {
    rule("GET", path, See, scope, Some("list.exported"))
}

/// A route for those who send again, correct and give up.
const fn operate(path: &'static str, records: &'static str) -> Rule {
    rule("POST", path, Operate, Scope::OfRecord, Some(records))
}

/// A route for those who say who may what.
const fn administer(
    method: &'static str,
    path: &'static str,
    records: Option<&'static str>,
) -> Rule {
    rule(method, path, Administer, Scope::Whole, records)
}

/// A route that is open, or proves its callers by itself.
const fn open(method: &'static str, path: &'static str) -> Rule {
    rule(method, path, Open, Scope::Company, None)
}

/// Every route.
pub(crate) const RULES: &[Rule] = &[
    open("GET", "/health/live"),
    open("GET", "/health/ready"),
    open("POST", "/in/{system}/{inlet}"),
    open("GET", "/in/{system}/{inlet}"),
    see("/metrics", Scope::Company),
    see("/asyncapi.json", Scope::Company),
    // Messages.
    see("/api/v1/messages", Scope::Among("source")),
    export("/api/v1/messages/export", Scope::Among("source")),
    see("/api/v1/messages/{id}", Scope::OfRecord),
    rule(
        "POST",
        "/api/v1/messages/{id}/reveal",
        Reveal,
        Scope::OfRecord,
        Some("message.revealed"),
    ),
    see("/api/v1/trace/{key}", Scope::OfRecord),
    see("/api/v1/trace/{key}/merges", Scope::OfRecord),
    see("/api/v1/messages/{id}/bodies", Scope::OfRecord),
    see("/api/v1/messages/{id}/attempts", Scope::OfRecord),
    see("/api/v1/deliveries", Scope::Among("system")),
    export("/api/v1/deliveries/export", Scope::Among("system")),
    operate("/api/v1/messages/{id}/resend", "message.resent"),
    see("/api/v1/parked", Scope::Among("system")),
    see("/api/v1/parked/count", Scope::Among("system")),
    see("/api/v1/parked/groups", Scope::OfRecord),
    see("/api/v1/parked/{id}", Scope::OfRecord),
    rule(
        "POST",
        "/api/v1/parked/redrive",
        Operate,
        Scope::OfRecord,
        Some("parked.redriven"),
    ),
    rule(
        "POST",
        "/api/v1/parked/drop",
        Operate,
        Scope::OfRecord,
        Some("parked.dropped"),
    ),
    rule(
        "POST",
        "/api/v1/parked/{id}/reveal",
        Reveal,
        Scope::OfRecord,
        Some("parked.revealed"),
    ),
    // Of a dead letter nobody can say for certain whose it is.
    see("/api/v1/dead-letters", Scope::Whole),
    rule(
        "POST",
        "/api/v1/dead-letters/{id}/reveal",
        Reveal,
        Scope::Whole,
        Some("dead_letter.revealed"),
    ),
    rule(
        "POST",
        "/api/v1/dead-letters/redrive",
        Operate,
        Scope::Whole,
        Some("dead_letters.redriven"),
    ),
    rule(
        "POST",
        "/api/v1/dead-letters/drop",
        Operate,
        Scope::Whole,
        Some("dead_letters.dropped"),
    ),
    see("/api/v1/searches", Scope::Company),
    rule(
        "POST",
        "/api/v1/searches",
        See,
        Scope::Company,
        Some("search.kept"),
    ),
    rule(
        "DELETE",
        "/api/v1/searches/{id}",
        See,
        Scope::Company,
        Some("search.forgotten"),
    ),
    see("/api/v1/hub", Scope::Company),
    see("/api/v1/live", Scope::Company),
    see("/api/v1/alerts", Scope::OfRecord),
    administer("POST", "/api/v1/alerts/test", Some("alert.tested")),
    // Connectors.
    see("/api/v1/connectors", Scope::OfRecord),
    see("/api/v1/connectors/{name}", Scope::Named("name")),
    rule(
        "POST",
        "/api/v1/connectors/{name}/pause",
        Operate,
        Scope::Named("name"),
        Some("connector.paused"),
    ),
    rule(
        "POST",
        "/api/v1/connectors/{name}/resume",
        Operate,
        Scope::Named("name"),
        Some("connector.resumed"),
    ),
    rule(
        "POST",
        "/api/v1/connectors/{name}/reload",
        Operate,
        Scope::Named("name"),
        Some("connector.reloaded"),
    ),
    rule(
        "POST",
        "/api/v1/connectors/{name}/probe",
        Operate,
        Scope::Named("name"),
        Some("connector.probed"),
    ),
    rule(
        "POST",
        "/api/v1/connectors/{name}/send",
        Operate,
        Scope::Named("name"),
        Some("connector.sent"),
    ),
    rule("POST", "/api/v1/mappings/try", See, Scope::OfRecord, None),
    operate("/api/v1/parked/{id}/corrections", "correction.proposed"),
    see("/api/v1/corrections", Scope::OfRecord),
    // Shows what is changed, personal values included.
    rule(
        "GET",
        "/api/v1/corrections/{id}",
        Reveal,
        Scope::OfRecord,
        Some("correction.shown"),
    ),
    operate("/api/v1/corrections/{id}/approve", "correction.approved"),
    operate("/api/v1/corrections/{id}/reject", "correction.rejected"),
    see("/api/v1/redrives", Scope::OfRecord),
    operate("/api/v1/redrives", "redrive.begun"),
    operate("/api/v1/drops", "drop.begun"),
    see("/api/v1/redrives/{id}", Scope::OfRecord),
    operate("/api/v1/redrives/{id}/stop", "redrive.stopped"),
    operate("/api/v1/redrives/{id}/resume", "redrive.resumed"),
    see("/api/v1/summary", Scope::Company),
    see("/api/v1/summary/course", Scope::Company),
    see("/api/v1/queues", Scope::Company),
    // Master records.
    see("/api/v1/masters", Scope::Company),
    rule("POST", "/api/v1/masters/check", See, Scope::Company, None),
    export("/api/v1/masters/export", Scope::Company),
    rule(
        "POST",
        "/api/v1/masters/import",
        Decide,
        Scope::Company,
        Some("masters.imported"),
    ),
    rule(
        "POST",
        "/api/v1/masters/import/preview",
        Decide,
        Scope::Company,
        None,
    ),
    see("/api/v1/masters/quality", Scope::Company),
    see("/api/v1/masters/{id}", Scope::Company),
    rule(
        "POST",
        "/api/v1/masters/{id}/reveal",
        Reveal,
        Scope::Company,
        Some("master.revealed"),
    ),
    see("/api/v1/masters/{id}/history", Scope::Company),
    see("/api/v1/masters/{id}/compare/{other}", Scope::Company),
    rule(
        "POST",
        "/api/v1/commands",
        Decide,
        Scope::Company,
        Some("master.commanded"),
    ),
    see("/reconcile", Scope::Company),
    rule("POST", "/reconcile", See, Scope::Company, None),
    see("/api/v1/reviews", Scope::Company),
    see("/api/v1/reviews/decisions", Scope::Company),
    see("/api/v1/reviews/{id}", Scope::Company),
    see("/api/v1/items/reviews", Scope::Company),
    see("/api/v1/items/decisions", Scope::Company),
    // Figures are the whole company's.
    see("/api/v1/insight", Scope::Company),
    administer("POST", "/api/v1/insight/rebuild", Some("insight.rebuilt")),
    see("/api/v1/insight/orders", Scope::Company),
    export("/api/v1/insight/orders/export", Scope::Company),
    see("/api/v1/insight/exceptions", Scope::Company),
    see("/api/v1/insight/contracts", Scope::Company),
    export("/api/v1/insight/contracts/export", Scope::Company),
    see("/api/v1/insight/contracts/sums", Scope::Company),
    see("/api/v1/insight/reports/{name}", Scope::Company),
    export("/api/v1/insight/reports/{name}/export", Scope::Company),
    see("/api/v1/insight/grades", Scope::Company),
    see("/api/v1/insight/grades/{id}", Scope::Company),
    rule(
        "POST",
        "/api/v1/insight/grades/{id}",
        Decide,
        Scope::Company,
        Some("grade.decided"),
    ),
    see("/api/v1/insight/grades/decisions", Scope::Company),
    rule(
        "POST",
        "/api/v1/insight/grades/{id}/rating",
        Decide,
        Scope::Company,
        Some("grade.rated"),
    ),
    see("/api/v1/insight/policy", Scope::Company),
    see("/api/v1/insight/customers", Scope::Company),
    see("/api/v1/insight/customers/export", Scope::Company),
    see("/api/v1/insight/customers/{id}", Scope::Company),
    see("/api/v1/insight/dimensions/{name}", Scope::Company),
    see("/api/v1/insight/documents", Scope::Company),
    see("/api/v1/insight/documents/{id}", Scope::Company),
    see("/api/v1/insight/cover", Scope::Company),
    export("/api/v1/insight/cover/export", Scope::Company),
    see("/api/v1/insight/cover/{dealer}/{item}", Scope::Company),
    // Who may what. Signing in and out write their own entries.
    open("POST", "/api/v1/session"),
    open("POST", "/api/v1/session/first"),
    open("GET", "/api/v1/session/means"),
    open("GET", "/auth/oidc"),
    open("GET", "/auth/oidc/callback"),
    rule("GET", "/api/v1/session", SignedIn, Scope::Company, None),
    rule(
        "PATCH",
        "/api/v1/session",
        SignedIn,
        Scope::Company,
        Some("user.altered"),
    ),
    rule(
        "DELETE",
        "/api/v1/session",
        SignedIn,
        Scope::Company,
        Some("session.ended"),
    ),
    rule(
        "PUT",
        "/api/v1/session/password",
        SignedIn,
        Scope::Company,
        Some("user.password"),
    ),
    rule("GET", "/api/v1/sessions", SignedIn, Scope::Company, None),
    rule(
        "DELETE",
        "/api/v1/sessions",
        SignedIn,
        Scope::Company,
        Some("session.ended"),
    ),
    rule(
        "DELETE",
        "/api/v1/sessions/{id}",
        SignedIn,
        Scope::Company,
        Some("session.ended"),
    ),
    administer("GET", "/api/v1/users", None),
    administer("POST", "/api/v1/users", Some("user.added")),
    administer("PATCH", "/api/v1/users/{user}", Some("user.altered")),
    administer("POST", "/api/v1/users/{user}/link", Some("user.invited")),
    administer("GET", "/api/v1/users/{user}/sessions", None),
    administer(
        "DELETE",
        "/api/v1/users/{user}/sessions",
        Some("session.ended"),
    ),
    administer("GET", "/api/v1/tokens", None),
    administer("POST", "/api/v1/tokens", Some("token.created")),
    administer("DELETE", "/api/v1/tokens/{id}", Some("token.revoked")),
    administer("GET", "/api/v1/audit", None),
    administer("GET", "/api/v1/audit/actions", None),
    administer("GET", "/api/v1/audit/check", None),
    administer("GET", "/api/v1/audit/export", Some("audit.exported")),
];

/// Methods that change nothing by themselves: of those that do, the trail must say something.
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Routes that take a body to ask something, and change nothing.
const ASKING: [&str; 4] = [
    "/api/v1/masters/check",
    "/api/v1/masters/import/preview",
    "/api/v1/mappings/try",
    "/reconcile",
];

impl Rule {
    /// The rule of a route.
    pub(crate) fn of(method: &str, path: &str) -> Option<&'static Self> {
        let method = match method {
            "HEAD" => "GET",
            other => other,
        };
        RULES
            .iter()
            .find(|rule| rule.method == method && rule.path == path)
    }

    /// Whether the request may change something.
    pub(crate) fn is_safe(&self) -> bool {
        SAFE.contains(&self.method)
    }

    /// Whether a token that is narrowed to some scopes needs one here: what is about the caller alone, each may ask.
    pub(crate) fn needs_scope(&self) -> bool {
        !matches!(self.needs, Open | SignedIn)
    }

    /// Whether it only shows, and no personal values.
    pub(crate) fn reads(&self) -> bool {
        (self.is_safe() || ASKING.contains(&self.path)) && self.needs != Reveal
    }

    fn is_recorded(&self) -> bool {
        self.is_safe()
            || self.records.is_some()
            || self.needs == Open
            || ASKING.contains(&self.path)
    }
}

/// Every operation of a document, by its method and its path.
pub(crate) fn operations(
    document: &OpenApi,
) -> impl Iterator<Item = (&'static str, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            ("GET", &item.get),
            ("PUT", &item.put),
            ("POST", &item.post),
            ("DELETE", &item.delete),
            ("PATCH", &item.patch),
        ];
        methods.into_iter().filter_map(move |(method, operation)| {
            Some((method, path.as_str(), operation.as_ref()?))
        })
    })
}

/// What is wrong between the routes and the table: routes without a rule or an area, rules without a route,
/// changes that the trail would not note.
pub(crate) fn unruled(document: &OpenApi) -> Vec<String> {
    let mut problems = Vec::new();
    let mut served = Vec::new();
    for (method, path, operation) in operations(document) {
        served.push((method, path));
        if operation.tags.iter().flatten().count() != 1 {
            problems.push(format!("{method} {path} has no tag, or several: its area"));
        }
        match Rule::of(method, path) {
            None => problems.push(format!("{method} {path} has no rule of who may call it")),
            Some(rule) if !rule.is_recorded() => {
                problems.push(format!(
                    "{method} {path} changes something without an entry"
                ));
            }
            Some(_) => {}
        }
    }
    let lost = RULES
        .iter()
        .filter(|rule| !served.contains(&(rule.method, rule.path)));
    problems
        .extend(lost.map(|rule| format!("{} {} has a rule and no route", rule.method, rule.path)));
    problems
}
