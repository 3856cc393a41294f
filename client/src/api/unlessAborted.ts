/** Waits, unless whoever asked gives up. What is waited for goes on: others wait for it too. */
export function unlessAborted<T>(signal: AbortSignal, waitedFor: Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp)
    waitedFor.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
