-- What was journaled when, and what of it is invalid: counted of the index alone.
create index journal_course on journal (journaled_at, state);
-- What was delivered when, and how fast, too.
create index delivery_course on delivery (at, latency_ms);
drop index delivery_latency;
