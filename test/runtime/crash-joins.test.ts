import { test } from 'node:test'
import { json, milliseconds, pipeline, tumbling } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Bid = { readonly ms: number; readonly auction: string; readonly id: string }

const bids = { codec: json<Bid>(), eventTime: (bid: Bid) => bid.ms }
const text = (left: Bid | undefined, right: Bid | undefined) => `${left?.id}-${right?.id}`

const interval = pipeline(
  'interval',
  ({ source }) => {
    const left = source('lefts', bids).keyBy('auction')
    const right = source('rights', bids).keyBy('auction')
    const lateTo = { left: 'lateLefts', right: 'lateRights' } as const
    const full = left.join(
      'full',
      right,
      { type: 'full', before: milliseconds(5), after: milliseconds(5), lateTo },
      text,
    )
    const semi = left.join('semi', right, { type: 'semi', after: milliseconds(20) }).map(bid => bid.id)
    return {
      full: full.forEach(() => {}),
      lateLefts: full.side('lateLefts').forEach(() => {}),
      lateRights: full.side('lateRights').forEach(() => {}),
      perResult: semi.keyBy('id', id => id).count('per-result'),
    }
  },
  { keyGroups: 2 },
)

test('interval joins come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: interval,
    options: { batchSize: 3 },
    play: async run => {
      await run.lefts.push({ ms: 10, auction: 'a', id: 'l1' }, { ms: 12, auction: 'b', id: 'l2' })
      await run.rights.push({ ms: 4, auction: 'a', id: 'r1' }, { ms: 17, auction: 'b', id: 'r2' })
      await run.lefts.push({ ms: 40, auction: 'a', id: 'l3' })
      await run.rights.push({ ms: 45, auction: 'a', id: 'r3' }, { ms: 3, auction: 'a', id: 'late' })
      await run.lefts.push({ ms: 36, auction: 'a', id: 'l4' }, { ms: 1, auction: 'b', id: 'later' })
      await run.lefts.end()
      await run.rights.end()
    },
    see: async run => ({
      full: run.full.values().toSorted(),
      late: [...run.lateLefts.values(), ...run.lateRights.values()],
      perResult: run.perResult.rows(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

const windowed = pipeline(
  'windowed',
  ({ source }) => {
    const left = source('lefts', bids)
      .keyBy('auction')
      .window(tumbling(milliseconds(10)))
      .allowedLateness(milliseconds(10))
    const right = source('rights', bids).keyBy('auction')
    return {
      left: left.join('left', right, { type: 'left' }, text).forEach(() => {}),
      groups: left
        .coGroup('groups', right, (key, { end }, lefts, rights) => [`${key} ${end} ${lefts.length} ${rights.length}`])
        .forEach(() => {}),
    }
  },
  { keyGroups: 2 },
)

test('window joins and cogroups come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: windowed,
    options: { batchSize: 3 },
    play: async run => {
      await run.lefts.push({ ms: 10, auction: 'a', id: 'l1' }, { ms: 12, auction: 'b', id: 'l2' })
      await run.rights.push({ ms: 14, auction: 'a', id: 'r1' }, { ms: 21, auction: 'b', id: 'r2' })
      await run.lefts.push({ ms: 22, auction: 'a', id: 'l3' })
      await run.split('auction')
      await run.rights.push({ ms: 13, auction: 'a', id: 'late' }, { ms: 45, auction: 'a', id: 'r3' })
      await run.lefts.end()
      await run.rights.end()
    },
    see: async run => ({ left: run.left.values().toSorted(), groups: run.groups.values().toSorted() }),
  })
  t.diagnostic(`${count} awaits`)
})
