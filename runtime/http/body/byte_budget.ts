/**
 * A limit on the memory that all bodies take together.
 *
 * @module
 */

/** What one request has of the budget. */
export interface BudgetShare {
  /** Takes more; gives false, and takes nothing, where the budget does not have it. */
  take(bytes: number): boolean;
  /** Gives all back. */
  close(): void;
}

/**
 * Makes a budget.
 *
 * @param maxBytes Most bytes that all shares have together.
 * @returns Opens a share.
 */
export function createByteBudget(maxBytes: number): () => BudgetShare {
  let taken = 0;
  return () => {
    let share = 0;
    return {
      take(bytes) {
        if (taken + bytes > maxBytes) return false;
        taken += bytes;
        share += bytes;
        return true;
      },
      close() {
        taken -= share;
        share = 0;
      },
    };
  };
}
