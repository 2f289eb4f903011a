/**
 * What the page shows.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import type { Prediction } from "../../runtime/mod.ts";

/** The element of an id. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Shows classes as bars, the likeliest first. */
export function showClasses(predictions: readonly Prediction[]): void {
  element("classes").replaceChildren(...predictions.map(({ label, score }) => {
    const item = document.createElement("li");
    const [track, bar] = [part("track", ""), part("bar", "")];
    bar.style.width = `${score * 100}%`;
    track.append(bar);
    item.append(part("label", label), part("share", `${(score * 100).toFixed(1)} %`), track);
    return item;
  }));
}

/** Shows what is wrong, or that nothing is. */
export function showError(error: unknown): void {
  const box = element("error");
  box.hidden = error === undefined;
  box.textContent = error === undefined ? "" : error instanceof Error ? error.message : String(error);
}

/** Shows a picture, smoothed unless it is tiny. */
export function showPicture(file: Blob): void {
  const picture = element<HTMLImageElement>("picture");
  URL.revokeObjectURL(picture.src);
  picture.onload = () => picture.classList.toggle("small", picture.naturalWidth <= 128);
  picture.onerror = () => setPictureShown(false);
  picture.src = URL.createObjectURL(file);
  picture.alt = file instanceof File ? file.name : "The picture";
  setPictureShown(true);
}

function setPictureShown(shown: boolean): void {
  element("picture").hidden = !shown;
  element("empty").hidden = shown;
}

/** Milliseconds to be read: 5.2 ms, 130 ms. */
export function timeText(milliseconds: number): string {
  return `${milliseconds < 100 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** Bytes to be read: 97 kB, 3.7 MB. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function part(kind: string, text: string): HTMLElement {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}
