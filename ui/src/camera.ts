/** The camera of the reception desk: shows its picture and gives each frame to the QR reader. */
import { descendant, message } from "./page.js";

type ReadQr = (picture: ImageData) => Promise<string | null>;

/** Frames are shrunk to this width before reading: enough for the card's code, and quick. */
const FRAME_WIDTH_PX_MAX = 1280;

function failureMessage(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return "denied";
  }
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "failed";
}

function frameOf(video: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData | null {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context || video.videoWidth === 0) {
    return null;
  }
  const scale = Math.min(1, FRAME_WIDTH_PX_MAX / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

/** Wires the camera panel; `onText` receives the first code read, after the camera is off. */
// tidy: allow long function: one closure over the state of the camera; its steps are functions inside it.
export function wireCamera(panel: HTMLElement, onText: (text: string) => void): void {
  const start = descendant(panel, "[data-camera-start]", HTMLButtonElement);
  const stop = descendant(panel, "[data-camera-stop]", HTMLButtonElement);
  const view = descendant(panel, "[data-camera-view]", HTMLElement);
  const video = descendant(panel, "video", HTMLVideoElement);
  const status = descendant(panel, "[data-camera-status]", HTMLElement);
  const canvas = document.createElement("canvas");
  let stream: MediaStream | null = null;
  /** Grows with every start and stop, so that a late answer of an older start is dropped. */
  let turn = 0;

  function turnOff(text: string): void {
    turn += 1;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    view.hidden = true;
    start.hidden = false;
    status.textContent = text;
  }

  async function readUntilFound(readQr: ReadQr, ours: number): Promise<void> {
    while (turn === ours) {
      await nextFrame();
      const frame = frameOf(video, canvas);
      const text = frame ? await readQr(frame) : null;
      if (text && turn === ours) {
        turnOff(message(panel, "found"));
        onText(text);
      }
    }
  }

  async function turnOn(): Promise<void> {
    turn += 1;
    const ours = turn;
    start.hidden = true;
    status.textContent = message(panel, "starting");
    try {
      const wanted = { facingMode: "environment", width: { ideal: FRAME_WIDTH_PX_MAX } };
      const opened = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (turn !== ours) {
        opened.getTracks().forEach((track) => track.stop());
        return;
      }
      stream = opened;
      video.srcObject = opened;
      view.hidden = false;
      await video.play();
      const { readQr } = await import("./scan.js");
      status.textContent = message(panel, "aim");
      await readUntilFound(readQr, ours);
    } catch (error) {
      if (turn === ours) {
        turnOff(message(panel, failureMessage(error)));
      }
    }
  }

  panel.hidden = !navigator.mediaDevices;
  start.addEventListener("click", () => void turnOn());
  stop.addEventListener("click", () => {
    turnOff("");
    start.focus();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && stream) {
      turnOff("");
    }
  });
}
