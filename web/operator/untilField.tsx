import { Button, Group, Stack } from '@mantine/core'
import { useState } from 'react'
import { Field } from '../forms/form.tsx'
import { serviceTime } from './operatorClock.ts'
import { said } from './words/words.ts'

const DAY_MS = 86_400_000

interface UntilFieldProps {
  name?: string
  label?: string
  description?: string
  required?: boolean
  /** From when on the days beside it count. Default: now. */
  from?: Date
  days: readonly number[]
}

/** An instant in UTC, written out or as so many days from now. `instantIn` reads it. */
export function UntilField({ name = 'until', from, days, ...field }: UntilFieldProps) {
  const [value, setValue] = useState('')
  return (
    <Stack gap={6}>
      <Field
        name={name}
        type="datetime-local"
        label={field.label ?? said.untilField}
        description={field.description ?? (field.required ? null : said.untilEmpty)}
        required={field.required === true}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <Group gap={6}>
        {days.map((amount) => (
          <Button
            key={amount}
            size="compact-xs"
            variant="default"
            onClick={() => {
              const start = from ?? serviceTime()
              setValue(new Date(start.getTime() + amount * DAY_MS).toISOString().slice(0, 16))
            }}
          >
            {said.plusDays(amount)}
          </Button>
        ))}
      </Group>
    </Stack>
  )
}

/** What such a field says, for the API; null where it is empty. */
export function instantIn(value: string | undefined): string | null {
  return value ? new Date(`${value}Z`).toISOString() : null
}
