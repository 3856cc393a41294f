import type { App } from '../../app.ts'

/** What a person should look at, found by one look. It is raised once the look is written. */
export type Alarm =
  | { kind: 'several-live'; subscriptions: string[] }
  | { kind: 'unknown-price'; subscription: string; price: string }
  | { kind: 'deleted-customer'; customer: string }
  | { kind: 'parked'; events: string[]; reason: string }

const says: Record<Alarm['kind'], string> = {
  'several-live': 'an account has several live subscriptions',
  'unknown-price': 'a subscription has a price that belongs to no plan, and gives no access',
  'deleted-customer': 'a customer was deleted at Stripe, and its subscriptions ended with it',
  parked: 'events of Stripe are parked',
}

/** All that is counted, what no look finds included. */
export const ALARM_KINDS = [...Object.keys(says), 'cannot-mirror']

/** Logs and counts what was found. Apart from the commit, which may be run again or fail. */
export function raiseAlarms(
  { log, metrics }: Pick<App, 'log' | 'metrics'>,
  accountId: string,
  alarms: Alarm[],
): void {
  for (const { kind, ...details } of alarms) {
    log.error({ accountId, ...details }, says[kind])
    metrics.stripeAlarms.inc({ kind })
  }
}
