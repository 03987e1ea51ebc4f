import type { WindowAssigner } from '../../../shared/windows/window.ts'
import type { Message } from './arrivals.ts'
import { closesAt, type OracleWindow, sessionClosesAt, windowsAt, windowText } from './windows.ts'

export type WindowContents = {
  /** The messages of each window of each key. */
  readonly windows: readonly { readonly window: OracleWindow; readonly messages: readonly Message[] }[]
  /** Messages that are in no window: each was closed when they came. */
  readonly expired: readonly Message[]
}

/**
 * Windows of fixed size: a message is in each window that holds its time and was not closed by the watermark just before it. Messages
 * in the order in which they came, where any is late.
 */
export function contentsOf(
  messages: readonly Message[],
  assigner: Exclude<WindowAssigner, { kind: 'session' }>,
  latenessMs: number,
): WindowContents {
  const windows = new Map<string, { window: OracleWindow; messages: Message[] }>()
  const expired: Message[] = []
  for (const message of messages) {
    const open = windowsAt(assigner, message.time).filter(window => closesAt(window, latenessMs) > message.watermark)
    if (open.length === 0) expired.push(message)
    for (const window of open) {
      const name = `${windowText(window)}/${message.keyText}`
      const known = windows.get(name)
      if (known === undefined) windows.set(name, { window, messages: [message] })
      else known.messages.push(message)
    }
  }
  return { windows: [...windows.values()], expired }
}

type Session = { first: number; last: number; messages: Message[] }

/**
 * Sessions: messages of a key at most one gap apart belong together, as long as their session was not closed. `isInOrder` says that the
 * messages come in the order and with the watermarks that decide which are; otherwise none is.
 */
export function sessionContentsOf(
  messages: readonly Message[],
  gapMs: number,
  latenessMs: number,
  isInOrder: boolean,
): WindowContents {
  const windows: { window: OracleWindow; messages: Message[] }[] = []
  const expired: Message[] = []
  for (const own of Map.groupBy(messages, message => message.keyText).values()) {
    const sessions = isInOrder ? inOrder(own, gapMs, latenessMs, expired) : byTime(own, gapMs)
    for (const { first, last, messages: held } of sessions) {
      windows.push({ window: { start: first, end: last + gapMs }, messages: held })
    }
  }
  return { windows, expired }
}

/** By event time alone. */
function byTime(messages: readonly Message[], gapMs: number): Session[] {
  const sessions: Session[] = []
  for (const message of messages.toSorted((a, b) => a.time - b.time)) {
    const { time } = message
    const session = sessions.at(-1)
    if (session === undefined || time > session.last + gapMs) {
      sessions.push({ first: time, last: time, messages: [message] })
    } else {
      session.last = time
      session.messages.push(message)
    }
  }
  return sessions
}

/** One after the other; a session that the watermark has closed takes no more. */
function inOrder(messages: readonly Message[], gapMs: number, latenessMs: number, expired: Message[]): Session[] {
  const closed: Session[] = []
  let open: Session[] = []
  for (const message of messages) {
    const { time, watermark } = message
    const isClosed = ({ last }: { readonly last: number }): boolean =>
      sessionClosesAt(last + gapMs, latenessMs) <= watermark
    closed.push(...open.filter(isClosed))
    open = open.filter(session => !isClosed(session))
    const touched = open.filter(({ first, last }) => time >= first - gapMs && time <= last + gapMs)
    const merged: Session = {
      first: Math.min(time, ...touched.map(session => session.first)),
      last: Math.max(time, ...touched.map(session => session.last)),
      messages: [...touched.flatMap(session => session.messages), message],
    }
    if (isClosed(merged)) expired.push(message)
    else open = [...open.filter(session => !touched.includes(session)), merged]
  }
  return [...closed, ...open]
}
