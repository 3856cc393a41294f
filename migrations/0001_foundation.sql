-- Users, accounts, grants and the platform tables under them.
-- Times are written by the application's clock, never by now(), so that the clock can be moved.

-- catalogue ------------------------------------------------------------------------------------------

create table catalogue_versions (
  version bigint generated always as identity primary key,
  content_hash bytea not null,
  applied_at timestamptz not null
);

create table plans (
  plan text primary key check (plan ~ '^[a-z][a-z0-9_]{0,39}$'),
  rank integer not null unique,
  display_name text not null,
  description text not null,
  public boolean not null,
  contact_sales boolean not null,
  seats text check (seats in ('follow', 'fixed'))
);

create table plan_billing (
  plan text not null references plans,
  billing_interval text not null check (billing_interval in ('month', 'year')),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount_minor bigint not null check (amount_minor >= 0),
  primary key (plan, billing_interval)
);

create table plan_limits (
  plan text not null references plans,
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  amount bigint check (amount >= 0),
  per text check (per in ('month')),
  primary key (plan, name)
);
comment on column plan_limits.amount is 'null is unlimited';
comment on column plan_limits.per is 'null is a level, anything else a rate';

create table feature_flags (
  name text primary key check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  description text not null,
  enabled boolean not null,
  default_value boolean not null
);

create table plan_features (
  plan text not null references plans,
  name text not null references feature_flags,
  value boolean not null,
  primary key (plan, name)
);

-- identity -------------------------------------------------------------------------------------------

create table users (
  id uuid primary key,
  email text unique check (email = lower(email) and length(email) between 3 and 320),
  email_verified_at timestamptz,
  name text check (length(name) between 1 and 200),
  password_hash text,
  credentials_version integer not null default 1,
  created_at timestamptz not null,
  deleted_at timestamptz,
  check ((email is null) = (deleted_at is not null))
);
comment on column users.credentials_version is 'raised with every new password: remembered devices of an older version are strangers again';

create table signing_keys (
  id uuid primary key,
  public_jwk jsonb not null,
  private_key_encrypted bytea not null,
  created_at timestamptz not null,
  signs_from timestamptz not null
);

-- accounts -------------------------------------------------------------------------------------------

create table accounts (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  closed_at timestamptz
);

create table members (
  account_id uuid not null references accounts,
  user_id uuid not null references users,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  created_at timestamptz not null,
  primary key (account_id, user_id)
);
create index members_user_id on members (user_id);

create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  account_id uuid references accounts,
  generation integer not null default 1 check (generation > 0),
  method text not null check (method in ('password', 'mail-link')),
  ip inet,
  user_agent text,
  created_at timestamptz not null,
  rotated_at timestamptz not null,
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text,
  check ((revoked_at is null) = (revoked_because is null))
);
comment on column sessions.created_at is 'when the person proved who they are; renewed by nothing';
create index sessions_user_id on sessions (user_id, created_at);

create table email_verification_tokens (
  id uuid primary key,
  user_id uuid not null references users,
  email text not null,
  token_hash bytea not null unique,
  starts_session boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  superseded_at timestamptz
);
create index email_verification_tokens_pending on email_verification_tokens (user_id)
  where used_at is null and superseded_at is null;

create table password_reset_tokens (
  id uuid primary key,
  user_id uuid not null references users,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  superseded_at timestamptz
);
create index password_reset_tokens_pending on password_reset_tokens (user_id)
  where used_at is null and superseded_at is null;

-- entitlements ---------------------------------------------------------------------------------------

create table grants (
  id uuid primary key,
  account_id uuid not null references accounts,
  source text not null check (source in ('override', 'stripe', 'complimentary', 'trial')),
  plan text not null references plans,
  from_at timestamptz not null,
  until_at timestamptz check (until_at >= from_at),
  reason text not null,
  granted_by text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  end_reason text
);
comment on table grants is 'why an account has a plan in [from_at, until_at); ending one moves until_at';
create index grants_account_id on grants (account_id);
create index grants_trial_end on grants (until_at) where source = 'trial';

create table trials_taken (
  user_id uuid primary key references users,
  mailbox_hash bytea unique,
  account_id uuid not null references accounts,
  taken_at timestamptz not null
);
comment on column trials_taken.mailbox_hash is 'SHA-256 of the address, set once it is verified, kept when the user is deleted';

create table account_features (
  account_id uuid not null references accounts,
  name text not null references feature_flags,
  value boolean not null,
  until_at timestamptz,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (account_id, name)
);

create table usage (
  account_id uuid not null references accounts,
  name text not null,
  period_start timestamptz not null,
  used bigint not null check (used >= 0),
  primary key (account_id, name, period_start)
);

-- operators ------------------------------------------------------------------------------------------

create table operators (
  id uuid primary key,
  email text not null unique,
  created_at timestamptz not null,
  disabled_at timestamptz
);

-- platform -------------------------------------------------------------------------------------------

create table audit_log (
  id uuid primary key,
  at timestamptz not null,
  action text not null check (action ~ '^[a-z-]+(\.[a-z-]+)+$'),
  actor_kind text not null check (actor_kind in ('anyone', 'user', 'operator', 'system')),
  actor_id uuid,
  account_id uuid,
  user_id uuid,
  details jsonb not null,
  ip inet,
  user_agent text,
  request_id text
);
create index audit_log_account on audit_log (account_id, at desc, id desc);
create index audit_log_user on audit_log (user_id, at desc, id desc);
create index audit_log_at on audit_log (at desc, id desc);

create table mail_log (
  id uuid primary key,
  template text not null,
  user_id uuid,
  account_id uuid,
  once_key text unique,
  status text not null check (status in ('queued', 'sent', 'refused', 'off')),
  created_at timestamptz not null,
  settled_at timestamptz,
  smtp_reply text
);
comment on column mail_log.once_key is 'a second mail for the same fact is not queued';
create index mail_log_user on mail_log (user_id, created_at desc);

-- Not logged: losing counters in a crash costs a window, writing them to WAL would cost every request.
create unlogged table rate_limits (
  key bytea primary key,
  points integer not null,
  expires_at timestamptz not null
);
create index rate_limits_expires_at on rate_limits (expires_at);
