-- What the hub knows. Journal and payload are partitioned by month; the program creates the
-- months ahead of time, and the default partition catches what no month covers.

create sequence journal_position;

-- The idempotency key of every message, and where its journal row stands. It outlives the journal.
create table inbox (
    message_id   uuid primary key,
    position     bigint not null,
    journaled_at timestamptz not null
);

create table journal (
    position     bigint not null,
    journaled_at timestamptz not null,
    message_id   uuid not null,
    entity       text not null,
    source       text not null,
    native_id    text collate "C",
    master_id    uuid,
    business_key text collate "C",
    origin       text not null,
    state        text not null,
    detail       text,
    targets      text[] not null,
    attributes   json not null,
    primary key (position, journaled_at)
) partition by range (journaled_at);

create index journal_business_key on journal (business_key, position) where business_key is not null;
create index journal_master on journal (master_id, position) where master_id is not null;
-- A message with a master is found through the crosswalk; only the others need their own index.
create index journal_native on journal (native_id, position) where master_id is null;
create index journal_failed on journal (position) where state in ('invalid', 'dropped');

create table journal_default partition of journal default;

create table payload (
    position     bigint not null,
    journaled_at timestamptz not null,
    raw          bytea not null,
    canonical    bytea,
    primary key (position, journaled_at)
) partition by range (journaled_at);

-- Compression costs more time than a kilobyte of JSON is worth; larger bodies go out of line as they are.
alter table payload alter column raw set storage external;
alter table payload alter column canonical set storage external;

create table payload_default partition of payload default with (toast_tuple_target = 8160);

create table crosswalk (
    entity    text not null collate "C",
    system    text not null collate "C",
    native_id text not null collate "C",
    master_id uuid not null,
    -- Of the native payload last delivered, and the golden version it stated.
    hash      bytea,
    sequence  bigint,
    -- Whether the system told of the record itself, rather than being given it.
    inbound   boolean not null,
    linked_at timestamptz not null,
    -- Each index begins with the column that only its own questions know, and that selects most.
    primary key (native_id, entity, system)
);

create index crosswalk_master on crosswalk (master_id, entity, system);

create table golden (
    master_id  uuid primary key,
    version    bigint not null,
    golden     json not null,
    sources    json not null,
    updated_at timestamptz not null
);

create table golden_history (
    master_id uuid not null,
    version   bigint not null,
    golden    json not null,
    at        timestamptz not null,
    primary key (master_id, version)
);

create table master_key (
    kind      text not null collate "C",
    value     text not null collate "C",
    master_id uuid not null,
    primary key (kind, value)
);

create table delivery (
    message_id uuid not null,
    system     text not null collate "C",
    entity     text not null,
    master_id  uuid,
    state      text not null,
    detail     text not null,
    attempts   integer not null,
    latency_ms double precision,
    native_id  text,
    at         timestamptz not null,
    primary key (message_id, system)
);

create index delivery_at on delivery using brin (at);

create table parked (
    id            bigint generated always as identity primary key,
    direction     text not null,
    system        text not null collate "C",
    lane          text not null collate "C",
    message_id    uuid not null,
    entity        text not null,
    state         text not null,
    kind          text,
    code          text not null,
    detail        text not null,
    attempts      integer not null,
    retry_at      timestamptz,
    parked_at     timestamptz not null,
    attributes    json not null,
    body          bytea not null,
    dep_kind      text,
    dep_entity    text collate "C",
    dep_system    text collate "C",
    dep_native_id text collate "C",
    dep_master_id uuid,
    dep_version   bigint,
    unique (message_id, system, direction)
);

alter table parked alter column body set storage external;

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
    value  json not null,
    at     timestamptz not null,
    primary key (system, inlet)
);
