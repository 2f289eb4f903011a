import { Model } from "../runtime/model.ts";
import { readModels } from "../edge/read_models.ts";
import { openModels } from "../runtime/http/serve/open_models.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { toHex } from "../runtime/hexadecimal.ts";
import { writeBundle } from "../runtime/bundle/write.ts";
import {
  type BundleCache,
  bundleLoader,
  type CachedFile,
  createRegistry,
  ModelLoadError,
} from "../runtime/http/mod.ts";
import { parseBundleAddress } from "../runtime/http/models/source/address.ts";
import { createKvCache, type KeyValueStore } from "../runtime/http/models/source/cache_kv.ts";
import { findBundles } from "../runtime/http/models/source/find_bundles.ts";
import { readBundleSource, type SourceOptions } from "../runtime/http/models/source/read_bundle_source.ts";
import { BundleError } from "../runtime/mod.ts";
import { withBundles, withServer } from "./support/server.ts";
import { tinyParts } from "./support/tiny_bundle.ts";

async function tinyFile(name = "tiny"): Promise<Uint8Array<ArrayBuffer>> {
  const { program, data } = tinyParts();
  return await writeBundle({ ...program, name }, data);
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Runs a web server that answers by `answer` and notes the requests. */
async function withOrigin(
  answer: (request: Request) => Response | Promise<Response>,
  use: (url: string, requests: Request[]) => Promise<void>,
): Promise<void> {
  const requests: Request[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    requests.push(request);
    return answer(request);
  });
  try {
    await use(`http://127.0.0.1:${server.addr.port}/net.octet`, requests);
  } finally {
    await server.shutdown();
  }
}

/** A cache in memory whose files the test can change. */
function memoryCache(): BundleCache & { files: Map<string, CachedFile> } {
  const files = new Map<string, CachedFile>();
  return {
    files,
    get: (url) => Promise.resolve(files.get(url.href)),
    put: (url, file) => Promise.resolve(void files.set(url.href, file)),
    delete: (url) => Promise.resolve(void files.delete(url.href)),
  };
}

const quiet: SourceOptions = { cache: "off", onWarning: () => {} };

Deno.test("a URL may say the hash of its bundle, and nothing else", () => {
  const hash = "0A".repeat(32);
  const address = parseBundleAddress(`https://a.b/c.octet?d#sha256=${hash}`);
  assertEquals([address?.url.href, address?.sha256], ["https://a.b/c.octet?d", hash.toLowerCase()]);
  assertEquals(parseBundleAddress(new URL("http://a.b/c"))?.sha256, undefined);
  assertEquals(["net.octet", "./http:", "file:///net.octet", new Uint8Array(1)].map(parseBundleAddress), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertThrows(() => parseBundleAddress("https://a.b/#sha512=00"), TypeError, "only sha256=HASH may stand");
  assertThrows(() => parseBundleAddress("https://a.b/#sha256=00"), TypeError, "64 hexadecimal digits");
  assertThrows(() => parseBundleAddress("https://[/"), TypeError, "cannot be read");
});

Deno.test("a bundle on the web is checked by the hash of its file or its own", async () => {
  const bytes = await tinyFile();
  const { hash } = await readBundleSource(bytes);
  await withOrigin(() => new Response(bytes), async (url) => {
    for (const expected of [await hashOf(bytes), hash]) {
      assertEquals((await readBundleSource(`${url}#sha256=${expected}`, quiet)).hash, hash);
      assertEquals((await readBundleSource(url, { ...quiet, sha256: expected })).hash, hash);
    }
    const other = "ab".repeat(32);
    await assertRejects(() => readBundleSource(`${url}#sha256=${other}`, quiet), BundleError, `${other} expected`);
  });
  await assertRejects(() => readBundleSource(bytes, { sha256: "ab".repeat(32) }), BundleError, "expected");
});

Deno.test("a download ends where it is too large, too slow, or fails, and says so without what is secret", async () => {
  const bytes = await tinyFile();
  const limit = { ...quiet, maxBytes: bytes.length - 1 };
  await withOrigin(() => new Response(bytes), async (url) => {
    await assertRejects(() => readBundleSource(url, limit), RangeError, `has ${bytes.length} bytes, more than`);
    assert(await readBundleSource(url, { ...quiet, maxBytes: bytes.length }));
  });
  let cancelled = false;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void (cancelled = true),
    });
  await withOrigin(() => new Response(endless()), async (url) => {
    await assertRejects(() => readBundleSource(url, limit), RangeError, "has more than");
  });
  assert(cancelled);
  await withOrigin(() => new Response(new ReadableStream({})), async (url) => {
    const secret = url.replace("127.0.0.1", "user:password@127.0.0.1") + "?token=secret";
    const start = performance.now();
    const error = await assertRejects(() => readBundleSource(secret, { ...quiet, milliseconds: 50 }), TypeError);
    assertMatch(
      error.message,
      /^Cannot read the bundle from http:\/\/127\S+net\.octet: it did not arrive within 50 ms$/,
    );
    assert(performance.now() - start < 2000);
  });
  await withOrigin(() => new Response("gone", { status: 410 }), async (url) => {
    await assertRejects(() => readBundleSource(url, quiet), TypeError, "net.octet: status 410");
  });
  await assertRejects(
    () => readBundleSource("http://127.0.0.1:1/net.octet", quiet),
    TypeError,
    "Cannot read the bundle",
  );
  await assertRejects(() => readBundleSource(bytes, { maxBytes: 0 }), RangeError, "maxBytes must be a positive number");
});

