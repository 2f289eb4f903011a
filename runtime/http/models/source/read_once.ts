/**
 * Reading that is done once.
 *
 * @module
 */

/**
 * Makes a function that reads on its first call and keeps what it got; a
 * failure is forgotten, so that the next call reads again.
 *
 * @param read Reads.
 */
export function readOnce<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return async () => {
    const own = reading ??= read();
    try {
      return await own;
    } catch (error) {
      if (reading === own) reading = undefined;
      throw error;
    }
  };
}
