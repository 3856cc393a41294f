-- What users and operators prove who they are with after the first step. Each row is of one of them.

create table factor_totp (
  id uuid primary key,
  user_id uuid references users,
  operator_id uuid references operators,
  sealed_secret bytea not null,
  offered_at timestamptz not null,
  confirmed_at timestamptz,
  last_step bigint,
  check (num_nonnulls(user_id, operator_id) = 1),
  check ((confirmed_at is null) = (last_step is null))
);
comment on column factor_totp.confirmed_at is 'null: offered, and not in force yet';
comment on column factor_totp.last_step is 'the 30 seconds of the last code that was taken: it and those before it are void';
create unique index factor_totp_user on factor_totp (user_id, (confirmed_at is null)) where user_id is not null;
create unique index factor_totp_operator on factor_totp (operator_id, (confirmed_at is null)) where operator_id is not null;

create table factor_recovery_codes (
  id uuid primary key,
  user_id uuid references users,
  operator_id uuid references operators,
  code_hash bytea not null,
  made_at timestamptz not null,
  used_at timestamptz,
  check (num_nonnulls(user_id, operator_id) = 1)
);
comment on column factor_recovery_codes.code_hash is 'SHA-256 of 80 random bits';
create unique index factor_recovery_codes_user on factor_recovery_codes (user_id, code_hash) where user_id is not null;
create unique index factor_recovery_codes_operator on factor_recovery_codes (operator_id, code_hash) where operator_id is not null;

create table factor_passkeys (
  id uuid primary key,
  user_id uuid references users,
  operator_id uuid references operators,
  credential_id text not null unique,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  name text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  check (num_nonnulls(user_id, operator_id) = 1)
);
comment on column factor_passkeys.counter is 'how often the authenticator says that it was used; 0 where it does not count';
create index factor_passkeys_user on factor_passkeys (user_id) where user_id is not null;
create index factor_passkeys_operator on factor_passkeys (operator_id) where operator_id is not null;

create table factor_passkey_challenges (
  challenge_hash bytea primary key,
  user_id uuid references users,
  operator_id uuid references operators,
  purpose text not null check (purpose in ('add', 'prove')),
  expires_at timestamptz not null,
  check (num_nonnulls(user_id, operator_id) = 1)
);
create index factor_passkey_challenges_user on factor_passkey_challenges (user_id) where user_id is not null;
create index factor_passkey_challenges_operator on factor_passkey_challenges (operator_id) where operator_id is not null;
create index factor_passkey_challenges_expires on factor_passkey_challenges (expires_at);
