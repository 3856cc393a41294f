/** Everything that is listed page by page, for lists that are short with nearly everybody. */
export async function allPages<Item>(
  ask: (query: { limit: number; cursor?: string }) => Promise<{ data: Item[]; next_cursor: string | null }>,
): Promise<Item[]> {
  const found: Item[] = []
  let cursor: string | null = null
  do {
    const page: { data: Item[]; next_cursor: string | null } = await ask({
      limit: 100,
      ...(cursor !== null && { cursor }),
    })
    found.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return found
}
