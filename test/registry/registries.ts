import assert from 'node:assert/strict'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { SchemaRegistry } from '../../shared/registry/registry.ts'
import { type RestRequest, type RestResponse, registryRest } from '../../shared/registry/rest.ts'

/** A registry's REST interface as tests call it: `call('GET', '/subjects')` gives the status and the body. */
export type Rest = (method: string, path: string, body?: unknown) => Promise<readonly [number, unknown]>

export function restOf(rest: (request: RestRequest) => Promise<RestResponse>): Rest {
  return async (method, url, body) => {
    const [path = '', query = ''] = url.split('?')
    const answer = await rest({
      method,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    assert.equal(answer.headers['content-type'], 'application/vnd.schemaregistry.v1+json')
    return [answer.status, parsed(answer.body)]
  }
}

export const newRest = (): Rest => restOf(registryRest(new SchemaRegistry(new MemoryRegistryStore())))

function parsed(text: string): unknown {
  return JSON.parse(text)
}

/** An Avro record with these fields, each with a default where its name ends with a question mark. */
export function record(...fields: readonly string[]): string {
  const described = fields.map(field =>
    field.endsWith('?') ? { name: field.slice(0, -1), type: 'int', default: 0 } : { name: field, type: 'int' },
  )
  return JSON.stringify({ type: 'record', name: 'R', fields: described })
}

/** The code and a part of the message of an answer. */
export function refusedWith([status, body]: readonly [number, unknown], code: number, message: RegExp = /./): void {
  assert.equal(status, Number(String(code).slice(0, 3)), JSON.stringify(body))
  assert.ok(typeof body === 'object' && body !== null && 'error_code' in body && 'message' in body)
  assert.equal(body.error_code, code)
  assert.match(String(body.message), message)
}
