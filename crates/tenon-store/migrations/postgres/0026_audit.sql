-- The trail is asked by who, what, of what and when, in any of these together, and shown newest first: each question
-- has an index in that order. A kind of actions is what stands before the full stop.
create index audit_at on audit (at, position);
create index audit_who on audit (who, at, position);
create index audit_action on audit (action, at, position);
create index audit_kind on audit ((substr(action, 1, strpos(action, '.'))), at, position);
create index audit_who_action on audit (who, action, at, position);
create index audit_who_kind on audit (who, (substr(action, 1, strpos(action, '.'))), at, position);
-- Of a long subject the beginning is enough to find it.
create index audit_subject on audit ((substr(subject, 1, 200)), at, position);
create index audit_who_subject on audit (who, (substr(subject, 1, 200)), at, position);
