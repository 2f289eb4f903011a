import { assertEquals, assertRejects } from "@std/assert";
import { readSource } from "../runtime/source.ts";

/** A file that is removed at the end. */
async function withFile(size: number, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, Uint8Array.from({ length: size }, (_, index) => index % 251));
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a file is read into the room that is made for it, whether it is read at once or by another thread", async () => {
  for (const size of [0, 1000, 2 ** 24, 2 ** 24 + 1]) {
    await withFile(size, async (path) => {
      const rooms: Uint8Array[] = [];
      const bytes = await readSource(path, (size) => {
        rooms.push(new Uint8Array(size));
        return rooms[0];
      });
      assertEquals(rooms.map(({ length }) => length), [size]);
      assertEquals(bytes.buffer, rooms[0].buffer);
      assertEquals(bytes.length, size);
      assertEquals(bytes.findIndex((byte, index) => byte !== index % 251), -1);
    });
  }
});

Deno.test({
  name: "a pipe is read to its end, though it has no size",
  ignore: Deno.build.os === "windows",
  async fn() {
    const source = new URL("../runtime/source.ts", import.meta.url).href;
    const code = `import { readSource } from ${JSON.stringify(source)};
      console.log((await readSource("/dev/stdin")).length);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", code],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new Uint8Array(100_000));
    await writer.close();
    assertEquals(new TextDecoder().decode((await child.output()).stdout).trim(), "100000");
  },
});

Deno.test("a folder is refused with the host's own error", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await assertRejects(() => readSource(folder), Error, "directory");
  } finally {
    await Deno.remove(folder);
  }
});
