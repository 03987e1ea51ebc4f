import { ConfigurationError, describeThrown, RetryBatchError, StopDeploymentError } from '../model/errors.ts'
import { patiently } from './patience.ts'

export type RegistryAuth = { readonly user: string; readonly password: string } | { readonly token: string }

/** What of `fetch` a client uses. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchAnswer>
export type FetchInit = {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal?: AbortSignal
}
export type FetchAnswer = { readonly status: number; text(): Promise<string> }

/** One try: above what a registry needs, below a function's usual timeout. */
const attemptMs = 10_000

const mediaType = 'application/vnd.schemaregistry.v1+json'

/** Calls of a registry's REST interface. What fails is a sentence; `doing` is a part of it. */
export class RegistryCalls {
  /** The address without what is secret in it. */
  readonly name: string
  readonly #base: string
  readonly #headers: Record<string, string>
  readonly #fetch: FetchLike

  constructor(url: string, auth: RegistryAuth | undefined, fetchGiven: FetchLike | undefined) {
    const { username, password, ...rest } = partsOf(url)
    this.#base = rest.base
    this.name = rest.base
    const user = auth ?? (username === '' ? undefined : { user: username, password })
    this.#headers = { accept: mediaType, 'content-type': mediaType, ...authorization(user) }
    this.#fetch = fetchGiven ?? ((address, init) => fetch(address, init))
  }

  /** What is there, undefined for a 404. With a body it is asked for by a POST. */
  async find<T>(doing: string, path: string, body?: object): Promise<T | undefined> {
    return this.#call<T>(doing, body === undefined ? 'GET' : 'POST', path, body, true)
  }

  async post<T>(doing: string, path: string, body: object): Promise<T | undefined> {
    return this.#call<T>(doing, 'POST', path, body, false)
  }

  async put<T>(doing: string, path: string, body: object): Promise<T | undefined> {
    return this.#call<T>(doing, 'PUT', path, body, false)
  }

  async #call<T>(
    doing: string,
    method: string,
    path: string,
    body: object | undefined,
    mayBeMissing: boolean,
  ): Promise<T | undefined> {
    const { status, text } = await patiently(
      () => this.#attempt(doing, method, path, body),
      error => error instanceof RetryBatchError,
    )
    const answer = parsed(text)
    if (status >= 200 && status < 300) return answer
    const said = saidIn(answer) ?? `status ${status}`
    if (status === 404 && mayBeMissing && saidIn(answer) !== undefined) return undefined
    if (status === 401 || status === 403) {
      throw new StopDeploymentError(
        `Cannot ${doing}: access to ${this.name} is denied (${said}), give the client other credentials`,
      )
    }
    throw new StopDeploymentError(`Cannot ${doing}: ${this.name} refused it, ${said}`)
  }

  async #attempt(
    doing: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; text: string }> {
    try {
      const answer = await this.#fetch(`${this.#base}${path}`, {
        method,
        headers: this.#headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(attemptMs),
      })
      const text = await answer.text()
      if (answer.status !== 429 && answer.status < 500) return { status: answer.status, text }
      throw new RetryBatchError(
        `Cannot ${doing}: ${this.name} answered with status ${answer.status}, ${text.slice(0, 200)}`,
      )
    } catch (error) {
      if (error instanceof RetryBatchError) throw error
      const said = describeThrown(error instanceof Error ? (error.cause ?? error) : error)
      throw new RetryBatchError(`Cannot ${doing}: ${this.name} cannot be reached, ${said}`, { cause: error })
    }
  }
}

function partsOf(url: string): { readonly base: string; readonly username: string; readonly password: string } {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new ConfigurationError(
      `Cannot use schema registry "${url}": it is no address, expected one as http://127.0.0.1:8081`,
    )
  }
  const { origin, pathname, username, password } = new URL(url)
  return {
    base: `${origin}${pathname.replace(/\/+$/, '')}`,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  }
}

function authorization(auth: RegistryAuth | undefined): Record<string, string> {
  if (auth === undefined) return {}
  if ('token' in auth) return { authorization: `Bearer ${auth.token}` }
  return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` }
}

function parsed(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A proxy's own 404 has no code of the registry: it says nothing of what is there. */
function saidIn(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('error_code' in answer) || !('message' in answer))
    return undefined
  return `${answer.message} (${answer.error_code})`
}
