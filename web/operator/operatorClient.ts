import { createOperatorClient } from '@frontgate/client'
import { setByToken } from './operatorClock.ts'

/** The one client of these pages. The access token is in its memory, the session in a cookie that no script reads. */
export const operatorClient = createOperatorClient({
  fetch: (...args) => {
    const request = new Request(...args)
    setByToken(request.headers.get('authorization'))
    return fetch(request)
  },
})
