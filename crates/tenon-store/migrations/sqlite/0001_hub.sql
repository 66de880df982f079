-- What the hub knows, in one file. Times are microseconds since 1970, identifiers 16 bytes.

-- The idempotency key of every message, and where its journal row stands. It outlives the journal.
create table inbox (
    message_id   blob primary key,
    position     integer not null,
    journaled_at integer not null
) without rowid;

create table journal (
    position     integer primary key autoincrement,
    journaled_at integer not null,
    message_id   blob not null,
    entity       text not null,
    source       text not null,
    native_id    text,
    master_id    blob,
    business_key text,
    origin       text not null,
    state        text not null,
    detail       text,
    targets      text not null,
    attributes   text not null
);

create index journal_business_key on journal (business_key) where business_key is not null;
create index journal_master on journal (master_id) where master_id is not null;
-- A message with a master is found through the crosswalk; only the others need their own index.
create index journal_native on journal (native_id) where master_id is null;

create table payload (
    position  integer primary key,
    raw       blob not null,
    canonical blob
);

create table crosswalk (
    entity    text not null,
    system    text not null,
    native_id text not null,
    master_id blob not null,
    -- Of the native payload last delivered, and the golden version it stated.
    hash      blob,
    sequence  integer,
    -- Whether the system told of the record itself, rather than being given it.
    inbound   integer not null,
    linked_at integer not null,
    -- Each index begins with the column that only its own questions know, and that selects most.
    primary key (native_id, entity, system)
) without rowid;

create index crosswalk_master on crosswalk (master_id, entity, system);

create table golden (
    master_id  blob primary key,
    version    integer not null,
    golden     text not null,
    sources    text not null,
    updated_at integer not null
);

create table golden_history (
    master_id blob not null,
    version   integer not null,
    golden    text not null,
    at        integer not null,
    primary key (master_id, version)
);

create table master_key (
    kind      text not null,
    value     text not null,
    master_id blob not null,
    primary key (kind, value)
) without rowid;

create table delivery (
    message_id blob not null,
    system     text not null,
    entity     text not null,
    master_id  blob,
    state      text not null,
    detail     text not null,
    attempts   integer not null,
    latency_ms real,
    native_id  text,
    at         integer not null,
    primary key (message_id, system)
) without rowid;

create table parked (
    id            integer primary key autoincrement,
    direction     text not null,
    system        text not null,
    lane          text not null,
    message_id    blob not null,
    entity        text not null,
    state         text not null,
    kind          text,
    code          text not null,
    detail        text not null,
    attempts      integer not null,
    retry_at      integer,
    parked_at     integer not null,
    attributes    text not null,
    body          blob not null,
    dep_kind      text,
    dep_entity    text,
    dep_system    text,
    dep_native_id text,
    dep_master_id blob,
    dep_version   integer,
    unique (message_id, system, direction)
);

create index parked_lane on parked (system, lane, id) where direction = 'outbound';
create index parked_due on parked (system, id) where direction = 'outbound' and state = 'due';
create index parked_retry on parked (system, retry_at) where direction = 'outbound' and state = 'retry';
create index parked_waiting_native on parked (dep_native_id, dep_system, dep_entity)
    where state = 'waiting' and dep_native_id is not null;
create index parked_waiting_master on parked (dep_master_id)
    where state = 'waiting' and dep_master_id is not null;

create table checkpoint (
    system text not null,
    inlet  text not null,
    value  text not null,
    at     integer not null,
    primary key (system, inlet)
);
