-- Who belongs to whom: a branch to its head office, a company to its group.

create table affiliation (
    child      blob primary key,
    parent     blob not null,
    kind       text not null,
    message_id blob not null
) without rowid;

create index affiliation_parent on affiliation (parent);
