import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Change,
  debezium,
  dynamodbChanges,
  isRowChange,
  json,
  minutes,
  pipeline,
  type RowChange,
  type Stream,
  tumbling,
} from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'

type User = { readonly id: number; readonly name: string; readonly country: string | null; readonly gone: boolean }
type Click = { readonly user: number; readonly page: string }

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type ValueOf<S> = S extends Stream<infer T, infer _Origin, infer _Sides> ? T : never
type Row<K, V> = { readonly key: K; readonly value: V }
const holds = <_Holds extends true>(): void => {}

const tables = pipeline('tables', ({ source }) => {
  const userEvents = source('users', { codec: json<User>() }).keyBy('user', user => user.id)
  const clicks = source('clicks', { codec: json<Click>() }).keyBy('user')
  const users = userEvents.latest('user-table', { isDeleted: user => user.gone })
  holds<Same<ValueOf<typeof users>, Row<number, User>>>()
  const log = users.changes('user-log')
  holds<Same<ValueOf<typeof log>, Change<Row<number, User>>>>()
  const again = log.keyBy('again', change => change.row.value.name).materialize('by-name', { mode: 'retract' })
  holds<Same<ValueOf<typeof again>, Row<string, Row<number, User>>>>()
  const byCountry = users.groupBy('country', row => row.value.country)
  const counted = byCountry.count('countries')
  holds<Same<ValueOf<typeof counted>, Row<string | null, number>>>()
  const last = byCountry.max('last-name', row => row.value.name)
  holds<Same<ValueOf<typeof last>, Row<string | null, string>>>()
  const names = byCountry.aggregate('names', {
    create: (): string[] => [],
    add: (list, row) => [...list, row.value.name],
    subtract: (list, row) => list.toSpliced(list.indexOf(row.value.name), 1),
    result: list => list.length,
  })
  holds<Same<ValueOf<typeof names>, Row<string | null, number>>>()
  const sizes = counted.groupBy('value').count('sizes')
  holds<Same<ValueOf<typeof sizes>, Row<number, number>>>()
  const enriched = clicks.joinTable('enriched', users, (click, user) => {
    holds<Same<typeof user, User>>()
    return `${click.page} ${user.name}`
  })
  const perhaps = clicks.joinTable(
    'perhaps',
    users,
    (click, user) => {
      holds<Same<typeof user, User | undefined>>()
      return [click.page, user?.name] as const
    },
    { type: 'left' },
  )
  holds<Same<ValueOf<typeof perhaps>, readonly [string, string | undefined]>>()
  const asOf = clicks.joinVersions(
    'as-of',
    userEvents,
    (click, user) => {
      holds<Same<typeof user, User | undefined>>()
      return click.page.length + (user?.id ?? 0)
    },
    { type: 'left', isDeleted: user => user.gone, allowedLateness: minutes(1), lateTo: 'lateClicks' },
  )
  const late = asOf.side('lateClicks')
  holds<Same<ValueOf<typeof late>, Click>>()
  const perUser = clicks.count('clicks-per-user')
  const profiles = users.joinTable(
    'profiles',
    perUser,
    (user, count) => {
      holds<Same<[typeof user, typeof count], [User | undefined, number | undefined]>>()
      return { name: user?.name, count: count ?? 0 }
    },
    { type: 'full' },
  )
  holds<Same<ValueOf<typeof profiles>, Row<number, { name: string | undefined; count: number }>>>()
  const countries = source('countries', { codec: json<{ readonly code: string; readonly title: string }>() })
    .keyBy('code')
    .latest('country-table', { by: 'arrival' })
  const located = users.joinOn(
    'located',
    countries,
    user => user.country,
    (user, country) => {
      holds<Same<[typeof user, typeof country], [User, { readonly code: string; readonly title: string }]>>()
      return country.title
    },
  )
  holds<Same<ValueOf<typeof located>, Row<number, string>>>()
  const captured = source('captured', { codec: debezium<User>(), eventTime: change => change.time }).filter(isRowChange)
  holds<Same<ValueOf<typeof captured>, RowChange<User>>>()
  const mirrored = captured.keyBy('captured-user', change => change.row.id).materialize('captured-users')
  holds<Same<ValueOf<typeof mirrored>, Row<number, User>>>()
  const items = source('items', { codec: dynamodbChanges<User>(), eventTime: change => change.time })
    .keyBy('item', change => change.row.name)
    .materialize('item-table', { by: 'eventTime' })
  holds<Same<ValueOf<typeof items>, Row<string, User>>>()
  // @ts-expect-error a stream of users is no stream of changes
  userEvents.materialize('wrong')
  // @ts-expect-error keys are numbers on the one side and texts on the other
  clicks.joinTable('wrong', countries, () => 1)
  const nameOf = (user: User) => user.name
  // @ts-expect-error users have numbers for keys, not names
  users.joinOn('wrong', users, nameOf, () => 1)
  // @ts-expect-error rows have no such property
  users.groupBy('nothing')
  // @ts-expect-error a sum is of numbers
  byCountry.sum('wrong', row => row.value.name)
  // @ts-expect-error a stream cannot keep what only the table has
  clicks.joinTable('wrong', users, () => 1, { type: 'full' })
  return {
    users,
    again,
    counted,
    last,
    names,
    sizes,
    profiles,
    located,
    mirrored,
    items,
    enriched: enriched.toStream('enriched', json()),
    asOf: asOf.toStream('as-of-out', json()),
  }
})

