/**
 * Pictures from the camera.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { drawPicture } from "./picture.ts";

/** A camera that is on. */
export interface Camera {
  /** Takes a picture. */
  shoot(): Promise<Blob>;
  /** Switches it off. */
  stop(): void;
}

/** Whether the page may ask for a camera: in a secure context alone. */
export function hasCamera(): boolean {
  return navigator.mediaDevices?.getUserMedia !== undefined;
}

/**
 * Switches the camera on, on a phone that at its back.
 *
 * @param video Shows what it sees.
 * @throws {Error} Where there is none or the visitor refuses.
 */
export async function openCamera(video: HTMLVideoElement): Promise<Camera> {
  const constraints = { video: { facingMode: "environment", width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints).catch((error) => {
    const refused = error instanceof DOMException && error.name === "NotAllowedError";
    throw new Error(refused ? "The camera was not allowed" : "No camera can be used");
  });
  video.srcObject = stream;
  await video.play();
  return {
    shoot: () => drawPicture(video, video.videoWidth, video.videoHeight),
    stop() {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}
