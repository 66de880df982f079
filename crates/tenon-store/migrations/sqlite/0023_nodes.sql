-- Nodes of the hub, each of which says again and again that it is there.
create table hub_node (
    id      blob primary key,
    name    text not null,
    -- By the clock of this database, in seconds since 1970-01-01.
    seen_at integer not null
);

-- What every node is asked: to serve a system as its connector file says now. The latest of each system.
create table reload (
    system text primary key,
    id     blob not null,
    at     integer not null
);

-- What came of it, node by node.
create table reload_outcome (
    reload  blob not null,
    node    blob not null,
    name    text not null,
    -- Why the connector goes on as it was there; null where it does not.
    because text,
    took_ms integer not null,
    at      integer not null,
    primary key (reload, node)
);
