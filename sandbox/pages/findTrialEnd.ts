import type { App } from '../../src/app.ts'

/** A trial that runs, and when it is over. */
export interface TrialEnd {
  account: string
  until: Date
}

/** Of the trials that run, the one that is over first. */
export async function findTrialEnd({ db, now }: Pick<App, 'db' | 'now'>): Promise<TrialEnd | undefined> {
  return db
    .selectFrom('grants')
    .innerJoin('accounts', 'accounts.id', 'grants.account_id')
    .select(['accounts.name as account', 'grants.until_at as until'])
    .where('source', '=', 'trial')
    .where('until_at', '>', now())
    .where('ended_at', 'is', null)
    .where('closed_at', 'is', null)
    .orderBy('until_at')
    .limit(1)
    .$narrowType<{ until: Date }>()
    .executeTakeFirst()
}
