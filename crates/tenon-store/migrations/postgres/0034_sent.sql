-- What was given to each system, as it was: by months, as payloads are.
create table sent (
    message_id uuid not null,
    system     text not null collate "C",
    at         timestamptz not null,
    -- One JSON text a line, one for each record that went out.
    body       bytea not null,
    primary key (message_id, system, at)
) partition by range (at);

create table sent_default partition of sent default with (toast_tuple_target = 8160);
