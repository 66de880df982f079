-- Pairs of masters that may be one customer, for a person to decide. A pair is asked about once:
-- what was rejected stays here, so that it is never asked again.

create table review (
    id         integer primary key autoincrement,
    one        blob not null,
    other      blob not null,
    state      text not null,
    reason     text not null,
    evidence   text not null,
    message_id blob not null,
    opened_at  integer not null,
    decided_at integer,
    decided_by text,
    because    text,
    unique (one, other)
);

create index review_other on review (other);
create index review_open on review (id) where state = 'open';
