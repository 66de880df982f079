-- What each master is called, by whomever: a line for each name and code, brought to one spelling. Whoever
-- looks for a part of a name has all of these looked through, so they are kept close together.
create table master_name (
    master_id blob primary key,
    names     text not null
) without rowid;
