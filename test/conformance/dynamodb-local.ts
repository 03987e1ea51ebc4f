import { freePort } from '../../local/localstack/instance.ts'
import { fetchJars, javaServer, startJava, whyNoJavaServer } from '../java-server.ts'

/** Amazon's own DynamoDB for local tests. */
const version = '2.6.1'
const server = javaServer('DynamoDB Local', `dynamodb-local-${version}`, [
  { group: 'com.amazonaws', artifact: 'DynamoDBLocal', version },
])
const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'

export type DynamoDbLocal = { readonly endpoint: string; close(): Promise<void> }

/** Why it cannot be run here, undefined when it can. */
export const whyNoDynamoDbLocal = (): Promise<string | undefined> => whyNoJavaServer(server)

/** Starts it in memory on a free port. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  await fetchJars(server)
  const { folder } = server
  const port = await freePort(0)
  const endpoint = `http://127.0.0.1:${port}`
  const close = await startJava(server, {
    args: [`-Djava.library.path=${folder}`, main, '-inMemory', '-port', String(port)],
    isUp: () => answersAt(endpoint),
    withinMs: 60_000,
    // It keeps a file of its own where it runs, and would tell Amazon of it.
    options: { cwd: folder, env: { ...process.env, DDB_LOCAL_TELEMETRY: '0' } },
  })
  return { endpoint, close }
}

const answersAt = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  )