test('tables, their stages and what they keep are explained', () => {
  const { stages } = describe(tables.plan)
  assert.deepEqual(stages.map(({ name }) => name).toSorted(), [
    'again',
    'captured',
    'captured-user',
    'clicks',
    'code',
    'countries',
    'country',
    'item',
    'items',
    'located',
    'located-on',
    'user',
    'users',
    'value',
  ])
  const text = stages.flatMap(({ operators }) =>
    operators.map(({ name, function: fn, emits, keeps }) => `${name}: ${fn}; ${emits}; keeps ${keeps}`),
  )
  for (const line of [
    'user-table: latest value by event time, older ones change nothing; each change; keeps one value per key, for ever; that a key was deleted, for 1 day of event time',
    'country-table: latest value by arrival; each change; keeps one value per key, for ever',
    'user-log: changes of rows; inserts, updates before and after, deletes; keeps the newest state of each row, for ever',
    'user-table-by-country: changes of rows, by their group; what leaves a group and what comes to it; keeps the newest state of each row, for ever',
    'countries: count of rows; updates; keeps one accumulator per group that has rows',
    'last-name: max of rows; updates; keeps each different value of a group with the number of its rows',
    'enriched: inner join with the table as it is; each value once, when it arrives; keeps one row of the table per key, for ever',
    "as-of: left join with the version of the record's event time; each record once, when the watermark passes its time; keeps records until the watermark passes their time; per key the version valid at the watermark, and later ones",
    'profiles: full join of two tables by key; each change; keeps both rows of each key, for ever',
    'located-left: left rows and the right rows that they name; each change; keeps the newest state of each row, for ever',
    'located-answers: right rows for the left rows that name them; each change, for each left row; keeps one right row per key and a number per left row, for ever',
    'located: inner join of two tables by a foreign key; each change; keeps one left and one right row per left key, for ever',
  ])
    assert.ok(text.includes(line), `${line}\nis not in\n${text.join('\n')}`)
})

test('tables of two stages cannot be joined by key, and the error says what to do', () => {
  assert.throws(
    () =>
      pipeline('p', ({ source }) => {
        const users = source('users', { codec: json<User>() })
        const left = users.keyBy('id').latest('left')
        const right = users.keyBy('other', user => user.id).latest('right')
        return { both: left.joinTable('both', right, (a, b) => [a, b]) }
      }),
    {
      name: 'ConfigurationError',
      message:
        'Cannot plan pipeline "p": the inputs of "both" are in stages "id" and "other", key them under one name, as in left.keyBy("id", ...) and right.keyBy("id", ...)',
    },
  )
})

test('rows of windows are no table with one row per key', () => {
  for (const wrong of ['joinTable', 'joinOn'] as const) {
    assert.throws(
      () =>
        pipeline('p', ({ source }) => {
          const users = source('users', { codec: json<User>() }).keyBy('id')
          const counts = users.window(tumbling(minutes(1))).count('counts')
          const table = users.latest('table')
          const joined =
            wrong === 'joinTable'
              ? table.joinTable('both', counts, (a, b) => [a, b])
              : table.joinOn(
                  'both',
                  counts,
                  user => user.id,
                  (a, b) => [a, b],
                )
          return { joined }
        }),
      {
        name: 'ConfigurationError',
        message: 'Cannot join "both": "counts" has a row per key and window, expected a table with one row per key',
      },
    )
  }
})

test('nor are rows of a ranking', () => {
  assert.throws(
    () =>
      pipeline('p', ({ source }) => {
        const clicks = source('clicks', { codec: json<Click>() }).keyBy('user').count('counts').top('best', 3)
        return {
          named: clicks.joinOn(
            'named',
            clicks,
            count => count,
            () => 1,
          ),
        }
      }),
    { message: 'Cannot join "named": "best" has a row per rank, expected a table with one row per key' },
  )
})
