/**
 * A limit on the memory that all bodies take together.
 *
 * @module
 */

import { HttpError } from "../http_error.ts";

/** What one request has of the budget. */
export interface BudgetShare {
  /**
   * Takes more.
   *
   * @throws {HttpError} 503 where the budget is spent.
   */
  take(bytes: number): void;
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
        if (taken + bytes > maxBytes) {
          throw new HttpError(503, "The server holds as many bytes of requests as it may", {
            headers: { "retry-after": "1", "connection": "close" },
          });
        }
        taken += bytes;
        share += bytes;
      },
      close() {
        taken -= share;
        share = 0;
      },
    };
  };
}
