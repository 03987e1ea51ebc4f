import { describeThrown } from '../model/errors.ts'
import type { SchemaRegistry } from './registry.ts'
import { RegistryError, refusal } from './registry-error.ts'
import { type Call, type Route, routes } from './rest-routes.ts'

/** A request to the registry. `path` is as on the wire, its segments percent-encoded; `query` is decoded. */
export type RestRequest = {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: string
}

/** `body` is JSON, or a schema's own text. */
export type RestResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }

/** Confluent's REST interface of a registry, as a function: it never rejects, what goes wrong is a body with a code and a message. */
export function registryRest(registry: SchemaRegistry): (request: RestRequest) => Promise<RestResponse> {
  return async ({ method, path, query = {}, body = '' }) => {
    try {
      const { route, params } = routed(method, path)
      const call: Call = { params, query, body: bodyOf(body) }
      const answer = await route.answer(registry, call)
      return { status: 200, headers, body: route.isText === true ? String(answer) : JSON.stringify(answer) }
    } catch (error) {
      return failed(error)
    }
  }
}

function failed(error: unknown): RestResponse {
  const { code, status, message } = refusalOf(error)
  return { status, headers, body: JSON.stringify({ error_code: code, message }) }
}

function refusalOf(error: unknown): Pick<RegistryError, 'code' | 'status' | 'message'> {
  if (error instanceof RegistryError) return error
  // Of a store, for what it cannot hold.
  if (error instanceof RangeError) return refusal.schemaTooLarge(error.message)
  return { code: 50001, status: 500, message: `Error in the backend data store: ${describeThrown(error)}` }
}

function routed(
  method: string,
  path: string,
): { readonly route: Route; readonly params: Readonly<Record<string, string>> } {
  const segments = path.split('/').filter(segment => segment !== '')
  const here = routes.flatMap(route => {
    const params = paramsOf(route.path, segments)
    return params === undefined ? [] : [{ route, params }]
  })
  const found = here.find(({ route }) => route.method === method)
  if (found !== undefined) return found
  if (here.length > 0) throw new RegistryError(405, 'HTTP 405 Method Not Allowed')
  throw new RegistryError(404, 'HTTP 404 Not Found')
}

function paramsOf(pattern: string, segments: readonly string[]): Readonly<Record<string, string>> | undefined {
  const parts = pattern.split('/').filter(part => part !== '')
  if (parts.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    if (!part.startsWith(':') && part !== segment) return undefined
    if (part.startsWith(':')) params[part.slice(1)] = decoded(segment)
  }
  return params
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new RegistryError(400, `The path segment '${segment}' is not percent-encoded text`)
  }
}

function bodyOf(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new RegistryError(400, 'The body is no JSON document')
  }
}
