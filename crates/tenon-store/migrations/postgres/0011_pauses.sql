-- Halves of connectors that a person has paused.
create table pause (
    system  text not null collate "C",
    half    text not null,
    by      text not null,
    because text not null,
    at      timestamptz not null,
    primary key (system, half)
);

-- What waits is counted every second while somebody watches.
create index parked_count on parked (system, direction, state, code);
