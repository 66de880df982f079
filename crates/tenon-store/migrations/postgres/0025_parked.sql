-- Of a bulk act on parked messages what is done, and how many were selected when it began.
alter table redrive add column act text not null default 'redrive';
alter table redrive add column total bigint not null default 0;

-- What a bulk drop is of: just what was selected when it began, and has not been taken yet.
create table redrive_chosen (
    redrive bigint not null,
    parked  bigint not null,
    primary key (redrive, parked)
);

-- What waits of one record: by the record's id in its system, and by its lane.
create index parked_native on parked ((attributes ->> 'subject'));
create index parked_of_lane on parked (lane);
