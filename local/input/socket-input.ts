import type { Socket as Connection } from 'node:net'
import { asBuffer } from '../../shared/codecs/bytes.ts'
import { LineReader } from '../../shared/codecs/files/line-reader.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { Socket, SourceNode } from '../../shared/plan/source.ts'
import { fileLetter, placeInFile } from '../../shared/sources/file-letter.ts'
import { LineCollector } from '../../shared/sources/line-collector.ts'
import type { FileTarget } from './file-target.ts'
import { packed } from './packed.ts'
import { connected } from './socket.ts'

/** Puts the lines that a TCP server sends in a source's stream, until it ends the connection. */
export class SocketInput {
  readonly source: string
  readonly counts = { lines: 0, tooLong: 0 }
  readonly bytesDone = 0
  readonly #target: FileTarget
  readonly #plan: Plan
  readonly #place: Socket
  #connection: Connection | undefined

  constructor(target: FileTarget, plan: Plan, source: SourceNode, place: Socket) {
    this.source = source.name
    this.#target = target
    this.#plan = plan
    this.#place = place
  }

  /** Connects. Throws an InputError where nobody answers. */
  async prepare(): Promise<number> {
    this.#connection = await connected(this.#place.host, this.#place.port)
    return 0
  }

  async load(room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) throw new Error('Cannot load an input: prepare it first')
    const end = (): void => void connection.destroy()
    signal.addEventListener('abort', end)
    try {
      // Lines are numbered through all sessions.
      const lines = new LineCollector(Number((await this.#target.noted(this.source)) ?? 0), undefined)
      const reader = new LineReader(lines, true)
      for await (const part of connection) {
        reader.block(asBuffer(part))
        await room()
        await this.#keep(lines)
      }
      reader.finish()
      await this.#keep(lines)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', end)
      connection.destroy()
    }
  }

  async #keep(lines: LineCollector): Promise<void> {
    const { host, port } = this.#place
    const name = `${host}-${port}`
    const { records, refused } = lines.take()
    const letters = refused.map(({ place, head, length, reason }) =>
      fileLetter({
        stage: this.source,
        pipelineVersion: fingerprintOf(this.#plan),
        id: `socket/${place}`,
        place: placeInFile(name, place),
        reason,
        payload: head,
        payloadBytes: length,
      }),
    )
    const note = String(lines.places)
    await this.#target.keep(this.source, { records: packed(name, records), letters, isEnd: false, note })
  }
}
