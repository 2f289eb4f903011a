import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { listen } from "../runtime/http/serve/listen.ts";

const HOST = "127.0.0.1";

/** All that the server sends to a connection that sends `text` and no more. */
async function talk(port: number, text: string): Promise<string> {
  const connection = await Deno.connect({ hostname: HOST, port });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

async function withListener(
  handler: (request: Request) => Promise<Response>,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = await listen(handler, 0, HOST);
  try {
    await use(server.port);
  } finally {
    await server.close(5_000);
  }
}

Deno.test("a server takes requests of HTTP/1.0 without a host, and says what is wrong with an address", async () => {
  await withListener((request) => Promise.resolve(Response.json(request.url)), async (port) => {
    assertMatch(await talk(port, "GET /a?b HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 [^]*"http:\/\/localhost\/a\?b"$/);
    const refused = await talk(port, "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
    assertMatch(refused, /^HTTP\/1\.1 400 [^]*\r\ncontent-type: application\/json\r\n[^]*\{"error":"Invalid URL"\}$/);
  });
});

Deno.test("a server tells a request's signal where its client goes away, and ends without waiting for it", async () => {
  const gone = Promise.withResolvers<void>();
  const read = Promise.withResolvers<number>();
  const handler = async (request: Request) => {
    request.signal.addEventListener("abort", () => gone.resolve());
    read.resolve((await request.bytes()).length);
    await gone.promise;
    return new Response();
  };
  await withListener(handler, async (port) => {
    const connection = await Deno.connect({ hostname: HOST, port });
    const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n";
    await connection.write(new TextEncoder().encode(head));
    await connection.write(new Uint8Array(5000));
    assertEquals(await read.promise, 5000);
    connection.close();
    await gone.promise;
  });
});

Deno.test("a server hands over a body however slowly it is read, all of it", async () => {
  const sent = Uint8Array.from({ length: 5_000_000 }, (_, index) => index * 7 >> 3);
  const handler = async (request: Request) => {
    const received: Uint8Array[] = [];
    for await (const chunk of request.body!) {
      received.push(chunk);
      if (received.length % 8 === 1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return new Response(await new Blob(received as BlobPart[]).bytes());
  };
  await withListener(handler, async (port) => {
    for (const length of [sent.length, 0]) {
      const response = await fetch(`http://${HOST}:${port}/`, { method: "POST", body: sent.subarray(0, length) });
      assertEquals(await response.bytes(), sent.subarray(0, length));
    }
  });
});

Deno.test("a body fails where its client breaks off", async () => {
  const failed = Promise.withResolvers<void>();
  const handler = async (request: Request) => {
    const reader = request.body!.getReader();
    assertEquals((await reader.read()).value?.length, 10);
    await assertRejects(() => reader.read(), Error).then(failed.resolve, failed.reject);
    return new Response();
  };
  await withListener(handler, async (port) => {
    const connection = await Deno.connect({ hostname: HOST, port });
    await connection.write(new TextEncoder().encode("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"));
    await connection.write(new Uint8Array(10));
    setTimeout(() => connection.close(), 50);
    await failed.promise;
  });
});

Deno.test("a connection serves the next request after a body that nobody read to its end", async () => {
  const handler = async (request: Request) => {
    await request.body?.cancel();
    return new Response(request.method);
  };
  await withListener(handler, async (port) => {
    const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000);
    const answers = await talk(port, post + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertMatch(answers, /^HTTP\/1\.1 200 [^]*POST[^]*HTTP\/1\.1 200 [^]*GET/);
  });
});

Deno.test("a server closes connections that wait for another request when it ends", async () => {
  const server = await listen(() => Promise.resolve(new Response("done")), 0, HOST);
  const answered = talk(server.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await fetch(`http://${HOST}:${server.port}/`).then((response) => response.text());
  await server.close(5_000);
  assertMatch(await answered, /done/);
});
