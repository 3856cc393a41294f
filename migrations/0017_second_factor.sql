-- Sessions say what second factor proved them, and accounts may ask their members for one.

alter table sessions
  add column factor text,
  add column factor_proved_at timestamptz,
  add constraint sessions_factor_check check (factor in ('totp', 'passkey', 'recovery-code')),
  add constraint sessions_factor_proved_check check ((factor is null) = (factor_proved_at is null));
comment on column sessions.factor is 'what proved it beside its method; null for who has no second factor';
comment on column sessions.factor_proved_at is 'when that was proved the last time';

alter table accounts add column requires_second_factor boolean not null default false;
comment on column accounts.requires_second_factor is 'members whose session has no factor may do nothing in it but leave';

create table second_factor_challenges (
  id uuid primary key,
  user_id uuid not null references users,
  token_hash bytea not null unique,
  method text not null,
  credentials_version integer not null,
  account_id uuid references accounts,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
comment on table second_factor_challenges is 'a first step that was right, and has no session yet';
comment on column second_factor_challenges.credentials_version is 'a new password voids it';
create index second_factor_challenges_user on second_factor_challenges (user_id);
create index second_factor_challenges_expires on second_factor_challenges (expires_at);
