-- Which message made a version of a golden record; versions from before do not know.
alter table golden_history add column message_id uuid;

-- What people decided about pairs, the latest first.
create index review_decided on review (decided_at, id) where decided_at is not null;
