/** Which record of those that have one id counts: the first that claims it. */
export interface ClaimsPort {
  /**
   * Claims each id for a place, for at least `keptMs`. Answers whether the place has it, in the order of the claims: a place that claims again has
   * what it had, another one has not. Linearizable for each id by itself. A rejection says nothing: some claims may have taken effect.
   */
  claim(source: string, claims: readonly Claim[], keptMs: number): Promise<readonly boolean[]>
}

export type Claim = {
  readonly id: string
  /** Where the record stands: stream, shard and position, as text. Never that of another record. */
  readonly place: string
}
