import type { LookupOptions } from '../../../shared/dsl/lookup.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Stream } from '../../../shared/dsl/stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Key } from '../../../shared/model/key.ts'
import type { Random } from '../random.ts'
import type { Fact } from './fact.ts'
import type { Branch } from './pipeline-growth.ts'

type Asking = { readonly text: string; readonly key: (fact: Fact) => Key | undefined }

const askings: readonly Asking[] = [
  { text: 'kind', key: ({ kind }) => kind },
  { text: 'rest', key: ({ id }) => id % 11 },
  { text: 'pair', key: ({ user, kind }) => [user ?? 'nobody', kind] },
  { text: 'some', key: ({ id }) => (id % 4 === 0 ? undefined : BigInt(id % 9)) },
]

/** Depends on the key alone; there is none for some. */
function worthOf(key: Key): number | undefined {
  const text = String(key)
  const worth = text.length + (text.codePointAt(text.length - 1) ?? 0)
  return worth % 5 === 0 ? undefined : worth
}

/** Without the keys for which there is none. */
const mapOf = (keys: readonly Key[]): ReadonlyMap<Key, number> =>
  new Map(keys.flatMap(key => [worthOf(key)].flatMap(worth => (worth === undefined ? [] : [[key, worth] as const]))))

/** No call for such a key succeeds. */
const isUnanswerable = (key: Key): boolean => (worthOf(key) ?? 0) % 7 === 1

type Asked = LookupOptions<Fact, Key, number>
type Fetching =
  | Pick<Extract<Asked, { fetchAll?: never }>, 'fetch'>
  | Pick<Extract<Asked, { fetch?: never }>, 'fetchAll' | 'keysPerCall'>

/**
 * Facts with what is known elsewhere. Calls fail by the faults of the run; where what stands in is what a call would have answered, the
 * answer is known all the same.
 */
export function growLookup(
  random: Random,
  { stream, isStale }: Branch,
  name: string,
): { readonly text: string; readonly facts: Stream<Fact, Origins, unknown> } {
  const { text, key } = random.pick(askings)
  const isRefused = !isStale && random.chance(0.2)
  const check = (asked: Key): void => {
    if (isRefused && isUnanswerable(asked)) throw new Error('no answer')
  }
  const keysPerCall = random.between(1, 4)
  const isList = random.chance(0.5)
  const fetching: Fetching =
    isRefused || random.chance(0.4)
      ? {
          fetch: async asked => {
            check(asked)
            return worthOf(asked)
          },
        }
      : { keysPerCall, fetchAll: async keys => (isList ? keys.map(worthOf) : mapOf(keys)) }
  const hasStandIn = isStale || random.chance(0.8)
  const options: Asked = {
    key,
    ...fetching,
    concurrency: random.between(1, 4),
    retries: random.between(0, 3),
    ...(random.chance(0.5) && {
      cache: { most: random.between(1, 6), ttl: milliseconds(random.between(1, 5_000)), missing: random.chance(0.5) },
    }),
    ...(hasStandIn && {
      orElse: (asked: Key) => {
        check(asked)
        return worthOf(asked)
      },
    }),
  }
  const facts = stream.lookup(name, options, (fact, worth) => ({ ...fact, amount: fact.amount + (worth ?? 0) }))
  const how = 'fetch' in fetching ? 'one by one' : `${keysPerCall} at a time`
  return {
    text: `lookup by ${text} ${how}${isRefused ? ', some refused' : ''}${hasStandIn ? ', with a stand-in' : ''}`,
    facts,
  }
}
