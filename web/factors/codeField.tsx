import { Field } from '../forms/form.tsx'
import { useWords } from '../words/words.ts'

/** The six digits of an authenticator app. */
export function CodeField({ hint }: { hint?: string }) {
  const { words } = useWords()
  return (
    <Field
      name="code"
      label={words.factor.code}
      description={hint ?? words.factor.codeHint}
      autoComplete="one-time-code"
      inputMode="numeric"
      pattern="\s*(\d\s*){6}"
      maxLength={12}
      autoFocus
      required
    />
  )
}
