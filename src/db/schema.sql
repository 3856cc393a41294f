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

create table account_invites (
  id uuid not null,
  account_id uuid not null,
  email text not null,
  role text not null,
  token_hash bytea not null,
  invited_by uuid not null,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by uuid,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  constraint account_invites_check CHECK ((expires_at > sent_at)),
  constraint account_invites_check1 CHECK (((accepted_at IS NULL) = (accepted_by IS NULL))),
  constraint account_invites_check2 CHECK (((revoked_by IS NULL) OR (revoked_at IS NOT NULL))),
  constraint account_invites_check3 CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL))),
  constraint account_invites_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint account_invites_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
  constraint account_invites_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users(id),
  constraint account_invites_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint account_invites_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES users(id),
  constraint account_invites_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES users(id),
  constraint account_invites_pkey PRIMARY KEY (id),
  constraint account_invites_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX account_invites_accepted_by ON public.account_invites USING btree (accepted_by) WHERE (accepted_by IS NOT NULL);
CREATE INDEX account_invites_account_id ON public.account_invites USING btree (account_id, created_at DESC, id DESC);
CREATE INDEX account_invites_email ON public.account_invites USING btree (email);
CREATE INDEX account_invites_invited_by ON public.account_invites USING btree (invited_by) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX account_invites_pending ON public.account_invites USING btree (account_id, email) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));
CREATE INDEX account_invites_seats ON public.account_invites USING btree (account_id, expires_at DESC) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));
comment on column account_invites.invited_by is 'who sent it last: it is good while they may invite';
comment on column account_invites.revoked_by is 'null where nobody did, as when whoever sent it lost their address';

create table account_limits (
  account_id uuid not null,
  name text not null,
  amount bigint,
  until_at timestamp with time zone,
  reason text not null,
  set_by text not null,
  set_at timestamp with time zone not null,
  constraint account_limits_amount_check CHECK ((amount >= 0)),
  constraint account_limits_name_check CHECK ((name ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
  constraint account_limits_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint account_limits_pkey PRIMARY KEY (account_id, name)
);
comment on column account_limits.amount is 'null is unlimited';

create table account_onboarding (
  account_id uuid not null,
  answers jsonb not null,
  skipped text[] not null,
  updated_at timestamp with time zone not null,
  constraint account_onboarding_answers_check CHECK ((jsonb_typeof(answers) = 'object'::text)),
  constraint account_onboarding_skipped_check CHECK ((skipped <@ ARRAY['name_account'::text, 'invite'::text, 'choose_plan'::text])),
  constraint account_onboarding_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint account_onboarding_pkey PRIMARY KEY (account_id)
);
comment on column account_onboarding.answers is 'by names that the product chooses';

create table accounts (
  id uuid not null,
  name text not null,
  created_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  named_at timestamp with time zone,
  purged_at timestamp with time zone,
  requires_second_factor boolean not null default false,
  constraint accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint accounts_purged CHECK (((purged_at IS NULL) OR (closed_at IS NOT NULL))),
  constraint accounts_pkey PRIMARY KEY (id)
);
CREATE INDEX accounts_closed ON public.accounts USING btree (closed_at, id) WHERE ((closed_at IS NOT NULL) AND (purged_at IS NULL));
CREATE INDEX accounts_created ON public.accounts USING btree (created_at);
CREATE INDEX accounts_name_parts ON public.accounts USING gin (lower(name) gin_trgm_ops);
comment on column accounts.named_at is 'when somebody last chose the name; null while it is the one that it was made with';
comment on column accounts.purged_at is 'when what is not kept of it was deleted: it cannot be reopened any more';
comment on column accounts.requires_second_factor is 'members whose session has no factor may do nothing in it but leave';

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
  constraint audit_log_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['anyone'::text, 'user'::text, 'product-key'::text, 'operator'::text, 'system'::text]))),
  constraint audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_account ON public.audit_log USING btree (account_id, at DESC, id DESC);
CREATE INDEX audit_log_action ON public.audit_log USING btree (action text_pattern_ops, at DESC, id DESC);
CREATE INDEX audit_log_actor ON public.audit_log USING btree (actor_id, at DESC, id DESC) WHERE (actor_id IS NOT NULL);
CREATE INDEX audit_log_at ON public.audit_log USING btree (at DESC, id DESC);
CREATE INDEX audit_log_by ON public.audit_log USING btree (actor_id, at DESC, id DESC) WHERE ((actor_kind = 'user'::text) AND (actor_id IS DISTINCT FROM user_id));
CREATE INDEX audit_log_user ON public.audit_log USING btree (user_id, at DESC, id DESC);
CREATE TRIGGER audit_log_origins BEFORE UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION refuse_trail_changes();

create table catalogue_versions (
  version bigint not null generated always as identity,
  content_hash bytea not null,
  applied_at timestamp with time zone not null,
  constraint catalogue_versions_pkey PRIMARY KEY (version)
);

create table changes (
  xid xid8 not null default pg_current_xact_id(),
  at timestamp with time zone not null default clock_timestamp(),
  subjects text[] not null,
  constraint changes_subjects_check CHECK ((cardinality(subjects) > 0)),
  constraint changes_pkey PRIMARY KEY (xid)
);
CREATE INDEX changes_at ON public.changes USING brin (at);
comment on table changes is 'what each transaction has changed that others may remember: account:<id>, user:<id>, session:<id>, product-key:<id>, catalogue';
comment on column changes.at is 'by the clock of the database: it only decides when the row is forgotten';

