import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { validate as isUuid, v4 as uuidv4 } from 'uuid'
import { cookieName, setCookie } from '../access/tokensReply.ts'
import type { Config, Secret } from '../config.ts'

const DAY = 86_400_000
const REMEMBERED_DAYS = 400
const SEPARATOR = '.'

/** A browser that signed in as this user before: it is not locked out by what strangers try (OWASP's device cookie). */
export interface KnownDevice {
  deviceId: string
}

interface DeviceUser {
  id: string
  /** Raised with every new password, which makes strangers of all devices. */
  credentialsVersion: number
}

/** The device of this request, if it signed in as this user since their last new password. */
export function knownDevice(request: FastifyRequest, config: Config, user: DeviceUser): KnownDevice | null {
  const [deviceId, presented] = request.cookies[nameOf(config)]?.split(SEPARATOR) ?? []
  if (!deviceId || !presented || !isUuid(deviceId)) return null
  const right = config.secrets.some((secret) => isSame(macOf(secret, deviceId, user), presented))
  return right ? { deviceId } : null
}

/** Remembers the device of this request as one of the user's. */
export function rememberDevice(reply: FastifyReply, config: Config, user: DeviceUser, at: Date): void {
  const deviceId = uuidv4()
  const value = [deviceId, macOf(config.secrets[0], deviceId, user)].join(SEPARATOR)
  setCookie(reply, config, nameOf(config), value, new Date(at.getTime() + REMEMBERED_DAYS * DAY))
}

const nameOf = (config: Config) => cookieName(config, 'frontgate_device')

function macOf(secret: Secret, deviceId: string, { id, credentialsVersion }: DeviceUser): string {
  return createHmac('sha256', secret.reveal())
    .update(`device\0${deviceId}\0${id}\0${credentialsVersion}`)
    .digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
