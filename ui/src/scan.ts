/** The QR reader: loaded only when somebody starts the camera, because its WebAssembly weighs 0.9 MB. */
import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

const OPTIONS: ReaderOptions = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };

// Served beside this script, from our own origin.
prepareZXingModule({
  overrides: { locateFile: () => new URL("./zxing_reader.wasm", import.meta.url).href },
});

/** The text of the first QR code in the picture, or null when there is none. */
export async function readQr(picture: ImageData): Promise<string | null> {
  const [found] = await readBarcodes(picture, OPTIONS);
  return found?.isValid ? found.text : null;
}
