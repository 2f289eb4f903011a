/**
 * The open connections of a server.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Knows which connections have a request under way. */
export interface Connections {
  /** Notes a new connection. */
  add(socket: Socket): void;
  /** Notes a request of a connection until its response is sent or given up. */
  note(socket: Socket, response: ServerResponse): void;
  /** Closes all without a request, such as those that never sent a whole one, and every other when its requests are over. */
  closeIdle(): void;
  /** Closes all. */
  closeAll(): void;
}

/** Begins without a connection. */
export function trackConnections(): Connections {
  const requests = new Map<Socket, number>();
  let closing = false;

  const change = (socket: Socket, count: number) => {
    const left = (requests.get(socket) ?? 0) + count;
    if (requests.has(socket)) requests.set(socket, left);
    if (closing && left <= 0) socket.destroySoon();
  };

  return {
    add(socket) {
      requests.set(socket, 0);
      socket.once("close", () => requests.delete(socket));
      if (closing) socket.destroySoon();
    },
    note(socket, response) {
      change(socket, 1);
      response.once("close", () => change(socket, -1));
    },
    closeIdle() {
      closing = true;
      for (const [socket, count] of requests) if (count <= 0) socket.destroySoon();
    },
    closeAll() {
      for (const socket of requests.keys()) socket.destroy();
    },
  };
}
