/**
 * The image file in the body of a request: the body itself, or a part of a form.
 *
 * @module
 */

import { HttpError } from "../http_error.ts";

/** Lines that begin as a part of a form may; more would take long to parse. */
const MOST_PARTS = 1000;

/**
 * Finds the image file of a request.
 *
 * @param body The request's body.
 * @param type Its content type, if one is sent. Only `multipart/form-data` matters: of images the first bytes tell.
 * @returns The file.
 * @throws {HttpError} 400 if a form is malformed or doesn't hold exactly one file.
 */
export async function imageUpload(body: Uint8Array<ArrayBuffer>, type: string | undefined): Promise<Uint8Array> {
  if (type === undefined || !/^multipart\/form-data\b/i.test(type)) return body;
  if (partsOf(body) > MOST_PARTS) throw new HttpError(400, `The form has more than ${MOST_PARTS} parts`);
  let form;
  try {
    form = await new Response(body, { headers: { "content-type": type } }).formData();
  } catch {
    throw new HttpError(400, "The body is not a form in multipart/form-data");
  }
  const files = Array.from(form.values()).filter((value) => typeof value !== "string");
  if (files.length !== 1) throw new HttpError(400, `The form must hold one file, not ${files.length}`);
  return new Uint8Array(await files[0].arrayBuffer());
}

/** Number of lines that begin with two hyphens, as the boundaries of parts do. */
function partsOf(body: Uint8Array): number {
  const [NEWLINE, HYPHEN] = [0x0a, 0x2d];
  let count = 0;
  for (let at = body.indexOf(NEWLINE); at >= 0; at = body.indexOf(NEWLINE, at + 1)) {
    if (body[at + 1] === HYPHEN && body[at + 2] === HYPHEN) count++;
  }
  return count;
}