create table checkout_sessions (
  id uuid not null,
  account_id uuid not null,
  stripe_customer_id text not null,
  stripe_session_id text,
  wish jsonb not null,
  asked jsonb not null,
  status text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint checkout_sessions_status_check CHECK ((status = ANY (ARRAY['open'::text, 'complete'::text, 'expired'::text]))),
  constraint checkout_sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint checkout_sessions_stripe_customer_id_fkey FOREIGN KEY (stripe_customer_id) REFERENCES stripe_customers(stripe_customer_id),
  constraint checkout_sessions_pkey PRIMARY KEY (id),
  constraint checkout_sessions_stripe_session_id_key UNIQUE (stripe_session_id)
);
CREATE INDEX checkout_sessions_account_id ON public.checkout_sessions USING btree (account_id);
CREATE UNIQUE INDEX checkout_sessions_open ON public.checkout_sessions USING btree (account_id) WHERE (status = 'open'::text);
comment on column checkout_sessions.id is 'the idempotency key of its creation';
comment on column checkout_sessions.stripe_session_id is 'null until Stripe has answered';

create table drift (
  id uuid not null,
  found_at timestamp with time zone not null,
  account_id uuid,
  stripe_customer_id text not null,
  stripe_subscription_id text,
  kind text not null,
  details jsonb not null,
  constraint drift_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint drift_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX drift_doubles ON public.drift USING btree (account_id, details) WHERE (kind = 'two-live-subscriptions'::text);
CREATE INDEX drift_found ON public.drift USING btree (found_at DESC, id DESC);

create table email_changes (
  id uuid not null,
  user_id uuid not null,
  session_id uuid not null,
  old_email text not null,
  old_verified_at timestamp with time zone,
  new_email text not null,
  old_token_hash bytea,
  new_token_hash bytea not null,
  undo_token_hash bytea,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  old_confirmed_at timestamp with time zone,
  new_confirmed_at timestamp with time zone,
  changed_at timestamp with time zone,
  undo_until timestamp with time zone,
  ended_at timestamp with time zone,
  ended_because text,
  constraint email_changes_check CHECK (((old_token_hash IS NULL) = (old_verified_at IS NULL))),
  constraint email_changes_check1 CHECK (((undo_token_hash IS NULL) = (undo_until IS NULL))),
  constraint email_changes_check2 CHECK (((undo_until IS NULL) OR (changed_at IS NOT NULL))),
  constraint email_changes_check3 CHECK (((ended_at IS NULL) = (ended_because IS NULL))),
  constraint email_changes_ended_because_check CHECK ((ended_because = ANY (ARRAY['superseded'::text, 'refused'::text, 'undone'::text, 'session-over'::text, 'address-proved'::text, 'new-password'::text, 'user-deleted'::text]))),
  constraint email_changes_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id),
  constraint email_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint email_changes_pkey PRIMARY KEY (id),
  constraint email_changes_new_token_hash_key UNIQUE (new_token_hash),
  constraint email_changes_old_token_hash_key UNIQUE (old_token_hash),
  constraint email_changes_undo_token_hash_key UNIQUE (undo_token_hash)
);
CREATE UNIQUE INDEX email_changes_pending ON public.email_changes USING btree (user_id) WHERE ((changed_at IS NULL) AND (ended_at IS NULL));
CREATE INDEX email_changes_session_id ON public.email_changes USING btree (session_id);
CREATE INDEX email_changes_user_id ON public.email_changes USING btree (user_id, created_at);
comment on column email_changes.old_verified_at is 'null where the old address was never proved: nobody there is asked, and nobody there can undo it';

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

create table factor_passkey_challenges (
  challenge_hash bytea not null,
  user_id uuid,
  operator_id uuid,
  purpose text not null,
  expires_at timestamp with time zone not null,
  constraint factor_passkey_challenges_check CHECK ((num_nonnulls(user_id, operator_id) = 1)),
  constraint factor_passkey_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['add'::text, 'prove'::text]))),
  constraint factor_passkey_challenges_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint factor_passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint factor_passkey_challenges_pkey PRIMARY KEY (challenge_hash)
);
CREATE INDEX factor_passkey_challenges_expires ON public.factor_passkey_challenges USING btree (expires_at);
CREATE INDEX factor_passkey_challenges_operator ON public.factor_passkey_challenges USING btree (operator_id) WHERE (operator_id IS NOT NULL);
CREATE INDEX factor_passkey_challenges_user ON public.factor_passkey_challenges USING btree (user_id) WHERE (user_id IS NOT NULL);

create table factor_passkeys (
  id uuid not null,
  user_id uuid,
  operator_id uuid,
  credential_id text not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  name text not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  constraint factor_passkeys_check CHECK ((num_nonnulls(user_id, operator_id) = 1)),
  constraint factor_passkeys_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint factor_passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint factor_passkeys_pkey PRIMARY KEY (id),
  constraint factor_passkeys_credential_id_key UNIQUE (credential_id)
);
CREATE INDEX factor_passkeys_operator ON public.factor_passkeys USING btree (operator_id) WHERE (operator_id IS NOT NULL);
CREATE INDEX factor_passkeys_user ON public.factor_passkeys USING btree (user_id) WHERE (user_id IS NOT NULL);
comment on column factor_passkeys.counter is 'how often the authenticator says that it was used; 0 where it does not count';

