import type { WrittenReference } from '../../codecs/framing/schema-source.ts'
import type { JsonObject } from './json-node.ts'

/** Longer chains of references to references are taken for circles. */
const longestChain = 100

/** Where a `$ref` leads: within the schema, to a part with an id or an anchor, or to a reference by its name. */
export class JsonPlaces {
  readonly #document: unknown
  /** Whole schemas by the names and ids that lead to them. */
  readonly #byUri = new Map<string, unknown>()
  /** Parts by `SCHEMA#ANCHOR`. */
  readonly #byAnchor = new Map<string, unknown>()
  /** To which schema a part with a reference belongs: its references are as of there. */
  readonly #homes = new Map<unknown, { readonly root: unknown; readonly base: string }>()

  constructor(document: unknown, references: readonly WrittenReference[]) {
    this.#document = document
    this.#addAll(references, new Set())
    this.#add(document, idOf(document) ?? '')
  }

  /** Refuses references that lead nowhere. */
  checkAll(): void {
    for (const part of this.#homes.keys()) this.followed(part)
  }

  /** The schema itself, where it is no reference to another one. */
  followed(schema: unknown): unknown {
    let found = schema
    for (let steps = 0; steps < longestChain; steps++) {
      const ref = isObject(found) ? (found.$ref ?? found.$dynamicRef) : undefined
      if (typeof ref !== 'string') return found
      found = this.#target(found, ref)
    }
    throw new Error(`references lead around in a circle at ${JSON.stringify(schema)}`)
  }

  #target(from: unknown, ref: string): unknown {
    const { root, base } = this.#homes.get(from) ?? { root: this.#document, base: '' }
    const [uri = '', fragment = ''] = ref.split('#')
    const home = uri === '' ? root : (this.#byUri.get(uri) ?? this.#byUri.get(resolved(uri, base)))
    if (home === undefined)
      throw new Error(`reference "${ref}" leads nowhere, expected it among the schema's references`)
    if (fragment === '') return home
    const target = fragment.startsWith('/')
      ? pointed(home, fragment)
      : this.#byAnchor.get(`${this.#uriOf(home)}#${fragment}`)
    if (target === undefined) throw new Error(`reference "${ref}" leads nowhere, expected a part of the schema`)
    return target
  }

  #uriOf(root: unknown): string {
    return this.#homes.get(root)?.base ?? idOf(root) ?? ''
  }

  #addAll(references: readonly WrittenReference[], done: Set<string>): void {
    for (const { name, schema } of references) {
      const key = `${name} ${schema.text}`
      if (done.has(key)) continue
      done.add(key)
      this.#addAll(schema.references ?? [], done)
      const document: unknown = JSON.parse(schema.text)
      this.#byUri.set(name, document)
      this.#add(document, idOf(document) ?? name)
    }
  }

  /** Looks through a schema for references, ids and anchors. */
  #add(root: unknown, base: string): void {
    this.#byUri.set(base, root)
    const waiting = [{ part: root, root, base }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { part } = next
      if (Array.isArray(part)) for (const each of part) waiting.push({ ...next, part: each })
      if (!isObject(part)) continue
      const id = idOf(part)
      const here = id === undefined || part === root ? next : this.#embedded(part, id, next)
      if (typeof part.$ref === 'string' || typeof part.$dynamicRef === 'string' || part === root) {
        this.#homes.set(part, { root: here.root, base: here.base })
      }
      for (const anchor of [part.$anchor, part.$dynamicAnchor]) {
        if (typeof anchor === 'string') this.#byAnchor.set(`${here.base}#${anchor}`, part)
      }
      for (const [keyword, each] of Object.entries(part)) {
        // Values are no schemas, whatever they look like.
        if (!['enum', 'const', 'default', 'examples'].includes(keyword)) waiting.push({ ...here, part: each })
      }
    }
  }

  #embedded(part: JsonObject, id: string, home: { readonly root: unknown; readonly base: string }) {
    if (id.startsWith('#')) {
      this.#byAnchor.set(`${home.base}${id}`, part)
      return { ...home, part }
    }
    const base = resolved(id, home.base)
    this.#byUri.set(base, part)
    this.#byUri.set(id, part)
    return { root: part as unknown, base, part }
  }
}

function idOf(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined
  const id = schema.$id ?? schema.id
  return typeof id === 'string' ? id.replace(/#$/, '') : undefined
}

/** A relative URI as of another; as it is where that cannot be. */
function resolved(uri: string, base: string): string {
  return URL.canParse(uri, base) ? new URL(uri, base).href : uri
}

function pointed(root: unknown, pointer: string): unknown {
  let found = root
  for (const step of pointer.slice(1).split('/')) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(found)) found = found[Number(name)]
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
