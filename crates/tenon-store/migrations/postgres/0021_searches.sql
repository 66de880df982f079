-- Searches of messages that people keep; a shared one is shown to all.
create table saved_search (
    id     bigint generated always as identity primary key,
    owner  text not null collate "C",
    name   text not null,
    -- What is asked, as the query of the page's address.
    query  text not null collate "C",
    shared boolean not null,
    unique (owner, query)
);