create table factor_recovery_codes (
  id uuid not null,
  user_id uuid,
  operator_id uuid,
  code_hash bytea not null,
  made_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint factor_recovery_codes_check CHECK ((num_nonnulls(user_id, operator_id) = 1)),
  constraint factor_recovery_codes_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint factor_recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint factor_recovery_codes_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX factor_recovery_codes_operator ON public.factor_recovery_codes USING btree (operator_id, code_hash) WHERE (operator_id IS NOT NULL);
CREATE UNIQUE INDEX factor_recovery_codes_user ON public.factor_recovery_codes USING btree (user_id, code_hash) WHERE (user_id IS NOT NULL);
comment on column factor_recovery_codes.code_hash is 'SHA-256 of 80 random bits';

create table factor_totp (
  id uuid not null,
  user_id uuid,
  operator_id uuid,
  sealed_secret bytea not null,
  offered_at timestamp with time zone not null,
  confirmed_at timestamp with time zone,
  last_step bigint,
  constraint factor_totp_check CHECK ((num_nonnulls(user_id, operator_id) = 1)),
  constraint factor_totp_check1 CHECK (((confirmed_at IS NULL) = (last_step IS NULL))),
  constraint factor_totp_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint factor_totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint factor_totp_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX factor_totp_operator ON public.factor_totp USING btree (operator_id, ((confirmed_at IS NULL))) WHERE (operator_id IS NOT NULL);
CREATE UNIQUE INDEX factor_totp_user ON public.factor_totp USING btree (user_id, ((confirmed_at IS NULL))) WHERE (user_id IS NOT NULL);
comment on column factor_totp.confirmed_at is 'null: offered, and not in force yet';
comment on column factor_totp.last_step is 'the 30 seconds of the last code that was taken: it and those before it are void';

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
  stripe_subscription_id text,
  once_key text,
  pinned_version bigint,
  constraint grants_check CHECK ((until_at >= from_at)),
  constraint grants_source_check CHECK ((source = ANY (ARRAY['override'::text, 'stripe'::text, 'complimentary'::text, 'trial'::text]))),
  constraint grants_stripe CHECK (((source = 'stripe'::text) = (stripe_subscription_id IS NOT NULL))),
  constraint grants_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint grants_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint grants_plan_pinned_version_fkey FOREIGN KEY (plan, pinned_version) REFERENCES plan_versions(plan, version),
  constraint grants_pkey PRIMARY KEY (id),
  constraint grants_stripe_subscription_id_key UNIQUE (stripe_subscription_id)
);
CREATE INDEX grants_account_id ON public.grants USING btree (account_id);
CREATE UNIQUE INDEX grants_once ON public.grants USING btree (account_id, once_key);
CREATE INDEX grants_trial_end ON public.grants USING btree (until_at) WHERE (source = 'trial'::text);
CREATE INDEX grants_trial_start ON public.grants USING btree (from_at) WHERE (source = 'trial'::text);
comment on table grants is 'why an account has a plan in [from_at, until_at); ending one moves until_at';
comment on column grants.once_key is 'a second grant to the same account for the same reason is not given';

create table imported (
  kind text not null,
  external_id text not null,
  user_id uuid,
  account_id uuid,
  digest text not null,
  imported_at timestamp with time zone not null,
  constraint imported_check CHECK (((kind <> 'user'::text) OR (user_id IS NOT NULL))),
  constraint imported_check1 CHECK (((kind <> ALL (ARRAY['account'::text, 'subscription'::text])) OR (account_id IS NOT NULL))),
  constraint imported_check2 CHECK (((kind <> 'member'::text) OR ((user_id IS NOT NULL) AND (account_id IS NOT NULL)))),
  constraint imported_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
  constraint imported_kind_check CHECK ((kind = ANY (ARRAY['account'::text, 'user'::text, 'member'::text, 'subscription'::text]))),
  constraint imported_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint imported_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint imported_pkey PRIMARY KEY (kind, external_id)
);
CREATE INDEX imported_account ON public.imported USING btree (account_id) WHERE (account_id IS NOT NULL);
CREATE INDEX imported_user ON public.imported USING btree (user_id) WHERE (user_id IS NOT NULL);
comment on table imported is 'which line of a file made what: the same line again changes nothing';
comment on column imported.external_id is 'of a member, those of the user and of the account';
comment on column imported.digest is 'of what the line said when it was last followed';

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
CREATE INDEX mail_log_account_newest ON public.mail_log USING btree (account_id, created_at DESC, id DESC) WHERE (account_id IS NOT NULL);
CREATE INDEX mail_log_user ON public.mail_log USING btree (user_id, created_at DESC);
CREATE INDEX mail_log_user_newest ON public.mail_log USING btree (user_id, created_at DESC, id DESC) WHERE (account_id IS NULL);
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
CREATE INDEX members_account_id ON public.members USING btree (account_id, created_at DESC, user_id DESC);
CREATE INDEX members_user_id ON public.members USING btree (user_id);

create table oauth_flows (
  id uuid not null,
  state_hash bytea not null,
  browser_hash bytea not null,
  provider text not null,
  intent text not null,
  session_id uuid,
  sealed bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint oauth_flows_check CHECK (((intent = 'link'::text) = (session_id IS NOT NULL))),
  constraint oauth_flows_intent_check CHECK ((intent = ANY (ARRAY['sign-in'::text, 'link'::text]))),
  constraint oauth_flows_provider_check CHECK ((provider = ANY (ARRAY['google'::text, 'microsoft'::text]))),
  constraint oauth_flows_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id),
  constraint oauth_flows_pkey PRIMARY KEY (id),
  constraint oauth_flows_state_hash_key UNIQUE (state_hash)
);
CREATE INDEX oauth_flows_expires_at ON public.oauth_flows USING btree (expires_at);
CREATE INDEX oauth_flows_session_id ON public.oauth_flows USING btree (session_id) WHERE (session_id IS NOT NULL);
comment on table oauth_flows is 'one way to a provider and back; forgotten soon after it is over';
comment on column oauth_flows.sealed is 'nonce, PKCE verifier, where to return to and the invite, encrypted';

