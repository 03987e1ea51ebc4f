import { createHash } from 'node:crypto'
import type { Checker, Happening, Watch } from '../observation.ts'

/**
 * A name never means two things: a file's path always has the same bytes, the id of a batch for `forEach` always the same values, a part
 * of a page as of one version always the same bytes.
 *
 * It does not check that each name is needed, or that the things are right: the comparison with the batch does.
 */
export const names: Checker = {
  name: 'names',
  watch: () => new NamesWatch(),
}

class NamesWatch implements Watch {
  readonly #meanings = new Map<string, string>()
  #wrong: string | undefined

  onHappening(happening: Happening): void {
    if (happening.kind !== 'effect') return
    const { call, result } = happening
    if (call.method === 'forEach') {
      const [sink, id, values] = call.args
      this.#named(`Batch "${id}" for "${sink}"`, JSON.stringify(values))
    }
    if (call.method === 'write') {
      const [sink, name, bytes] = call.args
      this.#named(`File "${sink}/${name}"`, digest(bytes))
    }
    if (call.method === 'writePage' && isWritten(result)) {
      const [{ stage, group }, { version, part, bytes }] = call.args
      this.#named(`Part ${part} of key group ${group} of stage "${stage}" as of version ${version}`, digest(bytes))
    }
  }

  onStep(): string | undefined {
    return this.#wrong
  }

  atEnd(): readonly string[] {
    return []
  }

  #named(name: string, meaning: string): void {
    const before = this.#meanings.get(name)
    if (before === undefined) this.#meanings.set(name, meaning)
    else if (before !== meaning) this.#wrong ??= `${name} has meant two things`
  }
}

const digest = (bytes: Uint8Array | string): string => createHash('sha1').update(bytes).digest('hex')

const isWritten = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'written'
