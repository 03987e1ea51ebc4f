import { type Duration, json, pipeline, seconds } from '../../shared/index.ts'

export type Order = { readonly id: number; readonly customer: string }
export type Enriched = { readonly id: number; readonly country: string }

export const orders = { codec: json<Order>(), eventTime: (order: Order) => order.id, onError: 'deadLetter' as const }
export const order = (id: number, customer = `c${id}`): Order => ({ id, customer })

export type Options = {
  readonly fetch: (key: string, context: { readonly signal: AbortSignal }) => Promise<string | undefined>
  readonly cache?: { readonly most: number; readonly ttl: Duration; readonly missing?: boolean }
  readonly retries?: number
  readonly concurrency?: number
  readonly orElse?: (key: string, error: Error) => string | undefined
}

/** Orders with their customer's country, as they go out. */
export const enriching = (options: Options) =>
  pipeline(
    'enriching',
    ({ source }) => ({
      out: source('orders', orders)
        .lookup(
          'customers',
          { key: ({ customer }) => customer, timeout: seconds(2), ...options },
          ({ id }, country): Enriched => ({ id, country: country ?? 'none' }),
        )
        .toStream('enriched', json<Enriched>()),
    }),
    { keyGroups: 2 },
  )
