-- Searches of messages that people keep; a shared one is shown to all.
create table saved_search (
    id     integer primary key autoincrement,
    owner  text not null,
    name   text not null,
    -- What is asked, as the query of the page's address.
    query  text not null,
    shared boolean not null,
    unique (owner, query)
);
