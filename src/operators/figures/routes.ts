import Type from 'typebox'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { inTx } from '../../db/transaction.ts'
import { refuseNoInstant } from '../../http/instants.ts'
import { route } from '../../http/route.ts'
import { Fields, Instant, named } from '../../http/schemas.ts'
import type { Server } from '../../http/server.ts'
import { problem } from '../../problems.ts'
import { countFigures, countTotals } from './countFigures.ts'
import { figurePeriods, MOST_PERIODS, spanOf } from './rules.ts'

const Count = (description: string) => Type.Integer({ description })

const FiguresSchema = named(
  'Figures',
  Type.Object({
    per: Type.Enum([...figurePeriods]),
    from: Instant,
    until: Instant,
    data: Type.Array(
      Type.Object({
        start: Instant,
        sign_ups: Count('Accounts that were created, also those that are closed by now.'),
        trials_started: Count(
          'Accounts whose first trial without a card began. One that is extended is the same trial.',
        ),
        trials_ended: Count(
          'Accounts whose last such trial was over, whether they had bought by then or not.',
        ),
        trials_converted: Count(
          'Accounts that had begun such a trial, by when their first subscription began: in the trial or after it.',
        ),
        subscriptions_started: Count(
          'Subscriptions that began at Stripe, without those whose first payment was never made.',
        ),
        subscriptions_ended: Count('Of these, those that came to their end.'),
      }),
      { description: 'The oldest first, each period that was asked for, also where nothing happened.' },
    ),
    totals: Type.Object(
      {
        accounts: Count('All that are open.'),
        trialing: Count('In a trial, without a card or at Stripe.'),
        paying: Count('With a subscription that is active.'),
        complimentary: Count('With complimentary access and no subscription that is live.'),
        past_due: Count('With a charge that failed, whether their grace is over or not.'),
      },
      { description: 'Accounts as they stand now, each by the status in its billing state.' },
    ),
  }),
)

/** What happened in each period, and how all accounts stand. */
export function figureRoutes(server: Server, app: App): void {
  route(
    server,
    app,
    {
      operationId: 'getFigures',
      method: 'GET',
      url: '/v1/operator/figures',
      access: { operator: 'read' },
      summary:
        'Sign-ups, trials and subscriptions by days, weeks or months in UTC, and how accounts stand now',
      query: Fields({
        per: Type.Optional(Type.Enum([...figurePeriods], { default: 'day' })),
        from: Type.Optional(Instant),
        until: Type.Optional(Instant),
      }),
      replies: { 200: FiguresSchema },
    },
    async ({ caller, query: { per = 'day', ...asked }, at }) => {
      const span = spanOf(
        per,
        { from: instantOf('from', asked.from), until: instantOf('until', asked.until) },
        at,
      )
      if (span.kind === 'empty') refuse('until', 'must be after from, which must not be in the future')
      if (span.kind === 'too-long')
        refuse('from', `is too far back: at most ${MOST_PERIODS} periods are told`)
      const { starts, end } = span
      const [figures, totals] = await inTx(app, (tx) =>
        Promise.all([
          countFigures(tx, { per, starts, end }, at),
          countTotals(tx, at),
          audit(tx, caller, { action: 'operator.read-figures' }, at),
        ]),
      )
      return {
        per,
        from: (starts[0] ?? end).toISOString(),
        until: end.toISOString(),
        data: figures.map(({ start, ...counts }) => ({ start: start.toISOString(), ...counts })),
        totals,
      }
    },
  )
}

function instantOf(name: string, text: string | undefined): Date | null {
  if (text === undefined) return null
  const instant = new Date(text)
  refuseNoInstant(`#/query/${name}`, instant)
  return instant
}

function refuse(name: string, detail: string): never {
  throw problem('invalid-request', { errors: [{ pointer: `#/query/${name}`, detail }] })
}
