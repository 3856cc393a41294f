/** Whether this browser knows passkeys at all. */
export function hasPasskeys(): boolean {
  return typeof window.PublicKeyCredential === 'function'
}

/** Has the browser ask for a passkey; rejects where nobody agrees. */
export async function askPasskey(options: object | null): Promise<object> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  return startAuthentication({
    optionsJSON: options as Parameters<typeof startAuthentication>[0]['optionsJSON'],
  })
}

/** Has the browser make one. */
export async function makePasskey(options: object): Promise<object> {
  const { startRegistration } = await import('@simplewebauthn/browser')
  return startRegistration({ optionsJSON: options as Parameters<typeof startRegistration>[0]['optionsJSON'] })
}

/** Whether the browser says that nothing was made or used: nobody agreed, in time or at all, or there is none here. */
export function isOfBrowser(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'WebAuthnError' || error instanceof DOMException || error.name === 'NotAllowedError')
  )
}
