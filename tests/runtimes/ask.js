/**
 * Asks an edge function questions whose answers must be the same on every host.
 * Plain JavaScript: it runs on all of them.
 *
 * @param {(path: string, init?: RequestInit) => Promise<Response>} send Sends a request.
 * @param {Record<string, string>} images Image files in base64, by name.
 * @returns {Promise<Record<string, string>>} Status and body by question.
 */
export async function ask(send, images) {
  const answers = {};
  const note = async (name, path, init) => {
    const response = await send(path, init);
    const type = response.headers.get("content-type");
    // A client has undone the compression of what came over HTTP already; what came from the function itself it has not.
    const packed = response.url === "" && response.headers.get("content-encoding") === "gzip";
    const unpacked = packed ? new Response(response.body.pipeThrough(new DecompressionStream("gzip"))) : response;
    const bytes = new Uint8Array(await unpacked.arrayBuffer());
    const body = type === "application/json"
      ? new TextDecoder().decode(bytes).replace(/"milliseconds":[\d.]+/, '"milliseconds":0')
      : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    answers[name] = `${response.status} ${type} ${body}`;
  };

  await note("ready", "/v2/health/ready");
  await note("metadata", "/v2/models/demo");
  await note("what is compressed", "/openapi.json", { headers: { "accept-encoding": "gzip" } });
  const data = Array.from({ length: 2 * 3 * 48 * 48 }, (_, index) => (index * 7919 % 1000 - 500) / 250);
  const input = { name: "input", shape: [2, 3, 48, 48], datatype: "FP32", data };
  await note("tensors as JSON", "/v2/models/demo/infer", {
    method: "POST",
    body: JSON.stringify({ inputs: [input] }),
  });
  await note("tensors in binary", "/v2/models/demo/versions/1/infer", {
    method: "POST",
    body: JSON.stringify({ parameters: { binary_data_output: true }, inputs: [input] }),
  });
  for (const [name, base64] of Object.entries(images)) {
    const body = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    await note(name, "/classify?top=16", { method: "POST", body });
  }
  await note("no image", "/classify", { method: "POST", body: "no image" });
  await note("no such model", "/v2/models/other");
  return answers;
}
