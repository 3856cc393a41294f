import { type ReactElement, useState } from 'react'
import { unwrap } from '../api/problem.ts'
import { Outcome } from './formParts.tsx'
import { useFrontgate, useSession } from './frontgateProvider.tsx'
import { sayProblem } from './sayProblem.ts'

/** A button that mails the link again by which an address is verified, and what came of it. */
export function ResendVerification(): ReactElement {
  const { client, words, locale } = useFrontgate()
  const { user } = useSession()
  const [isBusy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<{ kind: 'fault' | 'done'; says: string } | null>(null)

  async function resend(): Promise<void> {
    if (isBusy) return
    setBusy(true)
    setOutcome(null)
    try {
      unwrap(await client.api.POST('/v1/auth/email/resend', { body: {} }))
      setOutcome({ kind: 'done', says: words.resent(user?.email ?? '') })
    } catch (thrown) {
      setOutcome({ kind: 'fault', says: sayProblem(thrown, { words, locale }) })
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <button type="button" className="frontgate-button" aria-disabled={isBusy} onClick={() => void resend()}>
        {words.resend}
      </button>
      <Outcome kind="done">{outcome?.kind === 'done' && outcome.says}</Outcome>
      <Outcome kind="fault">{outcome?.kind === 'fault' && outcome.says}</Outcome>
    </>
  )
}
