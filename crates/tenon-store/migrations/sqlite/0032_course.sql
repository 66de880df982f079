-- What was journaled when, and what of it is invalid: counted of the index alone.
create index journal_course on journal (journaled_at, state);
