-- Reminders that were given to those who look after customers, so that none is given twice.
create table care_reminder (
    number   text primary key,
    customer text not null,
    kind     text not null,
    -- The day that it is about, and the day on which it was given; days since 1970-01-01.
    due      integer not null,
    made_on  integer not null
);

create index care_reminder_made on care_reminder (made_on);
