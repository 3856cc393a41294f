-- The schema after all migrations; made by `npm run generate`.

create table account_features (
  account_id uuid not null,
  name text not null,
  value boolean not null,
  until_at timestamp with time zone,
  reason text not null,
  set_by text not null,
  set_at timestamp with time zone not null,
  constraint account_features_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint account_features_name_fkey FOREIGN KEY (name) REFERENCES feature_flags(name),
  constraint account_features_pkey PRIMARY KEY (account_id, name)
);

create table accounts (
  id uuid not null,
  name text not null,
  created_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint accounts_pkey PRIMARY KEY (id)
);

create table audit_log (
  id uuid not null,
  at timestamp with time zone not null,
  action text not null,
  actor_kind text not null,
  actor_id uuid,
  account_id uuid,
  user_id uuid,
  details jsonb not null,
  ip inet,
  user_agent text,
  request_id text,
  constraint audit_log_action_check CHECK ((action ~ '^[a-z-]+(\.[a-z-]+)+$'::text)),
  constraint audit_log_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['anyone'::text, 'user'::text, 'operator'::text, 'system'::text]))),
  constraint audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_account ON public.audit_log USING btree (account_id, at DESC, id DESC);
CREATE INDEX audit_log_at ON public.audit_log USING btree (at DESC, id DESC);
CREATE INDEX audit_log_user ON public.audit_log USING btree (user_id, at DESC, id DESC);

create table catalogue_versions (
  version bigint not null generated always as identity,
  content_hash bytea not null,
  applied_at timestamp with time zone not null,
  constraint catalogue_versions_pkey PRIMARY KEY (version)
);

create table email_verification_tokens (
  id uuid not null,
  user_id uuid not null,
  email text not null,
  token_hash bytea not null,
  starts_session boolean not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  superseded_at timestamp with time zone,
  constraint email_verification_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint email_verification_tokens_pkey PRIMARY KEY (id),
  constraint email_verification_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX email_verification_tokens_pending ON public.email_verification_tokens USING btree (user_id) WHERE ((used_at IS NULL) AND (superseded_at IS NULL));

create table feature_flags (
  name text not null,
  description text not null,
  enabled boolean not null,
  default_value boolean not null,
  constraint feature_flags_name_check CHECK ((name ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
  constraint feature_flags_pkey PRIMARY KEY (name)
);

create table grants (
  id uuid not null,
  account_id uuid not null,
  source text not null,
  plan text not null,
  from_at timestamp with time zone not null,
  until_at timestamp with time zone,
  reason text not null,
  granted_by text not null,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_by text,
  end_reason text,
  constraint grants_check CHECK ((until_at >= from_at)),
  constraint grants_source_check CHECK ((source = ANY (ARRAY['override'::text, 'stripe'::text, 'complimentary'::text, 'trial'::text]))),
  constraint grants_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint grants_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint grants_pkey PRIMARY KEY (id)
);
CREATE INDEX grants_account_id ON public.grants USING btree (account_id);
CREATE INDEX grants_trial_end ON public.grants USING btree (until_at) WHERE (source = 'trial'::text);
comment on table grants is 'why an account has a plan in [from_at, until_at); ending one moves until_at';

create table mail_log (
  id uuid not null,
  template text not null,
  user_id uuid,
  account_id uuid,
  once_key text,
  status text not null,
  created_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  smtp_reply text,
  constraint mail_log_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'refused'::text, 'off'::text]))),
  constraint mail_log_pkey PRIMARY KEY (id),
  constraint mail_log_once_key_key UNIQUE (once_key)
);
CREATE INDEX mail_log_user ON public.mail_log USING btree (user_id, created_at DESC);
comment on column mail_log.once_key is 'a second mail for the same fact is not queued';

create table members (
  account_id uuid not null,
  user_id uuid not null,
  role text not null,
  created_at timestamp with time zone not null,
  constraint members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
  constraint members_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint members_pkey PRIMARY KEY (account_id, user_id)
);
CREATE INDEX members_user_id ON public.members USING btree (user_id);

create table operators (
  id uuid not null,
  email text not null,
  created_at timestamp with time zone not null,
  disabled_at timestamp with time zone,
  constraint operators_pkey PRIMARY KEY (id),
  constraint operators_email_key UNIQUE (email)
);

