import { chooseLanguage, sayFaultsOfFields } from '@frontgate/client/react'
import {
  Alert,
  Button,
  type ButtonProps,
  PasswordInput,
  type PasswordInputProps,
  Stack,
  TextInput,
  type TextInputProps,
} from '@mantine/core'
import { createContext, type FormEvent, type ReactNode, useContext, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useWords, type Words } from '../words/words.ts'
import { useSayProblem } from './useSayProblem.ts'

/** What stands in the fields, by their names; those that are left empty are left out. */
export type Fields = Record<string, string>

interface FormState {
  isBusy: boolean
  faults: Record<string, string>
}

const FormContext = createContext<FormState>({ isBusy: false, faults: {} })

/** Whether a form is being sent, and what is wrong with its fields: for fields of one's own. */
export const useForm = () => useContext(FormContext)

interface FormProps {
  /** Sends it. What it throws is said: beside the fields that it is about, or above the button. */
  onSubmit: (fields: Fields) => Promise<unknown>
  /** Of problems that the form itself says more about than words can: null leaves it to the usual words. */
  explain?: (thrown: unknown) => ReactNode | null
  children: ReactNode
}

/**
 * A form that loses nothing: what is wrong stands beside the fields, the first of which takes the focus, and what was
 * written stays. The browser knows the rules (`required`, `type`, `minLength`), the service has the last word.
 */
export function Form({ onSubmit, explain, children }: FormProps) {
  const { words, locale } = useWords()
  const say = useSayProblem()
  const form = useRef<HTMLFormElement>(null)
  const alert = useRef<HTMLDivElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [said, setSaid] = useState<ReactNode>(null)

  function show(next: Record<string, string>, message: ReactNode): void {
    flushSync(() => {
      setFaults(next)
      setSaid(message)
    })
    const first = [...(form.current?.elements ?? [])].find(
      (field) => (field as HTMLInputElement).name in next,
    )
    if (first) (first as HTMLElement).focus()
    else if (message) alert.current?.focus()
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    const elements = event.currentTarget.elements
    const found = faultsOf(elements, words)
    show(found, null)
    if (Object.keys(found).length > 0) return
    const fields = fieldsOf(event.currentTarget)
    setBusy(true)
    try {
      await onSubmit(fields)
      setBusy(false)
    } catch (thrown) {
      setBusy(false)
      const theirs = Object.entries(sayFaultsOfFields(thrown, chooseLanguage([locale])))
      const shown = Object.fromEntries(theirs.filter(([name]) => elements.namedItem(name)))
      const isAbove = Object.keys(shown).length === 0
      show(shown, isAbove ? (explain?.(thrown) ?? say(thrown)) : null)
    }
  }

  return (
    <FormContext.Provider value={{ isBusy, faults }}>
      <form ref={form} noValidate onSubmit={(event) => void submit(event)}>
        <Stack gap="md">
          {said && (
            <Alert ref={alert} color="red" role="alert" tabIndex={-1}>
              {said}
            </Alert>
          )}
          {children}
        </Stack>
      </form>
    </FormContext.Provider>
  )
}

type FieldProps = Omit<TextInputProps, 'name' | 'error'> & { name: string }

/** A field with its label, and what is wrong with it. */
export function Field(props: FieldProps) {
  const { faults } = useForm()
  return <TextInput {...props} error={faults[props.name]} withAsterisk={false} />
}

/** A password, which can be looked at. */
export function PasswordField(props: Omit<PasswordInputProps, 'name' | 'error'> & { name: string }) {
  const { words } = useWords()
  const { faults } = useForm()
  return (
    <PasswordInput
      {...props}
      error={faults[props.name]}
      aria-invalid={props.name in faults || undefined}
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': words.shared.showPassword, tabIndex: 0 }}
    />
  )
}

/** What sends the form; it waits with it. */
export function Submit({ children, ...props }: ButtonProps & { children: ReactNode }) {
  const { isBusy } = useForm()
  return (
    <Button type="submit" fullWidth loading={isBusy} {...props}>
      {children}
    </Button>
  )
}

function fieldsOf(form: HTMLFormElement): Fields {
  const given = [...new FormData(form)].map(([name, value]) => [name, String(value)] as const)
  return Object.fromEntries(given.filter(([, value]) => value.trim() !== ''))
}

function faultsOf(elements: HTMLFormControlsCollection, words: Words): Record<string, string> {
  const found: Record<string, string> = {}
  for (const element of elements) {
    const field = element as HTMLInputElement
    if (!field.name || !field.willValidate || field.validity.valid) continue
    const { valueMissing, typeMismatch, tooShort } = field.validity
    if (valueMissing) found[field.name] = words.faults.missing
    else if (typeMismatch && field.type === 'email') found[field.name] = words.faults.noAddress
    else if (tooShort) found[field.name] = words.faults.tooShort(field.minLength)
    else found[field.name] = field.validationMessage
  }
  return found
}
