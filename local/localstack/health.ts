export type Health =
  /** LocalStack, with its version. */
  | { readonly kind: 'healthy'; readonly version: string }
  /** Something else answers. */
  | { readonly kind: 'other' }
  | { readonly kind: 'silent' }

/** What answers at an endpoint. */
export async function healthOf(endpoint: string): Promise<Health> {
  try {
    const answer = await fetch(new URL('/_localstack/health', endpoint), { signal: AbortSignal.timeout(5_000) })
    const body: unknown = await answer.json().catch(() => undefined)
    const isLocalStack = typeof body === 'object' && body !== null && 'version' in body
    return isLocalStack ? { kind: 'healthy', version: String(body.version) } : { kind: 'other' }
  } catch {
    return { kind: 'silent' }
  }
}
