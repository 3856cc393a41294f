-- Operators sign in by a mailed link. Neither a link nor what a browser keeps can be made from what is here.

create table operator_sign_in_tokens (
  id uuid primary key,
  operator_id uuid not null references operators,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  superseded_at timestamptz
);
create index operator_sign_in_tokens_operator on operator_sign_in_tokens (operator_id);
create index operator_sign_in_tokens_expires on operator_sign_in_tokens (expires_at);

create table operator_sessions (
  id uuid primary key,
  operator_id uuid not null references operators,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
comment on column operator_sessions.token_hash is 'SHA-256 of what the browser keeps';
comment on column operator_sessions.expires_at is 'nothing puts it off: whoever goes on signs in again';
create index operator_sessions_operator on operator_sessions (operator_id);
create index operator_sessions_expires on operator_sessions (expires_at);
