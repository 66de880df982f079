-- Pairs of masters that may be one customer, for a person to decide. A pair is asked about once:
-- what was rejected stays here, so that it is never asked again.

create table review (
    id         bigint generated always as identity primary key,
    one        uuid not null,
    other      uuid not null,
    state      text not null,
    reason     text not null,
    evidence   json not null,
    message_id uuid not null,
    opened_at  timestamptz not null,
    decided_at timestamptz,
    decided_by text,
    because    text,
    unique (one, other)
);

create index review_other on review (other);
create index review_open on review (id) where state = 'open';
