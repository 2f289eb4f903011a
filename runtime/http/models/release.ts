/**
 * Memory of requests.
 *
 * @module
 */

/**
 * Frees the memory of arrays that nothing reads any more.
 *
 * Requests bring and make megabytes within milliseconds: if they waited for a
 * garbage collection, a worker would hold a hundred of them.
 *
 * @param views Arrays; their buffers are detached.
 */
export function release(views: readonly ArrayBufferView[]): void {
  for (const { buffer } of views) {
    if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }
}