Deno.test("a kept bundle of known hash is used without a request, and mended where it was altered", async () => {
  const bytes = await tinyFile();
  const cache = memoryCache();
  await withOrigin(() => new Response(bytes), async (url, requests) => {
    const address = `${url}#sha256=${await hashOf(bytes)}`;
    for (let round = 0; round < 2; round++) assert(await readBundleSource(address, { cache }));
    assertEquals([requests.length, [...cache.files.keys()]], [1, [url]]);
    cache.files.get(url)!.bytes = bytes.map((byte, index) => index === 30 ? byte ^ 1 : byte);
    for (let round = 0; round < 2; round++) assert(await readBundleSource(address, { cache }));
    assertEquals([requests.length, cache.files.get(url)?.bytes], [2, bytes]);
  });
});

Deno.test("a kept bundle of unknown hash is used as long as the server says that it is right", async () => {
  let current = await tinyFile("old");
  let tag = '"1"';
  const cache = memoryCache();
  const origin = (request: Request) =>
    request.headers.get("if-none-match") === tag
      ? new Response(null, { status: 304 })
      : new Response(current, { headers: { etag: tag } });
  await withOrigin(origin, async (url, requests) => {
    const warnings: string[] = [];
    const read = async () =>
      (await readBundleSource(url, { cache, onWarning: (line) => warnings.push(line) })).program.name;
    assertEquals([await read(), await read()], ["old", "old"]);
    assertEquals(requests.map(({ headers }) => headers.get("if-none-match")), [null, '"1"']);
    [current, tag] = [await tinyFile("new"), '"2"'];
    assertEquals([await read(), await read(), requests.length], ["new", "new", 4]);
    cache.files.get(url)!.bytes = new Uint8Array(9);
    assertEquals([await read(), cache.files.size, warnings.length], ["new", 0, 1]);
  });
});

Deno.test("what is corrupt or not the expected is never kept", async () => {
  const bytes = await tinyFile();
  const corrupt = bytes.map((byte, index) => index === 40 ? byte ^ 1 : byte);
  const cache = memoryCache();
  const files = [corrupt, bytes.subarray(0, 100), await tinyFile("other"), bytes];
  const origin = () => new Response(files.shift()!, { headers: { etag: '"1"' } });
  await withOrigin(origin, async (url) => {
    const address = `${url}#sha256=${await hashOf(bytes)}`;
    const models = createRegistry([{ name: "net", ...bundleLoader(address, { cache }) }], {
      retryMilliseconds: 0,
      onError: () => {},
    });
    for (let round = 0; round < 3; round++) {
      await assertRejects(() => models.get("net"), ModelLoadError);
      assertEquals(cache.files.size, 0);
    }
    assertEquals((await models.get("net"))?.model.inputs[0].name, "x");
    assertEquals(cache.files.size, 1);
  });
});

