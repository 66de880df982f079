-- Who may what: accounts, their sessions, tokens of programs, and the trail of what was done.
-- Times are microseconds since 1970, so that one text of each statement serves both databases.

create table account (
    name         text primary key,
    display_name text not null,
    role         text not null,
    -- The only systems that it may touch, as a JSON list; null for all.
    systems      text,
    language     text,
    -- In the PHC form of argon2; null for who signs on elsewhere, or has not chosen one yet.
    password     text,
    -- Issuer and subject at the provider of single sign-on.
    subject      text unique,
    disabled     boolean not null,
    created_at   integer not null,
    changed_at   integer not null,
    signed_in_at integer
);

-- What a browser shows is kept as its SHA-256 alone, here and below.
create table session (
    digest     blob primary key,
    account    text not null,
    origin     text not null,
    created_at integer not null,
    seen_at    integer not null,
    expires_at integer not null
);

create index session_account on session (account);

-- One-time links by which somebody chooses a password; without an account, the first administrator.
create table invitation (
    digest     blob primary key,
    account    text,
    expires_at integer not null
);

create table api_token (
    id         integer primary key autoincrement,
    digest     blob not null unique,
    name       text not null unique,
    role       text not null,
    systems    text,
    created_by text not null,
    created_at integer not null,
    expires_at integer,
    used_at    integer,
    revoked_at integer
);

-- Failed sign-ins in a row by the name that was given, whether or not there is such an account.
create table sign_in (
    name     text primary key,
    failures integer not null,
    last_at  integer not null
);

-- Each entry holds the hash of the one before it.
create table audit (
    position integer primary key,
    at       integer not null,
    who      text not null,
    via      text not null,
    origin   text not null,
    action   text not null,
    subject  text not null,
    outcome  text not null,
    detail   text not null,
    previous blob not null,
    hash     blob not null
);
