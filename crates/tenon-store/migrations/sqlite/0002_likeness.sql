-- What masters are looked up by where no exact key finds them. A match key is no claim: any number
-- of masters share one.
create table match_key (
    key       integer not null,
    master_id blob not null,
    primary key (key, master_id)
) without rowid;

-- What likeness compares of each master, made ready.
create table match_traits (
    master_id blob primary key,
    traits    blob not null
) without rowid;

-- The version of keys and traits in which every master is kept.
create table match_version (
    version integer not null
);
