-- What was given to each system, as it was.
create table sent (
    message_id blob not null,
    system     text not null,
    at         integer not null,
    -- One JSON text a line, one for each record that went out.
    body       blob not null,
    primary key (message_id, system, at)
);
