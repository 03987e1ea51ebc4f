import type { Codec } from '../codecs/codec.ts'
import { oneLine } from '../codecs/found.ts'
import { json } from '../codecs/json.ts'
import { type Duration, milliseconds, seconds } from '../model/duration.ts'
import { ConfigurationError, describeThrown } from '../model/errors.ts'
import { type Patience, triesOf } from './patience.ts'
import type { Sink } from './sink.ts'

export type HttpSinkOptions<T> = Patience & {
  readonly url: string
  /** Headers of every request; by a function, e.g. where a secret is fetched or changes, before each write. @default {} */
  readonly headers?: HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>)
  /** How long a request may take, its answer included. @default seconds(10) */
  readonly timeout?: Duration
  /** Statuses that say that the values are taken, beside 200 to 299: e.g. 409 of a service that knows the key already. @default none */
  readonly accepts?: (status: number) => boolean
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch
} & (
    | {
        /** How the value of a request is written. @default json() */
        readonly codec?: Codec<T>
        /** @default 'application/json' */
        readonly contentType?: string
        readonly batch?: undefined
      }
    | {
        /** Most values of a request, whose body is then a JSON array. @default none: each value in a request of its own */
        readonly batch: number
      }
  )

export type HttpHeaders = Readonly<Record<string, string>>

/** A service that wants more patience than this is asked again by the platform's own retry. */
const longestRetryAfterMs = 20_000
/** What a message tells of an answer's body. */
const answerCharacters = 200

type Body = { readonly key: string; readonly bytes: Uint8Array }
type Answer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Posts each value, or a JSON array of several, one request after the other. A request has the header `Idempotency-Key`: a name of its
 * values, `stage/shard/version/index`, the same in every repeat, so that a service that honours it takes them once. To others it is at least
 * once.
 *
 * No answer in time, and the statuses 408, 409, 425, 429 and 500 to 599, are tried again; `Retry-After` is obeyed up to 20 seconds. Another
 * status throws an Error that names it, and holds up the shard until the service takes the values: name it in `accepts` to go on. Redirects are not
 * followed. Changing `batch` while requests are unanswered gives them other keys.
 *
 * ```ts
 * const posted = httpSink({ url: 'https://api.example.com/orders', headers: async () => ({ authorization: 'Bearer ...' }) })
 * ```
 */
export function httpSink<T>(options: HttpSinkOptions<T>): Sink<T> {
  const url = readUrl(options.url)
  const { batch } = options
  if (batch !== undefined && !(Number.isInteger(batch) && batch >= 1)) {
    throw new ConfigurationError(`Cannot make an HTTP sink: a batch of ${batch} values, 1 or more would be right`)
  }
  const codec = (options.batch === undefined ? options.codec : undefined) ?? json<T>()
  const contentType = (options.batch === undefined ? options.contentType : undefined) ?? 'application/json'
  const tries = triesOf('an HTTP sink', options)
  const timeoutMs = milliseconds(options.timeout ?? seconds(10))
  const fetch = options.fetch ?? globalThis.fetch
  const ask = async ({ key, bytes }: Body, headers: HttpHeaders): Promise<Answer> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': contentType, ...headers, 'idempotency-key': key },
        body: new Uint8Array(bytes),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return answerOf(response, await response.text(), options.accepts)
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? `: ${describeThrown(error.cause)}` : ''
      return { kind: 'later', reason: `no answer (${describeThrown(error)}${cause})`, afterMs: 0 }
    }
  }
  const post = async (body: Body, headers: HttpHeaders): Promise<void> => {
    const cannot = (reason: string) => new Error(`Cannot post to ${destination}: ${reason}`)
    let last = { reason: '', afterMs: 0 }
    for (let attempt = 1; attempt <= tries.most; attempt++) {
      await tries.pause(attempt, last.afterMs)
      const answer = await ask(body, headers)
      if (answer.kind === 'taken') return
      if (answer.kind === 'refused') throw cannot(answer.reason)
      if (answer.afterMs > longestRetryAfterMs) throw cannot(`${answer.reason}, to come again in ${answer.afterMs} ms`)
      last = answer
    }
    throw cannot(`asked ${tries.most} times, last with ${last.reason}`)
  }
  // Neither a password nor a token in the query is for logs.
  const destination = `${url.origin}${url.pathname}`
  return {
    kind: 'http',
    destination,
    guarantee: 'once where the service honours Idempotency-Key, else at least once: a repeat has the same key',
    codec,
    check: value => void codec.encode(value),
    write: async (values, id) => {
      const headers = typeof options.headers === 'function' ? await options.headers() : (options.headers ?? {})
      const pieces = values.map(value => codec.encode(value))
      for (const body of bodiesOf(pieces, id, batch)) await post(body, headers)
    },
  }
}

function* bodiesOf(pieces: readonly Uint8Array[], id: string, batch: number | undefined): Iterable<Body> {
  if (batch === undefined) {
    for (const [i, bytes] of pieces.entries()) yield { key: `${id}/${i}`, bytes }
    return
  }
  for (let from = 0; from < pieces.length; from += batch) {
    const part = pieces.slice(from, from + batch)
    const separated = part.flatMap((piece, i) => (i === 0 ? [piece] : [Buffer.from(','), piece]))
    const bytes = Buffer.concat([Buffer.from('['), ...separated, Buffer.from(']')])
    yield { key: `${id}/${from}-${from + part.length - 1}`, bytes }
  }
}

function answerOf({ status, ok, headers }: Response, text: string, accepts: HttpSinkOptions<never>['accepts']): Answer {
  if (ok || accepts?.(status)) return { kind: 'taken' }
  const said = text === '' ? '' : ` (${oneLine(text.slice(0, answerCharacters))})`
  const reason = `status ${status}${said}`
  if ([408, 409, 425, 429].includes(status) || (status >= 500 && status <= 599)) {
    return { kind: 'later', reason, afterMs: retryAfterMs(headers) }
  }
  return { kind: 'refused', reason }
}

/** RFC 9110: seconds, or a date, which is as of the answer's own. */
function retryAfterMs(headers: Headers): number {
  const after = headers.get('retry-after') ?? ''
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1_000
  const ms = Date.parse(after) - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new ConfigurationError(`Cannot make an HTTP sink: its URL begins with neither http:// nor https://`)
}
