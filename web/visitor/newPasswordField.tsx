import { PasswordField } from '../forms/form.tsx'
import { settings } from '../settings.ts'
import { useWords } from '../words/words.ts'

/** A password that is chosen here: what makes a good one stands below, and what is wrong with it once it was sent. */
export function NewPasswordField({ label }: { label: string }) {
  const { words } = useWords()
  return (
    <PasswordField
      name="password"
      label={label}
      description={words.visitor.signUp.passwordHint(settings.password_min_length)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      autoComplete="new-password"
      minLength={settings.password_min_length}
      required
    />
  )
}
