/**
 * Goes on with a value that is at hand at once, and with a promised one when it is there: most requests are
 * answered from memory, and each promise on their way would cost a turn of the queue.
 */
export function then<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
