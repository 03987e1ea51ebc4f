import { compress, decompress, packValue, unpackValue } from '../codecs/values.ts'
import type { Outbox } from '../emit/outbox.ts'
import type { SequenceNumber } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { LineageShard } from '../model/lineage.ts'
import type { StoreDelta } from '../state/store.ts'

/** All that one version says. */
export type CommitBody = {
  /** Up to which record of the shard this version has consumed; undefined before the first. */
  readonly through: Through | undefined
  readonly groups: readonly GroupHead[]
  /** Watermark of a source's shard; behind a shuffle each key group has its own. */
  readonly sourceWatermark: number
  /** Shards of the stage that its chunks announce, as listed at the log's birth. */
  readonly shards: readonly LineageShard[]
  /** By receiving stage, the watermark that all of its key groups were told of. */
  readonly announced: Readonly<Record<string, number>>
  /** Counts since the log began. */
  readonly tallies: Tallies
  /** Nothing comes after this version: children own the key groups. */
  readonly sealed: boolean
  /** What the state means: see plan/shape. */
  readonly shape: string
  readonly delta: readonly StoreDelta[]
  readonly outbox: Outbox
}

export type Through = { readonly sequence: SequenceNumber; readonly sub: number }

export type GroupHead = {
  readonly group: number
  readonly page: PageRef | undefined
  readonly watermark: number
  /** Set where the commit was cut between timers that are due at one time: all up to this one have fired. */
  readonly cut: TimerCut | undefined
  /** Least event time of a result that waits to go out: the watermark that is told stays below it. */
  readonly hold?: number
}

export type PageRef = { readonly version: number; readonly slot: 0 | 1 }
export type TimerCut = { readonly at: number; readonly operator: string; readonly id: string }

export type Tallies = {
  /** User records of a source, messages of a shuffle. */
  readonly messages: number
  readonly malformed: number
  readonly late: number
  readonly expired: number
  readonly duplicates: number
  readonly deadLetters: number
  readonly skipped: number
}

export const noTallies: Tallies = {
  messages: 0,
  malformed: 0,
  late: 0,
  expired: 0,
  duplicates: 0,
  deadLetters: 0,
  skipped: 0,
}

const bodyVersion = 2
/** One byte for the version, four for the length of the delta, which comes first: most of what a load reads is of use for its delta alone. */
const prefixBytes = 5

export function encodeBody({ delta, groups, ...rest }: CommitBody): Buffer {
  const changes = packValue(delta)
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt8(bodyVersion)
  prefix.writeUInt32BE(changes.length, 1)
  return compress(Buffer.concat([prefix, changes, packValue([headColumns(groups), rest])]), limits.writeUnitBytes)
}

export function decodeBody(bytes: Uint8Array): CommitBody {
  const [changes, others] = partsOf(bytes)
  const [columns, rest] = unpackValue(others) as [HeadColumns, Omit<CommitBody, 'groups' | 'delta'>]
  return { ...rest, delta: unpackValue(changes) as CommitBody['delta'], groups: headsOf(columns) }
}

/** What the version changed, without the rest: of all that a load reads but the newest it needs no more. */
export const decodeDelta = (bytes: Uint8Array): CommitBody['delta'] =>
  unpackValue(partsOf(bytes)[0]) as CommitBody['delta']

function partsOf(bytes: Uint8Array): readonly [changes: Buffer, others: Buffer] {
  const plain = decompress(bytes)
  const version = plain.readUInt8()
  if (version !== bodyVersion) throw new RangeError(`Cannot read a commit: format ${version}, expected ${bodyVersion}`)
  const from = prefixBytes + plain.readUInt32BE(1)
  return [plain.subarray(prefixBytes, from), plain.subarray(from)]
}

/** Heads of key groups, column by column: they are in every commit, and mostly alike. */
type HeadColumns = {
  readonly groups: readonly number[]
  /** -1 for none. */
  readonly pageVersions: readonly number[]
  readonly pageSlots: readonly (0 | 1)[]
  readonly watermarks: readonly number[]
  /** By index, the few that there are. */
  readonly cuts: readonly (readonly [index: number, cut: TimerCut])[]
  /** By index; left out where there are none. */
  readonly holds?: readonly (readonly [index: number, hold: number])[]
}

function headColumns(heads: readonly GroupHead[]): HeadColumns {
  const holds = heads.flatMap(({ hold }, i) => (hold === undefined ? [] : [[i, hold] as const]))
  return {
    groups: heads.map(head => head.group),
    pageVersions: heads.map(head => head.page?.version ?? -1),
    pageSlots: heads.map(head => head.page?.slot ?? 0),
    watermarks: heads.map(head => head.watermark),
    cuts: heads.flatMap(({ cut }, i) => (cut === undefined ? [] : [[i, cut] as const])),
    ...(holds.length > 0 && { holds }),
  }
}

function headsOf({ groups, pageVersions, pageSlots, watermarks, cuts, holds }: HeadColumns): GroupHead[] {
  const cutAt = new Map(cuts)
  const holdAt = new Map(holds ?? [])
  return groups.map((group, i) => {
    const hold = holdAt.get(i)
    return {
      group,
      page: pageVersions[i] < 0 ? undefined : { version: pageVersions[i], slot: pageSlots[i] },
      watermark: watermarks[i],
      cut: cutAt.get(i),
      ...(hold !== undefined && { hold }),
    }
  })
}
