import { after, beforeEach } from 'node:test'
import { type AwsClients, type AwsHost, awsClients, awsPorts, createTable } from '../../shared/aws/index.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { type EmulatedAws, emulateAws } from './emulated-aws.ts'

/** Time that stands still unless it is told, lots that are all the same, and sleep that takes no time. */
export type TestHost = AwsHost & { ms: number; leftMs: number; readonly slept: number[] }

/** Services in this process with a table, for the tests of one file: closed when they are done. */
export type OnEmulatedAws = { readonly aws: EmulatedAws; readonly clients: AwsClients; readonly table: string }

export async function onEmulatedAws(): Promise<OnEmulatedAws> {
  const aws = await emulateAws()
  const table = 'orders-table'
  const clients = awsClients({ table, endpoint: aws.endpoint }, {})
  await createTable(clients, { table })
  beforeEach(() => {
    aws.decide = () => 'serve'
    aws.calls.length = 0
  })
  after(async () => {
    clients.close()
    await aws.close()
  })
  return { aws, clients, table }
}

export function testHost(): TestHost {
  const slept: number[] = []
  const host: TestHost = {
    ms: 1_500_000_000_000,
    leftMs: 60_000,
    slept,
    now: () => host.ms,
    random: () => 0.5,
    sleep: async ms => void slept.push(ms),
    remainingMs: () => host.leftMs,
  }
  return host
}

export function portsOn(
  { clients, table }: OnEmulatedAws,
  host: AwsHost = testHost(),
  settings: { readonly streams?: Readonly<Record<string, string>>; readonly bucket?: string } = {},
): Ports {
  return awsPorts({ table, ...settings }, clients, host)
}