create table oauth_identities (
  id uuid not null,
  user_id uuid not null,
  provider text not null,
  issuer text not null,
  subject text not null,
  email text,
  is_vouched boolean not null,
  made_user boolean not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone not null,
  constraint oauth_identities_provider_check CHECK ((provider = ANY (ARRAY['google'::text, 'microsoft'::text]))),
  constraint oauth_identities_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255))),
  constraint oauth_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint oauth_identities_pkey PRIMARY KEY (id),
  constraint oauth_identities_provider_issuer_subject_key UNIQUE (provider, issuer, subject)
);
CREATE INDEX oauth_identities_user_id ON public.oauth_identities USING btree (user_id);
comment on column oauth_identities.subject is 'Google: sub. Microsoft: oid, which is unique in the directory of the issuer';
comment on column oauth_identities.email is 'as last seen, to show: never a key';
comment on column oauth_identities.is_vouched is 'whether its provider speaks for the address that the user has: what does not goes with a reset, which only the mailbox can do';
comment on column oauth_identities.made_user is 'whether it made the user while nobody vouched for the address: as long as nobody does, it goes when another provider proves the mailbox';

create table operator_challenges (
  id uuid not null,
  operator_id uuid not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  superseded_at timestamp with time zone,
  constraint operator_challenges_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint operator_challenges_pkey PRIMARY KEY (id),
  constraint operator_challenges_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX operator_challenges_expires ON public.operator_challenges USING btree (expires_at);
CREATE INDEX operator_challenges_operator ON public.operator_challenges USING btree (operator_id);
comment on table operator_challenges is 'links that were used by somebody who has to prove a second factor still';

create table operator_sessions (
  id uuid not null,
  operator_id uuid not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  proved_by text,
  constraint operator_sessions_proved_by_check CHECK ((proved_by = ANY (ARRAY['totp'::text, 'passkey'::text, 'recovery-code'::text]))),
  constraint operator_sessions_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint operator_sessions_pkey PRIMARY KEY (id),
  constraint operator_sessions_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX operator_sessions_expires ON public.operator_sessions USING btree (expires_at);
CREATE INDEX operator_sessions_operator ON public.operator_sessions USING btree (operator_id);
comment on column operator_sessions.token_hash is 'SHA-256 of what the browser keeps';
comment on column operator_sessions.expires_at is 'nothing puts it off: whoever goes on signs in again';
comment on column operator_sessions.proved_by is 'the second factor; null where none was asked for, or there was none';

create table operator_sign_in_tokens (
  id uuid not null,
  operator_id uuid not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  superseded_at timestamp with time zone,
  constraint operator_sign_in_tokens_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id),
  constraint operator_sign_in_tokens_pkey PRIMARY KEY (id),
  constraint operator_sign_in_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX operator_sign_in_tokens_expires ON public.operator_sign_in_tokens USING btree (expires_at);
CREATE INDEX operator_sign_in_tokens_operator ON public.operator_sign_in_tokens USING btree (operator_id);

create table operators (
  id uuid not null,
  email text not null,
  created_at timestamp with time zone not null,
  disabled_at timestamp with time zone,
  role text not null default 'admin'::text,
  constraint operators_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'support'::text, 'read'::text]))),
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
  purpose text not null default 'reset'::text,
  constraint password_reset_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['reset'::text, 'first'::text]))),
  constraint password_reset_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint password_reset_tokens_pkey PRIMARY KEY (id),
  constraint password_reset_tokens_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX password_reset_tokens_pending ON public.password_reset_tokens USING btree (user_id) WHERE ((used_at IS NULL) AND (superseded_at IS NULL));
comment on column password_reset_tokens.purpose is 'first: of a user without a password, who asked for one while signed in';

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
  constraint plan_limits_per_check CHECK ((per = ANY (ARRAY['month'::text, 'billing_month'::text]))),
  constraint plan_limits_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint plan_limits_pkey PRIMARY KEY (plan, name)
);
comment on column plan_limits.amount is 'null is unlimited';
comment on column plan_limits.per is 'null is a level, anything else a rate';

create table plan_versions (
  plan text not null,
  version bigint not null,
  limits jsonb not null,
  constraint plan_versions_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan) ON DELETE CASCADE,
  constraint plan_versions_version_fkey FOREIGN KEY (version) REFERENCES catalogue_versions(version),
  constraint plan_versions_pkey PRIMARY KEY (plan, version)
);
comment on table plan_versions is 'what a plan''s limits were from one catalogue version on, for those who bought it then';

