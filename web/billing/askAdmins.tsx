import { unwrap } from '@frontgate/client'
import { useSession } from '@frontgate/client/react'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { client } from '../client.ts'
import { useWords } from '../words/words.ts'

const MOST_NAMED = 3

/** For those who may not change the plan: who may. */
export function AskAdmins() {
  const { words, locale } = useWords()
  const { account } = useSession()
  const { data } = useQuery({
    queryKey: ['members', 'first'],
    queryFn: async () =>
      unwrap(await client.api.GET('/v1/accounts/me/members', { params: { query: { limit: 100 } } })).data,
  })
  const names = data
    ?.filter(({ role }) => role === 'owner' || role === 'admin')
    .slice(0, MOST_NAMED)
    .map(({ name, email }) => (name ? `${name} (${email})` : email))
  const either = new Intl.ListFormat(locale, { type: 'disjunction' })
  return (
    <Text c="dimmed">
      {names && names.length > 0
        ? words.billing.askOneOf(either.format(names))
        : words.billing.askAnAdmin(account?.name ?? '')}
    </Text>
  )
}
