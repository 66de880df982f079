-- What was tried with messages that wait, and what people do with them. A message keeps its history
-- when it is parked again, and after it was delivered, until the journal forgets it.
create table parked_event (
    id         integer primary key autoincrement,
    message_id blob not null,
    system     text not null,
    direction  text not null,
    at         integer not null,
    what       text not null,
    who        text,
    code       text,
    detail     text not null,
    attempts   integer not null,
    sent       blob
);

create index parked_event_message on parked_event (message_id, id);
create index parked_event_at on parked_event (at);

-- Other bodies for parked messages, which one person proposes and another decides.
create table correction (
    id          integer primary key autoincrement,
    message_id  blob not null,
    system      text not null,
    direction   text not null,
    state       text not null,
    original    blob not null,
    proposed    blob not null,
    proposed_by text not null,
    because     text not null,
    proposed_at integer not null,
    decided_by  text,
    decision    text,
    decided_at  integer
);

create unique index correction_open on correction (message_id, system, direction) where state = 'proposed';

-- What is sent again, and how far that has come.
create table redrive (
    id          integer primary key autoincrement,
    selection   text not null,
    until       integer not null,
    cursor      integer not null,
    per_second  integer,
    force       boolean not null,
    state       text not null,
    who         text not null,
    because     text not null,
    began_at    integer not null,
    ended_at    integer,
    sent        integer not null,
    passed_over integer not null
);

create index redrive_running on redrive (id) where state = 'running';

-- What a search by entity, system and state goes along. It also tells which of them there are.
create index journal_search on journal (entity, source, state, position);
