/** Dollars to euros at 0.908, rounded once. */
export const euros = (dollars: number): number => (dollars * 908) / 1_000
