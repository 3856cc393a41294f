import { Title } from '@mantine/core'

/** Finds accounts. */
export function SearchPage() {
  return <Title order={1}>Accounts</Title>
}
