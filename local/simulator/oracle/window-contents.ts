import type { SessionWindows, WindowAssigner } from '../../../shared/windows/window.ts'
import type { Message } from './arrivals.ts'
import { type ByTime, closesAt, type OracleWindow, sessionClosesAt, windowsAt, windowText } from './windows.ts'

export type WindowContents = {
  /** The messages of each window of each key. */
  readonly windows: readonly { readonly window: OracleWindow; readonly messages: readonly Message[] }[]
  /** Messages that are in no window: each was closed when they came. */
  readonly expired: readonly Message[]
}

/**
 * What is in which window. `isInOrder` says that the messages come in the order in which they came, with the watermarks that decide
 * which are late; otherwise none is late.
 */
export function contentsOf(
  messages: readonly Message[],
  assigner: Exclude<WindowAssigner, { kind: 'count' }>,
  latenessMs: number,
  isInOrder: boolean,
): WindowContents {
  switch (assigner.kind) {
    case 'session':
      return ofSessions(messages, assigner, latenessMs, isInOrder)
    case 'sliding':
      return ofSliding(messages, assigner.differenceMs, latenessMs)
    default:
      return ofFixed(messages, assigner, latenessMs)
  }
}

/**
 * A message is in each window that holds its time and was not closed by the watermark just before it. Of cumulating windows that skip
 * those that bring nothing new, one is there if it is the first that holds some message.
 */
function ofFixed(messages: readonly Message[], assigner: ByTime, latenessMs: number): WindowContents {
  const windows = new Map<string, { window: OracleWindow; messages: Message[]; isChanged: boolean }>()
  const expired: Message[] = []
  for (const message of messages) {
    const open = windowsAt(assigner, message.time).filter(window => closesAt(window, latenessMs) > message.watermark)
    if (open.length === 0) expired.push(message)
    const first = Math.min(...open.map(({ end }) => end))
    for (const window of open) {
      const name = `${windowText(window)}/${message.keyText}`
      const known = windows.get(name)
      const held = known ?? { window, messages: [], isChanged: false }
      windows.set(name, held)
      held.messages.push(message)
      if (window.end === first) held.isChanged = true
    }
  }
  const leavesOut = assigner.kind === 'cumulating' && assigner.leavesOutUnchanged
  return { windows: [...windows.values()].filter(each => each.isChanged || !leavesOut), expired }
}

/**
 * KIP-450: for each record the window that ends with it and the one that begins just after it, if that holds a record. One that the
 * watermark has closed is not made any more, and takes no more. A record is too late when all windows that could hold it are closed:
 * the one that begins with it is the last of them.
 */
function ofSliding(messages: readonly Message[], differenceMs: number, latenessMs: number): WindowContents {
  const windows: { window: OracleWindow; messages: Message[] }[] = []
  const windowFrom = (start: number): OracleWindow => ({ start, end: start + differenceMs + 1 })
  const isOpen = (window: OracleWindow, { watermark }: Message): boolean => closesAt(window, latenessMs) > watermark
  const isTaken = (message: Message): boolean => isOpen(windowFrom(message.time), message)
  for (const own of Map.groupBy(messages.filter(isTaken), message => message.keyText).values()) {
    const made = new Map<number, OracleWindow>()
    for (const message of own) {
      for (const window of [windowFrom(message.time - differenceMs), windowFrom(message.time + 1)]) {
        if (isOpen(window, message)) made.set(window.start, window)
      }
    }
    for (const window of made.values()) {
      const held = own.filter(
        message => message.time >= window.start && message.time < window.end && isOpen(window, message),
      )
      if (held.length > 0) windows.push({ window, messages: held })
    }
  }
  return { windows, expired: messages.filter(message => !isTaken(message)) }
}

/** The windows of a number of records each, of the records of a key in the order in which they came. */
export function countWindowsOf<T>(
  own: readonly T[],
  { size, every, emitsLeftover }: Extract<WindowAssigner, { kind: 'count' }>,
): { readonly window: OracleWindow; readonly held: readonly T[]; readonly isLeftover: boolean }[] {
  const windows = []
  for (let full = every; full - every < own.length; full += every) {
    const isLeftover = full > own.length
    if (isLeftover && !emitsLeftover) break
    const window = { start: Math.max(0, full - size), end: Math.min(full, own.length) }
    windows.push({ window, held: own.slice(window.start, window.end), isLeftover })
  }
  return windows
}

type Session = { first: number; last: number; messages: Message[] }

/** Messages of a key at most one gap apart, or less than one, belong together, as long as their session was not closed. */
function ofSessions(
  messages: readonly Message[],
  assigner: SessionWindows,
  latenessMs: number,
  isInOrder: boolean,
): WindowContents {
  const { gapMs } = assigner
  const windows: { window: OracleWindow; messages: Message[] }[] = []
  const expired: Message[] = []
  for (const own of Map.groupBy(messages, message => message.keyText).values()) {
    const sessions = isInOrder ? inOrder(own, assigner, latenessMs, expired) : byTime(own, assigner)
    for (const { first, last, messages: held } of sessions) {
      windows.push({ window: { start: first, end: last + gapMs }, messages: held })
    }
  }
  return { windows, expired }
}

/** Whether two times at this distance share a session. */
const isTogether = ({ gapMs, joinsAtGap }: SessionWindows, distance: number): boolean =>
  joinsAtGap ? distance <= gapMs : distance < gapMs

/** By event time alone. */
function byTime(messages: readonly Message[], assigner: SessionWindows): Session[] {
  const sessions: Session[] = []
  for (const message of messages.toSorted((a, b) => a.time - b.time)) {
    const { time } = message
    const session = sessions.at(-1)
    if (session === undefined || !isTogether(assigner, time - session.last)) {
      sessions.push({ first: time, last: time, messages: [message] })
    } else {
      session.last = time
      session.messages.push(message)
    }
  }
  return sessions
}

/** One after the other; a session that the watermark has closed takes no more. */
function inOrder(
  messages: readonly Message[],
  assigner: SessionWindows,
  latenessMs: number,
  expired: Message[],
): Session[] {
  const closed: Session[] = []
  let open: Session[] = []
  for (const message of messages) {
    const { time, watermark } = message
    const isClosed = ({ last }: { readonly last: number }): boolean =>
      sessionClosesAt(assigner, last + assigner.gapMs, latenessMs) <= watermark
    closed.push(...open.filter(isClosed))
    open = open.filter(session => !isClosed(session))
    const touched = open.filter(
      ({ first, last }) => isTogether(assigner, first - time) && isTogether(assigner, time - last),
    )
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