Deno.test("requests that wait for a download share it", async () => {
  const bytes = await tinyFile();
  await withOrigin(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return new Response(bytes);
  }, async (url, requests) => {
    const models = createRegistry([{ name: "net", ...bundleLoader(url, quiet) }]);
    const found = await Promise.all([models.get("net"), models.get("net"), models.get("net")]);
    assertEquals([requests.length, new Set(found).size], [1, 1]);
  });
});

Deno.test("a cache that fails is a warning, and so is none where one was asked for", async () => {
  const bytes = await tinyFile();
  const fail = () => Promise.reject(new Error("disk full"));
  await withOrigin(() => new Response(bytes), async (url) => {
    const warnings: string[] = [];
    const onWarning = (line: string) => warnings.push(line);
    const address = `${url}#sha256=${await hashOf(bytes)}`;
    assert(await readBundleSource(address, { cache: { get: fail, put: fail, delete: fail }, onWarning }));
    assert(await readBundleSource(address, { cache: "kv", onWarning }));
    assertEquals(warnings, [
      "The cache of bundles failed: disk full",
      "The cache of bundles failed: disk full",
      "Downloaded bundles are not kept: this host has no Deno KV",
    ]);
  });
});

/** A store in memory with the limits of Deno KV. */
function memoryStore(): KeyValueStore & { entries: Map<string, unknown> } {
  const entries = new Map<string, unknown>();
  return {
    entries,
    get: (key) => Promise.resolve({ value: entries.get(JSON.stringify(key)) ?? null }),
    getMany: (keys) => {
      assert(keys.length <= 10);
      return Promise.resolve(keys.map((key) => ({ value: entries.get(JSON.stringify(key)) ?? null })));
    },
    set: (key, value) => {
      assert(!(value instanceof Uint8Array) || value.length + 64 <= 65536);
      return Promise.resolve(void entries.set(JSON.stringify(key), value));
    },
    delete: (key) => Promise.resolve(void entries.delete(JSON.stringify(key))),
    close: () => {},
  };
}

Deno.test("Deno KV keeps a file in chunks, replaces it whole and misses it where a chunk is gone", async () => {
  const store = memoryStore();
  const cache = createKvCache(() => Promise.resolve(store));
  const url = new URL("https://a.b/net.octet");
  assertEquals(await cache.get(url), undefined);
  for (const length of [1_000_003, 60 * 1024, 61_441, 0]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 31);
    await cache.put(url, { bytes, etag: '"1"' });
    assertEquals(await cache.get(url), { bytes, etag: '"1"' });
    assertEquals(store.entries.size, 1 + Math.ceil(length / (60 * 1024)));
  }
  await cache.put(url, { bytes: new Uint8Array(200_000), etag: undefined });
  store.entries.delete([...store.entries.keys()].find((key) => key.endsWith(",2]"))!);
  assertEquals(await cache.get(url), undefined);
  await cache.delete(url);
  assertEquals(store.entries.size, 0);
});

