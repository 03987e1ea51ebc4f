import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Duration,
  hopping,
  json,
  milliseconds,
  minutes,
  pipeline,
  type Stream,
  session,
  tumbling,
  type Window,
} from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'

type Bid = { readonly auction: number; readonly price: number }
type Auction = { readonly id: number; readonly name: string; readonly expires: Date }

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type ValueOf<S> = S extends Stream<infer T, infer _Origin, infer _Sides> ? T : never
const holds = <_Holds extends true>(): void => {}

const after = minutes(1)

const joined = pipeline('joined', ({ source }) => {
  const bids = source('bids', { codec: json<Bid>() }).keyBy('auction')
  const auctions = source('auctions', { codec: json<Auction>() }).keyBy('auction', auction => auction.id)
  const inner = bids.join('inner', auctions, { after }, (bid, auction) => ({ ...bid, name: auction.name }))
  holds<Same<ValueOf<typeof inner>, { name: string; auction: number; price: number }>>()
  const left = bids.join('left', auctions, { type: 'left', after, before: after }, (bid, auction) => {
    holds<Same<typeof bid, Bid>>()
    holds<Same<typeof auction, Auction | undefined>>()
    return auction?.name
  })
  holds<Same<ValueOf<typeof left>, string | undefined>>()
  const right = bids.join('right', auctions, { type: 'right', after }, (bid, auction) => {
    holds<Same<typeof bid, Bid | undefined>>()
    holds<Same<typeof auction, Auction>>()
    return bid?.price
  })
  const full = bids.join('full', auctions, { type: 'full', within: 'forever' }, (bid, auction) => {
    holds<Same<typeof bid, Bid | undefined>>()
    holds<Same<typeof auction, Auction | undefined>>()
    return 1
  })
  const semi = bids.join('semi', auctions, {
    type: 'semi',
    after,
    where: (bid, auction) => bid.price > auction.name.length,
  })
  holds<Same<ValueOf<typeof semi>, Bid>>()
  const anti = auctions.join('anti', bids, {
    type: 'anti',
    until: auction => auction.expires,
    lateTo: { left: 'lateAuctions', right: 'lateBids' },
  })
  holds<Same<ValueOf<typeof anti>, Auction>>()
  const lateBids = anti.side('lateBids')
  holds<Same<ValueOf<typeof lateBids>, Bid>>()
  const lateAuctions = anti.side('lateAuctions')
  holds<Same<ValueOf<typeof lateAuctions>, Auction>>()

  const windows = bids
    .window(hopping(minutes(2), minutes(1)))
    .allowedLateness(minutes(1))
    .lateTo('expiredBids')
  const windowed = windows.join(
    'windowed',
    auctions,
    { type: 'left', lateTo: { right: 'expired' } },
    (bid, auction, window) => {
      holds<Same<typeof auction, Auction | undefined>>()
      holds<Same<typeof window, Window>>()
      return bid.price
    },
  )
  const expired = windowed.side('expired')
  holds<Same<ValueOf<typeof expired>, Auction>>()
  const expiredBids = windowed.side('expiredBids')
  holds<Same<ValueOf<typeof expiredBids>, Bid>>()
  const windowedSemi = bids.window(tumbling(minutes(1))).join('windowed-semi', auctions, { type: 'semi' })
  holds<Same<ValueOf<typeof windowedSemi>['value'], Bid>>()
  holds<Same<ValueOf<typeof windowedSemi>['key'], number>>()
  const groups = bids.window(tumbling(minutes(1))).coGroup('groups', auctions, (key, _window, lefts, rights) => {
    holds<Same<typeof key, number>>()
    holds<Same<typeof lefts, readonly Bid[]>>()
    holds<Same<typeof rights, readonly Auction[]>>()
    return [key]
  })
  holds<Same<ValueOf<typeof groups>, number>>()

  const byName = source('names', { codec: json<Auction>() }).keyBy('auction', auction => auction.name)
  // @ts-expect-error: a number never equals a text
  bids.join('unlike', byName, { after }, bid => bid)
  // @ts-expect-error: "until" is in place of "after"
  auctions.join('twice', bids, { after, until: auction => auction.expires }, auction => auction)
  // @ts-expect-error: there are no bounds where none are asked for
  bids.join('bounded', auctions, { within: 'forever', after }, bid => bid)
  // @ts-expect-error: a left join combines
  bids.join('left-only', auctions, { type: 'left', after })
  return {
    inner: inner.forEach(() => {}),
    left: left.forEach(() => {}),
    right: right.forEach(() => {}),
    full: full.forEach(() => {}),
    semi: semi.forEach(() => {}),
    anti: anti.forEach(() => {}),
    lateBids: lateBids.forEach(() => {}),
    lateAuctions: lateAuctions.forEach(() => {}),
    windowed: windowed.forEach(() => {}),
    windowedSemi: windowedSemi.forEach(() => {}),
    groups: groups.forEach(() => {}),
  }
})

