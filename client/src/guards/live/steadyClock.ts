/** Asking both of the machine's clocks costs more than a decision may; within this long the steady one will do. */
const COMPARED_EVERY_MS = 20

/**
 * A clock that never goes back, and by which at least as much time passes as really does: one that is set back goes on from
 * where it was. One that was set forward, or a machine that has slept, is noticed at once by who asks `isExact`, else within 20 ms.
 */
export function steadyClock(now: () => number): (isExact?: boolean) => number {
  // Whoever brings a clock of their own moves it, and looks at once.
  const comparedEveryMs = now === Date.now ? COMPARED_EVERY_MS : 0
  let compared = now()
  let comparedAt = performance.now()
  return (isExact = false) => {
    const real = performance.now()
    const steady = compared + real - comparedAt
    if (!isExact && real - comparedAt < comparedEveryMs) return steady
    comparedAt = real
    compared = Math.max(now(), steady)
    return compared
  }
}