create table password_reset_tokens (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  superseded_at timestamp with time zone,
  constraint password_reset_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint password_reset_tokens_pkey PRIMARY KEY (id),
  constraint password_reset_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX password_reset_tokens_pending ON public.password_reset_tokens USING btree (user_id) WHERE ((used_at IS NULL) AND (superseded_at IS NULL));

create table plan_billing (
  plan text not null,
  billing_interval text not null,
  currency text not null,
  amount_minor bigint not null,
  constraint plan_billing_amount_minor_check CHECK ((amount_minor >= 0)),
  constraint plan_billing_billing_interval_check CHECK ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
  constraint plan_billing_currency_check CHECK ((currency ~ '^[a-z]{3}$'::text)),
  constraint plan_billing_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint plan_billing_pkey PRIMARY KEY (plan, billing_interval)
);

create table plan_features (
  plan text not null,
  name text not null,
  value boolean not null,
  constraint plan_features_name_fkey FOREIGN KEY (name) REFERENCES feature_flags(name),
  constraint plan_features_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint plan_features_pkey PRIMARY KEY (plan, name)
);

create table plan_limits (
  plan text not null,
  name text not null,
  amount bigint,
  per text,
  constraint plan_limits_amount_check CHECK ((amount >= 0)),
  constraint plan_limits_name_check CHECK ((name ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
  constraint plan_limits_per_check CHECK ((per = 'month'::text)),
  constraint plan_limits_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint plan_limits_pkey PRIMARY KEY (plan, name)
);
comment on column plan_limits.amount is 'null is unlimited';
comment on column plan_limits.per is 'null is a level, anything else a rate';

create table plans (
  plan text not null,
  rank integer not null,
  display_name text not null,
  description text not null,
  public boolean not null,
  contact_sales boolean not null,
  seats text,
  constraint plans_plan_check CHECK ((plan ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
  constraint plans_seats_check CHECK ((seats = ANY (ARRAY['follow'::text, 'fixed'::text]))),
  constraint plans_pkey PRIMARY KEY (plan),
  constraint plans_rank_key UNIQUE (rank)
);

create unlogged table rate_limits (
  key bytea not null,
  points integer not null,
  expires_at timestamp with time zone not null,
  constraint rate_limits_pkey PRIMARY KEY (key)
);
CREATE INDEX rate_limits_expires_at ON public.rate_limits USING btree (expires_at);

create table sessions (
  id uuid not null,
  user_id uuid not null,
  account_id uuid,
  generation integer not null default 1,
  method text not null,
  ip inet,
  user_agent text,
  created_at timestamp with time zone not null,
  rotated_at timestamp with time zone not null,
  idle_expires_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  revoked_because text,
  constraint sessions_check CHECK (((revoked_at IS NULL) = (revoked_because IS NULL))),
  constraint sessions_generation_check CHECK ((generation > 0)),
  constraint sessions_method_check CHECK ((method = ANY (ARRAY['password'::text, 'mail-link'::text]))),
  constraint sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint sessions_pkey PRIMARY KEY (id)
);
CREATE INDEX sessions_user_id ON public.sessions USING btree (user_id, created_at);
comment on column sessions.created_at is 'when the person proved who they are; renewed by nothing';

create table signing_keys (
  id uuid not null,
  public_jwk jsonb not null,
  private_key_encrypted bytea not null,
  created_at timestamp with time zone not null,
  signs_from timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (id)
);

create table trials_taken (
  user_id uuid not null,
  mailbox_hash bytea,
  account_id uuid not null,
  taken_at timestamp with time zone not null,
  constraint trials_taken_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint trials_taken_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint trials_taken_pkey PRIMARY KEY (user_id),
  constraint trials_taken_mailbox_hash_key UNIQUE (mailbox_hash)
);
comment on column trials_taken.mailbox_hash is 'SHA-256 of the address, set once it is verified, kept when the user is deleted';

create table usage (
  account_id uuid not null,
  name text not null,
  period_start timestamp with time zone not null,
  used bigint not null,
  constraint usage_used_check CHECK ((used >= 0)),
  constraint usage_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint usage_pkey PRIMARY KEY (account_id, name, period_start)
);

create table users (
  id uuid not null,
  email text,
  email_verified_at timestamp with time zone,
  name text,
  password_hash text,
  credentials_version integer not null default 1,
  created_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  constraint users_check CHECK (((email IS NULL) = (deleted_at IS NOT NULL))),
  constraint users_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint users_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_key UNIQUE (email)
);
comment on column users.credentials_version is 'raised with every new password: remembered devices of an older version are strangers again';

