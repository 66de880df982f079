-- Whoever finds that no master is like a record, and makes one, must not have missed another that
-- was made meanwhile: foundings are numbered, and each asks what was founded since it looked.
create table founding (
    number integer not null
);
insert into founding (number) values (0);

alter table match_traits add column founded integer;
create index match_traits_founded on match_traits (founded);
