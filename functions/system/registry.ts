import type { Context, LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda'
import { awsClients, DynamoRegistryStore } from '../../shared/aws/index.ts'
import { SchemaRegistry } from '../../shared/registry/registry.ts'
import { registryRest } from '../../shared/registry/rest.ts'
import { invocationWorld, settingsFrom } from '../aws-host.ts'

// Made once for each Lambda environment, before its first invocation.
const settings = settingsFrom(process.env)
const world = invocationWorld()
const { MILLRACE_REGISTRY: registry = 'default' } = process.env
const store = new DynamoRegistryStore({ table: settings.table, registry }, awsClients(settings), world.host)
const rest = registryRest(new SchemaRegistry(store))

/**
 * A Lambda handler behind a function URL: the schema registry by Confluent's REST interface, on the table that MILLRACE_TABLE names.
 * MILLRACE_REGISTRY keeps several registries of one table apart. It never throws: what goes wrong is an answer with a code.
 */
export async function handler(event: LambdaFunctionURLEvent, context: Context): Promise<LambdaFunctionURLResult> {
  world.begin(context)
  const { body = '', isBase64Encoded, rawPath, rawQueryString, requestContext } = event
  const answer = await rest({
    method: requestContext.http.method,
    path: rawPath,
    query: Object.fromEntries(new URLSearchParams(rawQueryString)),
    body: isBase64Encoded ? Buffer.from(body, 'base64').toString() : body,
  })
  return { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body }
}