create table plans (
  plan text not null,
  rank integer not null,
  display_name text not null,
  description text not null,
  public boolean not null,
  contact_sales boolean not null,
  seats text,
  pin_limits boolean not null default false,
  constraint plans_plan_check CHECK ((plan ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
  constraint plans_seats_check CHECK ((seats = ANY (ARRAY['follow'::text, 'fixed'::text]))),
  constraint plans_pkey PRIMARY KEY (plan),
  constraint plans_rank_key UNIQUE (rank)
);

create table product_keys (
  id uuid not null,
  name text not null,
  key_hash bytea not null,
  last_four text not null,
  scopes text[] not null,
  created_by uuid,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  constraint product_keys_check CHECK ((expires_at > created_at)),
  constraint product_keys_check1 CHECK (((revoked_by IS NULL) OR (revoked_at IS NOT NULL))),
  constraint product_keys_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint product_keys_last_four_check CHECK ((length(last_four) = 4)),
  constraint product_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint product_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['entitlements:read'::text, 'usage:write'::text]))),
  constraint product_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES operators(id),
  constraint product_keys_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES operators(id),
  constraint product_keys_pkey PRIMARY KEY (id),
  constraint product_keys_key_hash_key UNIQUE (key_hash)
);
comment on table product_keys is 'a key itself is nowhere: it was shown once';
comment on column product_keys.key_hash is 'SHA-256 of a key with 256 random bits';
comment on column product_keys.last_four is 'the end of the key, to tell keys apart';
comment on column product_keys.created_by is 'null where the command line made it';
comment on column product_keys.last_used_at is 'noted once a minute at most';

create unlogged table rate_limits (
  key bytea not null,
  points integer not null,
  expires_at timestamp with time zone not null,
  constraint rate_limits_pkey PRIMARY KEY (key)
);
CREATE INDEX rate_limits_expires_at ON public.rate_limits USING btree (expires_at);

create table reconciliations (
  id uuid not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  subscriptions integer,
  repaired integer,
  constraint reconciliations_pkey PRIMARY KEY (id)
);
CREATE INDEX reconciliations_started ON public.reconciliations USING btree (started_at DESC);

create table sales_leads (
  id uuid not null,
  created_at timestamp with time zone not null,
  email text not null,
  name text not null,
  company text not null,
  company_size text,
  plan text,
  message text,
  source text,
  attribution jsonb not null,
  spam_reason text,
  turnstile text,
  mailed_at timestamp with time zone,
  constraint sales_leads_check CHECK (((spam_reason IS NULL) OR (mailed_at IS NULL))),
  constraint sales_leads_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint sales_leads_spam_reason_check CHECK ((spam_reason = 'honeypot'::text)),
  constraint sales_leads_turnstile_check CHECK ((turnstile = ANY (ARRAY['passed'::text, 'unavailable'::text]))),
  constraint sales_leads_pkey PRIMARY KEY (id)
);
CREATE INDEX sales_leads_mailed ON public.sales_leads USING btree (email, mailed_at DESC) WHERE (mailed_at IS NOT NULL);
CREATE INDEX sales_leads_real ON public.sales_leads USING btree (created_at DESC, id DESC) WHERE (spam_reason IS NULL);
CREATE INDEX sales_leads_spam ON public.sales_leads USING btree (created_at DESC, id DESC) WHERE (spam_reason IS NOT NULL);
comment on table sales_leads is 'people who are no users; kept until an operator deletes them';
comment on column sales_leads.plan is 'as it was asked for: it may be none of ours';
comment on column sales_leads.spam_reason is 'null for what a person seems to have written';
comment on column sales_leads.turnstile is 'what Cloudflare said; null where it was not asked';
comment on column sales_leads.mailed_at is 'when the mail to sales was promised; null for spam, for what was sent twice, and where nobody gets mails';

create table second_factor_challenges (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  method text not null,
  credentials_version integer not null,
  account_id uuid,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint second_factor_challenges_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint second_factor_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint second_factor_challenges_pkey PRIMARY KEY (id),
  constraint second_factor_challenges_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX second_factor_challenges_expires ON public.second_factor_challenges USING btree (expires_at);
CREATE INDEX second_factor_challenges_user ON public.second_factor_challenges USING btree (user_id);
comment on table second_factor_challenges is 'a first step that was right, and has no session yet';
comment on column second_factor_challenges.credentials_version is 'a new password voids it';

create table self_serve_openings (
  is_only boolean not null default true,
  domains text[] not null,
  share integer not null,
  set_at timestamp with time zone not null,
  set_by uuid not null,
  constraint self_serve_openings_is_only_check CHECK (is_only),
  constraint self_serve_openings_share_check CHECK (((share >= 0) AND (share <= 100))),
  constraint self_serve_openings_set_by_fkey FOREIGN KEY (set_by) REFERENCES operators(id),
  constraint self_serve_openings_pkey PRIMARY KEY (is_only)
);
comment on table self_serve_openings is 'one row or none: who may create accounts while SELF_SERVE_ENABLED is off';
comment on column self_serve_openings.share is 'of a hundred visitors';

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
  factor text,
  factor_proved_at timestamp with time zone,
  constraint sessions_check CHECK (((revoked_at IS NULL) = (revoked_because IS NULL))),
  constraint sessions_factor_check CHECK ((factor = ANY (ARRAY['totp'::text, 'passkey'::text, 'recovery-code'::text]))),
  constraint sessions_factor_proved_check CHECK (((factor IS NULL) = (factor_proved_at IS NULL))),
  constraint sessions_generation_check CHECK ((generation > 0)),
  constraint sessions_method_check CHECK ((method = ANY (ARRAY['password'::text, 'mail-link'::text, 'google'::text, 'microsoft'::text]))),
  constraint sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id),
  constraint sessions_pkey PRIMARY KEY (id)
);
CREATE INDEX sessions_user_id ON public.sessions USING btree (user_id, created_at);
comment on column sessions.created_at is 'when the person proved who they are; renewed by nothing';
comment on column sessions.factor is 'what proved it beside its method; null for who has no second factor';
comment on column sessions.factor_proved_at is 'when that was proved the last time';

