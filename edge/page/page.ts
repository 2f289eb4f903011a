/**
 * The page at `/` of a server: a picture in, its classes out.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { type Camera, hasCamera, openCamera } from "./camera.ts";
import { classifyHere, classifyOnServer, listModels, type OfferedModel } from "./classify.ts";
import { preparePicture } from "./picture.ts";
import { element, showClasses, showError, showPicture, sizeText, timeText } from "./view.ts";
import type { Prediction } from "../../runtime/mod.ts";

/** Where a picture is classified. */
type Place = "server" | "browser";

const TIMES = { server: element("server-time"), browser: element("browser-time") };
const select = element<HTMLSelectElement>("model");
const video = element<HTMLVideoElement>("video");

let models: OfferedModel[] = [];
let picture: Blob | undefined;
let camera: Camera | undefined;
/** Answers for this picture and this network, as JSON. */
let answers: Partial<Record<Place, string>> = {};
/** Counts what was started, so that only the last shows. */
let turn = 0;

async function classify(): Promise<void> {
  const model = models[select.selectedIndex];
  if (picture === undefined || model === undefined) return;
  const place = document.querySelector<HTMLInputElement>("input[name=place]:checked")!.value as Place;
  const own = ++turn;
  document.body.ariaBusy = "true";
  element("classes").className = "old";
  element("note").textContent = place === "browser" ? "Working in this browser …" : "Waiting for the server …";
  showError(undefined);
  try {
    const { predictions, time, note } = await (place === "server" ? askServer : askBrowser)(picture, model);
    if (own !== turn) return;
    answers[place] = JSON.stringify(predictions);
    TIMES[place].textContent = time;
    showClasses(predictions);
    element("note").textContent = `${note} ${compareAnswers()}`;
  } catch (error) {
    if (own !== turn) return;
    showClasses([]);
    element("note").textContent = "";
    showError(error);
  }
  element("classes").className = "";
  document.body.ariaBusy = "false";
}

/** What is shown of an answer. */
interface Shown {
  predictions: Prediction[];
  time: string;
  note: string;
}

async function askServer(file: Blob, model: OfferedModel): Promise<Shown> {
  const { predictions, milliseconds, roundTrip } = await classifyOnServer(file, model);
  const note = `The time is that to decode the picture and classify it; the answer was here after ${
    timeText(roundTrip)
  }.`;
  return { predictions, time: timeText(milliseconds), note };
}

async function askBrowser(file: Blob, model: OfferedModel): Promise<Shown> {
  const { predictions, milliseconds, loaded } = await classifyHere(file, model);
  const loading = loaded &&
    ` Runtime and network (${sizeText(loaded.bytes)}) were loaded in ${timeText(loaded.milliseconds)}.`;
  const note = `Decoded and classified here; the picture did not leave this device.${loading ?? ""}`;
  return { predictions, time: timeText(milliseconds), note };
}

function compareAnswers(): string {
  const { server, browser } = answers;
  if (server === undefined || browser === undefined) return "";
  return server === browser ? "Server and browser agree to the last bit." : "Server and browser differ.";
}

function forget(): void {
  answers = {};
  for (const time of Object.values(TIMES)) time.textContent = "–";
}

async function take(file: Blob | null | undefined): Promise<void> {
  if (!file) return;
  closeCamera();
  try {
    picture = await preparePicture(file);
  } catch (error) {
    showError(error);
    return;
  }
  forget();
  showPicture(file);
  await classify();
}

async function startCamera(): Promise<void> {
  showError(undefined);
  try {
    camera = await openCamera(video);
    setCameraShown(true);
    element("shoot").focus();
  } catch (error) {
    showError(error);
  }
}

function closeCamera(): void {
  camera?.stop();
  camera = undefined;
  setCameraShown(false);
}

function setCameraShown(shown: boolean): void {
  video.hidden = element("shoot").hidden = element("cancel").hidden = !shown;
  element("camera").hidden = shown || !hasCamera();
  document.querySelector<HTMLElement>("#actions > label")!.hidden = shown;
}

function chooseModel(): void {
  forget();
  const model = models[select.selectedIndex];
  const browser = document.querySelector<HTMLInputElement>("input[value=browser]")!;
  browser.disabled = !model?.download;
  if (browser.disabled && browser.checked) {
    document.querySelector<HTMLInputElement>("input[value=server]")!.checked = true;
  }
  const query = models.length > 1 ? `?model=${encodeURIComponent(model.name)}` : "";
  element("curl").textContent = `curl --data-binary @picture.jpg '${new URL(`classify${query}`, document.baseURI)}'`;
}

function firstImage(data: DataTransfer | null): File | undefined {
  return Array.from(data?.files ?? []).find(({ type }) => type.startsWith("image/")) ?? data?.files[0];
}

function listen(): void {
  const stage = element("stage");
  const input = element<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    take(input.files?.[0]);
    input.value = "";
  });
  document.addEventListener("paste", ({ clipboardData }) => take(firstImage(clipboardData)));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("dragging");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) stage.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("dragging");
    take(firstImage(event.dataTransfer));
  });
  element("camera").addEventListener("click", startCamera);
  element("shoot").addEventListener("click", async () => take(await camera?.shoot()));
  element("cancel").addEventListener("click", closeCamera);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && camera && closeCamera());
  for (const place of document.querySelectorAll("input[name=place]")) place.addEventListener("change", classify);
  select.addEventListener("change", () => {
    chooseModel();
    classify();
  });
}

async function start(): Promise<void> {
  listen();
  setCameraShown(false);
  try {
    models = await listModels();
  } catch (error) {
    showError(error);
    return;
  }
  const several = (name: string) => models.filter((model) => model.name === name).length > 1;
  select.replaceChildren(
    ...models.map(({ name, version }) => new Option(several(name) ? `${name}, ${version}` : name)),
  );
  element("model-field").hidden = models.length === 0;
  select.disabled = models.length < 2;
  if (models.length === 0) showError("No network is served");
  else chooseModel();
  await classify();
}

start();
