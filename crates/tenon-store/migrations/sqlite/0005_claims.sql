-- Who looks after a prospect for now: one at a time, until it expires.

create table claim (
    master_id  blob primary key,
    owner      text not null,
    since      integer not null,
    until      integer not null,
    message_id blob not null
) without rowid;
