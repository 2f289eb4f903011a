import { assertEquals, assertRejects } from "@std/assert";
import { createMetrics, type Metrics, RefusedError } from "../runtime/http/mod.ts";
import { createQueue, type Queue } from "../runtime/http/serve/queue.ts";

const NET = { name: "net", version: "1" };
const OTHER = { name: "other", version: "1" };

/** A task that a queue has started and the test ends. */
interface Started {
  worker: number;
  model: string;
  task: number;
  finish(): void;
}

function start(
  workers: number,
  maxQueue = 100,
): { queue: Queue<number, string>; started: Started[]; series: (name: string) => number[] } {
  const started: Started[] = [];
  const metrics = createMetrics();
  const queue = createQueue<number, string>(
    workers,
    (worker, { name }, task) =>
      new Promise((resolve) => started.push({ worker, model: name, task, finish: () => resolve(`${name} ${task}`) })),
    { maxQueue },
    metrics,
  );
  const series = (name: string) =>
    Object.values(metrics).map((instrument: Metrics[keyof Metrics]) => instrument.family())
      .find((family) => family.name === name)!.samples.map(({ value }) => value);
  return { queue, started, series };
}

/** Lets promises that are settled have their effect. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a queue gives each request its own result, in the order in which they came, whatever their model", async () => {
  const { queue, started, series } = start(1);
  const models = [NET, NET, OTHER, NET, OTHER];
  const results = models.map((model, task) => queue.submit(model, task));
  assertEquals(started.map(({ task }) => task), [0]);
  for (let at = 0; at < started.length; at++) {
    started[at].finish();
    await turn();
  }
  assertEquals(started.map(({ model, task }) => [model, task]), models.map(({ name }, task) => [name, task]));
  assertEquals(await Promise.all(results), models.map(({ name }, task) => `${name} ${task}`));
  assertEquals(series("octet_queue_length"), [0, 0]);
});

Deno.test("a task goes to the worker that is free", async () => {
  const { queue, started } = start(2);
  for (let task = 0; task < 5; task++) queue.submit(NET, task);
  assertEquals(started.map(({ worker, task }) => [worker, task]), [[0, 0], [1, 1]]);
  started[1].finish();
  await turn();
  assertEquals([started[2].worker, started[2].task], [1, 2]);
  started[0].finish();
  await turn();
  assertEquals([started[3].worker, started[3].task], [0, 3]);
});

Deno.test("a full queue refuses a model's requests and others' not", async () => {
  const { queue, started, series } = start(1, 2);
  queue.submit(NET, 0);
  queue.submit(NET, 1);
  assertEquals(queue.full(NET), false);
  queue.submit(NET, 2);
  assertEquals([queue.full(NET), queue.full(OTHER)], [true, false]);
  const error = await assertRejects(() => queue.submit(NET, 3), RefusedError, "Too many requests wait");
  assertEquals(error.reason, "queue_full");
  queue.submit(OTHER, 4);
  assertEquals(series("octet_queue_length"), [2, 1]);
  started[0].finish();
  await turn();
  assertEquals(queue.full(NET), false);
});

Deno.test("a request whose client goes away leaves the queue, and its task is not run", async () => {
  const { queue, started, series } = start(1, 2);
  const gone = new AbortController();
  const first = queue.submit(NET, 0);
  const second = queue.submit(NET, 1, gone.signal);
  const third = queue.submit(NET, 2, new AbortController().signal);
  gone.abort();
  const error = await assertRejects(() => second, RefusedError);
  assertEquals([error.reason, queue.full(NET), series("octet_queue_length")], ["cancelled", false, [1]]);
  await assertRejects(() => queue.submit(NET, 3, gone.signal), RefusedError, "gone");
  started[0].finish();
  await turn();
  assertEquals(started[1].task, 2);
  started[1].finish();
  assertEquals(await Promise.all([first, third]), ["net 0", "net 2"]);
});

Deno.test("a request that is given up while it runs is answered at once, and its worker is free after the task", async () => {
  const { queue, started } = start(1);
  const gone = new AbortController();
  const result = queue.submit(NET, 0, gone.signal);
  const next = queue.submit(NET, 1);
  gone.abort();
  await assertRejects(() => result, RefusedError);
  assertEquals(started.length, 1);
  started[0].finish();
  await turn();
  started[1].finish();
  assertEquals(await next, "net 1");
});

Deno.test("a task that cannot be run fails its request and frees its worker", async () => {
  let broken = true;
  const queue = createQueue<number, string>(
    1,
    () => broken ? Promise.reject(new Error("no thread")) : Promise.resolve("done"),
    { maxQueue: 10 },
    createMetrics(),
  );
  await assertRejects(() => queue.submit(NET, 0), Error, "no thread");
  broken = false;
  assertEquals(await queue.submit(NET, 0), "done");
});
