import { handlers } from 'millrace/lambda'
import { orders } from './pipeline.ts'

export const { trades, side, clientId, symbol, 'top-clients': topClients, 'top-symbols': topSymbols } = handlers(orders)
