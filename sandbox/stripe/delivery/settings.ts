/** How reliably events reach the webhook. */
export interface DeliverySettings {
  /** The probability that an event is delivered twice. */
  duplicate: number
  /** The probability that later events overtake an event. */
  reorder: number
  /** The probability that an event is never delivered; it is listed nevertheless. */
  drop: number
  /** From how many milliseconds to how many an event takes. */
  delay_ms: [number, number]
  /** Whether thin notifications are sent in place of snapshots, or beside them. */
  thin: boolean | 'both'
  /** Whether everything waits until it is flushed. */
  hold: boolean
}

/** At once, each event once, as a snapshot. */
export const reliable: DeliverySettings = {
  duplicate: 0,
  reorder: 0,
  drop: 0,
  delay_ms: [0, 0],
  thin: false,
  hold: false,
}