test('explain says which pairs a join makes, when results go out and what it keeps', () => {
  const stage = describe(joined.plan).stages.find(each => each.name === 'auction')
  const texts = stage?.operators.map(({ name, ...text }) => [name, Object.values(text)])
  const bound = 'when the watermark has passed their bound'
  const kept = 'each record of both sides, until the watermark has passed its bound'
  const window = 'each record of both sides, until its last window has closed'
  const within = 'right from 0 ms before left to 1 minute after it'
  assert.deepEqual(Object.fromEntries(texts ?? []), {
    inner: ['inner join', within, 'pairs as they meet', 'none', kept],
    left: [
      'left join',
      'right from 1 minute before left to 1 minute after it',
      `pairs as they meet, records without a pair ${bound}`,
      'none',
      kept,
    ],
    right: ['right join', within, `pairs as they meet, records without a pair ${bound}`, 'none', kept],
    full: [
      'full join',
      'without bounds',
      'pairs as they meet, records without a pair at the end of the input',
      'none',
      'each record of both sides, for ever',
    ],
    semi: ['semi join with a condition', within, 'left values when no earlier pair can come', 'none', kept],
    anti: [
      'anti join',
      'right from 0 ms before left to the time that left says',
      `records without a pair ${bound}`,
      'none, then to side "lateAuctions" and "lateBids"',
      kept,
    ],
    windowed: [
      'left join',
      'windows of 2 minutes every 1 minute',
      "pairs at the window's end and as late records come, records without a pair when it closes",
      '1 minute, then to side "expiredBids" and "expired"',
      window,
    ],
    'windowed-semi': ['semi join', 'tumbling windows of 1 minute', "left values at the window's end", 'none', window],
    groups: ['coGroup', 'tumbling windows of 1 minute', 'once per key and window, when it closes', 'none', window],
  })
})

/** Builds a pipeline in which two streams are joined. */
function build(
  options: { readonly after?: Duration },
  names: readonly [string, string] = ['auction', 'auction'],
): void {
  pipeline('p', ({ source }) => {
    const left = source('left', { codec: json<Bid>() }).keyBy(names[0], bid => bid.auction)
    const right = source('right', { codec: json<Bid>() }).keyBy(names[1], bid => bid.auction)
    return { joined: left.join('joined', right, options, bid => bid).forEach(() => {}) }
  })
}

test('a join without bounds is refused unless it says so', () => {
  assert.throws(() => build({}), {
    message:
      'Cannot join in "joined": there is no bound, expected "before", "after" or "until", or within: \'forever\' to keep all records for ever',
  })
  assert.throws(
    () => build({ after: milliseconds(400_000_000_000_000) }),
    /^ConfigurationError: Cannot join within 400000000000000 ms/,
  )
})

test('streams that are keyed under two names do not meet', () => {
  assert.throws(() => build({ after }, ['one', 'other']), /the inputs of "joined" are in stages "one" and "other"/)
})

test('sessions are not joined, nor do expired records of both sides go to one side output', () => {
  pipeline('p', ({ source }) => {
    const left = source('left', { codec: json<Bid>() }).keyBy('auction')
    const right = source('right', { codec: json<Bid>() }).keyBy('auction')
    assert.throws(() => left.window(session(minutes(1))).join('joined', right, {}, bid => bid), {
      message:
        'Cannot join session windows in "joined": each side would have its own, expected tumbling, hopping, cumulating, daily or global windows, or an interval join',
    })
    assert.throws(() => left.join('joined', right, { after, lateTo: { left: 'late', right: 'late' } }, bid => bid), {
      message:
        'Cannot join in "joined": both sides\' expired records would go to "late", give each side output a name of its own',
    })
    return { left: left.join('joined', right, { after }, bid => bid).forEach(() => {}) }
  })
})
