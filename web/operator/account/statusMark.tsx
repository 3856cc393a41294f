import { Mark, type Tone } from '../mark.tsx'
import { said } from '../words/words.ts'

const tones: Record<string, Tone> = {
  active: 'good',
  trialing: 'good',
  complimentary: 'good',
  past_due: 'busy',
  incomplete: 'busy',
  paused: 'busy',
  unpaid: 'bad',
  canceled: 'bad',
  incomplete_expired: 'bad',
  trial_expired: 'bad',
}

/** A status, Stripe's word or ours. */
export function StatusMark({ status }: { status: string }) {
  const words: Record<string, string> = said.statuses
  return <Mark tone={tones[status] ?? 'quiet'}>{words[status] ?? status}</Mark>
}
