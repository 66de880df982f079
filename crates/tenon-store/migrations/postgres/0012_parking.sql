-- What was tried with messages that wait, and what people do with them. A message keeps its history
-- when it is parked again, and after it was delivered, until the journal forgets it.
create table parked_event (
    id         bigint generated always as identity primary key,
    message_id uuid not null,
    system     text not null collate "C",
    direction  text not null,
    at         timestamptz not null,
    what       text not null,
    who        text,
    code       text,
    detail     text not null,
    attempts   integer not null,
    sent       bytea
);

create index parked_event_message on parked_event (message_id, id);
create index parked_event_at on parked_event using brin (at);

-- Other bodies for parked messages, which one person proposes and another decides.
create table correction (
    id          bigint generated always as identity primary key,
    message_id  uuid not null,
    system      text not null collate "C",
    direction   text not null,
    state       text not null,
    original    bytea not null,
    proposed    bytea not null,
    proposed_by text not null,
    because     text not null,
    proposed_at timestamptz not null,
    decided_by  text,
    decision    text,
    decided_at  timestamptz
);

create unique index correction_open on correction (message_id, system, direction) where state = 'proposed';

-- What is sent again, and how far that has come.
create table redrive (
    id          bigint generated always as identity primary key,
    selection   json not null,
    until       bigint not null,
    cursor      bigint not null,
    per_second  integer,
    force       boolean not null,
    state       text not null,
    who         text not null,
    because     text not null,
    began_at    timestamptz not null,
    ended_at    timestamptz,
    sent        bigint not null,
    passed_over bigint not null
);

create index redrive_running on redrive (id) where state = 'running';

-- What a search by entity, system and state goes along. It also tells which of them there are.
create index journal_search on journal (entity, source, state, position);
drop index journal_failed;
