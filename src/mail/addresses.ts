import { domainToASCII } from 'node:url'

const LONGEST_LOCAL_PART = 64
const LONGEST_ADDRESS = 254
/** Reading a domain of another alphabet takes more than linear time. */
const LONGEST_TYPED = 1000
// What mail servers really take (RFC 5321 atoms), in ASCII only: look-alike letters from other alphabets
// would make two people of one address.
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/

// Also as they are typed in other alphabets. domainToASCII reads a host as URLs have it and would drop, decode or
// cut at anything else.
const TYPED_DOMAIN = /^[\p{L}\p{M}\p{N}.\u3002\uff0e\uff61-]+$/u

/** The one form in which an address is stored, looked up and mailed to; null for what is no address. */
export function normaliseAddress(typed: string): string | null {
  if (typed.length > LONGEST_TYPED) return null
  const [local, domain, ...more] = typed.trim().split('@')
  if (!local || !domain || more.length > 0) return null
  if (/[^\x20-\x7e]/.test(local) || !TYPED_DOMAIN.test(domain)) return null
  const address = `${local.toLowerCase()}@${domainToASCII(domain).toLowerCase()}`
  const [plainLocal = '', plainDomain = ''] = address.split('@')
  const fits = plainLocal.length <= LONGEST_LOCAL_PART && address.length <= LONGEST_ADDRESS
  return fits && LOCAL_PART.test(plainLocal) && DOMAIN.test(plainDomain) ? address : null
}