create table signing_keys (
  id uuid not null,
  public_jwk jsonb not null,
  private_key_encrypted bytea not null,
  created_at timestamp with time zone not null,
  signs_from timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (id)
);

create table stripe_customers (
  id uuid not null,
  account_id uuid not null,
  stripe_customer_id text,
  asked jsonb not null,
  created_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  projected_token bigint not null default 0,
  looked_at timestamp with time zone,
  constraint stripe_customers_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint stripe_customers_pkey PRIMARY KEY (id),
  constraint stripe_customers_stripe_customer_id_key UNIQUE (stripe_customer_id)
);
CREATE INDEX stripe_customers_account_id ON public.stripe_customers USING btree (account_id);
CREATE UNIQUE INDEX stripe_customers_live ON public.stripe_customers USING btree (account_id) WHERE (deleted_at IS NULL);
comment on column stripe_customers.id is 'the idempotency key of its creation';
comment on column stripe_customers.stripe_customer_id is 'null until Stripe has answered';
comment on column stripe_customers.asked is 'what Stripe is asked, word for word; empty once it has answered';
comment on column stripe_customers.projected_token is 'what was fetched with a lower token is older and is not written';

create table stripe_events (
  id text not null,
  type text not null,
  shape text not null,
  stripe_customer_id text,
  object_id text,
  status text not null,
  reason text,
  attempts integer not null default 0,
  payload json not null,
  created_at timestamp with time zone not null,
  received_at timestamp with time zone not null,
  handled_at timestamp with time zone,
  constraint stripe_events_shape_check CHECK ((shape = ANY (ARRAY['snapshot'::text, 'thin'::text]))),
  constraint stripe_events_status_check CHECK ((status = ANY (ARRAY['received'::text, 'handled'::text, 'ignored'::text, 'parked'::text]))),
  constraint stripe_events_pkey PRIMARY KEY (id)
);
CREATE INDEX stripe_events_customer ON public.stripe_events USING btree (stripe_customer_id, received_at DESC, id DESC);
CREATE INDEX stripe_events_newest ON public.stripe_events USING btree (received_at DESC, id DESC);
CREATE INDEX stripe_events_status ON public.stripe_events USING btree (status, received_at DESC, id DESC);
CREATE INDEX stripe_events_waiting ON public.stripe_events USING btree (stripe_customer_id) WHERE (status = 'received'::text);
comment on column stripe_events.reason is 'why it was ignored or parked, or what went wrong last';
comment on column stripe_events.payload is 'for whoever looks into what cannot be followed; empty once it is handled or ignored. json, not jsonb, which refuses some of what JSON may hold';

create table stripe_mode (
  one_row boolean not null default true,
  livemode boolean not null,
  constraint stripe_mode_one_row_check CHECK (one_row),
  constraint stripe_mode_pkey PRIMARY KEY (one_row)
);

create table stripe_operations (
  id uuid not null,
  account_id uuid not null,
  kind text not null,
  wish jsonb not null,
  created_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  outcome text,
  constraint stripe_operations_check CHECK (((finished_at IS NULL) = (outcome IS NULL))),
  constraint stripe_operations_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint stripe_operations_pkey PRIMARY KEY (id)
);
CREATE INDEX stripe_operations_account_id ON public.stripe_operations USING btree (account_id);
CREATE UNIQUE INDEX stripe_operations_open ON public.stripe_operations USING btree (account_id) WHERE (finished_at IS NULL);
CREATE INDEX stripe_operations_seats ON public.stripe_operations USING btree (account_id, created_at) WHERE (kind = 'seats'::text);
comment on table stripe_operations is 'what was asked of Stripe; the id is the idempotency key, until the outcome is known';

create table stripe_pace (
  one_row boolean not null default true,
  next_at timestamp with time zone not null,
  constraint stripe_pace_one_row_check CHECK (one_row),
  constraint stripe_pace_pkey PRIMARY KEY (one_row)
);

create table stripe_prices (
  stripe_price_id text not null,
  stripe_product_id text not null,
  plan text not null,
  billing_interval text not null,
  currency text not null,
  amount_minor bigint not null,
  created_at timestamp with time zone not null,
  retired_at timestamp with time zone,
  constraint stripe_prices_billing_interval_check CHECK ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
  constraint stripe_prices_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint stripe_prices_pkey PRIMARY KEY (stripe_price_id)
);
CREATE UNIQUE INDEX stripe_prices_current ON public.stripe_prices USING btree (plan, billing_interval) WHERE (retired_at IS NULL);

