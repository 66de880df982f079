-- Who belongs to whom: a branch to its head office, a company to its group.

create table affiliation (
    child      uuid primary key,
    parent     uuid not null,
    kind       text not null,
    message_id uuid not null
);

create index affiliation_parent on affiliation (parent);
