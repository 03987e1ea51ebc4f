import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import type { Codec } from '../codecs/codec.ts'
import { found } from '../codecs/found.ts'
import { json } from '../codecs/json.ts'
import { callsWithin } from '../model/calls-within.ts'
import { type Patience, triesOf } from './patience.ts'
import { type EntryOutcome, sendEntries } from './send-entries.ts'
import { clientConfig, once, type ServicePlace } from './service-client.ts'
import type { Sink } from './sink.ts'

export type EventBridgeSinkOptions<T> = Patience &
  ServicePlace & {
    /** A bus's name or ARN. @default 'default' */
    readonly bus?: string
    /** Who says it, e.g. `shop.orders`; it must not begin with `aws.` */
    readonly source: string
    /** What happened, for rules to match: the same for all values, or by value. */
    readonly detailType: string | ((value: T) => string)
    /** Writes a JSON object, the event's detail. @default json() */
    readonly codec?: Codec<T>
    /** When it happened, in milliseconds since 1970. @default when EventBridge takes it */
    readonly time?: (value: T) => number
  }

/** EventBridge: the entries of a call are at most 256 KB in all, as `sizeOf` counts them. */
const mostBytes = 256 * 1024
/** EventBridge: entries of PutEvents. */
const mostEntries = 10
/** What the resource with the id takes at most. */
const idBytes = 256

/** What goes away by itself; other errors are of the entry or of the bus. */
const passing = /throttl|internal|unavailable|timeout/i

/**
 * Puts each value as an event on a bus of Amazon EventBridge, at least once and in no order. EventBridge drops no repeats and makes an id of
 * its own for each; the event's `resources` holds `millrace/` and a name of the value, the same in a repeat, for targets to tell. Entries
 * that it refuses for now are tried again alone; one refused for good holds up the shard.
 *
 * The function needs `events:PutEvents` on the bus.
 *
 * ```ts
 * type Order = { readonly state: string }
 * const events = eventBridgeSink<Order>({ bus: 'shop', source: 'shop.orders', detailType: order => `Order ${order.state}` })
 * ```
 */
export function eventBridgeSink<T>(options: EventBridgeSinkOptions<T>): Sink<T> {
  const { bus = 'default', source, detailType, codec = json<T>(), time } = options
  const tries = triesOf('an EventBridge sink', options)
  const client = once(async () => {
    const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge')
    return new EventBridgeClient(clientConfig(options))
  })
  const entryOf = (value: T, id: string): PutEventsRequestEntry => ({
    EventBusName: bus,
    Source: source,
    DetailType: typeof detailType === 'string' ? detailType : detailType(value),
    Detail: Buffer.from(codec.encode(value)).toString('utf8'),
    Resources: [`millrace/${id}`],
    ...(time !== undefined && { Time: new Date(time(value)) }),
  })
  return {
    kind: 'eventBridge',
    destination: `bus "${bus}" from "${source}"`,
    guarantee: 'at least once: the resource millrace/... names the value, a repeat has the same',
    codec,
    check: value => checkEntry(entryOf(value, 'x'.repeat(idBytes))),
    write: async (values, id) => {
      const entries = values.map((value, i) => entryOf(value, `${id}/${i}`))
      const calls = callsWithin(entries, mostEntries, mostBytes, sizeOf)
      const bridge = await client()
      await sendEntries(`put events on bus ${found(bus)}`, calls, tries, call => put(bridge, call))
    },
  }
}

async function put(bridge: EventBridgeClient, entries: readonly PutEventsRequestEntry[]): Promise<EntryOutcome[]> {
  const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge')
  const { FailedEntryCount = 0, Entries = [] } = await bridge.send(new PutEventsCommand({ Entries: [...entries] }))
  if (FailedEntryCount === 0) return entries.map(() => ({ kind: 'taken' }))
  return entries.map((_, i) => {
    const { ErrorCode: code, ErrorMessage: message } = Entries[i] ?? {}
    if (code === undefined) return { kind: 'taken' }
    const reason = message === undefined ? code : `${code}: ${message}`
    return { kind: 'refused', reason, isFinal: !passing.test(code) }
  })
}

/** EventBridge: 14 bytes for a time, and the bytes of the texts. */
function sizeOf({ Time, Source, DetailType, Detail, Resources = [] }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : 14)
}

function checkEntry(entry: PutEventsRequestEntry): void {
  const { Detail = '', DetailType = '', Time } = entry
  const cannot = (what: string): never => {
    throw new RangeError(`Cannot write an event: ${what}`)
  }
  if (!Detail.trimStart().startsWith('{')) cannot(`its detail is ${found(Detail)}, a JSON object would be right`)
  if (DetailType === '' || DetailType.length > 128) {
    cannot(`its detail type has ${DetailType.length} characters, 1 to 128 would be right`)
  }
  if (Time !== undefined && Number.isNaN(Time.getTime()))
    cannot('its time is no time, milliseconds since 1970 would be right')
  const bytes = sizeOf(entry)
  if (bytes > mostBytes) cannot(`it has ${bytes} bytes, at most ${mostBytes} would be right`)
}