create table subscriptions (
  stripe_subscription_id text not null,
  account_id uuid not null,
  stripe_customer_id text not null,
  status text not null,
  plan text,
  stripe_price_id text not null,
  billing_interval text,
  quantity integer not null,
  current_period_start timestamp with time zone not null,
  current_period_end timestamp with time zone not null,
  trial_end timestamp with time zone,
  cancel_at_period_end boolean not null,
  cancel_at timestamp with time zone,
  canceled_at timestamp with time zone,
  ended_at timestamp with time zone,
  past_due_since timestamp with time zone,
  scheduled jsonb,
  card jsonb,
  checkout_id uuid,
  created_at timestamp with time zone not null,
  first_seen_at timestamp with time zone not null,
  is_shown boolean not null,
  is_live boolean not null default (status = ANY (ARRAY['trialing'::text, 'active'::text, 'past_due'::text, 'unpaid'::text, 'paused'::text])),
  is_last_period boolean not null default (cancel_at_period_end OR COALESCE((cancel_at <= current_period_end), false)),
  billing_anchor timestamp with time zone,
  seats_set integer,
  seats_asked integer,
  constraint subscriptions_billing_interval_check CHECK ((billing_interval = ANY (ARRAY['month'::text, 'year'::text]))),
  constraint subscriptions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
  constraint subscriptions_plan_fkey FOREIGN KEY (plan) REFERENCES plans(plan),
  constraint subscriptions_stripe_customer_id_fkey FOREIGN KEY (stripe_customer_id) REFERENCES stripe_customers(stripe_customer_id),
  constraint subscriptions_pkey PRIMARY KEY (stripe_subscription_id)
);
CREATE INDEX subscriptions_account ON public.subscriptions USING btree (account_id);
CREATE INDEX subscriptions_card_expiry ON public.subscriptions USING btree ((((((card ->> 'expYear'::text))::integer * 12) + ((card ->> 'expMonth'::text))::integer))) WHERE (is_live AND (NOT is_last_period));
CREATE INDEX subscriptions_created ON public.subscriptions USING btree (created_at);
CREATE INDEX subscriptions_customer ON public.subscriptions USING btree (stripe_customer_id);
CREATE INDEX subscriptions_ended ON public.subscriptions USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE UNIQUE INDEX subscriptions_shown ON public.subscriptions USING btree (account_id) WHERE is_shown;
CREATE INDEX subscriptions_trial_end ON public.subscriptions USING btree (trial_end) WHERE (status = 'trialing'::text);
comment on column subscriptions.status is 'Stripe''s own word; it may add words';
comment on column subscriptions.plan is 'null for a price that belongs to no plan of ours';
comment on column subscriptions.created_at is 'at Stripe';
comment on column subscriptions.first_seen_at is 'when it was first mirrored';
comment on column subscriptions.is_shown is 'the one of the account that is shown and changed; others are history, or one too many';
comment on column subscriptions.is_live is 'a going concern: no second one may be bought beside it';
comment on column subscriptions.is_last_period is 'set to end with the period that is paid for: it will not be charged for again';
comment on column subscriptions.billing_anchor is 'from which Stripe counts its periods; null until the first change after this column came';
comment on column subscriptions.seats_set is 'the quantity that we set last, by our mark at Stripe; null where we set none. Any other quantity was asked for';
comment on column subscriptions.seats_asked is 'of the quantity that we set, the seats that were asked for however few members there are';

create table superseded_invite_tokens (
  token_hash bytea not null,
  invite_id uuid not null,
  constraint superseded_invite_tokens_invite_id_fkey FOREIGN KEY (invite_id) REFERENCES account_invites(id),
  constraint superseded_invite_tokens_pkey PRIMARY KEY (token_hash)
);
CREATE INDEX superseded_invite_tokens_invite_id ON public.superseded_invite_tokens USING btree (invite_id);
comment on table superseded_invite_tokens is 'of links that a newer one took the place of: their holder is told so';

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
comment on column usage.period_start is 'the epoch for a level, which has no periods';

create table usage_keys (
  account_id uuid not null,
  idempotency_key text not null,
  round integer not null,
  name text not null,
  amount bigint not null,
  period_start timestamp with time zone not null,
  state text not null,
  at timestamp with time zone not null,
  constraint usage_keys_amount_check CHECK ((amount > 0)),
  constraint usage_keys_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
  constraint usage_keys_round_check CHECK ((round > 0)),
  constraint usage_keys_state_check CHECK ((state = ANY (ARRAY['consumed'::text, 'released'::text, 'refused'::text]))),
  constraint usage_keys_pkey PRIMARY KEY (account_id, idempotency_key, round)
);
CREATE INDEX usage_keys_at ON public.usage_keys USING btree (at);
comment on table usage_keys is 'what was consumed under a key, and whether it was given back, or refused; the last round counts';
comment on column usage_keys.round is 'one more each time that a key is consumed again after a release';

create table users (
  id uuid not null,
  email text,
  email_verified_at timestamp with time zone,
  name text,
  password_hash text,
  credentials_version integer not null default 1,
  created_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  purged_at timestamp with time zone,
  constraint users_check CHECK (((email IS NULL) = (deleted_at IS NOT NULL))),
  constraint users_email_check CHECK (((email = lower(email)) AND ((length(email) >= 3) AND (length(email) <= 320)))),
  constraint users_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint users_purged CHECK (((purged_at IS NULL) OR (deleted_at IS NOT NULL))),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_key UNIQUE (email)
);
CREATE INDEX users_deleted ON public.users USING btree (deleted_at, id) WHERE ((deleted_at IS NOT NULL) AND (purged_at IS NULL));
CREATE INDEX users_email_parts ON public.users USING gin (email gin_trgm_ops);
comment on column users.credentials_version is 'raised with every new password: remembered devices of an older version are strangers again';
comment on column users.purged_at is 'when what still named them was deleted: the row is but an id that others refer to';

