-- Who looks after a prospect for now: one at a time, until it expires.

create table claim (
    master_id  uuid primary key,
    owner      text not null,
    since      timestamptz not null,
    until      timestamptz not null,
    message_id uuid not null
);
