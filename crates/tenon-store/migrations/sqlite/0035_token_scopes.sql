-- What a token is narrowed to: a list of scopes as JSON; all that its role may, where there is none.
alter table api_token add column scopes text;