Deno.test("the caches of this host keep bundles between processes", async () => {
  const bytes = await tinyFile();
  const folder = await Deno.makeTempDir();
  try {
    await withOrigin(() => new Response(bytes), async (url, requests) => {
      const script = `${folder}/load.ts`;
      const source = new URL("../runtime/http/models/source/read_bundle_source.ts", import.meta.url);
      await Deno.writeTextFile(
        script,
        `import { readBundleSource } from "${source}";
        const bundle = await readBundleSource("${url}#sha256=${await hashOf(bytes)}", { cache: Deno.args[0] as "kv" });
        console.log(bundle.program.name);`,
      );
      for (const [cache, expected] of [["cache-api", 1], ["cache-api", 1], ["kv", 2], ["kv", 2], ["off", 3]] as const) {
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", "--unstable-kv", `--location=${url}`, script, cache],
          env: { NO_COLOR: "1" },
          cwd: fileURLToPath(new URL("../", import.meta.url)),
        }).output();
        assertEquals(new TextDecoder().decode(stdout), "tiny\n", new TextDecoder().decode(stderr));
        assertEquals(requests.length, expected, cache);
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("NAME=FOLDER is a folder of one model: its versions, or its only bundle", async () => {
  const folder = await Deno.makeTempDir();
  const find = async () =>
    (await findBundles(`net=${folder}`)).map(({ source, ...rest }) => ({
      ...rest,
      source: source.slice(folder.length),
    }));
  const refused = (message: string) => assertRejects(find, TypeError, folder + message);
  try {
    await refused(": no bundle is there, one file .octet or VERSION/model.octet expected");
    for (const name of ["README.md", ".hidden.octet", "any.octet"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await Deno.mkdir(`${folder}/folder.octet`);
    assertEquals(await find(), [{ name: "net", version: "1", source: "/any.octet" }]);
    await Deno.writeTextFile(`${folder}/other.octet`, "");
    await refused(": 2 bundles are there, one file .octet or VERSION/model.octet expected");
    for (const version of ["10", "2"]) await Deno.mkdir(`${folder}/${version}`);
    assertEquals(await find(), [
      { name: "net", version: "2", source: "/2/model.octet" },
      { name: "net", version: "10", source: "/10/model.octet" },
    ]);
    await assertRejects(() => findBundles(folder), TypeError, `${folder}/10: no version is there, 10/1/model.octet`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("serve takes NAME=SOURCE and bundles on the web", async () => {
  const bytes = await tinyFile("web");
  await withOrigin(() => new Response(bytes), async (url) => {
    await withBundles(
      [tinyParts()],
      ([path]) =>
        withServer([`renamed=${path}`, url, "--port", "0"], async ({ line, url }) => {
          assertMatch(line, /^Serving renamed, web on /);
          for (const name of ["renamed", "web"]) {
            const response = await fetch(`${url}/v2/models/${name}/ready`);
            assertEquals(await response.json(), { name, ready: true });
          }
        }),
    );
  });
});

Deno.test("no error about the URL of a bundle tells its user, password, query or fragment", async () => {
  const bytes = await tinyFile();
  const answers = [
    () => new Response(null, { status: 404 }),
    () => new Response("no bundle"),
    () => Response.redirect("http://127.0.0.1:1/signed?token=s3cret-three", 302),
    () => new Response(bytes, { headers: { "content-length": String(2 ** 40) } }),
  ];
  const shown: string[] = [];
  const note = (error: unknown) => shown.push(Deno.inspect(error, { depth: 10 }));
  const tryAll = async (url: string) => {
    await readBundleSource(url, { ...quiet, maxBytes: 1000 }).catch(note);
    await Model.load(url).catch(note);
    await openModels([url], { cache: "off" }).catch(note);
    await openModels([`name=${url}`], { cache: "off" }).then(([{ read }]) => read()).catch(note);
    await readModels([{ name: undefined, source: url }]).catch(note);
  };
  const secret = (url: string) => url.replace("//", "//s3cret-one:s3cret-two@") + "?token=s3cret-three";
  for (const answer of answers) {
    await withOrigin(answer, async (url) => {
      await tryAll(secret(url));
      await tryAll(`${url}?token=s3cret-three`);
      await tryAll(`${url}#s3cret-four`);
    });
  }
  await tryAll(secret("http://127.0.0.1:9"));
  await tryAll(secret("http://nowhere.invalid/a"));
  await tryAll(secret("http://127.0.0.1:99999"));
  await tryAll("https://s3cret-one:s3/cret-two@[");
  assert(shown.length > 60, `${shown.length} errors`);
  assertEquals(shown.filter((text) => /s3.?cret/.test(text)), []);
});
