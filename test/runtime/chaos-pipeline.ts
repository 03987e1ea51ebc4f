import { hopping, json, milliseconds, pipeline, session } from '../../shared/index.ts'

export type Happening = {
  readonly at: number
  readonly user: string
  readonly kind: string
  readonly amount: number
}

/** How far behind the latest record one may be: every record is in time. */
export const disorderMs = 50

const happenings = {
  codec: json<Happening>(),
  eventTime: (value: Happening) => value.at,
  outOfOrder: milliseconds(disorderMs),
}

/** Something of everything: two sources, a logged one and a transient one, three shuffles in a row, all kinds of sinks. */
export const chaos = pipeline(
  'chaos',
  ({ source }) => {
    const left = source('left', happenings)
    const right = source('right', happenings)
    const all = left.union(right)
    const byUser = all.keyBy('user')
    const perWindow = byUser.window(hopping(milliseconds(100), milliseconds(50))).sum('per-window', each => each.amount)
    const soFar = byUser.sum('so-far', each => each.amount)
    const sessions = byUser.window(session(milliseconds(30))).count('sessions', { emit: 'updates' })
    const best = soFar.top('best', 3)
    const buckets = perWindow
      .map(row => ({ bucket: row.value % 5 }))
      .keyBy('bucket')
      .count('per-bucket')
    const kinds = all
      .keyBy('kind')
      .distinct('kind')
      .map(each => ({ of: each.kind.slice(0, 1) }))
      .keyBy('of')
      .count('kinds')
    const archive = left.toFiles(json<Happening>(), { extension: 'json' })
    const calls = perWindow.map(row => `${row.key} ${row.window.end} ${row.value}`).forEach(() => {})
    return { perWindow, soFar, sessions, best, buckets, kinds, archive, calls }
  },
  { keyGroups: 4 },
)

type Row = { readonly key: string | number; readonly value: number }

/** What the pipeline comes to, computed the plain way from all records at once. */
export function evaluate(all: readonly Happening[], left: readonly Happening[]) {
  const windows = new Map<string, number>()
  const soFar = new Map<string, number>()
  const kinds = new Map<string, Set<string>>()
  for (const { at, user, kind, amount } of all) {
    soFar.set(user, (soFar.get(user) ?? 0) + amount)
    const last = Math.floor(at / 50) * 50
    for (const start of [last - 50, last]) {
      const place = `${user} ${start + 100}`
      windows.set(place, (windows.get(place) ?? 0) + amount)
    }
    const letter = kind.slice(0, 1)
    kinds.set(letter, (kinds.get(letter) ?? new Set()).add(kind))
  }
  const buckets = new Map<number, number>()
  for (const sum of windows.values()) buckets.set(sum % 5, (buckets.get(sum % 5) ?? 0) + 1)
  return {
    windows: [...windows].map(([place, sum]) => `${place} ${sum}`).sort(),
    soFar: rowsOf(soFar),
    sessions: sessionsOf(all),
    best: rowsOf(soFar)
      .toSorted((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1))
      .slice(0, 3)
      .map((row, i) => ({ rank: i + 1, ...row })),
    buckets: rowsOf(buckets),
    kinds: rowsOf(new Map([...kinds].map(([letter, seen]) => [letter, seen.size]))),
    archive: left.map(each => JSON.stringify(each)).sort(),
  }
}

function rowsOf(map: ReadonlyMap<string | number, number>): Row[] {
  const rows = [...map].map(([key, value]) => ({ key, value }))
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
}

function sessionsOf(all: readonly Happening[]): string[] {
  const byUser = Map.groupBy(all, each => each.user)
  return [...byUser]
    .flatMap(([user, own]) => {
      const times = own.map(each => each.at).sort((a, b) => a - b)
      const sessions: { start: number; end: number; count: number }[] = []
      for (const at of times) {
        const last = sessions.at(-1)
        if (last !== undefined && at <= last.end) {
          last.end = at + 30
          last.count++
        } else {
          sessions.push({ start: at, end: at + 30, count: 1 })
        }
      }
      return sessions.map(({ start, end, count }) => `${user} ${start} ${end} ${count}`)
    })
    .sort()
}
