import type { ScheduledEvent } from 'aws-lambda'

/**
 * The event that a schedule hands to a stage whose source reads files, so that it looks for new ones. The files are put with
 * `testCloud(pipeline).putFile(...)`.
 *
 * @example
 * testCloud(sales).putFile('sales', '2026-01-01.csv', 'shop,cents\na,100\n')
 * await handler.sales(filesEvent(), lambdaContext())
 */
export function filesEvent(): ScheduledEvent {
  return {
    version: '0',
    id: '00000000-0000-0000-0000-000000000000',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: {},
  }
}
