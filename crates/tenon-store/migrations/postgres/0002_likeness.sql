-- What masters are looked up by where no exact key finds them. A match key is no claim: any number
-- of masters share one.
create table match_key (
    key       bigint not null,
    master_id uuid not null,
    primary key (key, master_id)
);

-- What likeness compares of each master, made ready.
create table match_traits (
    master_id uuid primary key,
    traits    bytea not null
);

-- The version of keys and traits in which every master is kept.
create table match_version (
    version integer not null
);