create table webhook_deliveries (
  id uuid not null,
  message_id text not null,
  endpoint_id uuid not null,
  state text not null,
  attempts integer not null default 0,
  created_at timestamp with time zone not null,
  next_attempt_at timestamp with time zone,
  last_attempt_at timestamp with time zone,
  last_outcome text,
  last_status smallint,
  delivered_at timestamp with time zone,
  given_up_at timestamp with time zone,
  constraint webhook_deliveries_check CHECK (((state = 'waiting'::text) = (next_attempt_at IS NOT NULL))),
  constraint webhook_deliveries_check1 CHECK (((state = 'delivered'::text) = (delivered_at IS NOT NULL))),
  constraint webhook_deliveries_check2 CHECK (((state = 'failed'::text) = (given_up_at IS NOT NULL))),
  constraint webhook_deliveries_last_outcome_check CHECK ((last_outcome = ANY (ARRAY['delivered'::text, 'refused'::text, 'timeout'::text, 'unreachable'::text, 'unsigned'::text, 'endpoint-disabled'::text]))),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text]))),
  constraint webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
  constraint webhook_deliveries_message_id_fkey FOREIGN KEY (message_id) REFERENCES webhook_messages(id) ON DELETE CASCADE,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_message_id_endpoint_id_key UNIQUE (message_id, endpoint_id)
);
CREATE INDEX webhook_deliveries_listed ON public.webhook_deliveries USING btree (created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_of_endpoint ON public.webhook_deliveries USING btree (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_oldest ON public.webhook_deliveries USING btree (created_at) WHERE (state = 'waiting'::text);
CREATE INDEX webhook_deliveries_waiting ON public.webhook_deliveries USING btree (endpoint_id, next_attempt_at, id) WHERE (state = 'waiting'::text);
comment on column webhook_deliveries.next_attempt_at is 'while one is under way: when it is taken for lost';
comment on column webhook_deliveries.last_status is 'what the endpoint answered; null when it did not';

create table webhook_endpoints (
  id uuid not null,
  url text not null,
  description text not null,
  events text[],
  created_at timestamp with time zone not null,
  failing_since timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_because text,
  constraint webhook_endpoints_check CHECK (((disabled_at IS NULL) = (disabled_because IS NULL))),
  constraint webhook_endpoints_description_check CHECK ((length(description) <= 200)),
  constraint webhook_endpoints_disabled_because_check CHECK ((disabled_because = ANY (ARRAY['operator'::text, 'gone'::text, 'failing'::text]))),
  constraint webhook_endpoints_events_check CHECK ((cardinality(events) > 0)),
  constraint webhook_endpoints_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2000))),
  constraint webhook_endpoints_pkey PRIMARY KEY (id)
);
comment on column webhook_endpoints.events is 'null is all of them, also those that are still to be invented';
comment on column webhook_endpoints.failing_since is 'the first failure after which nothing was delivered';

create table webhook_messages (
  id text not null,
  type text not null,
  account_id uuid,
  body text not null,
  created_at timestamp with time zone not null,
  constraint webhook_messages_id_check CHECK ((id ~ '^msg_[0-9a-z]{1,40}$'::text)),
  constraint webhook_messages_pkey PRIMARY KEY (id)
);
CREATE INDEX webhook_messages_account ON public.webhook_messages USING btree (account_id) WHERE (account_id IS NOT NULL);
CREATE INDEX webhook_messages_created ON public.webhook_messages USING btree (created_at);
comment on column webhook_messages.body is 'the JSON as it is signed and sent, each time the same';

create table webhook_secrets (
  id uuid not null,
  endpoint_id uuid not null,
  sealed bytea not null,
  created_at timestamp with time zone not null,
  until_at timestamp with time zone,
  constraint webhook_secrets_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
  constraint webhook_secrets_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX webhook_secrets_current ON public.webhook_secrets USING btree (endpoint_id) WHERE (until_at IS NULL);
CREATE INDEX webhook_secrets_endpoint ON public.webhook_secrets USING btree (endpoint_id);
comment on table webhook_secrets is 'what deliveries are signed with: each that is not over signs';
comment on column webhook_secrets.until_at is 'null for the one that was made last';

create table webhook_told (
  account_id uuid not null,
  version bigint not null default 0,
  name text,
  closed_at timestamp with time zone,
  members json,
  entitlements json,
  next_change_at timestamp with time zone,
  constraint webhook_told_check CHECK (((name IS NULL) OR ((members IS NOT NULL) AND (entitlements IS NOT NULL)))),
  constraint webhook_told_pkey PRIMARY KEY (account_id)
);
CREATE INDEX webhook_told_next_change ON public.webhook_told USING btree (next_change_at) WHERE (next_change_at IS NOT NULL);
CREATE INDEX webhook_told_not_looked_at ON public.webhook_told USING btree (account_id) WHERE (name IS NULL);
comment on table webhook_told is 'what endpoints were last told of an account, while there are any';
comment on column webhook_told.version is 'of the latest message about the account';
comment on column webhook_told.name is 'null while it was not looked at since the first endpoint was added';
comment on column webhook_told.next_change_at is 'when the entitlements change by time alone';

create table webhook_watch (
  one boolean not null default true,
  xid xid8,
  looked_at timestamp with time zone,
  stock pg_snapshot,
  stock_at timestamp with time zone,
  round integer not null default 0,
  round_after uuid,
  constraint webhook_watch_check CHECK ((((xid IS NULL) = (stock IS NULL)) AND ((stock IS NULL) = (stock_at IS NULL)))),
  constraint webhook_watch_one_check CHECK (one),
  constraint webhook_watch_pkey PRIMARY KEY (one)
);
comment on table webhook_watch is 'how far the table changes has been read for webhooks';
comment on column webhook_watch.xid is 'all changes below it are promised to be told; null while there is no endpoint, and nothing is told';
comment on column webhook_watch.looked_at is 'when xid moved on, or all accounts were looked at instead; by the clock of the database';
comment on column webhook_watch.stock is 'what was committed already when the first endpoint was added';
comment on column webhook_watch.round is 'of looking at all accounts, as when the catalogue changes: the next begins anew, and ends the one before';
comment on column webhook_watch.round_after is 'the last account that was looked at in it';

