import { ConfigurationError, describeThrown, MalformedRecordError } from '../model/errors.ts'
import { foundValue, oneLine } from './found.ts'
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts'

/**
 * A schema's validator as a function that throws a MalformedRecordError: of the first issues where they are, what was found there and why
 * the schema refuses it. Throws a ConfigurationError for a schema that is known to validate asynchronously.
 */
export function validated<Output>(what: string, schema: StandardSchema<unknown, Output>): (value: unknown) => Output {
  const { validate, vendor } = schema['~standard']
  refuseAsync(what, schema)
  return value => {
    const result = attempt(what, () => validate(value))
    if (isLater(result)) {
      result.catch(() => undefined)
      throw new MalformedRecordError(
        `Cannot read ${what}: found a schema of ${vendor} that answers later, expected one that validates at once`,
      )
    }
    if (result.issues !== undefined)
      throw new MalformedRecordError(`Cannot read ${what}: ${told(value, result.issues)}`)
    return result.value
  }
}

/** More of them would make a message that nobody reads to its end. */
const mostIssues = 3

function told(value: unknown, issues: readonly StandardIssue[]): string {
  const texts = issues.slice(0, mostIssues).map(({ path = [], message }) => {
    const keys = path.map(segment => (typeof segment === 'object' ? segment.key : segment))
    const where = keys.length === 0 ? '' : ` at "${pathText(keys)}"`
    return `found ${foundValue(valueAt(value, keys))}${where}, expected what the schema takes (${oneLine(message)})`
  })
  const more = issues.length - texts.length
  return `${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

/** As in JavaScript: `lines[2].price`. */
function pathText(keys: readonly PropertyKey[]): string {
  const parts = keys.map((key, i) => {
    if (typeof key === 'number' || typeof key === 'symbol') return `[${String(key)}]`
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)) return `[${foundValue(key)}]`
    return i === 0 ? key : `.${key}`
  })
  return oneLine(parts.join(''))
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = Reflect.get(at, key)
  }
  return at
}

type Answer<Output> = StandardResult<Output> | Promise<StandardResult<Output>>

/** A promise, of whatever library. */
const isLater = (answer: unknown): answer is Promise<unknown> =>
  typeof answer === 'object' && answer !== null && 'then' in answer && 'catch' in answer

/** A validator should tell issues and not throw; one that does has refused the value all the same. */
function attempt<Output>(what: string, run: () => Answer<Output>): Answer<Output> {
  try {
    return run()
  } catch (error) {
    const reason = `found a value on which the schema throws: ${oneLine(describeThrown(error))}`
    throw new MalformedRecordError(`Cannot read ${what}: ${reason}, expected one that it takes`, { cause: error })
  }
}

/** Some schemas show what they are with any value. Others look at a value first: they are told when a record comes. */
function refuseAsync(what: string, { '~standard': { validate, vendor } }: StandardSchema): void {
  let answer: unknown
  try {
    answer = validate(undefined)
  } catch {
    return
  }
  if (!isLater(answer)) return
  answer.catch(() => undefined)
  throw new ConfigurationError(
    `Cannot make a codec for ${what}: the schema of ${vendor} validates asynchronously, one that answers at once would be right`,
  )
}
