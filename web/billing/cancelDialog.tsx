import { type components, unwrap } from '@frontgate/client'
import { chooseLanguage, formatDate, formatLimit, nameInWords, useServiceTime } from '@frontgate/client/react'
import { Alert, Button, Group, List, Stack, Text } from '@mantine/core'
import { client } from '../client.ts'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { lostFeatures, lowerLimits } from './limits.ts'
import { useBillingChange } from './useBillingChange.ts'
import { useNameLimit } from './useNameLimit.ts'

interface CancelDialogProps {
  state: components['schemas']['BillingState']
  plans: components['schemas']['Plan'][]
  opened: boolean
  onClose: (isDone: boolean) => void
}

/** Asks once more, and says until when everything stays open and what closes then. */
export function CancelDialog({ state, plans, opened, onClose }: CancelDialogProps) {
  const { words, locale } = useWords()
  const say = useSayProblem()
  const at = useServiceTime()()
  const nameLimit = useNameLimit()
  const { mutate, error, isPending, reset } = useBillingChange(async () =>
    unwrap(await client.api.POST('/v1/billing/subscription/cancel', { body: {} })),
  )
  const said = words.billing.cancel
  const { status, current_period_end } = state.subscription
  const isAtOnce = status === 'unpaid' || status === 'paused' || !current_period_end
  const date = current_period_end ? formatDate(current_period_end, at, locale) : ''
  const plan = state.plan_billing.display_name
  const free = plans.find((one) => one.plan === 'free')
  const write = (limit: Parameters<typeof formatLimit>[0]) => formatLimit(limit, chooseLanguage([locale]))
  const closing = free
    ? [
        ...lostFeatures(state.features, free).map(nameInWords),
        ...lowerLimits(state.plan_limits, free).map((name) =>
          said.less(
            nameLimit(name),
            write(free.limits[name] ?? null),
            write(state.plan_limits[name] ?? null),
          ),
        ),
      ]
    : []
  function close(isDone: boolean): void {
    reset()
    onClose(isDone)
  }

  return (
    <Dialog opened={opened} onClose={() => close(false)} title={said.title(plan)}>
      <Stack>
        <Text>{isAtOnce ? said.atOnce : said.until(plan, date)}</Text>
        {closing.length > 0 && (
          <div>
            <Text fw={600} mb={4}>
              {isAtOnce ? said.closesAtOnce : said.closes(date)}
            </Text>
            <List>
              {closing.map((each) => (
                <List.Item key={each}>{each}</List.Item>
              ))}
            </List>
          </div>
        )}
        {!isAtOnce && <Text c="dimmed">{said.kept}</Text>}
        {error && (
          <Alert color="red" role="alert">
            {say(error)}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={() => close(false)}>
            {said.keep}
          </Button>
          <Button
            color="red.9"
            loading={isPending}
            onClick={() => mutate(undefined, { onSuccess: () => close(true) })}
          >
            {isAtOnce ? said.confirmAtOnce : said.confirm(date)}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
