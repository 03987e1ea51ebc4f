import { createServer, type IncomingMessage } from 'node:http'
import { after } from 'node:test'

type Version = { readonly id: string; readonly name: string; readonly type: string; readonly text: string }
type Input = Readonly<Record<string, string>> & {
  readonly SchemaId?: { readonly RegistryName: string; readonly SchemaName: string }
  readonly RegistryId?: { readonly RegistryName: string }
}

/** AWS Glue, as its API reference describes it, as far as those see it who write and read records: schemas of one version each. */
export class GlueStandIn {
  readonly versions: Version[] = []
  /** Of all calls: `region registry`. */
  readonly askedFor = new Set<string>()
  readonly #server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const input: Input = JSON.parse(Buffer.concat(parts).toString())
    const [status, body] = this.#answer(request, input)
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
  })

  /** Where it is; it is closed when the tests of this file are done. */
  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    after(() => {
      this.#server.closeAllConnections()
      this.#server.close()
    })
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  #answer(request: IncomingMessage, input: Input): readonly [number, object] {
    const operation = String(request.headers['x-amz-target']).split('.')[1]
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\/glue\//.exec(request.headers.authorization ?? '') ?? []
    const registry = input.SchemaId?.RegistryName ?? input.RegistryId?.RegistryName
    if (registry !== undefined) this.askedFor.add(`${region} ${registry}`)
    const missing = [400, { __type: 'EntityNotFoundException', Message: 'not found' }] as const
    const known = this.versions.find(({ id, name }) =>
      operation === 'GetSchemaVersion' ? id === input.SchemaVersionId : name === input.SchemaId?.SchemaName,
    )
    if (operation === 'CreateSchema') {
      const id = `00000000-0000-0000-0000-${String(this.versions.length + 1).padStart(12, '0')}`
      this.versions.push({ id, name: input.SchemaName, type: input.DataFormat, text: input.SchemaDefinition })
      return [200, { SchemaVersionId: id, SchemaVersionStatus: 'AVAILABLE' }]
    }
    if (known === undefined || operation === 'RegisterSchemaVersion') return missing
    if (operation === 'GetSchemaByDefinition' && known.text !== input.SchemaDefinition) return missing
    const { id, type, text } = known
    return [200, { SchemaVersionId: id, Status: 'AVAILABLE', SchemaDefinition: text, DataFormat: type }]
  }
}
