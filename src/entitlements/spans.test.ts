import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogue, days, facts, grant, noon, someFacts, someInstant } from '../../test/support/someFacts.ts'
import { decide, isInForce, lowestPlanWith, resolveFeatures, resolveLimits } from './rules.ts'
import { spansOf } from './spans.ts'

test('whatever an account has and whenever it is asked, the span that holds an instant says what the rules say then', () => {
  fc.assert(
    fc.property(someFacts, someInstant, someInstant, (account, at, later) => {
      fc.pre(later >= at)
      const spans = spansOf(account, catalogue, at)
      const holding = spans.filter(({ from, until }) => isInForce({ from: from ?? at, until }, later))
      expect(holding).toHaveLength(1)
      const [span] = holding
      const decision = decide(account, catalogue, later)
      const features = resolveFeatures(account, decision.plan, catalogue, later)
      expect(span).toMatchObject({
        decision,
        features: Object.keys(features).filter((name) => features[name]),
        limits: resolveLimits(account, decision.plan, catalogue, later),
      })
      expect(span?.missing).toEqual(
        Object.fromEntries(
          Object.keys(features)
            .filter((name) => !features[name])
            .map((name) => [name, lowestPlanWith(name, account, catalogue, later)?.plan ?? null]),
        ),
      )
    }),
    { numRuns: 500 },
  )
})

test('the spans cover all time from then on, one after another', () => {
  fc.assert(
    fc.property(someFacts, someInstant, (account, at) => {
      const spans = spansOf(account, catalogue, at)
      expect(spans[0]?.from).toBeNull()
      expect(spans.at(-1)?.until).toBeNull()
      for (const [i, { until }] of spans.slice(0, -1).entries()) {
        expect(until).toEqual(spans[i + 1]?.from)
        expect(until && until > (spans[i]?.from ?? at)).toBe(true)
      }
    }),
  )
})

test('a trial that ends tomorrow is a span, and what comes after it another', () => {
  const spans = spansOf(facts({ grants: [grant({ until: days(1) })] }), catalogue, noon)
  expect(spans).toMatchObject([
    { from: null, until: days(1), opens: ['free', 'pro'], decision: { kind: 'granted' } },
    { from: days(1), until: null, opens: ['free'], decision: { kind: 'free', reason: 'trial-expired' } },
  ])
  expect(spans[0]?.features).toEqual(['flowpilot', 'scripts'])
  expect(spans[1]?.missing).toEqual({ flowpilot: 'pro', retired: null })
})
