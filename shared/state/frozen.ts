/**
 * What a state handle gives out: a mutation of it would be lost, so types refuse it, and at run time it throws. Bytes (typed arrays)
 * cannot be frozen: of them only the type warns.
 */
export type Frozen<T> = T extends Scalar
  ? T
  : T extends Map<infer K, infer V> | ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<Frozen<K>, Frozen<V>>
    : T extends Set<infer V> | ReadonlySet<infer V>
      ? ReadonlySet<Frozen<V>>
      : T extends object
        ? { readonly [Name in keyof T]: Frozen<T[Name]> }
        : T

type Scalar = string | number | boolean | bigint | null | undefined | symbol | Date | ArrayBufferView

/**
 * Freezes plain data through and through, and answers it. What is frozen already is taken to be so all the way down. Throws a TypeError
 * for what state cannot hold: undefined, functions, and instances of classes, which would come back without their class.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') refuse(value)
    return value
  }
  if (!Object.isFrozen(value)) freeze(value)
  return value
}

function freeze(value: object): void {
  if (Array.isArray(value)) {
    for (const each of value) frozenPart(each)
  } else if (value instanceof Map) {
    for (const [key, each] of value) {
      frozenPart(key)
      frozenPart(each)
    }
    forbid(value, ['set', 'delete', 'clear'])
  } else if (value instanceof Set) {
    for (const each of value) frozenPart(each)
    forbid(value, ['add', 'delete', 'clear'])
  } else if (value instanceof Date) {
    forbid(value, dateSetters)
  } else if (ArrayBuffer.isView(value)) {
    return
  } else if (isPlain(value)) {
    for (const each of Object.values(value)) frozenPart(each)
  } else {
    refuse(value)
  }
  Object.freeze(value)
}

/** A property that is undefined is as one that is not there. */
function frozenPart(value: unknown): void {
  if (value !== undefined) frozen(value)
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const dateSetters = Object.getOwnPropertyNames(Date.prototype).filter(name => name.startsWith('set'))

function forbid(value: object, methods: readonly string[]): void {
  for (const method of methods) {
    Object.defineProperty(value, method, {
      value: () => {
        throw new TypeError(`Cannot ${method} in what state holds: put a changed copy with set or update`)
      },
    })
  }
}

function refuse(value: unknown): never {
  const found =
    typeof value === 'object' && value !== null
      ? `an instance of ${value.constructor.name}`
      : value === undefined
        ? 'undefined'
        : `a ${typeof value}`
  throw new TypeError(`Cannot keep ${found} in state: expected plain data`)
}
