import { FrontgateProblem } from '@frontgate/client'
import { useState } from 'react'

/** What a mailed link brought along, and why it does not work where it does not. */
export interface MailedLink {
  /** The code of the refusal, `token-missing` for an address without a token; null while nothing is known against it. */
  fault: string | null
  /** Does something with the token. A refusal of the token itself becomes the fault; all others are thrown on. */
  spend: (work: (token: string) => Promise<void>) => Promise<void>
}

/** The token in the address of the page. Opening the page uses nothing: only `spend` does, when a button is pressed. */
export function useMailedLink(): MailedLink {
  const [token] = useState(() => new URLSearchParams(location.search).get('token'))
  const [fault, setFault] = useState<string | null>(token ? null : 'token-missing')
  return {
    fault,
    async spend(work) {
      try {
        if (token) await work(token)
      } catch (thrown) {
        if (!(thrown instanceof FrontgateProblem && thrown.code.startsWith('token-'))) throw thrown
        setFault(thrown.code)
      }
    },
  }
}
