const DAY = 86_400_000

interface Settings {
  deletionGraceDays: number
}

/** When what is not kept of an account that was closed, or of a user who was deleted, is purged. */
export function purgeDueAt(goneAt: Date, { deletionGraceDays }: Settings): Date {
  return new Date(goneAt.getTime() + deletionGraceDays * DAY)
}

/** Who is gone since then, or longer, is due to be purged. */
export function purgesWhatWentBy(at: Date, { deletionGraceDays }: Settings): Date {
  return new Date(at.getTime() - deletionGraceDays * DAY)
}

/** Whether an owner may open a closed account again: until the instant that they were told of. */
export function mayReopen(
  { closedAt, purgedAt }: { closedAt: Date | null; purgedAt: Date | null },
  settings: Settings,
  at: Date,
): boolean {
  return closedAt !== null && purgedAt === null && at < purgeDueAt(closedAt, settings)
}
