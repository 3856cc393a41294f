-- Seats: what the quantity of a subscription is made of.

alter table subscriptions
  add column seats_set integer,
  add column seats_asked integer;
create index stripe_operations_seats on stripe_operations (account_id, created_at) where kind = 'seats';
comment on column subscriptions.seats_set is 'the quantity that we set last, by our mark at Stripe; null where we set none. Any other quantity was asked for';
comment on column subscriptions.seats_asked is 'of the quantity that we set, the seats that were asked for however few members there are';
