/**
 * A clock that never goes back, and by which at least as much time passes as really does: one that is set back goes on from
 * where it was.
 */
export function steadyClock(now: () => number): () => number {
  let last = now()
  let lastReal = performance.now()
  return () => {
    const real = performance.now()
    last = Math.max(now(), last + real - lastReal)
    lastReal = real
    return last
  }
}
