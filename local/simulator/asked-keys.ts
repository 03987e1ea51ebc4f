import type { LookupCall } from '../../shared/ports/lookups.ts'
import type { Happening } from './observation.ts'
import { type AskedKey, type AskedKeys, keyText } from './oracle/index.ts'

type Noted = AskedKey & { answers: unknown[]; hasFailed: boolean }

/** Notes what the calls of lookups come to in a run, those too that nobody waits for any more. */
export class AskedKeysOfRun {
  readonly #keys = new Map<string, Map<string, Noted>>()

  get keys(): AskedKeys {
    return this.#keys
  }

  readonly hear = (happening: Happening): void => {
    if (happening.kind !== 'effect' && happening.kind !== 'answer') return
    const { call } = happening
    if (call.port !== 'lookups') return
    const [asked] = call.args
    if (happening.kind === 'effect') this.#answered(asked, happening.result)
    else if (happening.error !== undefined) this.#failed(asked)
  }

  #answered(call: LookupCall, result: unknown): void {
    const byKey = result instanceof Map ? new Map([...result].map(([key, value]) => [keyText(key), value])) : undefined
    const isList = Array.isArray(result) && result.length === call.keys.length
    if (byKey === undefined && !isList) return this.#failed(call)
    for (const [i, key] of call.keys.entries()) {
      const noted = this.#noted(call.lookup, key)
      const answer = isList ? result[i] : byKey?.get(keyText(key))
      noted.answers.push(answer)
    }
  }

  #failed({ lookup, keys }: LookupCall): void {
    for (const key of keys) this.#noted(lookup, key).hasFailed = true
  }

  #noted(lookup: string, key: unknown): Noted {
    const ofLookup = this.#keys.get(lookup) ?? new Map<string, Noted>()
    this.#keys.set(lookup, ofLookup)
    const text = keyText(key)
    const noted = ofLookup.get(text) ?? { key, answers: [], hasFailed: false }
    ofLookup.set(text, noted)
    return noted
  }
}
