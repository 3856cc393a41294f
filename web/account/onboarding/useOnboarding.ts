import { type components, unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { useQuery } from '@tanstack/react-query'
import { client, queries } from '../../client.ts'

export type Onboarding = components['schemas']['Onboarding']
export type Step = Onboarding['steps'][number]['step']

/** The answer by which the step that the service lets nobody skip is put off on these pages. */
const PUT_OFF = 'verify_email_later'

/** How far the current account has come: kept by the service, so that another browser goes on from there. */
export function useOnboarding({ isWatching = false } = {}) {
  const { account } = useSession()
  return useQuery({
    queryKey: ['onboarding', account?.id],
    enabled: account !== null,
    queryFn: async () => unwrap(await client.api.GET('/v1/accounts/me/onboarding')),
    refetchInterval: isWatching ? 3000 : false,
    refetchOnWindowFocus: 'always',
  })
}

/** Whether somebody has put a step off. */
export function isPutOff({ steps, answers }: Onboarding, step: Step): boolean {
  if (step === 'verify_email') return answers[PUT_OFF] === true
  return steps.some((each) => each.step === step && each.skipped)
}

/** The first step that is neither done nor put off. */
export function nextOf(onboarding: Onboarding): Step | null {
  return onboarding.steps.find(({ step, done }) => !done && !isPutOff(onboarding, step))?.step ?? null
}

/** Remembers that a step can wait. */
export async function putOff(step: Step): Promise<Onboarding> {
  const account = client.session.account?.id
  const body = step === 'verify_email' ? { answers: { [PUT_OFF]: true } } : { skip: [step] }
  const changed = unwrap(await client.api.PATCH('/v1/accounts/me/onboarding', { body }))
  queries.setQueryData(['onboarding', account], changed)
  return changed
}

/** Looks again what has been done. */
export function lookAgain(): Promise<void> {
  return queries.invalidateQueries({ queryKey: ['onboarding'] })
}
