import type { ProtoFile, ProtoType } from './proto-file.ts'

/** A type of a file or of what it imports. */
export type FoundType = {
  readonly type: ProtoType
  /** With the package. */
  readonly fullName: string
  /** Within the package. */
  readonly localName: string
  readonly packageName: string
  /** The import that brings it, `undefined` for the file itself. */
  readonly file: string | undefined
}

/** All types that a file knows, by their full names. */
export class ProtoTypes {
  readonly #types = new Map<string, FoundType>()

  add(file: ProtoFile, name?: string): void {
    this.#addAll(file.types, file.packageName, '', name)
  }

  /** The type that a name means within a scope, from the innermost outwards. */
  resolve(name: string, scope: string): FoundType | undefined {
    if (name.startsWith('.')) return this.#types.get(name.slice(1))
    const parts = scope === '' ? [] : scope.split('.')
    for (let length = parts.length; length >= 0; length--) {
      const found = this.#types.get([...parts.slice(0, length), name].join('.'))
      if (found !== undefined) return found
    }
    return undefined
  }

  #addAll(types: readonly ProtoType[], packageName: string, outer: string, file: string | undefined): void {
    for (const type of types) {
      const localName = outer === '' ? type.name : `${outer}.${type.name}`
      const fullName = packageName === '' ? localName : `${packageName}.${localName}`
      this.#types.set(fullName, { type, fullName, localName, packageName, file })
      if (type.kind === 'message') this.#addAll(type.types, packageName, localName, file)
    }
  }
}
